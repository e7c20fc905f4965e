"""Money back to givers: never above what is there, once, through every end a refund can take."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from coevolve.kit import clock
from coevolve.kit.errors import Conflict, Forbidden, Invalid
from coevolve.kit.money import Money, rupiah
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.notifications.models import Message
from coevolve.payments import service as payments
from coevolve.payments.models import Outbox, Payment, Receipt, Refund, RefundState
from coevolve.people.models import Person
from coevolve.pledges import queries as pledges
from coevolve.pledges.models import PledgeState
from coevolve.reconciliation import service
from tests.factories import listings, people
from tests.invariants import assert_books_balance
from tests.payment_sandbox.server import Sandbox
from tests.payments import refund_world as world


@pytest.fixture(autouse=True)
def _world(session: Session, sandbox: Sandbox) -> None:
    """Every test here has the database and the provider."""


@pytest.fixture
def asker() -> Person:
    return people.staff("finance")


@pytest.fixture
def second() -> Person:
    return people.staff("finance")


def ask(payment: Payment, money: Money, by: Person | None = None, **over: Any) -> Refund:
    return payments.ask_refund(
        payment_id=payment.id, money=money, reason="Salah pilih kampanye", by=by.id if by else None, **over
    )


def approve(refund: Refund, by: Person) -> Refund:
    return service.approve_refund(refund_id=refund.id, by=by.id)


def live_receipts(session: Session, payment: Payment) -> list[int]:
    found = session.execute(
        select(Receipt.amount).where(Receipt.payment_id == payment.id, Receipt.annulled_at.is_(None))
    )
    return list(found.scalars())


def told(session: Session, kind: str) -> int:
    return session.execute(
        select(func.count()).select_from(Message).where(Message.kind == kind, Message.channel == "email")
    ).scalar_one()


def finish() -> None:
    payments.number_receipts()
    assert_books_balance()


@pytest.mark.case(28)
def test_never_above_the_rest_pending_included(session: Session, sandbox: Sandbox, asker: Person) -> None:
    payment = world.paid_by_card(sandbox)
    ask(payment, rupiah(300_000), asker)
    for money in (rupiah(200_001), rupiah(500_000), rupiah(0), Money(-1), Money(100, "USD")):
        with pytest.raises(Invalid) as refusal:
            ask(payment, money, asker)
        assert refusal.value.field == "amount"
    ask(payment, rupiah(200_000), asker)
    with pytest.raises(Invalid):
        ask(payment, rupiah(1), asker)
    session.refresh(payment)
    assert (payment.refund_pending, payment.refunded) == (50_000_000, 0)
    assert world.fund(payment) == 50_000_000
    finish()


@pytest.mark.case(29)
def test_partial_to_zero(session: Session, sandbox: Sandbox, asker: Person) -> None:
    payment = world.paid_by_card(sandbox)
    for step, left in ((200_000, 300_000), (250_000, 50_000), (50_000, 0)):
        approve(ask(payment, rupiah(step), asker), asker)
        assert world.payable() == rupiah(step).amount
        assert world.send_refunds() == 1
        session.refresh(payment)
        assert (payment.refunded, payment.refund_pending) == (rupiah(500_000 - left).amount, 0)
        assert world.fund(payment) == world.clearing() == rupiah(left).amount
        assert world.payable() == 0
        assert live_receipts(session, payment) == ([rupiah(left).amount] if left else [])
        state = pledges.get(payment.reference_id).state
        assert state == (PledgeState.partly_delivered if left else PledgeState.cancelled)
        finish()
    assert len(world.provider_refunds(sandbox)) == 3
    assert told(session, "refund.approved") == told(session, "payment.refunded") == 3
    assert told(session, "refund.news") >= 3
    world.deliver(times=2)
    assert told(session, "payment.refunded") == 3
    finish()


def test_second_person_above_the_limit_and_never_the_giver(
    session: Session, sandbox: Sandbox, asker: Person, second: Person
) -> None:
    payment = world.paid_by_card(
        sandbox, money=rupiah(6_000_000), listing=listings.open_campaign(lines=(listings.money(90_000_000),))
    )
    refund = ask(payment, rupiah(5_000_001), asker)
    with pytest.raises(Forbidden) as refusal:
        approve(refund, asker)
    assert refusal.value.code == "second_person"
    approve(refund, second)
    with pytest.raises(Conflict):
        approve(refund, second)
    assert world.send_refunds() == 1
    giver = pledges.get(payment.reference_id).giver_person_id
    assert giver is not None
    rest = ask(payment, rupiah(100_000), asker)
    with pytest.raises(Forbidden) as refusal:
        service.approve_refund(refund_id=rest.id, by=giver)
    assert refusal.value.code == "own_gift"
    finish()


@pytest.mark.case(20, 25)
def test_two_clicks_are_one_refund(session: Session, sandbox: Sandbox, asker: Person) -> None:
    payment = world.paid_by_card(sandbox)
    token = uuid.uuid4()
    first = ask(payment, rupiah(100_000), asker, client_token=token)
    assert ask(payment, rupiah(100_000), asker, client_token=token).id == first.id
    approve(first, asker)
    with pytest.raises(Conflict):
        approve(first, asker)
    [row] = session.execute(select(Outbox).where(Outbox.topic == "refund.create")).scalars()
    payments.send(row.id)
    payments.send(row.id)
    assert [one["amount"] for one in world.provider_refunds(sandbox)] == [10_000_000]
    world.deliver()
    finish()


def test_refused_by_finance_stays_where_it_is(session: Session, sandbox: Sandbox, asker: Person) -> None:
    payment = world.paid_by_card(sandbox)
    refund = ask(payment, rupiah(100_000), origin="giver")
    service.decline_refund(refund_id=refund.id, by=asker.id, because="Uangnya sudah dibelikan pipa.")
    session.refresh(payment)
    assert (payment.refund_pending, world.fund(payment)) == (0, 50_000_000)
    assert told(session, "refund.declined") == 1
    with pytest.raises(Conflict):
        service.decline_refund(refund_id=refund.id, by=asker.id, because="Sekali lagi.")
    finish()


@pytest.mark.case(30)
@pytest.mark.parametrize("card", ["4000000000005126", "4000000000007726"])
def test_succeeded_or_pending_then_failed(
    session: Session, sandbox: Sandbox, asker: Person, card: str
) -> None:
    payment = world.paid_by_card(sandbox, card=card)
    refund = approve(ask(payment, rupiah(500_000), asker), asker)
    world.send_refunds()
    session.refresh(refund)
    was_done = card.endswith("5126")
    assert refund.state == (RefundState.succeeded if was_done else RefundState.pending)
    if was_done:
        assert pledges.get(payment.reference_id).state == PledgeState.cancelled
        assert live_receipts(session, payment) == []
    sandbox.change_refund(str(refund.provider_ref), "fail")
    world.deliver(times=2)
    session.refresh(refund)
    session.refresh(payment)
    assert refund.state == RefundState.failed
    assert (payment.refunded, payment.refund_pending) == (0, 0)
    assert world.fund(payment) == world.clearing() == 50_000_000
    assert world.payable() == 0
    assert live_receipts(session, payment) == [50_000_000]
    assert pledges.get(payment.reference_id).state == PledgeState.confirmed
    assert world.cases(session) == ["refund_failed"]
    assert told(session, "refund.failed") == 1
    finish()
    again = approve(ask(payment, rupiah(500_000), asker), asker)
    assert again.id != refund.id
    finish()


@pytest.mark.case(31, 33)
def test_made_in_the_dashboard_in_parts_and_redelivered(session: Session, sandbox: Sandbox) -> None:
    payment = world.paid_by_card(sandbox)
    charge = world.charge_of(sandbox, payment)
    for amount, left in ((20_000_000, 30_000_000), (5_000_000, 25_000_000)):
        sandbox.refund(charge, amount)
        world.deliver(times=3)
        session.refresh(payment)
        assert (world.fund(payment), world.clearing()) == (left, left)
        assert live_receipts(session, payment) == [left]
    found = [tuple(row) for row in session.execute(select(Refund.origin, Refund.state))]
    assert found == [("provider", "succeeded")] * 2
    finish()


def test_a_dashboard_refund_overtakes_what_was_only_planned(
    session: Session, sandbox: Sandbox, asker: Person
) -> None:
    payment = world.paid_by_card(sandbox)
    planned = ask(payment, rupiah(400_000), asker)
    sandbox.refund(world.charge_of(sandbox, payment))
    world.deliver()
    session.refresh(planned)
    session.refresh(payment)
    assert planned.state == RefundState.canceled
    assert (payment.refunded, payment.refund_pending) == (50_000_000, 0)
    assert world.cases(session) == ["refund_overtaken"]
    finish()


@pytest.mark.case(32)
def test_after_disbursement_the_cso_owes_it(session: Session, sandbox: Sandbox, asker: Person) -> None:
    payment = world.paid_by_card(sandbox)
    world.disburse(payment, 35_000_000)
    refund = approve(ask(payment, rupiah(500_000), asker), asker)
    assert (world.fund(payment), world.debt(payment)) == (0, 35_000_000)
    assert world.cases(session) == ["after_disbursement"]
    world.send_refunds()
    session.refresh(refund)
    assert refund.state == RefundState.succeeded
    payments.number_receipts()
    assert_books_balance(of="payments")


def test_what_lies_as_credit_goes_back_first(session: Session, sandbox: Sandbox, asker: Person) -> None:
    from tests.factories import payments as factory

    payment = factory.checkout()
    sandbox.unknown_payment(amount=60_000_000, currency="idr", metadata={"payment_id": str(payment.id)})
    world.deliver()
    session.refresh(payment)
    payments.send(payments.outbox_id_of(payment.id) or 0)
    giver = pledges.get(payment.reference_id).giver_person_id
    assert giver is not None
    credit = accounts.donor_credit(giver)
    assert ledger.balance(credit) == 10_000_000
    approve(ask(payment, rupiah(100_000), asker), asker)
    world.send_refunds()
    assert (ledger.balance(credit), world.fund(payment)) == (0, 50_000_000)
    assert pledges.get(payment.reference_id).state == PledgeState.confirmed
    assert live_receipts(session, payment) == [50_000_000]
    approve(ask(payment, rupiah(100_000), asker), asker)
    world.send_refunds()
    assert world.fund(payment) == 40_000_000
    assert live_receipts(session, payment) == [40_000_000]
    finish()


# --- the call ---------------------------------------------------------------------------------------


@pytest.mark.case(21, 26)
def test_time_out_after_the_effect_is_one_refund(session: Session, sandbox: Sandbox, asker: Person) -> None:
    payment = world.paid_by_card(sandbox)
    refund = approve(ask(payment, rupiah(100_000), asker), asker)
    sandbox.chaos({"mode": "act_then_cut", "on": "POST /v1/refunds", "count": 1})
    [outbox_id] = session.execute(select(Outbox.id).where(Outbox.topic == "refund.create")).scalars()
    payments.send(outbox_id)
    session.refresh(refund)
    assert (refund.state, refund.provider_ref) == (RefundState.sending, None)
    sandbox.chaos()
    with clock.travel(clock.dt.timedelta(minutes=2)):
        payments.send(outbox_id)
    world.deliver()
    session.refresh(refund)
    assert refund.state == RefundState.succeeded
    assert len(world.provider_refunds(sandbox)) == 1
    finish()


def test_an_event_that_comes_before_our_answer_is_ours_all_the_same(
    session: Session, sandbox: Sandbox, asker: Person
) -> None:
    payment = world.paid_by_card(sandbox)
    refund = approve(ask(payment, rupiah(100_000), asker), asker)
    from coevolve.payments.gateways import gateway
    from coevolve.payments.provider import RefundOrder

    gateway().create_refund(
        RefundOrder(
            refund_id=refund.id,
            payment_id=payment.id,
            intent_ref=str(payment.intent_ref),
            money=Money(refund.amount),
        ),
        key=str(uuid.uuid4()),
    )
    world.deliver()
    session.refresh(refund)
    assert refund.state == RefundState.succeeded
    assert world.send_refunds() == 1
    assert len(world.provider_refunds(sandbox)) == 1
    finish()


def test_a_refused_call_puts_the_money_back(
    session: Session, sandbox: Sandbox, asker: Person, work_off: Callable[[], list[str]]
) -> None:
    payment = world.paid_by_card(sandbox)
    sandbox.dispute(world.charge_of(sandbox, payment), amount=30_000_000)
    refund = approve(ask(payment, rupiah(200_000), asker), asker)
    work_off()
    session.refresh(refund)
    assert refund.state == RefundState.failed
    world.deliver()
    session.refresh(payment)
    assert (payment.refunded, payment.refund_pending, payment.disputed) == (0, 0, 30_000_000)
    assert world.fund(payment) == 20_000_000
    assert "refund_failed" in world.cases(session)
    assert service.undo_refused_refunds() == 0
    finish()


# --- by transfer ------------------------------------------------------------------------------------


def stated(payment: Payment) -> Any:
    from coevolve.reconciliation.service.refunding import owner_of

    settlement = pledges.settlement_of(payment.reference_id)
    return payments.state_account(
        owner=owner_of(settlement),
        bank_name="Bank Contoh",
        account_number="1234 5678 90",
        holder="Maria Bria",
        by=None,
    )


def test_by_transfer_to_a_checked_account_and_settled_by_the_bank_line_only(
    session: Session, asker: Person, second: Person
) -> None:
    payment = world.paid_by_transfer()
    refund = approve(ask(payment, Money(payment.captured), asker), asker)
    assert told(session, "refund.account") == 1
    with pytest.raises(Conflict):
        service.make_list(by=asker.id)
    account = stated(payment)
    assert stated(payment).id == account.id
    with pytest.raises(Conflict):
        service.make_list(by=asker.id)
    payments.verify_account(account_id=account.id, by=second.id)
    made = service.make_list(by=asker.id)
    session.refresh(refund)
    assert (refund.state, refund.list_id, refund.account_id) == ("sending", made.id, account.id)
    service.take_off_list(refund_id=refund.id, by=asker.id, because="Bank menolak nomornya.")
    assert refund.state == "approved"
    made = service.make_list(by=asker.id)
    assert service.mark_list_sent(list_id=made.id, by=asker.id) == 1
    session.refresh(payment)
    assert (refund.state, payment.refunded, world.payable()) == ("pending", 0, payment.captured)
    assert_books_balance()
    with pytest.raises(Conflict):
        service.settle_refund_by_line(
            refund_id=refund.id,
            line_id=world.bank_line(-100, payment).id,
            money=Money(100),
            at=clock.now(),
            actor="test",
        )
    world.pay_out(refund, payment)
    session.refresh(payment)
    assert (refund.state, payment.refunded, world.payable()) == ("succeeded", payment.captured, 0)
    assert live_receipts(session, payment) == []
    assert pledges.get(payment.reference_id).state == PledgeState.cancelled
    payments.number_receipts()
    assert_books_balance(of="payments")


def test_another_account_is_another_version_and_checked_anew(
    session: Session, asker: Person, second: Person
) -> None:
    payment = world.paid_by_transfer()
    approve(ask(payment, rupiah(100_000), asker), asker)
    account = stated(payment)
    service.refuse_account(account_id=account.id, by=second.id, because="Namanya bukan nama pengirim.")
    assert told(session, "refund.account") == 2
    with pytest.raises(Conflict):
        payments.verify_account(account_id=account.id, by=second.id)
    newer = stated(payment)
    assert (newer.version, newer.id != account.id) == (2, True)
    with pytest.raises(Conflict):
        service.make_list(by=asker.id)
    payments.verify_account(account_id=newer.id, by=second.id)
    assert service.make_list(by=asker.id).number > 0
    assert_books_balance()


def test_a_bounced_transfer_and_a_line_taken_back(session: Session, asker: Person, second: Person) -> None:
    payment = world.paid_by_transfer()
    refund = approve(ask(payment, rupiah(100_000), asker), asker)
    payments.verify_account(account_id=stated(payment).id, by=second.id)
    service.mark_list_sent(list_id=service.make_list(by=asker.id).id, by=asker.id)
    for _ in range(2):
        line = world.bank_line(-refund.amount, payment)
        service.settle_refund_by_line(
            refund_id=refund.id, line_id=line.id, money=Money(refund.amount), at=clock.now(), actor="test"
        )
        assert refund.state == RefundState.succeeded
        service.unsettle_refund_by_line(refund_id=refund.id, line_id=line.id, by=second.id)
        session.refresh(payment)
        assert (refund.state, payment.refunded, world.payable()) == ("pending", 0, 10_000_000)
        assert live_receipts(session, payment) == [payment.captured]
        assert pledges.get(payment.reference_id).state == PledgeState.confirmed
    line = world.bank_line(-refund.amount, payment)
    for _ in range(2):
        posting_id = service.settle_refund_by_line(
            refund_id=refund.id, line_id=line.id, money=Money(refund.amount), at=clock.now(), actor="test"
        )
        last = service.unsettle_refund_by_line(refund_id=refund.id, line_id=line.id, by=second.id)
        assert last > posting_id
    world.pay_out(refund, payment)
    back = world.bank_line(refund.amount, payment)
    posting_id = service.bounce_refund_by_line(
        refund_id=refund.id, line_id=back.id, money=Money(refund.amount), at=clock.now(), actor="test"
    )
    world.allocate(back, "refund", refund.id, posting_id)
    session.refresh(payment)
    assert (refund.state, payment.refunded, payment.refund_pending) == ("failed", 0, 0)
    assert world.fund(payment) == payment.captured
    assert world.cases(session) == ["refund_failed"]
    finish()


# --- a giver asks ------------------------------------------------------------------------------------


def test_a_giver_asks_while_the_money_is_there(session: Session, sandbox: Sandbox) -> None:
    payment = world.paid_by_card(sandbox)
    token = uuid.uuid4()

    def ask_it(**over: Any) -> Refund:
        return service.ask_by_giver(
            payment_id=payment.id, money=rupiah(100_000), reason="Salah orang", by=None, **over
        )

    with clock.travel(clock.dt.timedelta(days=31)), pytest.raises(Conflict) as refusal:
        ask_it()
    assert refusal.value.code == "refund_too_late"
    first = ask_it(client_token=token)
    assert ask_it(client_token=token).id == first.id
    with pytest.raises(Conflict) as refusal:
        ask_it()
    assert refusal.value.code == "refund_asked"
    payments.cancel_refund(refund_id=first.id, by=None, because="Batal.")
    assert_books_balance()
    world.disburse(payment, 50_000_000)
    with pytest.raises(Conflict) as refusal:
        ask_it()
    assert refusal.value.code == "refund_disbursed"
