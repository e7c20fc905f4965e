"""What a load balancer and a watchman ask: is the database there, how old is the oldest duty, does the worker work?"""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from coevolve.kit import clock
from coevolve.kit.db import session

DUTIES = {
    "account_mail": "SELECT min(next_at) FROM account_mail WHERE done_at IS NULL AND attempts < 12",
    "payment_inbox": "SELECT min(next_at) FROM payment_inbox WHERE state = 'new'",
    "payment_outbox": "SELECT min(next_at) FROM payment_outbox WHERE state IN ('due', 'unknown')",
    "message": "SELECT min(next_at) FROM message WHERE state = 'queued' AND cadence = 'now'",
    "journal_due": "SELECT min(next_at) FROM journal_due",
}
"""Tables of duties, by the column their sweep goes by."""


def report() -> dict[str, Any]:
    """Ages in seconds of the oldest due row of each kind and of the worker's last sign of life."""
    moment = clock.now()
    try:
        ages: dict[str, float] = {}
        for name, statement in DUTIES.items():
            oldest = session().execute(text(statement)).scalar_one()
            ages[name] = 0.0 if oldest is None else max(0.0, (moment - oldest).total_seconds())
        seen = (
            session().execute(text("SELECT max(seen_at) FROM worker_beat WHERE name = 'canary'")).scalar_one()
        )
    except SQLAlchemyError:
        session().rollback()
        return {"database": False}
    worker = None if seen is None else (moment - seen).total_seconds()
    return {
        "database": True,
        "oldest_due_seconds": ages,
        "worker_seen_seconds_ago": worker,
    }
