"""What the books say about a month: it is paid, or a bank said no. Part of the settling transaction, or asked later.

It looks at the payments of the month's pledge, never at an event, so it may run any number of times.
"""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import exists, select

from coevolve.config import settings
from coevolve.kit import clock, db, moves
from coevolve.kit.db import session
from coevolve.payments.models import OPEN as PAYMENT_OPEN
from coevolve.payments.models import Payment, PaymentState
from coevolve.payments.provider import FoundCard, SavedCard
from coevolve.recurring import calendar, queries
from coevolve.recurring.models import CHARGED, MonthlyCharge, MonthlyGift, MonthlyState
from coevolve.recurring.service import ending, telling


def hold(pledge_id: uuid.UUID) -> bool:
    """Lock the plan that a pledge is a month of: always before its pledge and payment, as everybody does here.

    False: it is no month of a plan, and never will be, for months are written together with their pledge.
    """
    plan_id = queries.plan_id_of_pledge(pledge_id)
    if plan_id is not None:
        db.lock(MonthlyGift, plan_id)
    return plan_id is not None


def follow(pledge_id: uuid.UUID, *, card: SavedCard | None = None, decline_code: str | None = None) -> None:
    """Bring a month and its plan up to what its payments say. Nothing, when the pledge is no month of a plan."""
    plan_id = queries.plan_id_of_pledge(pledge_id)
    if plan_id is None:
        return
    plan = db.lock(MonthlyGift, plan_id)
    charge = queries.charge_of_pledge(pledge_id)
    if charge is None:
        return
    payments = queries.payments_of(charge)
    paid = next((one for one in payments if one.state == PaymentState.captured), None)
    if card is not None and plan.state != MonthlyState.stopped:
        _keep(plan, card)
    if paid is not None:
        if charge.paid_at is None:
            _write_paid(plan, charge, paid.captured_at or clock.now())
    elif charge.ended_at is None and payments and payments[-1].state not in PAYMENT_OPEN:
        _write_failed(plan, charge, payments[-1], decline_code)
    if plan.state == MonthlyState.stopped:
        ending.forget(plan)
    session().flush()


def follow_open(limit: int = 100) -> int:
    """Follow months whose payment came to an end and whose outcome nobody told us (a sweep); returns how many."""
    over = exists().where(
        Payment.reference_kind == "pledge",
        Payment.reference_id == MonthlyCharge.pledge_id,
        Payment.state.not_in([str(state) for state in PAYMENT_OPEN]),
        Payment.id.is_distinct_from(MonthlyCharge.failed_payment_id),
    )
    statement = (
        select(MonthlyCharge.pledge_id)
        .join(MonthlyGift, MonthlyGift.id == MonthlyCharge.plan_id)
        .where(
            MonthlyCharge.paid_at.is_(None),
            MonthlyCharge.ended_at.is_(None),
            MonthlyGift.state != MonthlyState.pending,
            over,
        )
        .order_by(MonthlyCharge.id)
        .limit(limit)
    )
    found = list(session().execute(statement).scalars())
    for pledge_id in found:
        follow(pledge_id)
    return len(found)


def keep_card(found: FoundCard) -> None:
    """A giver left another card: it is charged from now on, and a gift that rested for its card goes on."""
    plan = None
    if found.subject_id is not None:
        plan = session().get(MonthlyGift, found.subject_id)
    if plan is None or found.card is None:
        return
    plan = db.lock(MonthlyGift, plan.id)
    if plan.customer_ref != found.card.customer_ref or plan.card_ref == found.card.card_ref:
        return
    _keep(plan, found.card)
    telling.record(plan, "card_changed")
    if plan.state == MonthlyState.past_due:
        plan.due_at = clock.now()
    elif plan.state == MonthlyState.paused and plan.paused_because == "card":
        activate(plan, cause="another card", after=clock.today())
        telling.record(plan, "resumed")
        telling.tell_resumed(plan)
    session().flush()


def activate(plan: MonthlyGift, *, cause: str, after: dt.date, by: uuid.UUID | None = None) -> None:
    """Let the clock charge a locked plan, from its next day after a date."""
    plan.paused_because, plan.failures = None, 0
    if plan.state != MonthlyState.active:
        moves.move(plan, MonthlyState.active, by=by, cause=cause)
    plan.due_at = calendar.moment(queries.next_day(plan, after=after), settings().monthly_hour)
    session().flush()


def _keep(plan: MonthlyGift, card: SavedCard) -> None:
    plan.customer_ref, plan.card_ref = card.customer_ref, card.card_ref
    plan.card_brand, plan.card_last4 = card.brand, card.last4
    session().flush()


def _write_paid(plan: MonthlyGift, charge: MonthlyCharge, at: dt.datetime) -> None:
    charge.paid_at, charge.ended_at = at, None
    telling.record(plan, "charged", month=charge.month.isoformat())
    if plan.state == MonthlyState.pending:
        paid_on = clock.today()
        charge.month = calendar.month_of(paid_on)
        session().flush()
        if plan.card_ref is None:
            # The money came, the card did not: without one nothing can go by itself.
            ending.stop(plan, by=None, cause="no card was kept")
            telling.tell(plan, "stopped", key="no card")
            return
        activate(plan, cause="the first gift came", after=paid_on)
        telling.record(plan, "started")
    elif plan.state in CHARGED:
        activate(plan, cause="the card was charged", after=clock.today())


def _write_failed(plan: MonthlyGift, charge: MonthlyCharge, payment: Payment, code: str | None) -> None:
    """A try came to nothing, counted once: try again some days later, then rest."""
    if payment.id == charge.failed_payment_id or plan.state == MonthlyState.pending:
        return
    charge.failed_payment_id, charge.last_failure = payment.id, code
    if plan.state not in CHARGED:
        ending.give_up(charge)
        return
    plan.failures += 1
    telling.record(plan, "failed", month=charge.month.isoformat(), code=code or "")
    waits = (settings().monthly_first_retry_days, settings().monthly_second_retry_days)
    if plan.failures > len(waits):
        ending.rest(plan, because="card", by=None, cause="the card failed again and again")
        return
    if plan.state == MonthlyState.active:
        moves.move(plan, MonthlyState.past_due, by=None, cause=code or "declined")
    days = waits[plan.failures - 1] - (waits[plan.failures - 2] if plan.failures > 1 else 0)
    again = clock.today() + dt.timedelta(days=max(1, days))
    plan.due_at = calendar.moment(again, settings().monthly_hour)
    session().flush()
    telling.tell_failed(plan, charge, code=code)
