"""Snapshots and seals: the night's work, and what a tampered row looks like the next morning."""

from __future__ import annotations

import datetime as dt

import psycopg
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from coevolve.kit.db import commit
from coevolve.kit.db import session as current
from coevolve.ledger import queries
from coevolve.ledger import service as ledger
from coevolve.ledger.models import Seal, Snapshot
from tests.conftest import Committed, perform
from tests.ledger.conftest import Books, broken

DAY = dt.date(2026, 11, 20)


def close(day: dt.date) -> Seal:
    return ledger.seal_day(day, last_id=ledger.settled_up_to())


def test_a_sealed_day_keeps_balances_and_is_sealed_once(books: Books, session: Session) -> None:
    books.give("one", 100)
    books.spend("two", 30)
    first = close(DAY)
    assert first.row_count == 2
    assert close(DAY) is first
    assert queries.balance(books.bank) == -70
    books.give("three", 5)
    assert queries.balance(books.bank) == -75, "snapshot + later rows"
    second = close(DAY + dt.timedelta(days=1))
    assert (second.first_id, second.row_count) == (first.last_id + 1, 1)
    assert bytes(second.previous_sha256) == bytes(first.sha256)
    rows = session.execute(
        select(Snapshot.balance).where(Snapshot.account_id == books.bank).order_by(Snapshot.day)
    )
    assert list(rows.scalars()) == [-70, -75]
    empty = close(DAY + dt.timedelta(days=2))
    assert empty.row_count == 0
    assert ledger.verify_seals() == []
    assert broken() == []


def test_a_changed_row_breaks_its_seal(committed: Committed) -> None:
    books = Books()
    books.give("one", 100)
    commit()
    close(DAY)
    close(DAY + dt.timedelta(days=1))
    commit()
    assert ledger.verify_seals() == []
    owner = committed.settings.database_owner_url.replace("+psycopg", "")
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("ALTER TABLE ledger_transfer DISABLE TRIGGER ledger_transfer_append_only")
        connection.execute("UPDATE ledger_transfer SET amount = 90")
    assert [seal.day for seal in ledger.verify_seals()] == [DAY]
    assert "I2" in broken()


def test_the_cut_waits_for_a_posting_under_way(committed: Committed) -> None:
    books = Books()
    commit()
    url = committed.settings.database_url.replace("+psycopg", "")
    with psycopg.connect(url) as other:
        books.give("under way", 5)
        other.execute("SET lock_timeout = '300ms'")
        try:
            other.execute("SELECT ledger_settled_up_to()")
            waited = False
        except psycopg.errors.LockNotAvailable:
            waited = True
        other.rollback()
    assert waited
    commit()
    assert (
        ledger.settled_up_to() == current().execute(text("SELECT max(id) FROM ledger_transfer")).scalar_one()
    )


def test_the_tasks_fold_and_close(books: Books, session: Session) -> None:
    books.give("one", 100)
    session.commit()
    perform("ledger.fold")
    assert session.execute(text("SELECT count(*) FROM ledger_delta")).scalar_one() == 0
    perform("ledger.close_day")
    assert session.execute(select(Seal.row_count)).scalar_one() == 1
