"""What may be asked about interests."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import or_, select

from coevolve.kit.db import session
from coevolve.listings import sectors
from coevolve.listings.models import KIND_BITS
from coevolve.localities import queries as localities
from coevolve.matching.models import Interest
from coevolve.organisations.models import Membership, Organisation


@dataclass(frozen=True, slots=True)
class Followed:
    """An interest as its page shows it."""

    id: int
    place: str
    place_code: str
    sector: str
    kinds: tuple[str, ...]
    min_minor: int | None
    max_minor: int | None
    with_neighbours: bool
    now: str
    """The places of today that a closed code covers."""
    organisation_id: uuid.UUID | None
    organisation: str


def interests_of(person_id: uuid.UUID) -> list[Followed]:
    """What a person follows, and what the organisations follow in which the person has a seat."""
    statement = (
        select(Interest, Organisation.name)
        .outerjoin(Organisation, Organisation.id == Interest.organisation_id)
        .where(
            Interest.is_active,
            or_(
                Interest.person_id == person_id,
                Interest.organisation_id.in_(
                    select(Membership.organisation_id).where(
                        Membership.person_id == person_id, Membership.until.is_(None)
                    )
                ),
            ),
        )
        .order_by(Interest.organisation_id.nulls_first(), Interest.id)
    )
    return [
        Followed(
            id=interest.id,
            place=localities.path_label(interest.locality_code),
            place_code=interest.locality_code,
            sector=sectors.label(interest.sector),
            kinds=kinds_in(interest.kinds),
            min_minor=interest.min_minor,
            max_minor=interest.max_minor,
            with_neighbours=interest.with_neighbours,
            now=_now(interest.locality_code),
            organisation_id=interest.organisation_id,
            organisation=name or "",
        )
        for interest, name in session().execute(statement)
    ]


def _now(code: str) -> str:
    place = localities.find(code)
    if place is None or place.is_active:
        return ""
    return ", ".join(one.name for one in localities.successors(code))


def kinds_in(bits: int) -> tuple[str, ...]:
    """The kinds of support in a bitmask: ('money', 'goods')."""
    return tuple(kind for kind, bit in KIND_BITS.items() if bits & bit)


def interest_in(person_id: uuid.UUID, locality_code: str, sector: str | None = None) -> int | None:
    """The interest by which a person follows exactly this place and sector, if so."""
    statement = select(Interest.id).where(
        Interest.person_id == person_id,
        Interest.organisation_id.is_(None),
        Interest.locality_code == locality_code,
        Interest.sector.is_not_distinct_from(sector),
        Interest.is_active,
    )
    return session().execute(statement).scalar_one_or_none()


def find_interest(interest_id: int) -> Interest | None:
    """One interest."""
    return session().get(Interest, interest_id)
