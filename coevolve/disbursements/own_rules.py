"""What always holds of gifts in organisations' own banks (direct custody); part of INVARIANTS."""

from __future__ import annotations

from coevolve.kit.invariants import Invariant

OWN_RULES = [
    Invariant(
        code="own-hands",
        says="What lies in an organisation's own hands is what its listing's gifts brought there, less what went back.",
        sql="""
        SELECT h.code, h.held, s.gifts FROM (
          SELECT a.code, a.id, split_part(a.code, ':', 2)::uuid AS listing_id, b.balance + coalesce((
              SELECT sum(d.amount) FROM ledger_delta d WHERE d.account_id = a.id), 0) AS held
            FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id WHERE a.code LIKE 'in_hands:%') h
          LEFT JOIN (SELECT g.listing_id, sum(CASE f.state WHEN 'confirmed' THEN f.quantity_received
                  WHEN 'returned' THEN -f.quantity_received ELSE 0 END) AS kept, sum(f.quantity_received) AS gifts
              FROM pledge_fulfilment f JOIN payment y ON y.id = f.payment_id JOIN pledge g ON g.id = y.reference_id
              JOIN payment_bank_account k ON k.id = y.bank_account_id AND k.organisation_id IS NOT NULL
             GROUP BY g.listing_id) s ON s.listing_id = h.listing_id
         WHERE h.held > coalesce(s.gifts, 0)
            OR h.held > coalesce(s.kept, 0)
            OR h.held < coalesce(s.kept, 0) - (
              SELECT coalesce(sum(r.gift), 0) FROM payment_refund r JOIN payment y ON y.id = r.payment_id
                JOIN pledge g ON g.id = y.reference_id
               WHERE g.listing_id = h.listing_id AND r.fund_posting_id IS NOT NULL
                 AND r.state IN ('approved', 'sending', 'pending', 'requires_action'))
        """,
    ),
    Invariant(
        code="own-spending",
        says="What is not accounted for is what lies in hands less what accepted reports spent (none of it twice).",
        sql="""
        SELECT m.code, m.left_over, h.held, s.spent FROM (
          SELECT a.code, split_part(a.code, ':', 2)::uuid AS listing_id, b.balance + coalesce((
              SELECT sum(d.amount) FROM ledger_delta d WHERE d.account_id = a.id), 0) AS left_over
            FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id WHERE a.code LIKE 'own_spending:%') m
          LEFT JOIN (SELECT split_part(a.code, ':', 2)::uuid AS listing_id, b.balance + coalesce((
              SELECT sum(d.amount) FROM ledger_delta d WHERE d.account_id = a.id), 0) AS held
            FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id WHERE a.code LIKE 'in_hands:%') h
            ON h.listing_id = m.listing_id
          LEFT JOIN (SELECT r.listing_id, sum(e.amount) AS spent FROM disbursement_report r
              JOIN disbursement_expense e ON e.report_id = r.id
             WHERE r.disbursement_id IS NULL AND r.state = 'accepted' GROUP BY r.listing_id) s
            ON s.listing_id = m.listing_id
         WHERE m.left_over > coalesce(h.held, 0)
            OR coalesce(h.held, 0) - m.left_over > coalesce(s.spent, 0)
        """,
    ),
    Invariant(
        code="own-report",
        says="Gifts in the own bank that nothing accounts for have one open report; without any, none is awaited.",
        sql="""
        SELECT m.listing_id, m.left_over, count(r.id) AS open_reports FROM (
          SELECT split_part(a.code, ':', 2)::uuid AS listing_id, b.balance + coalesce((
              SELECT sum(d.amount) FROM ledger_delta d WHERE d.account_id = a.id), 0) AS left_over
            FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id WHERE a.code LIKE 'own_spending:%') m
          LEFT JOIN disbursement_report r ON r.listing_id = m.listing_id AND r.disbursement_id IS NULL
            AND r.state IN ('due', 'submitted', 'returned')
         GROUP BY m.listing_id, m.left_over
        HAVING (m.left_over > 0 AND count(r.id) <> 1)
            OR (m.left_over = 0 AND count(r.id) FILTER (WHERE r.state <> 'submitted') > 0)
        """,
    ),
    Invariant(
        code="own-apart",
        says="Money in an organisation's own bank and ours never meet, but where a gift passes through its fund.",
        sql="""
        SELECT p.id, p.idempotency_key, d.code AS debit, c.code AS credit FROM ledger_account o
          JOIN ledger_transfer t ON o.id IN (t.debit_id, t.credit_id)
          JOIN ledger_account d ON d.id = t.debit_id JOIN ledger_account c ON c.id = t.credit_id
          JOIN ledger_posting p ON p.id = t.posting_id
         WHERE o.custodian_id IS NOT NULL AND d.custodian_id IS DISTINCT FROM c.custodian_id
           AND NOT (d.code LIKE 'fund:%' OR c.code LIKE 'fund:%')
        """,
    ),
    Invariant(
        code="own-custody",
        says="An organisation whose gifts go to its own bank has that account open; no other has one.",
        sql="""
        SELECT o.id, o.custody, count(a.id) AS open_accounts FROM organisation o
          LEFT JOIN payment_bank_account a ON a.organisation_id = o.id AND a.is_receiving
         GROUP BY o.id HAVING count(a.id) <> (o.custody = 'direct')::int
        """,
    ),
]
