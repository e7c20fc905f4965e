"""Declared disasters: which are in force, and over which places."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import NamedTuple

from coevolve.kit import clock, reads
from coevolve.kit.reads import Question


class ShownDisaster(NamedTuple):
    """A disaster as pages name it."""

    id: uuid.UUID
    name: str
    """What happened and where."""
    status: str
    decree_number: str
    decree_on: dt.date
    issued_by: str
    localities: list[str]
    starts_on: dt.date
    ends_on: dt.date
    state: str

    @property
    def locality_code(self) -> str:
        """The first of its places."""
        return self.localities[0]


_FIELDS = ", ".join(ShownDisaster._fields)
_IN_FORCE = "state = 'declared' AND starts_on <= %(today)s AND ends_on >= %(today)s"


def disaster_over(codes: Sequence[str]) -> ShownDisaster | None:
    """The newest disaster in force over any of these places (a place's chain), or None; one statement."""
    found = disasters_over(codes)
    return found[0] if found else None


def disasters_over(codes: Sequence[str]) -> list[ShownDisaster]:
    """The disasters in force over any of these places, newest first; one statement."""
    return reads.answer(asks_disasters(codes))


def asks_disasters(codes: Sequence[str] | None = None) -> Question[list[ShownDisaster]]:
    """The question for what is in force over these places; None for everywhere."""
    where = " AND localities && CAST(%(codes)s AS text[])" if codes is not None else ""
    values: dict[str, object] = {"today": clock.today()}
    if codes is not None:
        values["codes"] = list(codes)
    return Question(
        f"SELECT {_FIELDS} FROM disaster WHERE {_IN_FORCE}{where} ORDER BY decree_on DESC, id DESC LIMIT 20",
        values,
        lambda rows: [ShownDisaster._make(row) for row in rows],
    )


def disasters_in_force() -> list[ShownDisaster]:
    """All disasters in force, newest first; one statement."""
    return reads.answer(asks_disasters())


def disaster_codes() -> set[str]:
    """The places that a disaster in force names (each holds for everything below it); one statement."""
    return {code for found in disasters_in_force() for code in found.localities}


def every_disaster(*, limit: int = 100) -> list[ShownDisaster]:
    """All that were ever declared, newest first."""
    rows = reads.rows(
        f"SELECT {_FIELDS} FROM disaster ORDER BY created_at DESC, id DESC LIMIT {int(limit)}", {}
    )
    return [ShownDisaster._make(row) for row in rows]


def find_disaster(disaster_id: uuid.UUID) -> ShownDisaster | None:
    """One disaster, in force or not."""
    rows = reads.rows(f"SELECT {_FIELDS} FROM disaster WHERE id = %(id)s", {"id": disaster_id})
    return ShownDisaster._make(rows[0]) if rows else None
