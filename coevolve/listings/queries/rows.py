"""Single listings and short lists of them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from coevolve.kit import db
from coevolve.listings.models import Kind, Listing, ListingLine, ListingSlug, State
from coevolve.organisations.models import Organisation


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


@dataclass(frozen=True, slots=True)
class Whole:
    """A listing with its organisation and lines, as its page shows them."""

    listing: Listing
    organisation: Organisation
    lines: list[ListingLine]


def find_whole(slug: str) -> Whole | None:
    """The listing that has, or once had, this address, with all its page needs; one statement."""
    statement = (
        select(Listing, Organisation, ListingLine)
        .join(ListingSlug, ListingSlug.listing_id == Listing.id)
        .join(Organisation, Organisation.id == Listing.organisation_id)
        .outerjoin(ListingLine, ListingLine.listing_id == Listing.id)
        .where(ListingSlug.slug == slug[:120])
        .order_by(ListingLine.position, ListingLine.id)
    )
    rows = db.session().execute(statement).all()
    if not rows:
        return None
    return Whole(rows[0][0], rows[0][1], [row[2] for row in rows if row[2] is not None])


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


def goal_of(lines: Sequence[ListingLine]) -> Goal:
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
