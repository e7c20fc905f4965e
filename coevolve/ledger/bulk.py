"""Many postings at once by COPY (the demo world, imports). The rows obey the same rules as those of the service.

The caller hands postings over in the order they happened; keys must be new. Whatever breaks a rule of the books (a
floor, an over-fulfilled promise, mixed units) makes the whole load fail, so nothing half is left.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from coevolve.kit.db import session
from coevolve.ledger.errors import unknown_account
from coevolve.ledger.models import CASH
from coevolve.ledger.service.writing import Leg, content_hash


@dataclass(frozen=True, kw_only=True, slots=True)
class BulkLeg:
    """One transfer. A pending one may carry a name as `promise`; fulfil and void name the promise they settle."""

    debit_id: int
    credit_id: int
    amount: int
    unit: str = "IDR"
    book: str = CASH
    phase: str = "single"
    promise: str | None = None
    is_spending: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class BulkPosting:
    """One posting and its transfers."""

    key: str
    kind: str
    source_kind: str
    source_id: uuid.UUID
    effective_at: dt.datetime
    legs: tuple[BulkLeg, ...]
    actor: str = "system"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load wrote: posting ids by key, and pending transfers' ids by the name of their promise."""

    posting_ids: dict[str, int]
    promise_ids: dict[str, int]
    transfer_count: int


def load(postings: Sequence[BulkPosting]) -> Loaded:
    """Write all postings, in the given order, in the caller's transaction."""
    posting_ids = _draw_ids("ledger_posting", len(postings))
    transfer_ids = iter(_draw_ids("ledger_transfer", sum(len(one.legs) for one in postings)))
    posting_rows: list[tuple[Any, ...]] = []
    transfer_rows: list[tuple[Any, ...]] = []
    promises: dict[str, int] = {}
    for posting_id, one in zip(posting_ids, postings, strict=True):
        legs = []
        for position, (leg, transfer_id) in enumerate(zip(one.legs, transfer_ids, strict=False)):
            pending_id = _pending_of(leg, promises)
            if leg.phase == "pending" and leg.promise is not None:
                promises[leg.promise] = transfer_id
            legs.append(_plain(leg, pending_id))
            transfer_rows.append(
                (
                    transfer_id,
                    posting_id,
                    position,
                    leg.debit_id,
                    leg.credit_id,
                    leg.unit,
                    leg.book,
                    leg.amount,
                    leg.phase,
                    pending_id,
                    leg.is_spending,
                )
            )
        digest = content_hash(one.kind, one.source_kind, one.source_id, None, legs)
        posting_rows.append(
            (
                posting_id,
                one.key,
                digest,
                one.kind,
                one.source_kind,
                one.source_id,
                one.effective_at,
                one.actor,
            )
        )
    _copy(
        "ledger_posting (id, idempotency_key, content_sha256, kind, source_kind, source_id, effective_at, actor)",
        ("int8", "text", "bytea", "text", "text", "uuid", "timestamptz", "text"),
        posting_rows,
    )
    _copy(
        "ledger_transfer (id, posting_id, leg, debit_id, credit_id, unit, book, amount, phase, pending_id,"
        " is_spending)",
        ("int8", "int8", "int2", "int8", "int8", "text", "text", "int8", "text", "int8", "bool"),
        transfer_rows,
    )
    if transfer_rows:
        for statement in (_PENDING, _BALANCE):
            session().execute(text(statement), {"first": transfer_rows[0][0], "last": transfer_rows[-1][0]})
    keys = dict(zip((one.key for one in postings), posting_ids, strict=True))
    return Loaded(keys, promises, len(transfer_rows))


def _pending_of(leg: BulkLeg, promises: dict[str, int]) -> int | None:
    if leg.phase not in {"fulfil", "void"}:
        return None
    if leg.promise is None or leg.promise not in promises:
        raise unknown_account()
    return promises[leg.promise]


def _plain(leg: BulkLeg, pending_id: int | None) -> Leg:
    return Leg(
        debit_id=leg.debit_id,
        credit_id=leg.credit_id,
        amount=leg.amount,
        unit=leg.unit,
        book=leg.book,
        phase=leg.phase,
        pending_id=pending_id,
        is_spending=leg.is_spending,
    )


def _draw_ids(table: str, count: int) -> list[int]:
    """The next ids of a table, drawn from its sequence, ascending."""
    statement = text(
        "SELECT nextval(pg_get_serial_sequence(:table, 'id')::regclass) FROM generate_series(1, :count)"
    )
    return sorted(row[0] for row in session().execute(statement, {"table": table, "count": count}))


def _copy(target: str, types: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    cursor = session().connection().connection.cursor()
    try:
        with cursor.copy(f"COPY {target} FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)
    finally:
        cursor.close()


# Counters of new promises: what these rows promise, less what these rows settle of them.
_PENDING = """
INSERT INTO ledger_pending (id, amount, fulfilled, voided)
SELECT t.id, t.amount, coalesce(sum(s.amount) FILTER (WHERE s.phase = 'fulfil'), 0),
    coalesce(sum(s.amount) FILTER (WHERE s.phase = 'void'), 0)
  FROM ledger_transfer t LEFT JOIN ledger_transfer s ON s.pending_id = t.id AND s.id BETWEEN :first AND :last
 WHERE t.phase = 'pending' AND t.id BETWEEN :first AND :last GROUP BY t.id, t.amount
"""

_BALANCE = """
WITH side AS (
  SELECT credit_id AS account_id, CASE WHEN phase IN ('single', 'fulfil') THEN amount ELSE 0 END AS amount, 0 AS held,
      CASE phase WHEN 'pending' THEN amount WHEN 'single' THEN 0 ELSE -amount END AS expected,
      CASE WHEN is_spending AND phase IN ('single', 'fulfil') THEN -amount ELSE 0 END AS spent
    FROM ledger_transfer WHERE id BETWEEN :first AND :last
  UNION ALL
  SELECT debit_id, CASE WHEN phase IN ('single', 'fulfil') THEN -amount ELSE 0 END,
      CASE phase WHEN 'pending' THEN amount WHEN 'single' THEN 0 ELSE -amount END, 0,
      CASE WHEN is_spending AND phase IN ('single', 'fulfil') THEN amount ELSE 0 END
    FROM ledger_transfer WHERE id BETWEEN :first AND :last
), moved AS (
  SELECT account_id, sum(amount)::bigint AS amount, sum(held)::bigint AS held, sum(expected)::bigint AS expected,
      sum(spent)::bigint AS spent FROM side GROUP BY account_id
)
UPDATE ledger_balance b SET balance = b.balance + moved.amount, held = b.held + moved.held,
    expected = b.expected + moved.expected, spent = b.spent + moved.spent
  FROM moved WHERE b.account_id = moved.account_id
"""
