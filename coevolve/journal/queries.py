"""Reading the journal."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from coevolve.journal.models import JournalLine
from coevolve.kit.db import session


def about(kind: str, thing_id: uuid.UUID, *, limit: int = 100) -> list[JournalLine]:
    """What happened to one thing, oldest first."""
    statement = (
        select(JournalLine)
        .where(JournalLine.about_kind == kind, JournalLine.about_id == thing_id)
        .order_by(JournalLine.id)
        .limit(limit)
    )
    return list(session().execute(statement).scalars())
