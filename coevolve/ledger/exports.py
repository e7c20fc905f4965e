"""The cash book for accountants: every transfer of a period as a table, or as a Beancount file that checks itself.

Only our own money: what lies in an organisation's own bank (direct custody) is not in our accounts.

Both show what happened (phases `single` and `fulfil` of the cash book) by its day in Jakarta, never what was only
promised. Amounts are positive; which account they left (credit) and reached (debit) stands beside them. In
Beancount's signs a debit is positive and a credit negative, so assets grow positive and what we owe grows negative.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from coevolve.kit.db import session
from coevolve.kit.money import Money
from coevolve.kit.tables import exact

COLUMNS = (
    "posting_id", "transfer_id", "date", "effective_at", "posted_at", "kind", "debit_account", "debit_class",
    "credit_account", "credit_class", "amount", "currency", "reverses_posting_id", "source", "actor",
)  # fmt: skip
"""What stands in each column is explained on the page of exports."""

ROOTS = {
    "asset": "Assets",
    "liability": "Liabilities",
    "income": "Income",
    "expense": "Expenses",
    "memo": "Equity",
}
AT_ONCE = 2_000
_OURS = """NOT EXISTS (SELECT 1 FROM ledger_account o
      WHERE o.id IN (t.debit_id, t.credit_id) AND o.custodian_id IS NOT NULL)"""
"""Money in an organisation's own bank is the organisation's: none of its rows stand in our accountant's book."""
_DAY = "(p.effective_at AT TIME ZONE 'Asia/Jakarta')::date"


@dataclass(frozen=True, slots=True)
class Row:
    """One transfer of the cash book."""

    posting_id: int
    transfer_id: int
    day: dt.date
    effective_at: dt.datetime
    posted_at: dt.datetime
    kind: str
    debit: str
    debit_class: str
    credit: str
    credit_class: str
    amount: int
    unit: str
    reverses_id: int | None
    source_kind: str
    source_id: Any
    actor: str


_ROWS = f"""
SELECT p.id, t.id, {_DAY}, p.effective_at, p.posted_at, p.kind, d.code, d.class, c.code, c.class, t.amount, t.unit,
       p.reverses_id, p.source_kind, p.source_id, p.actor
  FROM ledger_transfer t JOIN ledger_posting p ON p.id = t.posting_id
  JOIN ledger_account d ON d.id = t.debit_id JOIN ledger_account c ON c.id = t.credit_id
 WHERE t.book = 'cash' AND t.phase IN ('single', 'fulfil') AND t.id > :after AND {_OURS}
   AND {_DAY} BETWEEN :since AND :until
 ORDER BY t.id LIMIT :limit
"""


def rows(since: dt.date, until: dt.date) -> Iterator[Row]:
    """Every transfer that happened in the period, both days included, in the order it was written; read in pieces."""
    after = 0
    while True:
        values = {"since": since, "until": until, "after": after, "limit": AT_ONCE}
        found = [Row(*row) for row in session().execute(text(_ROWS), values)]
        yield from found
        if len(found) < AT_ONCE:
            return
        after = found[-1].transfer_id


def count(since: dt.date, until: dt.date) -> int:
    """How many rows the period has, for a progress bar."""
    statement = text(
        "SELECT count(*) FROM ledger_transfer t JOIN ledger_posting p ON p.id = t.posting_id"
        f" WHERE t.book = 'cash' AND t.phase IN ('single', 'fulfil') AND {_OURS} AND {_DAY} BETWEEN :since AND :until"
    )
    return int(session().execute(statement, {"since": since, "until": until}).scalar_one())


def table(since: dt.date, until: dt.date) -> Iterator[tuple[Any, ...]]:
    """The rows of the period in the order of COLUMNS."""
    for row in rows(since, until):
        yield (
            row.posting_id, row.transfer_id, row.day, row.effective_at, row.posted_at, row.kind,
            row.debit, row.debit_class, row.credit, row.credit_class, Money(row.amount, row.unit), row.unit,
            row.reverses_id, f"{row.source_kind}:{row.source_id}", row.actor,
        )  # fmt: skip


# --- Beancount ----------------------------------------------------------------------------------------------

_BALANCES = f"""
SELECT a.code, a.class, a.unit, moved.sum FROM ledger_account a JOIN (
  SELECT account_id, sum(amount)::bigint AS sum FROM (
    SELECT t.posting_id, t.debit_id AS account_id, t.amount FROM ledger_transfer t
     WHERE t.book = 'cash' AND t.phase IN ('single', 'fulfil') AND {_OURS}
    UNION ALL
    SELECT t.posting_id, t.credit_id, -t.amount FROM ledger_transfer t
     WHERE t.book = 'cash' AND t.phase IN ('single', 'fulfil') AND {_OURS}) AS sides
    JOIN ledger_posting p ON p.id = sides.posting_id WHERE {_DAY} <= :until GROUP BY account_id
  ) AS moved ON moved.account_id = a.id ORDER BY a.code
"""
OPENING = "Equity:Opening-Balances"


def beancount(since: dt.date, until: dt.date, *, title: str = "Co-Evolve") -> Iterator[str]:
    """The period as a Beancount file, line by line.

    It opens every account with what it held before, writes every transfer, and asserts each closing balance as our own
    books have it: `bean-check` therefore finds any row that is missing, doubled or wrong.
    """
    before = {row[0]: row for row in _balances(since - dt.timedelta(days=1))}
    after = _balances(until)
    yield f'option "title" "{_words(title)}"\n'
    yield 'option "inferred_tolerance_default" "*:0"\n\n'
    yield f"{since} open {OPENING}\n"
    for code, kind, unit, _balance in after:
        yield f"{since} open {name_of(code, kind)} {unit}\n"
    opening = [row for row in before.values() if row[3]]
    if opening:
        yield f'\n{since} * "Saldo awal"\n'
        for code, kind, unit, balance in opening:
            yield f"  {name_of(code, kind)}  {exact(Money(balance, unit))} {unit}\n"
            yield f"  {OPENING}  {exact(Money(-balance, unit))} {unit}\n"
    for row in rows(since, until):
        sum_ = exact(Money(row.amount, row.unit))
        source = f"posting {row.posting_id}, {row.source_kind} {row.source_id}"
        yield f'\n{row.day} * "{_words(row.kind)}" "{_words(source)}"\n'
        yield f"  {name_of(row.debit, row.debit_class)}  {sum_} {row.unit}\n"
        yield f"  {name_of(row.credit, row.credit_class)}  -{sum_} {row.unit}\n"
    yield "\n"
    for code, kind, unit, balance in after:
        yield f"{until + dt.timedelta(days=1)} balance {name_of(code, kind)}  {exact(Money(balance, unit))} {unit}\n"


def _balances(until: dt.date) -> list[tuple[str, str, str, int]]:
    """Debits minus credits of every account up to a day, by when things happened."""
    found = session().execute(text(_BALANCES), {"until": until})
    return [(row[0], row[1], row[2], row[3]) for row in found]


def name_of(code: str, kind_class: str) -> str:
    """Our account in Beancount's spelling: fund:0198...:IDR becomes Liabilities:Fund-0198...-IDR.

    A component there begins with a capital or a digit and holds letters, digits and dashes.
    """
    spelt = re.sub(r"[^A-Za-z0-9]+", "-", code).strip("-")
    return f"{ROOTS[kind_class]}:{spelt[:1].upper()}{spelt[1:]}"


def _words(text_: str) -> str:
    return text_.replace("\\", "").replace('"', "'").replace("\n", " ")
