"""Further tables of search: declared disasters, and the words that listings have used."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from coevolve.kit import moves

revision = "0026"
down_revision: str | None = "0025"

EDGES = [("(begin)", "declared"), ("declared", "ended"), ("declared", "expired")]

# No listing can belong to a disaster yet: this table is as old as its column.
LISTINGS_NAME_THEIR_DISASTER = """
-- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
ALTER TABLE listing ADD CONSTRAINT fk_listing_disaster_id FOREIGN KEY (disaster_id) REFERENCES disaster (id)
"""

WORDS = """
CREATE FUNCTION listing_learn_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO listing_word (word)
  SELECT DISTINCT word FROM shelved s JOIN listing l ON l.id = s.listing_id
    JOIN organisation o ON o.id = l.organisation_id
   CROSS JOIN LATERAL regexp_split_to_table(
     lower(concat_ws(' ', l.title, o.name,
       (SELECT string_agg(label, ' ') FROM listing_line WHERE listing_id = l.id),
       (SELECT string_agg(short_name, ' ') FROM locality WHERE code = ANY(s.regency_codes || s.province_codes)))),
     '[^[:alpha:]]+') word
   WHERE length(word) BETWEEN 4 AND 30 ORDER BY word
  ON CONFLICT (word) DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER listing_learn_words AFTER INSERT ON listing_search
  REFERENCING NEW TABLE AS shelved FOR EACH STATEMENT EXECUTE FUNCTION listing_learn_words();
"""


def upgrade() -> None:
    """The disasters, whose needs stand first; the vocabulary, kept by a trigger."""
    op.create_table(
        "disaster",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("decree_number", sa.Text(), nullable=False),
        sa.Column("decree_on", sa.Date(), nullable=False),
        sa.Column("issued_by", sa.Text(), nullable=False),
        sa.Column("localities", pg.ARRAY(sa.Text()), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'declared'"), nullable=False),
        sa.Column("declared_by", sa.Uuid(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("client_token", sa.Uuid()),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_disaster"),
        sa.UniqueConstraint("client_token", name="uq_disaster_client_token"),
        sa.ForeignKeyConstraint(["declared_by"], ["person.id"], name="fk_disaster_declared_by"),
        sa.CheckConstraint("state IN ('declared','ended','expired')", name="ck_disaster_state"),
        sa.CheckConstraint("status IN ('alert','emergency','transition')", name="ck_disaster_status"),
        sa.CheckConstraint("starts_on <= ends_on", name="ck_disaster_period"),
        sa.CheckConstraint("cardinality(localities) BETWEEN 1 AND 20", name="ck_disaster_localities"),
        sa.CheckConstraint(
            "length(name) BETWEEN 5 AND 120 AND length(decree_number) BETWEEN 3 AND 120",
            name="ck_disaster_words",
        ),
        sa.CheckConstraint("(state = 'declared') = (ended_at IS NULL)", name="ck_disaster_ended"),
    )
    op.create_index(
        "ix_disaster_in_force", "disaster", ["ends_on"], postgresql_where=sa.text("state = 'declared'")
    )
    op.execute(LISTINGS_NAME_THEIR_DISASTER)
    moves.sync_edges(op, "disaster", EDGES)
    op.create_table(
        "listing_word",
        sa.Column("word", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("word", name="pk_listing_word"),
    )
    op.create_index(
        "ix_listing_word_trgm",
        "listing_word",
        ["word"],
        postgresql_using="gin",
        postgresql_ops={"word": "gin_trgm_ops"},
    )
    op.execute(WORDS)


def downgrade() -> None:
    """Disasters and vocabulary go; what listings say of them goes with their column."""
    op.execute("DROP TRIGGER listing_learn_words ON listing_search")
    op.execute("DROP FUNCTION listing_learn_words()")
    op.drop_table("listing_word")
    op.execute("ALTER TABLE listing DROP CONSTRAINT fk_listing_disaster_id")
    op.execute("UPDATE listing SET is_urgent = false, disaster_id = NULL WHERE disaster_id IS NOT NULL")
    op.drop_table("disaster")
    moves.drop_edges(op, "disaster")
