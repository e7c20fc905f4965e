"""Stage by stage: what is matched by itself, what is proposed, what a person must look at, and why."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from coevolve import config
from coevolve.kit import clock
from coevolve.kit.db import session as current
from coevolve.kit.money import Money, rupiah
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.payments import service as payment_service
from coevolve.payments.models import PaymentState, Receipt
from coevolve.pledges import queries as pledges
from coevolve.reconciliation import queries, service
from coevolve.reconciliation.matching.running import run_stages
from coevolve.reconciliation.models import Allocation
from tests.factories import payments as factory
from tests.factories import people
from tests.reconciliation.matching.bank import (
    books_balance,
    expire,
    fresh,
    fund_of,
    in_bank,
    kinds,
    line,
    name_of,
    rules,
    run,
    state,
    whole,
)

STRANGER = "QQXX ZZWW"


def test_reference_and_sum_are_booked_and_a_second_run_changes_nothing(session: Session) -> None:
    payment = factory.transfer()
    came = line(whole(payment), f"TRSF {payment.public_ref.lower()[:4]} {payment.public_ref[4:]}")
    done = run()
    assert (done.posted, done.left) == (1, 0)
    assert state(came) == ("matched", None)
    assert rules(came) == ["S1"]
    assert fresh(payment).state == PaymentState.captured
    assert fund_of(payment) == payment.amount == in_bank()
    assert session.execute(select(func.count()).select_from(Receipt)).scalar_one() == 1
    before = session.execute(select(func.count()).select_from(Allocation)).scalar_one()
    again = run()
    assert (again.posted, sum(one.lines for one in again.stages)) == (0, 0)
    assert session.execute(select(func.count()).select_from(Allocation)).scalar_one() == before
    books_balance()


@pytest.mark.case(61)
def test_the_sum_alone_when_no_name_speaks_against_it(session: Session) -> None:
    payment, other = factory.transfer(), factory.transfer(money=rupiah(75_000))
    mine = line(whole(payment))
    wrong_code = line(whole(other), payer=STRANGER)
    run()
    assert state(mine) == ("matched", None)
    assert rules(mine) == ["S2"]
    assert state(wrong_code) == ("review", "name_other")
    assert fresh(other).captured == 0
    books_balance()


def test_a_large_sum_is_only_proposed(session: Session) -> None:
    with config.overridden(auto_post_limit_minor=50_000_000):
        payment = factory.transfer()
        came = line(whole(payment), payer=name_of(payment))
        run()
    assert state(came) == ("proposed", "sum_large")
    assert fund_of(payment) == 0
    service.confirm_match(line_id=came.id, by=people.finance().id)
    assert fund_of(payment) == payment.amount
    books_balance()


def test_days_count(session: Session) -> None:
    payment = factory.transfer()
    payment.created_on = clock.today() - dt.timedelta(days=4)
    session.flush()
    late = line(whole(payment))
    run()
    assert state(late) == ("review", "sum_several")


def take_all_codes(base: int) -> None:
    """Every code of a sum is somebody's."""
    account = factory.bank_account()
    model = factory.transfer(money=Money(base))
    factory_row = text(
        "INSERT INTO payment (id, public_ref, reference_kind, reference_id, client_token, provider, bank_account_id,"
        " unit, amount, unique_code, expected_amount, by_amount, state, payer_norm, created_on, expires_at, hold_until)"
        " SELECT gen_random_uuid(), 'CE' || lpad(code::text, 9, '0'), reference_kind, reference_id, gen_random_uuid(),"
        " provider, :account, unit, base_amount + code * 100, code, base_amount + code * 100, true, state, 'X Y',"
        " created_on, expires_at, hold_until FROM payment, generate_series(1, 999) AS code"
        " WHERE payment.id = :model AND code <> unique_code"
    )

    current().execute(factory_row, {"account": account.id, "model": model.id})


@pytest.mark.case(64)
def test_all_codes_taken_and_the_name_decides(session: Session) -> None:
    take_all_codes(rupiah(50_000).amount)
    first = factory.transfer(money=rupiah(50_000), by=people.person(name="Yohanes Nahak"))
    second = factory.transfer(money=rupiah(50_000), by=people.person(name="Maria Hutapea"))
    assert (first.unique_code, first.by_amount) == (None, False)
    named = line(50_000, payer="YOHANES NAHAK")
    nameless = line(50_000)
    by_ref = line(50_000, second.public_ref)
    run()
    assert rules(named) == ["S3a"]
    assert rules(by_ref) == ["S1"]
    assert fresh(first).captured == fresh(second).captured == rupiah(50_000).amount
    assert state(nameless)[0] == "review"
    books_balance()


def test_ambiguous_names_are_left_to_a_person(session: Session) -> None:
    take_all_codes(rupiah(50_000).amount)
    factory.transfer(money=rupiah(50_000), by=people.person(name="Siti Nurhaliza"))
    factory.transfer(money=rupiah(50_000), by=people.person(name="Siti Nurhalizah"))
    came = line(50_000, payer="SITI NURHALIZA")
    run()
    assert state(came) == ("review", "sum_several")
    books_balance()


def test_one_line_for_several_payments_of_one_payer(session: Session) -> None:
    giver = people.person(name="Bernadus Taek")
    paid = [factory.transfer(money=rupiah(sum_), by=giver) for sum_ in (50_000, 75_000, 100_000)]
    came = line(Money(sum(one.amount for one in paid)), payer="BERNADUS TAEK")
    run()
    assert state(came) == ("matched", None)
    assert rules(came) == ["S4", "S4", "S4"]
    assert all(fresh(one).captured == one.amount for one in paid)
    assert in_bank() == came.amount
    books_balance()


@pytest.mark.case(62)
def test_a_forgotten_code_is_proposed_by_name(session: Session) -> None:
    payment = factory.transfer(by=people.person(name="Dominggus Lake"))
    other = factory.transfer(by=people.person(name="Kristina Zega"))
    came = line(500_000, payer="DOMINGGUS LAKE")
    unknown = line(500_000, payer=STRANGER)
    run()
    assert state(came) == ("proposed", "code_forgotten")
    assert state(unknown)[0] == "review"
    assert fund_of(payment) == 0
    service.confirm_match(line_id=came.id, by=people.finance().id)
    assert state(came) == ("matched", None)
    assert fresh(payment).captured == 50_000_000
    assert fresh(other).captured == 0
    assert pledges.get(payment.reference_id).state == "confirmed"
    assert kinds() == []
    books_balance()


@pytest.mark.case(63)
def test_gift_and_code_come_apart(session: Session) -> None:
    payment = factory.transfer(by=people.person(name="Fransiskus Klau"))
    gift = line(500_000, payer="FRANSISKUS KLAU")
    code = line(payment.unique_code or 0, payer="FRANSISKUS KLAU")
    run()
    assert state(gift) == state(code) == ("proposed", "parts")
    service.confirm_match(line_id=code.id, by=people.finance().id)
    assert state(gift) == state(code) == ("matched", None)
    assert fresh(payment).captured == payment.amount == fund_of(payment)
    assert kinds() == []
    books_balance()


@pytest.mark.case(57)
def test_a_reference_of_another_account(session: Session) -> None:
    payment = factory.transfer()
    other = payment_service.add_bank_account(
        bank_name="Bank Lain", account_number="998877665544", holder="Yayasan Lain"
    )
    came = line(whole(payment), payment.public_ref, bank_account_id=other.id)
    service.match(None, typed=True)
    assert state(came) == ("review", "ref_other_account")
    assert fresh(payment).captured == 0
    books_balance()


@pytest.mark.case(58)
def test_reference_with_another_sum_in_parts_paid_and_cancelled(session: Session) -> None:
    under, over, paid, gone, unknown = (factory.transfer(money=rupiah(50_000 + n)) for n in range(5))
    lines = {
        "ref_short": line(whole(under, off=-10_000), under.public_ref),
        "ref_over": line(whole(over, off=10_000), over.public_ref),
    }
    first = line(whole(paid), paid.public_ref)
    run()
    assert state(first) == ("matched", None)
    lines["ref_paid"] = line(whole(paid), f"LAGI {paid.public_ref}")
    payment_service.cancel(payment_id=gone.id, by=None, cause="test")
    lines["ref_cancelled"] = line(whole(gone), gone.public_ref)
    lines["ref_unknown"] = line(whole(unknown), "CE000000000")
    run()
    assert {state(one) for one in lines.values()} == {("review", reason) for reason in lines}
    second = people.finance()
    for one, payment in (
        ("ref_short", under),
        ("ref_over", over),
        ("ref_paid", paid),
        ("ref_cancelled", gone),
    ):
        service.propose_match(
            line_id=lines[one].id, target_kind="payment", target_id=payment.id, by=people.finance().id
        )
        service.confirm_match(line_id=lines[one].id, by=second.id)
    assert fresh(under).captured == under.amount - 1_000_000
    assert fund_of(over) == over.amount
    assert fund_of(paid) == paid.amount
    assert fund_of(gone) == 0
    assert fresh(gone).state == PaymentState.captured_late
    assert kinds() == ["late", "over", "over", "short"]
    rest = line(1_000_000 // 100, under.public_ref)
    run()
    assert (state(rest), rules(rest)) == (("matched", None), ["S1"])
    assert fresh(under).captured == under.amount == fund_of(under)
    books_balance()


@pytest.mark.case(58)
def test_parts_with_one_reference_are_proposed_together(session: Session) -> None:
    payment = factory.transfer()
    parts = [line(Money(amount), payment.public_ref) for amount in (20_000_000, payment.amount - 20_000_000)]
    run()
    assert [state(one) for one in parts] == [("proposed", "parts")] * 2
    service.confirm_match(line_id=parts[0].id, by=people.finance().id)
    assert [state(one)[0] for one in parts] == ["matched", "matched"]
    assert fresh(payment).captured == payment.amount == fund_of(payment)
    assert kinds() == []
    books_balance()


@pytest.mark.case(59)
def test_two_references_in_one_text(session: Session) -> None:
    one, two, three, four = (factory.transfer(money=rupiah(60_000 + n)) for n in range(4))
    fits = line(Money(one.amount + two.amount), f"{one.public_ref} DAN {two.public_ref}")
    not_fitting = line(Money(three.amount + four.amount + 100), f"{three.public_ref} {four.public_ref}")
    run()
    assert (state(fits), rules(fits)) == (("matched", None), ["S1c", "S1c"])
    assert [fund_of(one), fund_of(two)] == [one.amount, two.amount]
    assert state(not_fitting) == ("review", "refs_several")
    assert {one.rule for one in queries.suggestions(not_fitting)} == {"ref_of_several"}
    books_balance()


@pytest.mark.case(60)
def test_the_bank_was_offline_when_the_deadline_passed(session: Session) -> None:
    payment, expired = factory.transfer(), factory.transfer(money=rupiah(80_000))
    payment.expires_at = clock.now() - dt.timedelta(hours=1)
    session.flush()
    service.expire_transfers()
    assert fresh(payment).state == PaymentState.grace
    expire(expired)
    assert expired.state == PaymentState.expired
    in_time = line(whole(payment), payment.public_ref)
    too_late = line(whole(expired), expired.public_ref)
    by_sum = line(whole(expired))
    run()
    assert state(in_time) == ("matched", None)
    assert fund_of(payment) == payment.amount
    assert state(too_late) == ("review", "ref_expired")
    assert state(by_sum) == ("review", "sum_expired")
    service.propose_match(
        line_id=too_late.id, target_kind="payment", target_id=expired.id, by=people.finance().id
    )
    service.confirm_match(line_id=too_late.id, by=people.finance().id)
    pledge = pledges.get(expired.reference_id)
    assert pledge.giver_person_id
    assert ledger.balance(accounts.donor_credit(pledge.giver_person_id)) == expired.amount
    assert kinds() == ["late"]
    books_balance()


@pytest.mark.case(65)
def test_a_sum_that_rests_is_not_given_again_and_not_guessed(session: Session) -> None:
    old = factory.transfer()
    expire(old)
    fresh_one = factory.transfer()
    assert fresh_one.amount != old.amount
    for payment in (fresh_one,):
        payment.unique_code, payment.amount, payment.expected_amount = (
            old.unique_code,
            old.amount,
            old.amount,
        )
    session.flush()
    whose = line(whole(old))
    run()
    assert state(whose) == ("review", "sum_rested")
    assert fresh(fresh_one).captured == 0
    books_balance()


def test_a_known_sender_is_a_hint_and_a_proposal(session: Session) -> None:
    giver = people.person(name="Elisabeth Oematan")
    first = factory.transfer(by=giver)
    spouse = line(whole(first), payer="MARTEN SONBAY")
    run()
    assert state(spouse) == ("review", "name_other")
    service.propose_match(
        line_id=spouse.id, target_kind="payment", target_id=first.id, by=people.finance().id
    )
    service.confirm_match(line_id=spouse.id, by=people.finance().id)
    second = factory.transfer(by=giver, money=rupiah(90_000))
    again = line(90_000, payer="MARTEN SONBAY")
    run()
    assert (state(again), rules(again)) == (("proposed", "known_sender"), ["known"])
    service.confirm_match(line_id=again.id, by=people.finance().id)
    assert fresh(second).captured == 9_000_000
    books_balance()


def test_the_banks_own_fee_and_interest(session: Session) -> None:
    fee = line(-6_500, "BIAYA ADM BULANAN")
    interest = line(Money(123_45), "BUNGA BULAN INI")
    run()
    assert state(fee) == ("proposed", "bank_fee")
    assert state(interest) == ("proposed", "bank_interest")
    done, refused = service.confirm_many(line_ids=[fee.id, interest.id], by=people.finance().id)
    assert (done, refused) == (2, [])
    assert in_bank() == -650_000 + 123_45
    assert ledger.balance(accounts.bank_interest()) == 123_45
    books_balance()


@pytest.mark.case(55)
def test_the_bank_takes_a_transfer_back(session: Session) -> None:
    payment = factory.transfer()
    came = line(whole(payment), f"TRSF E-BANKING CR {payment.public_ref} BUDI", payer="BUDI")
    run()
    assert fund_of(payment) == payment.amount
    back = line(Money(-payment.amount), f"REVERSAL TRSF E-BANKING {payment.public_ref} BUDI")
    run()
    assert state(came) == state(back) == ("matched", "reversed")
    assert fund_of(payment) == 0 == in_bank()
    assert fresh(payment).state == PaymentState.awaiting
    assert payment.captured == 0
    assert pledges.get(payment.reference_id).state == "offered"
    live = select(func.count()).where(Receipt.payment_id == payment.id, Receipt.annulled_at.is_(None))
    assert session.execute(live).scalar_one() == 0
    books_balance()
    again = line(whole(payment), f"TRSF ULANG {payment.public_ref}")
    run()
    assert state(again) == ("matched", None)
    assert fund_of(payment) == payment.amount == in_bank()
    assert pledges.get(payment.reference_id).state == "confirmed"
    books_balance()


@pytest.mark.case(55)
def test_a_reversal_of_money_nobody_knew(session: Session) -> None:
    came = line(123_456, "SETORAN PAK ANU")
    run()
    service.set_aside(line_id=came.id, by=people.finance().id)
    back = line(-123_456, "KOREKSI SETORAN PAK ANU")
    run()
    assert state(came) == state(back) == ("matched", "reversed")
    assert ledger.balance(accounts.unidentified()) == 0 == in_bank()
    assert kinds() == []
    books_balance()


def test_what_changed_before_its_posting_goes_to_a_person(session: Session) -> None:
    payment = factory.transfer()
    came = line(whole(payment), payment.public_ref)

    run_stages([factory.bank_account().id], typed=True)
    assert queries.count_due() == 1
    payment.bank_account_id = payment_service.add_bank_account(
        bank_name="Bank Lain", account_number="998877665544", holder="Yayasan Lain"
    ).id
    session.flush()
    assert service.post_due() == (0, 1, 0)
    assert state(came) == ("review", "changed")
    books_balance()


def test_lines_typed_by_hand_are_left_to_whoever_typed_them(session: Session) -> None:
    payment = factory.transfer()
    came = line(whole(payment), payment.public_ref)
    service.match([factory.bank_account().id])
    assert state(came) == ("unmatched", None)
