"""What always holds in the books, as queries that return no rows."""

from __future__ import annotations

from coevolve.kit.invariants import Invariant

# One row per account: what its transfers alone say.
_RECOMPUTED = """
SELECT account_id, sum(amount)::bigint AS balance, sum(held)::bigint AS held,
    sum(expected)::bigint AS expected, sum(spent)::bigint AS spent FROM (
  SELECT credit_id AS account_id,
      CASE WHEN phase IN ('single', 'fulfil') THEN amount ELSE 0 END AS amount, 0 AS held,
      CASE phase WHEN 'pending' THEN amount WHEN 'single' THEN 0 ELSE -amount END AS expected,
      CASE WHEN is_spending AND phase IN ('single', 'fulfil') THEN -amount ELSE 0 END AS spent
    FROM ledger_transfer
  UNION ALL
  SELECT debit_id, CASE WHEN phase IN ('single', 'fulfil') THEN -amount ELSE 0 END,
      CASE phase WHEN 'pending' THEN amount WHEN 'single' THEN 0 ELSE -amount END, 0,
      CASE WHEN is_spending AND phase IN ('single', 'fulfil') THEN amount ELSE 0 END FROM ledger_transfer
) AS side GROUP BY account_id
"""

INVARIANTS = [
    Invariant(
        code="I1",
        says="Debits equal credits per unit and book, and every transfer keeps its accounts' unit and book.",
        sql="""
        SELECT unit, book, sum(amount) AS difference FROM (
          SELECT a.unit, a.book, t.amount FROM ledger_transfer t JOIN ledger_account a ON a.id = t.credit_id
          UNION ALL
          SELECT a.unit, a.book, -t.amount FROM ledger_transfer t JOIN ledger_account a ON a.id = t.debit_id
        ) AS side GROUP BY unit, book HAVING sum(amount) <> 0
        """,
    ),
    Invariant(
        code="I2",
        says="No account is below its floor; folded balance + open deltas = what the transfers say.",
        sql=f"""
        SELECT a.id, a.code, r.balance AS recomputed, b.balance AS folded, b.held, r.held AS recomputed_held
          FROM ledger_account a
          LEFT JOIN ledger_balance b ON b.account_id = a.id
          LEFT JOIN ({_RECOMPUTED}) r ON r.account_id = a.id
          LEFT JOIN (SELECT account_id, sum(amount) AS amount, sum(expected) AS expected, sum(spent) AS spent
            FROM ledger_delta GROUP BY account_id) d ON d.account_id = a.id
         WHERE (a.floor IS NULL AND b.account_id IS NOT NULL)
            OR (a.floor IS NOT NULL AND (
              b.account_id IS NULL OR b.floor <> a.floor
              OR coalesce(r.balance, 0) - coalesce(r.held, 0) < a.floor
              OR b.balance + coalesce(d.amount, 0) <> coalesce(r.balance, 0)
              OR b.held <> coalesce(r.held, 0)
              OR b.expected + coalesce(d.expected, 0) <> coalesce(r.expected, 0)
              OR b.spent + coalesce(d.spent, 0) <> coalesce(r.spent, 0)))
        """,
    ),
    Invariant(
        code="I4",
        says="Fulfilled + voided never exceed a pending transfer, are what its rows say, on its accounts.",
        sql="""
        SELECT t.id, t.amount, p.fulfilled, p.voided FROM ledger_transfer t
          LEFT JOIN ledger_pending p ON p.id = t.id
          LEFT JOIN (SELECT pending_id, coalesce(sum(amount) FILTER (WHERE phase = 'fulfil'), 0) AS fulfilled,
              coalesce(sum(amount) FILTER (WHERE phase = 'void'), 0) AS voided
            FROM ledger_transfer WHERE pending_id IS NOT NULL GROUP BY pending_id) r ON r.pending_id = t.id
         WHERE t.phase = 'pending' AND (p.id IS NULL OR p.amount <> t.amount
           OR p.fulfilled + p.voided > t.amount
           OR p.fulfilled <> coalesce(r.fulfilled, 0) OR p.voided <> coalesce(r.voided, 0))
        UNION ALL
        SELECT s.id, s.amount, NULL, NULL FROM ledger_transfer s JOIN ledger_transfer t ON t.id = s.pending_id
         WHERE t.phase <> 'pending' OR (s.debit_id, s.credit_id, s.unit, s.book, s.is_spending)
           <> (t.debit_id, t.credit_id, t.unit, t.book, t.is_spending)
        """,
    ),
    Invariant(
        code="I11-ledger",
        says="Every posting has transfers, numbered from 0; a reversal mirrors all of what it reverses.",
        sql="""
        SELECT p.id, p.idempotency_key FROM ledger_posting p
          LEFT JOIN (SELECT posting_id, count(*) AS legs, max(leg) AS last, sum(amount) AS amount
            FROM ledger_transfer GROUP BY posting_id) t ON t.posting_id = p.id
          LEFT JOIN (SELECT posting_id, sum(amount) AS amount FROM ledger_transfer GROUP BY posting_id) o
            ON o.posting_id = p.reverses_id
         WHERE t.posting_id IS NULL OR t.last <> t.legs - 1
            OR (p.reverses_id IS NOT NULL AND o.amount IS DISTINCT FROM t.amount)
        """,
    ),
    Invariant(
        code="I12",
        says="In the order written, no account was ever below its floor: disbursed <= available then.",
        sql="""
        SELECT account_id, last_id, running FROM (
          SELECT account_id, last_id, floor,
              sum(amount) OVER (PARTITION BY account_id ORDER BY last_id) AS running
            FROM (
              SELECT account_id, posting_id, max(side.id) AS last_id, sum(amount) AS amount,
                  min(a.floor) AS floor
              FROM (
                SELECT credit_id AS account_id, posting_id, id, amount FROM ledger_transfer
                 WHERE phase IN ('single', 'fulfil')
                UNION ALL
                SELECT debit_id, posting_id, id, -amount FROM ledger_transfer
                 WHERE phase IN ('single', 'fulfil')
              ) AS side JOIN ledger_account a ON a.id = account_id AND a.floor IS NOT NULL
              GROUP BY account_id, posting_id
            ) AS moved
        ) AS history WHERE running < floor
        """,
    ),
    Invariant(
        code="ledger-seal",
        says="Sealed days cover the transfers without gap or overlap, and their row counts still hold.",
        sql="""
        SELECT day, first_id, last_id FROM (
          SELECT s.*, lag(last_id) OVER (ORDER BY last_id, day) AS before,
              (SELECT count(*) FROM ledger_transfer t WHERE t.id BETWEEN s.first_id AND s.last_id) AS found
            FROM ledger_seal s
        ) AS sealed WHERE first_id <> coalesce(before, 0) + 1 OR found <> row_count
        """,
    ),
]
