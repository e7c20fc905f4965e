"""Tables of slots: the hours in which a facility on offer may be used, and the days on which it may not."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ExcludeConstraint

revision = "0024"
down_revision: str | None = "0023"


def upgrade() -> None:
    """The tables. Bookings themselves are rows of pledge_fulfilment, which never overlap either."""
    op.create_table(
        "listing_opening",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("weekday", sa.SmallInteger(), nullable=False),
        sa.Column("opens", sa.SmallInteger(), nullable=False),
        sa.Column("closes", sa.SmallInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.CheckConstraint("weekday BETWEEN 1 AND 7", name=op.f("ck_listing_opening_weekday")),
        sa.CheckConstraint(
            "opens >= 0 AND opens < closes AND closes <= 1440", name=op.f("ck_listing_opening_hours")
        ),
        sa.CheckConstraint("valid_from <= valid_until", name=op.f("ck_listing_opening_valid")),
        sa.ForeignKeyConstraint(
            ["line_id"], ["listing_line.id"], name=op.f("fk_listing_opening_line_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing_opening")),
        ExcludeConstraint(
            (sa.column("line_id"), "="),
            (sa.column("weekday"), "="),
            (sa.text("int4range(opens::int, closes::int)"), "&&"),
            (sa.text("daterange(valid_from, valid_until, '[]')"), "&&"),
            using="gist",
            name="ex_listing_opening_hours",
        ),
    )
    op.create_table(
        "listing_closure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint("first_on <= last_on", name=op.f("ck_listing_closure_days")),
        sa.CheckConstraint("length(note) <= 120", name=op.f("ck_listing_closure_note")),
        sa.ForeignKeyConstraint(
            ["line_id"], ["listing_line.id"], name=op.f("fk_listing_closure_line_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing_closure")),
    )
    op.create_index("ix_listing_closure_line_id", "listing_closure", ["line_id", "last_on"])


def downgrade() -> None:
    """Everything of slots."""
    for table in ("listing_closure", "listing_opening"):
        op.drop_table(table)
