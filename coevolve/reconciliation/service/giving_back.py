"""Refunds by card as the provider has them: ours, and those somebody made in its dashboard."""

from __future__ import annotations

from sqlalchemy import select

from coevolve.kit import clock, moves
from coevolve.kit.db import lock, session
from coevolve.ledger import accounts
from coevolve.payments import service as payments
from coevolve.payments.models import Payment, Refund, RefundState
from coevolve.payments.provider import FoundCharge, FoundRefund, ProviderBusy
from coevolve.payments.service.refunding import left_of
from coevolve.pledges.queries import Settlement
from coevolve.reconciliation.service.cases import open_case
from coevolve.reconciliation.service.refunding import (
    book_back,
    book_done,
    book_out,
    finish,
    is_in_hand,
    undo,
)

REFUND_WORDS = frozenset({"pending", "requires_action", "succeeded", "failed", "canceled"})
GONE = (RefundState.failed, RefundState.canceled)
LEFT_PROVIDER = (RefundState.sending, RefundState.pending, RefundState.requires_action)
"""States before the end in which the provider has taken the sum off its balance, or may have."""


def settle_refunds(payment: Payment, settlement: Settlement, charge: FoundCharge) -> None:
    """Bring every refund of a charge up to what the provider says: begun, done, failed even after it was done."""
    for found in charge.refunds:
        if found.state not in REFUND_WORDS:
            open_case(
                kind="unknown_word",
                subject=("refund", found.ref),
                payment_id=payment.id,
                difference=found.money,
                data={"word": found.state},
            )
            continue
        _settle_refund(payment, settlement, found)


def _settle_refund(payment: Payment, settlement: Settlement, found: FoundRefund) -> None:
    to = RefundState(found.state)
    refund = _known(payment, found)
    if refund is None:
        if to in GONE and left_of(payment) < found.money:
            # It came and went while its money was spoken for otherwise: nothing of ours changed.
            return
        refund = _adopt(payment, settlement, found)
    if refund.state == to or not _goes_forward(refund, to):
        session().flush()
        return
    was = RefundState(refund.state)
    moves.move(refund, to, by=None, cause="found so at the provider")
    clearing = accounts.provider_clearing(refund.provider, refund.account, refund.unit)
    done_key = f"{refund.provider}:refund:{found.ref}:done"
    if to == RefundState.succeeded:
        finish(refund, payment, settlement, key=done_key, into=clearing, at=found.created_at)
    elif to in GONE:
        was_done = was == RefundState.succeeded
        if not was_done and was in LEFT_PROVIDER:
            # It had left the provider's balance all the same, and came back: both of its transactions are explained.
            book_done(refund, key=done_key, into=clearing, at=found.created_at)
        if was_done or was in LEFT_PROVIDER:
            book_back(refund, key=f"{refund.provider}:refund:{found.ref}:came_back", out_of=clearing)
        undo(refund, payment, settlement, was_done=was_done, why=found.reason or str(to))
    session().flush()


def _goes_forward(refund: Refund, to: RefundState) -> bool:
    """An older picture takes nothing back: only a bank line that is undone leads from succeeded to pending."""
    if refund.state == RefundState.succeeded and to != RefundState.failed:
        return False
    return refund.machine.allows(refund.state, to)


def _known(payment: Payment, found: FoundRefund) -> Refund | None:
    """Our row of a refund: by the provider's name for it, or by ours that it carries."""
    by_ref = select(Refund).where(
        Refund.provider == payment.provider,
        Refund.account == payment.account,
        Refund.provider_ref == found.ref,
    )
    refund = session().execute(by_ref).scalar_one_or_none()
    if refund is None and found.refund_id is not None:
        ours = session().get(Refund, found.refund_id)
        if ours is not None and ours.payment_id == payment.id and ours.provider_ref is None:
            refund = ours
    if refund is None:
        return None
    refund = lock(Refund, refund.id)
    refund.provider_ref = refund.provider_ref or found.ref
    refund.sent_at = refund.sent_at or found.created_at
    return refund


def _adopt(payment: Payment, settlement: Settlement, found: FoundRefund) -> Refund:
    """Write down a refund made in the provider's dashboard; what we had only planned makes room for it."""
    _make_room(payment, found)
    refund = Refund(
        payment_id=payment.id,
        provider=payment.provider,
        account=payment.account,
        provider_ref=found.ref,
        unit=found.money.unit,
        amount=found.money.amount,
        state=RefundState.pending,
        origin="provider",
        reason=found.reason,
        sent_at=found.created_at,
    )
    moves.begin(refund, by=None, cause="found at the provider")
    payment.refund_pending += refund.amount
    session().flush()
    book_out(refund, payment, settlement, at=found.created_at)
    return refund


def _make_room(payment: Payment, found: FoundRefund) -> None:
    """The provider's fact wins: refunds not sent yet give way, the newest first. One being sent is waited for."""
    if is_in_hand(payment):
        raise ProviderBusy("a refund of ours is just being sent; what is whose is clear after it")
    make_room(payment, found.money.amount, because="Penyedia sudah mengembalikan uang ini.")


def make_room(payment: Payment, amount: int, *, because: str) -> None:
    """Cancel refunds that were only planned until this much of the payment is free."""
    planned = (
        select(Refund.id)
        .where(
            Refund.payment_id == payment.id,
            Refund.state.in_([str(RefundState.requested), str(RefundState.approved)]),
        )
        .order_by(Refund.created_at.desc(), Refund.id.desc())
    )
    for refund_id in session().execute(planned).scalars().all():
        if payment.captured - payment.refunded - payment.refund_pending >= amount:
            return
        refund = payments.cancel_refund(refund_id=refund_id, by=None, because=because)
        session().refresh(payment)
        open_case(
            kind="refund_overtaken",
            subject=("refund", str(refund.id)),
            payment_id=payment.id,
            data={"refund": str(refund.id), "at": clock.now().isoformat()},
        )
