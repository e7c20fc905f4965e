"""Reads of operations: how each queue stands, what was given up, which faults last."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import redis
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from coevolve.kit import clock
from coevolve.kit.beats import WorkerBeat
from coevolve.kit.db import session
from coevolve.kit.jobs import QUEUES, waiting_messages
from coevolve.operations.duties import Duty, all_duties
from coevolve.operations.models import Alarm, JobFailure

LATE_SECONDS = 300.0
"""A row due for longer is late (reliability goal: nobody waits five minutes unnoticed)."""
SILENT_SECONDS = 180.0
"""A queue whose canary, sent every minute, was not heard for longer has no working worker."""


@dataclass(frozen=True, slots=True)
class DutyLine:
    """How one table of duties stands."""

    duty: Duty
    due: int
    oldest_seconds: float
    letters: int


@dataclass(frozen=True, slots=True)
class QueueLine:
    """How one queue stands."""

    name: str
    messages: int | None
    """Waiting in the broker; None when the broker does not answer."""
    canary_seconds: float | None
    """Since its worker's last sign of life; None when there never was one."""
    duties: tuple[DutyLine, ...]

    @property
    def standing(self) -> str:
        """`well`, `late` or `silent`."""
        if self.canary_seconds is None or self.canary_seconds > SILENT_SECONDS:
            return "silent"
        return "late" if any(line.oldest_seconds > LATE_SECONDS for line in self.duties) else "well"


@dataclass(frozen=True, slots=True)
class Letter:
    """A duty that was given up."""

    id: str
    at: dt.datetime
    attempts: int
    error: str


def board() -> list[QueueLine]:
    """Every queue with its duties, its messages and its canary."""
    moment = clock.now()
    messages = _messages()
    beats = {beat.name: beat.seen_at for beat in session().execute(select(WorkerBeat)).scalars()}
    duties = all_duties()
    found = []
    for name in QUEUES:
        seen = beats.get(f"canary.{name}")
        found.append(
            QueueLine(
                name=name,
                messages=messages.get(name),
                canary_seconds=None if seen is None else max(0.0, (moment - seen).total_seconds()),
                duties=tuple(_duty_line(one, moment) for one in duties if one.queue == name),
            )
        )
    return found


def _duty_line(duty: Duty, moment: dt.datetime) -> DutyLine:
    counted = duty.oldest.replace("SELECT min(next_at)", "SELECT count(*), min(next_at)", 1)
    joined = " AND" if " WHERE " in counted else " WHERE"
    due, oldest = session().execute(text(f"{counted}{joined} next_at <= :moment"), {"moment": moment}).one()
    letters = (
        int(session().execute(text(f"SELECT count(*) FROM ({duty.letters}) AS letters")).scalar_one())
        if duty.letters
        else 0
    )
    age = 0.0 if oldest is None else max(0.0, (moment - oldest).total_seconds())
    return DutyLine(duty=duty, due=int(due), oldest_seconds=age, letters=letters)


def _messages() -> dict[str, int]:
    try:
        return waiting_messages()
    except redis.RedisError:
        return {}


def letters(duty: Duty, *, limit: int = 50) -> list[Letter]:
    """The newest rows of a duty that were given up."""
    if not duty.letters:
        return []
    rows = session().execute(text(f"{duty.letters} LIMIT :limit"), {"limit": limit})
    return [Letter(*row) for row in rows]


def open_failures(*, limit: int = 100) -> list[JobFailure]:
    """Jobs that ended in an error and were neither tried again nor set aside, newest first."""
    statement = (
        select(JobFailure)
        .where(JobFailure.closed_at.is_(None))
        .order_by(JobFailure.last_at.desc(), JobFailure.id.desc())
        .limit(limit)
    )
    return list(session().execute(statement).scalars())


def open_alarms() -> list[Alarm]:
    """Faults that last, oldest first."""
    statement = select(Alarm).where(Alarm.until.is_(None)).order_by(Alarm.since, Alarm.id)
    return list(session().execute(statement).scalars())


def past_alarms(*, limit: int = 20) -> list[Alarm]:
    """Faults that ended, newest first."""
    statement = (
        select(Alarm)
        .where(Alarm.until.is_not(None))
        .order_by(Alarm.until.desc(), Alarm.id.desc())
        .limit(limit)
    )
    return list(session().execute(statement).scalars())


def ages() -> dict[str, float]:
    """Seconds since when the oldest due row of each table of duties waits."""
    moment = clock.now()
    found = {}
    for one in all_duties():
        oldest = session().execute(text(one.oldest)).scalar_one()
        found[one.name] = 0.0 if oldest is None else max(0.0, (moment - oldest).total_seconds())
    return found


def report() -> dict[str, Any]:
    """What a load balancer and a watchman ask; never raises, for it is asked when things are broken."""
    try:
        waiting = ages()
        rows = session().execute(text("SELECT name, seen_at FROM worker_beat WHERE name LIKE 'canary.%'"))
        seen = {str(name): at for name, at in rows}
        alarms = [alarm.code for alarm in open_alarms()]
    except SQLAlchemyError:
        session().rollback()
        return {"database": False}
    moment = clock.now()
    silent = {name.partition(".")[2]: (moment - at).total_seconds() for name, at in seen.items()}
    return {
        "database": True,
        "oldest_due_seconds": waiting,
        "worker_seen_seconds_ago": max(silent.values()) if len(silent) == len(QUEUES) else None,
        "queues_seen_seconds_ago": silent,
        "alarms": alarms,
    }
