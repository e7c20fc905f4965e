"""Whom an opened listing concerns. Sets, never row by row: a need may concern thousands."""

from __future__ import annotations

import json
import uuid

from sqlalchemy import bindparam, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import BigInteger, Boolean, Integer, Text

from coevolve.kit.db import get, session
from coevolve.listings import sectors
from coevolve.listings.models import Listing, ListingLine, State
from coevolve.localities import queries as localities
from coevolve.localities.queries import Place
from coevolve.matching import words
from coevolve.matching.models import ALL_KINDS, Match, MatchState
from coevolve.matching.service.pairs import pair
from coevolve.notifications import service as notifications
from coevolve.organisations.models import Organisation

PLACE_POINTS = {"country": 10, "region": 20, "province": 30, "regency": 45, "district": 50, "village": 50}
SECTOR_POINTS = 30
KINDS_POINTS = 20


def find_supporters(*, about_id: uuid.UUID, journal_id: int) -> int:  # noqa: ARG001 - what every reaction gets
    """A listing opened: write its matches and pairings, and tell those they concern. Returns how many matches are new.

    A reaction to the journal line; harmless when run again, and when the listing is no longer open.
    """
    listing = session().get(Listing, about_id)
    if listing is None or listing.state != State.open or listing.locality_code is None:
        return 0
    chain = localities.ancestors(listing.locality_code)
    written = _match(listing, chain)
    _tell(listing, chain)
    pair(listing, chain)
    return written


_MATCH = text(
    """
    WITH place AS (
        SELECT * FROM unnest(:codes, :points) AS place(code, points)
    ), why AS (
        SELECT * FROM unnest(:why_code, :why_sector, :why_organisation, :why_reason)
            AS why(code, has_sector, by_organisation, reason)
    ), hit AS (
        SELECT id, person_id, organisation_id, locality_code, sector, kinds, min_minor, max_minor
        FROM interest WHERE is_active AND locality_code = ANY(:codes) AND sector = :sector
        UNION ALL
        SELECT id, person_id, organisation_id, locality_code, sector, kinds, min_minor, max_minor
        FROM interest WHERE is_active AND locality_code = ANY(:codes) AND sector IS NULL
    ), fitting AS (
        SELECT hit.*, place.points + CASE WHEN sector IS NULL THEN 0 ELSE :sector_points END
            + CASE WHEN kinds = 15 THEN 0 ELSE :kinds_points END AS score, place.points AS place_points
        FROM hit JOIN place ON place.code = hit.locality_code
        WHERE kinds & :kinds <> 0
        AND (kinds & :kinds <> 1 OR :goal BETWEEN coalesce(min_minor, 0) AND coalesce(max_minor, :goal))
    ), told AS (
        SELECT person_id, NULL::uuid AS for_organisation, id, locality_code, sector, kinds, score, place_points
        FROM fitting WHERE person_id IS NOT NULL
        UNION ALL
        SELECT member.person_id, fitting.organisation_id, fitting.id, locality_code, sector, kinds, score, place_points
        FROM fitting JOIN membership member
            ON member.organisation_id = fitting.organisation_id AND member.until IS NULL
    ), best AS (
        SELECT DISTINCT ON (person_id) * FROM told
        WHERE NOT EXISTS (
            SELECT FROM membership own WHERE own.organisation_id = :organisation_id
            AND own.person_id = told.person_id AND own.until IS NULL
        )
        ORDER BY person_id, score DESC, id
    )
    INSERT INTO match (listing_id, person_id, for_organisation, interest_id, score, parts, reasons)
    SELECT :listing_id, person_id, for_organisation, id, score,
        jsonb_build_object('place', locality_code, 'sector', sector, 'kinds', kinds & :kinds, 'points',
            jsonb_build_object('place', place_points, 'sector', CASE WHEN sector IS NULL THEN 0 ELSE :sector_points END,
            'kinds', CASE WHEN kinds = 15 THEN 0 ELSE :kinds_points END)),
        why.reason::jsonb
    FROM best JOIN why ON why.code = best.locality_code AND why.has_sector = (best.sector IS NOT NULL)
        AND why.by_organisation = (best.for_organisation IS NOT NULL)
    ORDER BY person_id
    ON CONFLICT (listing_id, person_id) DO NOTHING
    """
).bindparams(
    bindparam("codes", type_=ARRAY(Text)),
    bindparam("points", type_=ARRAY(Integer)),
    bindparam("why_code", type_=ARRAY(Text)),
    bindparam("why_sector", type_=ARRAY(Boolean)),
    bindparam("why_organisation", type_=ARRAY(Boolean)),
    bindparam("why_reason", type_=ARRAY(Text)),
    bindparam("sector", type_=Text),
    bindparam("kinds", type_=Integer),
    bindparam("goal", type_=BigInteger),
    bindparam("sector_points", type_=Integer),
    bindparam("kinds_points", type_=Integer),
)


def _match(listing: Listing, chain: list[Place]) -> int:
    """Write one match per person who follows this, by the interest that fits best; members of its own CSO excluded."""
    reasons = [
        (place.code, sector is not None, ours, words.interest_reason(place, sector, by_organisation=ours))
        for place in chain
        for sector in (None, listing.sector)
        for ours in (False, True)
        if sector is None or sector in sectors.LABELS
    ]
    done = session().execute(
        _MATCH,
        {
            "listing_id": listing.id,
            "organisation_id": listing.organisation_id,
            "sector": listing.sector,
            "kinds": listing.kinds or ALL_KINDS,
            "goal": _goal(listing.id),
            "codes": [place.code for place in chain],
            "points": [PLACE_POINTS[place.level] for place in chain],
            "sector_points": SECTOR_POINTS,
            "kinds_points": KINDS_POINTS,
            "why_code": [row[0] for row in reasons],
            "why_sector": [row[1] for row in reasons],
            "why_organisation": [row[2] for row in reasons],
            "why_reason": [json.dumps(row[3], ensure_ascii=False) for row in reasons],
        },
    )
    return int(getattr(done, "rowcount", 0))


def _goal(listing_id: uuid.UUID) -> int:
    """The money a listing asks for, in rupiah minor units."""
    statement = select(func.coalesce(func.sum(ListingLine.quantity), 0)).where(
        ListingLine.listing_id == listing_id, ListingLine.kind == "money", ListingLine.unit == "IDR"
    )
    return int(session().execute(statement).scalar_one())


def _tell(listing: Listing, chain: list[Place]) -> None:
    """Queue the news for all who are matched and have not dismissed it; each is told once."""
    said = {
        "title": listing.title,
        "path": words.listing_path(listing.kind, listing.slug),
        "organisation": get(Organisation, listing.organisation_id).name,
        "place": chain[-1].name,
    }
    people = select(
        Match.person_id,
        Match.for_organisation,
        literal(said, JSONB()).op("||")(func.jsonb_build_object("reason", Match.reasons)).label("data"),
    ).where(Match.listing_id == listing.id, Match.state != MatchState.dismissed)
    kind = {
        "standing_offer": "listing.opened.offer",
        "opportunity": "listing.opened.opportunity",
    }.get(listing.kind, "listing.opened")
    notifications.queue_from_select(
        kind=kind, people=people, about=("listing", listing.id), dedupe_key=f"listing.opened:{listing.id}"
    )
