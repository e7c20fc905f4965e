"""Matching from end to end: the stages in sets, then the books, in bounded batches through the one path of arrivals.

Why not in sets as well: decisions/0007-matched-lines-are-posted-in-batches.md.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from coevolve.kit import clock
from coevolve.kit.db import commit, session
from coevolve.kit.errors import DomainError
from coevolve.kit.jobs import after_commit
from coevolve.payments import queries as payments
from coevolve.reconciliation import queries
from coevolve.reconciliation.matching.running import Done, Report, run_stages
from coevolve.reconciliation.models import Allocation, Line, LineState
from coevolve.reconciliation.service.allocating import OPEN, Wish, book_wishes, withdraw
from coevolve.reconciliation.service.undoing import reverse_line

BATCH = 25
"""Lines per transaction: a killed worker loses so many at most, and redoes them."""
SECONDS = 40.0
"""So long one turn of the worker posts; what is left waits for the next turn, its rows say so."""

Progress = Callable[[int, int], None]


@dataclass
class Matched:
    """What a run of matching did."""

    stages: list[Done] = field(default_factory=list)
    posted: int = 0
    refused: int = 0
    left: int = 0


def match(
    account_ids: Sequence[uuid.UUID] | None = None,
    *,
    typed: bool = False,
    seconds: float | None = SECONDS,
    report: Report | None = None,
    progress: Progress | None = None,
) -> Matched:
    """Match the waiting lines of these accounts (None: of all) and post what is sure. Commits itself; may be repeated.

    Lines entered by hand are left to whoever entered them, unless `typed`.
    """
    everyones = [*payments.bank_accounts(), *payments.direct_accounts()] if account_ids is None else []
    accounts = [one.id for one in everyones] if account_ids is None else list(account_ids)
    done = Matched(run_stages(accounts, typed=typed, report=report))
    done.posted, done.refused, done.left = post_due(seconds=seconds, progress=progress)
    return done


def post_due(*, seconds: float | None = None, progress: Progress | None = None) -> tuple[int, int, int]:
    """Book lines that a rule is sure of, oldest first; how many were booked, refused, and are left. Commits itself."""
    began = time.monotonic()
    booked = refused = 0
    total = queries.count_due() if progress is not None else 0
    while batch := _take():
        for line in batch:
            if _post(line):
                booked += 1
            else:
                refused += 1
        commit()
        if progress is not None:
            progress(booked + refused, total)
        if seconds is not None and time.monotonic() - began > seconds:
            after_commit("reconciliation.post")
            commit()
            break
    return booked, refused, queries.count_due()


def _take() -> list[Line]:
    """The next lines, locked; lines that another worker or a person holds are left out."""
    due = (
        select(Allocation.line_id)
        .where(Allocation.is_sure, Allocation.posting_id.is_(None), Allocation.undone_at.is_(None))
        .order_by(Allocation.line_id)
        .limit(BATCH * 4)
    )
    statement = (
        select(Line)
        .where(Line.id.in_(due.scalar_subquery()))
        .order_by(Line.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return list(session().execute(statement).scalars())


def _post(line: Line) -> bool:
    """Book one line; what has changed since it was matched sends it to a person instead."""
    sure = [row for row in queries.proposals_of(line.id) if row.is_sure]
    try:
        if line.state not in OPEN:
            withdraw(line)
            return False
        with session().begin_nested():
            if sure[0].target_kind == "line":
                reverse_line(line, sure[0].target_id.int, by=None)
            else:
                book_wishes(line, [_wish(row) for row in sure], by=None)
        return True
    except DomainError as refusal:
        session().refresh(line)
        for row in queries.proposals_of(line.id):
            row.undone_at = clock.now()
        line.state, line.reason, line.note = LineState.review, "changed", str(refusal.message)
        session().flush()
        return False


def _wish(row: Allocation) -> Wish:
    return Wish(
        kind=row.target_kind,
        target_id=row.target_id,
        amount=abs(row.amount),
        rule=row.rule,
        score=row.score,
        run_id=row.run_id,
    )
