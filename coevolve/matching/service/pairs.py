"""Needs and standing offers that suit each other, line by line; both sides are told once, each in its own words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, literal, select
from sqlalchemy.dialects.postgresql import JSONB, distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert

from coevolve.kit.db import get, session
from coevolve.listings import queries as listings
from coevolve.listings.models import Listing, ListingLine
from coevolve.localities import queries as localities
from coevolve.matching import queries as reads
from coevolve.matching import words
from coevolve.matching.models import MatchState, Pairing, PairingLine
from coevolve.matching.queries.candidates import Candidate, Seeker
from coevolve.notifications import service as notifications
from coevolve.organisations.models import Membership, Organisation

PAIRS = 20
"""At most so many, the best ones: a CSO reads a short list."""
WEIGHED = 400
ASKING = ("need", "campaign")
OFFERING = ("standing_offer",)


def pair(listing: Listing, *, disaster_points: int = 0) -> int:
    """Pair a need with open standing offers, or an offer with open needs, and tell both sides once."""
    if listing.kind not in (*ASKING, *OFFERING):
        return 0
    asks = listing.kind in ASKING
    lines = listings.lines_of(listing.id)
    found = reads.grouped(
        reads.candidates(seeker_of(listing), reads.wanted_of(lines), most=WEIGHED, disaster=disaster_points),
        most=PAIRS,
    )
    if not found:
        return 0
    rows = [_pairing(listing, lines, group, asks=asks) for group in found]
    done = session().execute(
        upsert(Pairing).values(rows).on_conflict_do_nothing(), execution_options={"preserve_rowcount": True}
    )
    _keep_lines(listing, found, asks=asks)
    _tell_others(listing, asks=asks)
    _tell_own(listing, found[0], rows[0]["reasons"], asks=asks)
    return int(getattr(done, "rowcount", 0))


def seeker_of(listing: Listing) -> Seeker:
    """A listing as the one whose lines look for counterparts."""
    return Seeker(
        organisation_id=listing.organisation_id,
        asks=listing.kind not in OFFERING,
        locality_code=listing.locality_code or "ID",
        region_code=listing.region_code,
        province_code=listing.province_code,
        regency_code=listing.regency_code,
        sector=listing.sector,
        closes_on=listing.closes_on,
    )


def _pairing(
    listing: Listing, lines: Sequence[ListingLine], group: Sequence[Candidate], *, asks: bool
) -> dict[str, Any]:
    place = localities.get(listing.locality_code or "ID")
    own = [_told(lines[one.n], listing.closes_on) for one in group]
    return {
        "need_id": listing.id if asks else group[0].listing_id,
        "offer_id": group[0].listing_id if asks else listing.id,
        "score": reads.score_of(group),
        "parts": reads.parts_of(group[0]),
        "reasons": words.pair_reasons(group, own, place, asks=asks),
        "ends_on": max(one.ends_on for one in group),
    }


def _told(line: ListingLine, closes_on: dt.date | None) -> words.Told:
    return words.Told(
        label=line.label,
        kind=line.kind,
        unit=line.unit,
        quantity=line.quantity,
        is_inexhaustible=line.is_inexhaustible,
        until_on=line.needed_until or closes_on,
    )


def _keep_lines(listing: Listing, found: Sequence[Sequence[Candidate]], *, asks: bool) -> None:
    """Which lines suit which, for every pairing of the listing that has none yet."""
    ours, theirs = (Pairing.need_id, Pairing.offer_id) if asks else (Pairing.offer_id, Pairing.need_id)
    ids = {row[1]: row[0] for row in session().execute(select(Pairing.id, theirs).where(ours == listing.id))}
    rows = [
        {
            "pairing_id": ids[one.listing_id],
            "need_line_id": one.own_line_id if asks else one.line_id,
            "offer_line_id": one.line_id if asks else one.own_line_id,
            "score": one.score,
            "parts": reads.parts_of(one),
        }
        for group in found
        for one in group
    ]
    session().execute(upsert(PairingLine).values(rows).on_conflict_do_nothing())


def _tell_others(listing: Listing, *, asks: bool) -> None:
    """Tell the members of every paired organisation about the new listing: one statement."""
    ours, theirs = (Pairing.need_id, Pairing.offer_id) if asks else (Pairing.offer_id, Pairing.need_id)
    said = {
        "title": listing.title,
        "path": words.listing_path(listing.kind, listing.slug),
        "organisation": get(Organisation, listing.organisation_id).name,
    }
    reason = Pairing.reasons["offer" if asks else "need"]
    people = (
        select(
            Membership.person_id,
            Membership.organisation_id.label("for_organisation"),
            literal(said, JSONB()).op("||")(func.jsonb_build_object("reason", reason)).label("data"),
        )
        .ext(distinct_on(Membership.person_id))
        .select_from(Pairing)
        .join(Listing, Listing.id == theirs)
        .join(Membership, Membership.organisation_id == Listing.organisation_id)
        .where(ours == listing.id, Pairing.state != MatchState.dismissed, Membership.until.is_(None))
        .order_by(Membership.person_id, Pairing.score.desc(), Pairing.id)
    )
    notifications.queue_from_select(
        kind="match.need" if asks else "match.offer",
        people=people,
        about=("listing", listing.id),
        dedupe_key=f"pairing:{listing.id}",
    )


def _tell_own(listing: Listing, best: Sequence[Candidate], reasons: dict[str, Any], *, asks: bool) -> None:
    """Tell the listing's own members about the best counterpart; the rest stands on their page."""
    said = {
        "title": best[0].title,
        "path": words.listing_path(best[0].listing_kind, best[0].slug),
        "organisation": best[0].organisation,
        "reason": reasons["need" if asks else "offer"],
    }
    people = select(
        Membership.person_id,
        Membership.organisation_id.label("for_organisation"),
        literal(said, JSONB()).label("data"),
    ).where(Membership.organisation_id == listing.organisation_id, Membership.until.is_(None))
    notifications.queue_from_select(
        kind="match.offer" if asks else "match.need",
        people=people,
        about=("listing", best[0].listing_id),
        dedupe_key=f"pairing:{listing.id}",
    )
