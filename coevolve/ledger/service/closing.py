"""Folding by the second; snapshots and the seal by the night."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select, text

from coevolve.kit.db import session
from coevolve.ledger.models import Seal
from coevolve.ledger.service.writing import fold_locked

_NOTHING_BEFORE = bytes(32)
_ROWS_AT_ONCE = 5_000


def fold(*, limit: int = 500) -> int:
    """Fold open deltas into their balance rows, skipping accounts a debit holds just now; how many deltas went."""
    locked = session().execute(
        text(
            "SELECT account_id FROM ledger_balance WHERE account_id IN"
            " (SELECT DISTINCT account_id FROM ledger_delta) ORDER BY account_id LIMIT :limit FOR UPDATE SKIP LOCKED"
        ),
        {"limit": limit},
    )
    account_ids = [row[0] for row in locked]
    return fold_locked(account_ids) if account_ids else 0


def settled_up_to() -> int:
    """The last transfer id below which nothing is under way.

    Ids are drawn before commit, so this takes a SHARE lock on the transfers (by a function of the owner: the app's
    role may not lock them) and waits for those under way. Commit at once afterwards: until then nobody can post.
    """
    return int(session().execute(text("SELECT ledger_settled_up_to()")).scalar_one())


def seal_day(day: dt.date, *, last_id: int) -> Seal:
    """Close a day: seal the rows since the seal before, and snapshot the accounts that moved.

    `last_id` comes from `settled_up_to`. A sealed day is left as it is.
    """
    session().execute(text("SELECT pg_advisory_xact_lock(hashtext('ledger_seal'))"))
    sealed = session().get(Seal, day)
    if sealed is not None:
        return sealed
    before = _last_seal()
    first_id = before.last_id + 1 if before else 1
    last_id = max(last_id, first_id - 1)
    previous = bytes(before.sha256) if before else _NOTHING_BEFORE
    digest, count = _hash_rows(previous, first_id, last_id)
    seal = Seal(
        day=day, first_id=first_id, last_id=last_id, row_count=count, previous_sha256=previous, sha256=digest
    )
    session().add(seal)
    session().flush()
    session().execute(text(_SNAPSHOT), {"day": day, "first_id": first_id, "last_id": last_id})
    return seal


@dataclass(frozen=True, slots=True)
class BrokenSeal:
    """A day whose rows no longer give the hash that was published."""

    day: dt.date
    row_count: int
    found_count: int


def verify_seals() -> list[BrokenSeal]:
    """Hash every sealed day again; the days that differ, or whose chain is cut."""
    broken = []
    previous = _NOTHING_BEFORE
    for seal in session().execute(select(Seal).order_by(Seal.last_id, Seal.day)).scalars():
        digest, count = _hash_rows(previous, seal.first_id, seal.last_id)
        if (digest, count, previous) != (bytes(seal.sha256), seal.row_count, bytes(seal.previous_sha256)):
            broken.append(BrokenSeal(seal.day, seal.row_count, count))
        previous = bytes(seal.sha256)
    return broken


def _last_seal() -> Seal | None:
    return (
        session()
        .execute(select(Seal).order_by(Seal.last_id.desc(), Seal.day.desc()).limit(1))
        .scalar_one_or_none()
    )


def _hash_rows(previous: bytes, first_id: int, last_id: int) -> tuple[bytes, int]:
    """sha256 over the seal before and each row's text, one line a row, in id order."""
    digest = hashlib.sha256(previous)
    count = 0
    for line in _lines(first_id, last_id):
        digest.update(line.encode())
        digest.update(b"\n")
        count += 1
    return digest.digest(), count


def _lines(first_id: int, last_id: int) -> Iterator[str]:
    after = first_id - 1
    while True:
        rows = (
            session().execute(text(_ROWS), {"after": after, "last_id": last_id, "limit": _ROWS_AT_ONCE}).all()
        )
        if not rows:
            return
        for row in rows:
            yield row.line
        after = rows[-1].id


_ROWS = """
SELECT t.id, concat_ws('|', t.id, t.posting_id, t.leg, t.debit_id, t.credit_id, t.unit, t.book, t.amount, t.phase,
    coalesce(t.pending_id, 0), t.is_spending, p.idempotency_key, encode(p.content_sha256, 'hex'), p.kind,
    coalesce(p.reverses_id, 0), p.source_kind, p.source_id,
    (extract(epoch FROM p.effective_at) * 1000000)::bigint, p.actor) AS line
  FROM ledger_transfer t JOIN ledger_posting p ON p.id = t.posting_id
 WHERE t.id > :after AND t.id <= :last_id ORDER BY t.id LIMIT :limit
"""

_SNAPSHOT = """
WITH moved AS (
  SELECT account_id, sum(amount)::bigint AS amount FROM (
    SELECT credit_id AS account_id, amount FROM ledger_transfer
     WHERE id BETWEEN :first_id AND :last_id AND phase IN ('single', 'fulfil')
    UNION ALL
    SELECT debit_id, -amount FROM ledger_transfer
     WHERE id BETWEEN :first_id AND :last_id AND phase IN ('single', 'fulfil')) AS side GROUP BY account_id
)
INSERT INTO ledger_snapshot (account_id, last_id, day, balance)
SELECT moved.account_id, :last_id, :day, moved.amount + coalesce(before.balance, 0)
  FROM moved LEFT JOIN LATERAL (
    SELECT balance FROM ledger_snapshot s WHERE s.account_id = moved.account_id ORDER BY last_id DESC LIMIT 1
  ) AS before ON true
"""
