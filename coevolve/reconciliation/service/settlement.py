"""The one transaction of a provider's fact: payment, ledger, pledge, receipt, thanks, journal, inbox row.

It works on a picture of the object as the provider has it now, never on the event's own words, so events may repeat,
come late or in any order: an older state has no edge, a known charge has its posting, a known refund its row.
"""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import or_, select

from coevolve.journal import service as journal
from coevolve.kit import clock, moves
from coevolve.kit.db import lock, session
from coevolve.kit.money import Money
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.ledger.service import Transfer
from coevolve.payments.models import Inbox, Payment, PaymentState
from coevolve.payments.provider import Found, FoundCard, FoundCharge, FoundPayment, FoundPayout
from coevolve.pledges.links import pay_path
from coevolve.reconciliation.models import Case
from coevolve.reconciliation.service.booking import CAPTURED, Arrival, book, notify_giver, settlement_of
from coevolve.reconciliation.service.cases import close_by_itself, open_case
from coevolve.reconciliation.service.disputing import settle_disputes
from coevolve.reconciliation.service.giving_back import settle_refunds
from coevolve.reconciliation.service.payouts import settle_payout
from coevolve.recurring import service as recurring

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
    elif isinstance(found, FoundCard):
        recurring.keep_card(found)
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
    is_monthly = recurring.hold(payment.reference_id)
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
                is_monthly=is_monthly,
            )
            book(payment, settlement, arrival)
        settle_refunds(payment, settlement, charge)
        settle_disputes(payment, settlement, charge)
    to = STATUS_TO_STATE.get(found.status)
    if to is not None and not found.charges and payment.machine.allows(payment.state, to):
        moves.move(payment, to, by=None, cause="found so at the provider")
        if to in {PaymentState.failed, PaymentState.expired}:
            journal.record(f"payment.{to}", about=("payment", payment.id), by=None)
            if payment.checkout_url is not None:
                # Somebody was at a page; of a card charged by itself its monthly gift tells.
                money = Money(payment.amount, payment.unit)
                notify_giver(
                    "payment.expired",
                    payment,
                    settlement,
                    money,
                    f"payment.expired:{payment.id}",
                    path=pay_path(settlement.pledge_id),
                )
    if is_monthly:
        recurring.follow(payment.reference_id, card=found.saved_card, decline_code=found.decline_code)


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
    """Keep a charge's money as unidentified, with a case; what is paid back of it at the provider is gone again."""
    _park(charge, provider, account, kind="unknown_charge", payment_id=None)


def _park(
    charge: FoundCharge, provider: str, account: str, *, kind: str, payment_id: uuid.UUID | None
) -> None:
    case = _case_of(charge, kind) or open_case(
        kind=kind, subject=("charge", charge.ref), payment_id=payment_id, difference=charge.captured
    )
    ledger.post(
        key=capture_key(charge.ref),
        kind="charge.parked",
        transfers=[_to_unidentified(provider, account, charge)],
        source_kind="case",
        source_id=case.id,
        effective_at=charge.captured_at,
    )
    back = 0
    for refund in charge.refunds:
        if refund.state not in {"succeeded", "failed"}:
            continue
        out = _to_unidentified(provider, account, charge, amount=-refund.money.amount)
        done = ledger.post(
            key=f"{provider}:refund:{refund.ref}:done",
            kind="charge.parked_refunded",
            transfers=[out],
            source_kind="case",
            source_id=case.id,
            effective_at=refund.created_at,
        )
        if refund.state == "failed":
            ledger.reverse(
                key=f"{provider}:refund:{refund.ref}:came_back",
                posting_id=done,
                source_kind="case",
                source_id=case.id,
            )
        else:
            back += refund.money.amount
    if back == charge.captured.amount:
        close_by_itself(
            kind=kind, subject=("charge", charge.ref), note="Seluruhnya dikembalikan di penyedia."
        )


def _case_of(charge: FoundCharge, kind: str) -> Case | None:
    """The case a charge was parked under, open or closed: its postings name it."""
    statement = (
        select(Case)
        .where(Case.kind == kind, Case.subject_kind == "charge", Case.subject_id == charge.ref)
        .order_by(Case.created_at)
        .limit(1)
    )
    return session().execute(statement).scalar_one_or_none()


def _other_currency(payment: Payment, charge: FoundCharge) -> None:
    _park(charge, payment.provider, payment.account, kind="other_currency", payment_id=payment.id)
    if payment.machine.allows(payment.state, PaymentState.failed):
        moves.move(payment, PaymentState.failed, by=None, cause="paid in another currency")


def _to_unidentified(
    provider: str, account: str, charge: FoundCharge, *, amount: int | None = None
) -> Transfer:
    """Money of a charge into unidentified receipts; a negative amount goes out of them."""
    unit = charge.captured.unit
    clearing, kept = accounts.provider_clearing(provider, account, unit), accounts.unidentified(unit)
    moved = charge.captured.amount if amount is None else amount
    debit, credit = (clearing, kept) if moved > 0 else (kept, clearing)
    return Transfer(debit_id=debit, credit_id=credit, amount=abs(moved), unit=unit)


__all__ = ["CAPTURED", "UnknownPayment", "capture_key", "park", "settle", "settle_payment"]
