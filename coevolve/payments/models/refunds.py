"""Money on its way back: refunds, rounds of them, the accounts they go to, and lists that finance pays from."""

from __future__ import annotations

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
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
        R.sending: {R.approved, R.pending, R.requires_action, R.succeeded, R.failed, R.canceled},
        R.pending: {R.requires_action, R.succeeded, R.failed, R.canceled},
        R.requires_action: {R.pending, R.succeeded, R.failed, R.canceled},
        R.succeeded: {R.pending, R.failed},
        R.failed: set(),
        R.canceled: set(),
    },
    initial={R.requested, R.pending},
)
"""By card: sending once the call is written down, then what the provider says. By bank: approved waits for the
giver's account, sending stands on a payout list, pending is paid at the bank, succeeded has its bank line. Only a bank
line that is taken back leads from succeeded to pending, and only taking it off a list from sending to approved."""

RESERVED = (R.requested, R.approved, R.sending, R.pending, R.requires_action)
"""States whose sum stands in `payment.refund_pending`."""
LEAVING = (R.approved, R.sending, R.pending, R.requires_action)
"""States whose sum lies on the account of refunds payable."""


class Refund(UuidKey, Created, Model):
    """Money given back: asked for with us, or found at the provider because somebody made it in its dashboard."""

    __tablename__ = "payment_refund"
    __table_args__ = (
        UniqueConstraint("provider", "account", "provider_ref"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("origin IN ('staff', 'giver', 'pledge', 'round', 'provider')", name="origin_known"),
        CheckConstraint("(origin = 'round') = (round_id IS NOT NULL)", name="round_named"),
        Index("ix_payment_refund_payment_id", "payment_id"),
        Index(
            "uq_payment_refund_round",
            "round_id",
            "payment_id",
            unique=True,
            postgresql_where=text("round_id IS NOT NULL"),
        ),
        Index(
            "ix_payment_refund_open",
            "created_at",
            postgresql_where=text(
                "state IN ('requested', 'approved', 'sending', 'pending', 'requires_action')"
            ),
        ),
        Index("ix_payment_refund_list_id", "list_id", postgresql_where=text("list_id IS NOT NULL")),
    )
    machine: ClassVar[Machine] = REFUND
    state_labels: ClassVar[dict[str, Any]] = words.REFUNDS

    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment.id"))
    public_ref: Mapped[str | None] = mapped_column(unique=True)
    """What finance writes into the transfer, shaped like a payment's reference."""
    provider: Mapped[str]
    account: Mapped[str] = mapped_column(server_default=text("''"), default="")
    provider_ref: Mapped[str | None]
    unit: Mapped[str] = mapped_column(ForeignKey("ledger_unit.code"))
    amount: Mapped[int]
    state: Mapped[str]
    origin: Mapped[str] = mapped_column(server_default=text("'provider'"), default="provider")
    """Who wants it: staff, the giver, a change of the pledge, a round for a whole listing, or found at the provider."""
    reason: Mapped[str | None]
    client_token: Mapped[uuid.UUID | None] = mapped_column(unique=True)
    """From the form: a second click finds the same refund."""
    requested_by: Mapped[uuid.UUID | None]
    """Empty: made at the provider, or asked for by a guest's link."""
    approved_by: Mapped[uuid.UUID | None]
    approved_at: Mapped[dt.datetime | None]
    ended_because: Mapped[str | None]
    """Why it was refused, cancelled or failed, for people."""
    sent_at: Mapped[dt.datetime | None]
    done_at: Mapped[dt.datetime | None]
    fund_posting_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_posting.id"))
    """The posting that took it out of the fund, which a failure reverses."""
    done_posting_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_posting.id"))
    """The posting by which it left us."""
    gift: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    """How much of it had counted as a gift when it was booked out; the rest lay as the giver's credit."""
    pledge_back: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    """How much of it the pledge gave back when it was done."""
    round_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payment_refund_round.id"))
    account_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payment_refund_account.id"))
    """The version of the giver's account it is paid to; fixed when it comes on a list."""
    list_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payment_refund_list.id"))


class RoundState(StrEnum):
    """Where the refund of a whole listing stands."""

    asked = "asked"
    approved = "approved"
    done = "done"
    cancelled = "cancelled"


REFUND_ROUND = Machine(
    "refund_round",
    {
        RoundState.asked: {RoundState.approved, RoundState.cancelled},
        RoundState.approved: {RoundState.done},
        RoundState.done: {RoundState.approved},
        RoundState.cancelled: set(),
    },
    initial={RoundState.asked},
)
"""Done opens again when money comes late for a listing whose givers are paid back."""


class RefundRound(UuidKey, Created, Model):
    """Every gift of a listing goes back: asked by a moderator, approved by finance, worked off by a worker."""

    __tablename__ = "payment_refund_round"
    __table_args__ = (
        CheckConstraint("approved_by <> asked_by", name="two_persons"),
        Index(
            "uq_payment_refund_round_about",
            "about_kind",
            "about_id",
            unique=True,
            postgresql_where=text("state <> 'cancelled'"),
        ),
    )
    machine: ClassVar[Machine] = REFUND_ROUND
    state_labels: ClassVar[dict[str, Any]] = words.ROUNDS

    about_kind: Mapped[str]
    about_id: Mapped[uuid.UUID]
    """The listing; no foreign key, payments stand beside listings."""
    title: Mapped[str]
    reason: Mapped[str]
    state: Mapped[str]
    asked_by: Mapped[uuid.UUID]
    approved_by: Mapped[uuid.UUID | None]
    approved_at: Mapped[dt.datetime | None]
    done_at: Mapped[dt.datetime | None]


class RefundAccount(UuidKey, Created, Model):
    """Where a giver wants its money: stated by the giver, checked by finance, never edited. The newest counts."""

    __tablename__ = "payment_refund_account"
    __table_args__ = (
        UniqueConstraint("owner_kind", "owner_id", "version"),
        CheckConstraint("account_number ~ '^[0-9]{5,24}$'", name="number_digits"),
        CheckConstraint("owner_kind IN ('person', 'organisation', 'pledge')", name="owner_known"),
        CheckConstraint(
            "num_nonnulls(verified_at, refused_at) <= 1 AND (checked_by IS NULL) ="
            " (num_nonnulls(verified_at, refused_at) = 0)",
            name="checked_once",
        ),
    )

    owner_kind: Mapped[str]
    owner_id: Mapped[uuid.UUID]
    version: Mapped[int] = mapped_column(SmallInteger)
    bank_name: Mapped[str]
    account_number: Mapped[str]
    holder: Mapped[str]
    """The name on the account, as the giver says."""
    stated_by: Mapped[uuid.UUID | None]
    """Empty: by the signed link in the mail."""
    checked_by: Mapped[uuid.UUID | None]
    verified_at: Mapped[dt.datetime | None]
    refused_at: Mapped[dt.datetime | None]
    refused_because: Mapped[str | None]


class RefundList(UuidKey, Created, Model):
    """What finance pays at the bank in one go; its rows are the refunds that name it."""

    __tablename__ = "payment_refund_list"

    number: Mapped[int] = mapped_column(Identity(always=False), unique=True)
    made_by: Mapped[uuid.UUID]
