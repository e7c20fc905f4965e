"""Calls to a provider: intent and key committed first, then the call, then what it answered.

One row of the outbox is one call: due -> unknown (from the commit on it may have happened) -> done | dead. `TOPICS`
says what each kind of call does.
"""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import aliased

from coevolve.kit import clock, inbox
from coevolve.kit.db import commit, get, lock, session
from coevolve.kit.faults import fault
from coevolve.payments.models import Outbox, Payment
from coevolve.payments.provider import ProviderBusy, ProviderError, ProviderFault, ProviderRefuses
from coevolve.payments.service import charging, checkout, refunding
from coevolve.payments.service.duties import Duty, Topic

TOPICS: dict[str, Topic] = {
    charging.CHARGE: charging.CHARGE_CARD,
    charging.FORGET: charging.FORGET_CARD,
    charging.SETUP: charging.SHOW_SETUP,
    checkout.CREATE: checkout.OPEN_PAGE,
    checkout.EXPIRE: checkout.CLOSE_PAGE,
    refunding.CREATE: refunding.REFUND,
}
"""Every kind of call there is."""
LEASE_SECONDS = 60
TURN = dt.timedelta(seconds=20)
"""One sweep makes calls no longer than this, even when the provider hangs."""


def outbox_id_of(payment_id: uuid.UUID) -> int | None:
    """The row that asks the provider for a payment's card page or charge."""
    asks = (checkout.CREATE, charging.CHARGE)
    statement = select(Outbox.id).where(Outbox.payment_id == payment_id, Outbox.topic.in_(asks))
    return session().execute(statement).scalar_one_or_none()


def send(outbox_id: int) -> Payment:
    """Make one call to the provider: commit that it may happen, call, write down what it answered, commit.

    Whatever the call does, the payment comes back in a true state: without a card page it is still `created`, and a
    worker tries again with the same key. Rows that somebody else has in hand, or that are done, are left alone.
    """
    duty, payment_id = _take(outbox_id)
    commit()
    if duty is not None:
        topic = TOPICS[duty.topic]
        fault("payments.before_call")
        try:
            answer = topic.call(duty)
        except ProviderError as trouble:
            _write_trouble(duty, trouble)
        else:
            fault("payments.after_call")
            topic.write_answer(duty, answer)
            _close(duty)
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
            _is_its_turn(),
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


def _take(outbox_id: int) -> tuple[Duty | None, uuid.UUID]:
    """Lease a row and mark it unknown: from the commit on, the call may have happened."""
    moment = clock.now()
    statement = (
        select(Outbox)
        .where(
            Outbox.id == outbox_id,
            Outbox.state.in_(("due", "unknown")),
            or_(Outbox.leased_until.is_(None), Outbox.leased_until <= moment),
            _is_its_turn(),
        )
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    row = session().execute(statement).scalar_one_or_none()
    if row is None:
        return None, _payment_of(get(Outbox, outbox_id))
    payment_id = _payment_of(row)
    if not TOPICS[row.topic].is_needed(row):
        row.state, row.result = "done", {"skipped": str(get(Payment, payment_id).state)}
        return None, payment_id
    was_sent = row.first_sent_at is not None
    row.state = "unknown"
    row.attempts += 1
    row.first_sent_at = row.first_sent_at or moment
    row.leased_until = moment + dt.timedelta(seconds=LEASE_SECONDS)
    session().flush()
    duty = Duty(
        id=row.id,
        topic=row.topic,
        payment_id=payment_id,
        payload=dict(row.payload),
        key=str(row.provider_key),
        attempts=row.attempts,
        first_sent_at=row.first_sent_at,
        was_sent=was_sent,
    )
    return duty, payment_id


def _is_its_turn() -> ColumnElement[bool]:
    """Calls about one payment keep their order: none overtakes an earlier one that waits, backs off or is unknown."""
    earlier = aliased(Outbox)
    return ~exists().where(
        earlier.payment_id == Outbox.payment_id,
        earlier.id < Outbox.id,
        earlier.state.in_(("due", "unknown")),
    )


def _payment_of(row: Outbox) -> uuid.UUID:
    if row.payment_id is None:
        raise ValueError(f"outbox row {row.id} has no payment")
    return row.payment_id


def _close(duty: Duty) -> None:
    row = lock(Outbox, duty.id)
    row.state, row.leased_until, row.last_error = "done", None, None
    session().flush()


def _write_trouble(duty: Duty, trouble: ProviderError) -> None:
    """What a failed call leaves: another try with the same key, or the end of it."""
    session().rollback()
    lock(Payment, duty.payment_id)
    row = lock(Outbox, duty.id)
    inbox.back_off(row, f"{type(trouble).__name__}: {trouble}")
    if isinstance(trouble, ProviderBusy):
        # This try did nothing. The key is as good as new, unless an earlier try may have had its effect.
        if not duty.was_sent:
            row.state, row.first_sent_at = "due", None
    elif isinstance(trouble, ProviderFault) and duty.is_doubtful:
        # We looked just before and it had not happened: the provider repeats a saved error for this key.
        row.provider_key = uuid.uuid4()
        row.first_sent_at = None
    elif isinstance(trouble, ProviderRefuses):
        row.state = "dead"
        TOPICS[duty.topic].write_refusal(duty)
    session().flush()
