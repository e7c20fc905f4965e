"""Rows by which the workers are watched: one per (job, slot) so that two beats do one effect, and a heartbeat."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit import clock
from coevolve.kit.db import Model, session


class JobSlot(Model):
    """A scheduled job's turn: the second beat that comes for the same slot finds it taken."""

    __tablename__ = "job_slot"

    job: Mapped[str] = mapped_column(primary_key=True)
    slot: Mapped[dt.datetime] = mapped_column(primary_key=True)
    taken_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())


class WorkerBeat(Model):
    """The last sign of life of a part (the canary task writes it each minute)."""

    __tablename__ = "worker_beat"

    name: Mapped[str] = mapped_column(primary_key=True)
    seen_at: Mapped[dt.datetime]


def take_slot(job: str, *, every_seconds: float) -> bool:
    """Whether this call is the first to come for the job's current slot."""
    moment = clock.now().timestamp()
    slot = dt.datetime.fromtimestamp(moment // every_seconds * every_seconds, dt.UTC)
    statement = insert(JobSlot).values(job=job, slot=slot).on_conflict_do_nothing().returning(JobSlot.job)
    return session().execute(statement).first() is not None


def beat(name: str) -> None:
    """Note a sign of life."""
    moment = clock.now()
    session().execute(
        insert(WorkerBeat)
        .values(name=name, seen_at=moment)
        .on_conflict_do_update(index_elements=["name"], set_={"seen_at": moment})
    )


def sweep(*, keep_hours: int = 48) -> None:
    """Remove slots of past days."""
    session().execute(delete(JobSlot).where(JobSlot.slot < clock.now() - dt.timedelta(hours=keep_hours)))
