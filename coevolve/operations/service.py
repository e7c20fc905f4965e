"""Use cases of operations: noting failures, watching, trying again."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import traceback
import uuid
from typing import Any

from sqlalchemy import text, update

from coevolve.kit import beats, clock
from coevolve.kit.db import lock, session
from coevolve.kit.errors import InvalidMove, NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.jobs import after_commit
from coevolve.notifications import service as notifications
from coevolve.operations import alarms, queries
from coevolve.operations.duties import duty
from coevolve.operations.models import Alarm, JobFailure
from coevolve.people import queries as people
from coevolve.people.models import Person

FORGET_HOURS = 24
"""A failure that has not come back for so long is over."""
KEEP_DAYS = 90


def note_failure(*, job: str, arguments: dict[str, Any], trouble: BaseException) -> None:
    """Count a job's failure; the same job with the same arguments stays one row while it is open."""
    words = json.dumps([job, arguments], sort_keys=True, default=str)
    place = traceback.extract_tb(trouble.__traceback__)[-1:] if trouble.__traceback__ else []
    where = f" ({place[0].name}, line {place[0].lineno})" if place else ""
    session().execute(
        text(
            "INSERT INTO job_failure (job, arguments, fingerprint, error, first_at, last_at)"
            " VALUES (:job, CAST(:arguments AS jsonb), :fingerprint, :error, :now, :now)"
            " ON CONFLICT (fingerprint) WHERE closed_at IS NULL DO UPDATE"
            " SET times = job_failure.times + 1, last_at = excluded.last_at, error = excluded.error"
        ),
        {
            "job": job,
            "arguments": json.dumps(arguments, default=str),
            "fingerprint": hashlib.sha256(words.encode()).digest(),
            "error": f"{type(trouble).__name__}: {trouble}"[:1000] + where,
            "now": clock.now(),
        },
    )


def watch() -> int:
    """Open alarms for new faults and tell the admins, end those that are over; returns how many last."""
    seen = {one.code: one for one in alarms.look()}
    known = {alarm.code: alarm for alarm in queries.open_alarms()}
    moment = clock.now()
    for code, alarm in known.items():
        if code in seen:
            alarm.data = seen[code].data
        else:
            alarm.until = max(moment, alarm.since)
    for code in seen.keys() - known.keys():
        alarm = Alarm(code=code, data=seen[code].data, since=moment)
        session().add(alarm)
        session().flush()
        _tell(alarm)
    session().execute(
        update(JobFailure)
        .where(JobFailure.closed_at.is_(None), JobFailure.last_at < moment - dt.timedelta(hours=FORGET_HOURS))
        .values(closed_at=moment)
        .execution_options(synchronize_session=False)
    )
    session().flush()
    return len(seen)


def _tell(alarm: Alarm) -> None:
    rule = alarms.rule_of(alarm.code)
    notifications.queue(
        kind="house.alarm",
        person_ids=[person.id for person in people.staff_with("admin")],
        about=("alarm", alarm.id),
        data={"title": alarm.code, "runbook": rule.runbook},
        dedupe_key=f"house.alarm:{alarm.id}",
    )


def acknowledge(*, alarm_id: uuid.UUID, by: Person) -> Alarm:
    """Somebody of staff is at it; the first one counts. NotFound, or InvalidMove when the fault is over."""
    alarm = lock(Alarm, alarm_id)
    if alarm.until is not None:
        raise InvalidMove("over", lazy("Gangguan ini sudah selesai."))
    if alarm.seen_by is None:
        alarm.seen_by, alarm.seen_at = by.id, clock.now()
        session().flush()
    return alarm


def retry_failure(*, failure_id: int, by: Person) -> JobFailure:
    """Send the job again with its arguments; a further failure opens a new row."""
    failure = _close(failure_id, by)
    after_commit(failure.job, **failure.arguments)
    return failure


def set_failure_aside(*, failure_id: int, by: Person) -> JobFailure:
    """Somebody looked, and nothing is to be done."""
    return _close(failure_id, by)


def _close(failure_id: int, by: Person) -> JobFailure:
    failure = lock(JobFailure, failure_id)
    if failure.closed_at is not None:
        raise InvalidMove("closed", lazy("Kegagalan ini sudah ditangani."))
    failure.closed_at, failure.closed_by = clock.now(), by.id
    session().flush()
    return failure


def retry_letter(*, name: str, key: str) -> None:
    """Put a duty that was given up back; NotFound when it is not (any more) among those."""
    found = duty(name)
    if found is None or found.retry is None or not _is_letter(found.letters, key):
        raise NotFound("not_found", lazy("Pekerjaan ini sudah tidak ada di sini."))
    found.retry(key)


def _is_letter(letters: str, key: str) -> bool:
    statement = text(f"SELECT EXISTS (SELECT FROM ({letters}) AS letters WHERE id = :key)")
    return bool(session().execute(statement, {"key": key}).scalar_one())


def note_backup() -> None:
    """A backup was made and read back; the alarm counts from now."""
    beats.beat("backup")


def sweep() -> None:
    """Forget failures and alarms of long ago."""
    past = {"past": clock.now() - dt.timedelta(days=KEEP_DAYS)}
    session().execute(text("DELETE FROM job_failure WHERE closed_at < :past"), past)
    session().execute(text("DELETE FROM alarm WHERE until < :past"), past)


__all__ = [
    "acknowledge",
    "note_backup",
    "note_failure",
    "retry_failure",
    "retry_letter",
    "set_failure_aside",
    "sweep",
    "watch",
]
