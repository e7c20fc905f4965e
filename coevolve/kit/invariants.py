"""What must always hold, as queries that return no rows.

Each domain lists its own in `<domain>/invariants.py`; one list of all is run by tests, by `coevolve self-check` and,
in production, every five minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from coevolve.kit.db import session


@dataclass(frozen=True, kw_only=True)
class Invariant:
    """A rule of the books: a code, what it says, and the SQL that returns the rows breaking it."""

    code: str
    says: str
    sql: str


@dataclass(frozen=True, kw_only=True)
class Violation:
    """Rows that break a rule (the first few)."""

    code: str
    says: str
    rows: list[dict[str, Any]]


def check(invariants: list[Invariant], *, shown: int = 5) -> list[Violation]:
    """The rules that do not hold now."""
    found = []
    for invariant in invariants:
        broken = _rows(invariant, shown)
        if broken:
            found.append(Violation(code=invariant.code, says=invariant.says, rows=broken))
    return found


def _rows(invariant: Invariant, shown: int) -> list[dict[str, Any]]:
    """The rows that break a rule; a rule that cannot be asked is broken too, and named."""
    statement = text(f"SELECT * FROM ({invariant.sql}) AS broken LIMIT {shown}")
    try:
        with session().begin_nested():
            return [dict(row) for row in session().execute(statement).mappings()]
    except SQLAlchemyError as trouble:
        return [{"cannot_be_asked": str(trouble)[:300]}]
