"""Tables of reconciliation: bank lines, what they were allocated to, and cases that a person settles."""

from __future__ import annotations

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit.db import BigKey, Created, Model, UuidKey
from coevolve.kit.moves import Machine
from coevolve.reconciliation import words


class LineState(StrEnum):
    """Where a bank line stands. Its record is its allocation, so no mover governs it."""

    unmatched = "unmatched"
    proposed = "proposed"
    matched = "matched"
    partly = "partly"
    review = "review"
    ignored = "ignored"


class Line(BigKey, Created, Model):
    """One line of a bank statement: entered by finance, or read from the bank's file."""

    __tablename__ = "recon_line"
    __table_args__ = (
        UniqueConstraint("bank_account_id", "line_key"),
        CheckConstraint("amount <> 0", name="amount_not_zero"),
        CheckConstraint(
            "sign(allocated) IN (0, sign(amount)) AND abs(allocated) <= abs(amount)", name="allocated_within"
        ),
        CheckConstraint(
            "state IN ('unmatched', 'proposed', 'matched', 'partly', 'review', 'ignored')", name="state_known"
        ),
        CheckConstraint("statement_id IS NOT NULL OR entered_by IS NOT NULL", name="origin_known"),
        Index("ix_recon_line_ref", "ref", postgresql_where=text("state = 'unmatched'")),
        Index(
            "ix_recon_line_sum",
            "bank_account_id",
            "unit",
            "amount",
            "booked_on",
            postgresql_where=text("state = 'unmatched'"),
        ),
        Index("ix_recon_line_day", "booked_on", "id"),
    )

    bank_account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment_bank_account.id"))
    statement_id: Mapped[uuid.UUID | None]
    """The file it came in; empty: entered by hand."""
    entered_by: Mapped[uuid.UUID | None]
    booked_on: Mapped[dt.date]
    unit: Mapped[str] = mapped_column(ForeignKey("ledger_unit.code"))
    amount: Mapped[int]
    """Positive: money in."""
    running_balance: Mapped[int | None]
    bank_ref: Mapped[str | None]
    text_raw: Mapped[str]
    text_norm: Mapped[str]
    payer_norm: Mapped[str | None]
    ref: Mapped[str | None]
    """Our payment reference, read out of the text."""
    raw: Mapped[dict[str, Any]]
    line_key: Mapped[str]
    """What makes it this line and no other: the bank's own reference, or date, sum, text and ordinal."""
    allocated: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    state: Mapped[str] = mapped_column(server_default=text("'unmatched'"), default="unmatched")


class Allocation(BigKey, Created, Model):
    """How much of a line paid for what, by which rule, who proposed it and who agreed."""

    __tablename__ = "recon_allocation"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount_not_zero"),
        CheckConstraint("approved_by <> proposed_by", name="two_hands"),
        CheckConstraint(
            "target_kind IN ('payment', 'payout', 'refund', 'disbursement', 'fee', 'unidentified')",
            name="target_known",
        ),
        Index(
            "uq_recon_allocation_live",
            "line_id",
            "target_kind",
            "target_id",
            unique=True,
            postgresql_where=text("undone_at IS NULL"),
        ),
        Index("ix_recon_allocation_target", "target_kind", "target_id"),
    )

    line_id: Mapped[int] = mapped_column(ForeignKey("recon_line.id"))
    target_kind: Mapped[str]
    target_id: Mapped[uuid.UUID]
    amount: Mapped[int]
    rule: Mapped[str]
    score: Mapped[float] = mapped_column(Float)
    run_id: Mapped[uuid.UUID]
    proposed_by: Mapped[str]
    """system, or a person's id."""
    approved_by: Mapped[str | None]
    posting_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_posting.id"))
    undone_at: Mapped[dt.datetime | None]


class CaseState(StrEnum):
    """Where a difference stands."""

    open = "open"
    assigned = "assigned"
    proposed = "proposed"
    resolved = "resolved"
    written_off = "written_off"


C = CaseState
CASE = Machine(
    "case",
    {
        C.open: {C.assigned, C.proposed, C.resolved},
        C.assigned: {C.open, C.proposed, C.resolved},
        C.proposed: {C.assigned, C.resolved, C.written_off},
        C.resolved: {C.open},
        C.written_off: {C.open},
    },
    initial={C.open},
)
CLOSED = (C.resolved, C.written_off)


class Case(UuidKey, Created, Model):
    """A difference between what we expected and what is there, with an owner and notes, until a person settles it."""

    __tablename__ = "recon_case"
    __table_args__ = (
        Index(
            "uq_recon_case_open",
            "kind",
            "subject_kind",
            "subject_id",
            unique=True,
            postgresql_where=text("state NOT IN ('resolved', 'written_off')"),
        ),
        CheckConstraint("(unit IS NULL) = (amount IS NULL)", name="amount_with_unit"),
        Index("ix_recon_case_subject", "subject_kind", "subject_id"),
        Index("ix_recon_case_payment_id", "payment_id", postgresql_where=text("payment_id IS NOT NULL")),
    )
    machine: ClassVar[Machine] = CASE
    state_labels: ClassVar[dict[str, Any]] = words.CASE_STATES

    kind: Mapped[str]
    subject_kind: Mapped[str]
    """payment, line, inbox, outbox, charge, transaction, balance ..."""
    subject_id: Mapped[str]
    payment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payment.id"))
    unit: Mapped[str | None]
    amount: Mapped[int | None]
    """The size of the difference, if it has one."""
    state: Mapped[str]
    owner_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    data: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"), default=dict)
    closed_at: Mapped[dt.datetime | None]


class CaseNote(BigKey, Model):
    """What somebody wrote or did about a case."""

    __tablename__ = "recon_case_note"
    __table_args__ = (Index("ix_recon_case_note_case_id", "case_id", "id"),)

    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("recon_case.id"))
    at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())
    by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    """Empty: written by the platform."""
    body: Mapped[str]


class Comparison(BigKey, Model):
    """One comparison of our clearing account with the provider's own balance."""

    __tablename__ = "recon_comparison"
    __table_args__ = (Index("ix_recon_comparison_at", "at"),)

    at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())
    provider: Mapped[str]
    account: Mapped[str]
    unit: Mapped[str] = mapped_column(ForeignKey("ledger_unit.code"))
    theirs: Mapped[int]
    ours: Mapped[int]
    explained: Mapped[int]
    """Of the difference: known and on its way (disputes not decided)."""
    transactions: Mapped[int]
    """How many of the provider's transactions were looked at."""
    cases: Mapped[int]
    """How many cases it opened."""
