"""Needs and offers that suit each other, seen from one side."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import aliased

from coevolve.kit import i18n
from coevolve.kit.db import session
from coevolve.kit.money import format_rupiah
from coevolve.listings.models import Listing, ListingLine, State
from coevolve.listings.units import unit_label
from coevolve.localities import queries as localities
from coevolve.matching import words
from coevolve.matching.models import DISMISSALS, STATE_LABELS, MatchState, Pairing, PairingLine
from coevolve.matching.queries.suggestions import PAGE, VIEWS, said
from coevolve.organisations.models import Membership, Organisation


@dataclass(frozen=True, slots=True)
class Pair:
    """A need and an offer that suit each other, seen from the side of one's own organisation."""

    id: int
    own_title: str
    title: str
    slug: str
    path: str
    organisation: str
    organisation_slug: str
    place: str
    reason: str
    score: int
    state: str
    state_label: str
    dismissed_why: str
    is_mine_to_restore: bool
    i_ask: bool
    is_open: bool
    is_new: bool
    ends_on: dt.date | None


@dataclass(frozen=True, slots=True)
class LinePair:
    """A line of ours and one of theirs."""

    own: str
    other: str
    score: int
    need_line_id: uuid.UUID
    offer_line_id: uuid.UUID


def pairs_of(person_id: uuid.UUID, *, view: str = "", limit: int = PAGE) -> list[Pair]:
    """Pairings of open listings of the person's organisations with those of others, best first."""
    own = set(
        session().scalars(
            select(Membership.organisation_id).where(
                Membership.person_id == person_id, Membership.until.is_(None)
            )
        )
    )
    if not own:
        return []
    mine = select(Listing.id).where(Listing.organisation_id.in_(own))
    statement = _pairs(view).where(or_(Pairing.need_id.in_(mine), Pairing.offer_id.in_(mine)))
    rows = session().execute(statement.order_by(Pairing.score.desc(), Pairing.id.desc()).limit(limit))
    return [_seen_by(own, row) for row in rows]


def pairs_of_listing(listing: Listing, *, view: str = "", limit: int = PAGE) -> list[Pair]:
    """What suits one listing, best first."""
    statement = _pairs(view).where(or_(Pairing.need_id == listing.id, Pairing.offer_id == listing.id))
    rows = session().execute(statement.order_by(Pairing.score.desc(), Pairing.id.desc()).limit(limit))
    return [_seen_by({listing.organisation_id}, row) for row in rows]


def pair_seen_by(pairing_id: int, organisation_id: uuid.UUID) -> Pair | None:
    """One pairing, from the side of an organisation."""
    row = session().execute(_pairs(None).where(Pairing.id == pairing_id)).one_or_none()
    return None if row is None else _seen_by({organisation_id}, row)


def _pairs(view: str | None) -> Any:
    need, offer = aliased(Listing, name="need"), aliased(Listing, name="offer")
    need_by, offer_by = aliased(Organisation, name="need_by"), aliased(Organisation, name="offer_by")
    statement = (
        select(Pairing, need, offer, need_by, offer_by)
        .join(need, need.id == Pairing.need_id)
        .join(offer, offer.id == Pairing.offer_id)
        .join(need_by, need_by.id == need.organisation_id)
        .join(offer_by, offer_by.id == offer.organisation_id)
    )
    if view is None:
        return statement
    statement = statement.where(Pairing.state.in_([str(state) for state in VIEWS[view]]))
    if view in ("", "dihubungi", "disingkirkan"):
        statement = statement.where(need.state == State.open, offer.state == State.open)
    return statement


def _seen_by(own: set[uuid.UUID], row: Any) -> Pair:
    pairing, need, offer, need_by, offer_by = row
    i_ask = need.organisation_id in own
    mine, other, body = (need, offer, offer_by) if i_ask else (offer, need, need_by)
    return Pair(
        id=pairing.id,
        own_title=mine.title,
        title=other.title,
        slug=other.slug,
        path=words.listing_path(other.kind, other.slug),
        organisation=body.name,
        organisation_slug=body.slug,
        place=localities.path_label(other.locality_code or "ID"),
        reason=said(pairing.reasons["need" if i_ask else "offer"]),
        score=pairing.score,
        state=pairing.state,
        state_label=str(STATE_LABELS[MatchState(pairing.state)]),
        dismissed_why=str(DISMISSALS[pairing.reason]) if pairing.reason else "",
        is_mine_to_restore=pairing.dismissed_for == mine.organisation_id,
        i_ask=i_ask,
        is_open=need.state == State.open and offer.state == State.open,
        is_new=pairing.state == MatchState.suggested,
        ends_on=pairing.ends_on,
    )


def line_pairs_of(pairing_id: int, *, i_ask: bool) -> list[LinePair]:
    """Which of our lines suit which of theirs, best first."""
    need, offer = aliased(ListingLine), aliased(ListingLine)
    rows = session().execute(
        select(PairingLine.score, need, offer)
        .join(need, need.id == PairingLine.need_line_id)
        .join(offer, offer.id == PairingLine.offer_line_id)
        .where(PairingLine.pairing_id == pairing_id)
        .order_by(PairingLine.score.desc(), need.position)
    )
    return [
        LinePair(
            own=_line(asked if i_ask else offered),
            other=_line(offered if i_ask else asked),
            score=score,
            need_line_id=asked.id,
            offer_line_id=offered.id,
        )
        for score, asked, offered in rows
    ]


def _line(line: ListingLine) -> str:
    if line.kind == "money":
        return f"{format_rupiah(line.quantity)}, {line.label}"
    return f"{i18n.number(line.quantity)} {unit_label(line.unit)} {line.label}"
