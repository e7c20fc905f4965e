"""One intended gift of money."""

from __future__ import annotations

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit.db import Created, Model, UuidKey
from coevolve.kit.moves import Machine
from coevolve.payments import words

REF_SHAPE = "^CE[0-9A-HJKMNP-TV-Z]{9}$"


class PaymentState(StrEnum):
    """Where a gift of money stands. Refunded is an amount, not a state."""

    created = "created"
    awaiting = "awaiting"
    processing = "processing"
    authorised = "authorised"
    captured = "captured"
    grace = "grace"
    expired = "expired"
    failed = "failed"
    cancelled = "cancelled"
    voided = "voided"
    captured_late = "captured_late"


P = PaymentState
OPEN = (P.created, P.awaiting, P.processing, P.authorised, P.grace)
"""States in which money may still come as intended."""

PAYMENT = Machine(
    "payment",
    {
        P.created: {P.awaiting, P.processing, P.authorised, P.captured, P.expired, P.failed, P.cancelled},
        P.awaiting: {P.processing, P.authorised, P.captured, P.grace, P.expired, P.failed, P.cancelled},
        P.processing: {P.authorised, P.captured, P.expired, P.failed, P.cancelled},
        P.authorised: {P.captured, P.failed, P.cancelled, P.voided},
        P.grace: {P.captured, P.expired, P.failed, P.cancelled},
        P.expired: {P.captured_late},
        P.cancelled: {P.captured_late},
        P.failed: {P.captured_late},
        P.captured: {P.awaiting, P.grace, P.expired},
        P.captured_late: {P.expired},
        P.voided: set(),
    },
    initial={P.created, P.awaiting},
)


class Payment(UuidKey, Created, Model):
    """One intended gift of money, by card page or by bank transfer."""

    __tablename__ = "payment"
    __table_args__ = (
        UniqueConstraint("reference_kind", "reference_id", "client_token"),
        CheckConstraint(f"public_ref ~ '{REF_SHAPE}'", name="public_ref_shape"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("unique_code IS NULL OR unique_code BETWEEN 1 AND 999", name="unique_code_range"),
        CheckConstraint("unique_code IS NULL OR unit = 'IDR'", name="unique_code_idr"),
        CheckConstraint("least(captured, refunded, refund_pending, disputed) >= 0", name="sums_not_negative"),
        CheckConstraint(
            "greatest(refunded + refund_pending, disputed) <= captured", name="sums_within_captured"
        ),
        CheckConstraint("unit <> 'IDR' OR mod(amount, 100) = 0", name="whole_rupiah"),
        CheckConstraint(
            "(provider = 'bank_transfer') = (bank_account_id IS NOT NULL)", name="bank_account_given"
        ),
        Index(
            "uq_payment_provider_ref",
            "provider",
            "account",
            "provider_ref",
            unique=True,
            postgresql_where=text("provider_ref IS NOT NULL"),
        ),
        Index("ix_payment_intent_ref", "intent_ref", postgresql_where=text("intent_ref IS NOT NULL")),
        Index(
            "payment_expectation",
            "bank_account_id",
            "unit",
            "expected_amount",
            unique=True,
            postgresql_where=text(
                "provider = 'bank_transfer' AND by_amount AND state IN ('awaiting', 'grace')"
            ),
        ),
        Index(
            "ix_payment_bank_amount",
            "bank_account_id",
            "amount",
            postgresql_where=text("bank_account_id IS NOT NULL"),
        ),
        Index("ix_payment_bank_base", "bank_account_id", "base_amount", postgresql_where=text("by_amount")),
        Index(
            "ix_payment_open",
            "expires_at",
            postgresql_where=text("state IN ('created', 'awaiting', 'processing', 'authorised', 'grace')"),
        ),
        Index("ix_payment_captured", "captured_at", postgresql_where=text("captured > 0")),
    )
    machine: ClassVar[Machine] = PAYMENT
    state_labels: ClassVar[dict[str, Any]] = words.STATES

    public_ref: Mapped[str] = mapped_column(unique=True)
    """What people write and read aloud: CE, eight symbols, one check symbol."""
    reference_kind: Mapped[str]
    reference_id: Mapped[uuid.UUID]
    """What it pays for (a pledge); no foreign key, pledges stand above."""
    client_token: Mapped[uuid.UUID]
    """From the form: a second click finds the same payment."""
    provider: Mapped[str]
    """stripe or bank_transfer."""
    account: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """Which account at the provider; empty: the platform's own."""
    provider_ref: Mapped[str | None]
    """The provider's name for it (a checkout session)."""
    intent_ref: Mapped[str | None]
    """The provider's name for the attempt to pay (a payment intent), once known."""
    checkout_url: Mapped[str | None]
    bank_account_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payment_bank_account.id"))
    unit: Mapped[str] = mapped_column(ForeignKey("ledger_unit.code"))
    amount: Mapped[int]
    """What the giver is asked to pay, the unique code included."""
    unique_code: Mapped[int | None] = mapped_column(SmallInteger)
    """1 to 999 rupiah on top of a transfer, so that its sum names it."""
    base_amount: Mapped[int] = mapped_column(
        Computed("amount - coalesce(unique_code, 0) * 100", persisted=True)
    )
    expected_amount: Mapped[int]
    """Still to come."""
    by_amount: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    """Whether that sum alone may identify it."""
    captured: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    refunded: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    refund_pending: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    disputed: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    state: Mapped[str]
    payer_norm: Mapped[str | None]
    """The payer's name, capitals and letters only: compared with names on bank lines."""
    created_on: Mapped[dt.date]
    expires_at: Mapped[dt.datetime | None]
    hold_until: Mapped[dt.datetime | None]
    """Until when the sum stays reserved after its deadline."""
    captured_at: Mapped[dt.datetime | None]
    """When the provider or the bank had the money."""
