"""How Stripe says things and what they mean to us: currencies and their decimals, moments, states. No calls."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from coevolve.kit.money import Money, exponent
from coevolve.payments.provider import FoundDispute, FoundRefund

EXPONENTS = {
    "IDR": 2,
    "USD": 2,
    "EUR": 2,
    "SGD": 2,
    "MYR": 2,
    "AUD": 2,
    "GBP": 2,
    "PHP": 2,
    "THB": 2,
    "CHF": 2,
    "CAD": 2,
    "NZD": 2,
    "HKD": 2,
    "CNY": 2,
    "SAR": 2,
    "AED": 2,
    "INR": 2,
    "JPY": 0,
    "KRW": 0,
    "VND": 0,
    "KWD": 3,
    "BHD": 3,
}
"""How Stripe counts each currency. IDR is not zero-decimal there (Rp 500.000 is 50000000)."""


def to_stripe(money: Money) -> tuple[int, str]:
    """The amount and currency as Stripe wants them; raises if it cannot be said exactly."""
    theirs, ours = EXPONENTS[money.unit], exponent(money.unit)
    scaled, rest = divmod(money.amount * 10**theirs, 10**ours)
    if rest:
        raise ValueError(f"{money!r} cannot be said to Stripe exactly")
    return scaled, money.unit.lower()


def from_stripe(amount: int, currency: str) -> Money:
    """Our money from Stripe's amount and currency; an unknown currency raises KeyError."""
    unit = currency.upper()
    scaled, rest = divmod(amount * 10 ** exponent(unit), 10 ** EXPONENTS[unit])
    if rest:
        raise ValueError(f"{amount} {currency} has no exact form here")
    return Money(scaled, unit)


def time_of(seconds: Any) -> dt.datetime:
    """A moment from Stripe's seconds."""
    return dt.datetime.fromtimestamp(int(seconds), dt.UTC)


def payment_id_of(found: Mapping[str, Any]) -> uuid.UUID | None:
    """Our payment id from an object's metadata, if it is there and is one."""
    return _own_id(found, "payment_id")


def refund_id_of(found: Mapping[str, Any]) -> uuid.UUID | None:
    """Our refund id from a refund's metadata; none when it was made in the dashboard."""
    return _own_id(found, "refund_id")


def _own_id(found: Mapping[str, Any], name: str) -> uuid.UUID | None:
    written = (found.get("metadata") or {}).get(name)
    try:
        return uuid.UUID(str(written)) if written else None
    except ValueError:
        return None


def refund_of(row: Mapping[str, Any]) -> FoundRefund:
    """A refund in our words."""
    return FoundRefund(
        ref=str(row["id"]),
        money=from_stripe(int(row["amount"]), str(row["currency"])),
        state=str(row.get("status") or "pending"),
        reason=row.get("reason"),
        created_at=time_of(row["created"]),
        refund_id=refund_id_of(row),
    )


def dispute_of(row: Mapping[str, Any]) -> FoundDispute:
    """A dispute in our words."""
    due = (row.get("evidence_details") or {}).get("due_by")
    return FoundDispute(
        ref=str(row["id"]),
        money=from_stripe(int(row["amount"]), str(row["currency"])),
        state=str(row["status"]),
        reason=row.get("reason"),
        created_at=time_of(row["created"]),
        due_at=time_of(due) if due else None,
    )


def status_of(session: Mapping[str, Any] | None, intent: Mapping[str, Any] | None) -> str:
    """Where a payment without captured money stands, in our words."""
    at_intent = str(intent.get("status")) if intent else ""
    at_session = str(session.get("status")) if session else ""
    if session is None and intent is not None and intent.get("last_payment_error"):
        # A charge of a kept card: nobody is there to try another one or to answer the bank.
        at_session = "complete"
    if at_intent == "processing":
        return "processing"
    if at_intent == "requires_capture":
        return "authorised"
    if at_session == "expired":
        return "expired"
    if at_intent == "canceled":
        return "cancelled"
    if at_session == "complete" and at_intent in {"requires_payment_method", ""}:
        # Complete but unpaid: a slow method that was refused afterwards, or the intent cannot be seen yet.
        return "failed" if at_intent else "processing"
    if at_intent == "succeeded":
        return "processing"
    return "open"
