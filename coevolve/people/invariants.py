"""What always holds of people, as queries that return no rows."""

from __future__ import annotations

from coevolve.kit.invariants import Invariant

INVARIANTS = [
    Invariant(
        code="PE1",
        says="Only active people are signed in.",
        sql="""
        SELECT s.id, p.state FROM login_session s JOIN person p ON p.id = s.person_id WHERE p.state <> 'active'
        """,
    ),
    Invariant(
        code="PE2",
        says="A recovery code belongs to somebody with a code app.",
        sql="""
        SELECT c.id FROM recovery_code c WHERE NOT EXISTS (SELECT 1 FROM second_factor f
            WHERE f.person_id = c.person_id AND f.confirmed_at IS NOT NULL)
        """,
    ),
    Invariant(
        code="PE3",
        says="A link that did its work was sent before.",
        sql="SELECT id FROM account_mail WHERE used_at IS NOT NULL AND token_hash IS NULL",
    ),
]
