"""The calls of the API: each a function of the path's id and the typed parameters, and the table of all of them."""

from __future__ import annotations

import re
from collections.abc import Callable

from coevolve.payment_sandbox import catalogue, checkout, disputes, money, refunds, rendering, saved_cards
from coevolve.payment_sandbox.calls import Call, clean_metadata, merge_metadata, only
from coevolve.payment_sandbox.errors import StripeError, refused
from coevolve.payment_sandbox.events import emit
from coevolve.payment_sandbox.ordering import create_session
from coevolve.payment_sandbox.store import Row

# --- checkout ---


def list_sessions(call: Call) -> Row:
    rows = call.store.newest("checkout.session")
    if "payment_intent" in call.params:
        intent = call.store.find("payment_intent", call.params["payment_intent"])
        session = call.store.find("checkout.session", (intent or {}).get("_session") or "")
        rows = [] if session is None else [session]
    for name in ("subscription", "payment_link"):
        if name in call.params:
            rows = []
    if "customer_details" in call.params:
        email = call.params["customer_details"]["email"]
        rows = [row for row in rows if (row["customer_details"] or {}).get("email") == email]
    return call.page(rows, done=("subscription", "payment_link", "customer_details"))


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
    only(call.params, "amount_to_capture expand metadata")
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
    merge_metadata(row, call.params)
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
    only(call.params, "amount charge payment_intent reason metadata expand")
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
        metadata=clean_metadata(given.get("metadata")),
        key=call.key,
    )
    return call.show(row)


def update_refund(call: Call) -> Row:
    row = call.store.edit("refund", call.identifier)
    before = {"metadata": dict(row["metadata"])}
    merge_metadata(row, call.params)
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
    return call.page(rows, done=("payout", "source"))


def list_payouts(call: Call) -> Row:
    return call.page(call.store.newest("payout"), dates=("created", "arrival_date"))


def list_events(call: Call) -> Row:
    rows = call.store.newest("event")
    oldest = call.store.now() - 30 * 86_400
    rows = [row for row in rows if row["created"] >= oldest]
    wanted = call.params.get("types")
    asked = call.params.get("type")
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
    return call.page(rows, done=("type", "types", "delivery_success"))


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
    "GET /v1/customers": catalogue.list_customers,
    "POST /v1/customers": catalogue.create_customer,
    "GET /v1/customers/{customer}": _get("customer", "customer"),
    "POST /v1/customers/{customer}": catalogue.update_customer,
    "GET /v1/disputes": _list("dispute"),
    "GET /v1/disputes/{dispute}": _get("dispute", "dispute"),
    "POST /v1/disputes/{dispute}/close": close_dispute,
    "GET /v1/events": list_events,
    "GET /v1/events/{id}": _get("event", "id"),
    "GET /v1/payment_intents": _list("payment_intent"),
    "POST /v1/payment_intents": saved_cards.create_intent,
    "GET /v1/payment_intents/search": search_intents,
    "GET /v1/payment_intents/{intent}": _get("payment_intent", "intent"),
    "POST /v1/payment_intents/{intent}/cancel": cancel_intent,
    "POST /v1/payment_intents/{intent}/capture": capture_intent,
    "GET /v1/payment_methods/{payment_method}": _get("payment_method", "payment_method"),
    "POST /v1/payment_methods/{payment_method}/detach": saved_cards.detach_method,
    "GET /v1/payouts": list_payouts,
    "GET /v1/payouts/{payout}": _get("payout", "payout"),
    "GET /v1/prices": _list("price"),
    "POST /v1/prices": catalogue.create_price,
    "GET /v1/prices/{price}": _get("price", "price"),
    "GET /v1/products": _list("product"),
    "POST /v1/products": catalogue.create_product,
    "GET /v1/products/{id}": _get("product", "id"),
    "GET /v1/refunds": _list("refund"),
    "POST /v1/refunds": create_refund,
    "GET /v1/refunds/{refund}": _get("refund", "refund"),
    "POST /v1/refunds/{refund}": update_refund,
    "GET /v1/setup_intents/{intent}": _get("setup_intent", "intent"),
}
"""Every call answered here, under the name it has in Stripe's description."""


def match(method: str, path: str) -> tuple[str, str] | None:
    """The name of the call and the id in its path."""
    for name in CALLS:
        verb, _, template = name.partition(" ")
        if verb == method:
            pattern = re.sub(r"\{[a-z_]+\}", "([^/]+)", template)
            found = re.fullmatch(pattern, path)
            if found is not None:
                return name, (found.groups() or ("",))[0]
    return None
