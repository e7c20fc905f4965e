"""What the books say. Every figure is exact at this moment; those for many things are one SQL each."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import text

from coevolve.kit.db import session

# Accounts with a floor: folded + unfolded. The rest: the last snapshot + later rows.
_BALANCES = """
SELECT a.id, CASE WHEN a.floor IS NULL THEN (
    coalesce(s.balance, 0)
    + (SELECT coalesce(sum(amount), 0) FROM ledger_transfer
        WHERE credit_id = a.id AND id > coalesce(s.last_id, 0) AND phase IN ('single', 'fulfil'))
    - (SELECT coalesce(sum(amount), 0) FROM ledger_transfer
        WHERE debit_id = a.id AND id > coalesce(s.last_id, 0) AND phase IN ('single', 'fulfil')))
  ELSE b.balance + (SELECT coalesce(sum(amount), 0) FROM ledger_delta WHERE account_id = a.id) END::bigint
  FROM ledger_account a
  LEFT JOIN ledger_balance b ON b.account_id = a.id
  LEFT JOIN LATERAL (SELECT balance, last_id FROM ledger_snapshot WHERE account_id = a.id
    ORDER BY last_id DESC LIMIT 1) s ON a.floor IS NULL
 WHERE a.id = ANY(:ids)
"""


def balance(account_id: int) -> int:
    """Credits minus debits of what happened (0 for an account nobody used)."""
    return balances([account_id]).get(account_id, 0)


def balances(account_ids: Sequence[int]) -> dict[int, int]:
    """The balances of many accounts at once."""
    if not account_ids:
        return {}
    return {row[0]: row[1] for row in session().execute(text(_BALANCES), {"ids": list(account_ids)})}


def available(account_ids: Sequence[int]) -> dict[int, int]:
    """What accounts with a floor may still give: balance - held - floor."""
    statement = text(
        "SELECT b.account_id, (b.balance - b.held - b.floor + coalesce(sum(d.amount), 0))::bigint"
        " FROM ledger_balance b LEFT JOIN ledger_delta d ON d.account_id = b.account_id"
        " WHERE b.account_id = ANY(:ids) GROUP BY b.account_id"
    )
    return {row[0]: row[1] for row in session().execute(statement, {"ids": list(account_ids)})}


def balance_at(account_id: int, at: dt.datetime) -> int:
    """The balance by what had happened (not: been written) before a moment; back-dated postings count."""
    statement = text(
        "SELECT coalesce(sum(CASE WHEN t.credit_id = :id THEN t.amount ELSE -t.amount END), 0)::bigint"
        " FROM ledger_transfer t JOIN ledger_posting p ON p.id = t.posting_id"
        " WHERE (t.credit_id = :id OR t.debit_id = :id) AND t.phase IN ('single', 'fulfil') AND p.effective_at < :at"
    )
    return int(session().execute(statement, {"id": account_id, "at": at}).scalar_one())


def find_account(code: str) -> int | None:
    """The id of an account by its name, if it was ever used."""
    return (
        session().execute(text("SELECT id FROM ledger_account WHERE code = :code"), {"code": code}).scalar()
    )


def outstanding(pending_id: int) -> int:
    """What is neither fulfilled nor voided of a pending transfer."""
    statement = text("SELECT amount - fulfilled - voided FROM ledger_pending WHERE id = :id")
    return int(session().execute(statement, {"id": pending_id}).scalar() or 0)


def fulfilled(pending_id: int) -> int:
    """What of a pending transfer became real."""
    statement = text("SELECT fulfilled FROM ledger_pending WHERE id = :id")
    return int(session().execute(statement, {"id": pending_id}).scalar() or 0)


def debited_by(source_kind: str, source_id: uuid.UUID, account_id: int) -> int:
    """What single transfers of one source took from an account."""
    statement = text(
        "SELECT coalesce(sum(t.amount), 0)::bigint FROM ledger_transfer t"
        " JOIN ledger_posting p ON p.id = t.posting_id WHERE t.debit_id = :id AND t.phase = 'single'"
        " AND p.source_kind = :kind AND p.source_id = :source"
    )
    values = {"id": account_id, "kind": source_kind, "source": source_id}
    return int(session().execute(statement, values).scalar_one())


@dataclass(frozen=True, slots=True)
class FundTotals:
    """The money of one listing: what it received (refunds off), spent, holds for payments under way, and has."""

    received: int = 0
    spent: int = 0
    held: int = 0
    balance: int = 0

    @property
    def available(self) -> int:
        """What may still be disbursed."""
        return self.balance - self.held


@dataclass(frozen=True, slots=True)
class CommitmentTotals:
    """What was promised to one listing or line and is outstanding, and what of promises came."""

    promised: int = 0
    received: int = 0


_TOTALS = """
SELECT a.owner_id, (b.balance + coalesce(d.amount, 0))::bigint, (b.spent + coalesce(d.spent, 0))::bigint, b.held,
    (b.expected + coalesce(d.expected, 0))::bigint
  FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
  LEFT JOIN LATERAL (SELECT sum(amount) AS amount, sum(spent) AS spent, sum(expected) AS expected
    FROM ledger_delta WHERE account_id = a.id) d ON true
 WHERE a.owner_id = ANY(:ids) AND a.code LIKE :prefix AND (CAST(:unit AS text) IS NULL OR a.unit = :unit)
"""


def fund_totals(listing_ids: Iterable[uuid.UUID], *, unit: str = "IDR") -> dict[uuid.UUID, FundTotals]:
    """The funds of many listings in one unit; listings that never received anything are absent."""
    rows = session().execute(text(_TOTALS), {"ids": list(listing_ids), "prefix": "fund:%", "unit": unit})
    return {row[0]: FundTotals(row[1] + row[2], row[2], row[3], row[1]) for row in rows}


def commitment_totals(owner_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, CommitmentTotals]:
    """Promises to many listings (money) or lines (the rest); those never promised anything are absent."""
    rows = session().execute(text(_TOTALS), {"ids": list(owner_ids), "prefix": "promised_to:%", "unit": None})
    return {row[0]: CommitmentTotals(promised=row[4], received=row[1]) for row in rows}


@dataclass(frozen=True, slots=True)
class Movement:
    """One row of an account's history, for pages of finance and for exports."""

    id: int
    at: dt.datetime
    kind: str
    amount: int
    unit: str
    other_account: str
    source_kind: str
    source_id: uuid.UUID


def movements(account_id: int, *, limit: int = 50, before_id: int | None = None) -> list[Movement]:
    """What moved on an account, newest first; debits are negative, promises are left out."""
    statement = text(
        "SELECT t.id, p.effective_at, p.kind, CASE WHEN t.credit_id = :id THEN t.amount ELSE -t.amount END, t.unit,"
        " o.code, p.source_kind, p.source_id FROM ledger_transfer t JOIN ledger_posting p ON p.id = t.posting_id"
        " JOIN ledger_account o ON o.id = CASE WHEN t.credit_id = :id THEN t.debit_id ELSE t.credit_id END"
        " WHERE (t.credit_id = :id OR t.debit_id = :id) AND t.phase IN ('single', 'fulfil')"
        " AND (CAST(:before AS bigint) IS NULL OR t.id < :before) ORDER BY t.id DESC LIMIT :limit"
    )
    rows = session().execute(statement, {"id": account_id, "before": before_id, "limit": limit})
    return [Movement(*row) for row in rows]
