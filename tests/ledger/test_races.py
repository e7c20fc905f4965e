"""Two at once, on real connections; each with a control that shows the race when the protection is left out."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from coevolve import config
from coevolve.kit import invariants
from coevolve.kit.db import commit, db, session
from coevolve.ledger import queries
from coevolve.ledger import service as ledger
from coevolve.ledger.invariants import INVARIANTS
from coevolve.ledger.service import writing
from tests.conftest import Committed
from tests.invariants import assert_books_balance
from tests.ledger.conftest import Books


def at_once(app: Flask, *works: Callable[[], Any]) -> list[Any]:
    """Run works on threads with sessions of their own; results or exceptions, in order."""
    results: list[Any] = [None] * len(works)

    def run(number: int) -> None:
        with app.app_context():
            try:
                results[number] = works[number]()
                commit()
            except Exception as trouble:
                db.session.rollback()
                results[number] = trouble
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


@pytest.fixture
def rich(committed: Committed) -> Books:
    """A fund with 100, committed and folded."""
    books = Books()
    books.give("in", 100)
    ledger.fold()
    commit()
    return books


def meet(monkeypatch: pytest.MonkeyPatch, count: int = 2) -> None:
    """Make writers wait for each other between looking at the balance and taking from it."""
    barrier = threading.Barrier(count)
    taken = writing._debit

    def slowly(legs: Any, free: Any) -> None:
        # Broken when the other one waits for our lock: that is the protection at work.
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(timeout=1.0)
        taken(legs, free)

    monkeypatch.setattr(writing, "_debit", slowly)


def broken() -> list[str]:
    return [violation.code for violation in invariants.check(INVARIANTS)]


@pytest.mark.case(41)
def test_two_spend_the_last_rupiah(
    committed: Committed, rich: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    meet(monkeypatch)
    results = at_once(committed.app, lambda: rich.spend("one", 80), lambda: rich.spend("two", 80))
    assert sorted(type(result).__name__ for result in results) == ["BelowFloor", "int"]
    assert queries.balance(rich.fund) == 20
    assert broken() == []
    assert_books_balance(of="ledger")


def test_control_without_the_lock_only_the_check_stands(
    committed: Committed, rich: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    meet(monkeypatch)
    with config.overridden(fault="skip-lock"):
        results = at_once(committed.app, lambda: rich.spend("one", 80), lambda: rich.spend("two", 80))
    assert [type(result).__name__ for result in results].count("IntegrityError") == 1
    assert queries.balance(rich.fund) == 20


def test_control_without_lock_and_check_the_last_rupiah_is_spent_twice(
    committed: Committed, rich: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg

    owner = committed.settings.database_owner_url.replace("+psycopg", "")
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("ALTER TABLE ledger_balance DROP CONSTRAINT ck_ledger_balance_floor")
    meet(monkeypatch)
    with config.overridden(fault="skip-lock"):
        results = at_once(committed.app, lambda: rich.spend("one", 80), lambda: rich.spend("two", 80))
    assert all(isinstance(result, int) for result in results)
    assert queries.balance(rich.fund) == -60
    assert set(broken()) == {"I2", "I12"}, "and the invariants see it"


def test_the_same_key_from_two_processes_is_one_posting(committed: Committed, rich: Books) -> None:
    results = at_once(
        committed.app, *[lambda: rich.give("gift", 7)] * 6, *[lambda: rich.spend("paid", 9)] * 6
    )
    assert len(set(results[:6])) == 1
    assert len(set(results[6:])) == 1
    assert queries.balance(rich.fund) == 98
    assert broken() == []


@pytest.mark.case(42)
def test_over_fulfilling_at_once(committed: Committed, rich: Books) -> None:
    pending = rich.promise("promise", 100)
    commit()
    works = [lambda number=number: rich.fulfil(f"part {number}", pending, 30) for number in range(8)]
    results = at_once(committed.app, *works)
    assert sum(isinstance(result, int) for result in results) == 3
    totals = queries.commitment_totals([rich.listing_id])[rich.listing_id]
    assert (totals.promised, totals.received) == (10, 90)
    assert broken() == []
    assert_books_balance(of="ledger")


def test_busy_fund_stays_exact_while_it_is_folded_and_spent(committed: Committed, rich: Books) -> None:
    def gifts(name: int) -> Callable[[], None]:
        def work() -> None:
            for number in range(25):
                rich.give(f"{name}:{number}", 10)
                commit()

        return work

    def fold() -> None:
        for _ in range(40):
            ledger.fold()
            commit()

    def spend() -> None:
        for number in range(20):
            rich.spend(f"spend {number}", 5)
            commit()

    seen: list[int] = []

    def watch() -> None:
        for _ in range(60):
            seen.append(queries.fund_totals([rich.listing_id])[rich.listing_id].received)
            commit()

    results = at_once(committed.app, *[gifts(name) for name in range(4)], fold, spend, watch)
    assert [result for result in results if isinstance(result, Exception)] == []
    assert seen == sorted(seen), "what was received never shrinks while gifts come"
    totals = queries.fund_totals([rich.listing_id])[rich.listing_id]
    assert (totals.received, totals.spent, totals.balance) == (1100, 100, 1000)
    assert broken() == []


@pytest.mark.case(48)
def test_posting_both_ways_between_funds_makes_no_deadlock(committed: Committed) -> None:
    one, other = Books(), Books()
    one.give("a", 10_000)
    other.give("b", 10_000)
    commit()

    def across(name: str, source: int, target: int) -> Callable[[], None]:
        def work() -> None:
            for number in range(20):
                ledger.post(
                    key=f"{name}{number}",
                    kind="gift",
                    transfers=[
                        ledger.Transfer(debit_id=source, credit_id=target, amount=3),
                        ledger.Transfer(debit_id=target, credit_id=source, amount=2),
                    ],
                    source_kind="test",
                    source_id=one.source_id,
                )
                commit()

        return work

    results = at_once(
        committed.app,
        *[across(f"x{n}:", one.fund, other.fund) for n in range(3)],
        *[across(f"y{n}:", other.fund, one.fund) for n in range(3)],
    )
    assert results == [None] * 6
    assert queries.balance(one.fund) + queries.balance(other.fund) == 20_000
    assert broken() == []
    assert_books_balance(of="ledger")


def test_opening_the_same_accounts_at_once(committed: Committed) -> None:
    def work() -> tuple[int, int]:
        books = Books.__new__(Books)
        from coevolve.ledger import accounts

        books.fund = accounts.unidentified("SGD")
        return books.fund, accounts.unidentified("MYR")

    results = at_once(committed.app, *[work] * 8)
    assert len(set(results)) == 1
    rows = session().execute(text("SELECT count(*) FROM ledger_balance")).scalar_one()
    assert rows == 2


def test_the_check_itself_refuses(committed: Committed, rich: Books) -> None:
    with pytest.raises(IntegrityError):
        session().execute(text("UPDATE ledger_balance SET held = 101"))
