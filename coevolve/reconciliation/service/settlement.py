"""The one transaction of a provider's fact: payment, ledger, pledge, receipt, thanks, journal, inbox row.

It works on a picture of the object as the provider has it now, never on the event's own words, so events may repeat,
come late or in any order: an older state has no edge, a known charge has its posting, a known refund its row.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import or_, select

from coevolve.journal import service as journal
from coevolve.kit import clock, moves
from coevolve.kit.db import lock, session
from coevolve.kit.money import Money
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.ledger.service import Transfer
from coevolve.payments.models import Inbox, Payment, PaymentState
from coevolve.payments.provider import Found, FoundCharge, FoundPayment, FoundPayout
from coevolve.reconciliation.service.booking import CAPTURED, Arrival, book, notify_giver, settlement_of
from coevolve.reconciliation.service.cases import open_case
from coevolve.reconciliation.service.giving_back import settle_disputes, settle_refunds
from coevolve.reconciliation.service.payouts import settle_payout

STATUS_TO_STATE = {
    "processing": PaymentState.processing,
    "authorised": PaymentState.authorised,
    "failed": PaymentState.failed,
    "expired": PaymentState.expired,
    "cancelled": PaymentState.cancelled,
}
PATIENCE = dt.timedelta(hours=24)


class UnknownPayment(Exception):
    """The provider's object names no payment we know; perhaps our own transaction has not ended yet."""


def settle(*, event_id: int, found: Found | None) -> str:
    """Apply what the provider has now; returns the row's new state. Raises UnknownPayment while waiting is wise."""
    row = lock(Inbox, event_id)
    if row.state != "new":
        return row.state
    if isinstance(found, FoundPayout):
        settle_payout(found)
        row.state = "done"
    elif found is None:
        row.state = _nothing_found(row)
    else:
        payment = _payment_of(found)
        if payment is not None:
            settle_payment(payment, found)
            row.state = "done"
        else:
            row.state = _nobody_s(row, found)
    row.leased_until = None
    session().flush()
    return row.state


def settle_payment(payment: Payment, found: FoundPayment) -> None:
    """Bring one payment up to a picture of it."""
    settlement = settlement_of(payment)
    payment = lock(Payment, payment.id)
    payment.provider_ref = payment.provider_ref or found.checkout_ref
    payment.intent_ref = found.intent_ref or payment.intent_ref
    for charge in found.charges:
        if charge.captured.unit != payment.unit:
            _other_currency(payment, charge)
            continue
        fresh = charge.captured.amount - payment.captured
        if fresh > 0:
            arrival = Arrival(
                key=capture_key(charge.ref),
                from_account=accounts.provider_clearing(payment.provider, payment.account, payment.unit),
                money=Money(fresh, payment.unit),
                at=charge.captured_at,
            )
            book(payment, settlement, arrival)
        settle_refunds(payment, settlement, charge)
        settle_disputes(payment, settlement, charge)
    to = STATUS_TO_STATE.get(found.status)
    if to is not None and not found.charges and payment.machine.allows(payment.state, to):
        moves.move(payment, to, by=None, cause="found so at the provider")
        if to in {PaymentState.failed, PaymentState.expired}:
            journal.record(f"payment.{to}", about=("payment", payment.id), by=None)
            money = Money(payment.amount, payment.unit)
            notify_giver("payment.expired", payment, settlement, money, f"payment.expired:{payment.id}")


def capture_key(charge_ref: str) -> str:
    """The key under which a charge's money is booked, wherever it goes."""
    return f"stripe:charge:{charge_ref}:capture"


def _payment_of(found: FoundPayment) -> Payment | None:
    """The payment a picture shows: by our id, else by the provider's names."""
    names = []
    if found.payment_id is not None:
        names.append(Payment.id == found.payment_id)
    if found.checkout_ref is not None:
        names.append(Payment.provider_ref == found.checkout_ref)
    if found.intent_ref is not None:
        names.append(Payment.intent_ref == found.intent_ref)
    if not names:
        return None
    rows = (
        session()
        .execute(select(Payment).where(Payment.provider == found.provider, or_(*names)).limit(2))
        .scalars()
        .all()
    )
    return next((row for row in rows if row.id == found.payment_id), rows[0] if rows else None)


def _nothing_found(row: Inbox) -> str:
    """An event about an object that the provider does not show (yet)."""
    if _is_young(row):
        raise UnknownPayment(f"no object {row.object_ref}")
    return "ignored"


def _nobody_s(row: Inbox, found: FoundPayment) -> str:
    """A payment at the provider that is none of ours: its money is kept aside, and a person looks."""
    if found.payment_id is not None and _is_young(row):
        raise UnknownPayment(f"no payment {found.payment_id}")
    if not found.has_money:
        return "ignored"
    for charge in found.charges:
        park(charge, provider=found.provider, account=found.account)
    return "done"


def _is_young(row: Inbox) -> bool:
    return clock.now() - row.received_at < PATIENCE


def park(charge: FoundCharge, *, provider: str, account: str) -> None:
    """Keep a charge's money as unidentified, with a case."""
    case = open_case(kind="unknown_charge", subject=("charge", charge.ref), difference=charge.captured)
    ledger.post(
        key=capture_key(charge.ref),
        kind="charge.parked",
        transfers=[_to_unidentified(provider, account, charge)],
        source_kind="case",
        source_id=case.id,
        effective_at=charge.captured_at,
    )


def _other_currency(payment: Payment, charge: FoundCharge) -> None:
    open_case(
        kind="other_currency",
        subject=("charge", charge.ref),
        payment_id=payment.id,
        difference=charge.captured,
    )
    ledger.post(
        key=capture_key(charge.ref),
        kind="charge.parked",
        transfers=[_to_unidentified(payment.provider, payment.account, charge)],
        source_kind="payment",
        source_id=payment.id,
        effective_at=charge.captured_at,
    )
    if payment.machine.allows(payment.state, PaymentState.failed):
        moves.move(payment, PaymentState.failed, by=None, cause="paid in another currency")


def _to_unidentified(provider: str, account: str, charge: FoundCharge) -> Transfer:
    unit = charge.captured.unit
    return Transfer(
        debit_id=accounts.provider_clearing(provider, account, unit),
        credit_id=accounts.unidentified(unit),
        amount=charge.captured.amount,
        unit=unit,
    )


__all__ = ["CAPTURED", "UnknownPayment", "capture_key", "park", "settle", "settle_payment"]
