"""What was suggested to a person, and what became of it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select

from coevolve.kit.db import session
from coevolve.kit.i18n import DEFAULT, language
from coevolve.listings import sectors
from coevolve.listings.finding_models import ListingPlace
from coevolve.listings.models import Listing, State
from coevolve.listings.queries.cards import KIND_LABELS
from coevolve.localities import queries as localities
from coevolve.matching import words
from coevolve.matching.models import DISMISSALS, STATE_LABELS, Match, MatchNote, MatchState
from coevolve.organisations.models import Organisation
from coevolve.people.models import Person

PAGE = 20
VIEWS: dict[str, tuple[MatchState, ...]] = {
    "": (MatchState.suggested, MatchState.seen),
    "dihubungi": (MatchState.contacted,),
    "didukung": (MatchState.pledged,),
    "disingkirkan": (MatchState.dismissed,),
    "berakhir": (MatchState.expired,),
}
"""The filters of the page, by its address, and the states each shows."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A listing suggested to a person, with the reason in the reader's language."""

    id: int
    title: str
    slug: str
    path: str
    kind: str
    sector: str
    organisation: str
    place: str
    closes_on: dt.date | None
    reason: str
    score: int
    state: str
    state_label: str
    dismissed_why: str
    asks: bool
    is_open: bool
    is_new: bool


@dataclass(frozen=True, slots=True)
class Suggestions:
    """A page of suggestions, newest first; `older_than` leads to the next one."""

    rows: list[Suggestion]
    older_than: int | None


@dataclass(frozen=True, slots=True)
class Note:
    """A note on a match or a pairing."""

    at: dt.datetime
    text: str
    who: str
    is_message: bool


@dataclass(frozen=True, slots=True)
class Opportunity:
    """A partnership opportunity in the area of an officer or a member."""

    title: str
    path: str
    organisation: str
    place: str
    closes_on: dt.date | None


def matches_of(
    person_id: uuid.UUID,
    *,
    older_than: int | None = None,
    limit: int = PAGE,
    view: str = "",
    sunk: bool = False,
) -> Suggestions:
    """The listings suggested to a person, newest first. `sunk`: those alike to what was put away, which stand apart."""
    states = [str(state) for state in VIEWS[view]]
    statement = _suggested().where(Match.person_id == person_id, Match.state.in_(states))
    if view in ("", "dihubungi", "disingkirkan"):
        statement = statement.where(Listing.state == State.open)
    if not view:
        disliked = Match.parts["points"]["disliked"].as_integer()
        statement = statement.where(disliked < 0 if sunk else or_(disliked.is_(None), disliked >= 0))
    if older_than is not None:
        statement = statement.where(Match.id < older_than)
    rows = session().execute(statement.order_by(Match.id.desc()).limit(limit + 1)).all()
    return Suggestions(
        [_shown(row) for row in rows[:limit]], rows[limit - 1].id if len(rows) > limit else None
    )


def match_of(person_id: uuid.UUID, match_id: int) -> Suggestion | None:
    """One suggestion of a person."""
    row = (
        session()
        .execute(_suggested().where(Match.id == match_id, Match.person_id == person_id))
        .one_or_none()
    )
    return None if row is None else _shown(row)


def _suggested() -> Any:
    return (
        select(
            Match.id,
            Match.reasons,
            Match.score,
            Match.state,
            Match.reason,
            Listing,
            Organisation.name.label("body"),
        )
        .join(Listing, Listing.id == Match.listing_id)
        .join(Organisation, Organisation.id == Listing.organisation_id)
    )


def _shown(row: Any) -> Suggestion:
    listing: Listing = row.Listing
    return Suggestion(
        id=row.id,
        title=listing.title,
        slug=listing.slug,
        path=words.listing_path(listing.kind, listing.slug),
        kind=str(KIND_LABELS[listing.kind]),
        sector=sectors.label(listing.sector),
        organisation=row.body,
        place=localities.path_label(listing.locality_code or "ID"),
        closes_on=listing.closes_on,
        reason=said(row.reasons),
        score=row.score,
        state=row.state,
        state_label=str(STATE_LABELS[MatchState(row.state)]),
        dismissed_why=str(DISMISSALS[row.reason]) if row.reason else "",
        asks=listing.kind in ("need", "campaign"),
        is_open=listing.state == State.open,
        is_new=row.state == MatchState.suggested,
    )


def said(reasons: dict[str, str]) -> str:
    """A kept sentence in the reader's language."""
    return reasons.get(language()) or reasons.get(DEFAULT) or ""


def notes_of(*, match_id: int | None = None, pairing_id: int | None = None) -> list[Note]:
    """The notes on a match or a pairing, oldest first."""
    where = MatchNote.match_id == match_id if match_id is not None else MatchNote.pairing_id == pairing_id
    rows = session().execute(
        select(MatchNote.created_at, MatchNote.text, MatchNote.is_message, Person.name, Organisation.name)
        .join(Person, Person.id == MatchNote.person_id)
        .outerjoin(Organisation, Organisation.id == MatchNote.for_organisation)
        .where(where)
        .order_by(MatchNote.id)
    )
    return [
        Note(at, words_, f"{name}, {body}" if body else name, is_message)
        for at, words_, is_message, name, body in rows
    ]


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who wrote to a CSO because of a match, or gave."""

    name: str
    state_label: str
    at: dt.datetime | None
    messages: list[Note]


def contacts_of(listing_id: uuid.UUID) -> Sequence[Asker]:
    """Who wrote about a listing: they named themselves by writing."""
    rows = (
        session()
        .execute(
            select(Match.id, Match.state, Match.changed_at, Person.name, Organisation.name)
            .join(Person, Person.id == Match.person_id)
            .outerjoin(Organisation, Organisation.id == Match.for_organisation)
            .where(
                Match.listing_id == listing_id,
                Match.state.in_([str(MatchState.contacted), str(MatchState.pledged)]),
                select(MatchNote.id).where(MatchNote.match_id == Match.id, MatchNote.is_message).exists(),
            )
            .order_by(Match.changed_at.desc(), Match.id)
            .limit(PAGE)
        )
        .all()
    )
    return [
        Asker(
            f"{name}, {body}" if body else name,
            str(STATE_LABELS[MatchState(state)]),
            at,
            [note for note in notes_of(match_id=match_id) if note.is_message][-3:],
        )
        for match_id, state, at, name, body in rows
    ]


def told_about(listing_id: uuid.UUID) -> int:
    """To how many people a listing was suggested."""
    return session().query(Match).filter(Match.listing_id == listing_id).count()


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
