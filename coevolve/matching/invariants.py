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
]
