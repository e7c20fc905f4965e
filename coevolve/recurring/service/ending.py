"""How a month or a whole plan comes to rest: shared by the clock, the books and the giver."""

from __future__ import annotations

import uuid

from coevolve.kit import clock, moves
from coevolve.kit.db import session
from coevolve.payments import service as payments
from coevolve.pledges import service as pledges
from coevolve.recurring import queries
from coevolve.recurring.models import MonthlyCharge, MonthlyGift, MonthlyState
from coevolve.recurring.service import telling


def give_up(charge: MonthlyCharge) -> None:
    """End a month that was not paid, and its pledge with it."""
    charge.ended_at = clock.now()
    session().flush()
    pledges.end_unpaid(pledge_id=charge.pledge_id, cause="the monthly gift was not charged")


def rest(plan: MonthlyGift, *, because: str, by: uuid.UUID | None, cause: str = "") -> None:
    """Pause a locked plan: nothing more is charged. A charge that was not asked for yet is called off."""
    _settle_open(plan, by=by, cause=f"paused: {because}")
    plan.due_at, plan.failures = None, 0
    moves.move(plan, MonthlyState.paused, by=by, cause=(cause or because)[:200])
    plan.paused_because = because
    session().flush()
    telling.record(plan, "paused", by, because=because)
    telling.tell_paused(plan, because=because)


def stop(plan: MonthlyGift, *, by: uuid.UUID | None, cause: str) -> None:
    """End a locked plan for good; its card is forgotten."""
    _settle_open(plan, by=by, cause="stopped")
    plan.due_at, plan.paused_because = None, None
    moves.move(plan, MonthlyState.stopped, by=by, cause=cause[:200])
    forget(plan)
    telling.record(plan, "stopped", by, cause=cause)


def forget(plan: MonthlyGift) -> None:
    """Ask the provider to drop the card of a stopped plan, once nothing of it is under way."""
    charge = queries.open_charge(plan.id)
    payment = queries.last_payment(plan.id)
    if plan.card_ref is None or payment is None or (charge is not None and queries.is_under_way(charge)):
        return
    payments.forget_card(payment_id=payment.id, card_ref=plan.card_ref)
    plan.card_ref, plan.customer_ref = None, None
    session().flush()


def _settle_open(plan: MonthlyGift, *, by: uuid.UUID | None, cause: str) -> None:
    """The open month: what was not asked for yet is called off; what may have happened is waited for."""
    charge = queries.open_charge(plan.id)
    if charge is None:
        return
    for payment in queries.payments_of(charge):
        if payment.checkout_url or plan.state == MonthlyState.pending:
            payments.cancel(payment_id=payment.id, by=by, cause=cause)
        else:
            payments.call_off(payment.id, by=by, cause=cause)
    if not queries.is_under_way(charge):
        give_up(charge)


__all__ = ["forget", "give_up", "rest", "stop"]
