"""A provider's fact is booked once, whatever order, repetition or loss its events suffer."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from coevolve import registry
from coevolve.kit import clock
from coevolve.kit.invariants import check
from coevolve.kit.money import Money, rupiah
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.ledger.models import Posting
from coevolve.notifications.models import Message
from coevolve.payments import queries, service
from coevolve.payments.gateways import gateway
from coevolve.payments.models import Inbox, Payment, PaymentState, Receipt, Refund
from coevolve.payments.service.arriving import keep
from coevolve.pledges import queries as pledge_queries
from coevolve.pledges.models import Pledge, PledgeState
from coevolve.reconciliation import queries as recon
from coevolve.reconciliation import service as reconciliation
from coevolve.reconciliation.models import Case
from tests.factories import listings, people
from tests.factories import payments as factory
from tests.invariants import assert_books_balance
from tests.payment_sandbox.server import Sandbox


@pytest.fixture(autouse=True)
def _world(session: Session, sandbox: Sandbox) -> None:
    """Every test here has the database and the provider."""


def opened(**over: Any) -> Payment:
    """A card payment whose page is open."""
    payment = factory.checkout(**over)
    outbox_id = service.outbox_id_of(payment.id)
    assert outbox_id is not None
    sent = service.send(outbox_id)
    assert sent.provider_ref
    return sent


def events() -> list[Any]:
    """Every event the provider has, oldest first."""
    return list(gateway().list_events(since=clock.now() - clock.dt.timedelta(hours=2)))


def deliver(hints: list[Any]) -> None:
    """Let these events come and be worked off, one after the other."""
    for hint in hints:
        keep(hint, provider="stripe", via="push")
        reconciliation.work_off()


def broken() -> list[Any]:
    """Invariants that do not hold."""
    return [one for one in check(registry.invariants()) if one.rows]


def count(session: Session, model: Any, *where: Any) -> int:
    return session.execute(select(func.count()).select_from(model).where(*where)).scalar_one()


def cases(session: Session) -> list[str]:
    return sorted(session.execute(select(Case.kind)).scalars())


def fund_of(payment: Payment) -> int:
    pledge = pledge_queries.get(payment.reference_id)
    return ledger.balance(accounts.fund(pledge.listing_id))


def clearing() -> int:
    return -ledger.balance(accounts.provider_clearing("stripe"))


def assert_paid_once(session: Session, payment: Payment, amount: int = 50_000_000) -> None:
    session.refresh(payment)
    assert payment.state == PaymentState.captured
    assert payment.captured == amount
    assert fund_of(payment) == amount
    assert count(session, Posting, Posting.kind == "payment.captured", Posting.source_id == payment.id) == 1
    assert count(session, Receipt, Receipt.payment_id == payment.id) == 1
    thanks = (Message.kind == "payment.received", Message.about_id == payment.reference_id)
    assert count(session, Message, *thanks, Message.channel == "email") == 1
    assert pledge_queries.get(payment.reference_id).state == PledgeState.confirmed
    assert count(session, Inbox, Inbox.state == "new") == 0
    service.number_receipts()
    assert broken() == []


def test_paid(session: Session, sandbox: Sandbox) -> None:
    payment = opened()
    assert payment.state == PaymentState.awaiting
    assert fund_of(payment) == 0
    assert sandbox.pay(payment.provider_ref or "") == "paid"
    deliver(events())
    assert_paid_once(session, payment)
    assert cases(session) == []
    [receipt] = queries.receipts_of("pledge", payment.reference_id)
    assert (receipt.amount, receipt.number, queries.receipt_number(receipt)) == (
        50_000_000,
        1,
        f"CE/{receipt.year}/000001",
    )
    posted = session.execute(select(Posting).where(Posting.kind == "payment.captured")).scalar_one()
    assert posted.idempotency_key.startswith("stripe:charge:ch_")


@pytest.mark.case(1, 4)
def test_every_order_and_repetition_ends_the_same(session: Session, sandbox: Sandbox) -> None:
    listing = listings.open_campaign(lines=(listings.money(100_000_000),))
    giver = people.person()
    for order in itertools.permutations(range(4)):
        sandbox.reset()
        payment = opened(listing=listing, by=giver, money=rupiah(10_000))
        sandbox.pay(payment.provider_ref or "")
        hints = events()
        assert len(hints) == 4
        mixed = [hints[place] for place in order]
        deliver([*mixed, mixed[0], mixed[-1]])
        session.refresh(payment)
        assert (payment.state, payment.captured) == (PaymentState.captured, 1_000_000)
        assert count(session, Posting, Posting.source_id == payment.id) == 1
        assert count(session, Receipt, Receipt.payment_id == payment.id) == 1
    assert fund_of(payment) == 24 * 1_000_000
    assert count(session, Message, Message.kind == "payment.received", Message.channel == "email") == 24
    service.number_receipts()
    assert broken() == []
    assert_books_balance()


@pytest.mark.case(3)
def test_two_events_with_other_names_for_one_charge(session: Session, sandbox: Sandbox) -> None:
    payment = opened()
    sandbox.pay(payment.provider_ref or "")
    hints = events()
    twins = [clone(hint, event_id=f"{hint.event_id}_again") for hint in hints]
    deliver([*hints, *twins])
    assert_paid_once(session, payment)
    assert_books_balance()


def clone(hint: Any, **over: Any) -> Any:
    import dataclasses

    return dataclasses.replace(hint, **over)


@pytest.mark.case(7)
def test_an_event_before_our_commit_waits(session: Session, sandbox: Sandbox) -> None:
    stranger = sandbox.unknown_payment(
        amount=50_000_000, currency="idr", metadata={"payment_id": str(uuid.uuid4())}
    )
    assert stranger
    deliver(events())
    waiting = session.execute(select(Inbox).where(Inbox.state == "new")).scalars().all()
    assert waiting
    assert all("UnknownPayment" in (row.last_error or "") for row in waiting)
    assert cases(session) == []
    with clock.travel(clock.dt.timedelta(hours=25)):
        reconciliation.work_off()
        assert count(session, Inbox, Inbox.state == "new") == 0
    assert cases(session) == ["unknown_charge"]
    assert ledger.balance(accounts.unidentified()) == 50_000_000
    assert broken() == []
    assert_books_balance()


def test_money_without_any_name_of_ours_is_kept_aside(session: Session, sandbox: Sandbox) -> None:
    sandbox.unknown_payment(amount=7_500_000, currency="idr")
    deliver(events())
    assert cases(session) == ["unknown_charge"]
    assert ledger.balance(accounts.unidentified()) == 7_500_000
    deliver(events())
    assert ledger.balance(accounts.unidentified()) == 7_500_000
    assert broken() == []


def test_a_lost_webhook_is_found_by_the_poll(
    session: Session, sandbox: Sandbox, work_off: Callable[[], Any]
) -> None:
    payment = opened()
    sandbox.pay(payment.provider_ref or "")
    assert service.poll_events() >= 4
    work_off()
    assert_paid_once(session, payment)
    assert service.poll_events() == 0


def test_an_old_open_payment_is_asked_about(
    session: Session, sandbox: Sandbox, work_off: Callable[[], Any]
) -> None:
    payment = opened()
    sandbox.pay(payment.provider_ref or "")
    assert service.poll_open() == 0
    with clock.travel(clock.dt.timedelta(minutes=11)):
        assert service.poll_open() == 1
        work_off()
    assert_paid_once(session, payment)


def test_an_expired_page_ends_the_payment_and_late_money_is_credit(
    session: Session, sandbox: Sandbox
) -> None:
    payment = opened()
    sandbox.advance(3 * 3600)
    deliver(events())
    session.refresh(payment)
    assert payment.state == PaymentState.expired
    assert count(session, Message, Message.kind == "payment.expired") >= 1
    assert broken() == []


@pytest.mark.case(10)
def test_cancelled_in_flight_is_credit_and_a_case(session: Session, sandbox: Sandbox) -> None:
    payment = opened()
    sandbox.pay(payment.provider_ref or "")
    service.cancel(payment_id=payment.id, by=None, cause="changed my mind")
    deliver(events())
    session.refresh(payment)
    assert payment.state == PaymentState.captured_late
    pledge = pledge_queries.get(payment.reference_id)
    assert pledge.giver_person_id is not None
    assert ledger.balance(accounts.donor_credit(pledge.giver_person_id)) == 50_000_000
    assert fund_of(payment) == 0
    assert cases(session) == ["late"]
    assert count(session, Receipt) == 0
    assert broken() == []
    assert_books_balance()


def test_a_pledge_that_takes_no_money_any_more(session: Session, sandbox: Sandbox) -> None:
    payment = opened()
    pledge = session.get_one(Pledge, payment.reference_id)
    from coevolve.pledges import service as pledges

    sandbox.pay(payment.provider_ref or "")
    giver = session.get_one(
        __import__("coevolve.people.models", fromlist=["Person"]).Person, pledge.giver_person_id
    )
    pledges.withdraw(pledge_id=pledge.id, by=giver)
    deliver(events())
    session.refresh(payment)
    assert payment.state == PaymentState.captured_late
    assert fund_of(payment) == 0
    assert "late" in cases(session)
    assert broken() == []


@pytest.mark.case(29, 31)
def test_a_refund_made_at_the_provider(session: Session, sandbox: Sandbox) -> None:
    payment = opened()
    sandbox.pay(payment.provider_ref or "")
    deliver(events())
    charge = charge_of(session)
    sandbox.refund(charge, 20_000_000)
    deliver(events())
    session.refresh(payment)
    assert (payment.refunded, payment.refund_pending) == (20_000_000, 0)
    assert fund_of(payment) == 30_000_000
    assert clearing() == 30_000_000
    assert ledger.balance(accounts.refunds_payable()) == 0
    assert pledge_queries.get(payment.reference_id).state == PledgeState.partly_delivered
    assert count(session, Receipt, Receipt.annulled_at.is_(None)) == 1
    sandbox.refund(charge)
    deliver(events())
    session.refresh(payment)
    assert payment.refunded == 50_000_000
    assert fund_of(payment) == 0
    assert pledge_queries.get(payment.reference_id).state == PledgeState.cancelled
    assert count(session, Receipt, Receipt.annulled_at.is_(None)) == 0
    service.number_receipts()
    assert broken() == []
    assert_books_balance()


def charge_of(session: Session) -> str:
    key = (
        session.execute(
            select(Posting.idempotency_key)
            .where(Posting.kind == "payment.captured")
            .order_by(Posting.id.desc())
        )
        .scalars()
        .first()
    )
    assert key
    return key.split(":")[2]


@pytest.mark.case(6)
def test_a_refund_that_comes_before_its_capture_posts_the_capture_first(
    session: Session, sandbox: Sandbox
) -> None:
    payment = opened()
    sandbox.pay(payment.provider_ref or "")
    charge = next(hint.object_ref for hint in events() if hint.event_type == "charge.succeeded")
    sandbox.refund(charge, 10_000_000)
    refunds = [hint for hint in events() if hint.object_ref and hint.object_ref.startswith("re_")]
    assert refunds
    deliver(refunds)
    session.refresh(payment)
    assert (payment.captured, payment.refunded) == (50_000_000, 10_000_000)
    deliver(events())
    session.refresh(payment)
    assert (payment.captured, payment.refunded) == (50_000_000, 10_000_000)
    assert count(session, Refund) == 1
    service.number_receipts()
    assert broken() == []
    assert_books_balance()


@pytest.mark.case(34)
def test_a_dispute_holds_then_gives_back(session: Session, sandbox: Sandbox) -> None:
    payment = opened()
    sandbox.pay(payment.provider_ref or "")
    deliver(events())
    dispute = sandbox.dispute(charge_of(session))
    deliver(events())
    session.refresh(payment)
    assert payment.disputed == 50_000_000
    assert fund_of(payment) == 0
    assert ledger.balance(accounts.dispute_holdback()) == 50_000_000
    assert cases(session) == ["dispute"]
    sandbox.change_dispute(dispute["id"], "win")
    deliver(events())
    session.refresh(payment)
    assert payment.disputed == 0
    assert fund_of(payment) == 50_000_000
    assert recon.count_open_cases() == 0
    service.number_receipts()
    assert broken() == []
    assert_books_balance()


@pytest.mark.case(34)
def test_a_lost_dispute_takes_the_money(session: Session, sandbox: Sandbox) -> None:
    payment = opened()
    sandbox.pay(payment.provider_ref or "")
    deliver(events())
    dispute = sandbox.dispute(charge_of(session), amount=20_000_000)
    deliver(events())
    sandbox.change_dispute(dispute["id"], "lose")
    for _ in range(2):
        deliver([clone(hint, event_id=hint.event_id + uuid.uuid4().hex) for hint in events()])
    session.refresh(payment)
    assert payment.disputed == 20_000_000
    assert fund_of(payment) == 30_000_000
    assert clearing() == 30_000_000
    assert ledger.balance(accounts.dispute_holdback()) == 0
    assert pledge_queries.get(payment.reference_id).state == PledgeState.partly_delivered
    service.number_receipts()
    assert broken() == []
    assert_books_balance()


@pytest.mark.case(9)
def test_another_currency_is_kept_aside(session: Session, sandbox: Sandbox) -> None:
    payment = factory.checkout()
    sandbox.unknown_payment(amount=5_000, currency="usd", metadata={"payment_id": str(payment.id)})
    deliver(events())
    session.refresh(payment)
    assert payment.captured == 0
    assert cases(session) == ["other_currency"]
    assert ledger.balance(accounts.unidentified("USD")) == 5_000
    assert broken() == []
    assert_books_balance()


@pytest.mark.case(9)
@pytest.mark.parametrize(("came", "kind"), [(40_000_000, "short"), (60_000_000, "over")])
def test_another_sum_is_booked_as_it_came(session: Session, sandbox: Sandbox, came: int, kind: str) -> None:
    payment = factory.checkout()
    sandbox.unknown_payment(amount=came, currency="idr", metadata={"payment_id": str(payment.id)})
    deliver(events())
    session.refresh(payment)
    assert payment.captured == came
    assert fund_of(payment) == min(came, 50_000_000)
    assert cases(session) == [kind]
    pledge = pledge_queries.get(payment.reference_id)
    assert pledge.giver_person_id
    assert ledger.balance(accounts.donor_credit(pledge.giver_person_id)) == max(0, came - 50_000_000)
    service.number_receipts()
    assert broken() == []
    assert_books_balance()


def test_a_poison_event_blocks_nobody(
    session: Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = opened()
    sandbox.pay(good.provider_ref or "")
    real = gateway().fetch

    def fetch(ref: str) -> Any:
        if ref == "ch_poison":
            raise ValueError("no such shape")
        return real(ref)

    monkeypatch.setattr(gateway(), "fetch", fetch)
    poison = clone(events()[0], event_id="evt_poison", object_ref="ch_poison")
    deliver([poison, *events()])
    assert session.get_one(Payment, good.id).state == PaymentState.captured
    for hours in range(1, 60, 4):
        with clock.travel(clock.dt.timedelta(hours=hours)):
            reconciliation.work_off()
    row = session.execute(select(Inbox).where(Inbox.event_id == "evt_poison")).scalar_one()
    assert row.state == "dead"
    assert cases(session) == ["dead_event"]
    monkeypatch.setattr(gateway(), "fetch", real)


def test_the_provider_s_books_agree_with_ours(session: Session, sandbox: Sandbox) -> None:
    payment = opened()
    sandbox.pay(payment.provider_ref or "")
    deliver(events())
    sandbox.refund(charge_of(session), 5_000_000)
    [row] = reconciliation.compare_provider_transactions()
    assert row.theirs == row.ours + row.explained
    assert cases(session) == []
    session.refresh(payment)
    assert payment.refunded == 5_000_000
    fee = ledger.balance(accounts.fee_expense("stripe"))
    assert fee < 0
    [again] = reconciliation.compare_provider_transactions()
    assert ledger.balance(accounts.fee_expense("stripe")) == fee
    assert (again.theirs, again.ours) == (row.theirs, row.ours)
    sandbox.payout()
    deliver(events())
    [after] = reconciliation.compare_provider_transactions()
    assert after.theirs == after.ours + after.explained
    service.number_receipts()
    assert broken() == []


def test_what_only_the_provider_knows_is_found_by_the_comparison(session: Session, sandbox: Sandbox) -> None:
    sandbox.unknown_payment(amount=9_000_000, currency="idr")
    [row] = reconciliation.compare_provider_transactions()
    assert cases(session) == ["unknown_charge"]
    assert ledger.balance(accounts.unidentified()) == 9_000_000
    assert row.theirs == row.ours + row.explained


def test_what_the_provider_does_not_know_is_flagged(session: Session, sandbox: Sandbox) -> None:
    payment = opened()
    sandbox.pay(payment.provider_ref or "")
    deliver(events())
    sandbox.reset()
    with clock.travel(clock.dt.timedelta(hours=3)):
        reconciliation.compare_provider_transactions()
    assert cases(session) == ["balance", "missing_at_provider"]


def test_amounts_are_money() -> None:
    assert rupiah(500_000) == Money(50_000_000)
