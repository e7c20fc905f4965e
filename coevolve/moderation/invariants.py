"""What must always hold of reviews."""

from __future__ import annotations

from coevolve.kit.invariants import Invariant

INVARIANTS = [
    Invariant(
        code="moderation.own",
        says="Nobody decided about an organisation they belonged to at that moment.",
        sql="""
        SELECT d.id AS decision_id, d.by_person FROM decision d
          LEFT JOIN listing l ON d.about_kind = 'listing' AND l.id = d.about_id
          JOIN membership m ON m.person_id = d.by_person AND m.organisation_id = coalesce(l.organisation_id, d.about_id)
         WHERE m.since <= d.created_at AND (m.until IS NULL OR m.until > d.created_at)
        """,
    ),
    Invariant(
        code="moderation.round",
        says="A review is decided when a decision other than a first approval stands in it.",
        sql="""
        SELECT r.id AS review_id FROM review r JOIN decision d ON d.review_id = r.id
         WHERE r.state <> 'decided' AND d.verdict <> 'approve'
        """,
    ),
]
