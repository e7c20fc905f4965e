"""Cards kept for later: saved by a checkout or a setup page, charged while nobody is at the keyboard."""

from __future__ import annotations

from coevolve.payment_sandbox import fees, money, objects, timers
from coevolve.payment_sandbox.calls import Call, clean_metadata, only
from coevolve.payment_sandbox.cards import Card
from coevolve.payment_sandbox.errors import Declined, StripeError, refused
from coevolve.payment_sandbox.events import emit
from coevolve.payment_sandbox.rendering import plain
from coevolve.payment_sandbox.store import Row, Store

# --- saving ---


def save(store: Store, session: Row, intent: Row, card: Card, billing: Row) -> None:
    """The card of a checkout (or setup) that asks for it becomes its customer's; a new giver becomes a customer."""
    if session["customer"] is None:
        customer = objects.customer(now=store.now(), email=billing["email"], name=billing["name"])
        store.add("customer", customer)
        emit(store, "customer.created", customer)
        session["customer"] = customer["id"]
    method = objects.payment_method(
        now=store.now(),
        number=card.number,
        country=card.country,
        billing=billing,
        customer=session["customer"],
        _number=card.number,
        _later=card.later,
    )
    store.add("payment_method", method)
    emit(store, "payment_method.attached", method)
    intent["customer"] = session["customer"]
    intent["payment_method"] = method["id"]


def detach_method(call: Call) -> Row:
    """The card is forgotten: nothing is taken from it any more."""
    row = call.store.edit("payment_method", call.identifier, param="payment_method")
    if row["customer"] is None:
        raise refused(
            "The payment method you provided is not attached to a customer so detachment is impossible."
        )
    before = {"customer": row["customer"]}
    row["customer"] = None
    emit(call.store, "payment_method.detached", row, before)
    call.store.say("fact", "card_forgotten", payment_method=row["id"])
    return call.show(row)


def set_answer(store: Store, method_id: str, decline: str) -> Row:
    """The admin's word: what the bank says to charges of this card from now on; empty: it pays."""
    row = store.edit("payment_method", method_id)
    row["_later"] = decline or None
    return row


# --- a page that only saves ---


def open_setup(store: Store, *, given: Row, metadata: Row, key: str | None) -> Row:
    """A session that takes no money: its giver leaves a card."""
    intent = objects.setup_intent(now=store.now(), customer=given["customer"], metadata=metadata)
    store.add("setup_intent", intent)
    emit(store, "setup_intent.created", intent)
    row = objects.checkout_session(
        now=store.now(), amount=0, currency="idr", base=store.settings.public_base, **given
    )
    row |= {
        "amount_subtotal": None,
        "amount_total": None,
        "currency": None,
        "total_details": None,
        "mode": "setup",
        "payment_status": "no_payment_required",
        "customer_creation": None,
        "setup_intent": intent["id"],
        "_items": [],
        "_intent_data": {},
        "_key": key,
    }
    store.add("checkout.session", row)
    timers.set_timer(store, "expire_session", row["id"], row["expires_at"])
    return row


def set_up(store: Store, session: Row, card: Card, billing: Row) -> str:
    """The giver leaves a card: `paid` when the bank agrees, else `declined`. (3-D Secure counts as approved.)"""
    intent = store.edit("setup_intent", session["setup_intent"])
    if card.decline_code is not None:
        intent["status"] = "requires_payment_method"
        intent["last_setup_error"] = {
            "code": "card_declined",
            "decline_code": card.decline_code,
            "message": "Your card was declined.",
            "type": "card_error",
        }
        emit(store, "setup_intent.setup_failed", intent)
        return "declined"
    save(store, session, intent, card, billing)
    intent["status"] = "succeeded"
    intent["last_setup_error"] = None
    emit(store, "setup_intent.succeeded", intent)
    store.say("fact", "card_saved", session=session["id"], payment_method=intent["payment_method"])
    return "paid"


# --- charging ---

INTENT_PARAMS = (
    "amount currency customer payment_method payment_method_types off_session confirm description metadata "
    "receipt_email expand"
)


def create_intent(call: Call) -> Row:
    """A charge of a saved card, at once; a bank's no is an error 402 that carries the intent."""
    only(call.params, INTENT_PARAMS)
    store, given = call.store, call.params
    if given.get("confirm") is not True or given.get("off_session") is not True:
        raise StripeError(
            "The payment sandbox only does confirmed off-session intents",
            code="sandbox_unsupported",
            param="off_session",
        )
    for name in ("customer", "payment_method"):
        if name not in given:
            raise StripeError(f"Missing required param: {name}.", code="parameter_missing", param=name)
    store.get("customer", given["customer"], param="customer")
    method = store.get("payment_method", given["payment_method"], param="payment_method")
    if method["customer"] != given["customer"]:
        raise refused(
            f"The customer does not have a payment method with the ID {method['id']}.",
            code="resource_missing",
            param="payment_method",
        )
    fees.check_amount(given["amount"], given["currency"], "amount")
    intent = objects.payment_intent(
        now=store.now(),
        amount=given["amount"],
        currency=given["currency"].lower(),
        customer=given["customer"],
        description=given.get("description"),
        receipt_email=given.get("receipt_email"),
        metadata=clean_metadata(given.get("metadata")),
        payment_method=method["id"],
        _key=call.key,
    )
    store.add("payment_intent", intent)
    emit(store, "payment_intent.created", intent)
    _charge(store, intent, method)
    return call.show(intent)


def _charge(store: Store, intent: Row, method: Row) -> None:
    card = method["card"]
    details = objects.card_details(number=method["_number"], country=card["country"], three_d_secure=None)
    billing = {name: method["billing_details"][name] for name in ("email", "name")}
    if method["_later"] is None:
        money.authorise(store, intent, details, billing)
        return
    money.decline(store, intent, details, billing, method["_later"])
    error = intent["last_payment_error"]
    intent["payment_method"] = None
    raise Declined(
        error["message"],
        code=error["code"],
        decline_code=error["decline_code"],
        charge=error["charge"],
        payment_intent=plain(store, intent),
        payment_method=plain(store, method),
    )
