"""Lists of pledges for pages: supporters of a listing, what a person gives, what an organisation is offered."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from coevolve.kit import reads
from coevolve.kit.db import session
from coevolve.kit.reads import Question
from coevolve.listings.models import Listing, ListingLine
from coevolve.organisations.models import Membership, Organisation
from coevolve.people.models import Person
from coevolve.pledges.models import AGREED, Pledge, PledgeLine, PledgeState


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


_SUPPORTING = """
p.listing_id = %(listing_id)s AND (p.state = ANY(%(agreed)s) OR (
  SELECT true FROM pledge_line x WHERE x.pledge_id = p.id AND x.received_quantity > 0 LIMIT 1))"""
"""A pledge supports when it was agreed to, or when something of it came: lines are looked into only for the others."""
_SUPPORTS = f"""
SELECT CASE WHEN m.is_name_public THEN nullif(m.public_name, '') END, m.message, coalesce(m.answered_at, m.created_at),
       l.kind, coalesce(nullif(l.received_quantity, 0), l.accepted_quantity), l.unit,
       CASE l.kind WHEN 'money' THEN '' ELSE n.label END, l.received_quantity > 0,
       (SELECT count(*) FROM pledge p WHERE {_SUPPORTING})
  FROM (SELECT p.id, p.is_name_public, p.public_name,
               CASE WHEN p.is_request THEN '' ELSE p.message END AS message, p.answered_at, p.created_at FROM pledge p
         WHERE {_SUPPORTING} ORDER BY p.created_at DESC, p.id DESC LIMIT most) m
  JOIN pledge_line l ON l.pledge_id = m.id AND l.accepted_quantity > 0
  JOIN listing_line n ON n.id = l.line_id
 ORDER BY m.created_at DESC, m.id DESC, n.position LIMIT most
"""


def supporters_of(listing_id: uuid.UUID, *, limit: int = 12) -> Supporters:
    """The newest agreed supports of a listing, one per line of a pledge, and the count of pledges. One SQL."""
    return reads.answer(asks_supporters(listing_id, limit=limit))


def asks_supporters(listing_id: uuid.UUID, *, limit: int = 12) -> Question[Supporters]:
    """The question for `supporters_of`."""
    values = {"listing_id": listing_id, "agreed": [str(state) for state in sorted(AGREED)]}
    return Question(_SUPPORTS.replace("LIMIT most", f"LIMIT {limit:d}"), values, _supporters)


def _supporters(rows: Sequence[tuple[Any, ...]]) -> Supporters:
    return Supporters(tuple(Supporter(*row[:-1]) for row in rows), rows[0][-1] if rows else 0)


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
        and_(Pledge.giver_person_id == person_id, Pledge.giver_organisation_id.is_(None), ~unproven()),
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
    condition = and_(theirs, ~unpaid(), ~unapproved())
    if listing_id is not None:
        condition = and_(condition, Pledge.listing_id == listing_id)
    return _page(condition, states, after, limit, hides_giver=True)


def unproven() -> ColumnElement[bool]:
    """The condition that a guest gave it under an address nobody has proven since: it is in nobody's lists."""
    return and_(Pledge.is_guest, Pledge.joined_at.is_(None))


def unapproved() -> ColumnElement[bool]:
    """The condition that it never left the giving organisation: its receiver does not hear of it."""
    return and_(Pledge.needs_approval, Pledge.approved_at.is_(None))


def approvals_waiting(organisation_id: uuid.UUID) -> list[Pledge]:
    """Pledges of an organisation that wait for a second member, the longest waiting first."""
    statement = (
        select(Pledge)
        .where(Pledge.giver_organisation_id == organisation_id, Pledge.state == PledgeState.awaiting_approval)
        .order_by(Pledge.created_at, Pledge.id)
    )
    return list(session().execute(statement).scalars())


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
    """How many offers, and requests on its own offers, wait for the organisation's answer (for its desk)."""
    offered = select(func.count()).where(
        Pledge.receiver_organisation_id == organisation_id,
        Pledge.state == PledgeState.offered,
        ~unpaid(),
    )
    asked = select(func.count()).where(
        Pledge.giver_organisation_id == organisation_id, Pledge.state == PledgeState.requested
    )
    statement = select(offered.scalar_subquery() + asked.scalar_subquery())
    return int(session().execute(statement).scalar_one())


def open_offers_of(person_id: uuid.UUID | None, organisation_id: uuid.UUID | None) -> int:
    """How many offers of a giver nobody has answered yet."""
    condition = (
        Pledge.giver_organisation_id == organisation_id
        if organisation_id is not None
        else and_(Pledge.giver_person_id == person_id, Pledge.giver_organisation_id.is_(None), ~unproven())
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
