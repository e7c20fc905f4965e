"""Single listings and short lists of them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import func, select

from coevolve.kit import db, reads
from coevolve.listings.models import Kind, Listing, ListingLine, ListingSlug, State


def get(listing_id: uuid.UUID) -> Listing:
    """The listing; NotFound if there is none."""
    return db.get(Listing, listing_id)


def find(listing_id: uuid.UUID) -> Listing | None:
    """The listing, or None."""
    return db.session().get(Listing, listing_id)


def find_by_slug(slug: str) -> Listing | None:
    """The listing that has, or once had, this address; compare its `slug` to redirect an old one."""
    statement = (
        select(Listing)
        .join(ListingSlug, ListingSlug.listing_id == Listing.id)
        .where(ListingSlug.slug == slug[:120])
    )
    return db.session().execute(statement).scalar_one_or_none()


class ShownListing(NamedTuple):
    """What the public page says of a listing itself."""

    id: uuid.UUID
    slug: str
    kind: str
    state: str
    title: str
    summary: str
    story: str
    sector: str | None
    locality_code: str | None
    province_code: str | None
    regency_code: str | None
    closes_on: dt.date | None
    ended_at: dt.datetime | None
    hidden_since: dt.date | None
    legal_basis: str | None
    planning_event: str | None
    planning_on: dt.date | None
    organisation_id: uuid.UUID
    cover: str | None
    more_localities: tuple[str, ...]
    more_sectors: tuple[str, ...]
    is_urgent: bool


class ShownOrganisation(NamedTuple):
    """What the page says of who asks or offers."""

    id: uuid.UUID
    slug: str
    name: str
    kind: str
    state: str


class ShownLine(NamedTuple):
    """A line with what has come; under a line of money: all the money of its listing."""

    id: uuid.UUID
    kind: str
    category: str
    label: str
    unit: str
    quantity: int
    is_required: bool
    needed_from: dt.date | None
    needed_until: dt.date | None
    handover_place: str | None
    people_reached: int | None
    unit_value: int | None
    is_inexhaustible: bool
    radius_km: int | None
    per: str
    conditions: str
    slot_minutes: int | None
    spent: int
    receipts: int
    received: int
    promised: int


@dataclass(frozen=True, slots=True)
class Whole:
    """A listing with its organisation and lines, as its page shows them."""

    listing: ShownListing
    organisation: ShownOrganisation
    lines: tuple[ShownLine, ...]


_WHOLE = f"""
SELECT {", ".join("l." + name for name in ShownListing._fields)},
       {", ".join("o." + name for name in ShownOrganisation._fields)},
       {", ".join("x." + name for name in ShownLine._fields[:-2])},
       coalesce(f.received, c.received, 0)::bigint, coalesce(c.promised, 0)::bigint
  FROM listing_slug s JOIN listing l ON l.id = s.listing_id JOIN organisation o ON o.id = l.organisation_id
  LEFT JOIN listing_line x ON x.listing_id = l.id
  LEFT JOIN LATERAL (
    SELECT b.balance + b.spent + coalesce(d.came, 0) AS received
      FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
      LEFT JOIN LATERAL (SELECT sum(amount + spent) AS came FROM ledger_delta WHERE account_id = a.id) d ON true
     WHERE a.code = 'fund:' || x.listing_id || ':' || x.unit) f ON x.kind = 'money'
  LEFT JOIN LATERAL (
    SELECT CASE x.kind WHEN 'money' THEN 0 ELSE b.balance + coalesce(d.came, 0) END AS received,
           b.expected + coalesce(d.expected, 0) AS promised
      FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
      LEFT JOIN LATERAL (
        SELECT sum(amount) AS came, sum(expected) AS expected FROM ledger_delta WHERE account_id = a.id) d ON true
     WHERE a.code = 'promised_to:' || CASE x.kind WHEN 'money' THEN x.listing_id ELSE x.id END || ':' || x.unit
  ) c ON true
 WHERE s.slug = %(slug)s ORDER BY x.position, x.id
"""


def find_whole(slug: str) -> Whole | None:
    """The listing that has, or once had, this address, with its lines and what has come; one statement."""
    rows = reads.rows(_WHOLE, {"slug": slug[:120]})
    if not rows:
        return None
    of_listing = len(ShownListing._fields)
    of_both = of_listing + len(ShownOrganisation._fields)
    return Whole(
        ShownListing._make(tuple(v) if isinstance(v, list) else v for v in rows[0][:of_listing]),
        ShownOrganisation._make(rows[0][of_listing:of_both]),
        tuple(ShownLine._make(row[of_both:]) for row in rows if row[of_both] is not None),
    )


def lines_of(listing_id: uuid.UUID) -> list[ListingLine]:
    """The lines of a listing in their order."""
    statement = (
        select(ListingLine)
        .where(ListingLine.listing_id == listing_id)
        .order_by(ListingLine.position, ListingLine.id)
    )
    return list(db.session().execute(statement).scalars())


def line(line_id: uuid.UUID) -> ListingLine:
    """One line; NotFound if there is none."""
    return db.get(ListingLine, line_id)


@dataclass(frozen=True, slots=True)
class Goal:
    """The money goal of a listing in rupiah minor units: what it needs at least, and all of it. Never typed."""

    minimum: int
    optimum: int


def goal_of(lines: Sequence[ListingLine | ShownLine]) -> Goal:
    """The sums of the money lines."""
    money = [line for line in lines if line.kind == "money"]
    return Goal(
        minimum=sum(line.quantity for line in money if line.is_required),
        optimum=sum(line.quantity for line in money),
    )


def of_organisation(organisation_id: uuid.UUID, *, limit: int = 200) -> list[Listing]:
    """All listings of one organisation in every state, newest first."""
    statement = (
        select(Listing)
        .where(Listing.organisation_id == organisation_id)
        .order_by(Listing.created_at.desc(), Listing.id.desc())
        .limit(limit)
    )
    return list(db.session().execute(statement).scalars())


def has_opened_campaign(organisation_id: uuid.UUID) -> bool:
    """Whether the organisation has ever had an open campaign: its first one needs two moderators."""
    statement = select(Listing.id).where(
        Listing.organisation_id == organisation_id,
        Listing.kind == Kind.campaign,
        Listing.opened_at.is_not(None),
    )
    return db.session().execute(statement.limit(1)).first() is not None


def in_review(*, limit: int = 200) -> list[Listing]:
    """What waits for a moderator, longest waiting first."""
    statement = (
        select(Listing)
        .where(Listing.state == State.in_review)
        .order_by(Listing.submitted_at, Listing.id)
        .limit(limit)
    )
    return list(db.session().execute(statement).scalars())


def look_alikes(listing: Listing, *, limit: int = 5) -> list[tuple[Listing, float]]:
    """Other listings whose title is much like this one's, most alike first: a hint of a duplicate."""
    title = func.lower(Listing.title)
    likeness = func.similarity(title, listing.title.lower())
    statement = (
        select(Listing, likeness)
        .where(
            title.bool_op("%")(listing.title.lower()), Listing.id != listing.id, Listing.state != State.draft
        )
        .order_by(likeness.desc(), Listing.id)
        .limit(limit)
    )
    return [(other, float(alike)) for other, alike in db.session().execute(statement) if alike >= 0.5]
