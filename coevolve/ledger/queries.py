"""What the books say. Every figure is exact at this moment; those for many things are one SQL each."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select, text

from coevolve.kit.db import session
from coevolve.ledger.models import Seal

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


def kept_by(source_kind: str, source_id: uuid.UUID, account_id: int) -> int:
    """What one source's promises (or their restoring) brought to an account, less what single transfers took again."""
    statement = text(
        "SELECT coalesce(sum(CASE WHEN t.credit_id = :id THEN t.amount ELSE -t.amount END), 0)::bigint"
        " FROM ledger_transfer t JOIN ledger_posting p ON p.id = t.posting_id"
        " WHERE ((t.credit_id = :id AND t.phase IN ('fulfil', 'single'))"
        " OR (t.debit_id = :id AND t.phase = 'single'))"
        " AND p.source_kind = :kind AND p.source_id = :source"
    )
    values = {"id": account_id, "kind": source_kind, "source": source_id}
    return int(session().execute(statement, values).scalar_one())


def lying_of(source_kind: str, source_id: uuid.UUID, account_id: int) -> int:
    """What postings of one source put on an account, less what its postings took from it again."""
    statement = text(
        "SELECT coalesce(sum(CASE WHEN t.credit_id = :id THEN t.amount ELSE -t.amount END), 0)::bigint"
        " FROM ledger_transfer t JOIN ledger_posting p ON p.id = t.posting_id"
        " WHERE (t.credit_id = :id OR t.debit_id = :id) AND t.phase IN ('fulfil', 'single')"
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


_MOVEMENTS = """
SELECT t.id, p.effective_at, p.kind, t.amount * t.sign, t.unit, o.code, p.source_kind, p.source_id FROM (
    (SELECT id, posting_id, amount, unit, debit_id AS other_id, 1 AS sign FROM ledger_transfer
      WHERE credit_id = :id AND phase IN ('single', 'fulfil') AND id < :before ORDER BY id DESC LIMIT :limit)
    UNION ALL
    (SELECT id, posting_id, amount, unit, credit_id, -1 FROM ledger_transfer
      WHERE debit_id = :id AND phase IN ('single', 'fulfil') AND id < :before ORDER BY id DESC LIMIT :limit)
  ) t JOIN ledger_posting p ON p.id = t.posting_id JOIN ledger_account o ON o.id = t.other_id
 ORDER BY t.id DESC LIMIT :limit
"""
_NEWEST = 2**63 - 1


def movements(account_id: int, *, limit: int = 50, before_id: int | None = None) -> list[Movement]:
    """What moved on an account, newest first; debits are negative, promises are left out."""
    values = {"id": account_id, "before": before_id or _NEWEST, "limit": limit}
    return [Movement(*row) for row in session().execute(text(_MOVEMENTS), values)]


def all_movements(account_id: int, *, at_once: int = 2_000) -> Iterator[Movement]:
    """Everything that moved on an account, newest first, read piece by piece."""
    before: int | None = None
    while True:
        rows = movements(account_id, limit=at_once, before_id=before)
        yield from rows
        if len(rows) < at_once:
            return
        before = rows[-1].id


@dataclass(frozen=True, slots=True)
class Flow:
    """What one account got from, or gave to, one kind of other account on account of one kind of source."""

    other_kind: str
    """The first word of the other account's code: bank, clearing, refunds_payable ..."""
    source_kind: str
    amount: int
    """Signed: negative for what went out."""
    count: int


def flows(account_id: int) -> list[Flow]:
    """All movements of an account, summed by where they came from or went to, in and out apart."""
    statement = text(
        "SELECT split_part(o.code, ':', 1), p.source_kind, sum(t.amount * t.sign)::bigint, count(*) FROM ("
        " SELECT posting_id, amount, debit_id AS other_id, 1 AS sign FROM ledger_transfer"
        " WHERE credit_id = :id AND phase IN ('single', 'fulfil') UNION ALL"
        " SELECT posting_id, amount, credit_id, -1 FROM ledger_transfer"
        " WHERE debit_id = :id AND phase IN ('single', 'fulfil')) t"
        " JOIN ledger_posting p ON p.id = t.posting_id JOIN ledger_account o ON o.id = t.other_id"
        " GROUP BY 1, 2, t.sign ORDER BY 1, 2, t.sign DESC"
    )
    return [Flow(*row) for row in session().execute(statement, {"id": account_id})]


def seals(limit: int = 31) -> list[Seal]:
    """The newest daily seals of the books."""
    return list(session().execute(select(Seal).order_by(Seal.day.desc()).limit(limit)).scalars())


@dataclass(frozen=True, slots=True)
class AllFunds:
    """Every fund of one unit together: what came, what left again, what is there."""

    received: int
    spent: int
    balance: int
    funds: int


def all_funds(unit: str = "IDR") -> AllFunds:
    """The sum over all funds, from their balance rows and what is not yet folded into them."""
    statement = text(
        "SELECT coalesce(sum(b.balance + coalesce(d.amount, 0)), 0)::bigint,"
        " coalesce(sum(b.spent + coalesce(d.spent, 0)), 0)::bigint, count(*)"
        " FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id"
        " LEFT JOIN (SELECT account_id, sum(amount) AS amount, sum(spent) AS spent FROM ledger_delta GROUP BY 1) d"
        " ON d.account_id = a.id WHERE a.code LIKE 'fund:%' AND a.unit = :unit"
    )
    balance, spent, funds = session().execute(statement, {"unit": unit}).one()
    return AllFunds(received=balance + spent, spent=spent, balance=balance, funds=funds)


def sum_of(kind: str, unit: str = "IDR") -> int:
    """The balances of all accounts whose code begins with this word (fee_expense, bank ...), credits minus debits."""
    statement = text("SELECT id FROM ledger_account WHERE split_part(code, ':', 1) = :kind AND unit = :unit")
    ids = [row[0] for row in session().execute(statement, {"kind": kind, "unit": unit})]
    return sum(balances(ids).values())
