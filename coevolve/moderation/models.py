"""Tables of moderation."""

from __future__ import annotations

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit.db import Created, Model, UuidKey
from coevolve.kit.i18n import lazy
from coevolve.kit.moves import Machine


class About(StrEnum):
    """What moderators look at."""

    listing = "listing"
    organisation = "organisation"


class ReviewState(StrEnum):
    """Where a review stands."""

    open = "open"
    assigned = "assigned"
    decided = "decided"


class Verdict(StrEnum):
    """What a moderator decides."""

    approve = "approve"
    return_ = "return"
    reject = "reject"
    dismiss = "dismiss"
    freeze = "freeze"
    unfreeze = "unfreeze"
    close = "close"


class ReportState(StrEnum):
    """Where a report stands."""

    new = "new"
    dismissed = "dismissed"
    upheld = "upheld"


REVIEW = Machine(
    "review",
    {
        ReviewState.open: {ReviewState.assigned, ReviewState.decided},
        ReviewState.assigned: {ReviewState.open, ReviewState.decided},
    },
    initial={ReviewState.open},
)
"""Moderators assign themselves, give back, and decide."""

REPORT = Machine(
    "report", {ReportState.new: {ReportState.dismissed, ReportState.upheld}}, initial={ReportState.new}
)
"""A moderator dismisses a report, or upholds it by freezing what it is about."""


class Review(UuidKey, Created, Model):
    """One round of looking at one submission; a returned thing that comes again gets a new one."""

    __tablename__ = "review"
    __table_args__ = (
        CheckConstraint("about_kind IN ('listing','organisation')", name="about_kind"),
        CheckConstraint("state IN ('open','assigned','decided')", name="state"),
        CheckConstraint("state <> 'decided' OR decided_at IS NOT NULL", name="decided"),
        CheckConstraint("state <> 'assigned' OR assigned_to IS NOT NULL", name="assigned"),
        Index(
            "uq_review_alive",
            "about_kind",
            "about_id",
            unique=True,
            postgresql_where=sql("state <> 'decided'"),
        ),
        Index("ix_review_about", "about_kind", "about_id", "created_at"),
    )
    machine: ClassVar[Machine] = REVIEW
    state_labels: ClassVar[dict[str, Any]] = {
        ReviewState.open: lazy("Menunggu"),
        ReviewState.assigned: lazy("Dipegang"),
        ReviewState.decided: lazy("Diputuskan"),
    }

    about_kind: Mapped[str]
    about_id: Mapped[uuid.UUID]
    state: Mapped[str] = mapped_column(server_default=sql("'open'"), default=ReviewState.open)
    assigned_to: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    """The moderator who is looking at it."""
    decided_at: Mapped[dt.datetime | None]


class Decision(UuidKey, Created, Model):
    """What one moderator decided, with the reason as the author reads it. Never changed."""

    __tablename__ = "decision"
    __table_args__ = (
        CheckConstraint("about_kind IN ('listing','organisation')", name="about_kind"),
        CheckConstraint(
            "verdict IN ('approve','return','reject','dismiss','freeze','unfreeze','close')", name="verdict"
        ),
        CheckConstraint("verdict = 'approve' OR text <> '' OR remarks <> '{}'::jsonb", name="reason"),
        Index(
            "uq_decision_approval",
            "review_id",
            "by_person",
            unique=True,
            postgresql_where=sql("verdict = 'approve'"),
        ),
        Index("ix_decision_about", "about_kind", "about_id", "created_at"),
    )

    review_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("review.id"))
    """Empty for decisions about something public (reports, freezes)."""
    about_kind: Mapped[str]
    about_id: Mapped[uuid.UUID]
    verdict: Mapped[str]
    reason_code: Mapped[str] = mapped_column(server_default=sql("''"), default="")
    """Which template the reason began from (policy.REASONS)."""
    text: Mapped[str] = mapped_column(server_default=sql("''"), default="")
    remarks: Mapped[dict[str, Any]] = mapped_column(server_default=sql("'{}'::jsonb"), default=dict)
    """Field -> what to mend."""
    by_person: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))


class Report(UuidKey, Created, Model):
    """Somebody says that a listing is not right."""

    __tablename__ = "report"
    __table_args__ = (
        CheckConstraint("about_kind IN ('listing','organisation')", name="about_kind"),
        CheckConstraint("state IN ('new','dismissed','upheld')", name="state"),
        CheckConstraint(
            "state = 'new' OR (decided_at IS NOT NULL AND decided_by IS NOT NULL)", name="decided"
        ),
        CheckConstraint("length(text) <= 2000", name="text"),
        Index("ix_report_new", "about_kind", "about_id", "created_at", postgresql_where=sql("state = 'new'")),
    )
    machine: ClassVar[Machine] = REPORT
    state_labels: ClassVar[dict[str, Any]] = {
        ReportState.new: lazy("Menunggu"),
        ReportState.dismissed: lazy("Tidak terbukti"),
        ReportState.upheld: lazy("Terbukti"),
    }

    about_kind: Mapped[str]
    about_id: Mapped[uuid.UUID]
    reason: Mapped[str]
    """One of policy.REPORT_REASONS."""
    text: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=sql("'new'"), default=ReportState.new)
    reporter_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    """Empty when reported without an account."""
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[dt.datetime | None]
