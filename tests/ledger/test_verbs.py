"""Post, hold, fulfil, void, reverse: what they do, what they refuse, and that saying it twice is saying it once."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from coevolve.kit import clock
from coevolve.kit.db import uuid7
from coevolve.kit.money import NBSP, format_rupiah
from coevolve.ledger import accounts, queries
from coevolve.ledger import service as ledger
from coevolve.ledger.errors import BelowFloor, KeyReused, OverFulfilled, PendingClosed, Unbookable
from tests.invariants import assert_books_balance
from tests.ledger.conftest import Books, broken


def count(session: Session, table: str) -> int:
    return int(session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def test_a_posting_moves_an_amount(books: Books) -> None:
    books.give("one", 50_012_300)
    assert ledger.balance(books.fund) == 50_012_300
    assert ledger.balance(books.bank) == -50_012_300
    assert broken() == []


def test_the_same_key_and_content_is_a_no_op(books: Books, session: Session) -> None:
    first = books.give("one", 100)
    assert books.give("one", 100) == first
    assert count(session, "ledger_transfer") == 1
    assert ledger.balance(books.fund) == 100


def test_the_same_key_at_another_time_by_another_actor_is_still_the_same(books: Books) -> None:
    first = books.give("one", 100)
    again = ledger.post(
        key="one",
        kind="gift",
        transfers=[ledger.Transfer(debit_id=books.bank, credit_id=books.fund, amount=100)],
        source_kind="test",
        source_id=books.source_id,
        effective_at=clock.now() + dt.timedelta(days=1),
        actor="sweep",
    )
    assert again == first


@pytest.mark.case(43)
def test_the_same_key_with_other_content_is_an_error(books: Books) -> None:
    books.give("one", 100)
    with pytest.raises(KeyReused):
        books.give("one", 101)
    with pytest.raises(KeyReused):
        books.post("one", books.clearing, books.fund, 100)
    with pytest.raises(KeyReused):
        books.reserve("one", 100)
    assert ledger.balance(books.fund) == 100
    assert broken() == []
    assert_books_balance(of="ledger")


def test_nothing_goes_below_its_floor(books: Books, session: Session) -> None:
    books.give("in", 100)
    with pytest.raises(BelowFloor) as refusal:
        books.spend("out", 101)
    assert refusal.value.missing == 1
    assert count(session, "ledger_posting") == 1, "a refusal leaves nothing behind"
    books.spend("out", 100)
    assert ledger.balance(books.fund) == 0
    with pytest.raises(BelowFloor):
        books.reserve("held", 1)
    assert broken() == []


def test_held_money_cannot_be_spent_twice(books: Books) -> None:
    books.give("in", 100)
    held = books.reserve("one", 60)
    with pytest.raises(BelowFloor):
        books.reserve("two", 41)
    with pytest.raises(BelowFloor):
        books.spend("three", 41)
    assert ledger.balance(books.fund) == 100
    assert queries.fund_totals([books.listing_id])[books.listing_id].available == 40
    books.fulfil("paid", held, 60)
    totals = queries.fund_totals([books.listing_id])[books.listing_id]
    assert (totals.received, totals.spent, totals.held, totals.balance) == (100, 60, 0, 40)
    assert broken() == []


def test_credits_in_the_same_posting_count(books: Books) -> None:
    other = accounts.fund(uuid7())
    ledger.post(
        key="through",
        kind="gift",
        transfers=[
            ledger.Transfer(debit_id=books.bank, credit_id=books.fund, amount=100),
            ledger.Transfer(debit_id=books.fund, credit_id=other, amount=70),
        ],
        source_kind="test",
        source_id=books.source_id,
    )
    assert (ledger.balance(books.fund), ledger.balance(other)) == (30, 70)
    assert broken() == []


@pytest.mark.case(42)
def test_a_promise_is_fulfilled_in_parts_and_never_beyond(books: Books) -> None:
    pending = books.promise("promise", 300)
    assert queries.commitment_totals([books.listing_id])[books.listing_id].promised == 300
    books.fulfil("first", pending, 100)
    books.fulfil("second", pending, 150)
    with pytest.raises(OverFulfilled) as refusal:
        books.fulfil("third", pending, 51)
    assert refusal.value.outstanding == 50
    books.fulfil("third", pending, 50)
    with pytest.raises(PendingClosed):
        books.fulfil("fourth", pending, 1)
    totals = queries.commitment_totals([books.listing_id])[books.listing_id]
    assert (totals.promised, totals.received) == (0, 300)
    assert broken() == []
    assert_books_balance(of="ledger")


@pytest.mark.case(42)
def test_a_void_returns_the_rest_and_ends_it(books: Books) -> None:
    pending = books.promise("promise", 300)
    books.fulfil("part", pending, 120)
    first = books.void("void", pending)
    totals = queries.commitment_totals([books.listing_id])[books.listing_id]
    assert (totals.promised, totals.received) == (0, 120)
    with pytest.raises(PendingClosed):
        books.fulfil("late", pending, 1)
    with pytest.raises(PendingClosed):
        books.void("void again", pending)
    assert books.void("void", pending) == first, "saying it again under its key is no second void"
    assert broken() == []
    assert_books_balance(of="ledger")


def test_voiding_a_reservation_frees_the_money(books: Books) -> None:
    books.give("in", 100)
    held = books.reserve("held", 100)
    books.fulfil("part", held, 30)
    books.void("void", held)
    books.spend("rest", 70)
    assert ledger.balance(books.fund) == 0
    assert broken() == []


@pytest.mark.parametrize("again", [lambda b, p: b.fulfil("f", p, 10), lambda b, p: b.promise("promise", 30)])
def test_fulfil_and_hold_repeat_harmlessly(books: Books, again: Callable[[Books, int], int]) -> None:
    pending = books.promise("promise", 30)
    books.fulfil("f", pending, 10)
    again(books, pending)
    again(books, pending)
    assert queries.outstanding(pending) == 20


def test_a_reversal_mirrors_once(books: Books) -> None:
    gift = books.give("gift", 100)
    spent = books.spend("spent", 60)

    def reverse(key: str, posting_id: int) -> int:
        return ledger.reverse(key=key, posting_id=posting_id, source_kind="test", source_id=books.source_id)

    back = reverse("bounced", spent)
    assert reverse("bounced", spent) == back
    totals = queries.fund_totals([books.listing_id])[books.listing_id]
    assert (totals.received, totals.spent, totals.balance) == (100, 0, 100)
    reverse("gift back", gift)
    totals = queries.fund_totals([books.listing_id])[books.listing_id]
    assert (totals.received, totals.balance) == (0, 0)
    assert broken() == []


def test_a_second_reversal_under_another_key_is_refused_by_the_database(books: Books) -> None:
    from sqlalchemy.exc import IntegrityError

    gift = books.give("gift", 100)
    books.give("more", 100)
    ledger.reverse(key="r1", posting_id=gift, source_kind="test", source_id=books.source_id)
    with pytest.raises(IntegrityError):
        ledger.reverse(key="r2", posting_id=gift, source_kind="test", source_id=books.source_id)


def test_promises_are_not_reversed(books: Books, session: Session) -> None:
    pending = books.promise("promise", 30)
    statement = text("SELECT posting_id FROM ledger_transfer WHERE id = :id")
    posting_id = session.execute(statement, {"id": pending}).scalar_one()
    with pytest.raises(Unbookable):
        ledger.reverse(key="r", posting_id=posting_id, source_kind="test", source_id=books.source_id)


def test_money_spent_cannot_be_refunded_from_the_fund(books: Books) -> None:
    gift = books.give("gift", 100)
    books.spend("spent", 60)
    with pytest.raises(BelowFloor):
        ledger.reverse(key="r", posting_id=gift, source_kind="test", source_id=books.source_id)


def test_a_refund_lowers_what_was_received_and_a_disbursement_does_not(books: Books) -> None:
    books.give("gift", 100)
    books.spend("disbursed", 30)
    books.post("refund", books.fund, books.refunds, 20)
    totals = queries.fund_totals([books.listing_id])[books.listing_id]
    assert (totals.received, totals.spent, totals.balance) == (80, 30, 50)
    assert broken() == []


@pytest.mark.parametrize("amount", [0, -1, 9_000_000_000_000_000, 2**53, 2**63, 1.5, True])
def test_amounts_that_no_book_takes(books: Books, amount: int) -> None:
    with pytest.raises(Unbookable):
        books.give("x", amount)


@pytest.mark.case(40)
def test_units_and_books_do_not_mix(books: Books) -> None:
    dollars = accounts.unidentified("USD")
    line = uuid7()
    metres = accounts.promised_to(line, "X:METRE")
    with pytest.raises(Unbookable):
        books.post("x", books.bank, dollars, 5)
    with pytest.raises(Unbookable):
        books.post("x", books.bank, metres, 5)
    with pytest.raises(Unbookable):
        books.post("x", books.bank, books.promised_to, 5)
    with pytest.raises(Unbookable):
        books.post("x", books.bank, books.bank, 5)
    with pytest.raises(Unbookable):
        books.post("x", books.bank, 10**12, 5)
    pending = books.promise("promise", 30)
    with pytest.raises(Unbookable):
        ledger.fulfil(
            key="f",
            pending_id=pending,
            amount=5,
            unit="USD",
            source_kind="test",
            source_id=books.source_id,
        )
    assert_books_balance(of="ledger")


def test_an_account_never_changes_its_nature(books: Books) -> None:
    with pytest.raises(Unbookable):
        ledger.ensure_account(
            f"fund:{books.listing_id}:IDR", unit="IDR", book="cash", kind_class="liability", floor=-5
        )


@pytest.mark.parametrize("amount", [2**31, 2**32 + 1, 2**52 + 1, 8_999_999_999_999_999])
def test_large_amounts_stay_exact(books: Books, amount: int) -> None:
    books.give("large", amount)
    assert ledger.balance(books.fund) == amount
    assert ledger.balance(books.bank) == -amount
    assert queries.fund_totals([books.listing_id])[books.listing_id].received == amount
    ledger.fold()
    assert ledger.balance(books.fund) == amount
    assert json.loads(json.dumps({"amount": str(amount)})) == {"amount": str(amount)}
    assert format_rupiah(amount).replace(".", "").startswith(f"Rp{NBSP}{amount // 100}")
    assert broken() == []


def test_many_large_amounts_sum_beyond_53_bits(books: Books) -> None:
    for number in range(5):
        books.give(f"large {number}", 8_999_999_999_999_999)
    assert ledger.balance(books.fund) == 5 * 8_999_999_999_999_999
    assert broken() == []


def test_folded_and_unfolded_are_one_figure(books: Books, session: Session) -> None:
    for number in range(3):
        books.give(f"gift {number}", 10)
        books.promise(f"promise {number}", 7)
    before = queries.fund_totals([books.listing_id])
    promised = queries.commitment_totals([books.listing_id])
    assert ledger.fold() == 6
    assert count(session, "ledger_delta") == 0
    assert queries.fund_totals([books.listing_id]) == before
    assert queries.commitment_totals([books.listing_id]) == promised
    assert ledger.fold() == 0
    books.give("after", 1)
    assert queries.fund_totals([books.listing_id])[books.listing_id].received == 31
    assert broken() == []


def test_totals_of_many_are_one_statement(books: Books, statements: list[str]) -> None:
    funds = [uuid7() for _ in range(20)]
    for listing_id in funds:
        books.post(f"g{listing_id}", books.bank, accounts.fund(listing_id), 5)
    statements.clear()
    assert {totals.received for totals in queries.fund_totals(funds).values()} == {5}
    assert len(statements) == 1
    statements.clear()
    queries.commitment_totals([*funds, books.listing_id])
    assert len(statements) == 1


def test_a_credit_is_two_statements_and_locks_no_balance_row(books: Books, statements: list[str]) -> None:
    statements.clear()
    books.give("gift", 5)
    assert len(statements) == 2
    assert not any("ledger_balance" in one for one in statements)


@pytest.mark.case(44)
def test_the_past_is_right_after_a_back_dated_posting(books: Books) -> None:
    now = clock.now()
    books.give("today", 100)
    ledger.post(
        key="last week",
        kind="gift",
        transfers=[ledger.Transfer(debit_id=books.bank, credit_id=books.fund, amount=40)],
        source_kind="test",
        source_id=books.source_id,
        effective_at=now - dt.timedelta(days=7),
    )
    assert queries.balance_at(books.fund, now - dt.timedelta(days=8)) == 0
    assert queries.balance_at(books.fund, now - dt.timedelta(days=6)) == 40
    assert queries.balance_at(books.fund, now + dt.timedelta(days=1)) == 140
    assert [movement.amount for movement in queries.movements(books.fund)] == [40, 100]
    assert_books_balance(of="ledger")
