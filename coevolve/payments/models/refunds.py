"""Money on its way back: refunds."""

from __future__ import annotations

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


class RefundState(StrEnum):
    """Where money on its way back to the giver stands."""

    requested = "requested"
    approved = "approved"
    sending = "sending"
    pending = "pending"
    requires_action = "requires_action"
    succeeded = "succeeded"
    failed = "failed"
    canceled = "canceled"


R = RefundState
REFUND = Machine(
    "refund",
    {
        R.requested: {R.approved, R.canceled},
        R.approved: {R.sending, R.canceled},
        R.sending: {R.pending, R.requires_action, R.succeeded, R.failed, R.canceled},
        R.pending: {R.requires_action, R.succeeded, R.failed, R.canceled},
        R.requires_action: {R.pending, R.succeeded, R.failed, R.canceled},
        R.succeeded: {R.failed},
        R.failed: set(),
        R.canceled: set(),
    },
    initial={R.requested, R.pending},
)


class Refund(UuidKey, Created, Model):
    """Money given back: asked for by our staff, or found at the provider because somebody made it in its dashboard."""

    __tablename__ = "payment_refund"
    __table_args__ = (
        UniqueConstraint("provider", "account", "provider_ref"),
        CheckConstraint("amount > 0", name="amount_positive"),
        Index("ix_payment_refund_payment_id", "payment_id"),
    )
    machine: ClassVar[Machine] = REFUND
    state_labels: ClassVar[dict[str, Any]] = words.REFUNDS

    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment.id"))
    provider: Mapped[str]
    account: Mapped[str] = mapped_column(server_default=text("''"), default="")
    provider_ref: Mapped[str | None]
    unit: Mapped[str] = mapped_column(ForeignKey("ledger_unit.code"))
    amount: Mapped[int]
    state: Mapped[str]
    reason: Mapped[str | None]
    requested_by: Mapped[uuid.UUID | None]
    """Empty: made at the provider, not by us."""
    fund_posting_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_posting.id"))
    """The posting that took it out of the fund, which a failure reverses."""
