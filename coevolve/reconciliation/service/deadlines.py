"""Transfers that did not come: the reservation ends and the giver hears of it."""

from __future__ import annotations

from coevolve.journal import service as journal
from coevolve.kit.money import Money
from coevolve.payments import service as payments
from coevolve.pledges import queries as pledge_queries
from coevolve.pledges.links import pay_path
from coevolve.reconciliation.service.booking import notify_giver


def expire_transfers(limit: int = 200) -> int:
    """Let transfers past their deadline expire; returns how many did."""
    expired = payments.expire_due(limit)
    for payment in expired:
        journal.record("payment.expired", about=("payment", payment.id), by=None)
        notify_giver(
            "payment.expired",
            payment,
            pledge_queries.settlement_of(payment.reference_id),
            Money(payment.amount, payment.unit),
            f"payment.expired:{payment.id}",
            path=pay_path(payment.reference_id),
        )
    return len(expired)
