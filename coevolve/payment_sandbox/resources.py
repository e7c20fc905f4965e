"""The calls of the API: each a function of the path's id and the typed parameters, and the table of all of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from coevolve.payment_sandbox import checkout, disputes, fees, money, objects, refunds, rendering
from coevolve.payment_sandbox.errors import StripeError, refused
from coevolve.payment_sandbox.events import emit
from coevolve.payment_sandbox.store import Row, Store, public


@dataclass(frozen=True)
class Call:
    """One call under way."""

    store: Store
    identifier: str
    params: dict[str, Any]
    key: str | None
    path: str

    def expand(self) -> list[str]:
        asked: list[str] = self.params.get("expand", [])
        return asked

    def show(self, row: Row) -> Row:
        return rendering.one(self.store, row, self.expand())

    def page(self, rows: list[Row], *dates: str) -> Row:
        """The rows that fit the filters of the same name, one page of them."""
        for name in (
            "payment_intent",
            "charge",
            "customer",
            "status",
            "currency",
            "type",
            "product",
            "active",
        ):
            if name in self.params:
                rows = [row for row in rows if row.get(name) == self.params[name]]
        rows = rendering.within(rows, self.params, *(dates or ("created",)))
        return rendering.page(self.store, rows, self.params, self.path)


def _clean_metadata(given: Any) -> dict[str, str]:
    """Stripe's limits; an empty value takes the key away."""
    if not isinstance(given, dict):
        return {}
    if len(given) > 50:
        raise StripeError("You can only specify up to 50 metadata keys.", param="metadata")
    for name, value in given.items():
        if len(name) > 40:
            raise StripeError(f"Metadata keys must be up to 40 characters: {name}", param="metadata")
        if len(value) > 500:
            raise StripeError(f"Metadata values must be up to 500 characters: {name}", param="metadata")
    return {name: value for name, value in given.items() if value != ""}


def _only(given: dict[str, Any], known: str, where: str = "") -> None:
    """The sandbox says so when it cannot do what Stripe could: nothing is silently ignored."""
    for name in given:
        if name not in known.split():
            param = f"{where}[{name}]" if where else name
            raise StripeError(
                f"The payment sandbox does not do {param}", code="sandbox_unsupported", param=param
            )


# --- customers, products, prices ---


def create_customer(call: Call) -> Row:
    _only(call.params, "email name phone description metadata preferred_locales expand")
    given = {name: call.params[name] for name in call.params if name not in ("expand", "metadata")}
    row = objects.customer(
        now=call.store.now(), metadata=_clean_metadata(call.params.get("metadata")), **given
    )
    call.store.add("customer", row)
    emit(call.store, "customer.created", row)
    return call.show(row)


def update_customer(call: Call) -> Row:
    _only(call.params, "email name phone description metadata preferred_locales expand")
    row = call.store.edit("customer", call.identifier)
    before = {name: row[name] for name in call.params if name in row}
    row.update({name: call.params[name] for name in before if name != "metadata"})
    _merge_metadata(row, call.params)
    emit(call.store, "customer.updated", row, before)
    return call.show(row)


def _merge_metadata(row: Row, params: dict[str, Any]) -> None:
    if params.get("metadata") == "":
        row["metadata"] = {}
    elif "metadata" in params:
        row["metadata"] = _clean_metadata({**row["metadata"], **params["metadata"]})


def list_customers(call: Call) -> Row:
    rows = call.store.newest("customer")
    if "email" in call.params:
        rows = [row for row in rows if row["email"] == call.params["email"]]
    return call.page(rows)


def create_product(call: Call) -> Row:
    _only(call.params, "name description metadata active expand")
    row = _add_product(call.store, call.params)
    return call.show(row)


def _add_product(store: Store, given: dict[str, Any]) -> Row:
    row = objects.product(
        now=store.now(),
        name=given["name"],
        description=given.get("description"),
        metadata=_clean_metadata(given.get("metadata")),
        active=given.get("active", True),
    )
    return store.add("product", row)


def create_price(call: Call) -> Row:
    _only(call.params, "currency product product_data unit_amount metadata nickname active expand")
    store, given = call.store, call.params
    if "unit_amount" not in given:
        raise StripeError(
            "Missing required param: unit_amount.", code="parameter_missing", param="unit_amount"
        )
    return call.show(_add_price(store, given, "product_data"))


def _add_price(store: Store, given: dict[str, Any], where: str) -> Row:
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
        _only(given["product_data"], "name description metadata", where)
        product = _add_product(store, given["product_data"])
    row = objects.price(
        now=store.now(),
        product_id=product["id"],
        currency=currency,
        unit_amount=given["unit_amount"],
        metadata=_clean_metadata(given.get("metadata")),
        nickname=given.get("nickname"),
        active=given.get("active", True),
    )
    return store.add("price", row)


# --- checkout ---

SESSION_PARAMS = (
    "mode line_items success_url cancel_url customer customer_email client_reference_id metadata locale "
    "payment_intent_data expires_at payment_method_types submit_type ui_mode expand"
)
INTENT_PARAMS = (
    "capture_method description metadata receipt_email statement_descriptor "
    "statement_descriptor_suffix transfer_group"
)
_URL = re.compile(r"https?://[^\s/]+")


def create_session(call: Call) -> Row:
    _only(call.params, SESSION_PARAMS)
    given = {name: value for name, value in call.params.items() if value != ""}
    if given.get("mode") != "payment":
        raise StripeError(
            "The payment sandbox only does mode=payment", code="sandbox_unsupported", param="mode"
        )
    if given.get("ui_mode", "hosted_page") != "hosted_page":
        raise StripeError("The payment sandbox only does ui_mode=hosted_page", param="ui_mode")
    if "success_url" not in given:
        raise StripeError(
            "Missing required param: success_url.", code="parameter_missing", param="success_url"
        )
    for name in ("success_url", "cancel_url"):
        if name in given and not _URL.match(given[name]):
            raise StripeError("Not a valid URL", code="url_invalid", param=name)
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
    if "customer" in given:
        call.store.get("customer", given["customer"], param="customer")
        if "customer_email" in given:
            raise StripeError(
                "You may only specify one of customer and customer_email.", param="customer_email"
            )
    intent_data = dict(given.get("payment_intent_data", {}))
    _only(intent_data, INTENT_PARAMS, "payment_intent_data")
    intent_data["metadata"] = _clean_metadata(intent_data.get("metadata"))
    items = _line_items(call)
    kept = (
        "success_url",
        "cancel_url",
        "customer",
        "customer_email",
        "client_reference_id",
        "locale",
        "submit_type",
    )
    fields = {name: given[name] for name in kept if name in given}
    fields |= {"metadata": _clean_metadata(given.get("metadata")), "expires_at": expires_at}
    fields["payment_method_types"] = given.get("payment_method_types", ["card"])
    row = checkout.open_session(call.store, items=items, given=fields, intent_data=intent_data, key=call.key)
    return call.show(row)


def _line_items(call: Call) -> list[Row]:
    asked = call.params.get("line_items", [])
    if not asked:
        raise StripeError("Missing required param: line_items.", code="parameter_missing", param="line_items")
    rows: list[Row] = []
    for at, item in enumerate(asked):
        where = f"line_items[{at}]"
        _only(item, "price price_data quantity", where)
        quantity = item.get("quantity", 1)
        if not 1 <= quantity <= 999_999:
            raise StripeError("Invalid quantity", param=f"{where}[quantity]")
        if ("price" in item) == ("price_data" in item):
            raise StripeError("Give either price or price_data.", code="parameter_missing", param=where)
        if "price" in item:
            price = call.store.get("price", item["price"], param=f"{where}[price]")
        else:
            data = item["price_data"]
            _only(data, "currency unit_amount product product_data", f"{where}[price_data]")
            if "unit_amount" not in data:
                param = f"{where}[price_data][unit_amount]"
                raise StripeError(f"Missing required param: {param}.", code="parameter_missing", param=param)
            price = _add_price(call.store, data, f"{where}[price_data][product_data]")
        name = call.store.get("product", price["product"])["name"]
        rows.append(objects.line_item(price_row=public(price), quantity=quantity, name=name))
    currency = rows[0]["currency"]
    if any(row["currency"] != currency for row in rows):
        raise StripeError("All line items must have one currency.", param="line_items")
    fees.check_amount(sum(row["amount_total"] for row in rows), currency, "line_items")
    return rows


def list_sessions(call: Call) -> Row:
    rows = call.store.newest("checkout.session")
    for name in ("subscription", "payment_link"):
        if name in call.params:
            rows = []
    if "customer_details" in call.params:
        email = call.params["customer_details"]["email"]
        rows = [row for row in rows if (row["customer_details"] or {}).get("email") == email]
    return call.page(rows)


def expire_session(call: Call) -> Row:
    return call.show(checkout.expire(call.store, call.identifier))


def session_items(call: Call) -> Row:
    session = call.store.get("checkout.session", call.identifier)
    return rendering.page(call.store, session["_items"], call.params, call.path)


# --- intents and charges ---


def cancel_intent(call: Call) -> Row:
    row = call.store.edit("payment_intent", call.identifier, param="intent")
    session_id = row.get("_session")
    if session_id is not None and call.store.get("checkout.session", session_id)["status"] == "open":
        raise refused(
            "You cannot cancel this PaymentIntent: it belongs to an open Checkout Session; expire that.",
            code="payment_intent_unexpected_state",
        )
    money.cancel(call.store, row, call.params.get("cancellation_reason"))
    return call.show(row)


def capture_intent(call: Call) -> Row:
    _only(call.params, "amount_to_capture expand metadata")
    row = call.store.edit("payment_intent", call.identifier, param="intent")
    if row["status"] != "requires_capture":
        raise refused(
            f"This PaymentIntent could not be captured because it has a status of {row['status']}.",
            code="payment_intent_unexpected_state",
        )
    asked = call.params.get("amount_to_capture")
    amount: int = row["amount_capturable"] if asked is None else asked
    if not 0 < amount <= row["amount_capturable"]:
        raise StripeError(
            "The amount to capture is not within the amount capturable.", param="amount_to_capture"
        )
    _merge_metadata(row, call.params)
    money.capture(call.store, row, amount)
    if row.get("_session") is not None:
        call.store.edit("checkout.session", row["_session"])["payment_status"] = "paid"
    return call.show(row)


_CLAUSE = re.compile(
    r"\s*(?:metadata\[(['\"])(?P<key>.+?)\1\]|(?P<field>[a-z_]+))\s*:\s*(['\"])(?P<value>.*?)\4\s*"
)
SEARCHED = ("status", "currency", "customer")


def search_intents(call: Call) -> Row:
    """`metadata['payment_id']:'...' AND status:'succeeded'`; joined by AND only."""
    rows = call.store.newest("payment_intent")
    for part in re.split(r"\s+AND\s+", call.params["query"]):
        match = _CLAUSE.fullmatch(part)
        key, field, value = ("", "", "") if match is None else match.group("key", "field", "value")
        if not key and field not in SEARCHED:
            raise StripeError(f"The payment sandbox cannot search for {part}", param="query")
        if key:
            rows = [row for row in rows if row["metadata"].get(key) == value]
        else:
            rows = [row for row in rows if row[field] == value]
    asked = call.params.get("page") or "0"
    if not asked.isdecimal():
        raise StripeError("Invalid page", param="page")
    start = int(asked)
    limit = call.params.get("limit", 10)
    params = {**call.params, "limit": limit}
    answer = rendering.page(call.store, rows[start:], params, call.path)
    following = str(start + limit) if answer["has_more"] else None
    return answer | {"object": "search_result", "next_page": following}


def list_charges(call: Call) -> Row:
    return call.page(call.store.newest("charge"))


# --- refunds, disputes, balance ---


def create_refund(call: Call) -> Row:
    _only(call.params, "amount charge payment_intent reason metadata expand")
    given = call.params
    charge_id = given.get("charge")
    if charge_id is None and "payment_intent" not in given:
        raise StripeError(
            "One of charge or payment_intent is needed.", code="parameter_missing", param="charge"
        )
    if "payment_intent" in given:
        intent = call.store.get("payment_intent", given["payment_intent"], param="payment_intent")
        if charge_id not in (None, intent["latest_charge"]):
            raise StripeError("The charge does not belong to the payment_intent.", param="charge")
        charge_id = intent["latest_charge"]
        if charge_id is None:
            raise refused(
                "This PaymentIntent does not have a successful charge to refund.", param="payment_intent"
            )
    row = refunds.refund(
        call.store,
        charge_id=str(charge_id),
        amount=given.get("amount"),
        reason=given.get("reason"),
        metadata=_clean_metadata(given.get("metadata")),
        key=call.key,
    )
    return call.show(row)


def update_refund(call: Call) -> Row:
    row = call.store.edit("refund", call.identifier)
    before = {"metadata": dict(row["metadata"])}
    _merge_metadata(row, call.params)
    emit(call.store, "refund.updated", row, before)
    return call.show(row)


def close_dispute(call: Call) -> Row:
    return call.show(disputes.lose(call.store, call.identifier))


def balance(call: Call) -> Row:
    return call.show(money.balance(call.store))


def list_transactions(call: Call) -> Row:
    rows = call.store.newest("balance_transaction")
    if "payout" in call.params:
        rows = [row for row in rows if row.get("_payout") == call.params["payout"]]
    if "source" in call.params:
        rows = [row for row in rows if row["source"] == call.params["source"]]
    return call.page(rows)


def list_payouts(call: Call) -> Row:
    return call.page(call.store.newest("payout"), "created", "arrival_date")


def list_events(call: Call) -> Row:
    rows = call.store.newest("event")
    oldest = call.store.now() - 30 * 86_400
    rows = [row for row in rows if row["created"] >= oldest]
    wanted = call.params.get("types")
    asked = call.params.pop("type", None)
    if asked is not None:
        prefix = asked.removesuffix("*")
        rows = [
            row
            for row in rows
            if row["type"] == asked or (asked != prefix and row["type"].startswith(prefix))
        ]
    if wanted is not None:
        rows = [row for row in rows if row["type"] in wanted]
    if "delivery_success" in call.params:
        rows = [row for row in rows if (row["pending_webhooks"] == 0) == call.params["delivery_success"]]
    return call.page(rows)


def _get(kind: str, param: str) -> Callable[[Call], Row]:
    def get(call: Call) -> Row:
        return call.show(call.store.get(kind, call.identifier, param=param))

    return get


def _list(kind: str) -> Callable[[Call], Row]:
    def listed(call: Call) -> Row:
        return call.page(call.store.newest(kind))

    return listed


CALLS: dict[str, Callable[[Call], Row]] = {
    "GET /v1/balance": balance,
    "GET /v1/balance_transactions": list_transactions,
    "GET /v1/balance_transactions/{id}": _get("balance_transaction", "id"),
    "GET /v1/charges": list_charges,
    "GET /v1/charges/{charge}": _get("charge", "charge"),
    "GET /v1/checkout/sessions": list_sessions,
    "POST /v1/checkout/sessions": create_session,
    "GET /v1/checkout/sessions/{session}": _get("checkout.session", "session"),
    "POST /v1/checkout/sessions/{session}/expire": expire_session,
    "GET /v1/checkout/sessions/{session}/line_items": session_items,
    "GET /v1/customers": list_customers,
    "POST /v1/customers": create_customer,
    "GET /v1/customers/{customer}": _get("customer", "customer"),
    "POST /v1/customers/{customer}": update_customer,
    "GET /v1/disputes": _list("dispute"),
    "GET /v1/disputes/{dispute}": _get("dispute", "dispute"),
    "POST /v1/disputes/{dispute}/close": close_dispute,
    "GET /v1/events": list_events,
    "GET /v1/events/{id}": _get("event", "id"),
    "GET /v1/payment_intents": _list("payment_intent"),
    "GET /v1/payment_intents/search": search_intents,
    "GET /v1/payment_intents/{intent}": _get("payment_intent", "intent"),
    "POST /v1/payment_intents/{intent}/cancel": cancel_intent,
    "POST /v1/payment_intents/{intent}/capture": capture_intent,
    "GET /v1/payouts": list_payouts,
    "GET /v1/payouts/{payout}": _get("payout", "payout"),
    "GET /v1/prices": _list("price"),
    "POST /v1/prices": create_price,
    "GET /v1/prices/{price}": _get("price", "price"),
    "GET /v1/products": _list("product"),
    "POST /v1/products": create_product,
    "GET /v1/products/{id}": _get("product", "id"),
    "GET /v1/refunds": _list("refund"),
    "POST /v1/refunds": create_refund,
    "GET /v1/refunds/{refund}": _get("refund", "refund"),
    "POST /v1/refunds/{refund}": update_refund,
}
"""Every call answered here, under the name it has in Stripe's description."""


def match(method: str, path: str) -> tuple[str, str] | None:
    """The name of the call and the id in its path."""
    for name in CALLS:
        verb, _, template = name.partition(" ")
        if verb == method:
            pattern = re.sub(r"\{[a-z]+\}", "([^/]+)", template)
            found = re.fullmatch(pattern, path)
            if found is not None:
                return name, (found.groups() or ("",))[0]
    return None
