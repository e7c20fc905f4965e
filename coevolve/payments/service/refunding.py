"""Asking for money back, taking that back, and the call that gives it back to a card.

Approving moves money out of a fund, so it stands in reconciliation, which knows the fund; this is all below it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from coevolve.journal import service as journal
from coevolve.kit import clock, moves
from coevolve.kit.db import get, lock, session
from coevolve.kit.errors import Conflict, Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.jobs import after_commit
from coevolve.kit.money import Money, format_money
from coevolve.kit.text import clean_text
from coevolve.ledger import service as ledger
from coevolve.payments.gateways import gateway
from coevolve.payments.models import Outbox, Payment, Refund, RefundState
from coevolve.payments.provider import FoundRefund, ProviderRefuses, RefundOrder
from coevolve.payments.references import new_reference
from coevolve.payments.service.arriving import look_at
from coevolve.payments.service.duties import SWEEP_AFTER_SECONDS, Duty, Topic, once

CREATE = "refund.create"
ORIGINS = ("staff", "giver", "pledge", "round")
REASON_MOST = 1_000


def left_of(payment: Payment) -> Money:
    """What of a payment may still be asked back: neither gone, nor on its way, nor disputed."""
    left = payment.captured - payment.refunded - payment.refund_pending - payment.disputed
    return Money(max(0, left), payment.unit)


def ask_refund(
    *,
    payment_id: uuid.UUID,
    money: Money,
    reason: str,
    by: uuid.UUID | None,
    origin: str = "staff",
    client_token: uuid.UUID | None = None,
) -> Refund:
    """Ask for (a part of) a payment back. The sum is reserved at once; money moves only when finance approves.

    What of the payment lies as the giver's credit goes back first, whoever asks.
    """
    if origin not in ORIGINS or origin == "round":
        raise ValueError(f"no origin {origin!r}")
    words = clean_text(reason)
    if not words:
        raise Invalid("reason_missing", lazy("Tulis alasannya."), field="reason")
    if len(words) > REASON_MOST:
        raise Invalid("reason_long", lazy("Alasan paling panjang 1.000 huruf."), field="reason")
    payment = lock(Payment, payment_id)
    earlier = find_by_token(client_token)
    if earlier is not None:
        return earlier
    refuse_too_much(payment, money)
    refund = Refund(
        payment_id=payment.id,
        public_ref=new_reference(),
        provider=payment.provider,
        account=payment.account,
        unit=money.unit,
        amount=money.amount,
        state=RefundState.requested,
        origin=origin,
        reason=words,
        client_token=client_token,
        requested_by=by,
    )
    try:
        with session().begin_nested():
            moves.begin(refund, by=by, cause=origin)
    except IntegrityError:
        earlier = find_by_token(client_token)
        if earlier is None:
            raise
        return earlier
    payment.refund_pending += money.amount
    session().flush()
    record(refund, "refund.asked", by, reason=words)
    return refund


def refuse_too_much(payment: Payment, money: Money) -> None:
    """Raise Invalid unless this much of a locked payment may go back."""
    left = left_of(payment)
    if money.unit != payment.unit:
        raise Invalid("refund_unit", lazy("Pengembalian memakai mata uang pembayarannya."), field="amount")
    if money.amount <= 0:
        raise Invalid("refund_nothing", lazy("Jumlahnya harus lebih dari nol."), field="amount")
    if left.amount == 0:
        raise Invalid(
            "refund_too_much",
            lazy("Tidak ada lagi yang dapat dikembalikan dari pembayaran ini."),
            field="amount",
        )
    if money.amount > left.amount:
        raise Invalid(
            "refund_too_much",
            lazy("Paling banyak %(left)s yang masih dapat dikembalikan.", left=format_money(left)),
            field="amount",
        )


def find_by_token(client_token: uuid.UUID | None) -> Refund | None:
    """The refund that an earlier click of the same form asked for."""
    if client_token is None:
        return None
    return session().execute(select(Refund).where(Refund.client_token == client_token)).scalar_one_or_none()


def cancel_refund(*, refund_id: uuid.UUID, by: uuid.UUID | None, because: str) -> Refund:
    """Take a refund back that has not been sent: refused, withdrawn, or overtaken. Its money stays where it was."""
    words = clean_text(because)[:REASON_MOST]
    if not words:
        raise Invalid("reason_missing", lazy("Tulis alasannya."), field="reason")
    payment = lock(Payment, get(Refund, refund_id).payment_id)
    refund = lock(Refund, refund_id)
    if refund.state not in {RefundState.requested, RefundState.approved}:
        raise Conflict("refund_sent", lazy("Pengembalian ini sudah dikirim atau sudah selesai."))
    moves.move(refund, RefundState.canceled, by=by, cause=words[:200])
    refund.ended_because, refund.done_at = words, clock.now()
    give_back_reserve(payment, refund, kind="refund.cancelled")
    record(refund, "refund.cancelled", by, reason=words)
    return refund


def give_back_reserve(payment: Payment, refund: Refund, *, kind: str) -> None:
    """Undo what approving booked, mirrored leg by leg, and free the sum for another refund."""
    payment.refund_pending -= refund.amount
    if refund.fund_posting_id is not None:
        ledger.reverse(
            key=f"refund:{refund.id}:undone",
            kind=kind,
            posting_id=refund.fund_posting_id,
            source_kind="refund",
            source_id=refund.id,
        )
    session().flush()


def record(refund: Refund, kind: str, by: uuid.UUID | None, **more: str) -> int:
    """Write the journal line of a step of a refund."""
    return journal.record(
        kind,
        about=("refund", refund.id),
        by=by,
        data={
            "payment": str(refund.payment_id),
            "amount": str(refund.amount),
            "unit": refund.unit,
            "origin": refund.origin,
        }
        | more,
        visibility="staff",
    )


# --- the call ---------------------------------------------------------------------------------------


def enqueue(refund: Refund) -> Outbox:
    """Write down that the provider is to be asked, once per refund; a worker makes the call after the commit."""
    row = Outbox(
        topic=CREATE,
        dedupe_key=f"{CREATE}:{refund.id}",
        payment_id=refund.payment_id,
        payload={"refund_id": str(refund.id)},
        next_at=clock.now() + dt.timedelta(seconds=SWEEP_AFTER_SECONDS),
    )
    session().add(row)
    session().flush()
    after_commit("payments.send", outbox_id=row.id)
    return row


def _refund_of(payload: dict[str, Any]) -> uuid.UUID:
    return uuid.UUID(str(payload["refund_id"]))


def _is_needed(row: Outbox) -> bool:
    refund = get(Refund, _refund_of(row.payload))
    return refund.state == RefundState.sending and refund.provider_ref is None


def _call(duty: Duty) -> FoundRefund:
    refund = get(Refund, _refund_of(duty.payload))
    payment = get(Payment, refund.payment_id)
    if payment.intent_ref is None:
        raise ProviderRefuses("the provider never named this payment to us")
    order = RefundOrder(
        refund_id=refund.id,
        payment_id=payment.id,
        intent_ref=payment.intent_ref,
        money=Money(refund.amount, refund.unit),
    )
    provider = gateway(payment.provider)
    # The reads above began a transaction; end it, so that no connection waits idle in one while the provider thinks.
    session().rollback()
    return once(
        duty,
        find=lambda _since: provider.find_refund(order),
        create=lambda: provider.create_refund(order, key=duty.key),
        what="no refund",
    )


def _write_answer(duty: Duty, answer: FoundRefund) -> None:
    refund = lock(Refund, _refund_of(duty.payload))
    refund.provider_ref = refund.provider_ref or answer.ref
    refund.sent_at = refund.sent_at or clock.now()
    session().flush()
    # What became of it is read from the object itself, by the same way an event would go.
    look_at(answer.ref, provider=refund.provider, why="refund", slot=str(refund.id))


def _write_refusal(_duty: Duty) -> None:
    """The row is dead; whoever knows the fund puts the money back (a sweep does when the message is lost)."""
    after_commit("payments.undo_refused")


def poll_refunds(limit: int = 100) -> int:
    """Ask anew about card refunds that are on their way for over an hour, every four hours; returns how many."""
    moment = clock.now()
    statement = (
        select(Refund.provider, Refund.provider_ref)
        .where(
            Refund.provider_ref.is_not(None),
            Refund.state.in_([RefundState.sending, RefundState.pending, RefundState.requires_action]),
            Refund.created_at < moment - dt.timedelta(hours=1),
        )
        .order_by(Refund.created_at)
        .limit(limit)
    )
    rows = session().execute(statement).all()
    for provider, ref in rows:
        look_at(str(ref), provider=provider, why="age", slot=f"{moment:%Y%m%d}q{moment.hour // 4}")
    return len(rows)


REFUND = Topic(is_needed=_is_needed, call=_call, write_answer=_write_answer, write_refusal=_write_refusal)
