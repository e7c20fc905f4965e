"""What finance sees of the provider's side: payouts and what they are made of, differences, when we last asked."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, text, tuple_

from coevolve.config import settings
from coevolve.kit.db import get as get_row
from coevolve.kit.db import session
from coevolve.payments.models import Cursor, Payout, ProviderTransaction
from coevolve.reconciliation.models import Allocation

PAGE = 50


@dataclass(frozen=True, kw_only=True)
class Part:
    """One kind of transaction in a payout, summed up."""

    kind: str
    count: int
    gross: int
    fee: int
    net: int


@dataclass(frozen=True, kw_only=True)
class PayoutShown:
    """A payout in the list."""

    payout: Payout
    at: dt.datetime
    count: int


def payouts(*, before: tuple[dt.datetime, uuid.UUID] | None = None, limit: int = 20) -> list[PayoutShown]:
    """Payouts, the newest first, with how many transactions each is made of."""
    at = func.coalesce(Payout.left_at, Payout.created_at)
    inside = (
        select(func.count())
        .where(ProviderTransaction.payout_id == Payout.id, ProviderTransaction.kind != "payout")
        .scalar_subquery()
    )
    statement = select(Payout, at, inside).order_by(at.desc(), Payout.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(tuple_(at, Payout.id) < before)
    return [
        PayoutShown(payout=payout, at=moment, count=int(count))
        for payout, moment, count in session().execute(statement)
    ]


def payout(payout_id: uuid.UUID) -> Payout:
    """One payout."""
    return get_row(Payout, payout_id)


def parts_of(payout_id: uuid.UUID) -> list[Part]:
    """What a payout is made of, by kind; its own transaction is left out."""
    rows = session().execute(
        text(
            "SELECT kind, count(*) AS count, sum(gross)::bigint AS gross, sum(fee)::bigint AS fee,"
            " sum(net)::bigint AS net FROM payment_provider_txn WHERE payout_id = :id AND kind <> 'payout'"
            " GROUP BY kind ORDER BY sum(net) DESC"
        ),
        {"id": payout_id},
    )
    return [Part(**row) for row in rows.mappings()]


def transactions_of(
    payout_id: uuid.UUID, *, after: tuple[dt.datetime, uuid.UUID] | None = None, limit: int = PAGE
) -> list[ProviderTransaction]:
    """The transactions of a payout, oldest first, a page at a time."""
    statement = (
        select(ProviderTransaction)
        .where(ProviderTransaction.payout_id == payout_id, ProviderTransaction.kind != "payout")
        .order_by(ProviderTransaction.occurred_at, ProviderTransaction.id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(tuple_(ProviderTransaction.occurred_at, ProviderTransaction.id) > after)
    return list(session().execute(statement).scalars())


def line_of(payout_id: uuid.UUID) -> int | None:
    """The bank line that a payout came by."""
    statement = select(Allocation.line_id).where(
        Allocation.target_kind == "payout",
        Allocation.target_id == payout_id,
        Allocation.undone_at.is_(None),
        Allocation.posting_id.is_not(None),
    )
    return session().execute(statement.limit(1)).scalar_one_or_none()


def last_polls() -> dict[str, dt.datetime]:
    """Up to when events, payouts and transactions were read."""
    rows = session().execute(
        select(Cursor.topic, Cursor.read_until).where(
            Cursor.provider == "stripe", Cursor.account == settings().stripe_account
        )
    )
    return {str(topic): moment for topic, moment in rows}


def transaction(txn_id: uuid.UUID) -> Any:
    """One transaction (a place in a list of them)."""
    return get_row(ProviderTransaction, txn_id)
