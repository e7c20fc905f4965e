"""Running the stages: each in a transaction of its own, so that a killed run loses nothing and a second one goes on."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import text

from coevolve.config import settings
from coevolve.kit import clock
from coevolve.kit.db import commit, session, uuid7
from coevolve.reconciliation.matching.stages import STAGES

MANY = 20_000
"""From so many lines on, the planner's nested loops are a trap (it expects one row and finds thousands)."""

_LOCK = "SELECT pg_advisory_xact_lock(hashtext('reconciliation.match'))"
_MANY = """
SELECT count(*) FROM (SELECT 1 FROM recon_line WHERE state = 'unmatched' AND bank_account_id = ANY(:accounts)
  LIMIT :many) AS first_ones
"""
SOME = 500
"""From so many on, the planner is told about the lines first."""

_KNOW = "SELECT recon_know_lines()"
_SETTINGS = "SELECT set_config('work_mem', :memory, true), set_config('statement_timeout', :timeout, true)"
_NO_LOOPS = "SELECT set_config('enable_nestloop', 'off', true)"


@dataclass(frozen=True, slots=True)
class Done:
    """What one stage settled and how long it took."""

    name: str
    says: str
    lines: int
    seconds: float


Report = Callable[[Done], None]


def run_stages(
    account_ids: Sequence[uuid.UUID], *, typed: bool = False, report: Report | None = None
) -> list[Done]:
    """All stages over the unmatched lines of these accounts; `typed`: those entered by hand too. Commits itself."""
    quarantine = dt.timedelta(days=settings().transfer_quarantine_days)
    values = {
        "accounts": list(account_ids),
        "typed": typed,
        "run": uuid7(),
        "limit": settings().auto_post_limit_minor,
        "rested": clock.now() - quarantine,
    }
    many = int(session().execute(text(_MANY), values | {"many": MANY}).scalar_one())
    if many >= SOME:
        session().execute(text(_KNOW))
        commit()
    done = []
    for stage in STAGES:
        started = time.perf_counter()
        session().execute(text(_LOCK))
        session().execute(
            text(_SETTINGS), {"memory": "128MB" if many >= MANY else "32MB", "timeout": "15min"}
        )
        if many >= MANY:
            session().execute(text(_NO_LOOPS))
        lines = int(session().execute(text(stage.sql), values).scalar_one())
        commit()
        done.append(Done(stage.name, stage.says, lines, time.perf_counter() - started))
        if report is not None:
            report(done[-1])
    return done
