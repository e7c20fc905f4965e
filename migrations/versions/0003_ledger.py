"""Tables of the books: accounts, postings of one-row transfers, working counters, snapshots, seals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"

CURRENCIES = {
    "AED": 2,
    "AUD": 2,
    "BHD": 3,
    "CAD": 2,
    "CHF": 2,
    "CNY": 2,
    "EUR": 2,
    "GBP": 2,
    "HKD": 2,
    "IDR": 2,
    "INR": 2,
    "JPY": 0,
    "KRW": 0,
    "KWD": 3,
    "MYR": 2,
    "NZD": 2,
    "PHP": 2,
    "SAR": 2,
    "SGD": 2,
    "THB": 2,
    "USD": 2,
    "VND": 0,
}
THINGS = {
    "X:BOOK": "goods",
    "X:BOX": "goods",
    "X:KG": "goods",
    "X:LITRE": "goods",
    "X:METRE": "goods",
    "X:PACK": "goods",
    "X:PIECE": "goods",
    "X:SACK": "goods",
    "X:SET": "goods",
    "X:SHEET": "goods",
    "X:STEM": "goods",
    "X:UNIT": "goods",
    "X:HOUR": "time",
    "X:PERSON_DAY": "time",
    "X:SESSION": "time",
    "X:ROOM_DAY": "facility",
    "X:SLOT_HOUR": "facility",
    "X:TOOL_DAY": "facility",
    "X:VEHICLE_DAY": "facility",
}
APPEND_ONLY = ("ledger_posting", "ledger_transfer")


def upgrade() -> None:
    """Tables, then what makes them append-only, then the units."""
    _create_tables()
    for table in APPEND_ONLY:
        _make_append_only(table)
    _settled_up_to()
    # Rows of these two change all the time: leave room, and clean up by count, not by share.
    op.execute("ALTER TABLE ledger_pending SET (fillfactor = 80)")
    op.execute("ALTER TABLE ledger_balance SET (fillfactor = 50)")
    op.execute(
        "ALTER TABLE ledger_delta SET"
        " (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000)"
    )
    units = [{"code": code, "exponent": places, "kind": "currency"} for code, places in CURRENCIES.items()]
    units += [{"code": code, "exponent": 0, "kind": kind} for code, kind in THINGS.items()]
    op.bulk_insert(
        sa.table(
            "ledger_unit",
            sa.column("code", sa.Text()),
            sa.column("exponent", sa.SmallInteger()),
            sa.column("kind", sa.Text()),
        ),
        units,
    )


def downgrade() -> None:
    """Everything of the books."""
    op.execute("DROP FUNCTION ledger_settled_up_to()")
    for table in (
        "seal",
        "snapshot",
        "delta",
        "balance",
        "pending",
        "transfer",
        "posting",
        "account",
        "unit",
    ):
        op.drop_table(f"ledger_{table}")
    op.execute("DROP FUNCTION ledger_refuse_change()")


def _make_append_only(table: str) -> None:
    """Twice: no right for the app's role, and a trigger for everybody, the owner included."""
    op.execute(
        """
        CREATE OR REPLACE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
            USING ERRCODE = 'insufficient_privilege';
        END $$
        """
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()"
    )
    op.execute(
        f"""
        DO $$ BEGIN
          IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'coevolve_app') THEN
            REVOKE ALL ON {table} FROM coevolve_app;
            GRANT SELECT, INSERT ON {table} TO coevolve_app;
          END IF;
        END $$
        """
    )


def _settled_up_to() -> None:
    """The app's role may not lock what it may not change; the seal needs that lock for an instant."""
    op.execute(
        """
        CREATE FUNCTION ledger_settled_up_to() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog, public AS $$
        BEGIN
          LOCK TABLE ledger_transfer IN SHARE MODE;
          RETURN (SELECT coalesce(max(id), 0) FROM ledger_transfer);
        END $$
        """
    )
    op.execute("REVOKE ALL ON FUNCTION ledger_settled_up_to() FROM PUBLIC")
    op.execute(
        """
        DO $$ BEGIN
          IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'coevolve_app') THEN
            GRANT EXECUTE ON FUNCTION ledger_settled_up_to() TO coevolve_app;
          END IF;
        END $$
        """
    )


def _create_tables() -> None:
    op.create_table(
        "ledger_unit",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("exponent", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.CheckConstraint("code ~ '^([A-Z]{3}|X:[A-Z0-9_]{1,24})$'", name=op.f("ck_ledger_unit_code")),
        sa.CheckConstraint(
            "kind IN ('currency', 'goods', 'time', 'facility')", name=op.f("ck_ledger_unit_kind")
        ),
        sa.CheckConstraint("exponent BETWEEN 0 AND 6", name=op.f("ck_ledger_unit_exponent")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_ledger_unit")),
    )

    op.create_table(
        "ledger_account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("class", sa.Text(), nullable=False),
        sa.Column("floor", sa.BigInteger(), nullable=True),
        sa.Column("custodian_id", sa.Uuid(), nullable=True),
        sa.Column("owner_kind", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "book = 'commitment' OR unit !~ '^X:'", name=op.f("ck_ledger_account_cash_is_money")
        ),
        sa.CheckConstraint("book IN ('cash', 'commitment')", name=op.f("ck_ledger_account_book")),
        sa.CheckConstraint(
            "class IN ('asset', 'liability', 'income', 'expense', 'memo')",
            name=op.f("ck_ledger_account_class"),
        ),
        sa.ForeignKeyConstraint(["unit"], ["ledger_unit.code"], name=op.f("fk_ledger_account_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_account")),
        sa.UniqueConstraint("code", name=op.f("uq_ledger_account_code")),
        sa.UniqueConstraint("id", "unit", "book", name=op.f("uq_ledger_account_id_unit_book")),
    )
    op.create_index(
        "ix_ledger_account_owner_id",
        "ledger_account",
        ["owner_id"],
        unique=False,
        postgresql_where=sa.text("owner_id IS NOT NULL"),
    )

    op.create_table(
        "ledger_posting",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reverses_id", sa.BigInteger(), nullable=True),
        sa.Column("source_kind", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "posted_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reverses_id"], ["ledger_posting.id"], name=op.f("fk_ledger_posting_reverses_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_posting")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_ledger_posting_idempotency_key")),
    )
    op.create_index(
        "uq_ledger_posting_reverses_id",
        "ledger_posting",
        ["reverses_id"],
        unique=True,
        postgresql_where=sa.text("reverses_id IS NOT NULL"),
    )

    op.create_table(
        "ledger_transfer",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("posting_id", sa.BigInteger(), nullable=False),
        sa.Column("leg", sa.SmallInteger(), nullable=False),
        sa.Column("debit_id", sa.BigInteger(), nullable=False),
        sa.Column("credit_id", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("pending_id", sa.BigInteger(), nullable=True),
        sa.Column("is_spending", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint(
            "(phase IN ('fulfil', 'void')) = (pending_id IS NOT NULL)",
            name=op.f("ck_ledger_transfer_pending"),
        ),
        sa.CheckConstraint(
            "phase IN ('single', 'pending', 'fulfil', 'void')", name=op.f("ck_ledger_transfer_phase")
        ),
        sa.CheckConstraint(
            "amount > 0 AND amount < 9000000000000000", name=op.f("ck_ledger_transfer_amount")
        ),
        sa.CheckConstraint("debit_id <> credit_id", name=op.f("ck_ledger_transfer_two_accounts")),
        sa.ForeignKeyConstraint(
            ["credit_id", "unit", "book"],
            ["ledger_account.id", "ledger_account.unit", "ledger_account.book"],
            name="fk_ledger_transfer_credit",
        ),
        sa.ForeignKeyConstraint(
            ["debit_id", "unit", "book"],
            ["ledger_account.id", "ledger_account.unit", "ledger_account.book"],
            name="fk_ledger_transfer_debit",
        ),
        sa.ForeignKeyConstraint(
            ["pending_id"], ["ledger_transfer.id"], name=op.f("fk_ledger_transfer_pending_id")
        ),
        sa.ForeignKeyConstraint(
            ["posting_id"], ["ledger_posting.id"], name=op.f("fk_ledger_transfer_posting_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_transfer")),
        sa.UniqueConstraint("posting_id", "leg", name=op.f("uq_ledger_transfer_posting_id_leg")),
    )
    op.create_index("ix_ledger_transfer_credit_id_id", "ledger_transfer", ["credit_id", "id"], unique=False)
    op.create_index("ix_ledger_transfer_debit_id_id", "ledger_transfer", ["debit_id", "id"], unique=False)
    op.create_index(
        "ix_ledger_transfer_pending_id",
        "ledger_transfer",
        ["pending_id"],
        unique=False,
        postgresql_where=sa.text("pending_id IS NOT NULL"),
    )
    op.create_index(
        "uq_ledger_transfer_void",
        "ledger_transfer",
        ["pending_id"],
        unique=True,
        postgresql_where=sa.text("phase = 'void'"),
    )

    op.create_table(
        "ledger_pending",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("fulfilled", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("voided", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "fulfilled >= 0 AND voided >= 0 AND fulfilled + voided <= amount",
            name=op.f("ck_ledger_pending_not_above_amount"),
        ),
        sa.ForeignKeyConstraint(["id"], ["ledger_transfer.id"], name=op.f("fk_ledger_pending_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_pending")),
    )

    op.create_table(
        "ledger_balance",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("balance", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("held", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("expected", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("spent", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("floor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("balance - held >= floor", name=op.f("ck_ledger_balance_floor")),
        sa.CheckConstraint("expected >= 0", name=op.f("ck_ledger_balance_expected")),
        sa.CheckConstraint("held >= 0", name=op.f("ck_ledger_balance_held")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["ledger_account.id"], name=op.f("fk_ledger_balance_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_ledger_balance")),
    )

    op.create_table(
        "ledger_delta",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("amount", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("expected", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("spent", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_ledger_delta")),
    )

    op.create_table(
        "ledger_snapshot",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["ledger_account.id"], name=op.f("fk_ledger_snapshot_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "last_id", name=op.f("pk_ledger_snapshot")),
    )

    op.create_table(
        "ledger_seal",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("first_id", sa.BigInteger(), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("previous_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column(
            "sealed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint("first_id <= last_id + 1", name=op.f("ck_ledger_seal_ids")),
        sa.CheckConstraint("row_count >= 0", name=op.f("ck_ledger_seal_row_count")),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_ledger_seal")),
    )
