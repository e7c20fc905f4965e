"""Tables of refunds and disputes: rounds for whole listings, accounts money goes back to, lists finance pays from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from coevolve.kit.moves import drop_edges, sync_edges

revision = "0019"
down_revision: str | None = "0018"

EDGES = {
    "refund": [
        ("(begin)", "pending"),
        ("(begin)", "requested"),
        ("approved", "canceled"),
        ("approved", "sending"),
        ("pending", "canceled"),
        ("pending", "failed"),
        ("pending", "requires_action"),
        ("pending", "succeeded"),
        ("requested", "approved"),
        ("requested", "canceled"),
        ("requires_action", "canceled"),
        ("requires_action", "failed"),
        ("requires_action", "pending"),
        ("requires_action", "succeeded"),
        ("sending", "approved"),
        ("sending", "canceled"),
        ("sending", "failed"),
        ("sending", "pending"),
        ("sending", "requires_action"),
        ("sending", "succeeded"),
        ("succeeded", "failed"),
        ("succeeded", "pending"),
    ],
    "dispute": [
        ("(begin)", "lost"),
        ("(begin)", "needs_response"),
        ("(begin)", "prevented"),
        ("(begin)", "under_review"),
        ("(begin)", "warning_closed"),
        ("(begin)", "warning_needs_response"),
        ("(begin)", "warning_under_review"),
        ("(begin)", "won"),
        ("lost", "won"),
        ("needs_response", "lost"),
        ("needs_response", "prevented"),
        ("needs_response", "under_review"),
        ("needs_response", "won"),
        ("under_review", "lost"),
        ("under_review", "prevented"),
        ("under_review", "won"),
        ("warning_closed", "lost"),
        ("warning_closed", "needs_response"),
        ("warning_closed", "under_review"),
        ("warning_closed", "won"),
        ("warning_needs_response", "lost"),
        ("warning_needs_response", "needs_response"),
        ("warning_needs_response", "prevented"),
        ("warning_needs_response", "under_review"),
        ("warning_needs_response", "warning_closed"),
        ("warning_needs_response", "warning_under_review"),
        ("warning_needs_response", "won"),
        ("warning_under_review", "lost"),
        ("warning_under_review", "needs_response"),
        ("warning_under_review", "prevented"),
        ("warning_under_review", "under_review"),
        ("warning_under_review", "warning_closed"),
        ("warning_under_review", "won"),
        ("won", "lost"),
    ],
    "refund_round": [
        ("(begin)", "asked"),
        ("approved", "done"),
        ("asked", "approved"),
        ("asked", "cancelled"),
        ("done", "approved"),
    ],
}


def upgrade() -> None:
    """The tables, the refunds' links to them, and the moves of a round."""
    op.create_table(
        "payment_refund_round",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("about_kind", sa.Text(), nullable=False),
        sa.Column("about_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        _created(),
        sa.CheckConstraint("approved_by <> asked_by", name=op.f("ck_payment_refund_round_two_persons")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_refund_round")),
    )
    op.create_index(
        "uq_payment_refund_round_about",
        "payment_refund_round",
        ["about_kind", "about_id"],
        unique=True,
        postgresql_where=sa.text("state <> 'cancelled'"),
    )
    op.create_table(
        "payment_refund_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_kind", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("bank_name", sa.Text(), nullable=False),
        sa.Column("account_number", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("stated_by", sa.Uuid(), nullable=True),
        sa.Column("checked_by", sa.Uuid(), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused_because", sa.Text(), nullable=True),
        _created(),
        sa.CheckConstraint(
            "account_number ~ '^[0-9]{5,24}$'", name=op.f("ck_payment_refund_account_number_digits")
        ),
        sa.CheckConstraint(
            "owner_kind IN ('person', 'organisation', 'pledge')",
            name=op.f("ck_payment_refund_account_owner_known"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(verified_at, refused_at) <= 1 AND (checked_by IS NULL) ="
            " (num_nonnulls(verified_at, refused_at) = 0)",
            name=op.f("ck_payment_refund_account_checked_once"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_refund_account")),
        sa.UniqueConstraint(
            "owner_kind",
            "owner_id",
            "version",
            name=op.f("uq_payment_refund_account_owner_kind_owner_id_version"),
        ),
    )
    op.create_table(
        "payment_refund_list",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        _created(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_refund_list")),
        sa.UniqueConstraint("number", name=op.f("uq_payment_refund_list_number")),
    )
    _payment_refund()
    _payment_dispute()
    for machine, edges in EDGES.items():
        sync_edges(op, machine, edges)


def _created() -> sa.Column[object]:
    return sa.Column(
        "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
    )


def _payment_refund() -> None:
    op.create_table(
        "payment_refund",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("public_ref", sa.Text(), nullable=True),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("provider_ref", sa.Text(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), server_default=sa.text("'provider'"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("client_token", sa.Uuid(), nullable=True),
        sa.Column("requested_by", sa.Uuid(), nullable=True),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_because", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fund_posting_id", sa.BigInteger(), nullable=True),
        sa.Column("done_posting_id", sa.BigInteger(), nullable=True),
        sa.Column("gift", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("pledge_back", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("list_id", sa.Uuid(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payment_refund_amount_positive")),
        sa.CheckConstraint(
            "origin IN ('staff', 'giver', 'pledge', 'round', 'provider')",
            name=op.f("ck_payment_refund_origin_known"),
        ),
        sa.CheckConstraint(
            "(origin = 'round') = (round_id IS NOT NULL)", name=op.f("ck_payment_refund_round_named")
        ),
        sa.ForeignKeyConstraint(
            ["done_posting_id"], ["ledger_posting.id"], name=op.f("fk_payment_refund_done_posting_id")
        ),
        sa.ForeignKeyConstraint(
            ["fund_posting_id"], ["ledger_posting.id"], name=op.f("fk_payment_refund_fund_posting_id")
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_payment_refund_payment_id")),
        sa.ForeignKeyConstraint(
            ["round_id"], ["payment_refund_round.id"], name=op.f("fk_payment_refund_round_id")
        ),
        sa.ForeignKeyConstraint(
            ["list_id"], ["payment_refund_list.id"], name=op.f("fk_payment_refund_list_id")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["payment_refund_account.id"], name=op.f("fk_payment_refund_account_id")
        ),
        sa.ForeignKeyConstraint(["unit"], ["ledger_unit.code"], name=op.f("fk_payment_refund_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_refund")),
        sa.UniqueConstraint("client_token", name=op.f("uq_payment_refund_client_token")),
        sa.UniqueConstraint("public_ref", name=op.f("uq_payment_refund_public_ref")),
        sa.UniqueConstraint(
            "provider",
            "account",
            "provider_ref",
            name=op.f("uq_payment_refund_provider_account_provider_ref"),
        ),
    )
    op.create_index("ix_payment_refund_payment_id", "payment_refund", ["payment_id"], unique=False)
    op.create_index(
        "uq_payment_refund_round",
        "payment_refund",
        ["round_id", "payment_id"],
        unique=True,
        postgresql_where=sa.text("round_id IS NOT NULL"),
    )
    op.create_index(
        "ix_payment_refund_open",
        "payment_refund",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text(
            "state IN ('requested', 'approved', 'sending', 'pending', 'requires_action')"
        ),
    )
    op.create_index(
        "ix_payment_refund_list_id",
        "payment_refund",
        ["list_id"],
        unique=False,
        postgresql_where=sa.text("list_id IS NOT NULL"),
    )


def _payment_dispute() -> None:
    op.create_table(
        "payment_dispute",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("provider_ref", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("held", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("holds", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("hold_posting_id", sa.BigInteger(), nullable=True),
        sa.Column("gift", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("pledge_back", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.Column("evidence_by", sa.Uuid(), nullable=True),
        sa.Column("evidence_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payment_dispute_amount_positive")),
        sa.CheckConstraint("held >= 0 AND held <= amount", name=op.f("ck_payment_dispute_held_within")),
        sa.ForeignKeyConstraint(
            ["hold_posting_id"], ["ledger_posting.id"], name=op.f("fk_payment_dispute_hold_posting_id")
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_payment_dispute_payment_id")),
        sa.ForeignKeyConstraint(["unit"], ["ledger_unit.code"], name=op.f("fk_payment_dispute_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_dispute")),
        sa.UniqueConstraint(
            "provider",
            "account",
            "provider_ref",
            name=op.f("uq_payment_dispute_provider_account_provider_ref"),
        ),
    )
    op.create_index("ix_payment_dispute_payment_id", "payment_dispute", ["payment_id"], unique=False)


def downgrade() -> None:
    """Nothing of it is left."""
    for machine in EDGES:
        drop_edges(op, machine)
    for table in (
        "payment_dispute",
        "payment_refund",
        "payment_refund_round",
        "payment_refund_account",
        "payment_refund_list",
    ):
        op.drop_table(table)
