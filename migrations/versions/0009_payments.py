"""Tables of payments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from coevolve.kit.moves import drop_edges, sync_edges

revision = "0009"
down_revision: str | None = "0008"

EDGES = {
    "payment": [
        ("(begin)", "awaiting"),
        ("(begin)", "created"),
        ("authorised", "cancelled"),
        ("authorised", "captured"),
        ("authorised", "failed"),
        ("authorised", "voided"),
        ("awaiting", "authorised"),
        ("awaiting", "cancelled"),
        ("awaiting", "captured"),
        ("awaiting", "expired"),
        ("awaiting", "failed"),
        ("awaiting", "grace"),
        ("awaiting", "processing"),
        ("cancelled", "captured_late"),
        ("captured", "awaiting"),
        ("captured", "expired"),
        ("captured", "grace"),
        ("captured_late", "expired"),
        ("created", "authorised"),
        ("created", "awaiting"),
        ("created", "cancelled"),
        ("created", "captured"),
        ("created", "expired"),
        ("created", "failed"),
        ("created", "processing"),
        ("expired", "captured_late"),
        ("failed", "captured_late"),
        ("grace", "cancelled"),
        ("grace", "captured"),
        ("grace", "expired"),
        ("grace", "failed"),
        ("processing", "authorised"),
        ("processing", "cancelled"),
        ("processing", "captured"),
        ("processing", "expired"),
        ("processing", "failed"),
    ],
    "payout": [
        ("(begin)", "canceled"),
        ("(begin)", "expected"),
        ("(begin)", "failed"),
        ("(begin)", "in_transit"),
        ("(begin)", "paid"),
        ("expected", "canceled"),
        ("expected", "failed"),
        ("expected", "in_transit"),
        ("expected", "paid"),
        ("in_transit", "canceled"),
        ("in_transit", "failed"),
        ("in_transit", "paid"),
        ("paid", "canceled"),
        ("paid", "failed"),
        ("paid", "reconciled"),
        ("reconciled", "failed"),
        ("reconciled", "paid"),
    ],
}


VERSIONS_STAY = """
CREATE FUNCTION payment_bank_account_version_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'particulars of a bank account are never changed: write a new version';
END $$;
CREATE TRIGGER payment_bank_account_version_stays BEFORE UPDATE OR DELETE ON payment_bank_account_version
  FOR EACH ROW EXECUTE FUNCTION payment_bank_account_version_stays();
"""


def upgrade() -> None:
    """The tables, their rules, and the moves of their machines."""
    _payment_bank_account()
    _payment_bank_account_version()
    _payment_bank_account_approval()
    _payment()
    _payment_inbox()
    _payment_outbox()
    _payment_cursor()
    _payment_payout()
    _payment_provider_txn()
    _payment_receipt()
    _payment_receipt_counter()
    for machine, edges in EDGES.items():
        sync_edges(op, machine, edges)


def _payment_bank_account() -> None:
    op.create_table(
        "payment_bank_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("is_receiving", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["unit"], ["ledger_unit.code"], name=op.f("fk_payment_bank_account_unit")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_payment_bank_account_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["claim_id"], ["verification_claim.id"], name=op.f("fk_payment_bank_account_claim_id")
        ),
        sa.CheckConstraint(
            "organisation_id IS NULL OR NOT is_receiving OR claim_id IS NOT NULL",
            name=op.f("ck_payment_bank_account_receiving_was_checked"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_bank_account")),
    )
    op.create_index(
        "uq_payment_bank_account_organisation_id",
        "payment_bank_account",
        ["organisation_id", "unit"],
        unique=True,
        postgresql_where=sa.text("organisation_id IS NOT NULL AND claim_id IS NULL"),
    )
    op.create_index(
        "uq_payment_bank_account_receiving",
        "payment_bank_account",
        ["organisation_id", "unit"],
        unique=True,
        postgresql_where=sa.text("organisation_id IS NOT NULL AND is_receiving"),
    )
    op.create_index(
        "uq_payment_bank_account_claim_id",
        "payment_bank_account",
        ["claim_id"],
        unique=True,
        postgresql_where=sa.text("claim_id IS NOT NULL"),
    )


def _payment_bank_account_version() -> None:
    op.create_table(
        "payment_bank_account_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bank_account_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("bank_name", sa.Text(), nullable=False),
        sa.Column("account_number", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=True),
        sa.Column("added_by", sa.Uuid(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "account_number ~ '^[0-9]{5,24}$'", name=op.f("ck_payment_bank_account_version_number_digits")
        ),
        sa.ForeignKeyConstraint(
            ["bank_account_id"],
            ["payment_bank_account.id"],
            name=op.f("fk_payment_bank_account_version_bank_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["claim_id"], ["verification_claim.id"], name=op.f("fk_payment_bank_account_version_claim_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_bank_account_version")),
        sa.UniqueConstraint(
            "bank_account_id", "version", name=op.f("uq_payment_bank_account_version_bank_account_id_version")
        ),
    )
    op.execute(VERSIONS_STAY)


def _payment_bank_account_approval() -> None:
    op.create_table(
        "payment_bank_account_approval",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("stated_by", sa.Uuid(), nullable=False),
        sa.Column("checked_by", sa.Uuid(), nullable=False),
        sa.Column("seconded_by", sa.Uuid(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.CheckConstraint(
            "stated_by <> checked_by AND stated_by <> seconded_by AND checked_by <> seconded_by",
            name=op.f("ck_payment_bank_account_approval_three_people"),
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["payment_bank_account_version.id"],
            name=op.f("fk_payment_bank_account_approval_version_id"),
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], ["person.id"], name=op.f(f"fk_payment_bank_account_approval_{column}")
            )
            for column in ("stated_by", "checked_by", "seconded_by")
        ),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_payment_bank_account_approval")),
    )


def _payment() -> None:
    op.create_table(
        "payment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("public_ref", sa.Text(), nullable=False),
        sa.Column("reference_kind", sa.Text(), nullable=False),
        sa.Column("reference_id", sa.Uuid(), nullable=False),
        sa.Column("client_token", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("provider_ref", sa.Text(), nullable=True),
        sa.Column("intent_ref", sa.Text(), nullable=True),
        sa.Column("checkout_url", sa.Text(), nullable=True),
        sa.Column("bank_account_id", sa.Uuid(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("unique_code", sa.SmallInteger(), nullable=True),
        sa.Column(
            "base_amount",
            sa.BigInteger(),
            sa.Computed("amount - coalesce(unique_code, 0) * 100", persisted=True),
            nullable=False,
        ),
        sa.Column("expected_amount", sa.BigInteger(), nullable=False),
        sa.Column("by_amount", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("captured", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("refunded", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("refund_pending", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("disputed", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("payer_norm", sa.Text(), nullable=True),
        sa.Column("created_on", sa.Date(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hold_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(provider = 'bank_transfer') = (bank_account_id IS NOT NULL)",
            name=op.f("ck_payment_bank_account_given"),
        ),
        sa.CheckConstraint(
            "public_ref ~ '^CE[0-9A-HJKMNP-TV-Z]{9}$'", name=op.f("ck_payment_public_ref_shape")
        ),
        sa.CheckConstraint("unique_code IS NULL OR unit = 'IDR'", name=op.f("ck_payment_unique_code_idr")),
        sa.CheckConstraint("unit <> 'IDR' OR mod(amount, 100) = 0", name=op.f("ck_payment_whole_rupiah")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payment_amount_positive")),
        sa.CheckConstraint(
            "greatest(refunded + refund_pending, disputed) <= captured",
            name=op.f("ck_payment_sums_within_captured"),
        ),
        sa.CheckConstraint(
            "least(captured, refunded, refund_pending, disputed) >= 0",
            name=op.f("ck_payment_sums_not_negative"),
        ),
        sa.CheckConstraint(
            "unique_code IS NULL OR unique_code BETWEEN 1 AND 999", name=op.f("ck_payment_unique_code_range")
        ),
        sa.ForeignKeyConstraint(
            ["bank_account_id"], ["payment_bank_account.id"], name=op.f("fk_payment_bank_account_id")
        ),
        sa.ForeignKeyConstraint(["unit"], ["ledger_unit.code"], name=op.f("fk_payment_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("public_ref", name=op.f("uq_payment_public_ref")),
        sa.UniqueConstraint(
            "reference_kind",
            "reference_id",
            "client_token",
            name=op.f("uq_payment_reference_kind_reference_id_client_token"),
        ),
    )
    op.create_index(
        "ix_payment_bank_amount",
        "payment",
        ["bank_account_id", "amount"],
        unique=False,
        postgresql_where=sa.text("bank_account_id IS NOT NULL"),
    )
    op.create_index(
        "ix_payment_bank_base",
        "payment",
        ["bank_account_id", "base_amount"],
        unique=False,
        postgresql_where=sa.text("by_amount"),
    )
    op.create_index(
        "ix_payment_captured",
        "payment",
        ["captured_at"],
        unique=False,
        postgresql_where=sa.text("captured > 0"),
    )
    op.create_index(
        "ix_payment_intent_ref",
        "payment",
        ["intent_ref"],
        unique=False,
        postgresql_where=sa.text("intent_ref IS NOT NULL"),
    )
    op.create_index(
        "ix_payment_open",
        "payment",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('created', 'awaiting', 'processing', 'authorised', 'grace')"),
    )
    op.create_index(
        "payment_expectation",
        "payment",
        ["bank_account_id", "unit", "expected_amount"],
        unique=True,
        postgresql_where=sa.text(
            "provider = 'bank_transfer' AND by_amount AND state IN ('awaiting', 'grace')"
        ),
    )
    op.create_index(
        "uq_payment_provider_ref",
        "payment",
        ["provider", "account", "provider_ref"],
        unique=True,
        postgresql_where=sa.text("provider_ref IS NOT NULL"),
    )


def _payment_inbox() -> None:
    op.create_table(
        "payment_inbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("object_ref", sa.Text(), nullable=True),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("provider_created", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "received_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'new'"), nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "next_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('new', 'done', 'ignored', 'dead')", name=op.f("ck_payment_inbox_state_known")
        ),
        sa.CheckConstraint("via IN ('push', 'poll', 'replay')", name=op.f("ck_payment_inbox_via_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_inbox")),
        sa.UniqueConstraint(
            "provider", "account", "event_id", name=op.f("uq_payment_inbox_provider_account_event_id")
        ),
    )
    op.create_index(
        "ix_payment_inbox_due",
        "payment_inbox",
        ["next_at"],
        unique=False,
        postgresql_where=sa.text("state = 'new'"),
    )
    op.create_index(
        "ix_payment_inbox_object",
        "payment_inbox",
        ["object_ref"],
        unique=False,
        postgresql_where=sa.text("state = 'new'"),
    )


def _payment_outbox() -> None:
    op.create_table(
        "payment_outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("provider_key", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("first_sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), server_default=sa.text("'due'"), nullable=False),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "next_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('due', 'unknown', 'sent', 'done', 'dead')", name=op.f("ck_payment_outbox_state_known")
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_payment_outbox_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_outbox")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_payment_outbox_dedupe_key")),
    )
    op.create_index(
        "ix_payment_outbox_due",
        "payment_outbox",
        ["next_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('due', 'unknown')"),
    )
    op.create_index("ix_payment_outbox_payment_id", "payment_outbox", ["payment_id"], unique=False)


def _payment_cursor() -> None:
    op.create_table(
        "payment_cursor",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("read_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("provider", "account", "topic", name=op.f("pk_payment_cursor")),
    )


def _payment_provider_txn() -> None:
    op.create_table(
        "payment_provider_txn",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("txn_ref", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source_ref", sa.Text(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("available_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("explained_as", sa.Text(), nullable=True),
        sa.Column("fee_posting_id", sa.BigInteger(), nullable=True),
        sa.Column("payout_id", sa.Uuid(), nullable=True),
        sa.Column("exchange_rate", sa.Text(), nullable=True),
        sa.Column("presented", sa.BigInteger(), nullable=True),
        sa.Column("presented_unit", sa.Text(), nullable=True),
        sa.Column("charge_ref", sa.Text(), nullable=True),
        sa.Column("exchange_posting_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint("gross - fee = net", name=op.f("ck_payment_provider_txn_adds_up")),
        sa.CheckConstraint(
            "(presented IS NULL) = (presented_unit IS NULL)",
            name=op.f("ck_payment_provider_txn_presented_with_unit"),
        ),
        sa.ForeignKeyConstraint(
            ["fee_posting_id"], ["ledger_posting.id"], name=op.f("fk_payment_provider_txn_fee_posting_id")
        ),
        sa.ForeignKeyConstraint(
            ["exchange_posting_id"],
            ["ledger_posting.id"],
            name=op.f("fk_payment_provider_txn_exchange_posting_id"),
        ),
        sa.ForeignKeyConstraint(
            ["payout_id"], ["payment_payout.id"], name=op.f("fk_payment_provider_txn_payout_id")
        ),
        sa.ForeignKeyConstraint(["unit"], ["ledger_unit.code"], name=op.f("fk_payment_provider_txn_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_provider_txn")),
        sa.UniqueConstraint(
            "provider", "account", "txn_ref", name=op.f("uq_payment_provider_txn_provider_account_txn_ref")
        ),
    )
    op.create_index(
        "ix_payment_provider_txn_open",
        "payment_provider_txn",
        ["occurred_at"],
        unique=False,
        postgresql_where=sa.text("explained_as IS NULL"),
    )
    op.create_index(
        "ix_payment_provider_txn_source_ref", "payment_provider_txn", ["source_ref"], unique=False
    )
    for column in ("payout_id", "charge_ref"):
        op.create_index(
            f"ix_payment_provider_txn_{column}",
            "payment_provider_txn",
            [column],
            unique=False,
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )


def _payment_receipt() -> None:
    op.create_table(
        "payment_receipt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("annulled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("annulled_because", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(number IS NULL) = (year IS NULL)", name=op.f("ck_payment_receipt_number_with_year")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payment_receipt_amount_positive")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_payment_receipt_payment_id")),
        sa.ForeignKeyConstraint(["unit"], ["ledger_unit.code"], name=op.f("fk_payment_receipt_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_receipt")),
        sa.UniqueConstraint("code", name=op.f("uq_payment_receipt_code")),
        sa.UniqueConstraint("issuer", "year", "number", name=op.f("uq_payment_receipt_issuer_year_number")),
    )
    op.create_index(
        "ix_payment_receipt_unnumbered",
        "payment_receipt",
        ["issuer", "id"],
        unique=False,
        postgresql_where=sa.text("number IS NULL"),
    )
    op.create_index(
        "uq_payment_receipt_live",
        "payment_receipt",
        ["payment_id"],
        unique=True,
        postgresql_where=sa.text("annulled_at IS NULL"),
    )


def _payment_receipt_counter() -> None:
    op.create_table(
        "payment_receipt_counter",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "year", name=op.f("pk_payment_receipt_counter")),
    )


def _payment_payout() -> None:
    op.create_table(
        "payment_payout",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("provider_ref", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("arrives_on", sa.Date(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("posting_id", sa.BigInteger(), nullable=True),
        sa.Column("returned_posting_id", sa.BigInteger(), nullable=True),
        sa.Column("is_automatic", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("is_final", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("trace_ref", sa.Text(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["posting_id"], ["ledger_posting.id"], name=op.f("fk_payment_payout_posting_id")
        ),
        sa.ForeignKeyConstraint(
            ["returned_posting_id"],
            ["ledger_posting.id"],
            name=op.f("fk_payment_payout_returned_posting_id"),
        ),
        sa.ForeignKeyConstraint(["unit"], ["ledger_unit.code"], name=op.f("fk_payment_payout_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_payout")),
        sa.UniqueConstraint(
            "provider",
            "account",
            "provider_ref",
            name=op.f("uq_payment_payout_provider_account_provider_ref"),
        ),
    )
    op.create_index("ix_payment_payout_left_at", "payment_payout", ["left_at"], unique=False)
    op.create_index(
        "ix_payment_payout_unread",
        "payment_payout",
        ["id"],
        unique=False,
        postgresql_where=sa.text("is_final AND read_at IS NULL"),
    )


def downgrade() -> None:
    """Nothing of it is left."""
    for machine in EDGES:
        drop_edges(op, machine)
    op.drop_table("payment_receipt_counter")
    op.drop_table("payment_receipt")
    op.drop_table("payment_provider_txn")
    op.drop_table("payment_payout")
    op.drop_table("payment_cursor")
    op.drop_table("payment_outbox")
    op.drop_table("payment_inbox")
    op.drop_table("payment")
    op.drop_table("payment_bank_account_approval")
    op.drop_table("payment_bank_account_version")
    op.execute("DROP FUNCTION payment_bank_account_version_stays()")
    op.drop_table("payment_bank_account")
