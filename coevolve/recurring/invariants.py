"""What always holds of monthly gifts, as queries that return no rows."""

from __future__ import annotations

from coevolve.kit.invariants import Invariant

INVARIANTS = [
    Invariant(
        code="monthly-once",
        says="No month of a monthly gift took money for its campaign twice.",
        sql="""
        SELECT c.plan_id, c.month, count(*) AS captured FROM monthly_charge c
          JOIN payment p ON p.reference_kind = 'pledge' AND p.reference_id = c.pledge_id AND p.state = 'captured'
         GROUP BY c.id HAVING count(*) > 1
        """,
    ),
    Invariant(
        code="monthly-paid",
        says="A month of a monthly gift is paid exactly when one of its payments took the money.",
        sql="""
        SELECT c.id, c.plan_id, c.month, c.paid_at FROM monthly_charge c
          LEFT JOIN payment p ON p.reference_kind = 'pledge' AND p.reference_id = c.pledge_id AND p.state = 'captured'
         GROUP BY c.id HAVING (c.paid_at IS NOT NULL) <> (count(p.id) > 0)
        """,
    ),
    Invariant(
        code="monthly-due",
        says="A running monthly gift knows when it is due; a paused one knows why.",
        sql="""
        SELECT id, state, due_at, paused_because FROM monthly_gift
         WHERE (state IN ('active', 'past_due')) <> (due_at IS NOT NULL)
            OR (state = 'paused') <> (paused_because IS NOT NULL)
        """,
    ),
]
