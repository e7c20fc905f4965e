"""Pages of a payment, its receipt, its refunds and disputes. What a browser brings back moves nothing by itself."""

from coevolve.payments.views import (
    disputes,
    giver_refunds,
    receipts,
    refund_lists,
    refund_rounds,
    refunds,
    status,
)
from coevolve.payments.views.door import blueprint

__all__ = [
    "blueprint",
    "disputes",
    "giver_refunds",
    "receipts",
    "refund_lists",
    "refund_rounds",
    "refunds",
    "status",
]
