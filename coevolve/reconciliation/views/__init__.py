"""Pages of finance: how a day stands, bank lines and their matches, cases, the provider's side, custody.

Most of them stand in two places: for the platform's accounts, and for each organisation's own (door.py).
"""

from coevolve.reconciliation.views import (
    cases,
    custody,
    day,
    line_steps,
    lines,
    own_refunds,
    provider,
    review,
    statements,
)
from coevolve.reconciliation.views.door import blueprint, desk

more_blueprints = (desk,)

__all__ = [
    "blueprint",
    "cases",
    "custody",
    "day",
    "line_steps",
    "lines",
    "more_blueprints",
    "own_refunds",
    "provider",
    "review",
    "statements",
]
