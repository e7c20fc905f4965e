"""Tables of matching."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from coevolve.kit.moves import drop_edges, sync_edges

revision = "0012"
down_revision: str | None = "0011"

EDGES = [
    ("(begin)", "suggested"),
    ("contacted", "dismissed"),
    ("contacted", "expired"),
    ("contacted", "pledged"),
    ("dismissed", "expired"),
    ("dismissed", "pledged"),
    ("dismissed", "seen"),
    ("expired", "pledged"),
    ("seen", "contacted"),
    ("seen", "dismissed"),
    ("seen", "expired"),
    ("seen", "pledged"),
    ("suggested", "contacted"),
    ("suggested", "dismissed"),
    ("suggested", "expired"),
    ("suggested", "pledged"),
    ("suggested", "seen"),
]
STATES = "state in ('suggested', 'seen', 'contacted', 'pledged', 'dismissed', 'expired')"
REASONS = "reason = '' or reason in ('far', 'not_mine', 'timing', 'enough', 'other')"
FOLLOWER = ["id", "kinds", "min_minor", "max_minor", "person_id", "organisation_id"]
NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    """Interests, matches, and pairings of needs with offers."""
    op.create_table(
        "interest",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("locality_code", sa.Text(), nullable=False),
        sa.Column("sector", sa.Text(), nullable=True),
        sa.Column("kinds", sa.SmallInteger(), server_default=sa.text("15"), nullable=False),
        sa.Column("min_minor", sa.BigInteger(), nullable=True),
        sa.Column("max_minor", sa.BigInteger(), nullable=True),
        sa.Column("with_neighbours", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_interest"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_interest_person_id"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name="fk_interest_organisation_id"),
        sa.ForeignKeyConstraint(["locality_code"], ["locality.code"], name="fk_interest_locality_code"),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name="fk_interest_created_by"),
        sa.CheckConstraint(
            "num_nonnulls(person_id, organisation_id) = 1", name=op.f("ck_interest_one_follower")
        ),
        sa.CheckConstraint("kinds between 1 and 15", name=op.f("ck_interest_kinds_known")),
        sa.CheckConstraint(
            "min_minor >= 0 and max_minor >= 0 and min_minor <= max_minor",
            name=op.f("ck_interest_amounts_ordered"),
        ),
    )
    op.create_index(
        "uq_interest_follower_place_sector",
        "interest",
        ["person_id", "organisation_id", "locality_code", "sector"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_index(
        "ix_interest_place_sector",
        "interest",
        ["locality_code", "sector"],
        postgresql_include=FOLLOWER,
        postgresql_where=sa.text("is_active"),
    )
    op.create_index(
        "ix_interest_neighbours",
        "interest",
        ["locality_code", "sector"],
        postgresql_include=FOLLOWER,
        postgresql_where=sa.text("is_active and with_neighbours"),
    )
    op.create_index("ix_interest_organisation_id", "interest", ["organisation_id"])
    op.create_table(
        "match",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("for_organisation", sa.Uuid(), nullable=True),
        sa.Column("interest_id", sa.BigInteger(), nullable=True),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        sa.Column("parts", JSONB(), nullable=False),
        sa.Column("reasons", JSONB(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'suggested'"), nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_match"),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listing.id"], name="fk_match_listing_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_match_person_id"),
        sa.ForeignKeyConstraint(["for_organisation"], ["organisation.id"], name="fk_match_for_organisation"),
        sa.ForeignKeyConstraint(["interest_id"], ["interest.id"], name="fk_match_interest_id"),
        sa.CheckConstraint(STATES, name=op.f("ck_match_state_known")),
        sa.CheckConstraint(REASONS, name=op.f("ck_match_reason_known")),
        sa.CheckConstraint("score between 0 and 100", name=op.f("ck_match_score_range")),
    )
    op.create_index("uq_match_listing_id_person_id", "match", ["listing_id", "person_id"], unique=True)
    op.create_index("ix_match_person_id_id", "match", ["person_id", "id"])
    op.execute(
        """
        CREATE TRIGGER match_moves BEFORE UPDATE OF state ON match
        FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION state_keeps_its_moves('match')
        """
    )
    op.create_table(
        "pairing",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("need_id", sa.Uuid(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        sa.Column("parts", JSONB(), nullable=False),
        sa.Column("reasons", JSONB(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("state", sa.Text(), server_default=sa.text("'suggested'"), nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("dismissed_for", sa.Uuid(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pairing"),
        sa.ForeignKeyConstraint(["need_id"], ["listing.id"], name="fk_pairing_need_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["offer_id"], ["listing.id"], name="fk_pairing_offer_id", ondelete="CASCADE"),
        sa.CheckConstraint("need_id <> offer_id", name=op.f("ck_pairing_two_listings")),
        sa.ForeignKeyConstraint(["dismissed_for"], ["organisation.id"], name="fk_pairing_dismissed_for"),
        sa.CheckConstraint("score between 0 and 100", name=op.f("ck_pairing_score_range")),
        sa.CheckConstraint(STATES, name=op.f("ck_pairing_state_known")),
        sa.CheckConstraint(REASONS, name=op.f("ck_pairing_reason_known")),
        sa.CheckConstraint(
            "state <> 'dismissed' or dismissed_for is not null", name=op.f("ck_pairing_dismissed_by_a_side")
        ),
    )
    op.create_index("uq_pairing_need_id_offer_id", "pairing", ["need_id", "offer_id"], unique=True)
    op.create_index("ix_pairing_offer_id", "pairing", ["offer_id"])
    op.create_index(
        "ix_pairing_ends_on",
        "pairing",
        ["ends_on"],
        postgresql_where=sa.text("state in ('suggested', 'seen', 'contacted')"),
    )
    op.create_index(
        "ix_pairing_dismissed_for",
        "pairing",
        ["dismissed_for"],
        postgresql_where=sa.text("dismissed_for is not null"),
    )
    op.execute(
        """
        CREATE TRIGGER pairing_moves BEFORE UPDATE OF state ON pairing
        FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION state_keeps_its_moves('pairing')
        """
    )
    sync_edges(op, "match", EDGES)
    sync_edges(op, "pairing", EDGES)


def downgrade() -> None:
    """Drop the tables and the edges."""
    op.drop_table("pairing")
    op.drop_table("match")
    op.drop_table("interest")
    drop_edges(op, "match")
    drop_edges(op, "pairing")
