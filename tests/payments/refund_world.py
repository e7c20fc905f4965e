"""What tests of refunds and disputes share: gifts that are paid, by card or by transfer, and the provider's events."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from coevolve.kit import clock
from coevolve.kit.db import session
from coevolve.kit.money import Money, rupiah
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.payments import service as payments
from coevolve.payments.gateways import gateway
from coevolve.payments.models import Payment, Refund
from coevolve.payments.service.arriving import keep
from coevolve.pledges import queries as pledges
from coevolve.reconciliation import service
from coevolve.reconciliation.models import Allocation, Case, Line
from coevolve.reconciliation.service.booking import Arrival, book, settlement_of
from tests.factories import payments as factory
from tests.payment_sandbox.server import Sandbox

NOW = dt.timedelta()


def paid_by_card(sandbox: Sandbox, *, card: str = "4242424242424242", **over: Any) -> Payment:
    """A gift whose card was charged and whose events came."""
    payment = factory.checkout(**over)
    outbox_id = payments.outbox_id_of(payment.id)
    assert outbox_id is not None
    sent = payments.send(outbox_id)
    assert sandbox.pay(sent.provider_ref or "", card=card) == "paid"
    deliver()
    session().refresh(payment)
    assert payment.captured == payment.amount
    return payment


def paid_by_transfer(**over: Any) -> Payment:
    """A gift whose transfer is on our account, booked as reconciliation books it, with its bank line."""
    payment = factory.transfer(**over)
    assert payment.bank_account_id is not None
    line = bank_line(payment.amount, payment)
    posting_id = book(
        payment,
        settlement_of(payment),
        Arrival(
            key=f"bank:line:{line.id}:payment:{payment.id}",
            from_account=accounts.bank(payment.bank_account_id),
            money=Money(payment.amount),
            at=clock.now(),
        ),
    )
    allocate(line, "payment", payment.id, posting_id)
    session().refresh(payment)
    return payment


def bank_line(amount: int, payment: Payment) -> Line:
    """A line of the bank about this much."""
    line = Line(
        bank_account_id=payment.bank_account_id,
        entered_by=uuid.uuid4(),
        booked_on=clock.today(),
        unit="IDR",
        amount=amount,
        text_raw="TRSF E-BANKING",
        text_norm="TRSF EBANKING",
        raw={},
        line_key=f"test:{uuid.uuid4()}",
        state="unmatched",
    )
    session().add(line)
    session().flush()
    return line


def allocate(line: Line, kind: str, target_id: uuid.UUID, posting_id: int) -> None:
    """What matching writes once a line is booked."""
    session().add(
        Allocation(
            line_id=line.id,
            target_kind=kind,
            target_id=target_id,
            amount=line.amount,
            rule="by_hand",
            score=1.0,
            run_id=uuid.uuid4(),
            proposed_by="system",
            posting_id=posting_id,
        )
    )
    line.allocated, line.state = line.amount, "matched"
    session().flush()


def pay_out(refund: Refund, payment: Payment) -> Line:
    """The bank's debit line of a refund, matched."""
    line = bank_line(-refund.amount, payment)
    posting_id = service.settle_refund_by_line(
        refund_id=refund.id, line_id=line.id, money=Money(refund.amount), at=clock.now(), actor="test"
    )
    allocate(line, "refund", refund.id, posting_id)
    return line


def deliver(*, times: int = 1) -> None:
    """Every event the provider has comes (again) and is worked off."""
    for _ in range(times):
        for hint in list(gateway().list_events(since=clock.now() - dt.timedelta(hours=2))):
            keep(hint, provider="stripe", via="push")
        service.work_off(limit=500)


def send_refunds() -> int:
    """The calls that wait are made, and what they led to is worked off."""
    from coevolve.payments.models import Outbox

    due = session().execute(
        select(Outbox.id).where(Outbox.topic == "refund.create", Outbox.state.in_(("due", "unknown")))
    )
    found = list(due.scalars())
    for outbox_id in found:
        payments.send(outbox_id)
    service.work_off(limit=500)
    return len(found)


def charge_of(sandbox: Sandbox, payment: Payment) -> str:
    """The charge of a payment at the provider."""
    charges = sandbox.ask("GET", "/sandbox/dump")["charge"]
    return next(str(one["id"]) for one in charges if one["payment_intent"] == payment.intent_ref)


def provider_refunds(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Every refund the provider has, oldest first."""
    return list(sandbox.ask("GET", "/sandbox/dump")["refund"])


def fund(payment: Payment) -> int:
    """What the fund of its listing holds."""
    return ledger.balance(accounts.fund(pledges.get(payment.reference_id).listing_id))


def payable() -> int:
    """Refunds approved and not gone."""
    return ledger.balance(accounts.refunds_payable())


def clearing() -> int:
    """What the provider holds for us, by our books."""
    return -ledger.balance(accounts.provider_clearing("stripe"))


def debt(payment: Payment) -> int:
    """What the CSO owes."""
    return -ledger.balance(accounts.receivable(pledges.get(payment.reference_id).receiver_organisation_id))


def cases(db: Session) -> list[str]:
    """Kinds of the open cases."""
    return sorted(
        db.execute(select(Case.kind).where(Case.state.not_in(("resolved", "written_off")))).scalars()
    )


def disburse(payment: Payment, amount: int) -> None:
    """Money of the fund leaves for the CSO."""
    pledge = pledges.get(payment.reference_id)
    ledger.post(
        key=f"test:disbursed:{uuid.uuid4()}",
        kind="test.disbursed",
        transfers=[
            ledger.Transfer(
                debit_id=accounts.fund(pledge.listing_id),
                credit_id=accounts.payable(pledge.receiver_organisation_id),
                amount=amount,
                is_spending=True,
            )
        ],
        source_kind="payment",
        source_id=payment.id,
    )


__all__ = ["rupiah"]
