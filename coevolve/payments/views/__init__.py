"""Pages of a payment and of its receipt. They show what the books know; what a browser brings back moves nothing."""

from coevolve.payments.views import receipts, status
from coevolve.payments.views.door import blueprint

__all__ = ["blueprint", "receipts", "status"]
