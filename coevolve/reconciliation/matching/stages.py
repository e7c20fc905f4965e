"""The stages of matching, strongest evidence first. Each takes only lines and payments that none before it took.

Shapes that keep a million against a million fast: joins on equal columns only (a day's range is three generated
days, never BETWEEN; the sum with and without code are two stages, never IN), one UPDATE per line, names compared
after the join and inside windows, and what is taken is known by the allocations that are not booked yet.
"""

from __future__ import annotations

from dataclasses import dataclass

DAYS = 3
"""So many days may lie between asking for a transfer and the bank's booking."""
ALIKE = 0.6
MARGIN = 0.2
UNLIKE = 0.2
"""Likeness of names: at least so alike; so much more than the next; below: another person."""
MOST_PARTS = 20


@dataclass(frozen=True, slots=True)
class Stage:
    """One statement; its first column of its only row counts the lines it settled."""

    name: str
    says: str
    sql: str


# What a stage may look at. A line or payment that an earlier stage took has an allocation that is not booked yet: the
# line itself is not touched before it is booked (a row written once costs half of one written twice).
_LINE = """l.state = 'unmatched' AND l.bank_account_id = ANY(:accounts)
    AND (:typed OR l.statement_id IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM recon_allocation q WHERE q.line_id = l.id
      AND q.posting_id IS NULL AND q.undone_at IS NULL)"""
_IN = f"{_LINE} AND l.amount > 0"
_NAMELESS = f"{_IN} AND l.ref IS NULL AND l.refs IS NULL"
_WAITS = "p.provider = 'bank_transfer' AND p.state IN ('awaiting', 'grace')"
_FREE = """NOT EXISTS (SELECT 1 FROM recon_allocation t WHERE t.target_id = p.id
    AND t.posting_id IS NULL AND t.undone_at IS NULL)"""
_OWN = "EXISTS (SELECT 1 FROM payment_bank_account b WHERE b.id = l.bank_account_id AND b.organisation_id IS NOT NULL)"
"""The line is of an organisation's own bank: nothing of ours comes in or goes out there."""
_LIKENESS = "greatest(similarity(l.payer_norm, p.payer_norm), word_similarity(p.payer_norm, l.payer_norm))"


def _allocate(
    rule: str, *, sure: str, score: str = "u.score", source: str = "u", kind: str = "payment"
) -> str:
    return f"""
  INSERT INTO recon_allocation (line_id, target_kind, target_id, amount, rule, score, run_id, proposed_by, is_sure)
  SELECT u.id, '{kind}', u.payment_id, u.amount, '{rule}', {score}, CAST(:run AS uuid), 'system', {sure}
    FROM {source}"""


def _take(rule: str, *, score: str = "u.score", source: str = "u", kind: str = "payment") -> str:
    """Allocations that are sure, and how many lines they settle."""
    return f"""i AS ({_allocate(rule, sure="true", score=score, source=source, kind=kind)} RETURNING line_id)
SELECT count(DISTINCT line_id) FROM i
"""


# S1. The reference, the account and the sum still awaited agree; one line for the payment.
S1 = f"""
WITH c AS (
  SELECT l.id, p.id AS payment_id, l.amount, count(*) OVER (PARTITION BY p.id) AS lines
    FROM recon_line l JOIN payment p
      ON p.public_ref = l.ref AND p.bank_account_id = l.bank_account_id AND p.unit = l.unit
     AND p.expected_amount = l.amount
   WHERE {_IN} AND l.ref IS NOT NULL AND p.provider = 'bank_transfer'
     AND p.state IN ('awaiting', 'grace', 'captured') AND {_FREE}
), {_take("S1", score="1", source="c AS u WHERE u.lines = 1")}"""

# S1b. Other lines with a reference: a person looks, and is told what speaks against it.
S1B = f"""
WITH c AS (
  SELECT l.id, CASE
      WHEN p.id IS NULL THEN 'ref_unknown'
      WHEN p.provider <> 'bank_transfer' OR p.bank_account_id <> l.bank_account_id THEN 'ref_other_account'
      WHEN p.unit <> l.unit THEN 'ref_other_unit'
      WHEN p.state = 'captured_late' OR (p.state = 'captured' AND p.expected_amount = 0) THEN 'ref_paid'
      WHEN p.state = 'expired' THEN 'ref_expired'
      WHEN p.state IN ('cancelled', 'failed', 'voided') THEN 'ref_cancelled'
      WHEN l.amount = p.expected_amount THEN 'ref_twice'
      WHEN l.amount < p.expected_amount THEN 'ref_short'
      ELSE 'ref_over' END AS reason
    FROM recon_line l LEFT JOIN payment p ON p.public_ref = l.ref
   WHERE {_IN} AND l.ref IS NOT NULL
), u AS (
  UPDATE recon_line l SET state = 'review', reason = c.reason FROM c
   WHERE l.id = c.id AND l.state = 'unmatched' RETURNING l.id
)
SELECT count(*) FROM u
"""

# S1c. Two or more references in one text: when their sums add up to the line it is split, else a person looks.
S1C = f"""
WITH e AS (
  SELECT l.id, l.amount, l.bank_account_id, l.unit, r.ref
    FROM recon_line l CROSS JOIN LATERAL jsonb_array_elements_text(l.refs) AS r(ref)
   WHERE {_IN} AND l.refs IS NOT NULL
), m AS (
  SELECT e.id, e.amount, p.id AS payment_id, p.expected_amount,
      count(p.id) OVER (PARTITION BY p.id) AS lines
    FROM e LEFT JOIN payment p ON p.public_ref = e.ref AND p.bank_account_id = e.bank_account_id AND p.unit = e.unit
     AND p.expected_amount > 0 AND {_WAITS} AND {_FREE}
), g AS (
  SELECT id, count(*) = count(payment_id) AND sum(expected_amount) = min(amount)
      AND coalesce(max(lines) FILTER (WHERE payment_id IS NOT NULL), 0) = 1 AS fits FROM m GROUP BY id
), k AS (
  UPDATE recon_line l SET state = 'review', reason = 'refs_several' FROM g
   WHERE NOT g.fits AND l.id = g.id AND l.state = 'unmatched'
), u AS (
  SELECT m.id, m.payment_id, m.expected_amount AS amount FROM g JOIN m ON m.id = g.id WHERE g.fits
), {_take("S1c", score="1")}"""

_BY_SUM = f"""
  SELECT l.id, p.id AS payment_id, l.amount, l.bank_account_id, l.unit, l.booked_on, p.by_amount,
      CASE WHEN l.payer_norm <> '' AND p.payer_norm <> '' THEN {_LIKENESS} END AS likeness,
      count(*) OVER (PARTITION BY l.id) AS payments, count(*) OVER (PARTITION BY p.id) AS lines
    FROM recon_line l CROSS JOIN generate_series(0, {DAYS}) AS d(days)
    JOIN payment p ON p.bank_account_id = l.bank_account_id AND p.unit = l.unit AND p.amount = l.amount
     AND p.created_on = l.booked_on - d.days
   WHERE {_NAMELESS} AND {_WAITS} AND {_FREE}
"""

# S2. The sum alone names the payment (its code), one on each side, and no gift that lapsed lately had the same sum.
# Two known names that have nothing in common: a person looks. A large sum: a person agrees.
S2 = f"""
WITH c AS ({_BY_SUM}), j AS (
  SELECT c.*, CASE WHEN likeness < {UNLIKE} THEN 'review' WHEN amount >= :limit THEN 'proposed' ELSE 'sure' END
      AS verdict
    FROM c WHERE payments = 1 AND lines = 1 AND by_amount AND NOT EXISTS (
      SELECT 1 FROM payment r WHERE r.bank_account_id = c.bank_account_id AND r.unit = c.unit
         AND r.amount = c.amount AND r.state IN ('expired', 'cancelled')
         AND r.hold_until > CAST(:rested AS timestamptz))
), k AS (
  UPDATE recon_line l SET state = j.verdict,
      reason = CASE j.verdict WHEN 'review' THEN 'name_other' ELSE 'sum_large' END
    FROM j WHERE j.verdict <> 'sure' AND l.id = j.id AND l.state = 'unmatched'
  RETURNING l.id
), u AS (
  SELECT j.id, j.payment_id, j.amount, j.verdict, coalesce(j.likeness, 0.5) AS score FROM j
), i AS ({_allocate("S2", sure="u.verdict = 'sure'")} WHERE u.verdict <> 'review')
SELECT count(*) FROM j
"""


def _best_both_ways(found: str) -> str:
    """Of candidates (id, payment_id, score): best of its line and of its payment, well ahead of the next."""
    return f"""
, r AS (
  SELECT {found}.*,
      row_number() OVER of_line AS line_rank, score - coalesce(lead(score) OVER of_line, 0) AS line_ahead,
      row_number() OVER of_payment AS payment_rank,
      score - coalesce(lead(score) OVER of_payment, 0) AS payment_ahead
    FROM {found}
  WINDOW of_line AS (PARTITION BY id ORDER BY score DESC), of_payment AS (PARTITION BY payment_id ORDER BY score DESC)
), best AS (
  SELECT * FROM r WHERE line_rank = 1 AND payment_rank = 1 AND score >= {ALIKE}
     AND line_ahead >= {MARGIN} AND payment_ahead >= {MARGIN}
)"""


# S3a. The sum fits several; the name decides, if it is clearly the best on both sides.
S3A = f"""
WITH c AS (
  SELECT s.*, coalesce(s.likeness, 0) AS score FROM ({_BY_SUM}) s
){_best_both_ways("c")}, {_take("S3a", source="best AS u")}"""

# S4. One line pays two to twenty payments that one payer was asked for on one day.
S4 = f"""
WITH g AS (
  SELECT p.bank_account_id, p.unit, p.payer_norm, p.created_on, sum(p.amount)::bigint AS total,
      array_agg(p.id) AS payment_ids, array_agg(p.amount) AS amounts
    FROM payment p
   WHERE {_WAITS} AND p.payer_norm <> '' AND p.bank_account_id = ANY(:accounts) AND {_FREE}
   GROUP BY p.bank_account_id, p.unit, p.payer_norm, p.created_on HAVING count(*) BETWEEN 2 AND {MOST_PARTS}
), c AS (
  SELECT l.id, p.payment_ids, p.amounts, {_LIKENESS} AS score,
      count(*) OVER (PARTITION BY l.id) AS groups,
      count(*) OVER (PARTITION BY p.bank_account_id, p.unit, p.payer_norm, p.created_on) AS lines
    FROM recon_line l CROSS JOIN generate_series(0, {DAYS}) AS d(days)
    JOIN g p ON p.bank_account_id = l.bank_account_id AND p.unit = l.unit AND p.total = l.amount
     AND p.created_on = l.booked_on - d.days
   WHERE {_NAMELESS} AND l.payer_norm <> '' AND {_LIKENESS} >= {ALIKE}
), u AS (
  SELECT k.id, k.payment_id, k.amount, k.score
    FROM (SELECT id, score, unnest(payment_ids) AS payment_id, unnest(amounts) AS amount
            FROM c WHERE c.groups = 1 AND c.lines = 1) k
), {_take("S4")}"""

# S5a. Several lines that name one payment add up to what it awaits: together they are proposed.
S5A = f"""
WITH g AS (
  SELECT l.ref, l.bank_account_id, l.unit, sum(l.amount)::bigint AS total, array_agg(l.id) AS line_ids
    FROM recon_line l
   WHERE l.state = 'review' AND l.reason = 'ref_short' AND l.allocated = 0 AND l.bank_account_id = ANY(:accounts)
   GROUP BY l.ref, l.bank_account_id, l.unit HAVING count(*) BETWEEN 2 AND {MOST_PARTS}
), c AS (
  SELECT unnest(g.line_ids) AS id, p.id AS payment_id
    FROM g JOIN payment p ON p.public_ref = g.ref AND p.bank_account_id = g.bank_account_id AND p.unit = g.unit
     AND p.expected_amount = g.total
   WHERE {_WAITS} AND {_FREE}
), u AS (
  UPDATE recon_line l SET state = 'proposed', reason = 'parts' FROM c
   WHERE l.id = c.id AND l.state = 'review' AND l.allocated = 0
  RETURNING l.id, c.payment_id, l.amount
), i AS ({_allocate("S5", sure="false", score="1")})
SELECT count(*) FROM u
"""

# S5b. Several lines of one sender on one day add up to one payment (the gift and its code apart): proposed.
S5B = f"""
WITH l AS (
  SELECT l.bank_account_id, l.unit, l.payer_norm, l.booked_on, sum(l.amount)::bigint AS amount,
      array_agg(l.id) AS line_ids
    FROM recon_line l
   WHERE {_NAMELESS} AND l.payer_norm <> ''
   GROUP BY l.bank_account_id, l.unit, l.payer_norm, l.booked_on HAVING count(*) BETWEEN 2 AND {MOST_PARTS}
), c AS (
  SELECT l.line_ids, p.id AS payment_id, {_LIKENESS} AS score,
      count(*) OVER (PARTITION BY l.bank_account_id, l.unit, l.payer_norm, l.booked_on) AS payments,
      count(*) OVER (PARTITION BY p.id) AS groups
    FROM l CROSS JOIN generate_series(0, {DAYS}) AS d(days)
    JOIN payment p ON p.bank_account_id = l.bank_account_id AND p.unit = l.unit AND p.amount = l.amount
     AND p.created_on = l.booked_on - d.days
   WHERE {_WAITS} AND {_FREE} AND {_LIKENESS} >= {ALIKE}
), u AS (
  UPDATE recon_line l SET state = 'proposed', reason = 'parts'
    FROM (SELECT unnest(line_ids) AS id, payment_id, score FROM c WHERE payments = 1 AND groups = 1) c
   WHERE l.id = c.id AND l.state = 'unmatched'
  RETURNING l.id, c.payment_id, l.amount, c.score
), i AS ({_allocate("S5", sure="false")})
SELECT count(*) FROM u
"""

# S3b. The sum without its code, and the name: proposed. Sums without codes are round and common, so lines and payments
# are joined on a word of the name as well before names are compared.
S3B = f"""
WITH a AS (
  SELECT l.id, l.bank_account_id, l.unit, l.amount, l.payer_norm, l.booked_on - d.days AS created_on, w.word
    FROM recon_line l CROSS JOIN generate_series(0, {DAYS}) AS d(days)
   CROSS JOIN LATERAL (SELECT DISTINCT word FROM unnest(string_to_array(l.payer_norm, ' ')) AS w(word)
     WHERE length(word) > 2) w
   WHERE {_NAMELESS}
), pairs AS (
  SELECT DISTINCT a.id, p.id AS payment_id, a.payer_norm AS line_name, p.payer_norm AS payment_name
    FROM a JOIN (
      SELECT p.id, p.bank_account_id, p.unit, p.base_amount, p.created_on, p.payer_norm, w.word
        FROM payment p CROSS JOIN LATERAL unnest(string_to_array(p.payer_norm, ' ')) AS w(word)
       WHERE p.by_amount AND {_WAITS} AND p.bank_account_id = ANY(:accounts) AND length(w.word) > 2
         AND p.created_on BETWEEN (SELECT min(created_on) FROM a) AND (SELECT max(created_on) FROM a) AND {_FREE}
    ) p ON p.bank_account_id = a.bank_account_id AND p.unit = a.unit AND p.base_amount = a.amount
     AND p.created_on = a.created_on AND p.word = a.word
), c AS (
  SELECT id, payment_id,
      greatest(similarity(line_name, payment_name), word_similarity(payment_name, line_name)) AS score FROM pairs
){_best_both_ways("c")}, u AS (
  UPDATE recon_line l SET state = 'proposed', reason = 'code_forgotten' FROM best
   WHERE l.id = best.id AND l.state = 'unmatched'
  RETURNING l.id, best.payment_id, l.amount, best.score
), i AS ({_allocate("S3b", sure="false")})
SELECT count(*) FROM u
"""

# Known senders: this name was matched with a giver before, who has exactly one payment of about this sum open.
KNOWN = f"""
WITH k AS (
  SELECT l.id, l.amount, l.bank_account_id, l.unit, s.giver_kind, s.giver_id
    FROM recon_line l JOIN recon_sender s ON s.name_norm = l.payer_norm WHERE {_NAMELESS}
), g AS (
  SELECT k.*, g.id AS pledge_id FROM k JOIN pledge g ON g.giver_person_id = k.giver_id
   WHERE k.giver_kind = 'person' AND g.giver_organisation_id IS NULL
  UNION ALL
  SELECT k.*, g.id FROM k JOIN pledge g ON g.giver_organisation_id = k.giver_id WHERE k.giver_kind = 'organisation'
), w AS (
  SELECT g.id, p.id AS payment_id
    FROM g JOIN payment p ON p.reference_kind = 'pledge' AND p.reference_id = g.pledge_id
     AND p.bank_account_id = g.bank_account_id AND p.unit = g.unit
   WHERE {_WAITS} AND {_FREE} AND (g.amount = p.amount OR g.amount = p.base_amount)
), c AS (
  SELECT id, payment_id, count(*) OVER (PARTITION BY id) AS payments, count(*) OVER (PARTITION BY payment_id) AS lines
    FROM (SELECT DISTINCT id, payment_id FROM w) w
), u AS (
  UPDATE recon_line l SET state = 'proposed', reason = 'known_sender' FROM c
   WHERE c.payments = 1 AND c.lines = 1 AND l.id = c.id AND l.state = 'unmatched'
  RETURNING l.id, c.payment_id, l.amount
), i AS ({_allocate("known", sure="false", score="0.7")})
SELECT count(*) FROM u
"""

# The provider's payouts: the same sum, one on each side; sure when the bank's text carries the provider's name for it.
PAYOUT = f"""
WITH c AS (
  SELECT l.id, o.id AS payment_id, l.amount, count(*) OVER (PARTITION BY l.id) AS payouts,
      count(*) OVER (PARTITION BY o.id) AS lines,
      o.state = 'paid' AND position(upper(o.provider_ref) IN upper(l.text_raw)) > 0 AS is_named
    FROM payment_payout o JOIN recon_line l ON l.amount = o.amount AND l.unit = o.unit
   WHERE {_NAMELESS} AND NOT {_OWN} AND o.state IN ('in_transit', 'paid') AND l.booked_on >= o.created_at::date - 1
     AND NOT EXISTS (SELECT 1 FROM recon_allocation t WHERE t.target_id = o.id
       AND t.posting_id IS NULL AND t.undone_at IS NULL)
), u AS (
  SELECT * FROM c WHERE c.payouts = 1 AND c.lines = 1
), k AS (
  UPDATE recon_line l SET state = 'proposed', reason = 'payout_sum' FROM u
   WHERE NOT u.is_named AND l.id = u.id AND l.state = 'unmatched'
), i AS ({_allocate("payout", sure="u.is_named", score="0.9", kind="payout")})
SELECT count(*) FROM u
"""

# Money out with our own reference on it: a refund that finance paid, a disbursement on its way to a CSO.
REFUND = f"""
WITH c AS (
  SELECT l.id, r.id AS payment_id, l.amount, count(*) OVER (PARTITION BY r.id) AS lines
    FROM recon_line l JOIN payment_refund r ON r.public_ref = l.ref AND r.amount = -l.amount AND r.unit = l.unit
    JOIN payment p ON p.id = r.payment_id JOIN payment_bank_account a ON a.id = p.bank_account_id
    JOIN payment_bank_account h ON h.id = l.bank_account_id
     AND h.organisation_id IS NOT DISTINCT FROM a.organisation_id
   WHERE {_LINE} AND l.amount < 0 AND r.provider = 'bank_transfer'
     AND (r.state IN ('sending', 'pending') OR r.state = 'approved' AND a.organisation_id IS NOT NULL)
), {_take("refund", score="1", source="c AS u WHERE u.lines = 1", kind="refund")}"""

DISBURSEMENT = f"""
WITH c AS (
  SELECT l.id, r.id AS payment_id, l.amount, count(*) OVER (PARTITION BY r.id) AS lines
    FROM recon_line l JOIN disbursement r ON r.reference = l.ref AND r.amount = -l.amount AND r.unit = l.unit
     AND r.from_account_id = l.bank_account_id
   WHERE {_LINE} AND l.amount < 0 AND r.state IN ('released', 'sending', 'sent', 'unknown')
), {_take("disbursement", score="1", source="c AS u WHERE u.lines = 1", kind="disbursement")}"""

_REVERSAL_WORDS = "(REVERS|KOREKSI|PEMBATALAN|DIBATALKAN|RETUR|BATAL )"
_FEE_WORDS = (
    "(BIAYA ADM|BIAYA TRANSFER|BIAYA TRF|ADM BULANAN|ADMIN FEE|PAJAK BUNGA|PAJAK ATAS BUNGA|BEA MATERAI)"
)
_INTEREST_WORDS = "(BUNGA|JASA GIRO|BAGI HASIL|INTEREST)"

# Money taken back by the bank: a debit that says so and mirrors one earlier line undoes what that line paid.
REVERSAL = f"""
WITH c AS (
  SELECT l.id, o.id AS other_id, count(*) OVER (PARTITION BY l.id) AS others,
      count(*) OVER (PARTITION BY o.id) AS lines, l.amount
    FROM recon_line l CROSS JOIN generate_series(0, 7) AS d(days)
    JOIN recon_line o ON o.bank_account_id = l.bank_account_id AND o.unit = l.unit AND o.amount = -l.amount
     AND o.booked_on = l.booked_on - d.days
   WHERE {_LINE} AND l.amount < 0 AND o.state <> 'ignored'
     AND (l.text_norm ~ '{_REVERSAL_WORDS}' OR l.raw ->> 'is_reversal' IS NOT NULL)
     AND (l.ref = o.ref OR similarity(l.text_norm, o.text_norm) >= 0.3
          OR word_similarity(o.payer_norm, l.text_norm) >= {ALIKE})
     AND NOT EXISTS (SELECT 1 FROM recon_allocation t WHERE t.line_id = o.id AND t.target_kind = 'line'
       AND t.undone_at IS NULL)
), u AS (
  SELECT c.id, CAST(lpad(to_hex(c.other_id), 32, '0') AS uuid) AS payment_id, c.amount
    FROM c WHERE c.others = 1 AND c.lines = 1
), {_take("reversal", score="0.9", kind="line")}"""

# The bank's own fees and interest: proposed.
FEE = f"""
WITH u AS (
  UPDATE recon_line l SET state = 'proposed', reason = CASE WHEN l.amount < 0 THEN 'bank_fee' ELSE 'bank_interest' END
   WHERE {_LINE} AND l.ref IS NULL AND l.refs IS NULL AND abs(l.amount) < :limit
     AND CASE WHEN l.amount < 0 THEN l.text_norm ~ '{_FEE_WORDS}' ELSE l.text_norm ~ '^{_INTEREST_WORDS}' END
  RETURNING l.id, l.bank_account_id AS payment_id, l.amount
), i AS ({_allocate("bank_words", sure="false", score="0.8", kind="fee")})
SELECT count(*) FROM u
"""

# What an organisation spends from its own bank is its own matter: left out, and shown as such.
OWN_SPENDING = f"""
WITH u AS (
  UPDATE recon_line l SET state = 'ignored', reason = 'own_spending'
   WHERE {_LINE} AND l.amount < 0 AND l.ref IS NULL AND l.refs IS NULL AND {_OWN} RETURNING l.id
)
SELECT count(*) FROM u
"""

# Whatever is left waits for a person, with the nearest thing to a reason.
REST = f"""
WITH sums AS (
  SELECT p.bank_account_id, p.unit, p.amount, bool_or(p.state IN ('awaiting', 'grace')) AS open,
      bool_or(p.state = 'expired') AS expired
    FROM payment p
   WHERE p.provider = 'bank_transfer' AND p.bank_account_id = ANY(:accounts)
     AND (p.state IN ('awaiting', 'grace')
          OR p.state IN ('expired', 'cancelled') AND p.hold_until > CAST(:rested AS timestamptz))
   GROUP BY p.bank_account_id, p.unit, p.amount
), c AS (
  SELECT l.id, CASE WHEN l.amount < 0 THEN 'debit_unknown' WHEN s.open AND s.expired THEN 'sum_rested'
      WHEN s.open THEN 'sum_several' WHEN s.expired THEN 'sum_expired' ELSE 'nobody' END AS reason
    FROM recon_line l LEFT JOIN sums s ON s.bank_account_id = l.bank_account_id AND s.unit = l.unit
     AND s.amount = l.amount
   WHERE {_LINE}
), u AS (
  UPDATE recon_line l SET state = 'review', reason = c.reason FROM c
   WHERE l.id = c.id AND l.state = 'unmatched' RETURNING l.id
)
SELECT count(*) FROM u
"""

STAGES = (
    Stage("S1", "reference, account and sum agree", S1),
    Stage("S1b", "a reference, but something speaks against it: review", S1B),
    Stage("S1c", "several references in one text that add up", S1C),
    Stage("payout", "the provider's payouts", PAYOUT),
    Stage("refund", "money out: refunds by their reference", REFUND),
    Stage("disbursement", "money out: disbursements by their reference", DISBURSEMENT),
    Stage("reversal", "money the bank took back", REVERSAL),
    Stage("fee", "the bank's own fees and interest: proposal", FEE),
    Stage("S2", "account and sum within three days, one on each side", S2),
    Stage("S3a", "the sum fits several, the name decides", S3A),
    Stage("S4", "one line for several payments of a payer", S4),
    Stage("S5a", "several lines with one reference: proposal", S5A),
    Stage("S5b", "several lines of a sender for one payment: proposal", S5B),
    Stage("S3b", "the code was forgotten, the name fits: proposal", S3B),
    Stage("known", "a sender known from before: proposal", KNOWN),
    Stage("own", "money an organisation spends from its own bank", OWN_SPENDING),
    Stage("rest", "a person looks", REST),
)
