"""Reading: no transaction for visitors, and connections that have died are noticed before they are used."""

from __future__ import annotations

import time

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Engine

from coevolve.app import sqlalchemy_url
from coevolve.kit import reads
from coevolve.kit.db import db, session
from tests.conftest import Committed


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
    state = sa.text(
        "SELECT state, xact_start = query_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
    )
    sleep = "SELECT now() = statement_timestamp()"
    with committed.app.app_context():
        reads.read_only()
        assert reads.rows("SELECT 1", {}) == [(1,)]
        assert reads.rows(sleep, {}) == [(True,)]
        assert tuple(session().execute(state).one()) == ("active", True)
        driver = session().connection().connection.dbapi_connection
        assert driver is not None
        assert driver.autocommit
    with committed.app.app_context():
        session().execute(sa.text("SELECT 1"))
        driver = session().connection().connection.dbapi_connection
        assert driver is not None
        assert not driver.autocommit
        reads.read_only()
        assert not getattr(db.session(), "reads_only", False)
        session().rollback()
