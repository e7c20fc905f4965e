"""Disputes: held from where the money lies, given back to exactly there, lost, lost after won, won after lost."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from coevolve.kit import clock
from coevolve.kit.errors import Invalid
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.ledger.models import Posting
from coevolve.notifications.models import Message
from coevolve.payments import service as payments
from coevolve.payments.gateways import gateway
from coevolve.payments.models import Dispute, Payment, Receipt, RefundState
from coevolve.payments.service import refunding
from coevolve.pledges import queries as pledges
from coevolve.pledges.models import PledgeState
from coevolve.reconciliation import service
from coevolve.reconciliation.models import Case
from tests.factories import people
from tests.invariants import assert_books_balance
from tests.payment_sandbox.server import Sandbox
from tests.payments import refund_world as world


@pytest.fixture(autouse=True)
def _world(session: Session, sandbox: Sandbox) -> None:
    """Every test here has the database and the provider."""


def opened(sandbox: Sandbox, payment: Payment, **over: Any) -> str:
    """A dispute of a payment, heard of."""
    row = sandbox.dispute(world.charge_of(sandbox, payment), **over)
    world.deliver()
    return str(row["id"])


def change(sandbox: Sandbox, dispute: str, verb: str, *, times: int = 1) -> None:
    sandbox.change_dispute(dispute, verb)
    world.deliver(times=times)


def of(session: Session, payment: Payment) -> list[Dispute]:
    session.expire_all()
    return list(
        session.execute(
            select(Dispute).where(Dispute.payment_id == payment.id).order_by(Dispute.id)
        ).scalars()
    )


def held() -> int:
    return ledger.balance(accounts.dispute_holdback())


def live_receipts(session: Session, payment: Payment) -> list[int]:
    found = session.execute(
        select(Receipt.amount).where(Receipt.payment_id == payment.id, Receipt.annulled_at.is_(None))
    )
    return list(found.scalars())


def told(session: Session, kind: str) -> int:
    return session.execute(
        select(func.count()).select_from(Message).where(Message.kind == kind, Message.channel == "email")
    ).scalar_one()


def balance(session: Session, payment: Payment) -> tuple[int, int, int, int]:
    """Disputed, in the fund, held, at the provider."""
    session.refresh(payment)
    return payment.disputed, world.fund(payment), held(), world.clearing()


def finish(sandbox: Sandbox) -> None:
    """Receipts are numbered, the provider's own account agrees but for what is known, and the books balance."""
    payments.number_receipts()
    row = next(one for one in service.compare_provider_transactions() if one.unit == "IDR")
    assert row.theirs == row.ours + row.explained
    assert_books_balance()


@pytest.mark.case(34)
@pytest.mark.parametrize("end", ["win", "lose"])
def test_held_then_won_or_lost_with_its_fee(session: Session, sandbox: Sandbox, end: str) -> None:
    payment = world.paid_by_card(sandbox)
    dispute = opened(sandbox, payment)
    assert balance(session, payment) == (50_000_000, 0, 50_000_000, 50_000_000)
    [row] = of(session, payment)
    assert (row.state, row.held, row.due_at is not None) == ("needs_response", 50_000_000, True)
    assert world.cases(session) == ["dispute"]
    assert told(session, "dispute.opened") >= 1
    change(sandbox, dispute, "review")
    assert balance(session, payment) == (50_000_000, 0, 50_000_000, 50_000_000)
    change(sandbox, dispute, end, times=2)
    if end == "win":
        assert balance(session, payment) == (0, 50_000_000, 0, 50_000_000)
        assert live_receipts(session, payment) == [50_000_000]
        assert pledges.get(payment.reference_id).state == PledgeState.confirmed
        assert told(session, "dispute.over") >= 1
    else:
        assert balance(session, payment) == (50_000_000, 0, 0, 0)
        assert live_receipts(session, payment) == []
        assert pledges.get(payment.reference_id).state == PledgeState.cancelled
        assert told(session, "dispute.lost") >= 1
    assert world.cases(session) == []
    finish(sandbox)
    fees = ledger.balance(accounts.fee_expense("stripe"))
    charged = sum(one["fee"] for one in sandbox.ask("GET", "/sandbox/dump")["balance_transaction"])
    assert -fees == charged > 0
    assert_books_balance()


@pytest.mark.case(35)
def test_partial_and_two_on_one_charge(session: Session, sandbox: Sandbox) -> None:
    payment = world.paid_by_card(sandbox)
    first = opened(sandbox, payment, amount=20_000_000)
    second = opened(sandbox, payment, amount=25_000_000)
    assert balance(session, payment) == (45_000_000, 5_000_000, 45_000_000, 50_000_000)
    change(sandbox, first, "lose")
    assert balance(session, payment) == (45_000_000, 5_000_000, 25_000_000, 30_000_000)
    assert live_receipts(session, payment) == [30_000_000]
    change(sandbox, second, "win")
    assert balance(session, payment) == (20_000_000, 30_000_000, 0, 30_000_000)
    assert pledges.get(payment.reference_id).state == PledgeState.partly_delivered
    finish(sandbox)
    assert_books_balance()


@pytest.mark.case(35)
def test_lost_after_won_is_booked_anew(session: Session, sandbox: Sandbox) -> None:
    payment = world.paid_by_card(sandbox)
    dispute = opened(sandbox, payment)
    change(sandbox, dispute, "win")
    change(sandbox, dispute, "lose", times=3)
    assert balance(session, payment) == (50_000_000, 0, 0, 0)
    [row] = of(session, payment)
    assert (row.state, row.holds, row.held) == ("lost", 2, 0)
    assert live_receipts(session, payment) == []
    finish(sandbox)
    assert_books_balance()


@pytest.mark.case(35)
@pytest.mark.parametrize("end", ["win", "prevent", "take"])
def test_an_inquiry_holds_nothing(session: Session, sandbox: Sandbox, end: str) -> None:
    payment = world.paid_by_card(sandbox)
    dispute = opened(sandbox, payment, inquiry=True)
    assert balance(session, payment) == (0, 50_000_000, 0, 50_000_000)
    assert world.cases(session) == ["dispute"]
    if end == "take":
        change(sandbox, dispute, "review")
        change(sandbox, dispute, "take", times=2)
        assert balance(session, payment) == (50_000_000, 0, 50_000_000, 50_000_000)
    else:
        change(sandbox, dispute, end, times=2)
        assert of(session, payment)[0].state == ("warning_closed" if end == "win" else "prevented")
        assert balance(session, payment) == (0, 50_000_000, 0, 50_000_000)
        assert world.cases(session) == []
    finish(sandbox)
    assert_books_balance()


@pytest.mark.case(36)
@pytest.mark.parametrize("end", ["win", "lose"])
def test_the_fund_is_empty(session: Session, sandbox: Sandbox, end: str) -> None:
    payment = world.paid_by_card(sandbox)
    world.disburse(payment, 45_000_000)
    dispute = opened(sandbox, payment)
    assert (world.fund(payment), world.debt(payment), held()) == (0, 45_000_000, 50_000_000)
    assert world.cases(session) == ["after_disbursement", "dispute"]
    change(sandbox, dispute, end)
    if end == "win":
        assert (world.fund(payment), world.debt(payment), held()) == (5_000_000, 0, 0)
    else:
        assert (world.fund(payment), world.debt(payment), held()) == (0, 45_000_000, 0)
    payments.number_receipts()
    assert_books_balance(of="payments")


@pytest.mark.case(37)
def test_a_chargeback_reverted_twice_is_once(session: Session, sandbox: Sandbox) -> None:
    payment = world.paid_by_card(sandbox)
    dispute = opened(sandbox, payment)
    change(sandbox, dispute, "lose")
    assert pledges.get(payment.reference_id).state == PledgeState.cancelled
    change(sandbox, dispute, "win", times=3)
    assert balance(session, payment) == (0, 50_000_000, 0, 50_000_000)
    assert live_receipts(session, payment) == [50_000_000]
    assert pledges.get(payment.reference_id).state == PledgeState.confirmed
    assert world.cases(session) == ["dispute_reverted"]
    count = session.execute(
        select(func.count()).select_from(Posting).where(Posting.kind == "dispute.released")
    ).scalar_one()
    assert count == 1
    finish(sandbox)
    change(sandbox, dispute, "lose", times=2)
    assert balance(session, payment)[:3] == (50_000_000, 0, 0)
    assert pledges.get(payment.reference_id).state == PledgeState.cancelled
    finish(sandbox)
    assert_books_balance()


def test_a_word_nobody_knows_is_a_case(
    session: Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dataclasses

    payment = world.paid_by_card(sandbox)
    row = sandbox.dispute(world.charge_of(sandbox, payment))
    real = gateway().fetch

    def fetch(ref: str) -> Any:
        found = real(ref)
        if not getattr(found, "charges", ()):
            return found
        charges = tuple(
            dataclasses.replace(
                charge,
                disputes=tuple(dataclasses.replace(one, state="appeal_needed") for one in charge.disputes),
            )
            for charge in found.charges  # type: ignore[union-attr]
        )
        return dataclasses.replace(found, charges=charges)  # type: ignore[arg-type]

    monkeypatch.setattr(gateway(), "fetch", fetch)
    world.deliver(times=2)
    assert of(session, payment) == []
    assert world.cases(session) == ["unknown_word"]
    monkeypatch.setattr(gateway(), "fetch", real)
    sandbox.change_dispute(str(row["id"]), "review")
    world.deliver()
    assert [one.state for one in of(session, payment)] == ["under_review"]
    assert_books_balance()


def test_what_was_only_planned_gives_way_to_a_dispute(session: Session, sandbox: Sandbox) -> None:
    payment = world.paid_by_card(sandbox)
    planned = refunding.ask_refund(
        payment_id=payment.id, money=refunding.left_of(payment), reason="Salah orang", by=None
    )
    dispute = opened(sandbox, payment)
    session.refresh(planned)
    assert planned.state == RefundState.canceled
    assert balance(session, payment) == (50_000_000, 0, 50_000_000, 50_000_000)
    with pytest.raises(Invalid):
        refunding.ask_refund(
            payment_id=payment.id, money=refunding.left_of(payment), reason="Salah orang", by=None
        )
    change(sandbox, dispute, "win")
    assert refunding.left_of(payment).amount == 50_000_000
    finish(sandbox)


def test_a_refund_being_sent_is_waited_for(session: Session, sandbox: Sandbox) -> None:
    payment = world.paid_by_card(sandbox)
    finance = people.staff("finance")
    refund = refunding.ask_refund(
        payment_id=payment.id, money=refunding.left_of(payment), reason="Salah orang", by=finance.id
    )
    service.approve_refund(refund_id=refund.id, by=finance.id)
    opened(sandbox, payment, amount=50_000_000)
    assert of(session, payment) == []
    world.send_refunds()
    assert service.undo_refused_refunds() == 1
    with clock.travel(clock.dt.timedelta(minutes=5)):
        service.work_off(limit=500)
    session.refresh(refund)
    assert refund.state == RefundState.failed
    assert balance(session, payment) == (50_000_000, 0, 50_000_000, 50_000_000)
    assert world.debt(payment) == 0
    finish(sandbox)


def test_finance_keeps_what_it_found(session: Session, sandbox: Sandbox) -> None:
    payment = world.paid_by_card(sandbox)
    opened(sandbox, payment)
    [row] = of(session, payment)
    finance = people.staff("finance")
    for words in ("", "x" * 5_001):
        with pytest.raises(Invalid) as refusal:
            service.write_evidence(dispute_id=row.id, by=finance.id, text=words)
        assert refusal.value.field == "evidence"
    service.write_evidence(dispute_id=row.id, by=finance.id, text="Donatur masuk dengan akunnya sendiri.")
    assert (row.evidence_by, bool(row.evidence_at)) == (finance.id, True)
    assert session.execute(select(func.count()).select_from(Case)).scalar_one() == 1
    assert_books_balance()
