"""Tables of bank statements as files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from coevolve.kit.moves import drop_edges, sync_edges

revision = "0017"
down_revision: str | None = "0016"

EDGES = {
    "statement": [
        ("(begin)", "uploaded"),
        ("accepted", "undone"),
        ("parsed", "accepted"),
        ("parsed", "refused"),
        ("uploaded", "parsed"),
        ("uploaded", "refused"),
    ],
}
NOW = sa.text("clock_timestamp()")

# Nobody can have lines yet: this table is as old as theirs.
LINES_NAME_THEIR_STATEMENT = """
-- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
ALTER TABLE recon_line ADD CONSTRAINT fk_recon_line_statement_id
  FOREIGN KEY (statement_id) REFERENCES recon_statement (id)
"""


def upgrade() -> None:
    """Profiles of accounts, statements, their files; lines point at their statement."""
    _recon_bank_profile()
    _recon_statement()
    op.create_table(
        "recon_statement_file",
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["recon_statement.id"], name=op.f("fk_recon_statement_file_statement_id")
        ),
        sa.PrimaryKeyConstraint("statement_id", name=op.f("pk_recon_statement_file")),
    )
    op.execute(LINES_NAME_THEIR_STATEMENT)
    for machine, edges in EDGES.items():
        sync_edges(op, machine, edges)


def _recon_bank_profile() -> None:
    op.create_table(
        "recon_bank_profile",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bank_account_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("spec", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("chosen_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["bank_account_id"],
            ["payment_bank_account.id"],
            name=op.f("fk_recon_bank_profile_bank_account_id"),
        ),
        sa.ForeignKeyConstraint(["chosen_by"], ["person.id"], name=op.f("fk_recon_bank_profile_chosen_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recon_bank_profile")),
    )
    op.create_index("ix_recon_bank_profile_account", "recon_bank_profile", ["bank_account_id", "id"])


def _recon_statement() -> None:
    counts = (
        "rows_done",
        "rows_total",
        "came",
        "went",
        "came_count",
        "went_count",
        "new_count",
        "claimed_count",
        "known_count",
        "pending_count",
    )
    op.create_table(
        "recon_statement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bank_account_id", sa.Uuid(), nullable=False),
        sa.Column("profile_id", sa.Uuid(), nullable=True),
        sa.Column("uploaded_by", sa.Uuid(), nullable=True),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("typed", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=True),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("opening", sa.BigInteger(), nullable=True),
        sa.Column("closing", sa.BigInteger(), nullable=True),
        *(sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False) for name in counts),
        sa.Column("reasons", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("notes", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state <> 'accepted' OR (opening IS NOT NULL AND closing = opening + came - went)",
            name=op.f("ck_recon_statement_adds_up"),
        ),
        sa.ForeignKeyConstraint(
            ["bank_account_id"], ["payment_bank_account.id"], name=op.f("fk_recon_statement_bank_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["recon_bank_profile.id"], name=op.f("fk_recon_statement_profile_id")
        ),
        sa.ForeignKeyConstraint(["uploaded_by"], ["person.id"], name=op.f("fk_recon_statement_uploaded_by")),
        sa.ForeignKeyConstraint(["unit"], ["ledger_unit.code"], name=op.f("fk_recon_statement_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recon_statement")),
    )
    op.create_index("ix_recon_statement_account", "recon_statement", ["bank_account_id", "id"])
    op.create_index(
        "ix_recon_statement_waiting",
        "recon_statement",
        ["next_at"],
        postgresql_where=sa.text("state IN ('uploaded', 'parsed')"),
    )
    op.create_index(
        "uq_recon_statement_file",
        "recon_statement",
        ["bank_account_id", "sha256"],
        unique=True,
        postgresql_where=sa.text("state NOT IN ('refused', 'undone')"),
    )


def downgrade() -> None:
    """Lines keep no statement; nothing of it is left."""
    for machine in EDGES:
        drop_edges(op, machine)
    op.drop_constraint(op.f("fk_recon_line_statement_id"), "recon_line", type_="foreignkey")
    op.drop_table("recon_statement_file")
    op.drop_table("recon_statement")
    op.drop_table("recon_bank_profile")
