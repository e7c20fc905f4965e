"""What may be asked about monthly gifts."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, or_, select

from coevolve.kit import db
from coevolve.kit.db import session
from coevolve.listings.models import Listing
from coevolve.organisations.models import Membership
from coevolve.payments.models import OPEN as PAYMENT_OPEN
from coevolve.payments.models import Payment
from coevolve.pledges.models import Pledge
from coevolve.recurring import calendar
from coevolve.recurring.models import MonthlyCharge, MonthlyGift
from coevolve.recurring.policy import HANDLERS


def get(plan_id: uuid.UUID) -> MonthlyGift:
    """One monthly gift."""
    return db.get(MonthlyGift, plan_id)


def find_by_token(client_token: uuid.UUID) -> MonthlyGift | None:
    """The plan that an earlier click of the same form made."""
    statement = select(MonthlyGift).where(MonthlyGift.client_token == client_token)
    return session().execute(statement).scalar_one_or_none()


def charge_of_pledge(pledge_id: uuid.UUID) -> MonthlyCharge | None:
    """The month that a pledge pays, if it is part of a monthly gift."""
    statement = select(MonthlyCharge).where(MonthlyCharge.pledge_id == pledge_id)
    return session().execute(statement).scalar_one_or_none()


def plan_id_of_pledge(pledge_id: uuid.UUID) -> uuid.UUID | None:
    """The monthly gift that a pledge is a month of."""
    charge = charge_of_pledge(pledge_id)
    return charge.plan_id if charge is not None else None


def open_charge(plan_id: uuid.UUID) -> MonthlyCharge | None:
    """The month that is neither paid nor given up; one at most."""
    statement = select(MonthlyCharge).where(
        MonthlyCharge.plan_id == plan_id, MonthlyCharge.paid_at.is_(None), MonthlyCharge.ended_at.is_(None)
    )
    return session().execute(statement).scalar_one_or_none()


def charge_in(plan_id: uuid.UUID, month: dt.date) -> MonthlyCharge | None:
    """What became of one month."""
    statement = select(MonthlyCharge).where(MonthlyCharge.plan_id == plan_id, MonthlyCharge.month == month)
    return session().execute(statement).scalar_one_or_none()


def payments_of(charge: MonthlyCharge) -> list[Payment]:
    """All tries to pay a month, oldest first."""
    statement = (
        select(Payment)
        .where(Payment.reference_kind == "pledge", Payment.reference_id == charge.pledge_id)
        .order_by(Payment.created_at, Payment.id)
        .execution_options(populate_existing=True)
    )
    return list(session().execute(statement).scalars())


def is_under_way(charge: MonthlyCharge) -> bool:
    """Whether money of that month may still come by a payment that was started."""
    return any(payment.state in PAYMENT_OPEN for payment in payments_of(charge))


def last_payment(plan_id: uuid.UUID) -> Payment | None:
    """The newest payment of a plan, of any month."""
    months = select(MonthlyCharge.pledge_id).where(MonthlyCharge.plan_id == plan_id)
    statement = (
        select(Payment)
        .where(Payment.reference_kind == "pledge", Payment.reference_id.in_(months))
        .order_by(Payment.created_at.desc(), Payment.id.desc())
        .limit(1)
    )
    return session().execute(statement).scalar_one_or_none()


def next_day(plan: MonthlyGift, *, after: dt.date) -> dt.date:
    """The plan's next day after a date, in a month that has not been charged or tried yet."""
    statement = (
        select(MonthlyCharge.month)
        .where(MonthlyCharge.plan_id == plan.id)
        .order_by(MonthlyCharge.month.desc())
        .limit(1)
    )
    last = session().execute(statement).scalar_one_or_none()
    return calendar.next_day(
        plan.day, after=after, not_before=calendar.following(last) if last is not None else None
    )


def is_proven(plan: MonthlyGift) -> bool:
    """Whether the giver of record is who began it: signed in then, or its address proven since."""
    if not plan.is_guest:
        return True
    statement = select(_joined(plan.id))
    return bool(session().execute(statement).scalar_one())


def _joined(plan_id: uuid.UUID | None = None) -> ColumnElement[bool]:
    owner = MonthlyGift.id if plan_id is None else plan_id
    return exists().where(
        MonthlyCharge.plan_id == owner, Pledge.id == MonthlyCharge.pledge_id, Pledge.joined_at.is_not(None)
    )


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A monthly gift in a list."""

    plan: MonthlyGift
    listing_title: str


def plans_of(person_id: uuid.UUID) -> list[PlanRow]:
    """The monthly gifts of a person and of the organisations whose money it handles, newest first."""
    handled = select(Membership.organisation_id).where(
        Membership.person_id == person_id,
        Membership.until.is_(None),
        Membership.role.in_([str(role) for role in HANDLERS]),
    )
    statement = (
        select(MonthlyGift, Listing.title)
        .join(Listing, Listing.id == MonthlyGift.listing_id)
        .where(
            or_(
                and_(
                    MonthlyGift.giver_person_id == person_id,
                    MonthlyGift.giver_organisation_id.is_(None),
                    or_(MonthlyGift.is_guest.is_(False), _joined()),
                ),
                MonthlyGift.giver_organisation_id.in_(handled),
            )
        )
        .order_by(MonthlyGift.created_at.desc(), MonthlyGift.id.desc())
        .limit(100)
    )
    return [PlanRow(plan, title) for plan, title in session().execute(statement)]


def months_of(plan_id: uuid.UUID, *, limit: int = 60) -> Sequence[MonthlyCharge]:
    """The months of a plan, newest first."""
    statement = (
        select(MonthlyCharge)
        .where(MonthlyCharge.plan_id == plan_id)
        .order_by(MonthlyCharge.month.desc())
        .limit(limit)
    )
    return session().execute(statement).scalars().all()
