"""Deadlines of bank transfers. Card payments expire only when the provider says so."""

from __future__ import annotations

from sqlalchemy import select

from coevolve.kit import clock, moves
from coevolve.kit.db import session
from coevolve.payments.models import Payment, PaymentState

BATCH = 200


def expire_due(limit: int = BATCH) -> list[Payment]:
    """Move transfers past their deadline to grace, and past their reservation to expired; returns those now expired."""
    moment = clock.now()
    expired = []
    for payment in _due(PaymentState.awaiting, Payment.expires_at <= moment, limit):
        moves.move(payment, PaymentState.grace, by=None, cause="deadline passed")
    for payment in _due(PaymentState.grace, Payment.hold_until <= moment, limit):
        moves.move(payment, PaymentState.expired, by=None, cause="reservation ended")
        expired.append(payment)
    return expired


def _due(state: PaymentState, passed: object, limit: int) -> list[Payment]:
    statement = (
        select(Payment)
        .where(Payment.provider == "bank_transfer", Payment.state == str(state), passed)  # type: ignore[arg-type]
        .order_by(Payment.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return list(session().execute(statement).scalars())
