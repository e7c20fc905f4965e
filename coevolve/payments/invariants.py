"""What always holds of payments, as queries that return no rows."""

from __future__ import annotations

from coevolve.kit.invariants import Invariant

INVARIANTS = [
    Invariant(
        code="I3",
        says="What a payment says was captured, refunded and disputed is what the ledger says.",
        sql="""
        WITH booked AS (
          SELECT p.source_id AS payment_id,
                 sum(CASE p.kind WHEN 'payment.captured' THEN t.amount ELSE -t.amount END) AS captured
            FROM ledger_posting p JOIN ledger_transfer t ON t.posting_id = p.id
           WHERE p.kind IN ('payment.captured', 'payment.uncaptured') AND p.source_kind = 'payment'
           GROUP BY p.source_id
        ), gone AS (
          SELECT r.payment_id,
                 sum(CASE p.kind WHEN 'refund.done' THEN t.amount ELSE -t.amount END) AS refunded
            FROM payment_refund r
            JOIN ledger_posting p ON p.source_id = r.id AND p.kind IN ('refund.done', 'refund.came_back')
            JOIN ledger_transfer t ON t.posting_id = p.id GROUP BY r.payment_id
        ), held AS (
          SELECT d.payment_id,
                 sum(CASE p.kind WHEN 'dispute.held' THEN t.amount ELSE -t.amount END) AS disputed
            FROM payment_dispute d
            JOIN ledger_posting p ON p.source_id = d.id AND p.kind IN ('dispute.held', 'dispute.released')
            JOIN ledger_transfer t ON t.posting_id = p.id GROUP BY d.payment_id
        )
        SELECT y.id, y.public_ref, y.captured, b.captured AS booked, y.refunded, g.refunded AS gone,
               y.disputed, h.disputed AS held
          FROM payment y
          LEFT JOIN booked b ON b.payment_id = y.id
          LEFT JOIN gone g ON g.payment_id = y.id
          LEFT JOIN held h ON h.payment_id = y.id
         WHERE y.captured <> coalesce(b.captured, 0) OR y.refunded <> coalesce(g.refunded, 0)
            OR y.disputed <> coalesce(h.disputed, 0)
        """,
    ),
    Invariant(
        code="I9",
        says="No call to a provider is unknown for over an hour, no event waits for over five minutes.",
        sql="""
        SELECT 'outbox' AS what, id, attempts, last_error FROM payment_outbox
         WHERE state = 'unknown' AND first_sent_at < clock_timestamp() - interval '1 hour'
        UNION ALL
        SELECT 'inbox', id, attempts, last_error FROM payment_inbox
         WHERE state = 'new' AND received_at < clock_timestamp() - interval '5 minutes'
           AND coalesce(last_error, '') NOT LIKE 'UnknownPayment%'
        """,
    ),
    Invariant(
        code="I10",
        says="A captured payment has one live receipt unless all of it went back; receipt numbers have no gaps.",
        sql="""
        SELECT y.public_ref AS subject, count(r.id)::text AS found FROM payment y
          LEFT JOIN payment_receipt r ON r.payment_id = y.id AND r.annulled_at IS NULL
         WHERE y.state = 'captured' AND y.captured > y.refunded + y.disputed
         GROUP BY y.id HAVING count(r.id) <> 1
        UNION ALL
        SELECT issuer || '/' || year, count(*)::text || ' of ' || max(number)::text FROM payment_receipt
         WHERE number IS NOT NULL GROUP BY issuer, year HAVING count(*) <> max(number) OR min(number) <> 1
        UNION ALL
        SELECT r.issuer || '/' || r.year, 'counter' FROM payment_receipt r
          LEFT JOIN payment_receipt_counter c ON c.issuer = r.issuer AND c.year = r.year
         WHERE r.number IS NOT NULL GROUP BY r.issuer, r.year, c.last HAVING max(r.number) IS DISTINCT FROM c.last
        """,
    ),
    Invariant(
        code="payment-captured",
        says="A payment has money exactly when it is captured, on time or late.",
        sql="""
        SELECT id, public_ref, state, captured FROM payment
         WHERE (captured > 0) <> (state IN ('captured', 'captured_late'))
        """,
    ),
]
