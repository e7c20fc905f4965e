"""Reading fast: pages for everybody ask few questions, each in one trip to the database and back.

What a transaction, a session and a pool cost by habit is saved here: `read_only()` lets a page for visitors read
without BEGIN and ROLLBACK (each statement sees what is committed when it begins, as it would anyway) and without a
session, and a pooled connection is tried by looking at its socket instead of sending it a question.
"""

from __future__ import annotations

import contextlib
import select
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast, overload

import psycopg
from flask import current_app, g
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import Connection, Engine
from sqlalchemy.event import listen
from sqlalchemy.exc import DBAPIError, DisconnectionError

T = TypeVar("T")
U = TypeVar("U")
V = TypeVar("V")


class Session(FlaskSession):
    """The session of a request; in one that only reads, every statement of it stands alone."""

    def get_bind(self, *args: Any, **kwargs: Any) -> Engine | Connection:
        """Our one engine, or its twin that begins no transaction. Both draw from the same pool."""
        found = super().get_bind(*args, **kwargs)
        if is_reading() and isinstance(found, Engine):
            _put_back()  # one connection at a time
            return _twin(found)
        return found


_twins: dict[Engine, Engine] = {}


def _twin(engine: Engine) -> Engine:
    twin = _twins.get(engine)
    if twin is None:
        twin = _twins[engine] = engine.execution_options(isolation_level="AUTOCOMMIT")
    return twin


def read_only() -> None:
    """This request only reads. Has no effect once it has begun a transaction (somebody is signed in)."""
    if not _in_transaction():
        g.is_reading = True


def is_reading() -> bool:
    """Whether this request said that it only reads."""
    return bool(g.get("is_reading"))


def _in_transaction() -> bool:
    from coevolve.kit.db import db

    return db.session.registry.has() and db.session().in_transaction()


def rows(sql: str, values: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
    """The rows of a constant statement with %(name)s in it; prepared by the driver when it comes again and again.

    A page that only reads asks the driver itself, for a session and the description of a result cost more than the
    answer. If the connection turns out to be lost, the question is asked once more over another one.
    """
    from coevolve.kit.db import session

    reader = _reader() if is_reading() else None
    if reader is not None:
        try:
            return reader.rows(sql, values)
        except psycopg.Error as trouble:
            if not reader.driver.closed:
                raise DBAPIError.instance(sql, dict(values), trouble, psycopg.Error) from trouble
            _put_back()
    return session().connection().exec_driver_sql(sql, dict(values)).cursor.fetchall()


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """A statement, what stands in it, and what its rows are made into."""

    sql: str
    values: Mapping[str, Any]
    made: Callable[[Sequence[tuple[Any, ...]]], T]


def answer(question: Question[T]) -> T:
    """Ask one question."""
    return question.made(rows(question.sql, question.values))


def beside(one: Question[T], single: Question[U]) -> Question[tuple[T, U]]:
    """Two questions as one statement; the second answers in one row with one column, the first in at least one row."""
    return Question(
        f"SELECT one.*, single.* FROM ({one.sql}) one CROSS JOIN ({single.sql}) single",
        {**one.values, **single.values},
        lambda rows: (one.made([row[:-1] for row in rows]), single.made([row[-1:] for row in rows[:1]])),
    )


@overload
def together(one: Question[T], other: Question[U], /) -> tuple[T, U]: ...


@overload
def together(one: Question[T], other: Question[U], third: Question[V], /) -> tuple[T, U, V]: ...


def together(*questions: Question[Any]) -> tuple[Any, ...]:
    """Ask questions that do not depend on each other in one trip to the database and back."""
    reader = _reader() if is_reading() else None
    if reader is not None:
        asked = [(question.sql, question.values) for question in questions]
        with contextlib.suppress(
            psycopg.Error
        ):  # asked again below, one by one: that finds out what is wrong
            found = reader.together(asked)
            return tuple(question.made(rows) for question, rows in zip(questions, found, strict=True))
    return tuple(answer(question) for question in questions)


class _Reader:
    """A pooled connection that a request has for reading: no session, no transaction."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.pooled = engine.raw_connection()
        self.driver = cast("psycopg.Connection", self.pooled.driver_connection)
        self.driver.autocommit = True

    def rows(self, sql: str, values: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
        """Ask and have everything."""
        return self._asked(sql, values).fetchall()

    def together(self, questions: Sequence[tuple[str, Mapping[str, Any]]]) -> list[Sequence[tuple[Any, ...]]]:
        """Ask them all before waiting for the first answer."""
        with self.driver.pipeline():
            cursors = [self._asked(sql, values) for sql, values in questions]
        return [cursor.fetchall() for cursor in cursors]

    def _asked(self, sql: str, values: Mapping[str, Any]) -> psycopg.Cursor:
        cursor = self.driver.cursor(binary=True)
        watching = self.engine.dispatch.before_cursor_execute
        if watching:
            watching(self.pooled, cursor, sql, values, None, False)
        return cursor.execute(sql, values)

    def put_back(self) -> None:
        """Back to the pool as it was; a connection that cannot be so is thrown away."""
        try:
            self.driver.autocommit = False
        except psycopg.Error:
            self.pooled.invalidate()
        else:
            self.pooled.close()


def _reader() -> _Reader | None:
    """This request's connection for reading; None when its session has one (tests; or it has asked before)."""
    from coevolve.kit.db import db

    found: _Reader | None = g.get("reader")
    if found is None and isinstance(db.engine, Engine) and not _in_transaction():
        found = g.reader = _Reader(db.engine)
    return found


def _put_back(_trouble: BaseException | None = None) -> None:
    reader: _Reader | None = g.pop("reader", None)
    if reader is not None:
        reader.put_back()


def let_go() -> None:
    """This request asks nothing more: its connection goes back to the pool before something slow is done."""
    if is_reading():
        _put_back()
        from coevolve.kit.db import db

        db.session.remove()


# --- connections that have died ---------------------------------------------------------------------------------------


def watch(engine: Engine) -> None:
    """Let the pool of this application give out only connections that are alive, and readers give theirs back."""
    listen(engine, "checkout", _check)
    current_app.teardown_appcontext(_put_back)


def _check(connection: Any, _record: Any, _proxy: Any) -> None:
    """Refuse a connection that the server has closed: an idle one has nothing to say, a dead one says 'end'.

    It costs no trip, unlike the pool's own `pre_ping`. A server that vanished without a word is found by the
    statement itself, which has a time limit.
    """
    try:
        waiting = select.poll()
        waiting.register(connection.pgconn.socket, select.POLLIN)
        if not waiting.poll(0):
            return
        was_alone = connection.autocommit
        connection.autocommit = True
        connection.execute("")
        connection.autocommit = was_alone
    except Exception as trouble:
        raise DisconnectionError("the server has closed this connection") from trouble
