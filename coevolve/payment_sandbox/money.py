"""Charges and the balance: what a successful payment, a capture and a change of the balance do."""

from __future__ import annotations

from fractions import Fraction

from coevolve.payment_sandbox import fees, objects
from coevolve.payment_sandbox.errors import refused
from coevolve.payment_sandbox.events import emit
from coevolve.payment_sandbox.store import Row, Store


def fact(store: Store, name: str, intent: Row, **more: object) -> None:
    """A line of the truth file about a payment."""
    store.say(
        "fact",
        name,
        payment_intent=intent["id"],
        session=intent.get("_session"),
        amount=intent["amount"],
        currency=intent["currency"],
        metadata=intent["metadata"],
        idempotency_key=intent.get("_key"),
        **more,
    )


DECLINES = {
    "expired_card": ("expired_card", "Your card has expired."),
    "authentication_required": (
        "authentication_required",
        "Your card was declined. This transaction requires authentication.",
    ),
    "insufficient_funds": ("card_declined", "Your card has insufficient funds."),
}
"""Decline codes that Stripe says in words of their own."""


def _charge(store: Store, intent: Row, details: Row, billing: Row, **given: object) -> Row:
    row = objects.charge(now=store.now(), intent=intent, details=details, billing=billing, **given)
    intent["latest_charge"] = row["id"]
    return store.add("charge", row)


def decline(store: Store, intent: Row, details: Row, billing: Row, code: str) -> None:
    """The attempt fails; the intent waits for another method."""
    top, message = DECLINES.get(code, ("card_declined", "Your card was declined."))
    outcome = {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": "05",
        "network_status": "declined_by_network",
        "reason": code,
        "risk_level": "normal",
        "risk_score": 20,
        "seller_message": "The bank did not return any further details with this decline.",
        "type": "issuer_declined",
    }
    row = _charge(
        store,
        intent,
        details,
        billing,
        status="failed",
        failure_code=top,
        failure_message=message,
        outcome=outcome,
    )
    intent["status"] = "requires_payment_method"
    intent["next_action"] = None
    intent["last_payment_error"] = {
        "charge": row["id"],
        "code": top,
        "decline_code": code,
        "message": message,
        "type": "card_error",
    }
    emit(store, "charge.failed", row)
    emit(store, "payment_intent.payment_failed", intent)
    fact(store, "payment_failed", intent, charge=row["id"], decline_code=code)


def authorise(store: Store, intent: Row, details: Row, billing: Row) -> Row:
    """The card is good: captured at once, or held until `capture` when the intent says manual."""
    outcome = {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "approved_by_network",
        "reason": None,
        "risk_level": "normal",
        "risk_score": 10,
        "seller_message": "Payment complete.",
        "type": "authorized",
    }
    row = _charge(store, intent, details, billing, status="succeeded", paid=True, outcome=outcome)
    intent["last_payment_error"] = None
    intent["next_action"] = None
    if intent["capture_method"] == "manual":
        intent["status"] = "requires_capture"
        intent["amount_capturable"] = intent["amount"]
        emit(store, "charge.succeeded", row)
        emit(store, "payment_intent.amount_capturable_updated", intent)
        fact(store, "payment_authorised", intent, charge=row["id"])
    else:
        take(store, intent, row, intent["amount"])
        emit(store, "charge.succeeded", row)
        emit(store, "payment_intent.succeeded", intent)
    return row


def capture(store: Store, intent: Row, amount: int) -> None:
    """Takes a held sum, or a part of it; the rest is let go."""
    row = store.edit("charge", intent["latest_charge"])
    take(store, intent, row, amount)
    emit(store, "charge.captured", row)
    emit(store, "payment_intent.succeeded", intent)


def take(store: Store, intent: Row, charge: Row, amount: int) -> None:
    """The money reaches the balance, less the fee."""
    charge["captured"] = True
    charge["paid"] = True
    charge["status"] = "succeeded"
    charge["amount_captured"] = amount
    intent["status"] = "succeeded"
    intent["amount_capturable"] = 0
    intent["amount_received"] = amount
    kept = kept_in(store)
    settled = kept.settle(amount, charge["currency"])
    card = charge["payment_method_details"].get("card")
    fee = kept.tariff(fees.PAY_LATER_FLAT) if card is None else kept.card_fee(settled.amount, card["country"])
    now = store.now()
    transaction = objects.balance_transaction(
        now=now,
        kind="charge",
        category="charge",
        amount=settled.amount,
        currency=kept.currency,
        source=charge["id"],
        available_on=now + store.settings.available_after,
        description=charge["description"],
        exchange_rate=settled.exchange_rate,
        fee=fee,
        fee_details=[_fee_line(fee, store, "Processing fee")],
        status="pending",
    )
    store.add("balance_transaction", transaction)
    charge["balance_transaction"] = transaction["id"]
    fact(
        store,
        "payment_captured",
        intent,
        charge=charge["id"],
        captured=amount,
        transaction=transaction["id"],
        net=transaction["net"],
        fee=fee,
    )


def _fee_line(amount: int, store: Store, description: str) -> Row:
    return {
        "amount": amount,
        "application": None,
        "currency": kept_in(store).currency,
        "description": description,
        "type": "stripe_fee",
    }


def cancel(store: Store, intent: Row, reason: str | None) -> None:
    """Nothing will be taken any more; what was held is let go."""
    if intent["status"] in ("succeeded", "canceled", "processing"):
        raise refused(
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}.",
            code="payment_intent_unexpected_state",
        )
    intent["status"] = "canceled"
    intent["canceled_at"] = store.now()
    intent["cancellation_reason"] = reason
    intent["amount_capturable"] = 0
    intent["next_action"] = None
    if intent["latest_charge"] is not None:
        charge = store.edit("charge", intent["latest_charge"])
        if charge["status"] == "succeeded" and not charge["captured"]:
            charge["refunded"] = True
            charge["amount_refunded"] = charge["amount"]
            emit(store, "charge.refunded", charge)
    emit(store, "payment_intent.canceled", intent)
    fact(store, "payment_cancelled", intent)


def adjust(
    store: Store,
    *,
    kind: str,
    category: str,
    amount: int,
    currency: str,
    source: str,
    fee: int = 0,
    description: str,
) -> Row:
    """One more change of the balance, from an amount in the currency of its cause; `fee` is a tariff in rupiah."""
    kept = kept_in(store)
    settled = kept.settle(amount, currency)
    fee = kept.tariff(fee)
    transaction = objects.balance_transaction(
        now=store.now(),
        kind=kind,
        category=category,
        amount=settled.amount,
        currency=kept.currency,
        source=source,
        description=description,
        exchange_rate=settled.exchange_rate,
        fee=fee,
        fee_details=[_fee_line(fee, store, "Dispute fee")] if fee else [],
    )
    return store.add("balance_transaction", transaction)


def kept_in(store: Store) -> fees.Balance:
    """In which currency the balance is kept, at which rates: as started, or as the admin said since."""
    said = store.find("meta", "settlement") or {}
    rates = {**fees.RATES, **{name: Fraction(value) for name, value in said.get("rates", {}).items()}}
    return fees.Balance(said.get("currency", store.settings.settlement_currency), rates)


def balance(store: Store) -> Row:
    """What is ours with the provider: at hand, and on its way, per currency."""
    now = store.now()
    sums: dict[str, dict[str, int]] = {"available": {}, "pending": {}}
    for row in store.oldest("balance_transaction"):
        side = sums["available" if row["available_on"] <= now else "pending"]
        side[row["currency"]] = side.get(row["currency"], 0) + row["net"]
    currencies = sorted({kept_in(store).currency, *sums["available"], *sums["pending"]})
    parts = {
        name: [
            {
                "amount": totals.get(currency, 0),
                "currency": currency,
                "source_types": {"card": totals.get(currency, 0)},
            }
            for currency in currencies
        ]
        for name, totals in sums.items()
    }
    return {"object": "balance", "livemode": False, **parts}
