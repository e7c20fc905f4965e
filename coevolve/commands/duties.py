"""What still waits: rows due in the tables of duties, and messages in the broker."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import redis
from sqlalchemy import text

from coevolve.config import settings
from coevolve.kit import health
from coevolve.kit.db import session
from coevolve.kit.jobs import QUEUES


def waiting() -> dict[str, int]:
    """How many rows are due now, by table, and how many messages wait or are being worked on, by queue."""
    counts = {name: _due_rows(statement) for name, statement in health.DUTIES.items()}
    session().rollback()
    counts |= _messages()
    return {name: count for name, count in counts.items() if count}


def _due_rows(oldest: str) -> int:
    due = oldest.replace("SELECT min(next_at)", "SELECT count(*)", 1)
    due += " AND" if " WHERE " in due else " WHERE"
    return int(session().execute(text(f"{due} next_at <= clock_timestamp()")).scalar_one())


def _messages() -> dict[str, int]:
    with broker() as server:
        counts = {f"queue {name}": int(server.llen(name)) for name in QUEUES}
        counts["unacknowledged"] = int(server.hlen("unacked"))
    return counts


@contextlib.contextmanager
def broker() -> Iterator[redis.Redis]:
    """A connection to the broker of the settings."""
    url = settings().redis_url
    server = (
        redis.Redis(unix_socket_path=url.removeprefix("unix://").partition("?")[0])
        if url.startswith("unix://")
        else redis.Redis.from_url(url, socket_timeout=5)
    )
    with contextlib.closing(server):
        yield server
