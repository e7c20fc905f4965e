"""States and the one mover.

A machine is a dictionary of allowed moves beside the enum in a domain's models.py. `move` runs one conditional UPDATE
and writes one `move_event`; the database refuses an edge that is not in `move_edge`. The use case writes the journal
line. No other code assigns a `state`.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar, Protocol

from sqlalchemy import (
    ClauseElement,
    Column,
    ForeignKeyConstraint,
    Text,
    UniqueConstraint,
    Uuid,
    bindparam,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.orm import InstanceState, Mapped, mapped_column
from sqlalchemy.orm.attributes import set_committed_value

from coevolve.kit.db import BigKey, Model, session
from coevolve.kit.errors import InvalidMove
from coevolve.kit.i18n import lazy

MACHINES: dict[str, Machine] = {}
BEGIN = "(begin)"
"""The source of a thing's first move event."""


class Machine:
    """The allowed moves of one kind of thing, known by name."""

    def __init__(self, name: str, moves: Mapping[Any, Iterable[Any]], *, initial: Iterable[Any]) -> None:
        self.name = name
        self.moves: dict[str, frozenset[str]] = {
            str(src): frozenset(str(dst) for dst in targets) for src, targets in moves.items()
        }
        self.initial = frozenset(str(state) for state in initial)
        MACHINES[name] = self

    def allows(self, src: str, dst: str) -> bool:
        """Whether a thing may go from one state to the other."""
        return str(dst) in self.moves.get(str(src), frozenset())

    def edges(self) -> list[tuple[str, str]]:
        """All edges, the beginnings included, sorted: what a migration copies into `move_edge`."""
        steps = {(src, dst) for src, targets in self.moves.items() for dst in targets}
        return sorted(steps | {(BEGIN, state) for state in self.initial})

    def final(self) -> frozenset[str]:
        """States without a way out."""
        seen = {state for targets in self.moves.values() for state in targets} | self.initial
        return frozenset(state for state in seen if not self.moves.get(state))


class MoveEdge(Model):
    """An allowed move; the foreign key of `move_event` makes it a fact of the database."""

    __tablename__ = "move_edge"

    machine: Mapped[str] = mapped_column(primary_key=True)
    src: Mapped[str] = mapped_column(primary_key=True)
    dst: Mapped[str] = mapped_column(primary_key=True)


class MoveEvent(BigKey, Model):
    """A move that happened: which thing, the how-manieth, from where to where, when, by whom, why."""

    __tablename__ = "move_event"
    __table_args__ = (
        UniqueConstraint("object_id", "machine", "seq"),
        ForeignKeyConstraint(
            ["machine", "src", "dst"],
            ["move_edge.machine", "move_edge.src", "move_edge.dst"],
        ),
    )

    machine: Mapped[str]
    object_id: Mapped[uuid.UUID]
    seq: Mapped[int]
    src: Mapped[str]
    dst: Mapped[str]
    at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())
    actor: Mapped[uuid.UUID | None]
    """The person who moved it; empty when the platform did."""
    cause: Mapped[str] = mapped_column(server_default=text("''"))
    """Why, in a word or a sentence for the log."""


class HasState(Protocol):
    """A row that a machine governs."""

    id: Mapped[uuid.UUID]
    state: Mapped[Any]
    machine: ClassVar[Machine]


def begin(thing: Any, *, by: uuid.UUID | None, cause: str = "") -> None:
    """Add a new row in its first state and write its first event."""
    machine: Machine = thing.machine
    if str(thing.state) not in machine.initial:
        raise InvalidMove("invalid_move", lazy("Langkah ini tidak dapat dilakukan."))
    session().add(thing)
    session().flush()
    _record(machine, thing.id, src=BEGIN, dst=str(thing.state), by=by, cause=cause)


def move(thing: Any, to: StrEnum | str, *, by: uuid.UUID | None, cause: str = "") -> None:
    """Move a row to another state, or raise InvalidMove: by the table, or because somebody moved it meanwhile.

    What else was set on the row is written by the same UPDATE, and the event by the same statement.
    """
    machine: Machine = thing.machine
    src, dst = str(thing.state), str(to)
    if not machine.allows(src, dst):
        raise InvalidMove(
            "invalid_move",
            lazy("Langkah ini sudah tidak dapat dilakukan pada keadaan sekarang."),
        )
    model: Any = type(thing)
    also = _taken_along(thing)
    session().flush()
    changed = session().execute(
        _mover(model, tuple(sorted(also))),
        {f"also_{name}": value for name, value in also.items()}
        | {"machine": machine.name, "object_id": thing.id, "src": src, "dst": dst, "by": by, "cause": cause},
    )
    if changed.first() is None:
        if also:
            session().expire(thing)
        raise InvalidMove(
            "moved_meanwhile",
            lazy("Keadaannya baru saja berubah. Muat ulang halaman ini."),
        )
    _set_loaded(thing, to)


def _taken_along(thing: Any) -> dict[str, Any]:
    """What was set on a loaded row and not yet written: from here on it counts as written."""
    row: InstanceState[Any] | None = inspect(thing)
    if row is None or not row.persistent:
        return {}
    taken = {}
    columns = row.mapper.columns
    for name in list(row.committed_state):
        if name == "state" or name not in columns or not isinstance(columns[name], Column):
            continue
        value = row.dict[name]
        if isinstance(value, ClauseElement):
            return {}  # an expression: the flush writes it
        taken[name] = value
    for name, value in taken.items():
        set_committed_value(thing, name, value)
    computed = [name for name, column in columns.items() if getattr(column, "computed", None) is not None]
    if taken and computed:
        session().expire(thing, computed)
    return taken


@cache
def _mover(model: Any, also: tuple[str, ...]) -> Any:
    """The UPDATE of a row in its state and the event that says so, as one statement made once."""
    columns = inspect(model).columns
    values = {columns[name].name: bindparam(f"also_{name}", type_=columns[name].type) for name in also}
    table: Any = model.__table__
    moved = (
        update(table)
        .where(table.c.id == bindparam("object_id"), table.c.state == bindparam("src"))
        .values({"state": bindparam("dst"), **values})
        .returning(table.c.id)
        .cte("moved")
    )
    return _event_from(moved)


def _event_from(rows: Any) -> Any:
    """The INSERT of an event for each of these rows; the lock of the row serialises its moves, so max + 1 is safe."""
    following = (
        select(func.coalesce(func.max(MoveEvent.seq), 0) + 1)
        .where(
            MoveEvent.machine == bindparam("machine"),
            MoveEvent.object_id == bindparam("object_id"),
        )
        .scalar_subquery()
    )
    event = select(
        bindparam("machine", type_=Text()),
        rows.c.id,
        following,
        bindparam("src", type_=Text()),
        bindparam("dst", type_=Text()),
        bindparam("by", type_=Uuid()),
        bindparam("cause", type_=Text()),
    )
    names = ["machine", "object_id", "seq", "src", "dst", "actor", "cause"]
    table: Any = MoveEvent.__table__
    return insert(table).from_select(names, event).returning(table.c.seq)


def _set_loaded(thing: Any, to: StrEnum | str) -> None:
    """Show the new state on the loaded row without a second UPDATE."""
    kind = type(thing.state)
    set_committed_value(thing, "state", kind(str(to)) if inspect(thing) is not None else to)


def _record(
    machine: Machine,
    object_id: uuid.UUID,
    *,
    src: str,
    dst: str,
    by: uuid.UUID | None,
    cause: str,
) -> None:
    values = {
        "machine": machine.name,
        "object_id": object_id,
        "src": src,
        "dst": dst,
        "by": by,
        "cause": cause,
    }
    session().execute(_recorder(), values)


@cache
def _recorder() -> Any:
    return _event_from(select(bindparam("object_id", type_=Uuid()).label("id")).subquery("rows"))


def history(machine: Machine, object_id: uuid.UUID) -> list[MoveEvent]:
    """All moves of one thing, oldest first."""
    statement = (
        select(MoveEvent)
        .where(MoveEvent.machine == machine.name, MoveEvent.object_id == object_id)
        .order_by(MoveEvent.seq)
    )
    return list(session().execute(statement).scalars())


def sync_edges(op: Any, machine: str, edges: Iterable[tuple[str, str]]) -> None:
    """Write the edges of one machine; called by migrations with literal edges."""
    for src, dst in edges:
        op.execute(
            text(
                "INSERT INTO move_edge (machine, src, dst) VALUES "
                f"('{_plain(machine)}', '{_plain(src)}', '{_plain(dst)}') ON CONFLICT DO NOTHING"
            )
        )


def drop_edges(op: Any, machine: str) -> None:
    """Remove a machine's events and edges (downgrades)."""
    op.execute(text(f"DELETE FROM move_event WHERE machine = '{_plain(machine)}'"))
    op.execute(text(f"DELETE FROM move_edge WHERE machine = '{_plain(machine)}'"))


def _plain(word: str) -> str:
    if not word.replace("_", "").replace("(", "").replace(")", "").replace(".", "").isalnum():
        raise ValueError(f"not a plain word: {word!r}")
    return word
