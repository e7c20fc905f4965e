"""Tables of monthly gifts: the plan, and each of its months."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from coevolve.kit.moves import drop_edges, sync_edges

revision = "0015"
down_revision: str | None = "0014"

EDGES = (
    ("(begin)", "pending"),
    ("active", "past_due"),
    ("active", "paused"),
    ("active", "stopped"),
    ("past_due", "active"),
    ("past_due", "paused"),
    ("past_due", "stopped"),
    ("paused", "active"),
    ("paused", "stopped"),
    ("pending", "active"),
    ("pending", "stopped"),
)


def upgrade() -> None:
    """The tables and the moves they allow."""
    _create_plan()
    _create_charge()
    sync_edges(op, "monthly_gift", EDGES)


def _create_plan() -> None:
    op.create_table(
        "monthly_gift",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("giver_person_id", sa.Uuid(), nullable=False),
        sa.Column("giver_organisation_id", sa.Uuid()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.SmallInteger(), nullable=False),
        sa.Column("is_guest", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("guest_name", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("is_name_public", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("shares_identity", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("public_name", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("language", sa.Text(), server_default=sa.text("'id'"), nullable=False),
        sa.Column("client_token", sa.Uuid(), nullable=False),
        sa.Column("customer_ref", sa.Text()),
        sa.Column("card_ref", sa.Text()),
        sa.Column("card_brand", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("card_last4", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("failures", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("paused_because", sa.Text()),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "state IN ('pending','active','past_due','paused','stopped')",
            name=op.f("ck_monthly_gift_state"),
        ),
        sa.CheckConstraint(
            "unit = 'IDR' AND amount > 0 AND mod(amount, 100) = 0", name=op.f("ck_monthly_gift_whole_rupiah")
        ),
        sa.CheckConstraint("day BETWEEN 1 AND 31", name=op.f("ck_monthly_gift_day")),
        sa.CheckConstraint(
            "state IN ('pending','stopped') OR card_ref IS NOT NULL", name=op.f("ck_monthly_gift_card")
        ),
        sa.CheckConstraint(
            "(card_ref IS NULL) = (customer_ref IS NULL)", name=op.f("ck_monthly_gift_card_of_customer")
        ),
        sa.CheckConstraint(
            "due_at IS NULL OR state IN ('active','past_due')", name=op.f("ck_monthly_gift_due")
        ),
        sa.CheckConstraint("paused_because IS NULL OR state = 'paused'", name=op.f("ck_monthly_gift_paused")),
        sa.CheckConstraint(
            "paused_because IN ('giver','card','listing','rights')",
            name=op.f("ck_monthly_gift_paused_because"),
        ),
        sa.CheckConstraint("failures >= 0", name=op.f("ck_monthly_gift_failures")),
        sa.CheckConstraint(
            "length(public_name) <= 120 AND length(guest_name) <= 120 AND length(card_last4) <= 4",
            name=op.f("ck_monthly_gift_texts"),
        ),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], name="fk_monthly_gift_listing_id"),
        sa.ForeignKeyConstraint(["giver_person_id"], ["person.id"], name="fk_monthly_gift_giver_person_id"),
        sa.ForeignKeyConstraint(
            ["giver_organisation_id"], ["organisation.id"], name="fk_monthly_gift_giver_organisation_id"
        ),
        sa.ForeignKeyConstraint(["unit"], ["ledger_unit.code"], name="fk_monthly_gift_unit"),
        sa.PrimaryKeyConstraint("id", name="pk_monthly_gift"),
        sa.UniqueConstraint("client_token", name="uq_monthly_gift_client_token"),
    )
    op.create_index(
        "ix_monthly_gift_due_at", "monthly_gift", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.create_index("ix_monthly_gift_giver_person_id", "monthly_gift", ["giver_person_id", "created_at"])
    op.create_index(
        "ix_monthly_gift_giver_organisation_id", "monthly_gift", ["giver_organisation_id", "created_at"]
    )
    op.create_index("ix_monthly_gift_listing_id", "monthly_gift", ["listing_id"])
    op.create_index(
        "ix_monthly_gift_waiting",
        "monthly_gift",
        ["created_at"],
        postgresql_where=sa.text("state = 'pending' OR paused_because = 'listing'"),
    )


def _create_charge() -> None:
    op.create_table(
        "monthly_charge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("pledge_id", sa.Uuid(), nullable=False),
        sa.Column("tries", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_failure", sa.Text()),
        sa.Column("failed_payment_id", sa.Uuid()),
        sa.Column("paid_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint("extract(day FROM month) = 1", name=op.f("ck_monthly_charge_month")),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_monthly_charge_tries")),
        sa.CheckConstraint(
            "paid_at IS NULL OR ended_at IS NULL", name=op.f("ck_monthly_charge_paid_or_ended")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["monthly_gift.id"], name="fk_monthly_charge_plan_id"),
        sa.ForeignKeyConstraint(["pledge_id"], ["pledge.id"], name="fk_monthly_charge_pledge_id"),
        sa.PrimaryKeyConstraint("id", name="pk_monthly_charge"),
        sa.UniqueConstraint("plan_id", "month", name="uq_monthly_charge_plan_id_month"),
        sa.UniqueConstraint("pledge_id", name="uq_monthly_charge_pledge_id"),
    )
    op.create_index(
        "uq_monthly_charge_open",
        "monthly_charge",
        ["plan_id"],
        unique=True,
        postgresql_where=sa.text("paid_at IS NULL AND ended_at IS NULL"),
    )


def downgrade() -> None:
    """Everything of monthly gifts."""
    op.drop_table("monthly_charge")
    op.drop_table("monthly_gift")
    drop_edges(op, "monthly_gift")
