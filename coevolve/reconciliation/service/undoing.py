"""Undoing what a line was matched with, and lines that the bank took back."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from coevolve.journal import service as journal
from coevolve.kit import clock
from coevolve.kit.db import lock, session, uuid7
from coevolve.kit.errors import Conflict, Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.text import clean_text
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.ledger.models import Transfer as LedgerTransfer
from coevolve.reconciliation.models import Allocation, Line, LineState
from coevolve.reconciliation.service import own_hands, targets
from coevolve.reconciliation.service.allocating import Wish, add, count, moment_of, withdraw
from coevolve.reconciliation.service.cases import close_by_itself

UNDOABLE = (LineState.matched, LineState.partly, LineState.review, LineState.proposed)


def undo_line(*, line_id: int, by: uuid.UUID | None, reason: str) -> Line:
    """Reverse everything a line was booked for; it waits for a person again. Refused when the money is spent."""
    line = lock(Line, line_id)
    words = clean_text(reason)
    if not words:
        raise Invalid("reason_missing", lazy("Tulis alasannya."), field="reason")
    if line.state not in UNDOABLE:
        raise Conflict("nothing_to_undo", lazy("Tidak ada yang dapat dibatalkan pada mutasi ini."))
    if any(row.target_kind == "line" for row in booked_of(line)):
        raise Conflict("reversed_line", lazy("Mutasi ini sudah dibalik oleh bank."))
    withdraw(line)
    for row in booked_of(line):
        _undo(line, row, by)
    _leave(line, "undone")
    line.note = words
    journal.record(
        "bank_line.undone",
        about=("bank_account", line.bank_account_id),
        by=by,
        data={"line": line.id, "reason": words},
        visibility="staff",
    )
    session().flush()
    return line


def reverse_line(debit: Line, other_id: int, *, by: uuid.UUID | None) -> None:
    """The bank took a line back (case 55): what it paid is undone, and the two lines settle each other."""
    other = lock(Line, other_id)
    if (other.bank_account_id, other.unit, other.amount) != (
        debit.bank_account_id,
        debit.unit,
        -debit.amount,
    ):
        raise Conflict("not_its_mirror", lazy("Kedua mutasi ini tidak saling menutup."))
    withdraw(other)
    withdraw(debit)
    for row in booked_of(other):
        _undo(other, row, by)
    aside = own_hands.unidentified_of(debit.bank_account_id, debit.unit)
    # One posting forth and back names the pair in the books; both lines are then explained by each other.
    posting_id = ledger.post(
        key=f"bank:line:{debit.id}:reverses:{other.id}",
        kind="bank.reversal",
        transfers=[
            ledger.Transfer(
                debit_id=accounts.bank(debit.bank_account_id, debit.unit),
                credit_id=aside,
                amount=other.amount,
                unit=debit.unit,
            ),
            ledger.Transfer(
                debit_id=aside,
                credit_id=accounts.bank(debit.bank_account_id, debit.unit),
                amount=other.amount,
                unit=debit.unit,
            ),
        ],
        source_kind="bank_account",
        source_id=debit.bank_account_id,
        effective_at=moment_of(debit),
        actor=str(by) if by else "system",
    )
    for line, partner in ((other, debit), (debit, other)):
        wish = Wish(
            kind="line",
            target_id=uuid.UUID(int=partner.id),
            amount=abs(line.amount),
            rule="reversal",
            score=1.0,
        )
        add(line, wish, posting_id=posting_id, by=by)
        count(line)
        line.reason = "reversed"
    session().flush()


def booked_of(line: Line) -> list[Allocation]:
    """The live booked allocations of a line, what went to a target before what is unidentified."""
    statement = select(Allocation).where(
        Allocation.line_id == line.id, Allocation.undone_at.is_(None), Allocation.posting_id.is_not(None)
    )
    rows = session().execute(statement).scalars()
    return sorted(rows, key=lambda row: (row.target_kind == "unidentified", row.id))


def _undo(line: Line, row: Allocation, by: uuid.UUID | None) -> None:
    posting_id = row.posting_id or 0
    key = f"bank:line:{line.id}:undo:{posting_id}:{row.id}"
    row.undone_at = clock.now()
    session().flush()
    if row.target_kind == "unidentified":
        ledger.post(
            key=key,
            kind="bank.unidentified_back",
            transfers=[
                ledger.Transfer(
                    debit_id=own_hands.unidentified_of(line.bank_account_id, line.unit),
                    credit_id=accounts.bank(line.bank_account_id, line.unit),
                    amount=abs(row.amount),
                    unit=line.unit,
                )
            ],
            source_kind="bank_account",
            source_id=line.bank_account_id,
            effective_at=moment_of(line),
            actor=str(by) if by else "system",
        )
        close_by_itself(kind="unidentified", subject=("line", line.id), note="Pencocokan dibatalkan.")
        count(line)
        return
    part = targets.Part(
        line=line,
        target_id=row.target_id,
        amount=abs(row.amount),
        source=0,
        key=key,
        at=moment_of(line),
        by=by,
    )
    reversing = targets.target(row.target_kind).unsettle(part, posting_id)
    aside = own_hands.unidentified_of(line.bank_account_id, line.unit)
    if _was_aside(posting_id, aside):
        # The money had been unidentified before it was matched, and is so again.
        wish = Wish(
            kind="unidentified",
            target_id=line.bank_account_id,
            amount=abs(row.amount),
            rule="undone",
            score=0.0,
            run_id=uuid7(),
        )
        again = add(line, wish, posting_id=reversing, by=None)
        count(line)
        _undo(line, again, by)
        return
    count(line)


def _was_aside(posting_id: int, aside: int) -> bool:
    statement = select(LedgerTransfer.id).where(
        LedgerTransfer.posting_id == posting_id, LedgerTransfer.debit_id == aside
    )
    return session().execute(statement.limit(1)).first() is not None


def _leave(line: Line, reason: str) -> None:
    count(line)
    line.state, line.reason = LineState.review, reason
