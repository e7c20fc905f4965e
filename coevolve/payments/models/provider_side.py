"""The provider's own account: its transactions and payouts."""

from __future__ import annotations

import datetime as dt
import uuid
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
        CheckConstraint("(presented IS NULL) = (presented_unit IS NULL)", name="presented_with_unit"),
        Index("ix_payment_provider_txn_source_ref", "source_ref"),
        Index(
            "ix_payment_provider_txn_payout_id", "payout_id", postgresql_where=text("payout_id IS NOT NULL")
        ),
        Index(
            "ix_payment_provider_txn_charge_ref",
            "charge_ref",
            postgresql_where=text("charge_ref IS NOT NULL"),
        ),
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
    payout_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payment_payout.id"))
    """The payout it was part of, as the provider says."""
    exchange_rate: Mapped[str | None]
    """The provider's rate, in its words, when it settled in another currency; never used to reckon."""
    presented: Mapped[int | None]
    presented_unit: Mapped[str | None]
    """The sum in the currency of the object it is about, when that is another one than the account's."""
    charge_ref: Mapped[str | None]
    """The charge whose exchange it belongs to (its own, or the one it takes back)."""
    exchange_posting_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_posting.id"))


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
        PO.reconciled: {PO.paid, PO.failed},
        PO.failed: set(),
        PO.canceled: set(),
    },
    initial={PO.expected, PO.in_transit, PO.paid, PO.failed, PO.canceled},
)


class Payout(UuidKey, Created, Model):
    """One transfer of the provider to our bank; one bank line will match it."""

    __tablename__ = "payment_payout"
    __table_args__ = (
        UniqueConstraint("provider", "account", "provider_ref"),
        Index("ix_payment_payout_left_at", "left_at"),
        Index("ix_payment_payout_unread", "id", postgresql_where=text("is_final AND read_at IS NULL")),
    )
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
    """The posting by which it left the provider."""
    returned_posting_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_posting.id"))
    """The posting by which it came back to the provider."""
    is_automatic: Mapped[bool] = mapped_column(server_default=text("true"), default=True)
    is_final: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    """The provider's list of what is in it changes no more."""
    trace_ref: Mapped[str | None]
    """The bank's own name for the transfer."""
    failure: Mapped[str | None]
    left_at: Mapped[dt.datetime | None]
    """When the provider made it."""
    read_at: Mapped[dt.datetime | None]
    """When we read of what it is made."""
