"""Tables of money promised for later: instalments, an organisation's rule for its giving, invoices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision: str | None = "0019"


def upgrade() -> None:
    """The tables."""
    op.create_table(
        "pledge_instalment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pledge_line_id", sa.Uuid(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        _created(),
        sa.CheckConstraint(
            "quantity > 0 AND quantity < 9000000000000000", name=op.f("ck_pledge_instalment_quantity")
        ),
        sa.ForeignKeyConstraint(
            ["pledge_line_id"], ["pledge_line.id"], name=op.f("fk_pledge_instalment_pledge_line_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pledge_instalment")),
        sa.UniqueConstraint(
            "pledge_line_id", "due_on", name=op.f("uq_pledge_instalment_pledge_line_id_due_on")
        ),
    )
    op.create_index("ix_pledge_instalment_due_on", "pledge_instalment", ["due_on"], unique=False)
    op.create_table(
        "pledge_giving_rule",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("approval_above", sa.BigInteger(), nullable=True),
        sa.Column("unit", sa.Text(), server_default=sa.text("'IDR'"), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("approval_above >= 0", name=op.f("ck_pledge_giving_rule_approval_above")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_pledge_giving_rule_organisation_id")
        ),
        sa.ForeignKeyConstraint(["set_by"], ["person.id"], name=op.f("fk_pledge_giving_rule_set_by")),
        sa.ForeignKeyConstraint(["unit"], ["ledger_unit.code"], name=op.f("fk_pledge_giving_rule_unit")),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_pledge_giving_rule")),
    )
    op.create_table(
        "pledge_invoice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pledge_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("purchase_order", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("issued_by", sa.Uuid(), nullable=True),
        _created(),
        sa.CheckConstraint("number > 0", name=op.f("ck_pledge_invoice_number")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_pledge_invoice_amount")),
        sa.CheckConstraint("due_on >= issued_on", name=op.f("ck_pledge_invoice_days")),
        sa.CheckConstraint("length(purchase_order) <= 60", name=op.f("ck_pledge_invoice_purchase_order")),
        sa.ForeignKeyConstraint(["issued_by"], ["person.id"], name=op.f("fk_pledge_invoice_issued_by")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_pledge_invoice_payment_id")),
        sa.ForeignKeyConstraint(["pledge_id"], ["pledge.id"], name=op.f("fk_pledge_invoice_pledge_id")),
        sa.ForeignKeyConstraint(["unit"], ["ledger_unit.code"], name=op.f("fk_pledge_invoice_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pledge_invoice")),
        sa.UniqueConstraint("issuer", "year", "number", name=op.f("uq_pledge_invoice_issuer_year_number")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_pledge_invoice_payment_id")),
    )
    op.create_index("ix_pledge_invoice_pledge_id", "pledge_invoice", ["pledge_id"], unique=False)
    op.create_table(
        "pledge_invoice_counter",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "year", name=op.f("pk_pledge_invoice_counter")),
    )


def downgrade() -> None:
    """Everything of promised money."""
    for table in ("pledge_invoice_counter", "pledge_invoice", "pledge_giving_rule", "pledge_instalment"):
        op.drop_table(table)


def _created() -> sa.Column[object]:
    return sa.Column(
        "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
    )
