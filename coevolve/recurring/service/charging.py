"""The clock of monthly gifts: who is due is charged, once a month whatever dies or runs twice.

The plan is locked while its month is written: a pledge, a payment and the duty to charge the card. A worker makes the
call after the commit; the outcome is followed from the books. No month is caught up: after a long rest only the month
that runs now is charged.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from coevolve.config import settings
from coevolve.kit import clock, db
from coevolve.kit.db import session
from coevolve.kit.errors import DomainError, Forbidden
from coevolve.kit.faults import skips_locks
from coevolve.kit.money import Money
from coevolve.listings.models import Listing
from coevolve.listings.models import State as ListingState
from coevolve.organisations import policy as organisation_policy
from coevolve.organisations.models import Organisation
from coevolve.payments import service as payments
from coevolve.people.models import Person, PersonState
from coevolve.pledges import queries as pledge_queries
from coevolve.pledges import service as pledges
from coevolve.pledges.models import Pledge
from coevolve.pledges.service import Guest, Wish
from coevolve.recurring import calendar, queries
from coevolve.recurring.models import MonthlyCharge, MonthlyGift
from coevolve.recurring.service import ending
from coevolve.recurring.service.beginning import money_line_of, refuse_approval

log = logging.getLogger(__name__)

LOOK_AGAIN = dt.timedelta(hours=1)
"""While money of a month may be on its way, nothing else is charged; we look again after this."""


def charge_due(limit: int = 100) -> int:
    """Take the turn of every plan that is due; returns how many cards are to be charged now."""
    moment = clock.now()
    due = (
        select(MonthlyGift.id)
        .where(MonthlyGift.due_at <= moment)
        .order_by(MonthlyGift.due_at, MonthlyGift.id)
        .limit(limit)
    )
    if not skips_locks():
        due = due.with_for_update(skip_locked=True)
    charged = 0
    for plan_id in list(session().execute(due).scalars()):
        try:
            with session().begin_nested():
                charged += _take_turn(_plan(plan_id), moment)
        except Forbidden as refusal:
            ending.rest(_plan(plan_id), because="rights", by=None, cause=refusal.code)
        except (DomainError, IntegrityError) as trouble:
            # Another worker was first, or something that passes: this plan waits, the others go on.
            log.warning(
                "monthly gift not charged", extra={"plan_id": str(plan_id), "trouble": repr(trouble)[:300]}
            )
            plan = _plan(plan_id)
            if plan.due_at is not None and plan.due_at <= moment:
                plan.due_at = moment + LOOK_AGAIN
    session().flush()
    return charged


def _plan(plan_id: uuid.UUID) -> MonthlyGift:
    return db.get(MonthlyGift, plan_id) if skips_locks() else db.lock(MonthlyGift, plan_id)


def _take_turn(plan: MonthlyGift, moment: dt.datetime) -> int:
    """What a due plan needs now: a charge of this month, another try, rest, or only another day."""
    if plan.due_at is None or plan.due_at > moment:
        return 0
    if db.get(Listing, plan.listing_id).state != ListingState.open:
        ending.rest(plan, because="listing", by=None, cause="the listing takes no gifts")
        return 0
    if not _may_still_give(plan):
        raise Forbidden("may_not_give", "")
    charge = _charge_to_try(plan)
    if charge is None:
        return 0
    charge.tries += 1
    payments.start_charge(
        reference_kind="pledge",
        reference_id=charge.pledge_id,
        money=Money(plan.amount, plan.unit),
        client_token=try_token(charge),
        customer_ref=str(plan.customer_ref),
        card_ref=str(plan.card_ref),
        description=db.get(Listing, plan.listing_id).title,
    )
    plan.due_at = moment + LOOK_AGAIN
    return 1


def _charge_to_try(plan: MonthlyGift) -> MonthlyCharge | None:
    """The month to charge now: the open one again, or a new one; None when there is none to charge."""
    today = clock.today()
    month = calendar.month_of(today)
    is_due_now = today >= calendar.day_in(month, plan.day)
    charge = queries.open_charge(plan.id)
    if charge is not None:
        if queries.is_under_way(charge):
            plan.due_at = clock.now() + LOOK_AGAIN
            return None
        is_stale = charge.month < month and is_due_now
        pledge = db.get(Pledge, charge.pledge_id)
        if not is_stale and pledge_queries.takes_money(pledge, db.get(Listing, plan.listing_id)):
            return charge
        ending.give_up(charge)
    if not is_due_now or queries.charge_in(plan.id, month) is not None:
        following = queries.next_day(plan, after=today - dt.timedelta(days=1))
        plan.due_at = calendar.moment(following, settings().monthly_hour)
        return None
    return _new_month(plan, month)


def _new_month(plan: MonthlyGift, month: dt.date) -> MonthlyCharge:
    """This month's pledge, and the row that makes it the only one."""
    giver = db.get(Person, plan.giver_person_id)
    is_known = queries.is_proven(plan)
    pledge = pledges.offer(
        listing_id=plan.listing_id,
        by=giver if is_known else None,
        guest=None if is_known else Guest(email=giver.email or "", name=plan.guest_name or giver.name),
        lines=[Wish(line_id=money_line_of(plan.listing_id), quantity=plan.amount)],
        client_token=month_token(plan, month),
        for_organisation_id=plan.giver_organisation_id,
        is_name_public=plan.is_name_public,
        shares_identity=plan.shares_identity,
        public_name=plan.public_name,
        language=plan.language,
    )
    refuse_approval(pledge)
    charge = MonthlyCharge(plan_id=plan.id, month=month, pledge_id=pledge.id)
    session().add(charge)
    session().flush()
    return charge


def month_token(plan: MonthlyGift, month: dt.date) -> uuid.UUID:
    """The token of a month's pledge: the same however often it is asked for."""
    return uuid.uuid5(plan.id, f"month:{month.isoformat()}")


def try_token(charge: MonthlyCharge) -> uuid.UUID:
    """The token of a try's payment: one try is one charge at the provider."""
    return uuid.uuid5(charge.id, f"try:{charge.tries}")


def _may_still_give(plan: MonthlyGift) -> bool:
    """Whether the giver may give now: not blocked or gone, and still handling the organisation's money."""
    giver = db.get(Person, plan.giver_person_id)
    if giver.state in {PersonState.blocked, PersonState.erased} or not giver.email:
        return False
    if plan.giver_organisation_id is None:
        return True
    return organisation_policy.may(giver, "give", db.get(Organisation, plan.giver_organisation_id))
