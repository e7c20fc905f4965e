"""Money on its way back, so that finance's pages of refunds and disputes are alive: one of each that a visitor may see."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping

from sqlalchemy import select

from coevolve.kit import clock
from coevolve.kit.db import session
from coevolve.kit.money import Money
from coevolve.payments import service as payments
from coevolve.payments.models import Payment, PaymentState
from coevolve.payments.provider import FoundCharge, FoundDispute
from coevolve.reconciliation import service
from coevolve.reconciliation.service.booking import settlement_of
from coevolve.reconciliation.service.disputing import settle_disputes
from coevolve.reconciliation.service.refunding import owner_of, why_not

APPROVED_FROM = 2
REASON = "Saya salah memilih kampanye. Mohon dikembalikan."


def tell(accounts: Mapping[str, uuid.UUID]) -> None:
    """Two requests to approve, a transfer that waits for its account, one whose account is to be checked, a question.

    Only transfers: the demo's card gifts have no counterpart at the payment sandbox, which could give nothing back.
    """
    cards, transfers = _recent("stripe", 1), _recent("bank_transfer", 4)
    for number, payment in enumerate(transfers):
        refund_id = _ask(payment, payment.captured)
        if number >= APPROVED_FROM:
            service.approve_refund(refund_id=refund_id, by=accounts["keuangan1@demo.example"])
        if number > APPROVED_FROM:
            payments.state_account(
                owner=owner_of(settlement_of(payment)),
                bank_name="Bank Contoh Nusantara",
                account_number="5550001234567",
                holder="Maria Bria",
                by=None,
            )
    for payment in cards:
        _inquiry(payment)
    session().flush()


def _recent(provider: str, count: int) -> list[Payment]:
    """Paid gifts of the last days whose money is still there."""
    statement = (
        select(Payment)
        .where(
            Payment.provider == provider,
            Payment.state == str(PaymentState.captured),
            Payment.captured == Payment.amount,
            Payment.unit == "IDR",
            Payment.refunded == 0,
        )
        .order_by(Payment.captured_at.desc(), Payment.id)
        .limit(60)
    )
    found: list[Payment] = []
    for payment in session().execute(statement).scalars():
        if len(found) == count:
            break
        settlement = settlement_of(payment)
        if settlement.giver_person_id is not None and why_not(payment, settlement) is None:
            found.append(payment)
    return found


def _ask(payment: Payment, amount: int) -> uuid.UUID:
    settlement = settlement_of(payment)
    return service.ask_by_giver(
        payment_id=payment.id,
        money=Money(amount, payment.unit),
        reason=REASON,
        by=settlement.owner_person_id,
    ).id


def _inquiry(payment: Payment) -> None:
    """A giver's bank asks about one gift and takes nothing yet, as the provider would tell."""
    at = payment.captured_at or clock.now()
    found = FoundDispute(
        ref=f"du_demo{payment.public_ref}",
        money=Money(payment.captured, payment.unit),
        state="warning_needs_response",
        reason="fraudulent",
        created_at=at,
        due_at=clock.now() + dt.timedelta(days=6),
    )
    charge = FoundCharge(
        ref=f"ch_demo{payment.public_ref}",
        captured=Money(payment.captured, payment.unit),
        captured_at=at,
        disputes=(found,),
    )
    settle_disputes(payment, settlement_of(payment), charge)
