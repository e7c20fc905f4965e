"""What may be asked about interests and matches."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import aliased

from coevolve.kit.db import session
from coevolve.kit.i18n import DEFAULT, language
from coevolve.listings import sectors
from coevolve.listings.models import KIND_BITS, Listing, ListingPlace, State
from coevolve.listings.queries.cards import KIND_LABELS
from coevolve.localities import queries as localities
from coevolve.matching import words
from coevolve.matching.models import Interest, Match, MatchState, Pairing
from coevolve.organisations.models import Membership, Organisation

PAGE = 20


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
    organisation_id: uuid.UUID | None
    organisation: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A listing suggested to a person, with the reason in the reader's language."""

    id: int
    title: str
    path: str
    kind: str
    sector: str
    organisation: str
    place: str
    closes_on: dt.date | None
    reason: str
    score: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class Suggestions:
    """A page of suggestions, newest first; `older_than` leads to the next one."""

    rows: list[Suggestion]
    older_than: int | None


@dataclass(frozen=True, slots=True)
class Pair:
    """A need and an offer that suit each other, seen from the side of one's own organisation."""

    id: int
    own_title: str
    title: str
    path: str
    organisation: str
    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Opportunity:
    """A partnership opportunity in the area of an officer or a member."""

    title: str
    path: str
    organisation: str
    place: str
    closes_on: dt.date | None


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
            organisation_id=interest.organisation_id,
            organisation=name or "",
        )
        for interest, name in session().execute(statement)
    ]


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


def matches_of(
    person_id: uuid.UUID, *, older_than: int | None = None, limit: int = PAGE, dismissed: bool = False
) -> Suggestions:
    """The open listings suggested to a person, newest first."""
    wanted = Match.state == MatchState.dismissed if dismissed else Match.state != MatchState.dismissed
    statement = (
        select(Match.id, Match.reasons, Match.score, Match.state, Listing, Organisation.name)
        .join(Listing, Listing.id == Match.listing_id)
        .join(Organisation, Organisation.id == Listing.organisation_id)
        .where(Match.person_id == person_id, wanted, Listing.state == State.open)
        .order_by(Match.id.desc())
        .limit(limit + 1)
    )
    if older_than is not None:
        statement = statement.where(Match.id < older_than)
    rows = session().execute(statement).all()
    shown = [
        Suggestion(
            id=row.id,
            title=row.Listing.title,
            path=words.listing_path(row.Listing.kind, row.Listing.slug),
            kind=str(KIND_LABELS[row.Listing.kind]),
            sector=sectors.label(row.Listing.sector),
            organisation=row.name,
            place=localities.path_label(row.Listing.locality_code),
            closes_on=row.Listing.closes_on,
            reason=_said(row.reasons),
            score=row.score,
            is_new=row.state == MatchState.suggested,
        )
        for row in rows[:limit]
    ]
    return Suggestions(shown, rows[limit - 1].id if len(rows) > limit else None)


def _said(reasons: dict[str, str]) -> str:
    return reasons.get(language()) or reasons.get(DEFAULT) or ""


def pairs_of(person_id: uuid.UUID, *, limit: int = PAGE) -> list[Pair]:
    """Pairings of open listings of the person's organisations with those of others, best first."""
    seats = select(Membership.organisation_id).where(
        Membership.person_id == person_id, Membership.until.is_(None)
    )
    need, offer = aliased(Listing), aliased(Listing)
    need_by, offer_by = aliased(Organisation), aliased(Organisation)
    statement = (
        select(Pairing, need, offer, need_by.name.label("need_by"), offer_by.name.label("offer_by"))
        .join(need, need.id == Pairing.need_id)
        .join(offer, offer.id == Pairing.offer_id)
        .join(need_by, need_by.id == need.organisation_id)
        .join(offer_by, offer_by.id == offer.organisation_id)
        .where(
            Pairing.dismissed_at.is_(None),
            need.state == State.open,
            offer.state == State.open,
            or_(need.organisation_id.in_(seats), offer.organisation_id.in_(seats)),
        )
        .order_by(Pairing.score.desc(), Pairing.id.desc())
        .limit(limit)
    )
    own = set(session().execute(seats).scalars())
    found = []
    for pairing, asked, offered, need_name, offer_name in session().execute(statement):
        mine, other, name = (
            (asked, offered, offer_name) if asked.organisation_id in own else (offered, asked, need_name)
        )
        found.append(
            Pair(
                id=pairing.id,
                own_title=mine.title,
                title=other.title,
                path=words.listing_path(other.kind, other.slug),
                organisation=name,
                place=localities.path_label(other.locality_code or "ID"),
                reason=_said(pairing.reasons),
            )
        )
    return found


def opportunities_in(areas: list[str], *, limit: int = PAGE) -> list[Opportunity]:
    """Open partnership opportunities inside these places, and in the provinces that hold them; newest first."""
    codes = {code for area in areas for place in localities.ancestors(area) for code in [place.code]}
    wide = {
        code for code in codes if (place := localities.find(code)) and place.level in ("province", "regency")
    }
    if not wide:
        return []
    statement = (
        select(Listing, Organisation.name)
        .join(ListingPlace, ListingPlace.listing_id == Listing.id)
        .join(Organisation, Organisation.id == Listing.organisation_id)
        .where(
            ListingPlace.kind == "opportunity",
            or_(
                ListingPlace.regency_code.in_(wide),
                ListingPlace.province_code.in_(wide) & ListingPlace.regency_code.is_(None),
            ),
        )
        .order_by(ListingPlace.opened_at.desc(), ListingPlace.listing_id.desc())
        .limit(limit)
    )
    return [
        Opportunity(
            title=listing.title,
            path=words.listing_path(listing.kind, listing.slug),
            organisation=name,
            place=localities.path_label(listing.locality_code or "ID"),
            closes_on=listing.closes_on,
        )
        for listing, name in session().execute(statement)
    ]
