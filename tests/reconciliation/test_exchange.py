"""Gifts in rupiah, an account in Singapore dollars: every sum is the provider's, what remains is a gain or a loss."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from coevolve.kit import clock
from coevolve.kit.money import rupiah
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.payments import service
from coevolve.payments.gateways import gateway
from coevolve.payments.models import Payment, ProviderTransaction
from coevolve.payments.service.arriving import keep
from coevolve.reconciliation import service as reconciliation
from coevolve.reconciliation.models import Case, Comparison
from tests.factories import payments as factory
from tests.invariants import assert_books_balance
from tests.payment_sandbox.server import Sandbox


@pytest.fixture(autouse=True)
def _world(session: Session, sandbox: Sandbox) -> None:
    """Every test here has the database and the provider."""


def paid(sandbox: Sandbox, amount: int) -> tuple[Payment, str]:
    payment = factory.checkout(money=rupiah(amount))
    outbox_id = service.outbox_id_of(payment.id)
    assert outbox_id is not None
    sent = service.send(outbox_id)
    # A card of another country: a higher fee, and the provider exchanges.
    sandbox.pay(sent.provider_ref or "", card="4000007020000003")
    deliver()
    charge = [line["charge"] for line in sandbox.truth("fact", "payment_captured")][-1]
    return payment, charge


def deliver() -> None:
    for hint in list(gateway().list_events(since=clock.now() - clock.dt.timedelta(hours=2))):
        keep(hint, provider="stripe", via="push")
    while reconciliation.work_off(limit=500):
        pass


def compared() -> dict[str, Comparison]:
    return {row.unit: row for row in reconciliation.compare_provider_transactions()}


def lines(session: Session, kind: str) -> list[ProviderTransaction]:
    statement = (
        select(ProviderTransaction)
        .where(ProviderTransaction.kind == kind)
        .order_by(ProviderTransaction.occurred_at, ProviderTransaction.id)
    )
    return list(session.execute(statement).scalars())


def assert_equal_to_theirs(rows: dict[str, Any]) -> None:
    assert set(rows) == {"IDR", "SGD"}
    for row in rows.values():
        assert row.theirs == row.ours + row.explained, (row.unit, row.theirs, row.ours, row.items)


@pytest.mark.case(38)
def test_a_charge_its_fee_its_refunds_and_a_dispute_across_currencies(
    session: Session, sandbox: Sandbox
) -> None:
    sandbox.settle_in("sgd")
    payment, charge = paid(sandbox, 1_000_000)
    other, disputed = paid(sandbox, 600_000)
    rows = compared()
    assert_equal_to_theirs(rows)
    one, two = lines(session, "charge")
    assert (one.unit, one.presented_unit, one.presented) == ("SGD", "IDR", 100_000_000)
    assert one.exchange_rate is not None
    assert rows["SGD"].theirs == one.net + two.net > 0
    assert rows["IDR"].theirs == rows["IDR"].ours == 0
    # The fund has every rupiah that was given; what the provider keeps of it is a fee in its own currency.
    assert payment.captured == 100_000_000
    assert -ledger.balance(accounts.fee_expense("stripe", "SGD")) == one.fee + two.fee
    assert ledger.balance(accounts.exchange("SGD")) == one.gross + two.gross
    assert -ledger.balance(accounts.exchange("IDR")) == 160_000_000

    sandbox.refund(charge, 30_000_000)
    deliver()
    sandbox.settle_in("sgd", sgd=11_500)
    sandbox.refund(charge)
    deliver()
    assert_equal_to_theirs(compared())
    refunds = lines(session, "refund")
    assert [line.presented for line in refunds] == [-30_000_000, -70_000_000]
    gone = -sum(line.gross for line in refunds)
    assert gone > one.gross, "the dollar fell, so the same rupiah cost more of them"
    assert ledger.balance(accounts.exchange_result("SGD")) == one.gross - gone, "a loss, to the cent"
    assert ledger.balance(accounts.exchange("SGD")) == two.gross, "nothing of the refunded charge stays open"

    opened = sandbox.dispute(disputed)
    deliver()
    rows = compared()
    assert_equal_to_theirs(rows)
    assert [item["what"] for item in rows["IDR"].items] == ["disputes"]
    sandbox.settle_in("sgd", sgd=12_600)
    sandbox.change_dispute(opened["id"], "win")
    deliver()
    assert_equal_to_theirs(compared())
    taken, returned = (line.gross for line in lines(session, "adjustment"))
    assert ledger.balance(accounts.exchange("SGD")) == two.gross, "open as before the dispute"
    assert ledger.balance(accounts.exchange_result("SGD")) == one.gross - gone + taken + returned
    session.refresh(other)
    assert (other.captured, other.disputed) == (60_000_000, 0)
    assert set(session.execute(select(Case.state)).scalars()) <= {"resolved"}
    service.number_receipts()
    assert_books_balance()


@pytest.mark.case(38)
def test_a_lost_dispute_across_currencies(session: Session, sandbox: Sandbox) -> None:
    sandbox.settle_in("sgd")
    _payment, charge = paid(sandbox, 500_000)
    opened = sandbox.dispute(charge, amount=20_000_000)
    sandbox.change_dispute(opened["id"], "lose")
    deliver()
    assert_equal_to_theirs(compared())
    [taken] = lines(session, "adjustment")
    assert taken.fee > 0
    [whole] = lines(session, "charge")
    assert ledger.balance(accounts.exchange("SGD")) == whole.gross + taken.gross + (
        -ledger.balance(accounts.exchange_result("SGD"))
    )
    assert -ledger.balance(accounts.exchange("IDR")) == 30_000_000
    service.number_receipts()
    assert_books_balance()


@pytest.mark.case(38)
def test_money_nobody_asked_for_in_a_foreign_currency_and_its_way_back(
    session: Session, sandbox: Sandbox
) -> None:
    sandbox.unknown_payment(amount=5_001, currency="usd")
    deliver()
    [charge] = [line["charge"] for line in sandbox.truth("fact", "payment_captured")]
    rows = compared()
    assert {unit: (row.theirs, row.ours) for unit, row in rows.items()} == {
        "IDR": (rows["IDR"].theirs, rows["IDR"].theirs),
        "USD": (0, 0),
    }
    assert ledger.balance(accounts.unidentified("USD")) == 5_001
    sandbox.refund(charge)
    deliver()
    rows = compared()
    [came] = lines(session, "charge")
    assert {unit: row.theirs - row.ours for unit, row in rows.items()} == {"IDR": 0, "USD": 0}
    assert rows["IDR"].theirs == -came.fee, "only the fee is gone"
    assert ledger.balance(accounts.unidentified("USD")) == 0
    assert set(session.execute(select(Case.state)).scalars()) == {"resolved"}
    assert_books_balance()
