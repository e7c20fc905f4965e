"""Pages of finance: how a day stands, bank lines and their matches, cases, the provider's side."""

from coevolve.reconciliation.views import cases, day, line_steps, lines, provider, review, statements
from coevolve.reconciliation.views.door import blueprint

__all__ = ["blueprint", "cases", "day", "line_steps", "lines", "provider", "review", "statements"]
