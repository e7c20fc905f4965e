"""Reading: no transaction for visitors, and connections that have died are noticed before they are used."""

from __future__ import annotations

import time

import pytest
import sqlalchemy as sa
from flask import g
from psycopg.pq import TransactionStatus
from sqlalchemy import event
from sqlalchemy.engine import Engine

from coevolve.app import sqlalchemy_url
from coevolve.kit import reads
from coevolve.kit.db import db, session
from tests.conftest import Committed
from tests.statements import counted


def _hang_up(committed: Committed) -> int:
    """The server closes every connection of the application, as at a restart."""
    engine = sa.create_engine(sqlalchemy_url(committed.settings.database_url), poolclass=sa.NullPool)
    theirs = "FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user"
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        others = f"{theirs} AND pid <> pg_backend_pid()"
        closed = connection.execute(sa.text(f"SELECT count(pg_terminate_backend(pid)) {others}")).scalar_one()
        ends = time.monotonic() + 20
        while connection.execute(sa.text(f"SELECT count(*) {others}")).scalar_one():
            assert time.monotonic() < ends
            time.sleep(0.05)
    return int(closed)


def test_a_connection_closed_by_the_server_is_replaced_unseen(committed: Committed) -> None:
    client = committed.client()
    assert client.get("/jelajah").status_code == 200
    assert _hang_up(committed) >= 1
    assert [client.get(path).status_code for path in ("/jelajah", "/", "/readyz")] == [200, 200, 200]


def test_a_live_connection_is_kept_and_asked_nothing(committed: Committed) -> None:
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    with committed.app.app_context():
        first = session().execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
        session().rollback()
        event.listen(Engine, "before_cursor_execute", note)
        try:
            again = session().execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
        finally:
            event.remove(Engine, "before_cursor_execute", note)
        session().rollback()
    assert again == first
    assert asked == ["SELECT pg_backend_pid()"]


def test_a_reader_begins_no_transaction_and_a_writer_does(committed: Committed) -> None:
    with committed.app.app_context():
        reads.read_only()
        assert reads.rows("SELECT %(one)s::int", {"one": 1}) == [(1,)]
        driver = g.reader.driver
        assert driver.autocommit
        assert driver.info.transaction_status == TransactionStatus.IDLE
        assert not db.session.registry.has(), "a reader needs no session"
        pool = db.engine.pool
        assert isinstance(pool, sa.QueuePool)
        state = sa.text("SELECT xact_start = query_start FROM pg_stat_activity WHERE pid = pg_backend_pid()")
        assert session().execute(state).scalar_one(), "nor does its session, if it asks for one"
        assert reads.rows("SELECT 2", {}) == [(2,)]
        assert pool.checkedout() == 1, "one connection at a time"
    assert pool.checkedout() == 0
    with committed.app.app_context():
        session().execute(sa.text("SELECT 1"))
        writer = session().connection().connection.dbapi_connection
        assert writer is driver
        assert not writer.autocommit
        reads.read_only()
        assert not reads.is_reading()
        session().rollback()


def test_what_the_database_refuses_a_reader_is_an_error_like_any_other(committed: Committed) -> None:
    with committed.app.app_context():
        reads.read_only()
        with pytest.raises(sa.exc.DataError):
            reads.rows("SELECT 1 / %(nothing)s", {"nothing": 0})
        reads.rows("SELECT set_config('statement_timeout', '50', false)", {})
        with pytest.raises(sa.exc.OperationalError):
            reads.rows("SELECT pg_sleep(5)", {})
        reads.rows("SELECT set_config('statement_timeout', '5000', false)", {})
        assert reads.rows("SELECT 1", {}) == [(1,)]


def test_a_connection_lost_in_the_middle_is_replaced_unseen(committed: Committed) -> None:
    with committed.app.app_context():
        reads.read_only()
        assert reads.rows("SELECT 1", {}) == [(1,)]
        assert _hang_up(committed) >= 1
        assert reads.rows("SELECT 2", {}) == [(2,)]
        pool = db.engine.pool
        assert isinstance(pool, sa.QueuePool)
        assert pool.checkedout() == 1
    assert pool.checkedout() == 0


def test_two_questions_in_one_trip(committed: Committed) -> None:
    one = reads.Question("SELECT %(a)s::int", {"a": 1}, lambda rows: rows[0][0])
    other = reads.Question(
        "SELECT generate_series(1, %(b)s)", {"b": 3}, lambda rows: [row[0] for row in rows]
    )
    broken = reads.Question("SELECT 1 / %(c)s", {"c": 0}, list)
    with committed.app.app_context():
        assert reads.together(one, other) == (1, [1, 2, 3]), "with a session, one by one"
        session().rollback()
    with committed.app.app_context():
        reads.read_only()
        with counted() as seen:
            assert reads.together(one, other) == (1, [1, 2, 3])
        assert len(seen) == 2
        for pair in ((one, broken), (broken, one)):
            with pytest.raises(sa.exc.DataError):
                reads.together(*pair)
        assert reads.together(other, one) == ([1, 2, 3], 1)
        assert _hang_up(committed) >= 1
        assert reads.together(one, other) == (1, [1, 2, 3])
        pool = db.engine.pool
        assert isinstance(pool, sa.QueuePool)
        assert pool.checkedout() == 1
    assert pool.checkedout() == 0
