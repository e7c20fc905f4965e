"""The provider's own account: its transactions and payouts."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit.db import Created, Model, UuidKey
from coevolve.kit.moves import Machine
from coevolve.payments import words


class ProviderTransaction(UuidKey, Created, Model):
    """A line of the provider's own account: what it took in or paid out for us, and its fee."""

    __tablename__ = "payment_provider_txn"
    __table_args__ = (
        UniqueConstraint("provider", "account", "txn_ref"),
        CheckConstraint("gross - fee = net", name="adds_up"),
        Index("ix_payment_provider_txn_open", "occurred_at", postgresql_where=text("explained_as IS NULL")),
        Index("ix_payment_provider_txn_source_ref", "source_ref"),
    )

    provider: Mapped[str]
    account: Mapped[str] = mapped_column(server_default=text("''"), default="")
    txn_ref: Mapped[str]
    kind: Mapped[str]
    """charge, refund, payout, adjustment ..., in the provider's words."""
    source_ref: Mapped[str | None]
    """The object it is about (a charge, a refund, a payout)."""
    unit: Mapped[str] = mapped_column(ForeignKey("ledger_unit.code"))
    gross: Mapped[int]
    fee: Mapped[int]
    net: Mapped[int]
    occurred_at: Mapped[dt.datetime]
    available_at: Mapped[dt.datetime | None]
    explained_as: Mapped[str | None]
    """The key of the posting, or the word case, that accounts for the gross amount; empty: not yet."""
    fee_posting_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_posting.id"))


class PayoutState(StrEnum):
    """Where money on its way from the provider to our bank stands."""

    expected = "expected"
    in_transit = "in_transit"
    paid = "paid"
    reconciled = "reconciled"
    failed = "failed"
    canceled = "canceled"


PO = PayoutState
PAYOUT = Machine(
    "payout",
    {
        PO.expected: {PO.in_transit, PO.paid, PO.failed, PO.canceled},
        PO.in_transit: {PO.paid, PO.failed, PO.canceled},
        PO.paid: {PO.reconciled, PO.failed, PO.canceled},
        PO.reconciled: set(),
        PO.failed: set(),
        PO.canceled: set(),
    },
    initial={PO.expected, PO.in_transit, PO.paid, PO.failed, PO.canceled},
)


class Payout(UuidKey, Created, Model):
    """One transfer of the provider to our bank; one bank line will match it."""

    __tablename__ = "payment_payout"
    __table_args__ = (UniqueConstraint("provider", "account", "provider_ref"),)
    machine: ClassVar[Machine] = PAYOUT
    state_labels: ClassVar[dict[str, Any]] = words.PAYOUTS

    provider: Mapped[str]
    account: Mapped[str] = mapped_column(server_default=text("''"), default="")
    provider_ref: Mapped[str]
    unit: Mapped[str] = mapped_column(ForeignKey("ledger_unit.code"))
    amount: Mapped[int]
    arrives_on: Mapped[dt.date | None]
    state: Mapped[str]
    posting_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_posting.id"))
