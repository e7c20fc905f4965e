"""Transfers that came short: the rest was waited for and did not come; now the giver chooses."""

from __future__ import annotations

from sqlalchemy import select

from coevolve.kit import clock
from coevolve.kit.db import session
from coevolve.kit.money import Money
from coevolve.payments.models import Payment, PaymentState
from coevolve.pledges import links, queries
from coevolve.reconciliation.service.booking import notify_giver


def end_waiting_for_rest(limit: int = 200) -> int:
    """Stop waiting for the rest of payments whose time is over; returns how many.

    What came stays given and the pledge partly delivered: its giver pays the rest anew, leaves it at that, or asks for
    the money back.
    """
    statement = (
        select(Payment)
        .where(
            Payment.state == str(PaymentState.captured),
            Payment.captured < Payment.base_amount,
            Payment.expected_amount > 0,
            Payment.hold_until <= clock.now(),
        )
        .order_by(Payment.hold_until)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    found = list(session().execute(statement).scalars())
    for payment in found:
        missing = Money(payment.base_amount - payment.captured, payment.unit)
        payment.expected_amount = 0
        settlement = queries.settlement_of(payment.reference_id)
        path = f"/dukungan/{settlement.pledge_id}"
        if settlement.is_unproven:
            path = links.path(settlement.pledge_id, "giver")
        key = f"payment.rest_missing:{payment.id}"
        notify_giver("payment.rest_missing", payment, settlement, missing, key, path=path)
    session().flush()
    return len(found)
