"""Tables of operations."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit.db import BigKey, Model, UuidKey


class JobFailure(BigKey, Model):
    """A background job that ended in an error; the same job with the same arguments is one row while it is open."""

    __tablename__ = "job_failure"
    __table_args__ = (
        CheckConstraint("times > 0", name="times_positive"),
        Index("uq_job_failure_open", "fingerprint", unique=True, postgresql_where=text("closed_at IS NULL")),
        Index("ix_job_failure_last_at", "last_at"),
    )

    job: Mapped[str]
    """`domain.verb`."""
    arguments: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"), default=dict)
    """Ids only; a job never carries more."""
    fingerprint: Mapped[bytes]
    """Of job and arguments."""
    error: Mapped[str]
    """The newest one, with the place in the code."""
    times: Mapped[int] = mapped_column(server_default=text("1"), default=1)
    first_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())
    last_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())
    closed_at: Mapped[dt.datetime | None]
    closed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    """Who tried it again or set it aside; empty when it simply did not come back."""


class Alarm(UuidKey, Model):
    """A fault that lasts; one open row per code."""

    __tablename__ = "alarm"
    __table_args__ = (
        CheckConstraint("until >= since", name="period"),
        Index("uq_alarm_open", "code", unique=True, postgresql_where=text("until IS NULL")),
        Index("ix_alarm_since", "since"),
    )

    code: Mapped[str]
    """`kind` or `kind:subject`, as in alarms.RULES."""
    data: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"), default=dict)
    """What was seen last: ages in seconds, counts."""
    since: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())
    until: Mapped[dt.datetime | None]
    seen_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    """Who of staff said: I am at it."""
    seen_at: Mapped[dt.datetime | None]
