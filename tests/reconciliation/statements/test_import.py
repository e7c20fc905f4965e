"""Statements handed in, accepted or refused whole, joined to what is there, and undone."""

from __future__ import annotations

import datetime as dt
import time
import uuid

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from coevolve.kit import clock
from coevolve.kit.db import commit
from coevolve.kit.errors import Conflict, Invalid
from coevolve.kit.money import rupiah
from coevolve.people.models import Person
from coevolve.reconciliation import service as reconciliation
from coevolve.reconciliation.models import BankStatement, Case, Line
from coevolve.reconciliation.service import statements
from coevolve.reconciliation.statements.joining import chain_ends
from tests.factories import payments as factory
from tests.factories import people
from tests.invariants import assert_books_balance
from tests.reconciliation.statements import banks
from tests.reconciliation.statements.banks import Told

DAY = clock.today() - dt.timedelta(days=20)
ONE = dt.timedelta(days=1)
FIRST = [
    Told(DAY, 500_123, "DONASI SATU"),
    Told(DAY + ONE, 250_000, "DONASI DUA"),
    Told(DAY + ONE, -6_500, "ADM"),
]
AFTER = 1_000_000 + 500_123 + 250_000 - 6_500
SECOND = [Told(DAY + 2 * ONE, 100_000, "DONASI TIGA"), Told(DAY + 3 * ONE, 75_000, "DONASI EMPAT")]


@pytest.fixture
def officer(session: Session) -> Person:
    return people.staff("finance")


def hand_in(
    content: str | bytes, *, by: Person | None = None, code: str | None = "bca_csv", **typed: int
) -> BankStatement:
    """Upload a file and let the worker read it."""
    account = factory.bank_account()
    statement, _is_new = statements.upload_statement(
        bank_account_id=account.id,
        file_name="mutasi.csv",
        content=content if isinstance(content, bytes) else content.encode(),
        by=by.id if by else None,
        code=code,
        typed=statements.Typed(**typed),
    )
    commit()
    statements.read_waiting(statement_id=statement.id)
    return statement


def why(statement: BankStatement) -> list[str]:
    return [reason["code"] for reason in statement.reasons]


def lines(session: Session) -> list[Line]:
    return list(session.execute(select(Line).order_by(Line.seq)).scalars())


def count(session: Session) -> int:
    return int(session.execute(select(func.count()).select_from(Line)).scalar_one())


def test_a_statement_is_accepted_with_its_sums(session: Session, officer: Person) -> None:
    statement = hand_in(banks.bca(FIRST), by=officer)
    assert (statement.state, why(statement)) == ("accepted", [])
    assert (statement.opening, statement.closing) == (100_000_000, AFTER * 100)
    assert (statement.came, statement.came_count) == (75_012_300, 2)
    assert (statement.went, statement.went_count) == (650_000, 1)
    assert (statement.new_count, statement.known_count, statement.claimed_count) == (3, 0, 0)
    assert [note["code"] for note in statement.notes] == ["first_statement"]
    assert [line.running_balance for line in lines(session)] == [150_012_300, 175_012_300, AFTER * 100]
    assert {line.state for line in lines(session)} == {"unmatched"}
    assert_books_balance()


@pytest.mark.case(51)
def test_an_altered_amount_refuses_the_whole_file(session: Session, officer: Person) -> None:
    text = banks.bca(FIRST)
    statement = hand_in(text.replace('"250,000.00",CR', '"950,000.00",CR'), by=officer)
    assert statement.state == "refused"
    assert why(statement) == ["balance_wrong", "total_wrong"]
    assert (statement.reasons[0]["row"], statement.reasons[0]["more"]["expected"]) == (9, "Rp\u00a02.450.123")
    assert count(session) == 0
    assert hand_in(text).state == "accepted"
    assert_books_balance()


@pytest.mark.case(52)
def test_the_same_file_twice_is_harmless(session: Session, officer: Person) -> None:
    first = hand_in(banks.bca(FIRST), by=officer)
    again, is_new = statements.upload_statement(
        bank_account_id=factory.bank_account().id,
        file_name="salinan.csv",
        content=banks.bca(FIRST).encode(),
        by=officer.id,
    )
    assert (again.id, is_new) == (first.id, False)
    assert count(session) == 3
    assert_books_balance()


@pytest.mark.case(52)
def test_an_overlap_adds_only_what_is_new(session: Session, officer: Person) -> None:
    hand_in(banks.bca(FIRST), by=officer)
    statement = hand_in(banks.bca([*FIRST, *SECOND]))
    assert (statement.state, statement.new_count, statement.known_count) == ("accepted", 2, 3)
    # A file over everything, with days before and after, is joined on both sides.
    before = Told(DAY - ONE, 40_000, "SEBELUMNYA")
    after = Told(DAY + 4 * ONE, 30_000, "SESUDAHNYA")
    statement = hand_in(banks.bca([before, *FIRST, *SECOND, after], opening=960_000))
    assert (statement.state, statement.new_count, statement.known_count) == ("accepted", 2, 5)
    assert next(line.text_raw for line in lines(session)) == "SEBELUMNYA"
    assert count(session) == 7
    statements.undo_statement(statement_id=statement.id, by=officer.id)
    assert count(session) == 5
    assert_books_balance()


@pytest.mark.case(52)
def test_two_honest_equal_lines_stay_two(session: Session, officer: Person) -> None:
    twins = [Told(DAY, 100_000, "DONASI"), Told(DAY, 100_000, "DONASI")]
    assert hand_in(banks.bca(twins), by=officer).new_count == 2
    triplets = [*twins, Told(DAY, 100_000, "DONASI")]
    statement = hand_in(banks.bca(triplets))
    assert (statement.new_count, statement.known_count) == (1, 2)
    assert_books_balance()


@pytest.mark.case(52)
def test_equal_lines_without_running_balances(session: Session, officer: Person) -> None:
    twins = [Told(DAY, 100_000, "DONASI"), Told(DAY, 100_000, "DONASI")]
    assert hand_in(banks.mt940(twins), by=officer, code="mt940").new_count == 2
    statement = hand_in(banks.mt940([*twins, Told(DAY + ONE, 5_000, "LAIN")]))
    assert (statement.state, statement.new_count, statement.known_count) == ("accepted", 1, 2)
    other_order = [Told(DAY + ONE, 5_000, "LAIN"), Told(DAY + ONE, 7_000, "BARU")]
    statement = hand_in(banks.mt940(other_order, opening=1_000_000))
    assert why(statement) == ["overlap_differs"]
    assert_books_balance()


def test_a_gap_is_named(session: Session, officer: Person) -> None:
    hand_in(banks.bca(FIRST), by=officer)
    statement = hand_in(banks.bca(SECOND, opening=AFTER + 90_000))
    assert why(statement) == ["gap_before"]
    assert statement.reasons[0]["more"]["difference"] == "Rp\u00a090.000"
    assert hand_in(banks.bca(SECOND, opening=AFTER)).state == "accepted"
    earlier = [Told(DAY - 3 * ONE, 10_000, "LAMA")]
    assert why(hand_in(banks.bca(earlier, opening=500_000))) == ["gap_after"]
    statement = hand_in(banks.bca(earlier, opening=990_000))
    assert statement.state == "accepted"
    assert statement.notes[0]["code"] == "days_between"
    clash = [Told(DAY, 1_000, "LAIN"), Told(DAY + 3 * ONE, 1_000, "LAIN")]
    assert why(hand_in(banks.bca(clash))) == ["overlap_unknown"]
    assert_books_balance()


def test_a_quiet_month_has_no_line_and_joins(session: Session, officer: Person) -> None:
    quiet = banks.bca([], begin=DAY - 10 * ONE, end=DAY - ONE)
    statement = hand_in(quiet, by=officer)
    assert (statement.state, statement.new_count) == ("accepted", 0)
    assert why(hand_in(banks.bca(FIRST, opening=5))) == ["gap_before"]
    assert hand_in(banks.bca(FIRST)).state == "accepted"
    assert_books_balance()


def test_files_of_other_accounts_units_and_days_are_refused(session: Session, officer: Person) -> None:
    assert why(hand_in(banks.bca(FIRST, number="9999999999"), by=officer)) == ["other_account"]
    assert why(hand_in(banks.bca(FIRST).replace("Uang : Rp", "Uang : USD"))) == ["other_currency"]
    tomorrow = clock.today() + ONE
    assert why(hand_in(banks.bca([Told(tomorrow, 5_000, "BESOK")]))) == ["date_to_come"]
    assert why(hand_in("Tanggal,Uraian\n1,2\n")) == ["no_header"]
    assert count(session) == 0
    assert_books_balance()


def test_balances_that_the_file_lacks_are_typed(session: Session, officer: Person) -> None:
    text = "\n".join(line for line in banks.bca(FIRST).splitlines() if "Saldo A" not in line)
    text = "\n".join(
        line.rsplit(',"', 1)[0] if line.startswith("'") else line.replace(",,Saldo", ",")
        for line in text.splitlines()
    )
    assert why(hand_in(text, by=officer)) == ["no_balance"]
    assert why(hand_in(text, opening=100_000_000, closing=100)) == ["sum_wrong"]
    assert hand_in(text, opening=100_000_000, closing=AFTER * 100).state == "accepted"
    assert_books_balance()


# --- lines entered by hand ----------------------------------------------------------------------------------


def enter(officer: Person, told: Told, **over: object) -> Line:
    values: dict[str, object] = {"bank_ref": None, "booked_on": told.on} | over
    return reconciliation.enter_bank_line(
        bank_account_id=factory.bank_account().id,
        money=rupiah(told.amount),
        words=told.text,
        by=officer.id,
        **values,  # type: ignore[arg-type]
    )


def test_a_line_entered_by_hand_is_not_there_twice(session: Session, officer: Person) -> None:
    exact = enter(officer, FIRST[0])
    loose = enter(officer, Told(DAY + ONE, 250_000, "donasi 2, kira-kira"))
    off = enter(officer, Told(DAY + 2 * ONE, 100_000, "DONASI TIGA"), booked_on=DAY + 3 * ONE)
    keys = [line.line_key for line in (exact, loose, off)]
    commit()
    statement = hand_in(banks.bca([*FIRST, *SECOND]), by=officer)
    assert (statement.state, statement.new_count, statement.claimed_count) == ("accepted", 2, 3)
    assert count(session) == 5
    assert [line.seq for line in (exact, loose, off)] == [1, 2, 4]
    assert loose.text_raw == "DONASI DUA"
    statements.undo_statement(statement_id=statement.id, by=officer.id)
    assert [line.line_key for line in (exact, loose, off)] == keys
    assert loose.text_raw == "donasi 2, kira-kira"
    assert off.booked_on == DAY + 3 * ONE
    assert count(session) == 3
    assert_books_balance()


def test_a_line_that_the_bank_does_not_know_is_a_case(session: Session, officer: Person) -> None:
    line = enter(officer, Told(DAY + ONE, 999_000, "SALAH KETIK"))
    commit()
    statement = hand_in(banks.bca([*FIRST, *SECOND]), by=officer)
    assert statement.state == "accepted"
    assert {"code": "hand_lines", "num": 1} in statement.notes
    [case] = session.execute(select(Case).where(Case.kind == "hand_line")).scalars()
    assert case.subject_id == str(line.id)
    assert_books_balance()


def test_nobody_enters_by_hand_what_a_file_brought(session: Session, officer: Person) -> None:
    hand_in(banks.bca([*FIRST, *SECOND]), by=officer)
    with pytest.raises(Conflict) as refusal:
        enter(officer, Told(DAY + ONE, 999_000, "APA SAJA"))
    assert refusal.value.code == "day_covered"
    with pytest.raises(Conflict) as refusal:
        enter(officer, SECOND[1])
    assert refusal.value.code == "same_line"
    assert enter(officer, SECOND[1], is_second=True).seq is None
    assert enter(officer, Told(DAY + 3 * ONE, 33_000, "LEBIH SORE")).seq is None
    assert_books_balance()


# --- references ---------------------------------------------------------------------------------------------


@pytest.mark.case(56)
def test_references_and_names_are_read_while_loading(session: Session, officer: Person) -> None:
    payment = factory.transfer()
    ref = payment.public_ref
    told = [
        Told(DAY, 500_123, f"DONASI {ref[:4]} {ref[4:8].lower()}\n{ref[8:]} TERIMA KASIH"),
        Told(DAY, 100_000, f"DONASI {ref[:8]}"),
        Told(DAY, 100_001, "SWITCHING CR TRANSFER DR 014 BUDI HARTONO"),
    ]
    assert hand_in(banks.bca(told), by=officer).state == "accepted"
    whole, cut, named = lines(session)
    assert whole.ref == ref
    assert cut.ref is None
    assert (named.payer_norm, named.text_norm) == (
        "BUDI HARTONO",
        "SWITCHING CR TRANSFER DR 014 BUDI HARTONO",
    )
    assert_books_balance()


# --- undoing ------------------------------------------------------------------------------------------------


def test_undo_only_from_the_end_and_the_same_file_may_come_again(session: Session, officer: Person) -> None:
    first = hand_in(banks.bca(FIRST), by=officer)
    second = hand_in(banks.bca(SECOND, opening=AFTER))
    third = hand_in(banks.bca([Told(DAY + 5 * ONE, 1_000, "X")], opening=AFTER + 175_000))
    with pytest.raises(Conflict) as refusal:
        statements.undo_statement(statement_id=second.id, by=officer.id)
    assert refusal.value.code == "not_at_end"
    for statement in (third, second, first):
        assert statements.undo_statement(statement_id=statement.id, by=officer.id).state == "undone"
    assert count(session) == 0
    assert chain_ends(first.bank_account_id) == (None, None)
    with pytest.raises(Conflict):
        statements.undo_statement(statement_id=first.id, by=officer.id)
    commit()
    assert hand_in(banks.bca(FIRST)).state == "accepted"
    assert_books_balance()


def test_a_booked_line_keeps_its_file_unless_the_booking_goes_too(session: Session, officer: Person) -> None:
    statement = hand_in(banks.bca(FIRST), by=officer)
    line = lines(session)[0]
    reconciliation.set_aside(line_id=line.id, by=officer.id)
    with pytest.raises(Conflict) as refusal:
        statements.undo_statement(statement_id=statement.id, by=officer.id)
    assert refusal.value.code == "lines_booked"
    statements.undo_statement(statement_id=statement.id, by=officer.id, with_bookings=True)
    assert statement.state == "undone"
    session.refresh(line)
    assert (line.state, line.allocated, line.seq) == ("ignored", 0, None)
    commit()
    assert hand_in(banks.bca(FIRST)).new_count == 3
    assert_books_balance()


# --- profiles -----------------------------------------------------------------------------------------------


def test_another_way_of_writing_needs_a_day_from_which_it_counts(session: Session, officer: Person) -> None:
    hand_in(banks.bca(FIRST), by=officer)
    account = factory.bank_account()
    for day in (None, DAY, DAY + ONE):
        with pytest.raises(Invalid) as refusal:
            statements.choose_profile(
                bank_account_id=account.id, code="mandiri_csv", by=officer.id, starts_on=day
            )
        assert refusal.value.field == "starts_on"
    statements.choose_profile(
        bank_account_id=account.id, code="mandiri_csv", by=officer.id, starts_on=DAY + 2 * ONE
    )
    assert why(hand_in(banks.mandiri([*FIRST, *SECOND]))) == ["before_cut"] * 3
    assert hand_in(banks.mandiri(SECOND, opening=AFTER)).state == "accepted"
    assert_books_balance()


def test_a_unique_number_of_the_bank_is_the_line_itself(session: Session, officer: Person) -> None:
    spec = {
        "header_row": 1,
        "places": {"date": [0], "text": [1], "amount": [2], "balance": [3], "bank_ref": [4]},
        "decimal": ".",
        "is_ref_unique": True,
    }
    statements.choose_profile(
        bank_account_id=factory.bank_account().id, code="mapped", spec=spec, by=officer.id
    )
    head = "Tgl;Ket;Jumlah;Saldo;Nomor\n"
    day = f"{DAY:%d/%m/%Y}"
    text = f"{head}{day};A;100.00;100.00;R1\n{day};A;100.00;200.00;R2\n"
    assert hand_in(text, by=officer).new_count == 2
    assert hand_in(text.replace(";A;", ";LAIN;")).known_count == 2
    assert why(hand_in(f"{text}{day};B;1.00;201.00;R2\n")) == ["ref_twice"]
    enter(officer, Told(DAY + ONE, 77_000, "SALAH KETIK"), bank_ref="R3")
    commit()
    assert why(hand_in(f"{text}{DAY + ONE:%d/%m/%Y};C;1.00;201.00;R3\n")) == ["hand_differs"]
    assert_books_balance()


def test_many_lines_are_loaded_in_seconds(session: Session, officer: Person) -> None:
    told = [Told(DAY, 10_000 + number, f"TRSF E-BANKING CR DONASI {number}") for number in range(10_000)]
    content = banks.bca(told)
    begun = time.process_time()
    statement = hand_in(content, by=officer)
    assert time.process_time() - begun < 8
    assert (statement.state, statement.new_count) == ("accepted", 10_000)
    assert_books_balance()


def test_a_file_that_kills_its_reader_is_given_up(session: Session, officer: Person) -> None:
    account = factory.bank_account()
    statement, _new = statements.upload_statement(
        bank_account_id=account.id, file_name="x", content=b"y", by=officer.id, code="bca_csv"
    )
    statement.attempts = 3
    commit()
    statements.read_waiting()
    assert why(statement) == ["gave_up"]
    assert statements.read_waiting(statement_id=uuid.uuid4()) == 0
