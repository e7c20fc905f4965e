"""What must always hold of matches."""

from __future__ import annotations

from coevolve.kit.invariants import Invariant

INVARIANTS = [
    Invariant(
        code="M1",
        says="a pairing joins a need or campaign with a standing offer of another organisation",
        sql="""
            SELECT pairing.id, need.kind AS need_kind, offer.kind AS offer_kind
            FROM pairing
            JOIN listing need ON need.id = pairing.need_id
            JOIN listing offer ON offer.id = pairing.offer_id
            WHERE need.kind NOT IN ('need', 'campaign') OR offer.kind <> 'standing_offer'
            OR need.organisation_id = offer.organisation_id
        """,
    ),
    Invariant(
        code="M2",
        says="a match was made by an interest of the person or of the organisation it names",
        sql="""
            SELECT match.id, match.interest_id FROM match JOIN interest ON interest.id = match.interest_id
            WHERE interest.person_id IS DISTINCT FROM
                CASE WHEN match.for_organisation IS NULL THEN match.person_id END
            OR interest.organisation_id IS DISTINCT FROM match.for_organisation
        """,
    ),
    Invariant(
        code="M3",
        says="the shelf of lines holds the lines of open, shown needs, campaigns and offers, and no others",
        sql="""
            SELECT coalesce(shelf.line_id, line.id) AS line_id, shelf.line_id IS NULL AS is_missing
            FROM shelf_line shelf FULL JOIN (
                SELECT line.id FROM listing_line line JOIN listing ON listing.id = line.listing_id
                WHERE listing.state = 'open' AND listing.hidden_since IS NULL AND listing.kind <> 'opportunity'
            ) line ON line.id = shelf.line_id
            WHERE shelf.line_id IS NULL OR line.id IS NULL
        """,
    ),
    Invariant(
        code="M4",
        says="a pair of lines is of the pairing's need and offer, and of one kind and category",
        sql="""
            SELECT pair.pairing_id, pair.need_line_id, pair.offer_line_id FROM pairing_line pair
            JOIN pairing ON pairing.id = pair.pairing_id
            JOIN listing_line asked ON asked.id = pair.need_line_id
            JOIN listing_line offered ON offered.id = pair.offer_line_id
            WHERE asked.listing_id <> pairing.need_id OR offered.listing_id <> pairing.offer_id
            OR (asked.kind, asked.category) <> (offered.kind, offered.category)
        """,
    ),
]
