"""The call that opens a checkout: its parameters, checked one by one."""

from __future__ import annotations

import re

from coevolve.payment_sandbox import checkout, fees, objects, saved_cards
from coevolve.payment_sandbox.calls import Call, clean_metadata, only
from coevolve.payment_sandbox.catalogue import add_price
from coevolve.payment_sandbox.errors import StripeError
from coevolve.payment_sandbox.store import Row, public

SESSION_PARAMS = (
    "mode line_items success_url cancel_url customer customer_creation customer_email client_reference_id "
    "metadata locale payment_intent_data setup_intent_data expires_at payment_method_types submit_type ui_mode expand"
)
INTENT_PARAMS = (
    "capture_method description metadata receipt_email setup_future_usage statement_descriptor "
    "statement_descriptor_suffix transfer_group"
)
_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(?=[/?#]|\Z)\S*\Z")


def create_session(call: Call) -> Row:
    only(call.params, SESSION_PARAMS)
    given = {name: value for name, value in call.params.items() if value != ""}
    if given.get("mode") not in ("payment", "setup"):
        raise StripeError(
            "The payment sandbox only does mode=payment and mode=setup",
            code="sandbox_unsupported",
            param="mode",
        )
    if given.get("ui_mode", "hosted_page") != "hosted_page":
        raise StripeError("The payment sandbox only does ui_mode=hosted_page", param="ui_mode")
    _check_addresses(given)
    if "card" not in given.get("payment_method_types", ["card"]):
        raise StripeError(
            "The payment sandbox needs card among payment_method_types", param="payment_method_types"
        )
    now = call.store.now()
    expires_at = given.get("expires_at", now + 86_400)
    if not now + 1_790 <= expires_at <= now + 86_410:
        raise StripeError(
            "The expires_at timestamp must be between 30 minutes and 24 hours from now.", param="expires_at"
        )
    _check_customer(call, given)
    if given["mode"] == "setup":
        return _create_setup(call, given, expires_at)
    intent_data = dict(given.get("payment_intent_data", {}))
    only(intent_data, INTENT_PARAMS, "payment_intent_data")
    intent_data["metadata"] = clean_metadata(intent_data.get("metadata"))
    items = _line_items(call)
    kept = (
        "success_url",
        "cancel_url",
        "customer",
        "customer_creation",
        "customer_email",
        "client_reference_id",
        "locale",
        "submit_type",
    )
    fields = {name: given[name] for name in kept if name in given}
    fields |= {"metadata": clean_metadata(given.get("metadata")), "expires_at": expires_at}
    fields["payment_method_types"] = given.get("payment_method_types", ["card"])
    row = checkout.open_session(call.store, items=items, given=fields, intent_data=intent_data, key=call.key)
    return call.show(row)


def _check_addresses(given: Row) -> None:
    if "success_url" not in given:
        raise StripeError(
            "Missing required param: success_url.", code="parameter_missing", param="success_url"
        )
    for name in ("success_url", "cancel_url"):
        if name in given and not _URL.match(given[name]):
            raise StripeError("Not a valid URL", code="url_invalid", param=name)


def _check_customer(call: Call, given: Row) -> None:
    if "customer" in given:
        call.store.get("customer", given["customer"], param="customer")
        if "customer_email" in given:
            raise StripeError(
                "You may only specify one of customer and customer_email.", param="customer_email"
            )
        if "customer_creation" in given:
            raise StripeError(
                "You may only specify one of customer and customer_creation.", param="customer_creation"
            )


def _create_setup(call: Call, given: Row, expires_at: int) -> Row:
    for name in ("line_items", "payment_intent_data"):
        if name in given:
            raise StripeError(f"You can not pass {name} in setup mode.", param=name)
    if "customer" not in given:
        raise StripeError("The payment sandbox sets up cards of customers only", param="customer")
    setup_data = dict(given.get("setup_intent_data", {}))
    only(setup_data, "description metadata", "setup_intent_data")
    kept = ("success_url", "cancel_url", "customer", "client_reference_id", "locale")
    fields = {name: given[name] for name in kept if name in given}
    fields |= {"metadata": clean_metadata(given.get("metadata")), "expires_at": expires_at}
    row = saved_cards.open_setup(
        call.store, given=fields, metadata=clean_metadata(setup_data.get("metadata")), key=call.key
    )
    return call.show(row)


def _line_items(call: Call) -> list[Row]:
    asked = call.params.get("line_items", [])
    if not asked:
        raise StripeError("Missing required param: line_items.", code="parameter_missing", param="line_items")
    rows: list[Row] = []
    for at, item in enumerate(asked):
        where = f"line_items[{at}]"
        only(item, "price price_data quantity", where)
        quantity = item.get("quantity", 1)
        if not 1 <= quantity <= 999_999:
            raise StripeError("Invalid quantity", param=f"{where}[quantity]")
        if ("price" in item) == ("price_data" in item):
            raise StripeError("Give either price or price_data.", code="parameter_missing", param=where)
        if "price" in item:
            price = call.store.get("price", item["price"], param=f"{where}[price]")
        else:
            data = item["price_data"]
            only(data, "currency unit_amount product product_data", f"{where}[price_data]")
            if "unit_amount" not in data:
                param = f"{where}[price_data][unit_amount]"
                raise StripeError(f"Missing required param: {param}.", code="parameter_missing", param=param)
            price = add_price(call.store, data, f"{where}[price_data][product_data]")
        name = call.store.get("product", price["product"])["name"]
        rows.append(objects.line_item(price_row=public(price), quantity=quantity, name=name))
    currency = rows[0]["currency"]
    if any(row["currency"] != currency for row in rows):
        raise StripeError("All line items must have one currency.", param="line_items")
    fees.check_amount(sum(row["amount_total"] for row in rows), currency, "line_items")
    return rows
