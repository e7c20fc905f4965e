"""What always holds between payments, bank, provider and books, as queries that return no rows."""

from __future__ import annotations

from coevolve.kit.invariants import Invariant

INVARIANTS = [
    Invariant(
        code="I5",
        says="Every transaction of the provider older than an hour has a posting or an open case.",
        sql="""
        SELECT x.txn_ref, x.kind, x.gross, x.unit FROM payment_provider_txn x
         WHERE x.explained_as IS NULL AND x.occurred_at < clock_timestamp() - interval '1 hour'
           AND x.created_at < clock_timestamp() - interval '10 minutes'
           AND NOT EXISTS (SELECT 1 FROM recon_case c
                            WHERE c.subject_kind = 'transaction' AND c.subject_id = x.txn_ref
                              AND c.state NOT IN ('resolved', 'written_off'))
        """,
    ),
    Invariant(
        code="I6",
        says="The clearing account equals the provider's balance at the last comparison, or a case is open.",
        sql="""
        SELECT DISTINCT ON (m.provider, m.account, m.unit) m.provider, m.account, m.unit, m.theirs, m.ours
          FROM recon_comparison m
         WHERE m.theirs <> m.ours + m.explained
           AND m.id = (SELECT max(n.id) FROM recon_comparison n
                        WHERE (n.provider, n.account, n.unit) = (m.provider, m.account, m.unit))
           AND NOT EXISTS (SELECT 1 FROM recon_case c WHERE c.kind = 'balance'
                              AND c.state NOT IN ('resolved', 'written_off'))
           AND NOT EXISTS (SELECT 1 FROM payment_inbox i WHERE i.received_at > m.at - interval '10 minutes')
        """,
    ),
    Invariant(
        code="I7",
        says="What is allocated of a bank line is its live allocations, and its state says so.",
        sql="""
        SELECT l.id, l.amount, l.allocated, l.state, coalesce(sum(a.amount), 0) AS live FROM recon_line l
          LEFT JOIN recon_allocation a ON a.line_id = l.id AND a.undone_at IS NULL AND a.posting_id IS NOT NULL
         GROUP BY l.id
        HAVING l.allocated <> coalesce(sum(a.amount), 0)
            OR (l.state = 'matched' AND l.allocated <> l.amount)
            OR (l.state = 'unmatched' AND l.allocated <> 0)
        """,
    ),
    Invariant(
        code="I7-bank",
        says="The ledger's bank accounts hold what the booked lines say.",
        sql="""
        SELECT b.account_id, b.booked, l.lines FROM (
          SELECT a.owner_id AS account_id, a.unit,
                 sum(CASE WHEN t.debit_id = a.id THEN t.amount ELSE -t.amount END) AS booked
            FROM ledger_account a JOIN ledger_transfer t ON a.id IN (t.debit_id, t.credit_id)
           WHERE a.owner_kind = 'payment_bank_account' AND t.phase IN ('single', 'fulfil')
           GROUP BY a.owner_id, a.unit) b
          FULL JOIN (SELECT bank_account_id, unit, sum(allocated) AS lines FROM recon_line
                      GROUP BY bank_account_id, unit) l
            ON l.bank_account_id = b.account_id AND l.unit = b.unit
         WHERE coalesce(b.booked, 0) <> coalesce(l.lines, 0)
        """,
    ),
    Invariant(
        code="I7-chain",
        says="The bank's own lines of an account stand in one chain: no gap, and each balance follows from the last.",
        sql="""
        SELECT * FROM (
          SELECT id, bank_account_id, seq, amount, running_balance,
                 lag(seq) OVER chain AS seq_before, lag(running_balance) OVER chain AS balance_before
            FROM recon_line WHERE seq IS NOT NULL WINDOW chain AS (PARTITION BY bank_account_id ORDER BY seq)) c
         WHERE seq_before IS NOT NULL AND (seq <> seq_before + 1 OR running_balance <> balance_before + amount)
        """,
    ),
    Invariant(
        code="I7-statement",
        says="An accepted statement has just the lines it brought; a refused or undone one is in no chain.",
        sql="""
        SELECT s.id, s.state, s.new_count, s.claimed_count, count(l.id) AS lines FROM recon_statement s
          LEFT JOIN recon_line l ON l.statement_id = s.id AND l.seq IS NOT NULL
         GROUP BY s.id
        HAVING count(l.id) <> CASE WHEN s.state = 'accepted' THEN s.new_count + s.claimed_count ELSE 0 END
        """,
    ),
    Invariant(
        code="I8",
        says="A fund holds what its own gifts brought, less what of them went back, less what was disbursed of it.",
        sql="""
        SELECT m.listing_id, m.kind, m.idempotency_key, m.amount FROM (
          SELECT a.owner_id AS listing_id, p.kind, p.source_kind, p.source_id, p.idempotency_key, t.amount
            FROM ledger_transfer t JOIN ledger_account a ON a.id = t.credit_id
            JOIN ledger_posting p ON p.id = t.posting_id
           WHERE a.owner_kind = 'listing' AND a.book = 'cash' AND t.phase IN ('single', 'fulfil')
          UNION ALL
          SELECT a.owner_id, p.kind, p.source_kind, p.source_id, p.idempotency_key, -t.amount
            FROM ledger_transfer t JOIN ledger_account a ON a.id = t.debit_id
            JOIN ledger_posting p ON p.id = t.posting_id
           WHERE a.owner_kind = 'listing' AND a.book = 'cash' AND t.phase IN ('single', 'fulfil')) m
          LEFT JOIN payment_refund r ON m.source_kind = 'refund' AND r.id = m.source_id
          LEFT JOIN payment_dispute d ON m.source_kind = 'dispute' AND d.id = m.source_id
          LEFT JOIN payment y ON y.id = CASE WHEN m.source_kind = 'payment' THEN m.source_id
                                            ELSE coalesce(r.payment_id, d.payment_id) END
          LEFT JOIN pledge g ON g.id = y.reference_id AND y.reference_kind = 'pledge'
          LEFT JOIN disbursement b ON m.source_kind = 'disbursement' AND b.id = m.source_id
         WHERE coalesce(g.listing_id, b.listing_id) IS DISTINCT FROM m.listing_id
        """,
    ),
    Invariant(
        code="I8-sum",
        says="What a payment brought its fund is within what it captured, and no more of it went back than came.",
        sql="""
        SELECT y.public_ref, y.captured, s.brought, s.back FROM payment y JOIN (
          SELECT coalesce(r.payment_id, d.payment_id, p.source_id) AS payment_id,
                 sum(m.amount) FILTER (WHERE p.kind IN ('payment.captured', 'payment.uncaptured')) AS brought,
                 -sum(m.amount) FILTER (WHERE p.source_kind <> 'payment') AS back
            FROM (SELECT t.posting_id, t.amount FROM ledger_transfer t JOIN ledger_account a ON a.id = t.credit_id
                   WHERE a.owner_kind = 'listing' AND a.book = 'cash' AND t.phase IN ('single', 'fulfil')
                  UNION ALL
                  SELECT t.posting_id, -t.amount FROM ledger_transfer t JOIN ledger_account a ON a.id = t.debit_id
                   WHERE a.owner_kind = 'listing' AND a.book = 'cash' AND t.phase IN ('single', 'fulfil')) m
            JOIN ledger_posting p ON p.id = m.posting_id
            LEFT JOIN payment_refund r ON p.source_kind = 'refund' AND r.id = p.source_id
            LEFT JOIN payment_dispute d ON p.source_kind = 'dispute' AND d.id = p.source_id
           WHERE p.source_kind IN ('payment', 'refund', 'dispute') GROUP BY 1) s ON s.payment_id = y.id
         WHERE coalesce(s.brought, 0) NOT BETWEEN 0 AND y.captured
            OR coalesce(s.back, 0) NOT BETWEEN 0 AND coalesce(s.brought, 0)
        """,
    ),
    Invariant(
        code="I11",
        says="No posting without its source (payment, refund, dispute, payout, bank account, case, transaction ...).",
        sql="""
        SELECT p.id, p.idempotency_key, p.source_kind FROM ledger_posting p
         WHERE (p.source_kind = 'payment' AND NOT EXISTS (SELECT 1 FROM payment s WHERE s.id = p.source_id))
            OR (p.source_kind = 'refund' AND NOT EXISTS (SELECT 1 FROM payment_refund s WHERE s.id = p.source_id))
            OR (p.source_kind = 'dispute' AND NOT EXISTS (SELECT 1 FROM payment_dispute s WHERE s.id = p.source_id))
            OR (p.source_kind = 'payout' AND NOT EXISTS (SELECT 1 FROM payment_payout s WHERE s.id = p.source_id))
            OR (p.source_kind = 'bank_account'
                AND NOT EXISTS (SELECT 1 FROM payment_bank_account s WHERE s.id = p.source_id))
            OR (p.source_kind = 'case' AND NOT EXISTS (SELECT 1 FROM recon_case s WHERE s.id = p.source_id))
            OR (p.source_kind = 'provider_txn'
                AND NOT EXISTS (SELECT 1 FROM payment_provider_txn s WHERE s.id = p.source_id))
            OR (p.source_kind = 'disbursement' AND NOT EXISTS (SELECT 1 FROM disbursement s WHERE s.id = p.source_id))
            OR p.source_kind NOT IN ('payment', 'refund', 'dispute', 'payout', 'bank_account', 'case', 'provider_txn',
                'disbursement', 'disbursement_report', 'pledge', 'pledge_fulfilment')
        """,
    ),
    Invariant(
        code="recon-once",
        says="Each object of the provider is booked at most once.",
        sql="""
        SELECT split_part(idempotency_key, ':', 3) AS object, count(*) FROM ledger_posting
         WHERE idempotency_key LIKE 'stripe:charge:%' AND idempotency_key LIKE '%capture' GROUP BY 1 HAVING count(*) > 1
        """,
    ),
]
