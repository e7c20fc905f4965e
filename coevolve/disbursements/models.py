"""Tables of money out and of what became of it. Amounts are minor units beside their unit."""

from __future__ import annotations

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.disbursements import words
from coevolve.kit.db import Created, Model, UuidKey
from coevolve.kit.moves import Machine


class State(StrEnum):
    """Where money on its way out stands."""

    draft = "draft"
    proposed = "proposed"
    approved = "approved"
    released = "released"
    sending = "sending"
    sent = "sent"
    unknown = "unknown"
    settled = "settled"
    returned = "returned"
    failed = "failed"
    rejected = "rejected"
    cancelled = "cancelled"


S = State
DISBURSEMENT = Machine(
    "disbursement",
    {
        S.draft: {S.proposed, S.cancelled},
        S.proposed: {S.approved, S.rejected, S.cancelled},
        S.approved: {S.released, S.rejected, S.cancelled},
        S.released: {S.sending, S.cancelled},
        S.sending: {S.sent, S.unknown, S.failed},
        S.sent: {S.settled, S.unknown, S.failed},
        S.unknown: {S.sent, S.failed},
        S.settled: {S.returned, S.sent},
        S.returned: set(),
        S.failed: set(),
        S.rejected: set(),
        S.cancelled: set(),
    },
    initial={S.draft},
)
"""CSO finance: propose, cancel. Owner: approve, reject. Platform finance: release, cancel, pay, mark. The bank's own
line: settle, return; undoing a wrong match of that line leads back from settled to sent."""

HOLDING = frozenset({S.proposed, S.approved, S.released, S.sending, S.sent, S.unknown})
"""States in which the books hold the money for it."""

PAYABLE = frozenset({S.released, S.sending, S.sent, S.unknown})
"""States in which a line of the bank may show that it was paid."""


class ReportState(StrEnum):
    """Where the account of an advance stands."""

    due = "due"
    submitted = "submitted"
    returned = "returned"
    accepted = "accepted"
    withdrawn = "withdrawn"


R = ReportState
REPORT = Machine(
    "disbursement_report",
    {
        R.due: {R.submitted, R.withdrawn},
        R.submitted: {R.accepted, R.returned, R.withdrawn},
        R.returned: {R.submitted, R.withdrawn},
        R.accepted: set(),
        R.withdrawn: set(),
    },
    initial={R.due},
)
"""The organisation submits; a moderator or finance accepts or returns; withdrawn when the money came back."""

AWAITED = frozenset({R.due, R.returned})
"""States in which it is the organisation's turn."""


class Disbursement(UuidKey, Created, Model):
    """Money of one listing's fund for its organisation. Three different people let it go; a CHECK says so too."""

    __tablename__ = "disbursement"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("unit <> 'IDR' OR mod(amount, 100) = 0", name="whole_rupiah"),
        CheckConstraint("proposed_by <> approved_by", name="proposer_not_approver"),
        CheckConstraint("approved_by <> released_by", name="approver_not_releaser"),
        CheckConstraint("proposed_by <> released_by", name="proposer_not_releaser"),
        CheckConstraint(
            "state IN ('draft', 'proposed', 'rejected', 'cancelled') OR approved_by IS NOT NULL",
            name="approved",
        ),
        CheckConstraint(
            "state IN ('draft', 'proposed', 'approved', 'rejected', 'cancelled') OR released_by IS NOT NULL",
            name="released",
        ),
        CheckConstraint("state = 'draft' OR hold_id IS NOT NULL", name="held"),
        CheckConstraint(
            "state NOT IN ('settled', 'returned') OR (posting_id IS NOT NULL AND settled_line IS NOT NULL)",
            name="settled_by_line",
        ),
        Index("ix_disbursement_listing_id", "listing_id", "created_at"),
        Index("ix_disbursement_organisation_id", "organisation_id", "created_at"),
        Index(
            "ix_disbursement_open",
            "state",
            "created_at",
            postgresql_where=text(
                "state IN ('proposed', 'approved', 'released', 'sending', 'sent', 'unknown')"
            ),
        ),
    )
    machine: ClassVar[Machine] = DISBURSEMENT
    state_labels: ClassVar[dict[str, Any]] = words.STATES

    reference: Mapped[str] = mapped_column(unique=True)
    """Written into the bank's text when it is paid; same shape as a payment's, so that lines find it."""
    listing_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing.id"))
    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    account_version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment_bank_account_version.id"))
    """The particulars it goes to: fixed when proposed; a later change stops it."""
    from_account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment_bank_account.id"))
    """Our account it is paid from."""
    unit: Mapped[str] = mapped_column(ForeignKey("ledger_unit.code"))
    amount: Mapped[int]
    purpose: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'draft'"), default=State.draft)
    client_token: Mapped[uuid.UUID] = mapped_column(unique=True)
    """Comes with the form: two clicks make one disbursement."""
    proposed_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    proposed_at: Mapped[dt.datetime]
    approved_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    approved_at: Mapped[dt.datetime | None]
    is_approved_by_platform: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    """The organisation had nobody else to ask: a second member of platform finance approved."""
    released_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    released_at: Mapped[dt.datetime | None]
    sent_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    sent_on: Mapped[dt.date | None]
    settled_at: Mapped[dt.datetime | None]
    """When the bank's line showed it."""
    settled_line: Mapped[int | None]
    """The line's key in reconciliation, which stands above."""
    returned_at: Mapped[dt.datetime | None]
    ended_because: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """Why it was rejected, cancelled, failed or came back."""
    round: Mapped[int] = mapped_column(SmallInteger, server_default=text("1"), default=1)
    """Counts holds: undoing a wrong match holds the money anew."""
    hold_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_transfer.id"))
    posting_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_posting.id"))


class DisbursementLine(UuidKey, Model):
    """How much of a disbursement is for which line of the budget."""

    __tablename__ = "disbursement_line"
    __table_args__ = (
        UniqueConstraint("disbursement_id", "line_id"),
        CheckConstraint("amount > 0", name="amount_positive"),
        Index("ix_disbursement_line_line_id", "line_id"),
    )

    disbursement_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("disbursement.id"))
    line_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing_line.id"))
    unit: Mapped[str] = mapped_column(ForeignKey("ledger_unit.code"))
    amount: Mapped[int]


class DisbursementReport(UuidKey, Created, Model):
    """What became of a disbursement, or of gifts in the organisation's own bank; the rest is for the next round."""

    __tablename__ = "disbursement_report"
    __table_args__ = (
        UniqueConstraint("disbursement_id", "round"),
        CheckConstraint("submitted_by <> decided_by", name="two_people"),
        CheckConstraint(
            "state <> 'accepted' OR (submitted_by IS NOT NULL AND decided_by IS NOT NULL"
            " AND posting_id IS NOT NULL)",
            name="accepted_by_someone",
        ),
        Index(
            "ix_disbursement_report_due",
            "due_on",
            postgresql_where=text("state IN ('due', 'returned')"),
        ),
        Index("ix_disbursement_report_listing_id", "listing_id"),
        Index(
            "uq_disbursement_report_open",
            "disbursement_id",
            unique=True,
            postgresql_where=text("state IN ('due', 'submitted', 'returned')"),
        ),
        Index(
            "uq_disbursement_report_own_open",
            "listing_id",
            unique=True,
            postgresql_where=text("disbursement_id IS NULL AND state IN ('due', 'submitted', 'returned')"),
        ),
        Index(
            "uq_disbursement_report_own_round",
            "listing_id",
            "round",
            unique=True,
            postgresql_where=text("disbursement_id IS NULL"),
        ),
    )
    machine: ClassVar[Machine] = REPORT
    state_labels: ClassVar[dict[str, Any]] = words.REPORT_STATES

    disbursement_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("disbursement.id"))
    """The advance it accounts for; empty under direct custody: gifts that lie in the organisation's own bank."""
    listing_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing.id"))
    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    round: Mapped[int] = mapped_column(SmallInteger)
    due_on: Mapped[dt.date]
    """The last day on which it is on time."""
    state: Mapped[str] = mapped_column(server_default=text("'due'"), default=ReportState.due)
    summary: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """What was done with the money, for donors."""
    reasons: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"), default=dict)
    """Budget line -> why more was spent on it than it was given."""
    was_late: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    """It was once past its day: the next disbursement waits until it is accepted."""
    submitted_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    submitted_at: Mapped[dt.datetime | None]
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[dt.datetime | None]
    remark: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """What the checker asks for."""
    posting_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_posting.id"))


class DisbursementExpense(UuidKey, Created, Model):
    """One receipt: when, to whom, for what, how much, on which line of the budget, with its proof."""

    __tablename__ = "disbursement_expense"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        Index("ix_disbursement_expense_report_id", "report_id"),
        Index("ix_disbursement_expense_proof_id", "proof_id"),
        Index("ix_disbursement_expense_line_id", "line_id"),
    )

    report_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("disbursement_report.id"))
    line_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing_line.id"))
    spent_on: Mapped[dt.date]
    payee: Mapped[str]
    """The shop or person paid; not shown to the public."""
    what: Mapped[str]
    unit: Mapped[str] = mapped_column(ForeignKey("ledger_unit.code"))
    amount: Mapped[int]
    proof_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stored_file.id"))
    added_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    client_token: Mapped[uuid.UUID] = mapped_column(unique=True)
    """Comes with the form: a second tap on a slow line adds nothing."""
