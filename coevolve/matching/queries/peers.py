"""CSOs elsewhere with the same need, and the invitations between them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased
from sqlalchemy.sql.expression import bindparam
from sqlalchemy.types import Float, Text, Uuid

from coevolve.kit.db import session
from coevolve.listings.models import Listing
from coevolve.listings.units import category_label
from coevolve.localities import queries as localities
from coevolve.matching import words
from coevolve.matching.models import InvitationState, PeerInvitation
from coevolve.organisations.models import Organisation

PEERS = 12
EACH = 300


@dataclass(frozen=True, slots=True)
class Peer:
    """An open need of another CSO that asks for the same."""

    listing_id: uuid.UUID
    title: str
    path: str
    organisation: str
    place: str
    km: int | None
    shared: str


_PEERS = text(
    """
    WITH mine AS (
        SELECT DISTINCT kind, category FROM unnest(:kinds, :categories) AS mine(kind, category)
    ), found AS (
        SELECT hit.* FROM mine CROSS JOIN LATERAL (
            (SELECT * FROM shelf_line WHERE side = 'need' AND kind = mine.kind AND category = mine.category
                AND region_code = :region ORDER BY opened_at DESC, line_id DESC LIMIT :each)
            UNION ALL
            (SELECT theirs.* FROM unnest(:regions) AS region(code) CROSS JOIN LATERAL (
                SELECT * FROM shelf_line WHERE side = 'need' AND kind = mine.kind AND category = mine.category
                    AND region_code = region.code ORDER BY opened_at DESC, line_id DESC LIMIT 20) theirs)
        ) hit WHERE hit.organisation_id <> :organisation
    ), alike AS (
        SELECT listing_id, array_agg(DISTINCT kind || ':' || category) AS shared,
            bool_or(sector = :sector) AS is_sector, min(kilometres(:lat, :lng, lat, lng)) AS km
        FROM found GROUP BY listing_id
    )
    SELECT alike.listing_id, listing.title, listing.kind, listing.slug, listing.locality_code,
        body.name AS organisation, alike.km, alike.shared
    FROM alike JOIN listing ON listing.id = alike.listing_id
    JOIN organisation body ON body.id = listing.organisation_id AND body.state = 'checked'
    ORDER BY alike.is_sector DESC, cardinality(alike.shared) DESC, alike.km NULLS LAST, listing.opened_at DESC,
        listing.id
    LIMIT :most
    """
).bindparams(
    bindparam("kinds", type_=ARRAY(Text)),
    bindparam("categories", type_=ARRAY(Text)),
    bindparam("regions", type_=ARRAY(Text)),
    bindparam("region", type_=Text),
    bindparam("sector", type_=Text),
    bindparam("organisation", type_=Uuid),
    bindparam("lat", type_=Float),
    bindparam("lng", type_=Float),
)


def peers_of(listing: Listing, lines: Sequence[Any]) -> list[Peer]:
    """Who else asks for the same: the same sector and most lines alike first, then the nearest."""
    alike = [line for line in lines if line.kind != "money" and line.category != "other"]
    if not alike:
        return []
    here = localities.find(listing.regency_code)
    rows = session().execute(
        _PEERS,
        {
            "kinds": [line.kind for line in alike],
            "categories": [line.category for line in alike],
            "organisation": listing.organisation_id,
            "region": listing.region_code,
            "regions": [place.code for place in localities.regions() if place.code != listing.region_code],
            "sector": listing.sector,
            "lat": here.lat if here else None,
            "lng": here.lng if here else None,
            "each": EACH,
            "most": PEERS,
        },
    )
    return [
        Peer(
            listing_id=row.listing_id,
            title=row.title,
            path=words.listing_path(row.kind, row.slug),
            organisation=row.organisation,
            place=localities.path_label(row.locality_code),
            km=None if row.km is None else round(row.km),
            shared=words.listed(category_label(*one.split(":", 1)) for one in sorted(row.shared)),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation as either side reads it."""

    id: uuid.UUID
    state: str
    state_label: str
    text: str
    answer: str
    created_at: dt.datetime
    answered_at: dt.datetime | None
    from_title: str
    from_path: str
    from_body: str
    from_body_id: uuid.UUID
    to_title: str
    to_path: str
    to_body: str
    to_body_id: uuid.UUID
    to_listing_id: uuid.UUID


def invitations_of(listing_id: uuid.UUID) -> list[Invitation]:
    """The invitations from and to a listing, newest first."""
    where = or_(PeerInvitation.from_listing_id == listing_id, PeerInvitation.to_listing_id == listing_id)
    return [_shown(row) for row in session().execute(_invitations().where(where))]


def invitation(invitation_id: uuid.UUID) -> Invitation | None:
    """One invitation."""
    row = session().execute(_invitations().where(PeerInvitation.id == invitation_id)).one_or_none()
    return None if row is None else _shown(row)


def _invitations() -> Any:
    by, to = aliased(Listing), aliased(Listing)
    by_body, to_body = aliased(Organisation), aliased(Organisation)
    return (
        select(PeerInvitation, by, to, by_body, to_body)
        .join(by, by.id == PeerInvitation.from_listing_id)
        .join(to, to.id == PeerInvitation.to_listing_id)
        .join(by_body, by_body.id == by.organisation_id)
        .join(to_body, to_body.id == to.organisation_id)
        .order_by(PeerInvitation.created_at.desc())
    )


def _shown(row: Any) -> Invitation:
    made, by, to, by_body, to_body = row
    return Invitation(
        id=made.id,
        state=made.state,
        state_label=str(PeerInvitation.state_labels[InvitationState(made.state)]),
        text=made.text,
        answer=made.answer,
        created_at=made.created_at,
        answered_at=made.answered_at,
        from_title=by.title,
        from_path=words.listing_path(by.kind, by.slug),
        from_body=by_body.name,
        from_body_id=by_body.id,
        to_title=to.title,
        to_path=words.listing_path(to.kind, to.slug),
        to_body=to_body.name,
        to_body_id=to_body.id,
        to_listing_id=to.id,
    )
