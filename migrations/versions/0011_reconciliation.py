"""Tables of reconciliation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from coevolve.kit.moves import drop_edges, sync_edges

revision = "0011"
down_revision: str | None = "0010"

EDGES = {
    "case": [
        ("(begin)", "open"),
        ("assigned", "open"),
        ("assigned", "proposed"),
        ("assigned", "resolved"),
        ("open", "assigned"),
        ("open", "proposed"),
        ("open", "resolved"),
        ("proposed", "assigned"),
        ("proposed", "resolved"),
        ("proposed", "written_off"),
        ("resolved", "open"),
        ("written_off", "open"),
    ],
}


def upgrade() -> None:
    """The tables, their rules, and the moves of their machines."""
    _recon_line()
    _recon_allocation()
    _recon_case()
    _recon_case_note()
    _recon_sender()
    _recon_comparison()
    op.execute(_KNOW_LINES)
    for machine, edges in EDGES.items():
        sync_edges(op, machine, edges)


def _recon_line() -> None:
    op.create_table(
        "recon_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bank_account_id", sa.Uuid(), nullable=False),
        sa.Column("statement_id", sa.Uuid(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("entered_by", sa.Uuid(), nullable=True),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("running_balance", sa.BigInteger(), nullable=True),
        sa.Column("bank_ref", sa.Text(), nullable=True),
        sa.Column("text_raw", sa.Text(), nullable=False),
        sa.Column("text_norm", sa.Text(), nullable=False),
        sa.Column("payer_norm", sa.Text(), nullable=True),
        sa.Column("ref", sa.Text(), nullable=True),
        sa.Column("refs", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("line_key", sa.Text(), nullable=False),
        sa.Column("allocated", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'unmatched'"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("ref_by", sa.Uuid(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "state IN ('unmatched', 'proposed', 'matched', 'partly', 'review', 'ignored')",
            name=op.f("ck_recon_line_state_known"),
        ),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_recon_line_amount_not_zero")),
        sa.CheckConstraint(
            "sign(allocated) IN (0, sign(amount)) AND abs(allocated) <= abs(amount)",
            name=op.f("ck_recon_line_allocated_within"),
        ),
        sa.CheckConstraint(
            "statement_id IS NOT NULL OR entered_by IS NOT NULL", name=op.f("ck_recon_line_origin_known")
        ),
        sa.CheckConstraint(
            "seq IS NULL OR (statement_id IS NOT NULL AND running_balance IS NOT NULL)",
            name=op.f("ck_recon_line_chained_from_file"),
        ),
        sa.ForeignKeyConstraint(
            ["bank_account_id"], ["payment_bank_account.id"], name=op.f("fk_recon_line_bank_account_id")
        ),
        sa.ForeignKeyConstraint(["unit"], ["ledger_unit.code"], name=op.f("fk_recon_line_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recon_line")),
        sa.UniqueConstraint(
            "bank_account_id", "line_key", name=op.f("uq_recon_line_bank_account_id_line_key")
        ),
    )
    op.create_index("ix_recon_line_day", "recon_line", ["booked_on", "id"], unique=False)
    op.create_index(
        "ix_recon_line_statement_id",
        "recon_line",
        ["statement_id"],
        unique=False,
        postgresql_where=sa.text("statement_id IS NOT NULL"),
    )
    op.create_index(
        "uq_recon_line_seq",
        "recon_line",
        ["bank_account_id", "seq"],
        unique=True,
        postgresql_where=sa.text("seq IS NOT NULL"),
    )
    op.create_index(
        "ix_recon_line_waiting",
        "recon_line",
        ["bank_account_id", "booked_on"],
        unique=False,
        postgresql_where=sa.text("state IN ('proposed', 'review')"),
    )
    op.create_index(
        "ix_recon_line_payer",
        "recon_line",
        ["payer_norm"],
        unique=False,
        postgresql_where=sa.text("state = 'review'"),
    )
    op.create_index(
        "ix_recon_line_ref",
        "recon_line",
        ["ref"],
        unique=False,
        postgresql_where=sa.text("state = 'unmatched'"),
    )
    op.create_index(
        "ix_recon_line_sum",
        "recon_line",
        ["bank_account_id", "unit", "amount", "booked_on"],
        unique=False,
        postgresql_where=sa.text("state = 'unmatched'"),
    )


def _recon_allocation() -> None:
    op.create_table(
        "recon_allocation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=False),
        sa.Column("target_kind", sa.Text(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("is_sure", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("posting_id", sa.BigInteger(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "target_kind IN ('payment', 'payout', 'refund', 'disbursement', 'fee', 'line', 'unidentified')",
            name=op.f("ck_recon_allocation_target_known"),
        ),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_recon_allocation_amount_not_zero")),
        sa.CheckConstraint("approved_by <> proposed_by", name=op.f("ck_recon_allocation_two_hands")),
        sa.ForeignKeyConstraint(["line_id"], ["recon_line.id"], name=op.f("fk_recon_allocation_line_id")),
        sa.ForeignKeyConstraint(
            ["posting_id"], ["ledger_posting.id"], name=op.f("fk_recon_allocation_posting_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recon_allocation")),
    )
    op.create_index("ix_recon_allocation_line_id", "recon_allocation", ["line_id"], unique=False)
    op.create_index(
        "ix_recon_allocation_due",
        "recon_allocation",
        ["line_id"],
        unique=False,
        postgresql_where=sa.text("is_sure AND posting_id IS NULL AND undone_at IS NULL"),
    )
    op.create_index(
        "uq_recon_allocation_live",
        "recon_allocation",
        ["target_id", "target_kind", "line_id"],
        unique=True,
        postgresql_where=sa.text("undone_at IS NULL"),
    )


def _recon_case() -> None:
    op.create_table(
        "recon_case",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column(
            "data",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("write_off_by", sa.Uuid(), nullable=True),
        sa.Column("write_off_posting_id", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint("(unit IS NULL) = (amount IS NULL)", name=op.f("ck_recon_case_amount_with_unit")),
        sa.CheckConstraint(
            "state <> 'written_off' OR write_off_by IS NOT NULL",
            name=op.f("ck_recon_case_write_off_proposed"),
        ),
        sa.ForeignKeyConstraint(["write_off_by"], ["person.id"], name=op.f("fk_recon_case_write_off_by")),
        sa.ForeignKeyConstraint(
            ["write_off_posting_id"],
            ["ledger_posting.id"],
            name=op.f("fk_recon_case_write_off_posting_id"),
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name=op.f("fk_recon_case_owner_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_recon_case_payment_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_recon_case_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recon_case")),
    )
    op.create_index(
        "ix_recon_case_payment_id",
        "recon_case",
        ["payment_id"],
        unique=False,
        postgresql_where=sa.text("payment_id IS NOT NULL"),
    )
    op.create_index(
        "ix_recon_case_organisation_id",
        "recon_case",
        ["organisation_id"],
        unique=False,
        postgresql_where=sa.text("organisation_id IS NOT NULL"),
    )
    op.create_index("ix_recon_case_subject", "recon_case", ["subject_kind", "subject_id"], unique=False)
    op.create_index(
        "uq_recon_case_open",
        "recon_case",
        ["kind", "subject_kind", "subject_id"],
        unique=True,
        postgresql_where=sa.text("state NOT IN ('resolved', 'written_off')"),
    )


def _recon_case_note() -> None:
    op.create_table(
        "recon_case_note",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("by", sa.Uuid(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["person.id"], name=op.f("fk_recon_case_note_by")),
        sa.ForeignKeyConstraint(["case_id"], ["recon_case.id"], name=op.f("fk_recon_case_note_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recon_case_note")),
    )
    op.create_index("ix_recon_case_note_case_id", "recon_case_note", ["case_id", "id"], unique=False)


def _recon_sender() -> None:
    op.create_table(
        "recon_sender",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name_norm", sa.Text(), nullable=False),
        sa.Column("giver_kind", sa.Text(), nullable=False),
        sa.Column("giver_id", sa.Uuid(), nullable=False),
        sa.Column("times", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "giver_kind IN ('person', 'organisation')", name=op.f("ck_recon_sender_giver_known")
        ),
        sa.CheckConstraint("times > 0", name=op.f("ck_recon_sender_times_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recon_sender")),
        sa.UniqueConstraint(
            "name_norm",
            "giver_kind",
            "giver_id",
            name=op.f("uq_recon_sender_name_norm_giver_kind_giver_id"),
        ),
    )
    op.create_index("ix_recon_sender_giver_id", "recon_sender", ["giver_id"], unique=False)


def _recon_comparison() -> None:
    op.create_table(
        "recon_comparison",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("theirs", sa.BigInteger(), nullable=False),
        sa.Column("ours", sa.BigInteger(), nullable=False),
        sa.Column("explained", sa.BigInteger(), nullable=False),
        sa.Column(
            "items",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("transactions", sa.BigInteger(), nullable=False),
        sa.Column("cases", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["unit"], ["ledger_unit.code"], name=op.f("fk_recon_comparison_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recon_comparison")),
    )
    op.create_index("ix_recon_comparison_at", "recon_comparison", ["at"], unique=False)


_KNOW_LINES = """
CREATE FUNCTION recon_know_lines() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  ANALYZE recon_line;
  ANALYZE recon_allocation;
EXCEPTION WHEN lock_not_available THEN NULL;
END $$
"""
"""Only an owner may tell the planner about its tables; a file of thousands of lines cannot wait for autovacuum."""


def downgrade() -> None:
    """Nothing of it is left."""
    op.execute("DROP FUNCTION recon_know_lines()")
    for machine in EDGES:
        drop_edges(op, machine)
    op.drop_table("recon_comparison")
    op.drop_table("recon_sender")
    op.drop_table("recon_case_note")
    op.drop_table("recon_case")
    op.drop_table("recon_allocation")
    op.drop_table("recon_line")
