"""The question every story about money ends with."""

from __future__ import annotations

from coevolve import registry
from coevolve.kit.db import session
from coevolve.kit.invariants import check


def assert_books_balance(*, of: str | None = None) -> None:
    """All rules of all domains (I1 to I12 among them) return no rows; what breaks one is shown.

    `of` asks one domain's rules alone: a test of bare postings has no payments and bank lines behind them.
    """
    session().flush()
    rules = [
        rule
        for module in registry.modules("invariants")
        if of is None or module.__name__ == f"coevolve.{of}.invariants"
        for rule in module.INVARIANTS
    ]
    assert rules != []
    broken = check(rules)
    assert broken == [], "\n".join(f"{one.code}: {one.says} {one.rows}" for one in broken)
