"""Limits of frequency, counted in PostgreSQL: they hold when Redis is gone, and they fail closed."""

from __future__ import annotations

import datetime as dt
import hashlib

from sqlalchemy import delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit import clock
from coevolve.kit.db import Model, session
from coevolve.kit.errors import TooMany
from coevolve.kit.i18n import lazy


class RateCounter(Model):
    """Hits of one key in one window; old rows are swept away."""

    __tablename__ = "rate_counter"

    key: Mapped[str] = mapped_column(primary_key=True)
    """A hash of what is limited: no address or e-mail stands here in clear."""
    window_start: Mapped[dt.datetime] = mapped_column(primary_key=True)
    hits: Mapped[int]
    expires_at: Mapped[dt.datetime] = mapped_column(index=True)


def hit(key: str, *, limit: int, window_seconds: int) -> int:
    """Count one try and return how many there were in this window; beyond the limit raise TooMany.

    The count must survive the refusal: a caller that rolls back after TooMany should commit the counter first, so the
    edge calls `hit` before any other write of its transaction.
    """
    moment = clock.now()
    start = dt.datetime.fromtimestamp(moment.timestamp() // window_seconds * window_seconds, dt.UTC)
    hashed = hashlib.sha256(key.encode()).hexdigest()[:40]
    statement = (
        insert(RateCounter)
        .values(
            key=hashed,
            window_start=start,
            hits=1,
            expires_at=start + dt.timedelta(seconds=2 * window_seconds),
        )
        .on_conflict_do_update(
            index_elements=["key", "window_start"],
            set_={"hits": RateCounter.hits + literal(1)},
        )
        .returning(RateCounter.hits)
    )
    hits = int(session().execute(statement).scalar_one())
    if hits > limit:
        session().commit()
        left = int(window_seconds - (moment - start).total_seconds()) + 1
        message = lazy(
            "Terlalu banyak percobaan. Coba lagi dalam %(minutes)s menit.",
            minutes=max(1, -(-left // 60)),
        )
        raise TooMany("too_many", message, retry_after_seconds=left)
    return hits


def count(key: str, *, window_seconds: int) -> int:
    """How many hits a key had in this window and the one before it."""
    moment = clock.now().timestamp()
    start = dt.datetime.fromtimestamp(moment // window_seconds * window_seconds - window_seconds, dt.UTC)
    hashed = hashlib.sha256(key.encode()).hexdigest()[:40]
    statement = select(func.coalesce(func.sum(RateCounter.hits), 0)).where(
        RateCounter.key == hashed, RateCounter.window_start >= start
    )
    return int(session().execute(statement).scalar_one())


def sweep() -> int:
    """Remove counters of past windows; returns how many."""
    gone = session().execute(
        delete(RateCounter).where(RateCounter.expires_at < clock.now()).returning(RateCounter.hits)
    )
    return len(gone.all())


def forgive(key: str, *, window_seconds: int) -> None:
    """Take one hit back: a right password is no attack, and an office behind one address is many people."""
    moment = clock.now()
    start = dt.datetime.fromtimestamp(moment.timestamp() // window_seconds * window_seconds, dt.UTC)
    hashed = hashlib.sha256(key.encode()).hexdigest()[:40]
    session().execute(
        update(RateCounter)
        .where(
            RateCounter.key == hashed,
            RateCounter.window_start == start,
            RateCounter.hits > 0,
        )
        .values(hits=RateCounter.hits - literal(1))
        .execution_options(synchronize_session=False)
    )
