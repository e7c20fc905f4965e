"""Bank lines: matched with what they paid, or kept aside with a case; never lost, never counted twice."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from coevolve import config, registry
from coevolve.kit import clock
from coevolve.kit.errors import Conflict, Forbidden, Invalid
from coevolve.kit.invariants import check
from coevolve.kit.money import Money, rupiah
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.notifications.models import Message
from coevolve.payments import queries as payments
from coevolve.payments import service as payment_service
from coevolve.payments.models import Payment, PaymentState, Receipt
from coevolve.people.models import Person
from coevolve.pledges import queries as pledges
from coevolve.pledges.models import PledgeState
from coevolve.reconciliation import queries, service
from coevolve.reconciliation.models import Case, Line, LineState
from tests.factories import payments as factory
from tests.factories import people
from tests.invariants import assert_books_balance


@pytest.fixture
def finance(session: Session) -> Person:
    return people.finance()


def enter(finance: Person, money: Money, words: str = "TRSF E-BANKING CR", **over: Any) -> Line:
    said: dict[str, Any] = {
        "bank_account_id": factory.bank_account().id,
        "booked_on": clock.today(),
        "money": money,
        "words": words,
        "bank_ref": None,
        "by": finance.id,
    }
    return service.enter_bank_line(**said | over)


def sum_of(payment: Payment) -> Money:
    return Money(payment.amount, payment.unit)


def book(line: Line, payment: Payment, by: Person) -> Any:
    return service.propose_match(line_id=line.id, target_kind="payment", target_id=payment.id, by=by.id)


def fund_of(payment: Payment) -> int:
    return ledger.balance(accounts.fund(pledges.get(payment.reference_id).listing_id))


def in_bank() -> int:
    return -ledger.balance(accounts.bank(factory.bank_account().id))


def broken() -> list[Any]:
    payment_service.number_receipts()
    return check(registry.invariants())


def kinds(session: Session) -> list[str]:
    return sorted(session.execute(select(Case.kind)).scalars())


def test_reference_and_sum(session: Session, finance: Person) -> None:
    payment = factory.transfer()
    words = f"TRSF E-BANKING CR 0710/FTSCY/WS95031 {payment.public_ref.lower()} SITI"
    line = enter(finance, sum_of(payment), words)
    assert line.ref == payment.public_ref
    [first, *_rest] = queries.suggestions(line)
    assert (first.target_id, first.rule, first.may_book, first.score) == (
        payment.id,
        "ref_and_sum",
        True,
        1.0,
    )
    assert "cocok" in first.reason
    assert fund_of(payment) == 0, "nothing moves before finance agrees"
    allocation = book(line, payment, finance)
    assert allocation.proposed_by == "system"
    assert allocation.approved_by == str(finance.id)
    session.refresh(payment)
    assert payment.state == PaymentState.captured
    assert fund_of(payment) == payment.amount == in_bank()
    assert pledges.get(payment.reference_id).state == PledgeState.confirmed
    assert session.execute(select(func.count()).select_from(Receipt)).scalar_one() == 1
    thanks = select(func.count()).where(Message.kind == "payment.received", Message.channel == "email")
    assert session.execute(thanks).scalar_one() == 1
    with pytest.raises(Conflict):
        book(line, payment, finance)
    assert kinds(session) == []
    assert broken() == []


def test_the_sum_alone_when_nothing_speaks_against_it(session: Session, finance: Person) -> None:
    payment = factory.transfer()
    factory.transfer(money=rupiah(75_000))
    line = enter(finance, sum_of(payment), "SETORAN TUNAI")
    [first] = queries.suggestions(line)
    assert first.rule == "sum_only"
    name = pledges.get(payment.reference_id).public_name
    alike = enter(finance, sum_of(payment), f"TRSF {name}", is_second=True)
    assert queries.suggestions(alike)[0].may_book
    assert book(alike, payment, finance) is not None
    assert broken() == []


@pytest.mark.case(61)
def test_another_name_needs_a_second_person(session: Session, finance: Person) -> None:
    payment = factory.transfer()
    line = enter(finance, sum_of(payment), "TRSF QQXX ZZWW 9988")
    [first] = queries.suggestions(line)
    assert not first.may_book
    assert book(line, payment, finance) is None
    session.refresh(line)
    assert line.state == LineState.proposed
    assert fund_of(payment) == 0
    with pytest.raises(Forbidden):
        service.confirm_match(line_id=line.id, by=finance.id)
    other = people.finance()
    allocation = service.confirm_match(line_id=line.id, by=other.id)
    assert (allocation.proposed_by, allocation.approved_by) == (str(finance.id), str(other.id))
    assert fund_of(payment) == payment.amount
    assert broken() == []
    assert_books_balance()


def test_a_proposal_taken_back(session: Session, finance: Person) -> None:
    payment = factory.transfer()
    line = enter(finance, rupiah(33_333))
    book(line, payment, finance)
    service.reject_match(line_id=line.id, by=finance.id)
    session.refresh(line)
    assert line.state == LineState.unmatched
    with pytest.raises(Conflict):
        service.confirm_match(line_id=line.id, by=people.finance().id)
    assert broken() == []


@pytest.mark.case(62)
def test_code_forgotten_and_one_digit_off_are_only_proposals(session: Session, finance: Person) -> None:
    payment = factory.transfer()
    name = pledges.get(payment.reference_id).public_name
    forgotten = enter(finance, rupiah(500_000), f"TRSF {name}")
    [first] = queries.suggestions(forgotten)
    assert (first.rule, first.may_book) == ("code_forgotten", False)
    code = payment.unique_code or 0
    wrong = code - 1 if code % 10 else code + 1
    line = enter(finance, rupiah(500_000 + wrong), f"TRSF {name}")
    found = {one.rule: one.may_book for one in queries.suggestions(line)}
    assert found == {"one_digit": False}
    assert_books_balance()


def test_a_reference_of_somebody_else_silences_the_sum(session: Session, finance: Person) -> None:
    payment, other = factory.transfer(), factory.transfer(money=rupiah(75_000))
    line = enter(finance, sum_of(payment), f"TRSF {other.public_ref}")
    assert [(one.target_id, one.rule, one.may_book) for one in queries.suggestions(line)] == [
        (other.id, "ref_other_sum", False)
    ]


@pytest.mark.parametrize(("off", "kind"), [(-10_000, "short"), (10_000, "over")])
def test_other_sum_with_the_reference(session: Session, finance: Person, off: int, kind: str) -> None:
    payment = factory.transfer()
    came = Money(payment.amount + off * 100)
    line = enter(finance, came, f"TRSF {payment.public_ref}")
    assert book(line, payment, finance) is None
    service.confirm_match(line_id=line.id, by=people.finance().id)
    session.refresh(payment)
    assert payment.captured == came.amount
    assert fund_of(payment) == min(came.amount, payment.amount)
    assert kinds(session) == [kind]
    assert broken() == []


def test_the_rest_of_a_short_gift_and_one_receipt_for_the_whole(session: Session, finance: Person) -> None:
    payment = factory.transfer()
    second = people.finance()
    for part in (payment.amount - 5_000_000, 5_000_000):
        line = enter(finance, Money(part), f"TRSF {payment.public_ref}")
        if book(line, payment, finance) is None:
            service.confirm_match(line_id=line.id, by=second.id)
    session.refresh(payment)
    assert payment.captured == payment.amount == fund_of(payment)
    receipt = payments.receipt_of(payment.id)
    assert receipt is not None
    assert receipt.amount == payment.amount
    assert broken() == []


def test_paid_twice_is_credit(session: Session, finance: Person) -> None:
    payment = factory.transfer()
    book(enter(finance, sum_of(payment), f"A {payment.public_ref}"), payment, finance)
    again = enter(finance, sum_of(payment), f"B {payment.public_ref}")
    assert not queries.suggestions(again)[0].may_book
    book(again, payment, finance)
    service.confirm_match(line_id=again.id, by=people.finance().id)
    pledge = pledges.get(payment.reference_id)
    assert pledge.giver_person_id
    assert ledger.balance(accounts.donor_credit(pledge.giver_person_id)) == payment.amount
    assert fund_of(payment) == payment.amount
    assert kinds(session) == ["over"]
    assert broken() == []


def test_after_the_deadline_and_after_the_reservation(session: Session, finance: Person) -> None:
    in_grace, expired = factory.transfer(), factory.transfer(money=rupiah(80_000))
    hours = config.settings().transfer_hours
    with clock.travel(dt.timedelta(hours=hours + 1)):
        service.expire_transfers()
        session.refresh(in_grace)
        assert in_grace.state == PaymentState.grace
        line = enter(finance, sum_of(in_grace), f"TRSF {in_grace.public_ref}")
        assert book(line, in_grace, finance) is not None
        assert fund_of(in_grace) == in_grace.amount
    with clock.travel(dt.timedelta(hours=hours + config.settings().transfer_grace_hours + 1)):
        assert service.expire_transfers() == 1
        session.refresh(expired)
        assert expired.state == PaymentState.expired
        line = enter(finance, sum_of(expired), f"TRSF {expired.public_ref}")
        [first] = queries.suggestions(line)
        assert not first.may_book
        assert "lewat" in first.reason
        book(line, expired, finance)
        service.confirm_match(line_id=line.id, by=people.finance().id)
        session.refresh(expired)
        assert expired.state == PaymentState.captured_late
        assert fund_of(expired) == 0
        assert kinds(session) == ["late"]
    assert broken() == []


def test_nobody_s_money_is_kept_aside_and_found_later(session: Session, finance: Person) -> None:
    payment = factory.transfer()
    line = enter(finance, sum_of(payment), "KLIRING 99")
    service.set_aside(line_id=line.id, by=finance.id)
    assert ledger.balance(accounts.unidentified()) == payment.amount == in_bank()
    assert kinds(session) == ["unidentified"]
    with pytest.raises(Conflict):
        service.set_aside(line_id=line.id, by=finance.id)
    session.refresh(line)
    assert line.state == LineState.review
    if book(line, payment, finance) is None:
        service.confirm_match(line_id=line.id, by=people.finance().id)
    assert ledger.balance(accounts.unidentified()) == 0
    assert fund_of(payment) == payment.amount == in_bank()
    assert queries.count_open_cases() == 0
    session.refresh(line)
    assert (line.state, line.allocated) == (LineState.matched, line.amount)
    assert broken() == []


def test_a_line_left_lying_is_set_aside_by_itself(session: Session, finance: Person) -> None:
    line = enter(finance, rupiah(12_345))
    assert service.set_aside_old() == 0
    with clock.travel(dt.timedelta(hours=25)):
        assert service.set_aside_old() == 1
        assert service.set_aside_old() == 0
    session.refresh(line)
    assert line.state == LineState.review
    assert ledger.balance(accounts.unidentified()) == 1_234_500
    assert kinds(session) == ["unidentified"]
    assert broken() == []


def test_duplicates_are_refused_and_honest_twins_are_not(session: Session, finance: Person) -> None:
    enter(finance, rupiah(50_000), "TRSF BUDI", bank_ref="0001")
    with pytest.raises(Conflict) as twice:
        enter(finance, rupiah(50_000), "TRSF BUDI", bank_ref="0001")
    assert twice.value.field == "bank_ref"
    enter(finance, rupiah(50_000), "TRSF BUDI")
    with pytest.raises(Conflict) as same:
        enter(finance, rupiah(50_000), "trsf  budi")
    assert same.value.code == "same_line"
    enter(finance, rupiah(50_000), "TRSF BUDI", is_second=True)
    enter(finance, rupiah(50_000), "TRSF BUDI", is_second=True)
    assert session.execute(select(func.count()).select_from(Line)).scalar_one() == 4


@pytest.mark.parametrize(
    ("over", "code"),
    [
        ({"booked_on": dt.date(2999, 1, 1)}, "future_line"),
        ({"booked_on": dt.date(2001, 1, 1)}, "old_line"),
        ({"money": rupiah(0)}, "zero_line"),
        ({"money": rupiah(-5_000)}, "zero_line"),
        ({"money": Money(5_000, "USD")}, "other_unit"),
        ({"words": " \n "}, "text_missing"),
    ],
)
def test_unfit_lines(session: Session, finance: Person, over: dict[str, Any], code: str) -> None:
    said: dict[str, Any] = {"money": rupiah(50_000)} | over
    with pytest.raises(Invalid) as refusal:
        enter(finance, **said)
    assert refusal.value.code == code


def test_money_for_another_account_is_no_match(session: Session, finance: Person) -> None:
    payment = factory.transfer()
    other = payment_service.add_bank_account(
        bank_name="Bank Lain", account_number="998877665544", holder="Co-Evolve"
    )
    line = enter(finance, sum_of(payment), f"TRSF {payment.public_ref}", bank_account_id=other.id)
    assert queries.suggestions(line) == []
    book(line, payment, finance)
    with pytest.raises(Conflict):
        service.confirm_match(line_id=line.id, by=people.finance().id)


def test_cases_have_owners_notes_and_an_end(session: Session, finance: Person) -> None:
    line = enter(finance, rupiah(50_000))
    service.set_aside(line_id=line.id, by=finance.id)
    [case] = queries.open_cases()
    told = select(func.count()).where(Message.kind == "finance.case", Message.person_id == finance.id)
    assert session.execute(told).scalar_one() >= 1
    service.take(case_id=case.id, by=finance.id)
    assert queries.open_cases(mine=finance.id) == [case]
    service.add_note(case_id=case.id, by=finance.id, body="Bank dihubungi.")
    with pytest.raises(Invalid):
        service.resolve(case_id=case.id, by=finance.id, note="  ")
    service.resolve(case_id=case.id, by=finance.id, note="Donatur menjawab.")
    assert queries.count_open_cases() == 0
    assert [note.body for note in queries.notes_of(case.id)] == ["Bank dihubungi.", "Donatur menjawab."]
    with pytest.raises(Invalid):
        service.take(case_id=case.id, by=finance.id)
    service.reopen(case_id=case.id, by=finance.id, note="Ternyata belum.")
    assert queries.count_open_cases() == 1
    assert service.open_case(kind="unidentified", subject=("line", line.id)).id == case.id


def test_a_day_explains_itself(session: Session, finance: Person) -> None:
    payment = factory.transfer()
    book(enter(finance, sum_of(payment), payment.public_ref), payment, finance)
    enter(finance, rupiah(20_000))
    day = queries.day(clock.today())
    assert (day.came, day.matched, day.waiting) == (payment.amount + 2_000_000, payment.amount, 2_000_000)
    assert (day.lines, day.lines_waiting, day.total.unexplained) == (2, 1, 0)
    assert day.difference == 2_000_000, "not in the books yet, and shown with its line"


def test_only_known_kinds_of_cases(session: Session) -> None:
    with pytest.raises(KeyError):
        service.open_case(kind="something_else", subject=("payment", uuid.uuid4()))
