"""Rolling up: one set-based statement computes the totals of all places from the rows they stand on."""

from __future__ import annotations

from sqlalchemy import text

from coevolve.kit import clock
from coevolve.kit.db import session

_FIGURES = (
    "needs", "offers", "opportunities", "fulfilled", "organisations", "handed",
    "money_received", "money_promised", "value_declared",
)  # fmt: skip

_CAP = 9_000_000_000_000_000_000
"""A sum above it (nobody will give so much) is shown as this much instead of breaking the job."""

_COMPUTED = f"""
WITH unfolded AS (
  SELECT account_id, sum(amount) AS amount, sum(spent) AS spent, sum(expected) AS expected
    FROM ledger_delta GROUP BY account_id
), money AS (
  SELECT a.owner_id AS listing_id,
         sum(b.balance + b.spent + coalesce(u.amount, 0) + coalesce(u.spent, 0))
           FILTER (WHERE a.code LIKE 'fund:%') AS received,
         sum(b.expected + coalesce(u.expected, 0)) FILTER (WHERE a.code LIKE 'promised_to:%') AS promised
    FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
    LEFT JOIN unfolded u ON u.account_id = a.id
   WHERE a.owner_kind = 'listing' AND a.unit = 'IDR'
   GROUP BY a.owner_id
), other AS (
  SELECT n.listing_id, count(*) AS handed,
         -- what an offer gave towards a need is declared where it was offered, not twice
         sum(greatest(0, b.balance + coalesce(u.amount, 0) - coalesce(k.offered, 0)) * coalesce(n.unit_value, 0))
           AS value
    FROM listing_line n
    JOIN ledger_account a ON a.owner_id = n.id AND a.code LIKE 'promised_to:%'
    JOIN ledger_balance b ON b.account_id = a.id
    LEFT JOIN unfolded u ON u.account_id = a.id
    LEFT JOIN (SELECT need_line_id, sum(received_quantity) AS offered FROM pledge_line
                WHERE need_hold_id IS NOT NULL GROUP BY need_line_id) k ON k.need_line_id = n.id
   WHERE n.kind <> 'money' AND b.balance + coalesce(u.amount, 0) > 0
   GROUP BY n.listing_id
), listed AS (
  SELECT place.code AS place_code,
         count(*) FILTER (WHERE l.state = 'open' AND l.kind IN ('need', 'campaign')) AS needs,
         count(*) FILTER (WHERE l.state = 'open' AND l.kind = 'standing_offer') AS offers,
         count(*) FILTER (WHERE l.state = 'open' AND l.kind = 'opportunity') AS opportunities,
         count(*) FILTER (WHERE l.state = 'fulfilled' AND l.kind IN ('need', 'campaign')) AS fulfilled,
         coalesce(sum(o.handed), 0) AS handed,
         coalesce(sum(m.received), 0) AS money_received,
         coalesce(sum(m.promised), 0) AS money_promised,
         coalesce(sum(o.value), 0) AS value_declared
    FROM listing l
    LEFT JOIN money m ON m.listing_id = l.id
    LEFT JOIN other o ON o.listing_id = l.id
   CROSS JOIN LATERAL unnest(listing_facet_places(l)) AS place(code)
   WHERE l.opened_at IS NOT NULL AND place.code IS NOT NULL
   GROUP BY place.code
), seated AS (
  SELECT place.code AS place_code, count(*) AS organisations
    FROM organisation g JOIN locality s ON s.code = g.home_locality_code
   CROSS JOIN LATERAL (
     SELECT DISTINCT code FROM unnest(ARRAY['', s.country_code, s.region_code, s.province_code, s.regency_code,
       CASE WHEN s.level = 'village' THEN s.parent_code END, CASE WHEN s.level <> 'village' THEN s.code END]) code
   ) place
   WHERE g.state = 'checked' AND place.code IS NOT NULL
   GROUP BY place.code
), computed AS (
  SELECT place_code, coalesce(needs, 0) AS needs, coalesce(offers, 0) AS offers,
         coalesce(opportunities, 0) AS opportunities, coalesce(fulfilled, 0) AS fulfilled,
         coalesce(organisations, 0) AS organisations, coalesce(handed, 0) AS handed,
         least(coalesce(money_received, 0), {_CAP})::bigint AS money_received,
         least(coalesce(money_promised, 0), {_CAP})::bigint AS money_promised,
         least(coalesce(value_declared, 0), {_CAP})::bigint AS value_declared
    FROM listed FULL JOIN seated USING (place_code)
), gone AS (
  DELETE FROM impact_place_total t WHERE t.place_code <> ''
     AND NOT EXISTS (SELECT 1 FROM computed c WHERE c.place_code = t.place_code)
)
"""


def roll_up() -> int:
    """Compute the totals of every place; returns how many rows changed. Rows that say the same stay untouched."""
    session().execute(
        text(
            "INSERT INTO impact_place_total (place_code, refreshed_at) VALUES ('', :at)"
            " ON CONFLICT (place_code) DO UPDATE SET refreshed_at = excluded.refreshed_at"
        ),
        {"at": clock.now()},
    )
    columns = ", ".join(_FIGURES)
    statement = f"""{_COMPUTED}
INSERT INTO impact_place_total (place_code, {columns}, refreshed_at) SELECT place_code, {columns}, :at FROM computed
ON CONFLICT (place_code) DO UPDATE
   SET {", ".join(f"{name} = excluded.{name}" for name in _FIGURES)}, refreshed_at = excluded.refreshed_at
 WHERE ({", ".join(f"impact_place_total.{name}" for name in _FIGURES)})
       IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in _FIGURES)})
RETURNING place_code"""
    return len(session().execute(text(statement), {"at": clock.now()}).all())
