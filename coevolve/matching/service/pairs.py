"""Needs and standing offers that suit each other: the same kind and category, and a place in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, bindparam, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.types import Text

from coevolve.kit.db import get, session
from coevolve.listings.models import Listing
from coevolve.localities import queries as localities
from coevolve.localities.queries import Place
from coevolve.matching import words
from coevolve.matching.models import Pairing
from coevolve.notifications import service as notifications
from coevolve.organisations.models import Membership, Organisation

PAIRS = 20
"""At most so many, the best ones: a CSO reads a short list."""
ASKING = ("need", "campaign")
OFFERING = ("standing_offer",)

_CANDIDATES = text(
    """
    SELECT * FROM (
        SELECT DISTINCT ON (other.id) other.id, other.slug, other.kind, other.title, other.locality_code,
            other.organisation_id, organisation.name AS organisation, theirs.kind AS line_kind, theirs.category,
            CASE WHEN other.regency_code = :regency THEN 50 WHEN other.province_code = :province THEN 35 ELSE 20 END
                + 20 + CASE WHEN other.sector = :sector THEN 30 ELSE 0 END AS score
        FROM listing_place place
        JOIN listing other ON other.id = place.listing_id AND other.state = 'open'
        JOIN organisation ON organisation.id = other.organisation_id
        JOIN listing_line theirs ON theirs.listing_id = other.id
        JOIN listing_line ours ON ours.listing_id = :listing_id AND ours.kind = theirs.kind
            AND ours.category = theirs.category
        WHERE place.kind = ANY(:sides) AND other.organisation_id <> :organisation_id
        AND (place.province_code = :province OR place.locality_code = ANY(:codes)
            OR :code IN (place.country_code, place.region_code))
        ORDER BY other.id, theirs.position
    ) AS candidate ORDER BY score DESC, id LIMIT :pairs
    """
).bindparams(
    bindparam("sides", type_=ARRAY(Text)),
    bindparam("codes", type_=ARRAY(Text)),
    bindparam("sector", type_=Text),
    bindparam("regency", type_=Text),
    bindparam("province", type_=Text),
    bindparam("code", type_=Text),
)


def pair(listing: Listing, chain: list[Place]) -> int:
    """Pair a need with open standing offers, or an offer with open needs, and tell both sides once."""
    if listing.kind not in (*ASKING, *OFFERING):
        return 0
    asks = listing.kind in ASKING
    found = (
        session()
        .execute(
            _CANDIDATES,
            {
                "listing_id": listing.id,
                "organisation_id": listing.organisation_id,
                "sector": listing.sector,
                "regency": listing.regency_code,
                "province": listing.province_code,
                "codes": [place.code for place in chain],
                "code": listing.locality_code,
                "sides": list(OFFERING if asks else ASKING),
                "pairs": PAIRS,
            },
        )
        .all()
    )
    if not found:
        return 0
    rows = [_pairing(listing, chain, other, asks) for other in found]
    done = session().execute(
        upsert(Pairing).values(rows).on_conflict_do_nothing(), execution_options={"preserve_rowcount": True}
    )
    _tell_others(listing, asks)
    _tell_own(listing, found[0], rows[0]["reasons"], asks)
    return int(getattr(done, "rowcount", 0))


def _pairing(listing: Listing, chain: list[Place], other: Row[Any], asks: bool) -> dict[str, Any]:
    shared = _narrowest(chain, localities.ancestor_codes(other.locality_code))
    return {
        "need_id": listing.id if asks else other.id,
        "offer_id": other.id if asks else listing.id,
        "score": other.score,
        "parts": {"kind": other.line_kind, "category": other.category, "place": shared.code},
        "reasons": words.pairing_reason(other.line_kind, other.category, shared),
    }


def _narrowest(chain: Sequence[Place], codes: list[str]) -> Place:
    """The narrowest place that holds both."""
    shared = [place for place in chain if place.code in codes]
    return shared[-1] if shared else chain[0]


def _tell_others(listing: Listing, asks: bool) -> None:
    """Tell the members of every paired organisation about the new listing: one statement."""
    ours, theirs = (Pairing.need_id, Pairing.offer_id) if asks else (Pairing.offer_id, Pairing.need_id)
    said = {
        "title": listing.title,
        "path": words.listing_path(listing.kind, listing.slug),
        "organisation": get(Organisation, listing.organisation_id).name,
    }
    people = (
        select(
            Membership.person_id,
            Membership.organisation_id.label("for_organisation"),
            literal(said, JSONB()).op("||")(func.jsonb_build_object("reason", Pairing.reasons)).label("data"),
        )
        .ext(distinct_on(Membership.person_id))
        .select_from(Pairing)
        .join(Listing, Listing.id == theirs)
        .join(Membership, Membership.organisation_id == Listing.organisation_id)
        .where(ours == listing.id, Pairing.dismissed_at.is_(None), Membership.until.is_(None))
        .order_by(Membership.person_id, Pairing.score.desc())
    )
    notifications.queue_from_select(
        kind="match.need" if asks else "match.offer",
        people=people,
        about=("listing", listing.id),
        dedupe_key=f"pairing:{listing.id}",
    )


def _tell_own(listing: Listing, best: Row[Any], reason: dict[str, str], asks: bool) -> None:
    """Tell the listing's own members about the best counterpart; the rest stands on their page."""
    said = {
        "title": best.title,
        "path": words.listing_path(best.kind, best.slug),
        "organisation": best.organisation,
        "reason": reason,
    }
    people = select(
        Membership.person_id,
        Membership.organisation_id.label("for_organisation"),
        literal(said, JSONB()).label("data"),
    ).where(Membership.organisation_id == listing.organisation_id, Membership.until.is_(None))
    notifications.queue_from_select(
        kind="match.offer" if asks else "match.need",
        people=people,
        about=("listing", best.id),
        dedupe_key=f"pairing:{listing.id}",
    )
