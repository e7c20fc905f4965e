"""Checkout sessions: what the giver does on the hosted page, and what follows from it."""

from __future__ import annotations

from typing import Any

from coevolve.payment_sandbox import fees, money, objects, saved_cards, timers
from coevolve.payment_sandbox.cards import CARDS, Card, find
from coevolve.payment_sandbox.errors import refused
from coevolve.payment_sandbox.events import emit
from coevolve.payment_sandbox.store import Row, Store


def open_session(store: Store, *, items: list[Row], given: Row, intent_data: Row, key: str | None) -> Row:
    """A session waits for its giver; the intent is made when they try to pay, as at Stripe."""
    row = objects.checkout_session(
        now=store.now(),
        amount=sum(item["amount_total"] for item in items),
        currency=items[0]["currency"],
        base=store.settings.public_base,
        **given,
        _items=items,
        _intent_data=intent_data,
        _key=key,
    )
    store.add("checkout.session", row)
    timers.set_timer(store, "expire_session", row["id"], row["expires_at"])
    store.say(
        "fact",
        "checkout_opened",
        session=row["id"],
        amount=row["amount_total"],
        currency=row["currency"],
        metadata=row["metadata"],
        client_reference_id=row["client_reference_id"],
        idempotency_key=key,
    )
    return row


def expire(store: Store, session_id: str) -> Row:
    """Nobody can pay it any more; an intent that was tried is cancelled."""
    row = store.edit("checkout.session", session_id)
    if row["status"] != "open":
        raise refused(
            f'Only Checkout Sessions with a status in ["open"] can be expired; it is {row["status"]}.'
        )
    row["status"] = "expired"
    row["url"] = None
    timers.drop_timer(store, "expire_session", session_id)
    if row["setup_intent"] is not None:
        setup = store.edit("setup_intent", row["setup_intent"])
        setup["status"] = "canceled"
        setup["cancellation_reason"] = "abandoned"
        emit(store, "setup_intent.canceled", setup)
    if row["payment_intent"] is not None:
        intent = store.edit("payment_intent", row["payment_intent"])
        if intent["status"] != "canceled":
            money.cancel(store, intent, "abandoned")
    emit(store, "checkout.session.expired", row)
    store.say("fact", "checkout_expired", session=row["id"], metadata=row["metadata"])
    return row


def _payable(store: Store, session_id: str) -> Row:
    row = store.edit("checkout.session", session_id)
    if row["status"] != "open":
        raise refused(f"This Checkout Session is {row['status']}.")
    return row


def _intent(store: Store, session: Row) -> Row:
    """The intent of the session: the one of the first attempt, or a new one."""
    if session["payment_intent"] is not None:
        return store.edit("payment_intent", session["payment_intent"])
    data: Row = session["_intent_data"]
    row = objects.payment_intent(
        now=store.now(),
        amount=session["amount_total"],
        currency=session["currency"],
        customer=session["customer"],
        capture_method=data.get("capture_method", "automatic_async"),
        description=data.get("description"),
        metadata=data.get("metadata", {}),
        receipt_email=data.get("receipt_email"),
        setup_future_usage=data.get("setup_future_usage"),
        statement_descriptor=data.get("statement_descriptor"),
        statement_descriptor_suffix=data.get("statement_descriptor_suffix"),
        transfer_group=data.get("transfer_group"),
        payment_method_types=list(session["payment_method_types"]),
        _session=session["id"],
        _key=session["_key"],
    )
    store.add("payment_intent", row)
    session["payment_intent"] = row["id"]
    emit(store, "payment_intent.created", row)
    return row


def pay_by_card(store: Store, session_id: str, card: Card, billing: Row) -> str:
    """`paid`, `declined` or `challenge` (the 3-D Secure page comes next)."""
    session = _payable(store, session_id)
    if session["mode"] == "setup":
        return _set_up(store, session, card, billing)
    intent = _intent(store, session)
    intent["payment_method"] = None
    if card.needs_3ds:
        intent["status"] = "requires_action"
        intent["_card"] = card.number
        intent["_billing"] = billing
        address = f"{store.settings.public_base}/c/pay/{session_id}/3ds"
        intent["next_action"] = {
            "redirect_to_url": {"return_url": session["success_url"], "url": address},
            "type": "redirect_to_url",
        }
        emit(store, "payment_intent.requires_action", intent)
        money.fact(store, "challenge_asked", intent)
        return "challenge"
    return _authorise(store, session, intent, card=card, billing=billing)


def answer_challenge(store: Store, session_id: str, *, is_approved: bool) -> str:
    """The giver's word on the 3-D Secure page: `paid` or `declined`."""
    session = _payable(store, session_id)
    intent = _intent(store, session)
    if intent["status"] != "requires_action":
        raise refused("There is no 3-D Secure challenge to answer.")
    card = find(intent["_card"]) or CARDS[0]
    if is_approved:
        return _authorise(
            store, session, intent, card=card, billing=intent["_billing"], challenge="authenticated"
        )
    intent["status"] = "requires_payment_method"
    intent["next_action"] = None
    intent["last_payment_error"] = {
        "code": "payment_intent_authentication_failure",
        "message": "The provided payment method has failed authentication.",
        "type": "card_error",
    }
    emit(store, "payment_intent.payment_failed", intent)
    money.fact(store, "payment_failed", intent, decline_code="authentication_failure")
    return "declined"


def _authorise(
    store: Store, session: Row, intent: Row, *, card: Card, billing: Row, challenge: str | None = None
) -> str:
    details = objects.card_details(number=card.number, country=card.country, three_d_secure=challenge)
    if card.decline_code is not None:
        money.decline(store, intent, details, billing, card.decline_code)
        return "declined"
    if intent["setup_future_usage"] is not None:
        saved_cards.save(store, session, intent, card, billing)
    charge = money.authorise(store, intent, details, billing)
    charge["_refund"] = card.refund
    _complete(store, session, intent, billing)
    return "paid"


def _set_up(store: Store, session: Row, card: Card, billing: Row) -> str:
    outcome = saved_cards.set_up(store, session, card, billing)
    if outcome == "paid":
        _close(store, session, billing)
    return outcome


def _complete(store: Store, session: Row, intent: Row, billing: Row) -> None:
    session["payment_status"] = "paid" if intent["status"] == "succeeded" else "unpaid"
    _close(store, session, billing)


def _close(store: Store, session: Row, billing: Row) -> None:
    session["status"] = "complete"
    session["url"] = None
    session["customer_details"] = {
        "address": None,
        "business_name": None,
        "email": billing["email"],
        "individual_name": None,
        "name": billing["name"],
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }
    timers.drop_timer(store, "expire_session", session["id"])
    emit(store, "checkout.session.completed", session)


def pay_later(store: Store, session_id: str, billing: Row) -> None:
    """The order stands, the money comes later by itself or by the admin's word."""
    session = _payable(store, session_id)
    if session["mode"] == "setup" or session["_intent_data"].get("setup_future_usage"):
        raise refused("This payment needs a card that can be kept.")
    intent = _intent(store, session)
    row = objects.charge(now=store.now(), intent=intent, details=objects.pay_later_details(), billing=billing)
    store.add("charge", row)
    intent["latest_charge"] = row["id"]
    intent["last_payment_error"] = None
    intent["next_action"] = None
    intent["status"] = "processing"
    intent["payment_method_types"] = [objects.PAY_LATER]
    emit(store, "charge.pending", row)
    emit(store, "payment_intent.processing", intent)
    money.fact(store, "payment_processing", intent, charge=row["id"])
    _complete(store, session, intent, billing)
    if store.settings.pay_later_after:
        due = store.now() + store.settings.pay_later_after
        timers.set_timer(store, "settle_pay_later", intent["id"], due)


def settle_pay_later(store: Store, intent_id: str, *, is_paid: bool) -> Row:
    """The late money comes, or it is known that it never will."""
    intent = store.edit("payment_intent", intent_id)
    if intent["status"] != "processing":
        raise refused(f"The PaymentIntent is {intent['status']}, not processing.")
    timers.drop_timer(store, "settle_pay_later", intent_id)
    session = store.edit("checkout.session", intent["_session"])
    charge = store.edit("charge", intent["latest_charge"])
    if is_paid:
        money.take(store, intent, charge, intent["amount"])
        session["payment_status"] = "paid"
        emit(store, "charge.succeeded", charge)
        emit(store, "payment_intent.succeeded", intent)
        emit(store, "checkout.session.async_payment_succeeded", session)
        return intent
    charge["status"] = "failed"
    charge["failure_code"] = "payment_intent_payment_attempt_failed"
    charge["failure_message"] = "The customer did not send the money."
    intent["status"] = "requires_payment_method"
    intent["last_payment_error"] = {
        "charge": charge["id"],
        "code": "payment_intent_payment_attempt_failed",
        "message": "The customer did not send the money.",
        "type": "invalid_request_error",
    }
    emit(store, "charge.failed", charge)
    emit(store, "payment_intent.payment_failed", intent)
    emit(store, "checkout.session.async_payment_failed", session)
    money.fact(store, "payment_failed", intent, charge=charge["id"], decline_code="not_sent")
    return intent


def unknown_payment(store: Store, *, amount: int, currency: str, metadata: dict[str, Any], email: str) -> Row:
    """Money that no call of the app asked for (made, say, in the provider's dashboard)."""
    fees.check_amount(amount, currency, "amount")
    intent = objects.payment_intent(
        now=store.now(),
        amount=amount,
        currency=currency,
        metadata=metadata,
        description="Dashboard",
        _key=None,
    )
    store.add("payment_intent", intent)
    emit(store, "payment_intent.created", intent)
    details = objects.card_details(number="4242424242424242", country="ID", three_d_secure=None)
    money.authorise(store, intent, details, {"email": email, "name": "Dashboard"})
    return intent
