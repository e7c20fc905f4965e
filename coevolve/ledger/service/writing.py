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
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
from coevolve.ledger.models import AMOUNT_LIMIT, Account, Posting


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
) -> int:
    """Write one posting, or find the same one under its key; returns its id."""
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
    if any(leg.pending_id is not None or leg.debit_id in floors for leg in legs):
        # A refusal must leave nothing behind, even when a caller shows it and commits something else.
        with session().begin_nested():
            posting_id = session().execute(text(_INSERT_POSTING), header).scalar()
            if posting_id is not None:
                _settle_pending(legs)
                free = _lock_balances(sorted({leg.debit_id for leg in legs if leg.debit_id in floors}))
                session().execute(text(_INSERT_LEGS), {"posting_id": posting_id} | _columns(legs))
                _debit(legs, free)
    else:
        posting_id = session().execute(text(_POST_CREDITS), header | _columns(legs)).scalar()
    if posting_id is not None:
        return int(posting_id)
    existing = find_posting(key)
    if existing is None or existing.content_sha256 != digest:
        raise KeyReused(key)
    return existing.id


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

# Transfers, the counters of new promises, and a delta for each credited account with a floor: one statement.
_LEGS = """
leg AS (
  SELECT * FROM unnest(CAST(:debits AS bigint[]), CAST(:credits AS bigint[]), CAST(:units AS text[]),
    CAST(:books AS text[]), CAST(:amounts AS bigint[]), CAST(:phases AS text[]), CAST(:pendings AS bigint[]),
    CAST(:spendings AS boolean[])) WITH ORDINALITY
    AS leg (debit_id, credit_id, unit, book, amount, phase, pending_id, is_spending, position)
), written AS (
  INSERT INTO ledger_transfer
    (posting_id, leg, debit_id, credit_id, unit, book, amount, phase, pending_id, is_spending)
  SELECT posting.id, position - 1, debit_id, credit_id, unit, book, amount, phase, pending_id, is_spending
    FROM leg CROSS JOIN posting ORDER BY position
  RETURNING id, credit_id, amount, phase, is_spending
), promised AS (
  INSERT INTO ledger_pending (id, amount) SELECT id, amount FROM written WHERE phase = 'pending'
), credited AS (
  INSERT INTO ledger_delta (account_id, amount, expected, spent)
  SELECT credit_id,
      sum(CASE WHEN phase IN ('single', 'fulfil') THEN amount ELSE 0 END),
      sum(CASE phase WHEN 'pending' THEN amount WHEN 'single' THEN 0 ELSE -amount END),
      sum(CASE WHEN is_spending AND phase IN ('single', 'fulfil') THEN -amount ELSE 0 END)
    FROM written JOIN ledger_account a ON a.id = credit_id AND a.floor IS NOT NULL GROUP BY credit_id
)
"""
_POST_CREDITS = f"WITH posting AS ({_INSERT_POSTING}), {_LEGS} SELECT id FROM posting"
_INSERT_LEGS = f"WITH posting AS (SELECT CAST(:posting_id AS bigint) AS id), {_LEGS} SELECT 1"

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


def _columns(legs: list[Leg]) -> dict[str, Any]:
    return {
        "debits": [leg.debit_id for leg in legs],
        "credits": [leg.credit_id for leg in legs],
        "units": [leg.unit for leg in legs],
        "books": [leg.book for leg in legs],
        "amounts": [leg.amount for leg in legs],
        "phases": [leg.phase for leg in legs],
        "pendings": [leg.pending_id for leg in legs],
        "spendings": [leg.is_spending for leg in legs],
    }


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
        statement = select(Account.id, Account.unit, Account.book, Account.floor).where(
            Account.id.in_(missing)
        )
        remembered.update({row[0]: (row[1], row[2], row[3]) for row in session().execute(statement)})
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
