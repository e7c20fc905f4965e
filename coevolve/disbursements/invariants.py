"""What always holds of money out, as queries that return no rows."""

from __future__ import annotations

from coevolve.disbursements.own_rules import OWN_RULES
from coevolve.kit.invariants import Invariant

INVARIANTS = [
    *OWN_RULES,
    Invariant(
        code="I12-held",
        says="In the order written, no fund ever had less than what was held of it: disbursed <= available then.",
        sql="""
        SELECT account_id, last_id, running FROM (
          SELECT account_id, last_id, floor,
              sum(free) OVER (PARTITION BY account_id ORDER BY last_id) AS running
            FROM (
              SELECT account_id, posting_id, max(side.id) AS last_id, sum(free) AS free, min(a.floor) AS floor
              FROM (
                SELECT credit_id AS account_id, posting_id, id, amount AS free FROM ledger_transfer
                 WHERE phase IN ('single', 'fulfil')
                UNION ALL
                SELECT debit_id, posting_id, id,
                    CASE phase WHEN 'single' THEN -amount WHEN 'pending' THEN -amount
                               WHEN 'void' THEN amount ELSE 0 END
                  FROM ledger_transfer
              ) AS side JOIN ledger_account a ON a.id = account_id AND a.floor IS NOT NULL AND a.code LIKE 'fund:%'
              GROUP BY account_id, posting_id
            ) AS moved
        ) AS history WHERE running < floor
        """,
    ),
    Invariant(
        code="disbursement-hold",
        says="What is on its way out is held in the books in full; what is not holds nothing.",
        sql="""
        SELECT d.id, d.state, d.amount, p.amount - p.fulfilled - p.voided AS outstanding
          FROM disbursement d LEFT JOIN ledger_pending p ON p.id = d.hold_id
         WHERE coalesce(p.amount - p.fulfilled - p.voided, 0)
               <> CASE WHEN d.state IN ('proposed', 'approved', 'released', 'sending', 'sent', 'unknown')
                       THEN d.amount ELSE 0 END
        """,
    ),
    Invariant(
        code="disbursement-lines",
        says="A disbursement is the sum of its lines, all of its own listing's budget.",
        sql="""
        SELECT d.id, d.amount, coalesce(sum(x.amount), 0) AS lines FROM disbursement d
          LEFT JOIN disbursement_line x ON x.disbursement_id = d.id
          LEFT JOIN listing_line n ON n.id = x.line_id
         GROUP BY d.id
        HAVING coalesce(sum(x.amount), 0) <> d.amount
            OR bool_or(n.listing_id <> d.listing_id OR n.kind <> 'money' OR x.unit <> d.unit)
        """,
    ),
    Invariant(
        code="disbursement-account",
        says="Money goes only to an account of the listing's own organisation that three people had looked at.",
        sql="""
        SELECT d.id, d.state FROM disbursement d
          JOIN listing l ON l.id = d.listing_id
          JOIN payment_bank_account_version v ON v.id = d.account_version_id
          JOIN payment_bank_account a ON a.id = v.bank_account_id
          LEFT JOIN payment_bank_account_approval p ON p.version_id = v.id
         WHERE d.organisation_id <> l.organisation_id OR a.organisation_id IS DISTINCT FROM d.organisation_id
            OR p.version_id IS NULL
        """,
    ),
    Invariant(
        code="disbursement-advance",
        says="An advance not accounted for yet is what was disbursed less what accepted reports spent.",
        sql="""
        SELECT d.id, d.state, d.amount, b.balance + coalesce(x.amount, 0) AS open_advance, s.spent
          FROM disbursement d
          LEFT JOIN ledger_account a ON a.code = 'spending:' || d.id || ':' || d.unit
          LEFT JOIN ledger_balance b ON b.account_id = a.id
          LEFT JOIN LATERAL (SELECT sum(amount) AS amount FROM ledger_delta WHERE account_id = a.id) x ON true
          LEFT JOIN LATERAL (SELECT coalesce(sum(e.amount), 0) AS spent FROM disbursement_report r
              JOIN disbursement_expense e ON e.report_id = r.id
             WHERE r.disbursement_id = d.id AND r.state = 'accepted') s ON true
         WHERE coalesce(b.balance + coalesce(x.amount, 0), 0)
               <> CASE d.state WHEN 'settled' THEN d.amount - s.spent ELSE 0 END
        """,
    ),
    Invariant(
        code="disbursement-report",
        says="What reached the organisation has one open report until all of it is accounted for; nothing else has.",
        sql="""
        SELECT d.id, d.state, count(r.id) AS open_reports FROM disbursement d
          LEFT JOIN disbursement_report r ON r.disbursement_id = d.id
            AND r.state IN ('due', 'submitted', 'returned')
          LEFT JOIN LATERAL (SELECT coalesce(sum(e.amount), 0) AS spent FROM disbursement_report q
              JOIN disbursement_expense e ON e.report_id = q.id
             WHERE q.disbursement_id = d.id AND q.state = 'accepted') s ON true
         GROUP BY d.id, s.spent
        HAVING count(r.id) <> (d.state = 'settled' AND s.spent < d.amount)::int
        """,
    ),
    Invariant(
        code="spending-shown",
        says="What a budget line shows as spent, and its receipts, are those of accepted reports.",
        sql="""
        SELECT n.id, n.spent, n.receipts, coalesce(s.spent, 0) AS reported, coalesce(s.receipts, 0) AS proofs
          FROM listing_line n
          LEFT JOIN (SELECT e.line_id, sum(e.amount) AS spent, count(*) AS receipts
                       FROM disbursement_expense e JOIN disbursement_report r ON r.id = e.report_id
                      WHERE r.state = 'accepted' GROUP BY e.line_id) s ON s.line_id = n.id
         WHERE (n.spent <> 0 OR n.receipts <> 0 OR s.line_id IS NOT NULL)
           AND (n.spent <> coalesce(s.spent, 0) OR n.receipts <> coalesce(s.receipts, 0))
        """,
    ),
    Invariant(
        code="spending-late",
        says="A listing is hidden exactly while a report on its money is late (a day's grace for the clock's job).",
        sql="""
        SELECT l.id, l.hidden_since FROM listing l
         WHERE (l.hidden_since IS NOT NULL AND NOT EXISTS (SELECT 1 FROM disbursement_report r
                 WHERE r.listing_id = l.id AND r.state IN ('due', 'returned') AND r.due_on < l.hidden_since))
            OR (l.hidden_since IS NULL AND EXISTS (SELECT 1 FROM disbursement_report r
                 WHERE r.listing_id = l.id AND r.state IN ('due', 'returned') AND r.due_on < current_date - 2))
        """,
    ),
    Invariant(
        code="I11-disbursements",
        says="No posting of a disbursement or report without it.",
        sql="""
        SELECT p.id, p.idempotency_key FROM ledger_posting p
         WHERE (p.source_kind = 'disbursement'
                AND NOT EXISTS (SELECT 1 FROM disbursement s WHERE s.id = p.source_id))
            OR (p.source_kind = 'disbursement_report'
                AND NOT EXISTS (SELECT 1 FROM disbursement_report s WHERE s.id = p.source_id))
        """,
    ),
]
