"""What still waits: rows due in the tables of duties, and messages in the broker."""

from __future__ import annotations

import contextlib

from sqlalchemy import text

from coevolve.kit.db import session
from coevolve.kit.jobs import QUEUES, broker
from coevolve.operations import duties


def waiting() -> dict[str, int]:
    """How many rows are due now, by table, and how many messages wait or are being worked on, by queue."""
    counts = {one.name: _due_rows(one.oldest) for one in duties.all_duties()}
    session().rollback()
    counts |= _messages()
    return {name: count for name, count in counts.items() if count}


def _due_rows(oldest: str) -> int:
    due = oldest.replace("SELECT min(next_at)", "SELECT count(*)", 1)
    due += " AND" if " WHERE " in due else " WHERE"
    return int(session().execute(text(f"{due} next_at <= clock_timestamp()")).scalar_one())


def _messages() -> dict[str, int]:
    with contextlib.closing(broker()) as server:
        counts = {f"queue {name}": int(server.llen(name)) for name in QUEUES}
        counts["unacknowledged"] = int(server.hlen("unacked"))
    return counts
