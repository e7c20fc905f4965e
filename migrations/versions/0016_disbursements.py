"""Tables of files handed in, of money out and of what became of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from coevolve.kit.moves import drop_edges, sync_edges

revision = "0016"
down_revision: str | None = "0015"

EDGES = {
    "disbursement": [
        ("(begin)", "draft"),
        ("approved", "cancelled"),
        ("approved", "rejected"),
        ("approved", "released"),
        ("draft", "cancelled"),
        ("draft", "proposed"),
        ("proposed", "approved"),
        ("proposed", "cancelled"),
        ("proposed", "rejected"),
        ("released", "cancelled"),
        ("released", "sending"),
        ("sending", "failed"),
        ("sending", "sent"),
        ("sending", "unknown"),
        ("sent", "failed"),
        ("sent", "settled"),
        ("sent", "unknown"),
        ("settled", "returned"),
        ("settled", "sent"),
        ("unknown", "failed"),
        ("unknown", "sent"),
    ],
    "disbursement_report": [
        ("(begin)", "due"),
        ("due", "submitted"),
        ("due", "withdrawn"),
        ("returned", "submitted"),
        ("returned", "withdrawn"),
        ("submitted", "accepted"),
        ("submitted", "returned"),
        ("submitted", "withdrawn"),
    ],
}


def upgrade() -> None:
    """The tables, and the moves of their machines."""
    _stored_file()
    _disbursement()
    _disbursement_line()
    _disbursement_report()
    _disbursement_expense()
    for machine, edges in EDGES.items():
        sync_edges(op, machine, edges)


def _stored_file() -> None:
    op.create_table(
        "stored_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("source_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("stored_by", sa.Uuid(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "media_type IN ('image/jpeg', 'application/pdf')", name=op.f("ck_stored_file_media_type_known")
        ),
        sa.CheckConstraint("size > 0", name=op.f("ck_stored_file_size_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_file")),
    )
    op.create_index("ix_stored_file_sha256", "stored_file", ["sha256"], unique=False)
    op.create_index("ix_stored_file_source_sha256", "stored_file", ["source_sha256"], unique=False)


def _disbursement() -> None:
    op.create_table(
        "disbursement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("account_version_id", sa.Uuid(), nullable=False),
        sa.Column("from_account_id", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'draft'"), nullable=False),
        sa.Column("client_token", sa.Uuid(), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_approved_by_platform", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("released_by", sa.Uuid(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_by", sa.Uuid(), nullable=True),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_line", sa.BigInteger(), nullable=True),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_because", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("round", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("hold_id", sa.BigInteger(), nullable=True),
        sa.Column("posting_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint("state = 'draft' OR hold_id IS NOT NULL", name=op.f("ck_disbursement_held")),
        sa.CheckConstraint(
            "state IN ('draft', 'proposed', 'approved', 'rejected', 'cancelled') OR released_by IS NOT NULL",
            name=op.f("ck_disbursement_released"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'proposed', 'rejected', 'cancelled') OR approved_by IS NOT NULL",
            name=op.f("ck_disbursement_approved"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('settled', 'returned') OR (posting_id IS NOT NULL AND settled_line IS NOT NULL)",
            name=op.f("ck_disbursement_settled_by_line"),
        ),
        sa.CheckConstraint(
            "unit <> 'IDR' OR mod(amount, 100) = 0", name=op.f("ck_disbursement_whole_rupiah")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_disbursement_amount_positive")),
        sa.CheckConstraint("approved_by <> released_by", name=op.f("ck_disbursement_approver_not_releaser")),
        sa.CheckConstraint("proposed_by <> approved_by", name=op.f("ck_disbursement_proposer_not_approver")),
        sa.CheckConstraint("proposed_by <> released_by", name=op.f("ck_disbursement_proposer_not_releaser")),
        sa.ForeignKeyConstraint(
            ["account_version_id"],
            ["payment_bank_account_version.id"],
            name=op.f("fk_disbursement_account_version_id"),
        ),
        sa.ForeignKeyConstraint(["approved_by"], ["person.id"], name=op.f("fk_disbursement_approved_by")),
        sa.ForeignKeyConstraint(
            ["from_account_id"], ["payment_bank_account.id"], name=op.f("fk_disbursement_from_account_id")
        ),
        sa.ForeignKeyConstraint(["hold_id"], ["ledger_transfer.id"], name=op.f("fk_disbursement_hold_id")),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], name=op.f("fk_disbursement_listing_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_disbursement_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["posting_id"], ["ledger_posting.id"], name=op.f("fk_disbursement_posting_id")
        ),
        sa.ForeignKeyConstraint(["proposed_by"], ["person.id"], name=op.f("fk_disbursement_proposed_by")),
        sa.ForeignKeyConstraint(["released_by"], ["person.id"], name=op.f("fk_disbursement_released_by")),
        sa.ForeignKeyConstraint(["sent_by"], ["person.id"], name=op.f("fk_disbursement_sent_by")),
        sa.ForeignKeyConstraint(["unit"], ["ledger_unit.code"], name=op.f("fk_disbursement_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disbursement")),
        sa.UniqueConstraint("client_token", name=op.f("uq_disbursement_client_token")),
        sa.UniqueConstraint("reference", name=op.f("uq_disbursement_reference")),
    )
    op.create_index("ix_disbursement_listing_id", "disbursement", ["listing_id", "created_at"], unique=False)
    op.create_index(
        "ix_disbursement_open",
        "disbursement",
        ["state", "created_at"],
        unique=False,
        postgresql_where=sa.text(
            "state IN ('proposed', 'approved', 'released', 'sending', 'sent', 'unknown')"
        ),
    )
    op.create_index(
        "ix_disbursement_organisation_id", "disbursement", ["organisation_id", "created_at"], unique=False
    )


def _disbursement_line() -> None:
    op.create_table(
        "disbursement_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("disbursement_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_disbursement_line_amount_positive")),
        sa.ForeignKeyConstraint(
            ["disbursement_id"], ["disbursement.id"], name=op.f("fk_disbursement_line_disbursement_id")
        ),
        sa.ForeignKeyConstraint(["line_id"], ["listing_line.id"], name=op.f("fk_disbursement_line_line_id")),
        sa.ForeignKeyConstraint(["unit"], ["ledger_unit.code"], name=op.f("fk_disbursement_line_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disbursement_line")),
        sa.UniqueConstraint(
            "disbursement_id", "line_id", name=op.f("uq_disbursement_line_disbursement_id_line_id")
        ),
    )
    op.create_index("ix_disbursement_line_line_id", "disbursement_line", ["line_id"], unique=False)


def _disbursement_report() -> None:
    op.create_table(
        "disbursement_report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("disbursement_id", sa.Uuid(), nullable=True),
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.SmallInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'due'"), nullable=False),
        sa.Column("summary", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column(
            "reasons",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("was_late", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("submitted_by", sa.Uuid(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remark", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("posting_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "state <> 'accepted' OR (submitted_by IS NOT NULL AND decided_by IS NOT NULL AND posting_id IS NOT NULL)",
            name=op.f("ck_disbursement_report_accepted_by_someone"),
        ),
        sa.CheckConstraint("submitted_by <> decided_by", name=op.f("ck_disbursement_report_two_people")),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["person.id"], name=op.f("fk_disbursement_report_decided_by")
        ),
        sa.ForeignKeyConstraint(
            ["disbursement_id"], ["disbursement.id"], name=op.f("fk_disbursement_report_disbursement_id")
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listing.id"], name=op.f("fk_disbursement_report_listing_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_disbursement_report_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["posting_id"], ["ledger_posting.id"], name=op.f("fk_disbursement_report_posting_id")
        ),
        sa.ForeignKeyConstraint(
            ["submitted_by"], ["person.id"], name=op.f("fk_disbursement_report_submitted_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disbursement_report")),
        sa.UniqueConstraint(
            "disbursement_id", "round", name=op.f("uq_disbursement_report_disbursement_id_round")
        ),
    )
    op.create_index(
        "ix_disbursement_report_due",
        "disbursement_report",
        ["due_on"],
        unique=False,
        postgresql_where=sa.text("state IN ('due', 'returned')"),
    )
    op.create_index("ix_disbursement_report_listing_id", "disbursement_report", ["listing_id"], unique=False)
    op.create_index(
        "uq_disbursement_report_open",
        "disbursement_report",
        ["disbursement_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('due', 'submitted', 'returned')"),
    )
    op.create_index(
        "uq_disbursement_report_own_open",
        "disbursement_report",
        ["listing_id"],
        unique=True,
        postgresql_where=sa.text("disbursement_id IS NULL AND state IN ('due', 'submitted', 'returned')"),
    )
    op.create_index(
        "uq_disbursement_report_own_round",
        "disbursement_report",
        ["listing_id", "round"],
        unique=True,
        postgresql_where=sa.text("disbursement_id IS NULL"),
    )


def _disbursement_expense() -> None:
    op.create_table(
        "disbursement_expense",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("spent_on", sa.Date(), nullable=False),
        sa.Column("payee", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("proof_id", sa.Uuid(), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=False),
        sa.Column("client_token", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_disbursement_expense_amount_positive")),
        sa.ForeignKeyConstraint(["added_by"], ["person.id"], name=op.f("fk_disbursement_expense_added_by")),
        sa.ForeignKeyConstraint(
            ["line_id"], ["listing_line.id"], name=op.f("fk_disbursement_expense_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["proof_id"], ["stored_file.id"], name=op.f("fk_disbursement_expense_proof_id")
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["disbursement_report.id"], name=op.f("fk_disbursement_expense_report_id")
        ),
        sa.ForeignKeyConstraint(["unit"], ["ledger_unit.code"], name=op.f("fk_disbursement_expense_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disbursement_expense")),
        sa.UniqueConstraint("client_token", name=op.f("uq_disbursement_expense_client_token")),
    )
    op.create_index("ix_disbursement_expense_line_id", "disbursement_expense", ["line_id"], unique=False)
    op.create_index("ix_disbursement_expense_proof_id", "disbursement_expense", ["proof_id"], unique=False)
    op.create_index("ix_disbursement_expense_report_id", "disbursement_expense", ["report_id"], unique=False)


def downgrade() -> None:
    """Nothing of it is left (the files themselves stay on disk)."""
    for machine in EDGES:
        drop_edges(op, machine)
    op.drop_table("disbursement_expense")
    op.drop_table("disbursement_report")
    op.drop_table("disbursement_line")
    op.drop_table("disbursement")
    op.drop_table("stored_file")
