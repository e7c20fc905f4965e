"""Taking a booked arrival back: a bank line was matched with the wrong gift, or the bank took its money back.

The mirror of `booking`: a reversing posting, the payment waits again, the pledge too, the receipt is annulled (its
number stays taken), and the giver is told. Nothing is edited, nothing is deleted.
"""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import select, text

from coevolve.journal import service as journal
from coevolve.kit import clock, moves
from coevolve.kit.db import get, lock, session
from coevolve.kit.errors import Conflict
from coevolve.kit.i18n import lazy
from coevolve.kit.money import Money
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.payments import queries as payment_queries
from coevolve.payments import service as payments
from coevolve.payments.models import Payment, PaymentState
from coevolve.pledges import service as pledges
from coevolve.reconciliation.service import own_hands
from coevolve.reconciliation.service.booking import notify_giver, settlement_of
from coevolve.reconciliation.service.cases import close_by_itself

UNCAPTURED = "payment.uncaptured"
_TO_ACCOUNT = """
SELECT coalesce(sum(amount), 0)::bigint FROM ledger_transfer WHERE posting_id = :posting AND credit_id = :id
"""


def unbook(
    *, payment_id: uuid.UUID, posting_id: int, key: str, money: Money, at: dt.datetime, by: uuid.UUID | None
) -> int:
    """Reverse one arrival of a payment, once per key; returns the reversing posting's id."""
    settlement = settlement_of(get(Payment, payment_id))
    payment = lock(Payment, payment_id)
    if payment.refunded or payment.refund_pending or payment.disputed:
        raise Conflict(
            "money_went_back", lazy("Sebagian uangnya sudah dikembalikan atau disengketakan. Buka kasus.")
        )
    fund = accounts.fund(settlement.listing_id, money.unit)
    given = int(session().execute(text(_TO_ACCOUNT), {"posting": posting_id, "id": fund}).scalar_one())
    actor = str(by) if by else "system"
    own_hands.take_out_of_hand(payment, settlement, posting_id, key=key, at=at, actor=actor)
    reversing = ledger.reverse(
        key=key,
        posting_id=posting_id,
        kind=UNCAPTURED,
        source_kind="payment",
        source_id=payment.id,
        effective_at=at,
        actor=actor,
    )
    _wait_again(payment, money, by)
    if given:
        back = Money(given, money.unit)
        pledges.return_money(
            pledge_id=settlement.pledge_id,
            payment_id=payment.id,
            money=back,
            at=at,
            cause="undone",
            waits_again=True,
        )
        _annul(payment, back, at)
    for kind in ("over", "short", "late"):
        if payment.captured == 0:
            close_by_itself(kind=kind, subject=("payment", payment.id), note="Pencocokan dibatalkan.")
    journal.record(
        "payment.undone",
        about=("payment", payment.id),
        by=by,
        for_organisation=settlement.organisation_id,
        data={"amount": str(money.amount), "unit": money.unit},
    )
    notify_giver("payment.undone", payment, settlement, money, f"payment.undone:{key}")
    return reversing


def _wait_again(payment: Payment, money: Money, by: uuid.UUID | None) -> None:
    payment.captured -= money.amount
    payment.expected_amount = max(0, payment.amount - payment.captured)
    if payment.captured == 0:
        payment.captured_at = None
        to = _state_again(payment)
        if to in {PaymentState.awaiting, PaymentState.grace} and _is_reserved_by_another(payment):
            payment.by_amount = False
        moves.move(payment, to, by=by, cause="match undone")
    session().flush()


def _state_again(payment: Payment) -> PaymentState:
    """Where a transfer stands by the clock when nothing of it has come."""
    moment = clock.now()
    if payment.state == PaymentState.captured_late or (payment.hold_until and payment.hold_until <= moment):
        return PaymentState.expired
    if payment.expires_at and payment.expires_at <= moment:
        return PaymentState.grace
    return PaymentState.awaiting


def _is_reserved_by_another(payment: Payment) -> bool:
    """Whether the sum was given to somebody else meanwhile: then only its reference names this payment."""
    statement = select(Payment.id).where(
        Payment.id != payment.id,
        Payment.provider == "bank_transfer",
        Payment.bank_account_id == payment.bank_account_id,
        Payment.unit == payment.unit,
        Payment.expected_amount == payment.expected_amount,
        Payment.by_amount,
        Payment.state.in_([PaymentState.awaiting, PaymentState.grace]),
    )
    return session().execute(statement.limit(1)).first() is not None


def _annul(payment: Payment, back: Money, at: dt.datetime) -> None:
    live = payment_queries.receipt_of(payment.id)
    if live is None:
        return
    payments.annul_receipt(payment_id=payment.id, because="undone: the bank line paid for something else")
    rest = Money(live.amount, live.unit) - back
    if rest.amount > 0:
        payments.write_receipt(payment_id=payment.id, money=rest, paid_at=at, issuer=live.issuer)
