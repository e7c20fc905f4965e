"""What people do with lines: split, merge, correct, put off, leave out, undo; and giving a difference up by two."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from coevolve.kit import clock
from coevolve.kit.db import uuid7
from coevolve.kit.errors import Conflict, Forbidden, Invalid
from coevolve.kit.money import Money, rupiah
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.notifications.models import Message
from coevolve.payments.models import PaymentState, Receipt
from coevolve.people.models import Person
from coevolve.pledges import queries as pledges
from coevolve.pledges import service as pledge_service
from coevolve.reconciliation import queries, service
from coevolve.reconciliation.models import Sender
from tests.factories import payments as factory
from tests.factories import people
from tests.factories import pledges as promised
from tests.reconciliation.matching.bank import (
    books_balance,
    expire,
    fresh,
    fund_of,
    in_bank,
    kinds,
    line,
    run,
    state,
    whole,
)


@pytest.fixture
def finance(session: Session) -> Person:
    return people.finance()


@pytest.fixture
def second(session: Session) -> Person:
    return people.finance()


def test_one_line_split_over_several_gifts(session: Session, finance: Person, second: Person) -> None:
    one, two = factory.transfer(), factory.transfer(money=rupiah(75_000))
    came = line(Money(one.amount + two.amount + rupiah(1_000).amount), "TITIPAN WARGA")
    for parts, code in (
        ([(one.id, one.amount)], "parts_few"),
        ([(one.id, one.amount), (one.id, 100)], "parts_few"),
        ([(one.id, one.amount), (two.id, 0)], "part_zero"),
        ([(one.id, one.amount), (two.id, came.amount)], "too_much"),
    ):
        with pytest.raises(Invalid) as refusal:
            service.split(line_id=came.id, parts=parts, by=finance.id)
        assert refusal.value.code == code
    service.split(line_id=came.id, parts=[(one.id, one.amount), (two.id, two.amount)], by=finance.id)
    with pytest.raises(Forbidden):
        service.confirm_match(line_id=came.id, by=finance.id)
    service.confirm_match(line_id=came.id, by=second.id)
    assert state(came)[0] == "partly"
    assert [fund_of(one), fund_of(two)] == [one.amount, two.amount]
    assert ledger.balance(accounts.unidentified()) == rupiah(1_000).amount
    assert kinds() == ["unidentified"]
    books_balance()
    third = factory.transfer(money=rupiah(90_000))
    service.propose_match(line_id=came.id, target_kind="payment", target_id=third.id, by=finance.id)
    service.confirm_match(line_id=came.id, by=second.id)
    assert state(came) == ("matched", None)
    assert ledger.balance(accounts.unidentified()) == 0
    assert kinds() == ["short"]
    books_balance()


def test_several_lines_merged_for_one_gift(session: Session, finance: Person, second: Person) -> None:
    payment = factory.transfer()
    lines = [line(Money(amount), "SETOR") for amount in (20_000_000, payment.amount - 20_000_000)]
    with pytest.raises(Invalid):
        service.merge(line_ids=[lines[0].id], payment_id=payment.id, by=finance.id)
    service.merge(line_ids=[one.id for one in lines], payment_id=payment.id, by=finance.id)
    with pytest.raises(Forbidden):
        service.confirm_match(line_id=lines[1].id, by=finance.id)
    assert service.confirm_many(line_ids=[one.id for one in lines], by=second.id) == (1, [])
    assert [state(one)[0] for one in lines] == ["matched", "matched"]
    assert fund_of(payment) == payment.amount
    books_balance()


def test_many_agreed_to_at_once_and_one_refused(session: Session, finance: Person, second: Person) -> None:
    good, bad = factory.transfer(), factory.transfer(money=rupiah(75_000))
    lines = [line(whole(one, off=-1), one.public_ref) for one in (good, bad)]
    for one, payment in zip(lines, (good, bad), strict=True):
        service.propose_match(line_id=one.id, target_kind="payment", target_id=payment.id, by=finance.id)
    bad.bank_account_id = factory.service.add_bank_account(
        bank_name="Bank Lain", account_number="998877665544", holder="Lain"
    ).id
    session.flush()
    done, refused = service.confirm_many(line_ids=[one.id for one in lines] + [999_999], by=second.id)
    assert done == 1
    assert [(line_id, refusal.code) for line_id, refusal in refused] == [(lines[1].id, "other_account")]
    assert [state(one)[0] for one in lines] == ["matched", "proposed"]
    books_balance()


def test_a_corrected_reference_needs_a_second_person(
    session: Session, finance: Person, second: Person
) -> None:
    payment = factory.transfer()
    came = line(whole(payment), "TRSF CE12345678X")
    with pytest.raises(Invalid) as refusal:
        service.edit_reference(line_id=came.id, words="CE123", by=finance.id)
    assert refusal.value.field == "ref"
    service.edit_reference(line_id=came.id, words=payment.public_ref.lower(), by=finance.id)
    assert queries.suggestions(came)[0].rule == "ref_and_sum"
    booked = service.propose_match(
        line_id=came.id, target_kind="payment", target_id=payment.id, by=finance.id
    )
    assert booked is None
    service.confirm_match(line_id=came.id, by=second.id)
    assert fund_of(payment) == payment.amount
    books_balance()


def test_put_off_left_out_and_looked_at_again(session: Session, finance: Person) -> None:
    came = line(123_456, "ENTAH")
    run()
    with pytest.raises(Invalid):
        service.put_off(line_id=came.id, by=finance.id, note="  ")
    service.put_off(line_id=came.id, by=finance.id, note="Bank ditanya.")
    assert (came.note, state(came)[0]) == ("Bank ditanya.", "review")
    service.ignore(line_id=came.id, by=finance.id, note="Salah kirim, ditarik besok.")
    assert state(came) == ("ignored", "ignored")
    assert queries.day(clock.today()).difference == came.amount
    with pytest.raises(Conflict):
        service.propose_match(line_id=came.id, target_kind="payment", target_id=uuid.uuid4(), by=finance.id)
    service.look_again(line_id=came.id, by=finance.id)
    service.set_aside(line_id=came.id, by=finance.id)
    with pytest.raises(Conflict):
        service.ignore(line_id=came.id, by=finance.id, note="Tidak jadi.")
    assert queries.day(clock.today()).difference == 0
    books_balance()


def test_a_wrong_match_is_undone_and_the_right_one_booked(
    session: Session, finance: Person, second: Person
) -> None:
    wrong, right = factory.transfer(), factory.transfer(money=rupiah(75_000))
    came = line(whole(wrong), wrong.public_ref, payer="ORANG LAIN")
    run()
    assert fund_of(wrong) == wrong.amount
    with pytest.raises(Invalid):
        service.undo_line(line_id=came.id, by=finance.id, reason="")
    service.undo_line(line_id=came.id, by=finance.id, reason="Nomor rujukannya salah tulis.")
    assert state(came) == ("review", "undone")
    assert fund_of(wrong) == 0 == in_bank()
    assert fresh(wrong).state == PaymentState.awaiting
    assert wrong.expected_amount == wrong.amount
    assert pledges.get(wrong.reference_id).state == "offered"
    told = select(func.count()).where(Message.kind == "payment.undone", Message.channel == "email")
    assert session.execute(told).scalar_one() == 1
    books_balance()
    assert run().posted == 0, "what a person undid is not found again by itself"
    service.propose_match(line_id=came.id, target_kind="payment", target_id=right.id, by=finance.id)
    service.confirm_match(line_id=came.id, by=second.id)
    assert fund_of(right) == right.amount
    assert session.execute(select(func.count()).select_from(Sender)).scalar_one() == 1
    service.undo_line(line_id=came.id, by=finance.id, reason="Ternyata benar.")
    assert service.propose_match(line_id=came.id, target_kind="payment", target_id=wrong.id, by=finance.id), (
        "reference and sum agree: one person books it"
    )
    assert fund_of(wrong) == wrong.amount == in_bank()
    live = select(func.count()).where(Receipt.annulled_at.is_(None))
    assert session.execute(live).scalar_one() == 1
    books_balance()


def test_undoing_what_had_been_unidentified_a_promise_and_late_money(
    session: Session, finance: Person, second: Person
) -> None:
    factory.bank_account()
    pledge = promised.promised_money(whole=400_000)
    payment = pledge_service.pay(pledge_id=pledge.id, method="bank_transfer", client_token=uuid7())
    late = factory.transfer(money=rupiah(80_000))
    expire(late)
    lines = [line(whole(payment), "SETOR A"), line(whole(late), late.public_ref)]
    for one in lines:
        service.set_aside(line_id=one.id, by=finance.id)
    for one, target in zip(lines, (payment, late), strict=True):
        if (
            service.propose_match(line_id=one.id, target_kind="payment", target_id=target.id, by=finance.id)
            is None
        ):
            service.confirm_match(line_id=one.id, by=second.id)
    assert fund_of(payment) == payment.amount
    books_balance()
    for one in lines:
        service.undo_line(line_id=one.id, by=finance.id, reason="Keliru.")
    assert pledges.get(pledge.id).state == "accepted"
    assert fresh(late).state == PaymentState.expired
    assert in_bank() == 0 == ledger.balance(accounts.unidentified())
    books_balance()
    service.propose_match(line_id=lines[0].id, target_kind="payment", target_id=payment.id, by=finance.id)
    if state(lines[0])[0] == "proposed":
        service.confirm_match(line_id=lines[0].id, by=second.id)
    assert fund_of(payment) == payment.amount
    assert pledges.get(pledge.id).state == "confirmed"
    books_balance()


def test_spent_money_is_not_undone_in_silence(session: Session, finance: Person) -> None:
    payment = factory.transfer()
    came = line(whole(payment), payment.public_ref)
    run()
    listing = pledges.get(payment.reference_id).listing_id
    ledger.hold(
        key="test:spent",
        kind="test",
        debit_id=accounts.fund(listing),
        credit_id=accounts.unidentified(),
        amount=payment.amount,
        unit="IDR",
        book="cash",
        source_kind="payment",
        source_id=payment.id,
    )
    with pytest.raises(Conflict):
        service.undo_line(line_id=came.id, by=finance.id, reason="Keliru.")
    assert fresh(payment).captured == payment.amount


def test_the_preview_is_what_is_written_and_leaves_nothing(session: Session, finance: Person) -> None:
    payment = factory.transfer()
    came = line(whole(payment, off=500), payment.public_ref)
    service.propose_match(line_id=came.id, target_kind="payment", target_id=payment.id, by=finance.id)
    before = in_bank()
    seen = service.preview(lambda: service.rehearse(line_id=came.id))
    assert seen.refusal is None
    assert [(row.debit.split(":")[0], row.credit.split(":")[0], row.money.amount) for row in seen.rows] == [
        ("bank", "fund", payment.amount),
        ("bank", "donor_credit", 50_000),
    ]
    assert in_bank() == before == 0
    assert state(came)[0] == "proposed"
    assert kinds() == []
    books_balance()


def test_a_difference_given_up_by_two(session: Session, finance: Person, second: Person) -> None:
    came = line(7_500, "TANPA NAMA")
    service.set_aside(line_id=came.id, by=finance.id)
    [case] = queries.open_cases()
    assert case.due_on == clock.today() + dt.timedelta(days=7)
    with pytest.raises(Invalid):
        service.propose_write_off(case_id=case.id, by=finance.id, note=" ")
    service.propose_write_off(case_id=case.id, by=finance.id, note="Enam bulan dicari, tidak ada.")
    with pytest.raises(Forbidden):
        service.confirm_write_off(case_id=case.id, by=finance.id)
    service.decline_write_off(case_id=case.id, by=second.id)
    assert (case.state, case.owner_id) == ("assigned", finance.id)
    service.propose_write_off(case_id=case.id, by=finance.id, note="Sungguh tidak ada.")
    service.confirm_write_off(case_id=case.id, by=second.id)
    assert case.state == "written_off"
    assert ledger.balance(accounts.unidentified()) == 0
    assert ledger.balance(accounts.write_off()) == 750_000
    assert state(came) == ("matched", "written_off")
    books_balance()
    service.reopen(case_id=case.id, by=second.id, note="Pengirimnya menelepon.")
    assert ledger.balance(accounts.unidentified()) == 750_000
    assert ledger.balance(accounts.write_off()) == 0
    assert state(came)[0] == "review"
    service.propose_write_off(case_id=case.id, by=second.id, note="Bukan dia.")
    service.confirm_write_off(case_id=case.id, by=finance.id)
    assert ledger.balance(accounts.write_off()) == 750_000
    books_balance()


def test_what_belongs_to_a_giver_is_never_written_off(session: Session, finance: Person) -> None:
    payment = factory.transfer()
    case = service.open_case(
        kind="over", subject=("payment", payment.id), payment_id=payment.id, difference=rupiah(5_000)
    )
    with pytest.raises(Conflict):
        service.propose_write_off(case_id=case.id, by=finance.id, note="Kecil saja.")


def test_owners_and_due_days_of_cases(session: Session, finance: Person, second: Person) -> None:
    payment = factory.transfer()
    case = service.open_case(kind="late", subject=("payment", payment.id), payment_id=payment.id)
    service.take(case_id=case.id, by=finance.id, owner_id=second.id)
    assert case.owner_id == second.id
    with pytest.raises(Invalid):
        service.take(case_id=case.id, by=finance.id, owner_id=people.person().id)
    with pytest.raises(Invalid):
        service.set_due(case_id=case.id, by=finance.id, due_on=clock.today() - dt.timedelta(days=1))
    service.set_due(case_id=case.id, by=finance.id, due_on=clock.today() + dt.timedelta(days=2))
    assert queries.open_cases(is_overdue=True) == []
    with clock.travel(dt.timedelta(days=3)):
        assert queries.open_cases(is_overdue=True) == [case]


def test_money_that_left_gets_a_case_when_nobody_knows(session: Session) -> None:
    out = line(-45_000, "TARIKAN TUNAI")
    run()
    assert state(out) == ("review", "debit_unknown")
    with clock.travel(dt.timedelta(hours=25)):
        assert service.set_aside_old() == 1
        assert service.set_aside_old() == 0
    assert kinds() == ["unknown_debit"]
    assert [one.target_kind for one in queries.suggestions(out)] == ["fee"]
    books_balance()
