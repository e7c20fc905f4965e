"""Writing the journal."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import insert

from coevolve.journal.models import JournalDue, JournalLine
from coevolve.kit import clock
from coevolve.kit.db import session
from coevolve.kit.jobs import after_commit

REACTED_TO: frozenset[str] = frozenset(
    {
        "listing.closed",
        "listing.opened",
        "listing.update_published",
        "person.confirmed",
        "person.erased",
        "person.password_reset",
    }
)
"""Kinds that something follows from; `workers/reactions.py` says what (a test compares the two)."""


_TABLE: Any = JournalLine.__table__
_LINE = insert(_TABLE).returning(_TABLE.c.id)


def record(
    kind: str,
    *,
    about: tuple[str, uuid.UUID],
    by: uuid.UUID | None,
    for_organisation: uuid.UUID | None = None,
    data: dict[str, Any] | None = None,
    visibility: str = "parties",
) -> int:
    """Write one line, and a due row when something follows from this kind; returns the line's id.

    Part of the caller's transaction: what is not committed has not happened.
    """
    values = {
        "kind": kind,
        "about_kind": about[0],
        "about_id": about[1],
        "by_person": by,
        "for_organisation": for_organisation,
        "at": clock.now(),
        "data": data or {},
        "visibility": visibility,
    }
    line_id = int(session().execute(_LINE, values).scalar_one())
    if kind in REACTED_TO:
        session().execute(insert(JournalDue).values(journal_id=line_id))
        after_commit("journal.react", journal_id=line_id)
    return line_id
