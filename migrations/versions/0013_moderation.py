"""Tables of moderation: reviews, decisions, reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from coevolve.kit import moves

revision = "0013"
down_revision: str | None = "0012"

REVIEW_EDGES = [
    ("(begin)", "open"),
    ("assigned", "decided"),
    ("assigned", "open"),
    ("open", "assigned"),
    ("open", "decided"),
]
REPORT_EDGES = [("(begin)", "new"), ("new", "dismissed"), ("new", "upheld")]
ABOUT = "about_kind IN ('listing','organisation')"


def upgrade() -> None:
    """Reviews of submissions, what was decided and why, and reports of what is public."""
    op.create_table(
        "review",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("about_kind", sa.Text(), nullable=False),
        sa.Column("about_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("assigned_to", sa.Uuid()),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        _created(),
        sa.PrimaryKeyConstraint("id", name="pk_review"),
        sa.ForeignKeyConstraint(["assigned_to"], ["person.id"], name="fk_review_assigned_to"),
        sa.CheckConstraint(ABOUT, name="ck_review_about_kind"),
        sa.CheckConstraint("state IN ('open','assigned','decided')", name="ck_review_state"),
        sa.CheckConstraint("state <> 'decided' OR decided_at IS NOT NULL", name="ck_review_decided"),
        sa.CheckConstraint("state <> 'assigned' OR assigned_to IS NOT NULL", name="ck_review_assigned"),
    )
    op.create_index(
        "uq_review_alive",
        "review",
        ["about_kind", "about_id"],
        unique=True,
        postgresql_where=sa.text("state <> 'decided'"),
    )
    op.create_index("ix_review_about", "review", ["about_kind", "about_id", "created_at"])
    op.create_table(
        "decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid()),
        sa.Column("about_kind", sa.Text(), nullable=False),
        sa.Column("about_id", sa.Uuid(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason_code", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("text", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("remarks", pg.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("by_person", sa.Uuid(), nullable=False),
        _created(),
        sa.PrimaryKeyConstraint("id", name="pk_decision"),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name="fk_decision_review_id"),
        sa.ForeignKeyConstraint(["by_person"], ["person.id"], name="fk_decision_by_person"),
        sa.CheckConstraint(ABOUT, name="ck_decision_about_kind"),
        sa.CheckConstraint(
            "verdict IN ('approve','return','reject','dismiss','freeze','unfreeze','close')",
            name="ck_decision_verdict",
        ),
        sa.CheckConstraint(
            "verdict = 'approve' OR text <> '' OR remarks <> '{}'::jsonb", name="ck_decision_reason"
        ),
    )
    op.create_index(
        "uq_decision_approval",
        "decision",
        ["review_id", "by_person"],
        unique=True,
        postgresql_where=sa.text("verdict = 'approve'"),
    )
    op.create_index("ix_decision_about", "decision", ["about_kind", "about_id", "created_at"])
    op.create_table(
        "report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("about_kind", sa.Text(), nullable=False),
        sa.Column("about_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'new'"), nullable=False),
        sa.Column("reporter_id", sa.Uuid()),
        sa.Column("decided_by", sa.Uuid()),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        _created(),
        sa.PrimaryKeyConstraint("id", name="pk_report"),
        sa.ForeignKeyConstraint(["reporter_id"], ["person.id"], name="fk_report_reporter_id"),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name="fk_report_decided_by"),
        sa.CheckConstraint(ABOUT, name="ck_report_about_kind"),
        sa.CheckConstraint("state IN ('new','dismissed','upheld')", name="ck_report_state"),
        sa.CheckConstraint(
            "state = 'new' OR (decided_at IS NOT NULL AND decided_by IS NOT NULL)", name="ck_report_decided"
        ),
        sa.CheckConstraint("length(text) <= 2000", name="ck_report_text"),
    )
    op.create_index(
        "ix_report_new",
        "report",
        ["about_kind", "about_id", "created_at"],
        postgresql_where=sa.text("state = 'new'"),
    )
    moves.sync_edges(op, "review", REVIEW_EDGES)
    moves.sync_edges(op, "report", REPORT_EDGES)


def downgrade() -> None:
    """Without moderation."""
    for table in ("report", "decision", "review"):
        op.drop_table(table)
    moves.drop_edges(op, "report")
    moves.drop_edges(op, "review")


def _created() -> sa.Column[object]:
    return sa.Column(
        "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
    )
