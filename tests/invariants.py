"""The question every story about money ends with."""

from __future__ import annotations

from coevolve import registry
from coevolve.kit.db import session
from coevolve.kit.invariants import check


def assert_books_balance() -> None:
    """All rules of all domains (I1 to I12 among them) return no rows; what breaks one is shown."""
    session().flush()
    broken = check(registry.invariants())
    assert broken == [], "\n".join(f"{one.code}: {one.says} {one.rows}" for one in broken)
