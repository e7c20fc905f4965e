"""Tables of pledges: the promise, its lines, and each hand-over, shift, booking or payment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint

from coevolve.kit.moves import drop_edges, sync_edges

revision = "0010"
down_revision: str | None = "0009"

PLEDGE_EDGES = (
    ("(begin)", "awaiting_approval"),
    ("(begin)", "offered"),
    ("(begin)", "requested"),
    ("accepted", "cancelled"),
    ("accepted", "confirmed"),
    ("accepted", "delivered"),
    ("accepted", "lapsed"),
    ("accepted", "partly_delivered"),
    ("accepted", "withdrawn"),
    ("awaiting_approval", "cancelled"),
    ("awaiting_approval", "lapsed"),
    ("awaiting_approval", "offered"),
    ("awaiting_approval", "withdrawn"),
    ("cancelled", "partly_delivered"),
    ("confirmed", "accepted"),
    ("confirmed", "cancelled"),
    ("confirmed", "offered"),
    ("confirmed", "partly_delivered"),
    ("delivered", "cancelled"),
    ("delivered", "confirmed"),
    ("delivered", "partly_delivered"),
    ("offered", "accepted"),
    ("offered", "cancelled"),
    ("offered", "declined"),
    ("offered", "lapsed"),
    ("offered", "withdrawn"),
    ("partly_delivered", "accepted"),
    ("partly_delivered", "cancelled"),
    ("partly_delivered", "confirmed"),
    ("partly_delivered", "delivered"),
    ("partly_delivered", "lapsed"),
    ("partly_delivered", "offered"),
    ("partly_delivered", "withdrawn"),
    ("requested", "accepted"),
    ("requested", "cancelled"),
    ("requested", "declined"),
    ("requested", "lapsed"),
    ("requested", "withdrawn"),
)
FULFILMENT_EDGES = (
    ("(begin)", "asked"),
    ("(begin)", "booked"),
    ("(begin)", "confirmed"),
    ("(begin)", "returned"),
    ("(begin)", "scheduled"),
    ("asked", "booked"),
    ("asked", "cancelled"),
    ("booked", "cancelled"),
    ("booked", "no_show"),
    ("booked", "used"),
    ("contested", "cancelled"),
    ("contested", "confirmed"),
    ("handed_over", "received"),
    ("performed", "confirmed"),
    ("performed", "contested"),
    ("received", "accepted"),
    ("received", "partly_accepted"),
    ("received", "rejected"),
    ("scheduled", "cancelled"),
    ("scheduled", "handed_over"),
    ("scheduled", "performed"),
    ("used", "confirmed"),
    ("used", "no_show"),
)


def upgrade() -> None:
    """The tables and the moves they allow."""
    _create_tables()
    sync_edges(op, "pledge", PLEDGE_EDGES)
    sync_edges(op, "pledge_fulfilment", FULFILMENT_EDGES)


def downgrade() -> None:
    """Everything of pledges."""
    for table in ("pledge_fulfilment", "pledge_line", "pledge"):
        op.drop_table(table)
    drop_edges(op, "pledge_fulfilment")
    drop_edges(op, "pledge")


def _create_tables() -> None:
    op.create_table(
        "pledge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("giver_person_id", sa.Uuid(), nullable=True),
        sa.Column("giver_organisation_id", sa.Uuid(), nullable=True),
        sa.Column("receiver_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("receiver_person_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("is_request", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_pay_now", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_guest", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("guest_name", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("needs_approval", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("purchase_order", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("is_name_public", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("shares_identity", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("public_name", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("message", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("contact", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("client_token", sa.Uuid(), nullable=False),
        sa.Column("lapses_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "state <> 'declined' OR reason <> ''", name=op.f("ck_pledge_declined_with_reason")
        ),
        sa.CheckConstraint("state <> 'requested' OR is_request", name=op.f("ck_pledge_requested")),
        sa.CheckConstraint(
            "state IN ('awaiting_approval','requested','offered','accepted','declined','partly_delivered',"
            "'delivered','confirmed','lapsed','withdrawn','cancelled')",
            name=op.f("ck_pledge_state"),
        ),
        sa.CheckConstraint(
            "giver_organisation_id <> receiver_organisation_id", name=op.f("ck_pledge_two_parties")
        ),
        sa.CheckConstraint(
            "giver_person_id IS NOT NULL OR giver_organisation_id IS NOT NULL",
            name=op.f("ck_pledge_giver_known"),
        ),
        sa.CheckConstraint(
            "length(message) <= 500 AND length(reason) <= 500 AND length(contact) <= 200"
            " AND length(public_name) <= 120 AND length(guest_name) <= 120 AND length(purchase_order) <= 60",
            name=op.f("ck_pledge_texts"),
        ),
        sa.CheckConstraint("state <> 'awaiting_approval' OR needs_approval", name=op.f("ck_pledge_approval")),
        sa.CheckConstraint(
            "NOT needs_approval OR approved_by IS NOT NULL"
            " OR state IN ('awaiting_approval','withdrawn','lapsed','cancelled')",
            name=op.f("ck_pledge_approved_first"),
        ),
        sa.CheckConstraint("(approved_by IS NULL) = (approved_at IS NULL)", name=op.f("ck_pledge_approved")),
        sa.CheckConstraint("approved_by <> giver_person_id", name=op.f("ck_pledge_two_people")),
        sa.CheckConstraint("joined_at IS NULL OR is_guest", name=op.f("ck_pledge_joined")),
        sa.ForeignKeyConstraint(["approved_by"], ["person.id"], name=op.f("fk_pledge_approved_by")),
        sa.ForeignKeyConstraint(
            ["giver_organisation_id"], ["organisation.id"], name=op.f("fk_pledge_giver_organisation_id")
        ),
        sa.ForeignKeyConstraint(["giver_person_id"], ["person.id"], name=op.f("fk_pledge_giver_person_id")),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], name=op.f("fk_pledge_listing_id")),
        sa.ForeignKeyConstraint(
            ["receiver_organisation_id"], ["organisation.id"], name=op.f("fk_pledge_receiver_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["receiver_person_id"], ["person.id"], name=op.f("fk_pledge_receiver_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pledge")),
        sa.UniqueConstraint("client_token", name=op.f("uq_pledge_client_token")),
    )
    op.create_index(
        "ix_pledge_giver_organisation_id", "pledge", ["giver_organisation_id", "created_at"], unique=False
    )
    op.create_index("ix_pledge_giver_person_id", "pledge", ["giver_person_id", "created_at"], unique=False)
    op.create_index(
        "ix_pledge_lapses_at",
        "pledge",
        ["lapses_at"],
        unique=False,
        postgresql_where=sa.text(
            "state IN ('awaiting_approval','requested','offered','accepted','partly_delivered')"
        ),
    )
    op.create_index(
        "ix_pledge_unjoined",
        "pledge",
        ["giver_person_id"],
        unique=False,
        postgresql_where=sa.text("is_guest AND joined_at IS NULL"),
    )
    op.create_index(
        "ix_pledge_listing_id", "pledge", ["listing_id", "created_at", "id"], postgresql_include=["state"]
    )
    op.create_index(
        "ix_pledge_receiver_organisation_id",
        "pledge",
        ["receiver_organisation_id", "created_at"],
        unique=False,
    )

    op.create_table(
        "pledge_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pledge_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("accepted_quantity", sa.BigInteger(), nullable=True),
        sa.Column("received_quantity", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("hold_id", sa.BigInteger(), nullable=True),
        sa.Column("hold_from", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("period_on", sa.Date(), nullable=True),
        sa.Column("need_line_id", sa.Uuid(), nullable=True),
        sa.Column("need_hold_id", sa.BigInteger(), nullable=True),
        sa.Column("available_from", sa.Date(), nullable=True),
        sa.Column("available_until", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("unit_value", sa.BigInteger(), nullable=True),
        sa.Column("valuation_source", sa.Text(), nullable=True),
        sa.CheckConstraint("(kind = 'money') = (unit !~ '^X:')", name=op.f("ck_pledge_line_unit")),
        sa.CheckConstraint(
            "accepted_quantity >= 0 AND (kind = 'money' OR accepted_quantity <= quantity)",
            name=op.f("ck_pledge_line_accepted"),
        ),
        sa.CheckConstraint(
            "kind <> 'money' OR unit <> 'IDR' OR mod(quantity, 100) = 0",
            name=op.f("ck_pledge_line_whole_rupiah"),
        ),
        sa.CheckConstraint(
            "kind = 'money' OR received_quantity <= coalesce(accepted_quantity, 0)",
            name=op.f("ck_pledge_line_kept"),
        ),
        sa.CheckConstraint("kind IN ('money','goods','time','facility')", name=op.f("ck_pledge_line_kind")),
        sa.CheckConstraint(
            "unit_value IS NULL OR (unit_value > 0 AND kind <> 'money')",
            name=op.f("ck_pledge_line_unit_value"),
        ),
        sa.CheckConstraint(
            "(unit_value IS NULL) = (valuation_source IS NULL)", name=op.f("ck_pledge_line_valuation")
        ),
        sa.CheckConstraint("available_from <= available_until", name=op.f("ck_pledge_line_period")),
        sa.CheckConstraint("length(note) <= 500", name=op.f("ck_pledge_line_note")),
        sa.CheckConstraint(
            "quantity > 0 AND quantity < 9000000000000000", name=op.f("ck_pledge_line_quantity")
        ),
        sa.CheckConstraint("received_quantity >= 0", name=op.f("ck_pledge_line_received")),
        sa.CheckConstraint("hold_from >= 0", name=op.f("ck_pledge_line_hold_from")),
        sa.CheckConstraint(
            "need_hold_id IS NULL OR need_line_id IS NOT NULL", name=op.f("ck_pledge_line_need")
        ),
        sa.ForeignKeyConstraint(["hold_id"], ["ledger_transfer.id"], name=op.f("fk_pledge_line_hold_id")),
        sa.ForeignKeyConstraint(
            ["need_hold_id"], ["ledger_transfer.id"], name=op.f("fk_pledge_line_need_hold_id")
        ),
        sa.ForeignKeyConstraint(
            ["need_line_id"], ["listing_line.id"], name=op.f("fk_pledge_line_need_line_id")
        ),
        sa.ForeignKeyConstraint(["line_id"], ["listing_line.id"], name=op.f("fk_pledge_line_line_id")),
        sa.ForeignKeyConstraint(["pledge_id"], ["pledge.id"], name=op.f("fk_pledge_line_pledge_id")),
        sa.ForeignKeyConstraint(["unit"], ["ledger_unit.code"], name=op.f("fk_pledge_line_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pledge_line")),
        sa.UniqueConstraint("pledge_id", "line_id", name=op.f("uq_pledge_line_pledge_id_line_id")),
    )
    op.create_index(
        "ix_pledge_line_hold_id",
        "pledge_line",
        ["hold_id"],
        unique=False,
        postgresql_where=sa.text("hold_id IS NOT NULL"),
    )
    op.create_index("ix_pledge_line_line_id", "pledge_line", ["line_id"], unique=False)
    op.create_index(
        "ix_pledge_line_period",
        "pledge_line",
        ["line_id", "period_on"],
        postgresql_where=sa.text("period_on IS NOT NULL"),
    )
    op.create_index(
        "ix_pledge_line_need_line_id",
        "pledge_line",
        ["need_line_id"],
        postgresql_where=sa.text("need_line_id IS NOT NULL"),
    )

    op.create_table(
        "pledge_fulfilment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pledge_line_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("quantity_sent", sa.BigInteger(), nullable=False),
        sa.Column("quantity_received", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("slot", TSTZRANGE(), nullable=True),
        sa.Column("facility_id", sa.Uuid(), nullable=True),
        sa.Column("place", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("evidence", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("posting_id", sa.BigInteger(), nullable=True),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        ExcludeConstraint(
            (sa.column("facility_id"), "="),
            (sa.column("slot"), "&&"),
            where=sa.text("state IN ('asked','booked','used','confirmed') AND slot IS NOT NULL"),
            using="gist",
            name="ex_pledge_fulfilment_slot",
        ),
        sa.CheckConstraint(
            "(kind = 'money' AND state IN ('confirmed','returned'))"
            " OR (kind = 'goods' AND state IN ('scheduled','handed_over','received',"
            "'accepted','partly_accepted','rejected','returned','cancelled'))"
            " OR (kind = 'time' AND state IN ('scheduled','p"
            "erformed','confirmed','contested','cancelled'))"
            " OR (kind = 'facility' AND state IN ('asked','booked','used','confirmed','no_show','cancelled'))",
            name=op.f("ck_pledge_fulfilment_state"),
        ),
        sa.CheckConstraint(
            "(kind = 'money') = (payment_id IS NOT NULL)", name=op.f("ck_pledge_fulfilment_payment")
        ),
        sa.CheckConstraint(
            "kind <> 'facility' OR state = 'cancelled' OR slot IS NOT NULL",
            name=op.f("ck_pledge_fulfilment_slot"),
        ),
        sa.CheckConstraint(
            "length(evidence) <= 1000 AND length(place) <= 300", name=op.f("ck_pledge_fulfilment_texts")
        ),
        sa.CheckConstraint(
            "quantity_sent > 0 AND quantity_received >= 0", name=op.f("ck_pledge_fulfilment_quantities")
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_pledge_fulfilment_payment_id")),
        sa.ForeignKeyConstraint(
            ["pledge_line_id"], ["pledge_line.id"], name=op.f("fk_pledge_fulfilment_pledge_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["posting_id"], ["ledger_posting.id"], name=op.f("fk_pledge_fulfilment_posting_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pledge_fulfilment")),
    )
    op.create_index(
        "ix_pledge_fulfilment_soon",
        "pledge_fulfilment",
        ["happened_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('scheduled','booked')"),
    )
    op.create_index(
        "ix_pledge_fulfilment_payment_id",
        "pledge_fulfilment",
        ["payment_id"],
        unique=False,
        postgresql_where=sa.text("payment_id IS NOT NULL"),
    )
    op.create_index(
        "ix_pledge_fulfilment_pledge_line_id", "pledge_fulfilment", ["pledge_line_id"], unique=False
    )
