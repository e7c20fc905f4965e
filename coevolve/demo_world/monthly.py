"""Monthly gifts of the demo's donor: one that runs, one that rests, one that waits for its card, one that has ended.

Their paid months are gifts the donor made anyway, so that the books know them. The provider's sandbox starts empty: the
running one is due in weeks, and the waiting one can be paid by hand.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import text

from coevolve.config import settings
from coevolve.kit import clock, moves
from coevolve.kit.db import get, session
from coevolve.kit.money import rupiah
from coevolve.people.models import Person
from coevolve.recurring import calendar
from coevolve.recurring import service as recurring
from coevolve.recurring.models import MonthlyCharge, MonthlyGift, MonthlyState

DONOR = "donatur@demo.example"
LEAST_DAYS_AHEAD = 10

_GIFTS = """
SELECT DISTINCT ON (p.listing_id) p.id AS pledge_id, p.listing_id, y.base_amount AS amount, y.captured_at AS at
  FROM pledge p
  JOIN listing l ON l.id = p.listing_id AND l.kind = 'campaign' AND l.state = 'open'
  JOIN payment y ON y.reference_kind = 'pledge' AND y.reference_id = p.id AND y.state = 'captured'
 WHERE p.giver_person_id = :donor AND p.giver_organisation_id IS NULL AND p.is_pay_now AND p.state = 'confirmed'
 ORDER BY p.listing_id, y.captured_at LIMIT 3
"""
_CAMPAIGN = """
SELECT l.id FROM listing l WHERE l.kind = 'campaign' AND l.state = 'open' AND NOT l.id = ANY(:taken)
   AND EXISTS (SELECT 1 FROM listing_line n WHERE n.listing_id = l.id AND n.kind = 'money')
 ORDER BY l.closes_on DESC, l.id LIMIT 1
"""


def tell(accounts: Mapping[str, uuid.UUID]) -> None:
    """Write them."""
    donor = get(Person, accounts[DONOR])
    found = session().execute(text(_GIFTS), {"donor": donor.id}).mappings()
    gifts = [dict(row) for row in found]
    for gift, ends in zip(gifts, ("active", "paused", "stopped"), strict=False):
        _paid(donor, gift, MonthlyState(ends))
    taken = [gift["listing_id"] for gift in gifts]
    listing_id = session().execute(text(_CAMPAIGN), {"taken": taken}).scalar_one_or_none()
    if listing_id is not None:
        recurring.begin(
            listing_id=listing_id,
            by=donor,
            money=rupiah(100_000),
            client_token=uuid.uuid5(donor.id, "monthly"),
        )


def _paid(donor: Person, gift: Mapping[str, Any], ends: MonthlyState) -> None:
    """A plan whose first month is a gift that was paid."""
    at: dt.datetime = gift["at"]
    plan = MonthlyGift(
        listing_id=gift["listing_id"],
        giver_person_id=donor.id,
        state=MonthlyState.pending,
        unit="IDR",
        amount=gift["amount"],
        day=at.day,
        public_name=donor.name,
        client_token=uuid.uuid5(gift["pledge_id"], "monthly"),
        customer_ref="cus_demo",
        card_ref=f"pm_demo_{at:%Y%m%d}",
        card_brand="visa",
        card_last4="4242",
        created_at=at,
    )
    moves.begin(plan, by=donor.id)
    month = calendar.month_of(at.date())
    session().add(
        MonthlyCharge(plan_id=plan.id, month=month, pledge_id=gift["pledge_id"], paid_at=at, created_at=at)
    )
    moves.move(plan, MonthlyState.active, by=None, cause="the first gift came")
    if ends == MonthlyState.active:
        ahead = calendar.next_day(plan.day, after=clock.today() + dt.timedelta(days=LEAST_DAYS_AHEAD))
        plan.due_at = calendar.moment(ahead, settings().monthly_hour)
    else:
        moves.move(plan, ends, by=donor.id, cause="giver")
    if ends == MonthlyState.paused:
        plan.paused_because = "giver"
    if ends == MonthlyState.stopped:
        plan.card_ref = plan.customer_ref = None
    session().flush()
