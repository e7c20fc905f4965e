"""The rows of a world while it is being told, table by table, and their way into the database."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb

from coevolve.kit.db import session
from coevolve.kit.moves import BEGIN

Row = dict[str, Any]


class Listed(list[str]):
    """A list for a JSON column (COPY would write a plain list as an array)."""


@dataclass
class World:
    """Everything that happened, as rows; `dice` is the only source of chance."""

    seed: int
    moment: dt.datetime
    """When the telling ends: now."""
    dice: random.Random = field(init=False)
    tables: dict[str, list[Row]] = field(default_factory=dict)
    count: int = 0

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)  # noqa: S311 - a story, not a secret

    def key(self, at: dt.datetime | None = None) -> uuid.UUID:
        """A version 7 UUID of that moment, the same in every run of one seed."""
        self.count += 1
        milliseconds = int((at or self.moment).timestamp() * 1000)
        tail = (self.count << 24) | self.dice.getrandbits(24)
        return uuid.UUID(
            int=(milliseconds << 80)
            | (0x7 << 76)
            | (self.count % 4096 << 64)
            | (0b10 << 62)
            | tail & ((1 << 62) - 1)
        )

    def add(self, table: str, **row: Any) -> Row:
        """One more row of a table."""
        self.tables.setdefault(table, []).append(row)
        return row

    def moved(
        self, machine: str, thing: uuid.UUID, steps: Sequence[tuple[str, dt.datetime, uuid.UUID | None]]
    ) -> None:
        """The move events of one thing: its states in order, when, and by whom."""
        source = BEGIN
        for number, (state, at, by) in enumerate(steps, start=1):
            self.add(
                "move_event",
                machine=machine,
                object_id=thing,
                seq=number,
                src=source,
                dst=state,
                at=at,
                actor=by,
                cause="demo",
            )
            source = state

    def some(self, low: float, high: float) -> float:
        """A number between two others."""
        return self.dice.uniform(low, high)

    def ago(self, days: float) -> dt.datetime:
        """The moment so many days before the end of the telling."""
        return self.moment - dt.timedelta(days=days)


def copy_rows(table: str, rows: list[Row], *, tick: Callable[[int], None] | None = None) -> None:
    """Write rows with COPY through the session's own connection: its transaction decides. Missing keys are NULL."""
    if not rows:
        return
    columns = list(dict.fromkeys(name for row in rows for name in row))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(sql.Identifier(name) for name in columns)
    )
    raw: Any = session().connection().connection.driver_connection
    with raw.cursor() as cursor, cursor.copy(statement) as copy:
        for number, row in enumerate(rows, start=1):
            copy.write_row([_written(row.get(name)) for name in columns])
            if tick is not None and number % 2000 == 0:
                tick(2000)
    if tick is not None:
        tick(len(rows) % 2000)


def _written(value: Any) -> Any:
    return Jsonb(value) if isinstance(value, dict | Listed) else value
