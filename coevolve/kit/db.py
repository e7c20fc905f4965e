"""The database: our model base, keys, locks and the session.

Services never commit; the edge (a request, a task, a command) is the transaction and calls `commit()`.
"""

from __future__ import annotations

import datetime as dt
import os
import threading
import time
import uuid
from typing import Any, TypeVar, cast

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    BigInteger,
    Date,
    DateTime,
    Identity,
    Index,
    MetaData,
    Text,
    Uuid,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
)
from sqlalchemy.orm import registry as Registry  # noqa: N812 - `registry` is the name of the attribute below

from coevolve.kit import reads
from coevolve.kit.errors import NotFound

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Model(DeclarativeBase):
    """Base of all tables. Foreign keys point down the order of domains only; there are no backrefs."""

    registry = Registry(
        metadata=MetaData(naming_convention=NAMING),
        type_annotation_map={
            str: Text(),
            int: BigInteger(),
            dt.datetime: DateTime(timezone=True),
            dt.date: Date(),
            uuid.UUID: Uuid(),
            dict[str, Any]: JSONB(),
            list[str]: JSONB(),
        },
    )
    """The type map stands on the registry: Flask-SQLAlchemy copies this class, and SQLAlchemy refuses both."""

    def __repr__(self) -> str:
        identity = inspect(self).identity
        return f"<{type(self).__name__} {identity[0] if identity else 'new'}>"


db = SQLAlchemy(model_class=cast("Any", Model), session_options={"class_": reads.Session})


_uuid7_lock = threading.Lock()
_uuid7_last = (0, 0)


def uuid7() -> uuid.UUID:
    """A time-ordered UUID (RFC 9562 section 5.7), monotone within the process.

    PostgreSQL has uuidv7() only from 18 and Python only from 3.14; our floors are 15 and 3.11. The twelve bits after
    the milliseconds count up within one millisecond, so rows made in a burst keep their order.
    """
    global _uuid7_last
    milliseconds = time.time_ns() // 1_000_000
    with _uuid7_lock:
        last, count = _uuid7_last
        if milliseconds <= last:
            milliseconds, count = last, count + 1
            if count > 0xFFF:
                milliseconds, count = last + 1, 0
        else:
            count = int.from_bytes(os.urandom(1), "big")
        _uuid7_last = (milliseconds, count)
    tail = int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1)
    return uuid.UUID(int=(milliseconds << 80) | (0x7 << 76) | (count << 64) | (0b10 << 62) | tail)


class UuidKey:
    """A key that people may see in an address: it tells nothing and cannot be counted up."""

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-10)


class BigKey:
    """A key for rows nobody addresses by hand."""

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=False), primary_key=True, sort_order=-10)


class Created:
    """When the row was written, by the database's clock."""

    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp(), sort_order=90)


class Claim:
    """Columns of a duty that workers claim: tries so far, when next, leased until when."""

    attempts: Mapped[int] = mapped_column(server_default=text("0"), default=0, sort_order=91)
    next_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp(), sort_order=92)
    leased_until: Mapped[dt.datetime | None] = mapped_column(sort_order=93)
    last_error: Mapped[str | None] = mapped_column(sort_order=94)


M = TypeVar("M", bound=Model)


def session() -> Session:
    """The session of this request, task or command."""
    return cast("Session", db.session())


def commit() -> None:
    """End the transaction; jobs waiting on it are sent (kit.jobs)."""
    session().commit()


def get(model: type[M], key: Any) -> M:
    """One row by key; NotFound if there is none."""
    row = session().get(model, key)
    if row is None:
        raise NotFound("not_found", _not_found_text())
    return row


def lock(model: type[M], key: Any) -> M:
    """One row by key, locked until the transaction ends and read afresh; NotFound if there is none."""
    column = inspect(model).primary_key[0]
    statement = (
        select(model)
        .where(column == key)
        .with_for_update(key_share=False)
        .execution_options(populate_existing=True)
    )
    row = session().execute(statement).scalar_one_or_none()
    if row is None:
        raise NotFound("not_found", _not_found_text())
    return row


def _not_found_text() -> Any:
    from coevolve.kit.i18n import lazy

    return lazy("Halaman atau data ini tidak ada.")


__all__ = [
    "BigKey",
    "Claim",
    "Created",
    "Index",
    "Mapped",
    "Model",
    "UuidKey",
    "commit",
    "db",
    "get",
    "lock",
    "mapped_column",
    "session",
    "uuid7",
]
