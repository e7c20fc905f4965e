"""Tables of the journal."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit.db import BigKey, Claim, Model

VISIBILITIES = ("public", "parties", "staff")


class JournalLine(BigKey, Model):
    """One thing that happened. Append-only by right and by trigger."""

    __tablename__ = "journal_line"
    __table_args__ = (
        CheckConstraint("visibility IN ('public', 'parties', 'staff')", name="visibility"),
        Index(None, "about_kind", "about_id", "id"),
        Index(
            None,
            "for_organisation",
            "id",
            postgresql_where=text("for_organisation IS NOT NULL"),
        ),
    )

    kind: Mapped[str]
    """`thing.happened`, for example `listing.opened`."""
    about_kind: Mapped[str]
    about_id: Mapped[uuid.UUID]
    by_person: Mapped[uuid.UUID | None]
    """Who did it; empty when the platform did."""
    for_organisation: Mapped[uuid.UUID | None]
    at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())
    data: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    """Facts of the moment, with before and after where something changed; no secrets."""
    visibility: Mapped[str] = mapped_column(server_default=text("'parties'"))


class JournalDue(Claim, Model):
    """A line whose reactions have not run yet; removed by the worker that ran them."""

    __tablename__ = "journal_due"
    __table_args__ = (Index(None, "next_at"),)

    journal_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("journal_line.id"), primary_key=True, autoincrement=False
    )
