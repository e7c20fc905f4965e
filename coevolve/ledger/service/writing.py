"""How a posting is written: checks, locks, rows, deltas.

The order of locks is the same for everybody: pending rows by ascending id, then balance rows by ascending id.
Credits lock nothing. Ids of a debiting posting's transfers are drawn after its locks, so that in id order no
account with a floor is ever below it (I12).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, select, text

from coevolve.kit import clock
from coevolve.kit.db import session
from coevolve.kit.faults import skips_locks
from coevolve.ledger import queries
from coevolve.ledger.errors import (
    BelowFloor,
    KeyReused,
    OverFulfilled,
    PendingClosed,
    bad_amount,
    mixed,
    unknown_account,
)
from coevolve.ledger.models import AMOUNT_LIMIT, Posting


@dataclass(frozen=True, kw_only=True, slots=True)
class Leg:
    """One row to be written to `ledger_transfer`."""

    debit_id: int
    credit_id: int
    amount: int
    unit: str
    book: str
    phase: str = "single"
    pending_id: int | None = None
    is_spending: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A posting that is there already."""

    id: int
    content_sha256: bytes


@dataclass(frozen=True, slots=True)
class Written:
    """A posting's id; the id of its first transfer when it was written just now and promises something."""

    id: int
    transfer_id: int | None = None


def write(
    *,
    key: str,
    kind: str,
    legs: list[Leg],
    source_kind: str,
    source_id: uuid.UUID,
    effective_at: dt.datetime | None,
    actor: str,
    reverses_id: int | None = None,
) -> Written:
    """Write one posting, or find the same one under its key."""
    _check_shape(legs)
    floors = _check_accounts(legs)
    digest = content_hash(kind, source_kind, source_id, reverses_id, legs)
    header = {
        "key": key,
        "digest": digest,
        "kind": kind,
        "reverses_id": reverses_id,
        "source_kind": source_kind,
        "source_id": source_id,
        "effective_at": effective_at or clock.now(),
        "actor": actor,
    }
    deltas = _deltas(legs, floors)
    promises = any(leg.phase == "pending" for leg in legs)
    shape: dict[str, Any] = {"legs": len(legs), "deltas": len(deltas), "promises": promises}
    if any(leg.pending_id is not None or leg.debit_id in floors for leg in legs):
        # A refusal must leave nothing behind, even when a caller shows it and commits something else.
        with session().begin_nested():
            posting_id = session().execute(text(_INSERT_POSTING), header).scalar()
            row = None
            if posting_id is not None:
                _settle_pending(legs)
                free = _lock_balances(sorted({leg.debit_id for leg in legs if leg.debit_id in floors}))
                statement = posting_statement(header=False, **shape)
                values = {"posting_id": posting_id} | _rows(legs, deltas)
                row = session().execute(text(statement), values).one()
                _debit(legs, free)
    else:
        with session().no_autoflush:  # what its caller has still to write may be written together later
            statement = posting_statement(**shape)
            row = session().execute(text(statement), header | _rows(legs, deltas)).one_or_none()
    if row is not None:
        return Written(int(row[0]), int(row[1]) if promises else None)
    existing = find_posting(key)
    if existing is None or existing.content_sha256 != digest:
        raise KeyReused(key)
    return Written(existing.id)


def content_hash(
    kind: str, source_kind: str, source_id: uuid.UUID, reverses_id: int | None, legs: Iterable[Leg]
) -> bytes:
    """What a posting says, hashed; not when or by whom, so that a repeated task is the same content."""
    rows = [
        [
            leg.debit_id,
            leg.credit_id,
            leg.unit,
            leg.book,
            leg.amount,
            leg.phase,
            leg.pending_id,
            leg.is_spending,
        ]
        for leg in legs
    ]
    content = [kind, source_kind, str(source_id), reverses_id, rows]
    return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).digest()


def find_posting(key: str) -> Found | None:
    """The posting under a key, if there is one."""
    statement = select(Posting.id, Posting.content_sha256).where(Posting.idempotency_key == key)
    row = session().execute(statement).one_or_none()
    return None if row is None else Found(row[0], bytes(row[1]))


def lock_pending(pending_id: int) -> int:
    """What is outstanding of a pending transfer, its counter locked."""
    locking = "" if skips_locks() else "FOR UPDATE"
    statement = f"SELECT amount - fulfilled - voided FROM ledger_pending WHERE id = :id {locking}"
    outstanding = session().execute(text(statement), {"id": pending_id}).scalar()
    if outstanding is None:
        raise unknown_account()
    return int(outstanding)


def fold_locked(account_ids: Sequence[int]) -> int:
    """Fold the open deltas of accounts whose balance rows this transaction locked; how many went."""
    return int(session().execute(text(_FOLD), {"ids": list(account_ids)}).scalar_one())


_INSERT_POSTING = """
INSERT INTO ledger_posting
  (idempotency_key, content_sha256, kind, reverses_id, source_kind, source_id, effective_at, actor)
VALUES (:key, :digest, :kind, :reverses_id, :source_kind, :source_id, :effective_at, :actor)
ON CONFLICT (idempotency_key) DO NOTHING RETURNING id
"""

_TRANSFER = "posting_id, leg, debit_id, credit_id, unit, book, amount, phase, pending_id, is_spending"
_SIDES = "CAST(:debit_{0} AS bigint), CAST(:credit_{0} AS bigint), :unit_{0}, :book_{0}"
_ROW = (
    _SIDES
    + ", CAST(:amount_{0} AS bigint), :phase_{0}, CAST(:pending_{0} AS bigint), CAST(:spending_{0} AS boolean)"
)
_DELTA = (
    "SELECT CAST(:account_{0} AS bigint), CAST(:came_{0} AS bigint), CAST(:expected_{0} AS bigint),"
    " CAST(:spent_{0} AS bigint) FROM posting"
)
_MANY = """
  SELECT posting.id, position - 1, debit_id, credit_id, unit, book, amount, phase, pending_id, is_spending
    FROM posting CROSS JOIN unnest(CAST(:debits AS bigint[]), CAST(:credits AS bigint[]), CAST(:units AS text[]),
      CAST(:books AS text[]), CAST(:amounts AS bigint[]), CAST(:phases AS text[]), CAST(:pendings AS bigint[]),
      CAST(:spendings AS boolean[])) WITH ORDINALITY
      AS leg (debit_id, credit_id, unit, book, amount, phase, pending_id, is_spending, position) ORDER BY position
"""
_MANY_DELTAS = """
  SELECT delta.* FROM posting CROSS JOIN unnest(CAST(:accounts AS bigint[]), CAST(:came AS bigint[]),
    CAST(:expected AS bigint[]), CAST(:spent AS bigint[])) AS delta
"""
SPELLED_OUT = 3
"""So many rows are spelled out, which halves the server's work for them; more are handed over as arrays."""


@cache
def posting_statement(*, legs: int, deltas: int, promises: bool, header: bool = True) -> str:
    """One statement that writes a posting: its row, its transfers, counters of new promises, what accounts got.

    Without `header` the posting is there already and `:posting_id` names it. It returns the posting's id, with
    promises also the id of its first transfer.
    """
    posting = _INSERT_POSTING if header else "SELECT CAST(:posting_id AS bigint) AS id"
    rows = _MANY
    if legs <= SPELLED_OUT:
        rows = " UNION ALL ".join(f"SELECT id, {n}, {_ROW.format(n)} FROM posting" for n in range(legs))
    told = " RETURNING id, amount, phase" if promises else ""
    parts = [
        f"posting AS ({posting})",
        f"written AS (INSERT INTO ledger_transfer ({_TRANSFER}) {rows}{told})",
    ]
    if promises:
        parts.append(
            "promised AS (INSERT INTO ledger_pending (id, amount)"
            " SELECT id, amount FROM written WHERE phase = 'pending')"
        )
    if deltas:
        got = _MANY_DELTAS
        if deltas <= SPELLED_OUT:
            got = " UNION ALL ".join(_DELTA.format(n) for n in range(deltas))
        parts.append(f"credited AS (INSERT INTO ledger_delta (account_id, amount, expected, spent) {got})")
    first = ", (SELECT min(id) FROM written)" if promises else ""
    return f"WITH {', '.join(parts)} SELECT id{first} FROM posting"


_FOLD = """
WITH gone AS (
  DELETE FROM ledger_delta WHERE account_id = ANY(:ids) RETURNING account_id, amount, expected, spent
), total AS (
  SELECT account_id, sum(amount)::bigint AS amount, sum(expected)::bigint AS expected,
    sum(spent)::bigint AS spent, count(*) AS deltas FROM gone GROUP BY account_id
), folded AS (
  UPDATE ledger_balance b SET balance = b.balance + total.amount, expected = b.expected + total.expected,
    spent = b.spent + total.spent FROM total WHERE b.account_id = total.account_id
)
SELECT coalesce(sum(deltas), 0) FROM total
"""


Delta = tuple[int, int, int, int]
"""An account with a floor; what came, what is expected, what was spent (less is a debit that goes back)."""


def _deltas(legs: list[Leg], floors: Mapping[int, int]) -> list[Delta]:
    """What the credited accounts with a floor got, one row each."""
    sums: dict[int, list[int]] = {}
    for leg in legs:
        if leg.credit_id in floors:
            got = sums.setdefault(leg.credit_id, [0, 0, 0])
            happened = leg.phase in {"single", "fulfil"}
            got[0] += leg.amount if happened else 0
            got[1] += {"single": 0, "pending": leg.amount}.get(leg.phase, -leg.amount)
            got[2] -= leg.amount if happened and leg.is_spending else 0
    return [(account_id, came, expected, spent) for account_id, (came, expected, spent) in sums.items()]


def _rows(legs: list[Leg], deltas: list[Delta]) -> dict[str, Any]:
    """The values of `posting_statement`."""
    values: dict[str, Any] = {}
    columns: list[tuple[str, str, list[Any]]] = [
        ("debit", "debits", [leg.debit_id for leg in legs]),
        ("credit", "credits", [leg.credit_id for leg in legs]),
        ("unit", "units", [leg.unit for leg in legs]),
        ("book", "books", [leg.book for leg in legs]),
        ("amount", "amounts", [leg.amount for leg in legs]),
        ("phase", "phases", [leg.phase for leg in legs]),
        ("pending", "pendings", [leg.pending_id for leg in legs]),
        ("spending", "spendings", [leg.is_spending for leg in legs]),
    ]
    if len(legs) <= SPELLED_OUT:
        values = {f"{one}_{n}": value for one, _, column in columns for n, value in enumerate(column)}
    else:
        values = {many: column for _, many, column in columns}
    if len(deltas) <= SPELLED_OUT:
        for n, delta in enumerate(deltas):
            values |= zip((f"account_{n}", f"came_{n}", f"expected_{n}", f"spent_{n}"), delta, strict=True)
    else:
        names = ("accounts", "came", "expected", "spent")
        values |= zip(names, map(list, zip(*deltas, strict=True)), strict=True)
    return values


def _check_shape(legs: list[Leg]) -> None:
    if not legs:
        raise bad_amount()
    for leg in legs:
        if type(leg.amount) is not int or not 0 < leg.amount < AMOUNT_LIMIT:
            raise bad_amount()
        if leg.debit_id == leg.credit_id:
            raise mixed()


def _check_accounts(legs: list[Leg]) -> dict[int, int]:
    """Refuse unknown accounts and mixed units before the database must; returns the floors there are."""
    known = _facts_of({leg.debit_id for leg in legs} | {leg.credit_id for leg in legs})
    for leg in legs:
        for side in (leg.debit_id, leg.credit_id):
            if side not in known:
                raise unknown_account()
            if known[side][:2] != (leg.unit, leg.book):
                raise mixed()
    return {key: floor for key, (_unit, _book, floor) in known.items() if floor is not None}


Facts = tuple[str, str, int | None]
"""Unit, book and floor of an account: they never change, and no other account ever gets its number."""
_facts: WeakKeyDictionary[Engine, dict[int, Facts]] = WeakKeyDictionary()
_FACTS_MOST = 100_000


def _facts_of(wanted: set[int]) -> dict[int, Facts]:
    """What accounts are, remembered by this process; asked for once."""
    remembered = _facts.setdefault(session().get_bind().engine, {})
    if len(remembered) > _FACTS_MOST:
        remembered.clear()
    missing = sorted(wanted - remembered.keys())
    if missing:
        statement = text("SELECT id, unit, book, floor FROM ledger_account WHERE id = ANY(:ids)")
        with session().no_autoflush:
            found = session().execute(statement, {"ids": missing})
        remembered.update({row[0]: (row[1], row[2], row[3]) for row in found})
    return {key: remembered[key] for key in wanted if key in remembered}


def _settle_pending(legs: list[Leg]) -> None:
    """Lock and count up the counters of the pending transfers that these legs settle."""
    for leg in sorted(
        (leg for leg in legs if leg.pending_id is not None), key=lambda leg: leg.pending_id or 0
    ):
        pending_id = leg.pending_id or 0
        outstanding = lock_pending(pending_id)
        if outstanding == 0:
            raise PendingClosed(pending_id)
        if leg.amount > outstanding or (leg.phase == "void" and leg.amount != outstanding):
            raise OverFulfilled(pending_id, outstanding)
        column = "fulfilled" if leg.phase == "fulfil" else "voided"
        session().execute(
            text(f"UPDATE ledger_pending SET {column} = {column} + :amount WHERE id = :id"),
            {"amount": leg.amount, "id": pending_id},
        )


def _lock_balances(account_ids: list[int]) -> dict[int, int]:
    """Lock balance rows in one order for all, fold what was credited since; what each may still give."""
    if not account_ids:
        return {}
    if skips_locks():
        return queries.available(account_ids)
    session().execute(
        text("SELECT 1 FROM ledger_balance WHERE account_id = ANY(:ids) ORDER BY account_id FOR UPDATE"),
        {"ids": account_ids},
    )
    fold_locked(account_ids)
    folded = text(
        "SELECT account_id, balance - held - floor FROM ledger_balance WHERE account_id = ANY(:ids)"
    )
    return {row[0]: row[1] for row in session().execute(folded, {"ids": account_ids})}


def _debit(legs: list[Leg], free: dict[int, int]) -> None:
    """Debit and hold accounts with a floor: the floor is checked here, and by a CHECK behind it."""
    for account_id in sorted(free):
        amount = held = spent = own_credits = 0
        for leg in legs:
            happened = leg.phase in {"single", "fulfil"}
            if leg.debit_id == account_id:
                amount -= leg.amount if happened else 0
                spent += leg.amount if happened and leg.is_spending else 0
                held += {"single": 0, "pending": leg.amount}.get(leg.phase, -leg.amount)
            elif leg.credit_id == account_id and happened:
                own_credits += leg.amount
        left = free[account_id] + own_credits + amount - held
        if left < 0 and amount - held < 0:
            raise BelowFloor(account_id, -left)
        if own_credits:
            fold_locked([account_id])
        session().execute(
            text(
                "UPDATE ledger_balance SET balance = balance + :amount, held = held + :held,"
                " spent = spent + :spent WHERE account_id = :id"
            ),
            {"amount": amount, "held": held, "spent": spent, "id": account_id},
        )
