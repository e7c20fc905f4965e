"""Tables of journal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision: str | None = "0003"

GUARD = """
CREATE FUNCTION journal_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the journal is append-only' USING ERRCODE = 'restrict_violation';
END $$
"""


def upgrade() -> None:
    """The journal and the reactions due."""
    op.create_table(
        "journal_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("about_kind", sa.Text(), nullable=False),
        sa.Column("about_id", sa.Uuid(), nullable=False),
        sa.Column("by_person", sa.Uuid(), nullable=True),
        sa.Column("for_organisation", sa.Uuid(), nullable=True),
        sa.Column(
            "at",
            sa.DateTime(timezone=True),
            server_default=sa.func.clock_timestamp(),
            nullable=False,
        ),
        sa.Column(
            "data",
            postgresql.JSONB(),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("visibility", sa.Text(), server_default=sa.text("'parties'"), nullable=False),
        sa.CheckConstraint(
            "visibility IN ('public', 'parties', 'staff')",
            name=op.f("ck_journal_line_visibility"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_line")),
    )
    op.create_index(
        op.f("ix_journal_line_about_kind_about_id_id"),
        "journal_line",
        ["about_kind", "about_id", "id"],
    )
    op.create_index(
        op.f("ix_journal_line_for_organisation_id"),
        "journal_line",
        ["for_organisation", "id"],
        postgresql_where=sa.text("for_organisation IS NOT NULL"),
    )
    op.create_table(
        "journal_due",
        sa.Column("journal_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "next_at",
            sa.DateTime(timezone=True),
            server_default=sa.func.clock_timestamp(),
            nullable=False,
        ),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["journal_id"], ["journal_line.id"], name=op.f("fk_journal_due_journal_id")),
        sa.PrimaryKeyConstraint("journal_id", name=op.f("pk_journal_due")),
    )
    op.create_index(op.f("ix_journal_due_next_at"), "journal_due", ["next_at"])
    op.execute(GUARD)
    op.execute(
        "CREATE TRIGGER journal_line_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_line "
        "FOR EACH STATEMENT EXECUTE FUNCTION journal_refuse_change()"
    )
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON journal_line FROM coevolve_app")


def downgrade() -> None:
    """Without the journal."""
    op.drop_table("journal_due")
    op.drop_table("journal_line")
    op.execute("DROP FUNCTION journal_refuse_change()")
