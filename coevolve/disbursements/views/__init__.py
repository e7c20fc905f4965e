"""Pages of money out: the organisation's desk, finance, those who check, and what everybody may see."""

from coevolve.disbursements.views import accounts, desk, finance, judging, public, reports
from coevolve.disbursements.views.door import blueprint

__all__ = ["accounts", "blueprint", "desk", "finance", "judging", "public", "reports"]
