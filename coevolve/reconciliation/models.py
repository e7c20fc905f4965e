"""Tables of reconciliation: bank lines, what they were allocated to, and cases that a person settles."""

from __future__ import annotations

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit.db import BigKey, Claim, Created, Model, UuidKey
from coevolve.kit.moves import Machine
from coevolve.reconciliation import words


class LineState(StrEnum):
    """Where a bank line stands. Its record is its allocation, so no mover governs it."""

    unmatched = "unmatched"
    """Nothing has looked at it yet, or a rule is sure and its posting is due (`Allocation.is_sure`)."""
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
            "state IN ('unmatched', 'proposed', 'matched', 'partly', 'review', 'ignored')",
            name="state_known",
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
        Index(
            "ix_recon_line_statement_id", "statement_id", postgresql_where=text("statement_id IS NOT NULL")
        ),
        Index(
            "uq_recon_line_seq",
            "bank_account_id",
            "seq",
            unique=True,
            postgresql_where=text("seq IS NOT NULL"),
        ),
        CheckConstraint(
            "seq IS NULL OR (statement_id IS NOT NULL AND running_balance IS NOT NULL)",
            name="chained_from_file",
        ),
        Index(
            "ix_recon_line_waiting",
            "bank_account_id",
            "booked_on",
            postgresql_where=text("state IN ('proposed', 'review')"),
        ),
        Index("ix_recon_line_payer", "payer_norm", postgresql_where=text("state = 'review'")),
    )

    bank_account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment_bank_account.id"))
    statement_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("recon_statement.id"))
    """The file it came in; empty: entered by hand, and no file has brought it yet."""
    seq: Mapped[int | None]
    """Its place among the bank's own lines of this account; each running balance follows from the one before."""
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
    refs: Mapped[list[str] | None] = mapped_column(JSONB(none_as_null=True))
    """The references in the text when there are two or more; `ref` is empty then."""
    raw: Mapped[dict[str, Any]]
    line_key: Mapped[str]
    """What makes it this line and no other: the bank's own reference, or date, sum, text and ordinal."""
    allocated: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    state: Mapped[str] = mapped_column(server_default=text("'unmatched'"), default="unmatched")
    reason: Mapped[str | None]
    """Why it waits for a person, or is left out (a key of words.REASONS)."""
    note: Mapped[str | None]
    """What a person wrote about it: why it is left out, put off, or was undone."""
    ref_by: Mapped[uuid.UUID | None]
    """Who corrected the reference; then another person agrees with what it leads to."""


class BankProfile(UuidKey, Created, Model):
    """How an account's bank writes its statements, from a day on; the newest one counts."""

    __tablename__ = "recon_bank_profile"
    __table_args__ = (Index("ix_recon_bank_profile_account", "bank_account_id", "id"),)

    bank_account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment_bank_account.id"))
    code: Mapped[str]
    """One of statements.profiles, or mapped."""
    spec: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"), default=dict)
    """The columns that finance chose, for a mapped one."""
    starts_on: Mapped[dt.date | None]
    """Lines before this day were read by the profile before it; empty for an account's first."""
    chosen_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))


class StatementState(StrEnum):
    """Where a statement file stands."""

    uploaded = "uploaded"
    parsed = "parsed"
    accepted = "accepted"
    refused = "refused"
    undone = "undone"


S = StatementState
STATEMENT = Machine(
    "statement",
    {
        S.uploaded: {S.parsed, S.refused},
        S.parsed: {S.accepted, S.refused},
        S.accepted: {S.undone},
        S.refused: set(),
        S.undone: set(),
    },
    initial={S.uploaded},
)


class BankStatement(UuidKey, Created, Claim, Model):
    """One statement file of one account: what it says, whether it was accepted, and why not."""

    __tablename__ = "recon_statement"
    __table_args__ = (
        Index(
            "uq_recon_statement_file",
            "bank_account_id",
            "sha256",
            unique=True,
            postgresql_where=text("state NOT IN ('refused', 'undone')"),
        ),
        Index("ix_recon_statement_account", "bank_account_id", "id"),
        Index(
            "ix_recon_statement_waiting", "next_at", postgresql_where=text("state IN ('uploaded', 'parsed')")
        ),
        CheckConstraint(
            "state <> 'accepted' OR (opening IS NOT NULL AND closing = opening + came - went)", name="adds_up"
        ),
    )
    machine: ClassVar[Machine] = STATEMENT
    state_labels: ClassVar[dict[str, Any]] = words.STATEMENT_STATES

    bank_account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment_bank_account.id"))
    profile_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("recon_bank_profile.id"))
    """Empty: its columns wait to be chosen."""
    uploaded_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    file_name: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[bytes]
    typed: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"), default=dict)
    """Balances and days that finance typed because the file carries none."""
    state: Mapped[str]
    stage: Mapped[str] = mapped_column(server_default=text("'waiting'"), default="waiting")
    """What a worker does with it now, for the page: waiting, reading, proving, loading, done."""
    rows_done: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    rows_total: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    unit: Mapped[str] = mapped_column(ForeignKey("ledger_unit.code"))
    first_on: Mapped[dt.date | None]
    last_on: Mapped[dt.date | None]
    opening: Mapped[int | None]
    closing: Mapped[int | None]
    came: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    went: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    came_count: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    went_count: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    new_count: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    claimed_count: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    """Lines that finance had entered by hand before."""
    known_count: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    """Lines that an earlier file had brought."""
    pending_count: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    reasons: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"), default=list)
    """Why it is refused, by line and column (statements.reasons)."""
    notes: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"), default=list)
    """What is worth knowing of an accepted one."""
    decided_at: Mapped[dt.datetime | None]


class StatementFile(Model):
    """The file itself, as it was handed in."""

    __tablename__ = "recon_statement_file"

    statement_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("recon_statement.id"), primary_key=True)
    content: Mapped[bytes]


class Allocation(BigKey, Created, Model):
    """How much of a line paid for what, by which rule, who proposed it and who agreed."""

    __tablename__ = "recon_allocation"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount_not_zero"),
        CheckConstraint("approved_by <> proposed_by", name="two_hands"),
        CheckConstraint(
            "target_kind IN ('payment', 'payout', 'refund', 'disbursement', 'fee', 'line', 'unidentified')",
            name="target_known",
        ),
        Index(
            "uq_recon_allocation_live",
            "target_id",
            "target_kind",
            "line_id",
            unique=True,
            postgresql_where=text("undone_at IS NULL"),
        ),
        Index("ix_recon_allocation_line_id", "line_id"),
        Index(
            "ix_recon_allocation_due",
            "line_id",
            postgresql_where=text("is_sure AND posting_id IS NULL AND undone_at IS NULL"),
        ),
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
    is_sure: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    """Found by a rule that needs no person: it is booked as soon as its turn comes."""
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
        CheckConstraint("state <> 'written_off' OR write_off_by IS NOT NULL", name="write_off_proposed"),
        Index("ix_recon_case_subject", "subject_kind", "subject_id"),
        Index("ix_recon_case_payment_id", "payment_id", postgresql_where=text("payment_id IS NOT NULL")),
        Index(
            "ix_recon_case_organisation_id",
            "organisation_id",
            postgresql_where=text("organisation_id IS NOT NULL"),
        ),
    )
    machine: ClassVar[Machine] = CASE
    state_labels: ClassVar[dict[str, Any]] = words.CASE_STATES

    kind: Mapped[str]
    subject_kind: Mapped[str]
    """payment, line, inbox, outbox, charge, transaction, balance ..."""
    subject_id: Mapped[str]
    payment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payment.id"))
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organisation.id"))
    """Whose finance settles it: an organisation's, for its own bank account; empty: the platform's."""
    unit: Mapped[str | None]
    amount: Mapped[int | None]
    """The size of the difference, if it has one."""
    state: Mapped[str]
    owner_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    data: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"), default=dict)
    due_on: Mapped[dt.date | None]
    """By when it should be settled."""
    write_off_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    """Who proposed to write the difference off; another person agrees."""
    write_off_posting_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_posting.id"))
    closed_at: Mapped[dt.datetime | None]


class Sender(BigKey, Model):
    """A name on bank lines that a person once matched with a giver: a hint for the next line, never a decision."""

    __tablename__ = "recon_sender"
    __table_args__ = (
        UniqueConstraint("name_norm", "giver_kind", "giver_id"),
        CheckConstraint("giver_kind IN ('person', 'organisation')", name="giver_known"),
        CheckConstraint("times > 0", name="times_positive"),
        Index("ix_recon_sender_giver_id", "giver_id"),
    )

    name_norm: Mapped[str]
    giver_kind: Mapped[str]
    giver_id: Mapped[uuid.UUID]
    times: Mapped[int] = mapped_column(server_default=text("1"), default=1)
    last_on: Mapped[dt.date]


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
    items: Mapped[list[dict[str, Any]]] = mapped_column(
        JSONB, server_default=text("'[]'::jsonb"), default=list
    )
    """What that is made of: [{what, count, amount}], amounts as theirs less ours."""
    transactions: Mapped[int]
    """How many of the provider's transactions were looked at."""
    cases: Mapped[int]
    """How many cases it opened."""
