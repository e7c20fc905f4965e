"""Pages of the books: what everybody may see, and what accountants take along."""

from coevolve.ledger.views import exporting, open_book
from coevolve.ledger.views.door import blueprint

__all__ = ["blueprint", "exporting", "open_book"]
