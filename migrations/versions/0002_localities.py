"""Tables of localities."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    """The tree of places, which code followed which, neighbours, and the log of loads."""
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.create_table(
        "locality",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("short_name", sa.Text(), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("parent_code", sa.Text(), nullable=True),
        sa.Column("country_code", sa.Text(), nullable=False),
        sa.Column("region_code", sa.Text(), nullable=True),
        sa.Column("province_code", sa.Text(), nullable=True),
        sa.Column("regency_code", sa.Text(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lng", sa.Float(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("code", name="pk_locality"),
        sa.ForeignKeyConstraint(["parent_code"], ["locality.code"], name="fk_locality_parent_code"),
        sa.CheckConstraint(
            "level in ('country', 'region', 'province', 'regency', 'district', 'village')",
            name=op.f("ck_locality_level_known"),
        ),
        sa.CheckConstraint(
            "(level = 'country') = (parent_code is null)", name=op.f("ck_locality_parent_unless_country")
        ),
        sa.CheckConstraint(
            "code !~ '^[0-9.]+$' or level = 'province' or code like parent_code || '.%'",
            name=op.f("ck_locality_parent_is_prefix"),
        ),
        sa.CheckConstraint("(lat is null) = (lng is null)", name=op.f("ck_locality_point_whole")),
        sa.CheckConstraint("is_active = (valid_to is null)", name=op.f("ck_locality_active_until_closed")),
    )
    op.create_index("ix_locality_parent_code", "locality", ["parent_code"])
    op.create_index(
        "ix_locality_search_text",
        "locality",
        ["search_text"],
        postgresql_using="gin",
        postgresql_ops={"search_text": "gin_trgm_ops"},
        postgresql_where=sa.text("is_active"),
    )
    op.create_table(
        "locality_succession",
        sa.Column("old_code", sa.Text(), nullable=False),
        sa.Column("new_code", sa.Text(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("old_code", "new_code", name="pk_locality_succession"),
        sa.ForeignKeyConstraint(["old_code"], ["locality.code"], name="fk_locality_succession_old_code"),
        sa.ForeignKeyConstraint(["new_code"], ["locality.code"], name="fk_locality_succession_new_code"),
        sa.CheckConstraint(
            "kind in ('split', 'merge', 'renamed')", name=op.f("ck_locality_succession_kind_known")
        ),
    )
    op.create_index("ix_locality_succession_new_code", "locality_succession", ["new_code"])
    op.create_table(
        "locality_neighbour",
        sa.Column("a_code", sa.Text(), nullable=False),
        sa.Column("b_code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("km", sa.Float(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("a_code", "b_code", name="pk_locality_neighbour"),
        sa.ForeignKeyConstraint(["a_code"], ["locality.code"], name="fk_locality_neighbour_a_code"),
        sa.ForeignKeyConstraint(["b_code"], ["locality.code"], name="fk_locality_neighbour_b_code"),
        sa.CheckConstraint("a_code < b_code", name=op.f("ck_locality_neighbour_once")),
        sa.CheckConstraint("kind in ('land', 'sea')", name=op.f("ck_locality_neighbour_kind_known")),
        sa.CheckConstraint("km >= 0", name=op.f("ck_locality_neighbour_km_positive")),
    )
    op.create_index("ix_locality_neighbour_b_code", "locality_neighbour", ["b_code"])
    op.create_table(
        "locality_load",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("changed_rows", sa.BigInteger(), nullable=False),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_locality_load"),
    )


def downgrade() -> None:
    """Drop the tables; the extension stays, others may use it."""
    op.drop_table("locality_load")
    op.drop_table("locality_neighbour")
    op.drop_table("locality_succession")
    op.drop_table("locality")
