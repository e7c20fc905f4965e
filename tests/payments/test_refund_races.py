"""Two at once over money that goes back, on real connections; each with a control that leaves the protection out."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from coevolve import config
from coevolve.kit.db import commit, db, get, session
from coevolve.kit.errors import DomainError, Invalid, InvalidMove
from coevolve.kit.money import rupiah
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.ledger.errors import BelowFloor
from coevolve.ledger.models import Posting
from coevolve.payments import service as payments
from coevolve.payments.models import Payment, Refund
from coevolve.payments.service import refunding as asking
from coevolve.pledges import queries as pledges
from coevolve.reconciliation import service
from coevolve.reconciliation.service import refund_rounds, sources
from tests.conftest import Committed
from tests.factories import listings, people
from tests.invariants import assert_books_balance
from tests.ledger.test_races import at_once
from tests.payment_sandbox.server import Sandbox
from tests.payments import refund_world as world


def asked(payment: Payment, whole: int) -> Refund:
    return payments.ask_refund(
        payment_id=payment.id, money=rupiah(whole), reason="Salah orang", by=people.staff("finance").id
    )


def pause(monkeypatch: pytest.MonkeyPatch, where: Any, name: str, barrier: threading.Barrier) -> None:
    """Everybody who has come through this function waits for the others, a little while at most."""
    real = getattr(where, name)

    def wait(*given: Any, **named: Any) -> Any:
        found = real(*given, **named)
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(1.0)
        return found

    monkeypatch.setattr(where, name, wait)


@pytest.mark.case(28)
@pytest.mark.parametrize("is_protected", [True, False])
def test_two_ask_for_the_whole(
    committed: Committed, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, is_protected: bool
) -> None:
    payment_id = world.paid_by_card(sandbox).id
    commit()
    if not is_protected:
        monkeypatch.setattr(asking, "lock", get)
    pause(monkeypatch, asking, "refuse_too_much", threading.Barrier(2))

    def ask() -> Any:
        return payments.ask_refund(
            payment_id=payment_id, money=rupiah(500_000), reason="Salah orang", by=None
        )

    results = at_once(committed.app, ask, ask)
    refused = [one for one in results if isinstance(one, Invalid)]
    reserved = session().execute(select(func.sum(Refund.amount))).scalar_one()
    if is_protected:
        assert (len(refused), reserved) == (1, 50_000_000)
        assert get(Payment, payment_id).refund_pending == 50_000_000
        payments.number_receipts()
        assert_books_balance()
    else:
        assert (len(refused), reserved) == (0, 100_000_000), (
            "without the lock twice the gift is promised back"
        )


def test_two_approve_at_once(committed: Committed, sandbox: Sandbox) -> None:
    payment = world.paid_by_card(sandbox)
    refund_id = asked(payment, 200_000).id
    hands = [people.staff("finance").id, people.staff("finance").id]
    commit()

    def approve(by: uuid.UUID) -> Callable[[], Any]:
        return lambda: service.approve_refund(refund_id=refund_id, by=by)

    results = at_once(committed.app, *(approve(by) for by in hands))
    assert sum(isinstance(one, DomainError) for one in results) == 1
    count = select(func.count()).select_from(Posting).where(Posting.kind == "refund.approved")
    assert session().execute(count).scalar_one() == 1
    assert world.send_refunds() == 1
    payments.number_receipts()
    assert_books_balance()


@pytest.mark.parametrize("is_protected", [True, False])
def test_a_refund_while_the_last_rupiah_is_disbursed(
    committed: Committed, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, is_protected: bool
) -> None:
    payment = world.paid_by_card(sandbox)
    refund_id, by = asked(payment, 500_000).id, people.staff("finance").id
    fund = accounts.fund(pledges.get(payment.reference_id).listing_id)
    owed = accounts.payable(pledges.get(payment.reference_id).receiver_organisation_id)
    payment_id = payment.id
    commit()
    ledger.fold()
    commit()
    looked = threading.Event()
    paid = threading.Event()
    real = sources.sources_of

    def look(*given: Any) -> Any:
        found = real(*given)
        looked.set()
        paid.wait(1.0)
        return found

    monkeypatch.setattr(sources, "sources_of", look)

    def approve() -> Any:
        return service.approve_refund(refund_id=refund_id, by=by)

    def disburse() -> Any:
        looked.wait(5)
        try:
            ledger.post(
                key=f"test:{uuid.uuid4()}",
                kind="test.disbursed",
                transfers=[ledger.Transfer(debit_id=fund, credit_id=owed, amount=50_000_000)],
                source_kind="payment",
                source_id=payment_id,
            )
            commit()
        finally:
            paid.set()

    if is_protected:
        approved, disbursed = at_once(committed.app, approve, disburse)
        assert isinstance(disbursed, BelowFloor), "the refund was first; nothing is left to disburse"
        assert isinstance(approved, Refund)
        assert ledger.balance(accounts.refunds_payable()) == 50_000_000
        payments.number_receipts()
        assert_books_balance()
    else:
        with config.overridden(fault="skip-lock"):
            approved, disbursed = at_once(committed.app, approve, disburse)
        assert disbursed is None
        assert isinstance(approved, Exception), "without the lock finance's yes ends in an error"


def test_a_refund_and_a_dispute_at_once(committed: Committed, sandbox: Sandbox) -> None:
    payment = world.paid_by_card(sandbox)
    refund_id, by = asked(payment, 500_000).id, people.staff("finance").id
    sandbox.dispute(world.charge_of(sandbox, payment))
    commit()
    results = at_once(
        committed.app,
        lambda: service.approve_refund(refund_id=refund_id, by=by),
        world.deliver,
    )
    assert all(
        not isinstance(one, Exception) or isinstance(one, DomainError | InvalidMove) for one in results
    )
    world.send_refunds()
    service.undo_refused_refunds()
    commit()
    from coevolve.kit import clock

    with clock.travel(clock.dt.timedelta(minutes=10)):
        world.deliver()
    commit()
    db.session.expire_all()
    payment = get(Payment, payment.id)
    assert (payment.refunded, payment.refund_pending, payment.disputed) == (0, 0, 50_000_000)
    assert (world.fund(payment), world.debt(payment)) == (0, 0)
    payments.number_receipts()
    assert_books_balance()


DIES = "payments.in_round"
WORKER = """
from coevolve.app import create_app
from coevolve.reconciliation import service
with create_app().app_context():
    service.work_rounds()
"""


def test_a_worker_dies_in_the_middle_of_a_round(committed: Committed, sandbox: Sandbox) -> None:
    listing = listings.open_campaign(lines=(listings.money(90_000_000),))
    paid = [world.paid_by_card(sandbox, listing=listing, money=rupiah(100_000)).id for _ in range(4)]
    from coevolve.moderation import service as moderation

    moderator, finance = people.staff("moderator"), people.staff("finance").id
    moderation.freeze(listing_id=listing.id, by=moderator, text="Diperiksa karena laporan.")
    moderation.unfreeze(
        listing_id=listing.id, by=moderator, text="Sumurnya tidak ada.", is_closed=True, refunds=True
    )
    made = refund_rounds.round_of(listing.id)
    assert made is not None
    service.approve_round(round_id=made.id, by=finance)
    round_id = made.id
    commit()
    environment = committed.environment | {"COEVOLVE_FAULT": f"{DIES}:3"}
    died = subprocess.run([sys.executable, "-c", WORKER], env=environment, check=False)
    assert died.returncode == 9
    db.session.expire_all()
    progress = refund_rounds.progress_of(round_id)
    assert (progress.asked, progress.waiting) == (2, 2), "what was not committed has not happened"
    for _ in range(2):
        service.work_rounds()
    world.send_refunds()
    service.work_rounds()
    commit()
    assert len(world.provider_refunds(sandbox)) == 4
    assert [get(Payment, one).refunded for one in paid] == [10_000_000] * 4
    payments.number_receipts()
    assert_books_balance()
