"""Joining a proven statement to what an account already has: new lines, known ones, and those entered by hand.

The bank's own lines of an account form one chain: each has its place (`seq`) and its running balance follows from the
line before. A statement is joined at the end of the chain, or before its beginning, or on both sides; a gap or an
overlap that does not agree refuses it. The caller holds the account's lock and its transaction decides.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import select, text

from coevolve.kit.db import session
from coevolve.kit.money import Money, format_money
from coevolve.kit.text import normalise_name
from coevolve.payments.references import find_references
from coevolve.reconciliation.models import BankStatement, Line, StatementState
from coevolve.reconciliation.statements.entries import Entry, Reading
from coevolve.reconciliation.statements.reading import first_day, last_day
from coevolve.reconciliation.statements.reasons import MOST, Reason, Unreadable, refuse

NEAR_DAYS = 3
"""A line typed by hand may carry a day a little off the bank's."""


@dataclass(frozen=True)
class End:
    """One end of an account's chain: the place, the balance there, and the day."""

    seq: int
    balance: int
    on: dt.date | None


@dataclass(kw_only=True)
class Joint:
    """How a statement joins: which lines are new and where they go."""

    placed: list[tuple[int, Entry]] = field(default_factory=list)
    """New lines with their places, oldest first."""
    claims: dict[int, int] = field(default_factory=dict)
    """Of those: place -> the line entered by hand that it is."""
    known: int = 0
    unbrought: list[int] = field(default_factory=list)
    """Lines entered by hand for days that the statement covers and does not bring."""
    notes: list[dict[str, Any]] = field(default_factory=list)


def lock_account(bank_account_id: uuid.UUID) -> None:
    """One statement of an account at a time; donors' payments to it are not held up."""
    session().execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended('recon_statement:' || :account, 0))"),
        {"account": str(bank_account_id)},
    )


def join(bank_account_id: uuid.UUID, reading: Reading, unit: str) -> Joint:
    """Where each line belongs; raises Unreadable with every reason why the statement does not join."""
    entries = reading.entries
    known = _known(bank_account_id, [entry.key for entry in entries])
    first, last = chain_ends(bank_account_id)
    joint = Joint(known=len(known))
    if first is None or last is None:
        if known:
            raise refuse("overlap_differs")
        joint.placed = list(enumerate(entries, start=1))
        joint.notes.append({"code": "first_statement"})
    elif known:
        _join_overlapping(entries, known, first, last, joint)
    else:
        _join_apart(reading, first, last, joint, unit)
    _claim(bank_account_id, reading, joint, unit)
    _refuse_contradicted(bank_account_id, joint)
    return joint


def _refuse_contradicted(bank_account_id: uuid.UUID, joint: Joint) -> None:
    """A line typed under the bank's own number, but with another sum, cannot stand beside the bank's line."""
    fresh = {entry.key: entry for seq, entry in joint.placed if seq not in joint.claims}
    taken = session().execute(
        text("SELECT line_key FROM recon_line WHERE bank_account_id = :account AND line_key = ANY(:keys)"),
        {"account": bank_account_id, "keys": list(fresh)},
    )
    reasons = [
        Reason(code="hand_differs", row=fresh[key].row, cell=fresh[key].bank_ref or fresh[key].text)
        for key in taken.scalars()
    ]
    if reasons:
        raise Unreadable(*reasons[:MOST])


def chain_ends(bank_account_id: uuid.UUID) -> tuple[End | None, End | None]:
    """The balance and the day before the first line of the chain, and after the last."""
    rows = []
    for order in (Line.seq.asc(), Line.seq.desc()):
        statement = (
            select(Line.seq, Line.running_balance, Line.amount, Line.booked_on)
            .where(Line.bank_account_id == bank_account_id, Line.seq.is_not(None))
            .order_by(order)
            .limit(1)
        )
        rows.append(session().execute(statement).first())
    if rows[0] is None or rows[1] is None:
        return _ends_without_lines(bank_account_id)
    begin, end = rows[0], rows[1]
    return (
        End(begin.seq, begin.running_balance - begin.amount, begin.booked_on),
        End(end.seq, end.running_balance, end.booked_on),
    )


def _ends_without_lines(bank_account_id: uuid.UUID) -> tuple[End | None, End | None]:
    """A quiet month has no line, and yet a balance that the next must begin with."""
    statement = (
        select(BankStatement.closing, BankStatement.last_on)
        .where(
            BankStatement.bank_account_id == bank_account_id,
            BankStatement.state == StatementState.accepted,
        )
        .order_by(BankStatement.last_on.desc().nulls_last(), BankStatement.id.desc())
        .limit(1)
    )
    row = session().execute(statement).first()
    if row is None or row.closing is None:
        return None, None
    return End(1, row.closing, row.last_on), End(0, row.closing, row.last_on)


def _known(bank_account_id: uuid.UUID, keys: list[str]) -> dict[str, tuple[int, int]]:
    """Lines of the chain that the statement brings again: key -> place and balance."""
    rows = session().execute(
        text(
            "SELECT line_key, seq, running_balance FROM recon_line"
            " WHERE bank_account_id = :account AND line_key = ANY(:keys) AND seq IS NOT NULL"
        ),
        {"account": bank_account_id, "keys": keys},
    )
    return {row.line_key: (row.seq, row.running_balance) for row in rows}


def _join_overlapping(
    entries: list[Entry], known: dict[str, tuple[int, int]], first: End, last: End, joint: Joint
) -> None:
    """The known lines must be one unbroken run with the same balances; what is new stands before or after them."""
    places = [number for number, entry in enumerate(entries) if entry.key in known]
    begin, end = places[0], places[-1]
    at = known[entries[begin].key][0]
    for number in range(begin, end + 1):
        entry = entries[number]
        if known.get(entry.key) != (at + number - begin, entry.running):
            raise refuse("overlap_differs", row=entry.row, cell=entry.text)
    before, after = entries[:begin], entries[end + 1 :]
    if before and at != first.seq:
        raise refuse("overlap_differs", row=before[-1].row, cell=before[-1].text)
    if after and at + end - begin != last.seq:
        raise refuse("overlap_differs", row=after[0].row, cell=after[0].text)
    joint.placed = [
        *enumerate(before, start=first.seq - len(before)),
        *enumerate(after, start=last.seq + 1),
    ]


def _join_apart(reading: Reading, first: End, last: End, joint: Joint, unit: str) -> None:
    """No line is known: the statement follows the chain, or comes before it."""
    entries, begin, end = reading.entries, first_day(reading), last_day(reading)
    follows = last.on is None or begin is None or begin >= last.on
    precedes = first.on is not None and end is not None and end <= first.on
    if follows and reading.opening == last.balance:
        joint.placed = list(enumerate(entries, start=last.seq + 1))
        _note_days_between(joint, last.on, begin)
        return
    if precedes and reading.closing == first.balance:
        joint.placed = list(enumerate(entries, start=first.seq - len(entries)))
        _note_days_between(joint, end, first.on)
        return
    if not follows and not precedes:
        raise Unreadable(
            Reason(code="overlap_unknown", more={"from": _day(first.on), "until": _day(last.on)}),
        )
    if follows:
        raise refuse(
            "gap_before",
            cell=_money(reading.opening or 0, unit),
            expected=_money(last.balance, unit),
            difference=_money(abs((reading.opening or 0) - last.balance), unit),
            day=_day(last.on),
        )
    raise refuse(
        "gap_after",
        cell=_money(reading.closing or 0, unit),
        expected=_money(first.balance, unit),
        difference=_money(abs((reading.closing or 0) - first.balance), unit),
        day=_day(first.on),
    )


def _note_days_between(joint: Joint, before: dt.date | None, after: dt.date | None) -> None:
    if before is not None and after is not None and (after - before).days > 1:
        day = dt.timedelta(days=1)
        joint.notes.append({"code": "days_between", "from": _day(before + day), "until": _day(after - day)})


def _money(amount: int, unit: str) -> str:
    return format_money(Money(amount, unit))


def _day(day: dt.date | None) -> str:
    return day.isoformat() if day else ""


# --- lines entered by hand ----------------------------------------------------------------------------


def _claim(bank_account_id: uuid.UUID, reading: Reading, joint: Joint, unit: str) -> None:
    """Find for each line entered by hand the bank's own line that it is, so that none is there twice."""
    if not joint.placed:
        return
    begin = min(entry.booked_on for _seq, entry in joint.placed) - dt.timedelta(days=NEAR_DAYS)
    end = max(entry.booked_on for _seq, entry in joint.placed) + dt.timedelta(days=NEAR_DAYS)
    statement = (
        select(Line)
        .where(
            Line.bank_account_id == bank_account_id,
            Line.unit == unit,
            Line.statement_id.is_(None),
            Line.booked_on.between(begin, end),
        )
        .order_by(Line.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    by_hand = list(session().execute(statement).scalars())
    sums = {line.amount for line in by_hand}
    free = {seq: _Known.of(entry) for seq, entry in joint.placed if entry.amount in sums}
    open_lines = {line.id: line for line in by_hand}
    for rule in _RULES:
        _pair(rule, open_lines, free, joint.claims)
    _pair_near(open_lines, free, joint.claims)
    begin_on, end_on = first_day(reading), last_day(reading)
    joint.unbrought = [
        line.id
        for line in open_lines.values()
        if begin_on is not None and end_on is not None and begin_on < line.booked_on < end_on
    ]


@dataclass(frozen=True, slots=True)
class _Known:
    """What two accounts of one line are compared by: the bank's and the one typed by hand."""

    on: dt.date
    amount: int
    words: str
    bank_ref: str | None
    ref: str | None

    @classmethod
    def of(cls, entry: Entry) -> _Known:
        found = find_references(entry.text)
        ref = found[0] if len(found) == 1 else None
        return cls(entry.booked_on, entry.amount, normalise_name(entry.text), entry.bank_ref, ref)

    @classmethod
    def typed(cls, line: Line) -> _Known:
        return cls(line.booked_on, line.amount, line.text_norm, line.bank_ref, line.ref)


Key = tuple[Any, ...]
_RULES: Sequence[Callable[[_Known], Key | None]] = (
    lambda one: (one.amount, one.bank_ref) if one.bank_ref else None,
    lambda one: (one.on, one.amount, one.words),
    lambda one: (one.on, one.amount, one.ref) if one.ref else None,
    lambda one: (one.on, one.amount),
)
"""From the surest to the least sure: what was typed for a day is on that day's statement, whatever its words."""


def _pair(
    rule: Callable[[_Known], Key | None],
    open_lines: dict[int, Line],
    free: dict[int, _Known],
    claims: dict[int, int],
) -> None:
    """Pair what is equal by one rule, in order; what is paired is gone from both sides."""
    places: dict[Key, deque[int]] = defaultdict(deque)
    for seq, known in free.items():
        key = rule(known)
        if key is not None:
            places[key].append(seq)
    for line in list(open_lines.values()):
        key = rule(_Known.typed(line))
        if key is not None and places.get(key):
            seq = places[key].popleft()
            claims[seq] = line.id
            del free[seq], open_lines[line.id]


def _pair_near(open_lines: dict[int, Line], free: dict[int, _Known], claims: dict[int, int]) -> None:
    """A day or three off, but the same sum and the same words or reference, and only one such line."""
    places: dict[Key, list[int]] = defaultdict(list)
    for seq, known in free.items():
        places[known.amount, known.words].append(seq)
        if known.ref:
            places[known.amount, known.ref].append(seq)
    for line in list(open_lines.values()):
        alike = {*places[line.amount, line.text_norm], *(places[line.amount, line.ref] if line.ref else ())}
        near = [
            seq for seq in alike if seq in free and abs((free[seq].on - line.booked_on).days) <= NEAR_DAYS
        ]
        if len(near) == 1:
            claims[near[0]] = line.id
            del free[near[0]], open_lines[line.id]


def stands_on_file(bank_account_id: uuid.UUID, booked_on: dt.date, amount: int, text_norm: str) -> str | None:
    """Whether a line about to be entered by hand is already known from a file: `covered`, `same`, or None.

    A day before the last one of the chain is covered whole; of the last day the bank may bring more.
    """
    first, last = chain_ends(bank_account_id)
    if first is None or last is None or first.on is None or last.on is None:
        return None
    if first.on < booked_on < last.on:
        return "covered"
    same = select(Line.id).where(
        Line.bank_account_id == bank_account_id,
        Line.booked_on == booked_on,
        Line.amount == amount,
        Line.text_norm == text_norm,
        Line.seq.is_not(None),
    )
    return "same" if session().execute(same.limit(1)).first() else None


# --- writing --------------------------------------------------------------------------------------------

COLUMNS = (
    "bank_account_id", "statement_id", "seq", "booked_on", "unit", "amount", "running_balance", "bank_ref", "text_raw",
    "text_norm", "payer_norm", "ref", "refs", "raw", "line_key",
)  # fmt: skip


def write(statement: BankStatement, joint: Joint) -> None:
    """Write the new lines, prepared for matching while they are loaded, and take over those entered by hand."""
    fresh = [(seq, entry) for seq, entry in joint.placed if seq not in joint.claims]
    raw: Any = session().connection().connection.driver_connection
    copying = f"COPY recon_line ({', '.join(COLUMNS)}) FROM STDIN"
    with raw.cursor() as cursor, cursor.copy(copying) as copy:
        for seq, entry in fresh:
            copy.write_row(_row(statement, seq, entry))
    taken = [(joint.claims[seq], seq, entry) for seq, entry in joint.placed if seq in joint.claims]
    if taken:
        _take_over(statement, taken)


def _prepared(entry: Entry) -> dict[str, Any]:
    """What matching compares: plain words, the giver's name, our reference (or the two that contradict)."""
    references = find_references(entry.text)
    return {
        "text_norm": normalise_name(entry.text),
        "payer_norm": (normalise_name(entry.payer) or None) if entry.payer else None,
        "ref": references[0] if len(references) == 1 else None,
        "refs": references if len(references) > 1 else None,
    }


def _raw(entry: Entry) -> dict[str, Any]:
    return {"row": entry.row, "cells": list(entry.cells)} | (
        {"is_reversal": True} if entry.is_reversal else {}
    )


def _row(statement: BankStatement, seq: int, entry: Entry) -> tuple[Any, ...]:
    prepared = _prepared(entry)
    return (
        statement.bank_account_id,
        statement.id,
        seq,
        entry.booked_on,
        statement.unit,
        entry.amount,
        entry.running,
        entry.bank_ref,
        entry.text,
        prepared["text_norm"],
        prepared["payer_norm"],
        prepared["ref"],
        Jsonb(prepared["refs"]) if prepared["refs"] else None,
        Jsonb(_raw(entry)),
        entry.key,
    )


def _take_over(statement: BankStatement, taken: Iterable[tuple[int, int, Entry]]) -> None:
    """A line entered by hand becomes the bank's own; what was typed is kept beside, for an undo."""
    rows = {line_id: (seq, entry) for line_id, seq, entry in taken}
    lines = session().execute(select(Line).where(Line.id.in_(rows))).scalars()
    for line in lines:
        seq, entry = rows[line.id]
        prepared = _prepared(entry)
        typed = {
            "booked_on": line.booked_on.isoformat(),
            "bank_ref": line.bank_ref,
            "text_raw": line.text_raw,
            "text_norm": line.text_norm,
            "payer_norm": line.payer_norm,
            "ref": line.ref,
            "line_key": line.line_key,
        }
        line.raw = _raw(entry) | {"by_hand": typed}
        line.statement_id, line.seq, line.running_balance = statement.id, seq, entry.running
        line.booked_on, line.text_raw, line.line_key = entry.booked_on, entry.text, entry.key
        line.text_norm, line.payer_norm = prepared["text_norm"], prepared["payer_norm"] or line.payer_norm
        line.bank_ref = entry.bank_ref or line.bank_ref
        line.ref = prepared["ref"] or line.ref
    session().flush()


def leaves_no_gap(statement: BankStatement) -> bool:
    """Whether the chain stays whole without a statement's lines: they lie at its ends only."""
    others = (
        session()
        .execute(
            text(
                "SELECT count(*) AS lines, min(seq) AS low, max(seq) AS high FROM recon_line"
                " WHERE bank_account_id = :account AND seq IS NOT NULL AND statement_id <> :statement"
            ),
            {"account": statement.bank_account_id, "statement": statement.id},
        )
        .one()
    )
    return not others.lines or others.high - others.low + 1 == others.lines


def take_away(statement: BankStatement) -> None:
    """Undo the loading: untouched lines go, touched ones stay as left out, those entered by hand are as they were."""
    own = {"statement": statement.id}
    session().execute(
        text(
            "UPDATE recon_allocation SET undone_at = clock_timestamp() WHERE undone_at IS NULL AND posting_id IS NULL"
            " AND line_id IN (SELECT id FROM recon_line WHERE statement_id = :statement AND entered_by IS NULL)"
        ),
        own,
    )
    session().execute(
        text(
            "DELETE FROM recon_line l WHERE l.statement_id = :statement AND l.entered_by IS NULL"
            " AND NOT EXISTS (SELECT 1 FROM recon_allocation a WHERE a.line_id = l.id)"
            " AND NOT EXISTS (SELECT 1 FROM recon_case c WHERE c.subject_kind = 'line' AND c.subject_id = l.id::text)"
        ),
        own,
    )
    session().execute(
        text(
            "UPDATE recon_line SET state = 'ignored', reason = 'file_undone', seq = NULL,"
            " line_key = 'undone:' || CAST(:statement AS text) || ':' || line_key"
            " WHERE statement_id = :statement AND entered_by IS NULL"
        ),
        own,
    )
    lines = session().execute(
        select(Line).where(Line.statement_id == statement.id, Line.entered_by.is_not(None))
    )
    for line in lines.scalars():
        typed = line.raw["by_hand"]
        line.statement_id = line.seq = line.running_balance = None
        line.booked_on = dt.date.fromisoformat(typed["booked_on"])
        for name in ("bank_ref", "text_raw", "text_norm", "payer_norm", "ref", "line_key"):
            setattr(line, name, typed[name])
        line.raw = {}
    session().flush()
