"""What always holds of pledges, as queries that return no rows."""

from __future__ import annotations

from coevolve.kit.invariants import Invariant

INVARIANTS = [
    Invariant(
        code="PL1",
        says="No line of goods, time or facilities was promised more than it asks for.",
        sql="""
        SELECT l.id, l.quantity, b.balance + b.expected + coalesce(d.amount, 0) AS promised_or_kept
          FROM listing_line l
          JOIN ledger_account a ON a.code = 'promised_to:' || l.id || ':' || l.unit
          JOIN ledger_balance b ON b.account_id = a.id
          LEFT JOIN (SELECT account_id, sum(amount + expected) AS amount FROM ledger_delta GROUP BY account_id) d
            ON d.account_id = a.id
         WHERE l.kind <> 'money' AND NOT l.is_inexhaustible AND l.per = 'once'
           AND b.balance + b.expected + coalesce(d.amount, 0) > l.quantity
        """,
    ),
    Invariant(
        code="PL2",
        says="What a pledge line received is what its fulfilments say was kept and not returned.",
        sql="""
        SELECT pl.id, pl.received_quantity, coalesce(f.kept, 0) AS kept FROM pledge_line pl
          LEFT JOIN (SELECT pledge_line_id, sum(CASE WHEN state = 'returned' THEN -quantity_received
              WHEN state IN ('accepted', 'partly_accepted', 'confirmed') THEN quantity_received ELSE 0 END) AS kept
            FROM pledge_fulfilment GROUP BY pledge_line_id) f ON f.pledge_line_id = pl.id
         WHERE pl.received_quantity <> coalesce(f.kept, 0)
        """,
    ),
    Invariant(
        code="PL3",
        says="What is agreed and had not come stands in the commitment book, on accounts of its line (money: listing).",
        sql="""
        SELECT pl.id, pl.accepted_quantity, t.amount FROM pledge_line pl
          JOIN pledge p ON p.id = pl.pledge_id
          LEFT JOIN ledger_transfer t ON t.id = pl.hold_id
          LEFT JOIN ledger_account a ON a.id = t.credit_id
         WHERE pl.accepted_quantity > 0 AND NOT (pl.kind = 'money' AND p.is_pay_now)
           AND ((t.id IS NULL AND pl.hold_from <> pl.accepted_quantity) OR t.phase <> 'pending'
             OR t.amount + pl.hold_from <> pl.accepted_quantity OR a.code <>
             'promised_to:' || CASE pl.kind WHEN 'money' THEN p.listing_id ELSE pl.line_id END || ':' || pl.unit)
        """,
    ),
    Invariant(
        code="PL4",
        says="What of a promise was fulfilled in the books is what was kept of goods, time and facilities.",
        sql="""
        SELECT pl.id, pl.received_quantity, lp.fulfilled FROM pledge_line pl
          JOIN ledger_pending lp ON lp.id = pl.hold_id
         WHERE pl.kind <> 'money' AND pl.received_quantity <> pl.hold_from + lp.fulfilled - coalesce((
           SELECT sum(f.quantity_received) FROM pledge_fulfilment f
            WHERE f.pledge_line_id = pl.id AND f.state = 'returned'), 0)
        """,
    ),
    Invariant(
        code="PL5",
        says="A pledge that ended promises nothing more.",
        sql="""
        SELECT p.id, p.state, lp.amount - lp.fulfilled - lp.voided AS outstanding FROM pledge p
          JOIN pledge_line pl ON pl.pledge_id = p.id JOIN ledger_pending lp ON lp.id = pl.hold_id
         WHERE p.state IN ('declined', 'lapsed', 'withdrawn', 'cancelled')
           AND lp.amount - lp.fulfilled - lp.voided > 0
        """,
    ),
    Invariant(
        code="PL10",
        says="Of what is there by week or month, no more is agreed in one of them than there is.",
        sql="""
        SELECT l.id, pl.period_on, l.quantity, sum(CASE WHEN p.state IN ('accepted', 'partly_delivered', 'delivered',
            'confirmed') THEN pl.accepted_quantity ELSE pl.received_quantity END) AS taken
          FROM pledge_line pl JOIN pledge p ON p.id = pl.pledge_id JOIN listing_line l ON l.id = pl.line_id
         WHERE pl.period_on IS NOT NULL AND l.per <> 'once' GROUP BY l.id, pl.period_on
        HAVING sum(CASE WHEN p.state IN ('accepted', 'partly_delivered', 'delivered', 'confirmed')
            THEN pl.accepted_quantity ELSE pl.received_quantity END) > l.quantity
        """,
    ),
    Invariant(
        code="PL11",
        says="A time stands asked for while its request waits for an answer, and never after.",
        sql="""
        SELECT f.id, p.state FROM pledge_fulfilment f JOIN pledge_line pl ON pl.id = f.pledge_line_id
          JOIN pledge p ON p.id = pl.pledge_id WHERE f.state = 'asked' AND p.state <> 'requested'
        """,
    ),
    Invariant(
        code="PL6",
        says="A pledge's state says what its lines say: confirmed when all agreed came, never before.",
        sql="""
        SELECT p.id, p.state FROM pledge p
          JOIN (SELECT pledge_id, bool_and(received_quantity >= accepted_quantity)
              FILTER (WHERE accepted_quantity > 0) AS all_came, count(*) AS lines FROM pledge_line GROUP BY pledge_id) l
            ON l.pledge_id = p.id
         WHERE (p.state = 'confirmed' AND l.all_came IS NOT TRUE)
            OR (p.state IN ('accepted', 'partly_delivered', 'delivered') AND l.all_came IS TRUE)
            OR (p.state IN ('offered', 'requested') AND NOT p.is_pay_now AND l.all_came IS NOT NULL)
        UNION ALL
        SELECT p.id, p.state FROM pledge p WHERE NOT EXISTS (SELECT FROM pledge_line l WHERE l.pledge_id = p.id)
        """,
    ),
    Invariant(
        code="PL7",
        says="The instalments of a promise add up to it: no part is lost, none is more.",
        sql="""
        SELECT l.id, coalesce(l.accepted_quantity, l.quantity) AS promised, sum(i.quantity) AS planned
          FROM pledge_line l JOIN pledge_instalment i ON i.pledge_line_id = l.id
         GROUP BY l.id HAVING sum(i.quantity) <> coalesce(l.accepted_quantity, l.quantity)
        """,
    ),
    Invariant(
        code="PL8",
        says="Invoice numbers have no gaps, and an invoice bills what its transfer asks for.",
        sql="""
        SELECT issuer || '/' || year AS subject, count(*)::text || ' of ' || max(number)::text AS found
          FROM pledge_invoice GROUP BY issuer, year HAVING count(*) <> max(number) OR min(number) <> 1
        UNION ALL
        SELECT i.id::text, y.amount::text FROM pledge_invoice i JOIN payment y ON y.id = i.payment_id
         WHERE y.amount <> i.amount OR y.reference_id <> i.pledge_id
        """,
    ),
    Invariant(
        code="PL9",
        says="Of a promise for later, what the commitment book kept is never more than what came.",
        sql="""
        SELECT pl.id, pl.received_quantity, k.kept FROM pledge_line pl JOIN pledge p ON p.id = pl.pledge_id
          JOIN LATERAL (
            SELECT coalesce(sum(CASE g.kind WHEN 'pledge.returned' THEN -t.amount ELSE t.amount END), 0) AS kept
              FROM ledger_posting g JOIN ledger_transfer t ON t.posting_id = g.id AND t.phase IN ('fulfil', 'single')
             WHERE g.id IN (SELECT posting_id FROM pledge_fulfilment f WHERE f.pledge_line_id = pl.id)) k ON true
         WHERE pl.kind = 'money' AND NOT p.is_pay_now AND k.kept > pl.received_quantity
        """,
    ),
    Invariant(
        code="I11-pledge",
        says="No posting without its pledge, and no posting of a fulfilment without its row.",
        sql="""
        SELECT g.id, g.idempotency_key FROM ledger_posting g LEFT JOIN pledge p ON p.id = g.source_id
         WHERE g.source_kind = 'pledge' AND p.id IS NULL
        UNION ALL
        SELECT g.id, g.idempotency_key FROM ledger_posting g
          LEFT JOIN pledge_fulfilment f ON f.posting_id = g.id
         WHERE g.kind IN ('pledge.kept', 'pledge.returned') AND f.id IS NULL
        """,
    ),
]
