"""What the books would say: the very use case is run, its rows are read, and all of it is taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from coevolve.kit.db import session
from coevolve.kit.errors import DomainError
from coevolve.kit.money import Money


@dataclass(frozen=True, slots=True)
class Row:
    """One transfer as it would be written."""

    kind: str
    debit: str
    credit: str
    money: Money
    book: str


@dataclass(frozen=True, slots=True)
class Preview:
    """The rows of the books, or why it would be refused."""

    rows: list[Row]
    refusal: DomainError | None = None


_ROWS = """
SELECT p.kind, d.code AS debit, c.code AS credit, t.amount, t.unit, t.book
  FROM ledger_transfer t JOIN ledger_posting p ON p.id = t.posting_id
  JOIN ledger_account d ON d.id = t.debit_id JOIN ledger_account c ON c.id = t.credit_id
 WHERE t.id > :before AND pg_xact_status(((pg_current_xact_id()::text::bigint / 4294967296 * 4294967296)
    + t.xmin::text::bigint)::text::xid8) = 'in progress' ORDER BY t.id
"""
"""Only rows that are not committed, which are our own: others may be writing meanwhile."""


def preview(work: Callable[[], Any]) -> Preview:
    """Run a use case, read which rows of the ledger it wrote, and take everything back.

    It is the same code as the real thing, so what is shown is what will be. Locks last for this request only; nothing
    of it is ever committed, and no job or notice leaves.
    """
    waiting = dict(session().info)
    before = session().execute(text("SELECT coalesce(max(id), 0) FROM ledger_transfer")).scalar_one()
    nested = session().begin_nested()
    try:
        work()
        session().flush()
        rows = [
            Row(row.kind, row.debit, row.credit, Money(int(row.amount), row.unit), row.book)
            for row in session().execute(text(_ROWS), {"before": before})
        ]
        found = Preview(rows)
    except DomainError as refusal:
        found = Preview([], refusal)
    finally:
        nested.rollback()
        session().expire_all()
        session().info.clear()
        session().info.update(waiting)
    return found
