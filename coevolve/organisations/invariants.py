"""What always holds of organisations, as queries that return no rows."""

from __future__ import annotations

from coevolve.kit.invariants import Invariant
from coevolve.organisations.levels import REQUIRED

_REQUIRED = ", ".join(
    f"('{kind}', '{subject}')" for kind, subjects in REQUIRED.items() for subject in subjects
)

INVARIANTS = [
    Invariant(
        code="OR1",
        says="Every organisation has an owner.",
        sql="""
        SELECT o.id, o.slug FROM organisation o
         WHERE NOT EXISTS (SELECT 1 FROM membership m
            WHERE m.organisation_id = o.id AND m.role = 'owner' AND m.until IS NULL)
        """,
    ),
    Invariant(
        code="OR2",
        says="An organisation's level is what its live claims amount to (a day's grace for the clock's job).",
        sql=f"""
        WITH required (kind, subject) AS (VALUES {_REQUIRED}),
        live AS (SELECT organisation_id, subject, method FROM verification_claim
            WHERE state = 'accepted' AND (expires_on IS NULL OR expires_on >= current_date - 1)),
        computed AS (SELECT o.id, o.slug, o.level, CASE
            WHEN EXISTS (SELECT 1 FROM required r WHERE r.kind = o.kind AND NOT EXISTS (SELECT 1 FROM live l
                WHERE l.organisation_id = o.id AND l.subject = r.subject)) THEN 1
            WHEN NOT EXISTS (SELECT 1 FROM live l WHERE l.organisation_id = o.id
                AND (l.subject = 'visit' OR l.method IN ('visit', 'peer'))) THEN 2
            WHEN NOT EXISTS (SELECT 1 FROM live l WHERE l.organisation_id = o.id
                AND l.subject = 'track_record') THEN 3
            ELSE 4 END AS amounts_to FROM organisation o)
        SELECT id, slug, level, amounts_to FROM computed WHERE level <> amounts_to
        """,
    ),
    Invariant(
        code="OR3",
        says="An accepted invitation led to a membership.",
        sql="""
        SELECT i.id FROM invitation i WHERE i.accepted_at IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM membership m WHERE m.organisation_id = i.organisation_id AND m.since >= i.created_at)
        """,
    ),
]
