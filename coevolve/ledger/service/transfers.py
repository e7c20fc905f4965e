"""Post, hold, fulfil, void, reverse: what callers say to the books."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text

from coevolve.kit.db import session
from coevolve.kit.i18n import lazy
from coevolve.ledger import queries
from coevolve.ledger.errors import PendingClosed, Unbookable, mixed, unknown_account
from coevolve.ledger.models import CASH, COMMITMENT
from coevolve.ledger.service.writing import Leg, find_posting, lock_pending, write

SYSTEM = "system"


@dataclass(frozen=True, kw_only=True, slots=True)
class Transfer:
    """One amount to move; `is_spending`: the debit uses the money for its purpose (disbursement, fee)."""

    debit_id: int
    credit_id: int
    amount: int
    unit: str = "IDR"
    book: str = CASH
    is_spending: bool = False


def post(
    *,
    key: str,
    kind: str,
    transfers: Sequence[Transfer],
    source_kind: str,
    source_id: uuid.UUID,
    effective_at: dt.datetime | None = None,
    actor: str = SYSTEM,
) -> int:
    """Write transfers that happened, all or none; returns the posting's id."""
    legs = [
        Leg(
            debit_id=one.debit_id,
            credit_id=one.credit_id,
            amount=one.amount,
            unit=one.unit,
            book=one.book,
            is_spending=one.is_spending,
        )
        for one in transfers
    ]
    return write(
        key=key,
        kind=kind,
        legs=legs,
        source_kind=source_kind,
        source_id=source_id,
        effective_at=effective_at,
        actor=actor,
    ).id


def hold(
    *,
    key: str,
    kind: str,
    debit_id: int,
    credit_id: int,
    amount: int,
    unit: str,
    source_kind: str,
    source_id: uuid.UUID,
    book: str = COMMITMENT,
    is_spending: bool = False,
    effective_at: dt.datetime | None = None,
    actor: str = SYSTEM,
) -> int:
    """Write a pending transfer (a promise, a reservation); returns its id, by which it is settled."""
    leg = Leg(
        debit_id=debit_id,
        credit_id=credit_id,
        amount=amount,
        unit=unit,
        book=book,
        phase="pending",
        is_spending=is_spending,
    )
    written = write(
        key=key,
        kind=kind,
        legs=[leg],
        source_kind=source_kind,
        source_id=source_id,
        effective_at=effective_at,
        actor=actor,
    )
    if written.transfer_id is not None:
        return written.transfer_id
    found = session().execute(
        text("SELECT id FROM ledger_transfer WHERE posting_id = :id AND leg = 0"), {"id": written.id}
    )
    return int(found.scalar_one())


def fulfil(
    *,
    key: str,
    pending_id: int,
    amount: int,
    source_kind: str,
    source_id: uuid.UUID,
    kind: str = "fulfilment",
    unit: str | None = None,
    effective_at: dt.datetime | None = None,
    actor: str = SYSTEM,
) -> int:
    """Make (a part of) a pending transfer real; returns the posting's id. Never more than is outstanding."""
    pending = _pending(pending_id)
    if unit is not None and unit != pending.unit:
        raise mixed()
    return write(
        key=key,
        kind=kind,
        legs=[_settling(pending, phase="fulfil", amount=amount)],
        source_kind=source_kind,
        source_id=source_id,
        effective_at=effective_at,
        actor=actor,
    ).id


def void(
    *,
    key: str,
    pending_id: int,
    source_kind: str,
    source_id: uuid.UUID,
    kind: str = "void",
    effective_at: dt.datetime | None = None,
    actor: str = SYSTEM,
) -> int:
    """Give up what is outstanding of a pending transfer; what was fulfilled stays. The posting's id."""
    pending = _pending(pending_id)
    amount = lock_pending(pending_id)
    already = find_posting(key)
    if already is not None:
        # Said before: the same content is what was voided then, whatever is outstanding now.
        was = text("SELECT amount FROM ledger_transfer WHERE posting_id = :id AND phase = 'void'")
        amount = int(session().execute(was, {"id": already.id}).scalar() or 0)
    if amount == 0:
        raise PendingClosed(pending_id)
    return write(
        key=key,
        kind=kind,
        legs=[_settling(pending, phase="void", amount=amount)],
        source_kind=source_kind,
        source_id=source_id,
        effective_at=effective_at,
        actor=actor,
    ).id


def reverse(
    *,
    key: str,
    posting_id: int,
    source_kind: str,
    source_id: uuid.UUID,
    kind: str = "reversal",
    effective_at: dt.datetime | None = None,
    actor: str = SYSTEM,
) -> int:
    """Undo a whole posting by its mirror image, once; promises are voided instead. The new posting's id."""
    rows = (
        session()
        .execute(
            text(
                "SELECT debit_id, credit_id, amount, unit, book, phase, is_spending FROM ledger_transfer"
                " WHERE posting_id = :id ORDER BY leg"
            ),
            {"id": posting_id},
        )
        .all()
    )
    if not rows:
        raise unknown_account()
    if any(row.phase not in {"single", "fulfil"} for row in rows):
        raise Unbookable("reversal", lazy("Janji tidak dibalik, melainkan dibatalkan."))
    legs = [
        Leg(
            debit_id=row.credit_id,
            credit_id=row.debit_id,
            amount=row.amount,
            unit=row.unit,
            book=row.book,
            is_spending=row.is_spending,
        )
        for row in rows
    ]
    return write(
        key=key,
        kind=kind,
        legs=legs,
        source_kind=source_kind,
        source_id=source_id,
        effective_at=effective_at,
        actor=actor,
        reverses_id=posting_id,
    ).id


def balance(account_id: int) -> int:
    """Credits minus debits of what happened, exact at this moment."""
    return queries.balance(account_id)


@dataclass(frozen=True, slots=True)
class _Pending:
    id: int
    debit_id: int
    credit_id: int
    unit: str
    book: str
    is_spending: bool


def _pending(pending_id: int) -> _Pending:
    row = (
        session()
        .execute(
            text(
                "SELECT id, debit_id, credit_id, unit, book, is_spending FROM ledger_transfer"
                " WHERE id = :id AND phase = 'pending'"
            ),
            {"id": pending_id},
        )
        .one_or_none()
    )
    if row is None:
        raise unknown_account()
    return _Pending(row.id, row.debit_id, row.credit_id, row.unit, row.book, row.is_spending)


def _settling(pending: _Pending, *, phase: str, amount: int) -> Leg:
    """A leg with the very accounts, unit and book of the pending transfer."""
    return Leg(
        debit_id=pending.debit_id,
        credit_id=pending.credit_id,
        amount=amount,
        unit=pending.unit,
        book=pending.book,
        phase=phase,
        pending_id=pending.id,
        is_spending=pending.is_spending,
    )
