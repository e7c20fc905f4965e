"""Allocations of a line: what of it is booked for what, what is only proposed, what is still free."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from coevolve.journal import service as journal
from coevolve.kit import clock
from coevolve.kit.clock import JAKARTA
from coevolve.kit.db import lock, session, uuid7
from coevolve.kit.errors import Conflict
from coevolve.kit.i18n import lazy
from coevolve.kit.money import Money
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.ledger.service import Transfer
from coevolve.reconciliation import queries
from coevolve.reconciliation.models import Allocation, Line, LineState
from coevolve.reconciliation.service import own_hands, targets
from coevolve.reconciliation.service.cases import close_by_itself, open_case

SYSTEM = "system"
OPEN = (LineState.unmatched, LineState.proposed, LineState.review, LineState.partly)
"""States in which something of a line may still be booked."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """So much (positive) of a line for one target, by which rule, said by whom."""

    kind: str
    target_id: uuid.UUID
    amount: int
    rule: str
    score: float
    proposed_by: str = SYSTEM
    run_id: uuid.UUID | None = None


def lock_open(line_id: int) -> Line:
    """A line that is not settled, locked; Conflict if it is."""
    line = lock(Line, line_id)
    if line.state not in OPEN:
        raise Conflict("line_closed", lazy("Mutasi ini sudah dicocokkan. Muat ulang halaman ini."))
    return line


def unidentified(line: Line) -> Allocation | None:
    """What of the line is kept as money of nobody known."""
    statement = select(Allocation).where(
        Allocation.line_id == line.id,
        Allocation.target_kind == "unidentified",
        Allocation.undone_at.is_(None),
    )
    return session().execute(statement).scalar_one_or_none()


def free_of(line: Line) -> int:
    """How much of the line may still be booked for something (positive)."""
    aside = unidentified(line)
    return abs(line.amount) - abs(line.allocated) + (abs(aside.amount) if aside else 0)


def book_wishes(line: Line, wishes: Sequence[Wish], *, by: uuid.UUID | None) -> list[Allocation]:
    """Book parts of a locked line for their targets; what stays over is kept as unidentified. One transaction."""
    withdraw(line)
    wished = sum(one.amount for one in wishes)
    rest = free_of(line) - wished
    if not wishes or rest < 0 or min(one.amount for one in wishes) <= 0:
        raise Conflict("too_much", lazy("Jumlah bagian-bagiannya melebihi mutasi ini."))
    aside = unidentified(line)
    source = (
        own_hands.unidentified_of(line.bank_account_id, line.unit)
        if aside
        else accounts.bank(line.bank_account_id, line.unit)
    )
    booked = [_book(line, wish, source, by) for wish in sorted(wishes, key=lambda wish: wish.target_id)]
    if aside is not None:
        _shrink(line, aside, wished)
    elif rest and line.amount > 0:
        keep_unidentified(line, by=by, amount=rest)
    count(line)
    return booked


def _book(line: Line, wish: Wish, source: int, by: uuid.UUID | None) -> Allocation:
    part = targets.Part(
        line=line,
        target_id=wish.target_id,
        amount=wish.amount,
        source=source,
        key=_key(line, wish.kind, wish.target_id),
        at=moment_of(line),
        by=by,
    )
    return add(line, wish, posting_id=targets.target(wish.kind).settle(part), by=by)


def add(line: Line, wish: Wish, *, posting_id: int | None, by: uuid.UUID | None) -> Allocation:
    """Write an allocation: booked if it has a posting, else a proposal."""
    row = Allocation(
        line_id=line.id,
        target_kind=wish.kind,
        target_id=wish.target_id,
        amount=wish.amount if line.amount > 0 else -wish.amount,
        rule=wish.rule,
        score=wish.score,
        run_id=wish.run_id or uuid7(),
        proposed_by=wish.proposed_by,
        approved_by=str(by) if by and posting_id is not None else None,
        posting_id=posting_id,
    )
    session().add(row)
    session().flush()
    if posting_id is not None:
        journal.record(
            "bank_line.booked",
            about=("bank_account", line.bank_account_id),
            by=by,
            data={
                "line": line.id,
                "target": wish.kind,
                "target_id": str(wish.target_id),
                "rule": wish.rule,
            },
            visibility="staff",
        )
    return row


def keep_unidentified(line: Line, *, by: uuid.UUID | None, amount: int) -> Allocation:
    """Book (the rest of) a line as money of nobody known, with a case."""
    wish = Wish(
        kind="unidentified", target_id=line.bank_account_id, amount=amount, rule="set_aside", score=0.0
    )
    posting_id = ledger.post(
        key=_key(line, "unidentified", None),
        kind="bank.unidentified",
        transfers=[
            Transfer(
                debit_id=accounts.bank(line.bank_account_id, line.unit),
                credit_id=own_hands.unidentified_of(line.bank_account_id, line.unit),
                amount=amount,
                unit=line.unit,
            )
        ],
        source_kind="bank_account",
        source_id=line.bank_account_id,
        effective_at=moment_of(line),
        actor=str(by) if by else SYSTEM,
    )
    row = add(line, wish, posting_id=posting_id, by=by)
    count(line)
    open_case(kind="unidentified", subject=("line", line.id), difference=Money(amount, line.unit))
    return row


def _shrink(line: Line, aside: Allocation, taken: int) -> None:
    """What was unidentified is partly or wholly known now."""
    aside.undone_at = clock.now()
    session().flush()
    rest = abs(aside.amount) - taken
    if rest:
        wish = Wish(
            kind="unidentified", target_id=aside.target_id, amount=rest, rule=aside.rule, score=aside.score
        )
        add(line, wish, posting_id=aside.posting_id, by=None)
        return
    close_by_itself(kind="unidentified", subject=("line", line.id), note="Dicocokkan.")


def count(line: Line) -> None:
    """Set what of the line is allocated, and its state, from its live booked allocations."""
    session().flush()
    rows = session().execute(
        select(Allocation.target_kind, func.sum(Allocation.amount))
        .where(
            Allocation.line_id == line.id, Allocation.undone_at.is_(None), Allocation.posting_id.is_not(None)
        )
        .group_by(Allocation.target_kind)
    )
    by_kind = {row[0]: int(row[1]) for row in rows}
    line.allocated = sum(by_kind.values())
    known = line.allocated - by_kind.get("unidentified", 0)
    if known == line.amount:
        line.state, line.reason = LineState.matched, None
    elif known:
        line.state = LineState.partly
    elif line.allocated and line.state != LineState.proposed:
        line.state = LineState.review
    session().flush()


def withdraw(line: Line, *, by: str | None = None) -> int:
    """End all proposals of a line (or those of one proposer); returns how many."""
    gone = 0
    for proposal in queries.proposals_of(line.id):
        if by is None or proposal.proposed_by == by:
            proposal.undone_at = clock.now()
            gone += 1
    session().flush()
    return gone


def moment_of(line: Line) -> dt.datetime:
    """Noon of the bank's day: a bank line carries no hour."""
    return dt.datetime.combine(line.booked_on, dt.time(12), ZoneInfo(JAKARTA))


def _key(line: Line, kind: str, target_id: uuid.UUID | None) -> str:
    """The key of a posting: it names line and target, and the how-manieth try after undoing."""
    before = select(func.count(func.distinct(Allocation.posting_id))).where(
        Allocation.line_id == line.id, Allocation.target_kind == kind, Allocation.posting_id.is_not(None)
    )
    if target_id is not None:
        before = before.where(Allocation.target_id == target_id)
    tries = int(session().execute(before).scalar_one())
    stem = f"bank:line:{line.id}:{kind}" + (f":{target_id}" if target_id is not None else "")
    return f"{stem}:{tries + 1}" if tries else stem
