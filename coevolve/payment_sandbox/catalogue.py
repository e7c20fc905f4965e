"""Calls about customers, products and prices."""

from __future__ import annotations

from typing import Any

from coevolve.payment_sandbox import fees, objects
from coevolve.payment_sandbox.calls import Call, clean_metadata, merge_metadata, only
from coevolve.payment_sandbox.errors import StripeError
from coevolve.payment_sandbox.events import emit
from coevolve.payment_sandbox.store import Row, Store


def create_customer(call: Call) -> Row:
    only(call.params, "email name phone description metadata preferred_locales expand")
    given = {name: call.params[name] for name in call.params if name not in ("expand", "metadata")}
    row = objects.customer(
        now=call.store.now(), metadata=clean_metadata(call.params.get("metadata")), **given
    )
    call.store.add("customer", row)
    emit(call.store, "customer.created", row)
    return call.show(row)


def update_customer(call: Call) -> Row:
    only(call.params, "email name phone description metadata preferred_locales expand")
    row = call.store.edit("customer", call.identifier)
    before = {name: row[name] for name in call.params if name in row}
    row.update({name: call.params[name] for name in before if name != "metadata"})
    merge_metadata(row, call.params)
    emit(call.store, "customer.updated", row, before)
    return call.show(row)


def list_customers(call: Call) -> Row:
    rows = call.store.newest("customer")
    if "email" in call.params:
        rows = [row for row in rows if row["email"] == call.params["email"]]
    return call.page(rows, done=("email",))


def create_product(call: Call) -> Row:
    only(call.params, "name description metadata active expand")
    row = _add_product(call.store, call.params)
    return call.show(row)


def _add_product(store: Store, given: dict[str, Any]) -> Row:
    row = objects.product(
        now=store.now(),
        name=given["name"],
        description=given.get("description"),
        metadata=clean_metadata(given.get("metadata")),
        active=given.get("active", True),
    )
    return store.add("product", row)


def create_price(call: Call) -> Row:
    only(call.params, "currency product product_data unit_amount metadata nickname active expand")
    store, given = call.store, call.params
    if "unit_amount" not in given:
        raise StripeError(
            "Missing required param: unit_amount.", code="parameter_missing", param="unit_amount"
        )
    return call.show(add_price(store, given, "product_data"))


def add_price(store: Store, given: dict[str, Any], where: str) -> Row:
    currency = given["currency"].lower()
    if currency not in fees.RATES:
        raise StripeError(f"Invalid currency: {currency}", param="currency")
    if given["unit_amount"] < 0:
        raise StripeError(
            "Invalid non-negative integer", code="parameter_invalid_integer", param="unit_amount"
        )
    if ("product" in given) == ("product_data" in given):
        raise StripeError("Give either product or product_data.", code="parameter_missing", param=where)
    if "product" in given:
        product = store.get("product", given["product"], param="product")
    else:
        only(given["product_data"], "name description metadata", where)
        product = _add_product(store, given["product_data"])
    row = objects.price(
        now=store.now(),
        product_id=product["id"],
        currency=currency,
        unit_amount=given["unit_amount"],
        metadata=clean_metadata(given.get("metadata")),
        nickname=given.get("nickname"),
        active=given.get("active", True),
    )
    return store.add("price", row)
