"""Tables of what members show beside the words of a listing: photos, documents, updates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0025"
down_revision: str | None = "0024"


def upgrade() -> None:
    """The three tables."""
    _update()
    _photo()
    _document()


def downgrade() -> None:
    """Drop them."""
    for table in ("listing_document", "listing_photo", "listing_update"):
        op.drop_table(table)


def _created() -> sa.Column[sa.DateTime]:
    return sa.Column(
        "created_at",
        sa.DateTime(timezone=True),
        server_default=sa.text("clock_timestamp()"),
        nullable=False,
    )


def _key(table: str, column: str, target: str, **how: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=f"fk_{table}_{column}", **how)


def _update() -> None:
    op.create_table(
        "listing_update",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("province_code", sa.Text()),
        sa.Column("regency_code", sa.Text()),
        sa.Column("district_code", sa.Text()),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("line_id", sa.Uuid()),
        sa.Column("unit", sa.Text()),
        sa.Column("amount", sa.BigInteger()),
        sa.Column("client_token", sa.Uuid(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True)),
        sa.Column("published_by", sa.Uuid()),
        sa.Column("edited_at", sa.DateTime(timezone=True)),
        sa.Column("hidden_at", sa.DateTime(timezone=True)),
        sa.Column("hidden_by", sa.Uuid()),
        sa.Column("hidden_because", sa.Text(), server_default=sa.text("''"), nullable=False),
        _created(),
        sa.PrimaryKeyConstraint("id", name="pk_listing_update"),
        sa.UniqueConstraint("client_token", name="uq_listing_update_client_token"),
        _key("listing_update", "listing_id", "listing", ondelete="CASCADE"),
        _key("listing_update", "organisation_id", "organisation"),
        _key("listing_update", "line_id", "listing_line", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["unit"], ["ledger_unit.code"], name="fk_listing_update_unit"),
        _key("listing_update", "created_by", "person"),
        _key("listing_update", "published_by", "person"),
        _key("listing_update", "hidden_by", "person"),
        sa.CheckConstraint("length(title) BETWEEN 1 AND 120", name="ck_listing_update_title"),
        sa.CheckConstraint("length(text) <= 6000", name="ck_listing_update_text"),
        sa.CheckConstraint(
            "(amount IS NULL) = (unit IS NULL) AND amount > 0", name="ck_listing_update_amount"
        ),
        sa.CheckConstraint("unit <> 'IDR' OR mod(amount, 100) = 0", name="ck_listing_update_whole_rupiah"),
        sa.CheckConstraint(
            "(published_at IS NULL) = (published_by IS NULL)", name="ck_listing_update_published"
        ),
        sa.CheckConstraint("edited_at IS NULL OR published_at IS NOT NULL", name="ck_listing_update_edited"),
        sa.CheckConstraint(
            "(hidden_at IS NULL) = (hidden_by IS NULL) AND (hidden_at IS NULL OR length(hidden_because) > 0)"
            " AND (hidden_at IS NULL OR published_at IS NOT NULL)",
            name="ck_listing_update_hidden",
        ),
    )
    op.create_index("ix_listing_update_listing_id", "listing_update", ["listing_id", "published_at"])
    op.create_index(
        "ix_listing_update_newest",
        "listing_update",
        [sa.text("published_at DESC")],
        postgresql_where=sa.text("published_at IS NOT NULL AND hidden_at IS NULL"),
    )
    for column in ("organisation_id", "province_code", "regency_code", "district_code"):
        op.create_index(
            f"ix_listing_update_{column}",
            "listing_update",
            [column, sa.text("published_at DESC")],
            postgresql_where=sa.text("published_at IS NOT NULL AND hidden_at IS NULL"),
        )


def _photo() -> None:
    op.create_table(
        "listing_photo",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("update_id", sa.Uuid()),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("alt", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.BigInteger(), nullable=False),
        sa.Column("bands", pg.ARRAY(sa.Integer()), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=False),
        _created(),
        sa.PrimaryKeyConstraint("id", name="pk_listing_photo"),
        _key("listing_photo", "listing_id", "listing", ondelete="CASCADE"),
        _key("listing_photo", "update_id", "listing_update", ondelete="CASCADE"),
        _key("listing_photo", "file_id", "stored_file"),
        _key("listing_photo", "added_by", "person"),
        sa.CheckConstraint("length(alt) BETWEEN 5 AND 200", name="ck_listing_photo_alt"),
        sa.CheckConstraint("width > 0 AND height > 0", name="ck_listing_photo_sides"),
    )
    op.create_index("ix_listing_photo_listing_id", "listing_photo", ["listing_id", "position"])
    op.create_index(
        "ix_listing_photo_update_id",
        "listing_photo",
        ["update_id"],
        postgresql_where=sa.text("update_id IS NOT NULL"),
    )
    op.create_index("ix_listing_photo_key", "listing_photo", ["key"])
    op.create_index("ix_listing_photo_file_id", "listing_photo", ["file_id"])
    op.create_index("ix_listing_photo_bands", "listing_photo", ["bands"], postgresql_using="gin")


def _document() -> None:
    op.create_table(
        "listing_document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("is_public", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=False),
        _created(),
        sa.PrimaryKeyConstraint("id", name="pk_listing_document"),
        _key("listing_document", "listing_id", "listing", ondelete="CASCADE"),
        _key("listing_document", "file_id", "stored_file"),
        _key("listing_document", "added_by", "person"),
        sa.CheckConstraint("length(title) BETWEEN 3 AND 120", name="ck_listing_document_title"),
    )
    op.create_index("ix_listing_document_listing_id", "listing_document", ["listing_id"])
    op.create_index("ix_listing_document_file_id", "listing_document", ["file_id"])
