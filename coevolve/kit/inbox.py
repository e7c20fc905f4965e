"""Claiming rows that wait for a worker: FOR UPDATE SKIP LOCKED, a lease, tries counted before the work."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

from sqlalchemy import ColumnElement, func, inspect, or_, select, update

from coevolve.kit import clock
from coevolve.kit.db import Model, session

MAX_BACKOFF_SECONDS = 4 * 3600


def claim(
    model: type[Model],
    *,
    where: ColumnElement[bool],
    limit: int = 20,
    lease_seconds: int = 120,
) -> list[Any]:
    """Lease due rows to this worker and return their keys, oldest due first; the caller commits.

    The tries are counted here, before the work: a row that kills its worker is noticed all the same.
    """
    row: Any = model
    key = inspect(model).primary_key[0]
    moment = clock.now()
    due = (
        select(key)
        .where(
            where,
            row.next_at <= moment,
            or_(row.leased_until.is_(None), row.leased_until < moment),
        )
        .order_by(row.next_at, key)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = list(session().execute(due).scalars())
    if found:
        session().execute(
            update(model)
            .where(key.in_(found))
            .values(
                leased_until=moment + dt.timedelta(seconds=lease_seconds),
                attempts=row.attempts + 1,
            )
            .execution_options(synchronize_session=False)
        )
    return found


def back_off(row: Any, error: str, *, base_seconds: int = 5) -> None:
    """Give a row back for a later try: doubling waits up to four hours, with jitter so that rows spread out."""
    wait = min(MAX_BACKOFF_SECONDS, base_seconds * 2 ** max(0, int(row.attempts or 0) - 1))
    row.next_at = clock.now() + dt.timedelta(seconds=wait * random.uniform(0.8, 1.2))  # noqa: S311 - spread, not secret
    row.leased_until = None
    row.last_error = error[:2000]


def oldest_age_seconds(model: type[Model], *, where: ColumnElement[bool]) -> float:
    """How long the oldest due row has been waiting (0 when none waits)."""
    row: Any = model
    oldest = session().execute(select(func.min(row.next_at)).where(where)).scalar_one()
    return 0.0 if oldest is None else max(0.0, (clock.now() - oldest).total_seconds())


__all__ = ["back_off", "claim", "oldest_age_seconds"]
