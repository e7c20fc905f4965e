"""Reads about pledges. Totals come from the ledger; rows for pages are small and frozen."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from coevolve.kit import db, reads
from coevolve.kit.db import session
from coevolve.listings.models import Listing, ListingLine
from coevolve.listings.models import State as ListingState
from coevolve.organisations.models import Membership, Organisation
from coevolve.people.models import Person
from coevolve.pledges.models import AGREED, OPEN, Pledge, PledgeFulfilment, PledgeLine, PledgeState

MONEY_COMES_WHILE = frozenset({ListingState.open, ListingState.paused, ListingState.fulfilled})
"""States of a listing in which money already under way still goes to it."""


def get(pledge_id: uuid.UUID) -> Pledge:
    """One pledge; NotFound if there is none."""
    return db.get(Pledge, pledge_id)


def find_by_token(client_token: uuid.UUID) -> Pledge | None:
    """The pledge that an earlier click of the same form made."""
    return session().execute(select(Pledge).where(Pledge.client_token == client_token)).scalar_one_or_none()


def lines_of(pledge_id: uuid.UUID) -> list[PledgeLine]:
    """The lines of a pledge, in the listing's order."""
    statement = (
        select(PledgeLine)
        .join(ListingLine, ListingLine.id == PledgeLine.line_id)
        .where(PledgeLine.pledge_id == pledge_id)
        .order_by(ListingLine.position, PledgeLine.id)
    )
    return list(session().execute(statement).scalars())


def fulfilments_of(line_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[PledgeFulfilment]]:
    """Hand-overs, shifts, bookings and payments by pledge line, oldest first."""
    found: dict[uuid.UUID, list[PledgeFulfilment]] = defaultdict(list)
    statement = (
        select(PledgeFulfilment)
        .where(PledgeFulfilment.pledge_line_id.in_(line_ids))
        .order_by(PledgeFulfilment.created_at, PledgeFulfilment.id)
    )
    for row in session().execute(statement).scalars():
        found[row.pledge_line_id].append(row)
    return found


# --- totals -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Totals:
    """One meter: what was asked for, received (counted and kept), promised (agreed, still to come), and missing.

    For a line of goods, time or facilities; or, under the listing's id, for all its money. The two are never summed.
    """

    kind: str
    unit: str
    goal: int
    received: int
    promised: int
    is_inexhaustible: bool = False

    @property
    def missing(self) -> int:
        """What nobody has promised yet; money may exceed its goal."""
        return max(0, self.goal - self.received - self.promised)

    @property
    def still_to_come(self) -> int:
        """What has not been received."""
        return max(0, self.goal - self.received)


_TOTALS = """
SELECT l.listing_id, l.id, l.kind, l.unit, l.quantity, l.is_inexhaustible,
    coalesce(f.received, 0)::bigint, coalesce(c.received, 0)::bigint, coalesce(c.promised, 0)::bigint
  FROM listing_line l
  LEFT JOIN LATERAL (
    SELECT b.balance + b.spent + (SELECT coalesce(sum(amount + spent), 0) FROM ledger_delta
        WHERE account_id = b.account_id) AS received
      FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
     WHERE l.kind = 'money' AND a.code = 'fund:' || l.listing_id || ':' || l.unit) f ON true
  LEFT JOIN LATERAL (
    SELECT b.balance + coalesce(sum(d.amount), 0) AS received, b.expected + coalesce(sum(d.expected), 0) AS promised
      FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
      LEFT JOIN ledger_delta d ON d.account_id = b.account_id
     WHERE a.code = 'promised_to:' || CASE l.kind WHEN 'money' THEN l.listing_id ELSE l.id END || ':' || l.unit
     GROUP BY b.account_id) c ON true
 WHERE l.listing_id = ANY(%(ids)s) ORDER BY l.listing_id, l.position
"""


def totals_for(listing_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Totals]:
    """The meters of many listings by line id, and all the money of a listing by listing id. One SQL, exact now.

    Money lines appear only together, under the listing's id: a gift is to the listing, not to a line of its budget.
    """
    found: dict[uuid.UUID, Totals] = {}
    money: dict[uuid.UUID, int] = defaultdict(int)
    for row in reads.rows(_TOTALS, {"ids": list(listing_ids)}):
        listing_id, line_id, kind, unit, goal, is_inexhaustible, fund, kept, promised = row
        if kind == "money":
            money[listing_id] += goal
            found[listing_id] = Totals("money", unit, money[listing_id], fund, promised)
        else:
            found[line_id] = Totals(kind, unit, goal, kept, promised, is_inexhaustible)
    return found


def missing_of(totals: Totals) -> int | None:
    """How much may still be promised; None: as much as one likes."""
    return None if totals.kind == "money" or totals.is_inexhaustible else totals.missing


# --- what others need ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Settlement:
    """What booking a payment must know of the pledge it pays."""

    pledge_id: uuid.UUID
    listing_id: uuid.UUID
    organisation_id: uuid.UUID
    giver_person_id: uuid.UUID | None
    giver_organisation_id: uuid.UUID | None
    giver_email: str | None
    title: str
    takes_money: bool


def settlement_of(pledge_id: uuid.UUID, *, lock: bool = False) -> Settlement:
    """The pledge a payment pays for; with `lock`, its row is held until the transaction ends."""
    pledge = db.lock(Pledge, pledge_id) if lock else get(pledge_id)
    listing = db.get(Listing, pledge.listing_id)
    email = None
    if pledge.giver_person_id is not None:
        email = db.get(Person, pledge.giver_person_id).email
    return Settlement(
        pledge_id=pledge.id,
        listing_id=listing.id,
        organisation_id=pledge.receiver_organisation_id,
        giver_person_id=pledge.giver_person_id,
        giver_organisation_id=pledge.giver_organisation_id,
        giver_email=email,
        title=listing.title,
        takes_money=takes_money(pledge, listing),
    )


def takes_money(pledge: Pledge, listing: Listing) -> bool:
    """Whether money for this pledge goes to its listing: both are alive and the gift is not complete."""
    if pledge.state not in OPEN or listing.state not in MONEY_COMES_WHILE:
        return False
    line = money_line_of(pledge.id)
    return line is not None and line.received_quantity < line.quantity


def money_line_of(pledge_id: uuid.UUID) -> PledgeLine | None:
    """The line of money in a pledge, if it has one."""
    statement = select(PledgeLine).where(PledgeLine.pledge_id == pledge_id, PledgeLine.kind == "money")
    return session().execute(statement).scalar_one_or_none()


# --- lists for pages ----------------------------------------------------------------------------------------------


class Supporter(NamedTuple):
    """One who supports a listing, as the public may know it: no name unless it was said so."""

    name: str | None
    message: str
    at: dt.datetime
    kind: str
    amount: int
    unit: str
    label: str
    is_received: bool


@dataclass(frozen=True, slots=True)
class Supporters:
    """The newest supports of a listing, and how many pledges there are in all."""

    rows: tuple[Supporter, ...]
    count: int


_SUPPORTS = """
WITH mine AS MATERIALIZED (
  SELECT p.id, p.is_name_public, p.public_name, p.message, p.answered_at, p.created_at FROM pledge p
    LEFT JOIN LATERAL (
      SELECT true AS came FROM pledge_line x
       WHERE x.pledge_id = p.id AND x.received_quantity > 0 AND p.state <> ALL(%(agreed)s) LIMIT 1) parts ON true
   WHERE p.listing_id = %(listing_id)s AND (p.state = ANY(%(agreed)s) OR parts.came)
)
SELECT CASE WHEN m.is_name_public THEN nullif(m.public_name, '') END, m.message, coalesce(m.answered_at, m.created_at),
       l.kind, coalesce(nullif(l.received_quantity, 0), l.accepted_quantity), l.unit,
       CASE l.kind WHEN 'money' THEN '' ELSE n.label END, l.received_quantity > 0, (SELECT count(*) FROM mine)
  FROM (SELECT * FROM mine ORDER BY created_at DESC, id DESC) m
 CROSS JOIN LATERAL (SELECT * FROM pledge_line x WHERE x.pledge_id = m.id AND x.accepted_quantity > 0 OFFSET 0) l
  JOIN listing_line n ON n.id = l.line_id
 ORDER BY m.created_at DESC, m.id DESC, n.position LIMIT %(most)s
"""
"""A pledge supports when it was agreed to, or when something of it came: lines are looked into only for the others."""


def supporters_of(listing_id: uuid.UUID, *, limit: int = 12) -> Supporters:
    """The newest agreed supports of a listing, one per line of a pledge, and the count of pledges. One SQL."""
    values = {"listing_id": listing_id, "agreed": [str(state) for state in sorted(AGREED)], "most": limit}
    found = reads.rows(_SUPPORTS, values)
    return Supporters(tuple(Supporter(*row[:-1]) for row in found), found[0][-1] if found else 0)


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line of a pledge, for lists."""

    kind: str
    unit: str
    label: str
    quantity: int
    accepted_quantity: int | None
    received_quantity: int


@dataclass(frozen=True, slots=True)
class PledgeRow:
    """A pledge in a list of the giver or of the receiver."""

    id: uuid.UUID
    state: str
    is_request: bool
    is_pay_now: bool
    created_at: dt.datetime
    listing_title: str
    listing_slug: str
    listing_kind: str
    receiver_name: str
    giver_name: str
    """Empty when the receiver may not know it."""
    lines: tuple[LineRow, ...]


@dataclass(frozen=True, slots=True)
class PledgePage:
    """A page of pledges; `next` is the cursor of the following one."""

    rows: list[PledgeRow]
    next: uuid.UUID | None


def pledges_of(
    person_id: uuid.UUID,
    *,
    states: Iterable[str] | None = None,
    after: uuid.UUID | None = None,
    limit: int = 20,
) -> PledgePage:
    """What a person gives, alone or for the organisations it belongs to, newest first."""
    own_organisations = select(Membership.organisation_id).where(
        Membership.person_id == person_id, Membership.until.is_(None)
    )
    mine = or_(
        and_(Pledge.giver_person_id == person_id, Pledge.giver_organisation_id.is_(None)),
        Pledge.giver_organisation_id.in_(own_organisations),
    )
    return _page(mine, states, after, limit, hides_giver=False)


def pledges_for_organisation(
    organisation_id: uuid.UUID,
    *,
    states: Iterable[str] | None = None,
    listing_id: uuid.UUID | None = None,
    after: uuid.UUID | None = None,
    limit: int = 20,
) -> PledgePage:
    """What an organisation is offered, asked for or has asked for, newest first. Unpaid gifts are left out."""
    theirs = or_(
        Pledge.receiver_organisation_id == organisation_id,
        and_(Pledge.giver_organisation_id == organisation_id, Pledge.is_request),
    )
    condition = and_(theirs, ~unpaid())
    if listing_id is not None:
        condition = and_(condition, Pledge.listing_id == listing_id)
    return _page(condition, states, after, limit, hides_giver=True)


def unpaid() -> ColumnElement[bool]:
    """The condition that a pledge consists of money only and none of it ever came."""
    other = select(PledgeLine.id).where(
        PledgeLine.pledge_id == Pledge.id,
        or_(PledgeLine.kind != "money", PledgeLine.received_quantity > 0),
    )
    return and_(
        Pledge.is_pay_now,
        Pledge.state.in_(
            [PledgeState.offered, PledgeState.lapsed, PledgeState.withdrawn, PledgeState.cancelled]
        ),
        ~other.exists(),
    )


def waiting_for(organisation_id: uuid.UUID) -> int:
    """How many offers wait for the organisation's answer (for its desk)."""
    statement = select(func.count()).where(
        Pledge.receiver_organisation_id == organisation_id,
        Pledge.state == PledgeState.offered,
        ~unpaid(),
    )
    return int(session().execute(statement).scalar_one())


def open_offers_of(person_id: uuid.UUID | None, organisation_id: uuid.UUID | None) -> int:
    """How many offers of a giver nobody has answered yet."""
    condition = (
        Pledge.giver_organisation_id == organisation_id
        if organisation_id is not None
        else and_(Pledge.giver_person_id == person_id, Pledge.giver_organisation_id.is_(None))
    )
    statement = select(func.count()).where(
        condition, Pledge.state.in_([PledgeState.offered, PledgeState.requested])
    )
    return int(session().execute(statement).scalar_one())


def open_requests_of(organisation_id: uuid.UUID) -> int:
    """How many requests of a CSO nobody has answered yet."""
    statement = select(func.count()).where(
        Pledge.receiver_organisation_id == organisation_id, Pledge.state == PledgeState.requested
    )
    return int(session().execute(statement).scalar_one())


def _page(
    condition: ColumnElement[bool],
    states: Iterable[str] | None,
    after: uuid.UUID | None,
    limit: int,
    *,
    hides_giver: bool,
) -> PledgePage:
    statement = _rows(condition).limit(limit + 1)
    if states is not None:
        statement = statement.where(Pledge.state.in_(list(states)))
    if after is not None:
        anchor = session().get(Pledge, after)
        if anchor is not None:
            statement = statement.where(
                or_(
                    Pledge.created_at < anchor.created_at,
                    and_(Pledge.created_at == anchor.created_at, Pledge.id < anchor.id),
                )
            )
    rows = session().execute(statement).all()
    shown = rows[:limit]
    lines = _line_rows([row.id for row in shown])
    return PledgePage(
        rows=[_row(row, tuple(lines[row.id]), hides_giver=hides_giver) for row in shown],
        next=shown[-1].id if len(rows) > limit else None,
    )


def _rows(condition: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    giver = Organisation.__table__.alias("giver")
    return (
        select(
            Pledge.id,
            Pledge.state,
            Pledge.is_request,
            Pledge.is_pay_now,
            Pledge.is_name_public,
            Pledge.shares_identity,
            Pledge.public_name,
            Pledge.created_at,
            Listing.title,
            Listing.slug,
            Listing.kind,
            Organisation.name.label("receiver_name"),
            giver.c.name.label("giver_organisation_name"),
            Person.name.label("giver_person_name"),
        )
        .join(Listing, Listing.id == Pledge.listing_id)
        .join(Organisation, Organisation.id == Pledge.receiver_organisation_id)
        .outerjoin(giver, giver.c.id == Pledge.giver_organisation_id)
        .outerjoin(Person, Person.id == Pledge.giver_person_id)
        .where(condition)
        .order_by(Pledge.created_at.desc(), Pledge.id.desc())
    )


def _line_rows(pledge_ids: list[uuid.UUID]) -> dict[uuid.UUID, list[LineRow]]:
    found: dict[uuid.UUID, list[LineRow]] = defaultdict(list)
    statement = (
        select(
            PledgeLine.pledge_id,
            PledgeLine.kind,
            PledgeLine.unit,
            ListingLine.label,
            PledgeLine.quantity,
            PledgeLine.accepted_quantity,
            PledgeLine.received_quantity,
        )
        .join(ListingLine, ListingLine.id == PledgeLine.line_id)
        .where(PledgeLine.pledge_id.in_(pledge_ids))
        .order_by(ListingLine.position)
    )
    for row in session().execute(statement):
        found[row[0]].append(LineRow(*row[1:]))
    return found


def _row(row: Any, lines: tuple[LineRow, ...], *, hides_giver: bool) -> PledgeRow:
    is_money_only = all(line.kind == "money" for line in lines)
    name = row.giver_organisation_name or row.giver_person_name or ""
    if hides_giver and is_money_only and not row.shares_identity:
        name = row.public_name if row.is_name_public else ""
    return PledgeRow(
        id=row.id,
        state=row.state,
        is_request=row.is_request,
        is_pay_now=row.is_pay_now,
        created_at=row.created_at,
        listing_title=row.title,
        listing_slug=row.slug,
        listing_kind=row.kind,
        receiver_name=row.receiver_name,
        giver_name=name,
        lines=lines,
    )
