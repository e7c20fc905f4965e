"""Tables of networks and links between localities; both make places near for matching."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from coevolve.kit.moves import drop_edges, sync_edges

revision = "0029"
down_revision: str | None = "0028"

EDGES = [
    ("(begin)", "proposed"),
    ("active", "ended"),
    ("proposed", "active"),
    ("proposed", "declined"),
]

BORDERS = """
CREATE OR REPLACE VIEW locality_near AS
  SELECT a_code AS code, b_code AS other_code, kind AS how, km FROM locality_neighbour
   UNION ALL
  SELECT b_code, a_code, kind, km FROM locality_neighbour
"""
NEAR = (
    BORDERS
    + """
   UNION ALL
  SELECT a_code, b_code, 'link', NULL::float8 FROM locality_link WHERE state = 'active'
   UNION ALL
  SELECT b_code, a_code, 'link', NULL::float8 FROM locality_link WHERE state = 'active'
   UNION ALL
  SELECT one.locality_code, other.locality_code, 'network', NULL::float8
    FROM network_locality one
    JOIN network_locality other ON other.network_id = one.network_id AND other.id <> one.id AND other.until IS NULL
    JOIN network n ON n.id = one.network_id AND n.ended_on IS NULL
   WHERE one.until IS NULL
"""
)


def _member(table: str, column: str, points_at: str) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("network_id", sa.Uuid(), nullable=False),
        sa.Column(column, sa.Text() if points_at == "locality.code" else sa.Uuid(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.CheckConstraint("until >= since", name=op.f(f"ck_{table}_period")),
        sa.ForeignKeyConstraint(["network_id"], ["network.id"], name=op.f(f"fk_{table}_network_id_network")),
        sa.ForeignKeyConstraint(
            [column], [points_at], name=op.f(f"fk_{table}_{column}_{points_at.partition('.')[0]}")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(
        f"uq_{table}_now",
        table,
        ["network_id", column],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )


def upgrade() -> None:
    """Networks, their members, links."""
    op.create_table(
        "network",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("founded_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False
        ),
        sa.CheckConstraint(
            "length(name) BETWEEN 3 AND 120 AND length(purpose) BETWEEN 1 AND 2000",
            name=op.f("ck_network_texts"),
        ),
        sa.CheckConstraint("ended_on >= founded_on", name=op.f("ck_network_period")),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_network_created_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network")),
        sa.UniqueConstraint("slug", name=op.f("uq_network_slug")),
    )
    op.create_index(
        "uq_network_name",
        "network",
        [sa.text("lower(name)")],
        unique=True,
        postgresql_where=sa.text("ended_on IS NULL"),
    )
    _member("network_locality", "locality_code", "locality.code")
    op.create_index(
        "ix_network_locality_code",
        "network_locality",
        ["locality_code"],
        postgresql_where=sa.text("until IS NULL"),
    )
    _member("network_organisation", "organisation_id", "organisation.id")
    op.create_index(
        "ix_network_organisation_organisation",
        "network_organisation",
        ["organisation_id"],
        postgresql_where=sa.text("until IS NULL"),
    )
    _link()
    sync_edges(op, "locality_link", EDGES)
    op.execute(NEAR)


def _link() -> None:
    op.create_table(
        "locality_link",
        sa.Column("a_code", sa.Text(), nullable=False),
        sa.Column("b_code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'proposed'"), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False
        ),
        sa.CheckConstraint("a_code < b_code", name=op.f("ck_locality_link_once")),
        sa.CheckConstraint(
            "kind IN ('sister', 'shared_need', 'learning')", name=op.f("ck_locality_link_kind_known")
        ),
        sa.CheckConstraint(
            "state IN ('proposed', 'active', 'declined', 'ended')", name=op.f("ck_locality_link_state_known")
        ),
        sa.CheckConstraint(
            "since IS NULL OR state IN ('active', 'ended')",
            name=op.f("ck_locality_link_day_when_active"),
        ),
        sa.CheckConstraint(
            "until IS NULL OR (state = 'ended' AND until >= since)",
            name=op.f("ck_locality_link_day_when_ended"),
        ),
        sa.CheckConstraint("length(evidence) BETWEEN 1 AND 1000", name=op.f("ck_locality_link_evidence")),
        sa.ForeignKeyConstraint(["a_code"], ["locality.code"], name=op.f("fk_locality_link_a_code_locality")),
        sa.ForeignKeyConstraint(["b_code"], ["locality.code"], name=op.f("fk_locality_link_b_code_locality")),
        sa.ForeignKeyConstraint(
            ["proposed_by"], ["person.id"], name=op.f("fk_locality_link_proposed_by_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_locality_link")),
    )
    op.create_index(
        "uq_locality_link_live",
        "locality_link",
        ["a_code", "b_code", "kind"],
        unique=True,
        postgresql_where=sa.text("state IN ('proposed', 'active')"),
    )
    op.create_index("ix_locality_link_b_code", "locality_link", ["b_code"])


def downgrade() -> None:
    """Without them; places are near by their borders again."""
    op.execute("DROP VIEW locality_near")
    op.execute(BORDERS)
    drop_edges(op, "locality_link")
    for table in ("locality_link", "network_organisation", "network_locality", "network"):
        op.drop_table(table)
