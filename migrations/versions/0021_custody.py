"""Tables of direct custody: who asked that gifts go to an organisation's own bank, and who agreed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from coevolve.kit.moves import drop_edges, sync_edges

revision = "0021"
down_revision: str | None = "0020"

EDGES = {
    "custody_change": [
        ("(begin)", "asked"),
        ("asked", "agreed"),
        ("asked", "declined"),
        ("asked", "withdrawn"),
    ],
}


def upgrade() -> None:
    """The table and its moves."""
    op.create_table(
        "payment_custody_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("to", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=True),
        sa.Column("bank_account_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remark", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "\"to\" IN ('platform', 'direct')", name=op.f("ck_payment_custody_change_to_known")
        ),
        sa.CheckConstraint("asked_by <> decided_by", name=op.f("ck_payment_custody_change_two_people")),
        sa.CheckConstraint(
            "state IN ('asked', 'withdrawn') OR decided_by IS NOT NULL",
            name=op.f("ck_payment_custody_change_decided_by_someone"),
        ),
        sa.CheckConstraint(
            "(\"to\" = 'direct') = (version_id IS NOT NULL)",
            name=op.f("ck_payment_custody_change_direct_has_account"),
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_payment_custody_change_asked_by")),
        sa.ForeignKeyConstraint(
            ["bank_account_id"],
            ["payment_bank_account.id"],
            name=op.f("fk_payment_custody_change_bank_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["person.id"], name=op.f("fk_payment_custody_change_decided_by")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_payment_custody_change_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["payment_bank_account_version.id"],
            name=op.f("fk_payment_custody_change_version_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_custody_change")),
    )
    op.create_index(
        "ix_payment_custody_change_organisation_id",
        "payment_custody_change",
        ["organisation_id", "id"],
        unique=False,
    )
    op.create_index(
        "uq_payment_custody_change_asked",
        "payment_custody_change",
        ["organisation_id"],
        unique=True,
        postgresql_where=sa.text("state = 'asked'"),
    )
    for machine, edges in EDGES.items():
        sync_edges(op, machine, edges)


def downgrade() -> None:
    """Nothing of it is left."""
    for machine in EDGES:
        drop_edges(op, machine)
    op.drop_table("payment_custody_change")
