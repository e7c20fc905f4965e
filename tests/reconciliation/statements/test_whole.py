"""Whole or not at all: a dying worker, any bytes, two files at once."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from coevolve.kit import clock
from coevolve.kit.db import commit
from coevolve.reconciliation.models import BankStatement, Line
from coevolve.reconciliation.service import statements
from tests.factories import payments as factory
from tests.invariants import assert_books_balance
from tests.reconciliation.statements import banks
from tests.reconciliation.statements.banks import Told

OFFICER = uuid.UUID(int=1)
DAY = clock.today() - dt.timedelta(days=12)
LINES = [Told(DAY + dt.timedelta(days=day), 100_000 + day, f"DONASI {day}") for day in range(5)]


def upload(content: bytes) -> BankStatement:
    statement, _is_new = statements.upload_statement(
        bank_account_id=factory.bank_account().id,
        file_name="mutasi.csv",
        content=content,
        by=None,
        code="bca_csv",
    )
    commit()
    return statement


def count(session: Session) -> int:
    return int(session.execute(select(func.count()).select_from(Line)).scalar_one())


@pytest.mark.parametrize("place", ["statements.before_load", "statements.before_commit"])
def test_a_worker_that_dies_leaves_nothing_half(
    session: Session, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    class Killed(BaseException):
        pass

    def die(where: str) -> None:
        if where == place:
            raise Killed

    statement = upload(banks.bca(LINES).encode())
    with monkeypatch.context() as dying:
        dying.setattr(statements, "fault", die)
        with pytest.raises(Killed):
            statements.read_waiting()
        session.rollback()
    assert count(session) == 0
    assert statement.state == "uploaded"
    assert statements.read_waiting() == 0, "its lease still runs"
    statement.leased_until = clock.now() - dt.timedelta(seconds=1)
    commit()
    assert statements.read_waiting() == 1
    assert (statement.state, count(session)) == ("accepted", 5)
    assert statements.read_waiting(statement_id=statement.id) == 0
    assert_books_balance()


@pytest.mark.case(69)
def test_any_change_of_a_file_is_taken_whole_or_refused_with_a_reason(session: Session) -> None:
    whole = banks.bca(LINES).encode()

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(at=st.integers(0, len(whole)), cut=st.integers(0, 6), put=st.binary(max_size=6))
    def change(at: int, cut: int, put: bytes) -> None:
        statement = upload(whole[:at] + put + whole[at + cut :])
        statements.read_waiting(statement_id=statement.id)
        if statement.state == "accepted":
            assert count(session) == statement.new_count
            assert statement.opening + statement.came - statement.went == statement.closing
            statements.undo_statement(statement_id=statement.id, by=OFFICER)
            commit()
        else:
            assert (statement.state, statement.reasons != []) == ("refused", True)
        assert count(session) == 0

    change()
    assert_books_balance()


def test_a_large_file_with_one_wrong_cell_says_which(session: Session) -> None:
    told = [Told(DAY, 10_000 + number, f"DONASI {number}") for number in range(3_000)]
    text = banks.bca(told).replace('"11,999.00",CR', '"11.999",CR')
    statement = upload(text.encode())
    statements.read_waiting()
    assert [(reason["row"], reason["cell"]) for reason in statement.reasons] == [(2007, "11.999")]
    assert count(session) == 0
    assert_books_balance()
