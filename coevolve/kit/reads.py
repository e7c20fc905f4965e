"""Reading fast: pages for everybody ask few questions, each in one trip to the database and back.

Three trips that a transaction and a pool cost by habit are saved here: `read_only()` lets a page for visitors read
without BEGIN and ROLLBACK (each statement sees what is committed when it begins, as it would anyway), and a pooled
connection is tried by looking at its socket instead of sending it a question.
"""

from __future__ import annotations

import select
from collections.abc import Mapping, Sequence
from typing import Any, cast

import psycopg
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import Connection, Engine
from sqlalchemy.event import listen
from sqlalchemy.exc import DisconnectionError


class Session(FlaskSession):
    """The session of a request; `reads_only` makes every statement of it stand alone."""

    reads_only = False

    def get_bind(self, *args: Any, **kwargs: Any) -> Engine | Connection:
        """Our one engine, or its twin that begins no transaction. Both draw from the same pool."""
        found = super().get_bind(*args, **kwargs)
        if self.reads_only and isinstance(found, Engine):
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
    from coevolve.kit.db import session

    current = session()
    if isinstance(current, Session) and not current.in_transaction():
        current.reads_only = True


def rows(sql: str, values: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
    """The rows of a constant statement with %(name)s in it; prepared by the driver when it comes again and again.

    A page that only reads asks the driver itself, for describing a result costs more than getting it. What goes wrong
    there is asked once more in the usual way: that finds another connection, or raises as usual.
    """
    from coevolve.kit.db import session

    current = session()
    connection = current.connection()
    driver = connection.connection.dbapi_connection
    if driver is not None and getattr(current, "reads_only", False) and connection.engine in _twins.values():
        try:
            cursor = driver.cursor()
            connection.dispatch.before_cursor_execute(connection, cursor, sql, values, None, False)
            return cast("Sequence[tuple[Any, ...]]", cursor.execute(sql, values).fetchall())
        except psycopg.Error:
            if driver.closed:
                connection.invalidate()
                current.close()
    return session().connection().exec_driver_sql(sql, values).cursor.fetchall()


# --- connections that have died ---------------------------------------------------------------------------------------


def watch(engine: Engine) -> None:
    """Let the pool give out only connections that are alive."""
    listen(engine, "checkout", _check)


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
