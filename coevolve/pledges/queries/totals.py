"""Meters: what was asked for, received, promised and is missing, as the ledger says."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from coevolve.kit import reads


@dataclass(frozen=True, slots=True)
class Totals:
    """One meter: what was asked for, received (counted and kept), promised (agreed, still to come), and missing.

    For a line of goods, time or facilities; or, under the listing's id, for all its money. The two are never summed.
    """

    kind: str
    unit: str
    goal: int
    received: int
    promised: int
    is_inexhaustible: bool = False
    """Taking it does not use it up, or only for a week or month (queries.supply says what is left of that)."""

    @property
    def missing(self) -> int:
        """What nobody has promised yet; money may exceed its goal."""
        return max(0, self.goal - self.received - self.promised)

    @property
    def still_to_come(self) -> int:
        """What has not been received."""
        return max(0, self.goal - self.received)


_TOTALS = """
SELECT l.listing_id, l.id, l.kind, l.unit, l.quantity, l.is_inexhaustible OR l.per <> 'once',
    coalesce(f.received, 0)::bigint, coalesce(c.received, 0)::bigint, coalesce(c.promised, 0)::bigint
  FROM listing_line l
  LEFT JOIN LATERAL (
    SELECT b.balance + b.spent + (SELECT coalesce(sum(amount + spent), 0) FROM ledger_delta
        WHERE account_id = b.account_id) AS received
      FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
     WHERE l.kind = 'money' AND a.code = 'fund:' || l.listing_id || ':' || l.unit) f ON true
  LEFT JOIN LATERAL (
    SELECT b.balance + coalesce(sum(d.amount), 0) AS received, b.expected + coalesce(sum(d.expected), 0) AS promised
      FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
      LEFT JOIN ledger_delta d ON d.account_id = b.account_id
     WHERE a.code = 'promised_to:' || CASE l.kind WHEN 'money' THEN l.listing_id ELSE l.id END || ':' || l.unit
     GROUP BY b.account_id) c ON true
 WHERE l.listing_id = ANY(%(ids)s) ORDER BY l.listing_id, l.position
"""


def totals_for(listing_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Totals]:
    """The meters of many listings by line id, and all the money of a listing by listing id. One SQL, exact now.

    Money lines appear only together, under the listing's id: a gift is to the listing, not to a line of its budget.
    """
    found: dict[uuid.UUID, Totals] = {}
    money: dict[uuid.UUID, int] = defaultdict(int)
    for row in reads.rows(_TOTALS, {"ids": list(listing_ids)}):
        listing_id, line_id, kind, unit, goal, is_inexhaustible, fund, kept, promised = row
        if kind == "money":
            money[listing_id] += goal
            found[listing_id] = Totals("money", unit, money[listing_id], fund, promised)
        else:
            found[line_id] = Totals(kind, unit, goal, kept, promised, is_inexhaustible)
    return found


def missing_of(totals: Totals) -> int | None:
    """How much may still be promised; None: as much as one likes."""
    return None if totals.kind == "money" or totals.is_inexhaustible else totals.missing
