"""Gifts by the provider's card page: intent first, then the call, then what it answered."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select

from coevolve.config import settings
from coevolve.kit import clock, inbox, moves
from coevolve.kit.db import commit, get, lock, session
from coevolve.kit.faults import fault
from coevolve.kit.jobs import after_commit
from coevolve.kit.money import Money
from coevolve.payments.gateways import gateway
from coevolve.payments.models import Outbox, Payment, PaymentState
from coevolve.payments.provider import (
    Checkout,
    CheckoutOrder,
    ProviderBusy,
    ProviderError,
    ProviderFault,
    ProviderRefuses,
)
from coevolve.payments.references import new_reference
from coevolve.payments.service.writing import check_gift, find_by_token, write

CREATE = "checkout.create"
EXPIRE = "checkout.expire"
LEASE_SECONDS = 60
TURN = dt.timedelta(seconds=20)
"""One sweep makes calls no longer than this, even when the provider hangs."""
SWEEP_AFTER_SECONDS = 20
"""The request that wrote the row makes the call itself; a sweep takes it up only after this."""
FAULTS_BEFORE_LOOKING = 4
"""After so many errors of the provider's own, the saved answer is no longer believed: we look whether it happened."""


def start_checkout(
    *,
    reference_kind: str,
    reference_id: uuid.UUID,
    money: Money,
    client_token: uuid.UUID,
    payer_email: str | None,
    description: str,
    success_path: str | None = None,
    cancel_path: str | None = None,
    expires_in: dt.timedelta | None = None,
    language: str = "id",
) -> Payment:
    """Write the payment and the intent to open a card page; the caller commits, then calls `send`.

    Without paths the giver comes back to the payment's own page.
    """
    check_gift(money)
    first = find_by_token(reference_kind, reference_id, client_token)
    if first is not None:
        return first
    current = settings()
    expires_at = clock.now() + (expires_in or dt.timedelta(minutes=current.checkout_minutes))

    def make() -> Payment:
        return Payment(
            public_ref=new_reference(),
            reference_kind=reference_kind,
            reference_id=reference_id,
            client_token=client_token,
            provider="stripe",
            account=current.stripe_account,
            unit=money.unit,
            amount=money.amount,
            expected_amount=money.amount,
            state=PaymentState.created,
            created_on=clock.today(),
            expires_at=expires_at,
        )

    payment = write(make, cause="checkout started")
    if outbox_id_of(payment.id) is None:
        own_page = f"/bayar/{payment.public_ref}"
        session().add(
            Outbox(
                topic=CREATE,
                dedupe_key=f"{CREATE}:{payment.id}",
                payment_id=payment.id,
                payload={
                    "payer_email": payer_email,
                    "description": description,
                    "success_path": success_path or f"{own_page}?dari=kartu",
                    "cancel_path": cancel_path or f"{own_page}?dari=batal",
                    "expires_at": int(expires_at.timestamp()),
                    "language": language,
                },
                next_at=clock.now() + dt.timedelta(seconds=SWEEP_AFTER_SECONDS),
            )
        )
        session().flush()
    return payment


def outbox_id_of(payment_id: uuid.UUID) -> int | None:
    """The row that asks the provider for a payment's card page."""
    statement = select(Outbox.id).where(Outbox.payment_id == payment_id, Outbox.topic == CREATE)
    return session().execute(statement).scalar_one_or_none()


@dataclass(frozen=True)
class _Duty:
    """A claimed row of the outbox, as it was when claimed."""

    id: int
    topic: str
    payment_id: uuid.UUID
    payload: dict[str, Any]
    key: str
    attempts: int
    first_sent_at: dt.datetime


def send(outbox_id: int) -> Payment:
    """Make one call to the provider: commit that it may happen, call, write down what it answered, commit.

    Whatever the call does, the payment comes back in a true state: without a card page it is still `created`, and a
    worker tries again with the same key. Rows that somebody else has in hand, or that are done, are left alone.
    """
    duty, payment_id = _take(outbox_id)
    commit()
    if duty is not None:
        fault("payments.before_call")
        try:
            answer = _call(duty)
        except ProviderError as trouble:
            _write_trouble(duty, trouble)
        else:
            fault("payments.after_call")
            _write_answer(duty, answer)
        fault("payments.before_commit")
        commit()
        fault("payments.after_commit")
    return get(Payment, payment_id)


def send_due(limit: int = 20) -> int:
    """Make the calls that are due (a sweep); returns how many were taken up."""
    moment = clock.now()
    due = session().execute(
        select(Outbox.id)
        .where(
            Outbox.state.in_(("due", "unknown")),
            Outbox.next_at <= moment,
            or_(Outbox.leased_until.is_(None), Outbox.leased_until <= moment),
        )
        .order_by(Outbox.next_at, Outbox.id)
        .limit(limit)
    )
    taken = 0
    for outbox_id in due.scalars().all():
        if clock.now() - moment > TURN:
            break
        send(outbox_id)
        taken += 1
    return taken


def cancel(*, payment_id: uuid.UUID, by: uuid.UUID | None, cause: str) -> Payment:
    """Give up a payment that has not come. Money that comes all the same is kept as the giver's credit."""
    payment = lock(Payment, payment_id)
    if not payment.machine.allows(payment.state, PaymentState.cancelled):
        return payment
    moves.move(payment, PaymentState.cancelled, by=by, cause=cause)
    if payment.provider == "stripe" and payment.provider_ref:
        close_page(payment)
    return payment


def close_page(payment: Payment) -> None:
    """Ask the provider to close a card page that nobody should pay any more."""
    key = f"{EXPIRE}:{payment.id}"
    if session().execute(select(Outbox.id).where(Outbox.dedupe_key == key)).first() is None:
        row = Outbox(
            topic=EXPIRE, dedupe_key=key, payment_id=payment.id, payload={"ref": payment.provider_ref}
        )
        session().add(row)
        session().flush()
        after_commit("payments.send", outbox_id=row.id)


# --- one call -------------------------------------------------------------------------------------


def _take(outbox_id: int) -> tuple[_Duty | None, uuid.UUID]:
    """Lease a row and mark it unknown: from the commit on, the call may have happened."""
    moment = clock.now()
    statement = (
        select(Outbox)
        .where(
            Outbox.id == outbox_id,
            Outbox.state.in_(("due", "unknown")),
            or_(Outbox.leased_until.is_(None), Outbox.leased_until <= moment),
        )
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    row = session().execute(statement).scalar_one_or_none()
    if row is None:
        return None, _payment_of(get(Outbox, outbox_id))
    payment = get(Payment, _payment_of(row))
    is_known = row.state == "due" or payment.provider_ref is not None
    if row.topic == CREATE and is_known and payment.state != PaymentState.created:
        row.state, row.result = "done", {"skipped": str(payment.state)}
        return None, payment.id
    row.state = "unknown"
    row.attempts += 1
    row.first_sent_at = row.first_sent_at or moment
    row.leased_until = moment + dt.timedelta(seconds=LEASE_SECONDS)
    session().flush()
    duty = _Duty(
        row.id,
        row.topic,
        payment.id,
        dict(row.payload),
        str(row.provider_key),
        row.attempts,
        row.first_sent_at,
    )
    return duty, payment.id


def _payment_of(row: Outbox) -> uuid.UUID:
    if row.payment_id is None:
        raise ValueError(f"outbox row {row.id} has no payment")
    return row.payment_id


def _call(duty: _Duty) -> Checkout | None:
    """The call itself, outside any transaction of ours."""
    provider = gateway()
    if duty.topic == EXPIRE:
        provider.expire_checkout(str(duty.payload["ref"]), key=duty.key)
        return None
    payment = get(Payment, duty.payment_id)
    public = settings().public_url
    order = CheckoutOrder(
        payment_id=payment.id,
        public_ref=payment.public_ref,
        money=Money(payment.amount, payment.unit),
        description=str(duty.payload["description"]),
        payer_email=duty.payload.get("payer_email"),
        success_url=public + str(duty.payload["success_path"]),
        cancel_url=public + str(duty.payload["cancel_path"]),
        expires_at=dt.datetime.fromtimestamp(int(duty.payload["expires_at"]), dt.UTC),
        language=str(duty.payload.get("language", "id")),
    )
    # The read above began a transaction; end it, so that no connection waits idle in one while the provider thinks.
    session().rollback()
    too_old = clock.now() - duty.first_sent_at >= dt.timedelta(hours=settings().outbox_unknown_hours)
    if too_old or duty.attempts > FAULTS_BEFORE_LOOKING:
        found = provider.find_checkout(order.payment_id, since=duty.first_sent_at)
        if found is not None:
            return found
        if too_old:
            # The key may be forgotten by now, so sending again could make a second checkout; and this one's page, which
            # nobody ever saw, would be closed already.
            raise ProviderRefuses("key too old, and no checkout was made with it")
    return provider.create_checkout(order, key=duty.key)


def _write_answer(duty: _Duty, answer: Checkout | None) -> None:
    payment = lock(Payment, duty.payment_id)
    row = lock(Outbox, duty.id)
    row.state, row.leased_until, row.last_error = "done", None, None
    row.payload = {key: value for key, value in row.payload.items() if key != "payer_email"}
    if answer is None:
        return
    row.result = {"ref": answer.ref}
    payment.provider_ref = payment.provider_ref or answer.ref
    payment.intent_ref = payment.intent_ref or answer.intent_ref
    payment.checkout_url = answer.url
    if answer.expires_at is not None:
        payment.expires_at = answer.expires_at
    if payment.state == PaymentState.created:
        moves.move(payment, PaymentState.awaiting, by=None, cause="card page opened")
    elif payment.state == PaymentState.cancelled:
        close_page(payment)


def _write_trouble(duty: _Duty, trouble: ProviderError) -> None:
    """What a failed call leaves: another try with the same key, or the end of it."""
    session().rollback()
    payment = lock(Payment, duty.payment_id)
    row = lock(Outbox, duty.id)
    inbox.back_off(row, f"{type(trouble).__name__}: {trouble}")
    if isinstance(trouble, ProviderBusy):
        # Nothing happened, so the key is as good as new.
        row.state, row.first_sent_at = "due", None
    elif isinstance(trouble, ProviderFault) and duty.attempts > FAULTS_BEFORE_LOOKING:
        # We looked just before and there was no checkout: the provider repeats a saved error for this key.
        row.provider_key = uuid.uuid4()
        row.first_sent_at = None
    elif isinstance(trouble, ProviderRefuses):
        row.state = "dead"
        if payment.state == PaymentState.created:
            moves.move(payment, PaymentState.failed, by=None, cause="card page refused by the provider")
    session().flush()
