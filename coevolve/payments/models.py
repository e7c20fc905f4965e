"""Tables of payments. Amounts are minor units beside their unit (payments.md): IDR counts hundredths of a rupiah."""

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
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit.db import BigKey, Claim, Created, Model, UuidKey
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
        P.captured: set(),
        P.captured_late: set(),
        P.voided: set(),
    },
    initial={P.created, P.awaiting},
)


class BankAccount(UuidKey, Created, Model):
    """An account of the platform that donors transfer to. Its particulars stand in versions, which are never edited."""

    __tablename__ = "payment_bank_account"

    unit: Mapped[str] = mapped_column(ForeignKey("ledger_unit.code"))
    is_receiving: Mapped[bool] = mapped_column(server_default=text("true"), default=True)
    """Whether donors are shown this account."""


class BankAccountVersion(UuidKey, Created, Model):
    """The particulars of an account from a day on; the newest one counts."""

    __tablename__ = "payment_bank_account_version"
    __table_args__ = (
        UniqueConstraint("bank_account_id", "version"),
        CheckConstraint("account_number ~ '^[0-9]{5,24}$'", name="number_digits"),
    )

    bank_account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment_bank_account.id"))
    version: Mapped[int] = mapped_column(SmallInteger)
    bank_name: Mapped[str]
    account_number: Mapped[str]
    holder: Mapped[str]
    """The name on the account, as the bank has it."""
    added_by: Mapped[uuid.UUID | None]


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


class Inbox(BigKey, Claim, Model):
    """What a provider told us, kept for ever as it came. An event is a hint; we believe the fetched object."""

    __tablename__ = "payment_inbox"
    __table_args__ = (
        UniqueConstraint("provider", "account", "event_id"),
        CheckConstraint("state IN ('new', 'done', 'ignored', 'dead')", name="state_known"),
        CheckConstraint("via IN ('push', 'poll', 'replay')", name="via_known"),
        Index("ix_payment_inbox_due", "next_at", postgresql_where=text("state = 'new'")),
    )

    provider: Mapped[str]
    account: Mapped[str] = mapped_column(server_default=text("''"), default="")
    event_id: Mapped[str]
    event_type: Mapped[str]
    object_ref: Mapped[str | None]
    livemode: Mapped[bool]
    provider_created: Mapped[dt.datetime | None]
    received_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())
    raw: Mapped[bytes]
    sha256: Mapped[bytes]
    via: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'new'"), default="new")


class Outbox(BigKey, Claim, Model):
    """A call to a provider: its intent and its key are committed before it goes out."""

    __tablename__ = "payment_outbox"
    __table_args__ = (
        CheckConstraint("state IN ('due', 'unknown', 'sent', 'done', 'dead')", name="state_known"),
        Index("ix_payment_outbox_due", "next_at", postgresql_where=text("state IN ('due', 'unknown')")),
        Index("ix_payment_outbox_payment_id", "payment_id"),
    )

    topic: Mapped[str]
    """checkout.create or checkout.expire."""
    dedupe_key: Mapped[str] = mapped_column(unique=True)
    payment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payment.id"))
    payload: Mapped[dict[str, Any]]
    provider_key: Mapped[uuid.UUID] = mapped_column(server_default=func.gen_random_uuid())
    """The idempotency key: the same on every try."""
    first_sent_at: Mapped[dt.datetime | None]
    state: Mapped[str] = mapped_column(server_default=text("'due'"), default="due")
    """unknown: committed just before the call, so it may have happened."""
    result: Mapped[dict[str, Any] | None]


class Cursor(Model):
    """How far a poll of a provider has read; moved by the poll only, so that a later push cannot hide a gap."""

    __tablename__ = "payment_cursor"

    provider: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(primary_key=True)
    read_until: Mapped[dt.datetime]


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


class Receipt(UuidKey, Created, Model):
    """The receipt of a captured payment. The row is written with the capture; a worker gives numbers in order."""

    __tablename__ = "payment_receipt"
    __table_args__ = (
        UniqueConstraint("issuer", "year", "number"),
        CheckConstraint("(number IS NULL) = (year IS NULL)", name="number_with_year"),
        CheckConstraint("amount > 0", name="amount_positive"),
        Index(
            "uq_payment_receipt_live", "payment_id", unique=True, postgresql_where=text("annulled_at IS NULL")
        ),
        Index("ix_payment_receipt_unnumbered", "issuer", "id", postgresql_where=text("number IS NULL")),
    )

    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment.id"))
    issuer: Mapped[str]
    year: Mapped[int | None] = mapped_column(SmallInteger)
    number: Mapped[int | None]
    code: Mapped[str] = mapped_column(unique=True)
    """For the verification page: random, tells nothing."""
    unit: Mapped[str] = mapped_column(ForeignKey("ledger_unit.code"))
    amount: Mapped[int]
    paid_on: Mapped[dt.date]
    annulled_at: Mapped[dt.datetime | None]
    annulled_because: Mapped[str | None]


class ReceiptCounter(Model):
    """The last number given per issuer and year; only the numbering worker locks it."""

    __tablename__ = "payment_receipt_counter"

    issuer: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    last: Mapped[int] = mapped_column(server_default=text("0"), default=0)


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


class DisputeState(StrEnum):
    """Stripe's own words; a word not in this list opens a case."""

    warning_needs_response = "warning_needs_response"
    warning_under_review = "warning_under_review"
    warning_closed = "warning_closed"
    needs_response = "needs_response"
    under_review = "under_review"
    won = "won"
    lost = "lost"
    prevented = "prevented"


D = DisputeState
DISPUTE_HOLDS = (D.needs_response, D.under_review)
"""States in which the provider has taken the money until it decides."""
DISPUTE = Machine(
    "dispute",
    {
        D.warning_needs_response: {
            D.warning_under_review,
            D.warning_closed,
            D.needs_response,
            D.under_review,
            D.won,
            D.lost,
        },
        D.warning_under_review: {D.warning_closed, D.needs_response, D.under_review, D.won, D.lost},
        D.warning_closed: {D.needs_response, D.under_review, D.won, D.lost},
        D.needs_response: {D.under_review, D.won, D.lost},
        D.under_review: {D.won, D.lost},
        D.won: {D.lost},
        D.lost: {D.won},
        D.prevented: set(),
    },
    initial=set(DisputeState),
)


class Dispute(UuidKey, Created, Model):
    """A giver's bank asks for the money back; the provider holds it until the question is decided."""

    __tablename__ = "payment_dispute"
    __table_args__ = (
        UniqueConstraint("provider", "account", "provider_ref"),
        CheckConstraint("amount > 0", name="amount_positive"),
        Index("ix_payment_dispute_payment_id", "payment_id"),
    )
    machine: ClassVar[Machine] = DISPUTE
    state_labels: ClassVar[dict[str, Any]] = words.DISPUTES

    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment.id"))
    provider: Mapped[str]
    account: Mapped[str] = mapped_column(server_default=text("''"), default="")
    provider_ref: Mapped[str]
    unit: Mapped[str] = mapped_column(ForeignKey("ledger_unit.code"))
    amount: Mapped[int]
    state: Mapped[str]
    reason: Mapped[str | None]
    held: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    """How much of the fund is held aside for it now."""


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
