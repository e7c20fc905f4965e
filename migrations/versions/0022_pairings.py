"""Further tables of matching: what pairing walks, pairs of lines, notes, dislikes, peers; what organisations refuse."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from coevolve.kit.moves import drop_edges, sync_edges

revision = "0022"
down_revision: str | None = "0021"

NOW = sa.text("clock_timestamp()")
PEER_EDGES = [
    ("(begin)", "invited"),
    ("invited", "accepted"),
    ("invited", "declined"),
    ("invited", "withdrawn"),
]

NEAR = """
CREATE VIEW locality_near AS
  SELECT a_code AS code, b_code AS other_code, kind AS how, km FROM locality_neighbour
   UNION ALL
  SELECT b_code, a_code, kind, km FROM locality_neighbour
"""

KILOMETRES = """
CREATE FUNCTION kilometres(a_lat float8, a_lng float8, b_lat float8, b_lng float8) RETURNS float8
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT 12742.0176 * asin(least(1, sqrt(
    power(sin(radians(b_lat - a_lat) / 2), 2)
    + cos(radians(a_lat)) * cos(radians(b_lat)) * power(sin(radians(b_lng - a_lng) / 2), 2))))
$$
"""

SHELVE = """
CREATE FUNCTION shelve_lines(listings uuid[]) RETURNS void LANGUAGE sql AS $$
  INSERT INTO shelf_line (line_id, listing_id, organisation_id, side, kind, category, sector, unit, quantity, least,
                          from_on, until_on, closes_on, radius_km, is_inexhaustible, region_code, province_code,
                          regency_code, lat, lng, opened_at)
  SELECT n.id, l.id, l.organisation_id, CASE l.kind WHEN 'standing_offer' THEN 'offer' ELSE 'need' END, n.kind,
         n.category, l.sector, n.unit, n.quantity, n.min_useful_quantity, n.needed_from, n.needed_until, l.closes_on,
         n.radius_km, n.is_inexhaustible, l.region_code, l.province_code, l.regency_code,
         coalesce(own.lat, wide.lat), coalesce(own.lng, wide.lng), l.opened_at
    FROM listing l JOIN listing_line n ON n.listing_id = l.id
    LEFT JOIN locality own ON own.code = l.locality_code
    LEFT JOIN locality wide ON wide.code = l.regency_code
   WHERE l.id = ANY(listings) AND l.state = 'open' AND l.hidden_since IS NULL AND l.kind <> 'opportunity'
   ORDER BY n.id
  ON CONFLICT (line_id) DO UPDATE SET
    kind = excluded.kind, category = excluded.category, sector = excluded.sector, unit = excluded.unit,
    quantity = excluded.quantity, least = excluded.least, from_on = excluded.from_on, until_on = excluded.until_on,
    closes_on = excluded.closes_on, radius_km = excluded.radius_km, is_inexhaustible = excluded.is_inexhaustible,
    region_code = excluded.region_code, province_code = excluded.province_code, regency_code = excluded.regency_code,
    lat = excluded.lat, lng = excluded.lng, opened_at = excluded.opened_at
$$;
CREATE FUNCTION listing_shelves_lines() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.state = 'open' AND NEW.hidden_since IS NULL THEN
    PERFORM shelve_lines(ARRAY[NEW.id]);
  ELSE
    DELETE FROM shelf_line WHERE listing_id = NEW.id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER listing_shelves_lines
  AFTER UPDATE OF state, hidden_since, locality_code, sector, closes_on ON listing
  FOR EACH ROW EXECUTE FUNCTION listing_shelves_lines();
CREATE FUNCTION lines_shelve_themselves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM shelve_lines(ARRAY(SELECT DISTINCT listing_id FROM touched));
  RETURN NULL;
END $$;
CREATE TRIGGER listing_line_shelved AFTER INSERT ON listing_line
  REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION lines_shelve_themselves();
CREATE TRIGGER listing_line_reshelved AFTER UPDATE ON listing_line
  REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION lines_shelve_themselves();
"""


def _created() -> sa.Column[object]:
    return sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False)


def _to(column: str, table: str, target: str, *, cascade: bool = False) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column],
        [f"{target}.id"],
        name=f"fk_{table}_{column}",
        ondelete="CASCADE" if cascade else None,
    )


def upgrade() -> None:
    """Tables, the view of what is near, the triggers that keep the shelf of lines."""
    op.execute(NEAR)
    op.execute(KILOMETRES)
    _refusal()
    _lines()
    _notes()
    _shelf()
    _peers()
    op.execute(SHELVE)
    op.execute("SELECT shelve_lines(ARRAY(SELECT id FROM listing WHERE state = 'open'))")
    sync_edges(op, "peer_invitation", PEER_EDGES)


def _refusal() -> None:
    op.create_table(
        "refusal",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("giver", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        _created(),
        sa.PrimaryKeyConstraint("organisation_id", "giver", name="pk_refusal"),
        _to("organisation_id", "refusal", "organisation"),
        _to("created_by", "refusal", "person"),
    )


def _lines() -> None:
    op.create_table(
        "pairing_line",
        sa.Column("pairing_id", sa.BigInteger(), nullable=False),
        sa.Column("need_line_id", sa.Uuid(), nullable=False),
        sa.Column("offer_line_id", sa.Uuid(), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        sa.Column("parts", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("pairing_id", "need_line_id", "offer_line_id", name="pk_pairing_line"),
        _to("pairing_id", "pairing_line", "pairing", cascade=True),
        _to("need_line_id", "pairing_line", "listing_line", cascade=True),
        _to("offer_line_id", "pairing_line", "listing_line", cascade=True),
        sa.CheckConstraint("score between 0 and 100", name=op.f("ck_pairing_line_score_range")),
    )
    op.create_index("ix_pairing_line_need_line_id", "pairing_line", ["need_line_id"])
    op.create_index("ix_pairing_line_offer_line_id", "pairing_line", ["offer_line_id"])


def _notes() -> None:
    op.create_table(
        "match_note",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("match_id", sa.BigInteger(), nullable=True),
        sa.Column("pairing_id", sa.BigInteger(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("for_organisation", sa.Uuid(), nullable=True),
        sa.Column("is_message", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        _created(),
        sa.PrimaryKeyConstraint("id", name="pk_match_note"),
        _to("match_id", "match_note", "match", cascade=True),
        _to("pairing_id", "match_note", "pairing", cascade=True),
        _to("person_id", "match_note", "person"),
        _to("for_organisation", "match_note", "organisation"),
        sa.CheckConstraint("num_nonnulls(match_id, pairing_id) = 1", name=op.f("ck_match_note_one_thing")),
        sa.CheckConstraint("length(text) between 1 and 1000", name=op.f("ck_match_note_text_length")),
    )
    for column in ("match_id", "pairing_id"):
        op.create_index(
            f"ix_match_note_{column}",
            "match_note",
            [column],
            postgresql_where=sa.text(f"{column} is not null"),
        )
    op.create_index("ix_match_note_person_id", "match_note", ["person_id"])
    op.create_table(
        "match_dislike",
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("count", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("about", "person_id", name="pk_match_dislike"),
        _to("person_id", "match_dislike", "person"),
        sa.CheckConstraint("count >= 0", name=op.f("ck_match_dislike_count_positive")),
    )


def _shelf() -> None:
    op.create_table(
        "shelf_line",
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("sector", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("least", sa.BigInteger(), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("radius_km", sa.SmallInteger(), nullable=True),
        sa.Column("is_inexhaustible", sa.Boolean(), nullable=False),
        sa.Column("region_code", sa.Text(), nullable=True),
        sa.Column("province_code", sa.Text(), nullable=True),
        sa.Column("regency_code", sa.Text(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lng", sa.Float(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("line_id", name="pk_shelf_line"),
        _to("line_id", "shelf_line", "listing_line", cascade=True),
        _to("listing_id", "shelf_line", "listing", cascade=True),
    )
    newest = [sa.text("opened_at DESC"), sa.text("line_id DESC")]
    for level in ("regency", "province", "region"):
        op.create_index(
            f"ix_shelf_line_{level}",
            "shelf_line",
            ["side", "kind", "category", f"{level}_code", *newest],
        )
    op.create_index(
        "ix_shelf_line_wide",
        "shelf_line",
        ["side", "kind", "category", *newest],
        postgresql_where=sa.text("radius_km >= 150"),
    )
    op.create_index("ix_shelf_line_listing_id", "shelf_line", ["listing_id"])


def _peers() -> None:
    op.create_table(
        "peer_invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("from_listing_id", sa.Uuid(), nullable=False),
        sa.Column("to_listing_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'invited'"), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answer", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        _created(),
        sa.PrimaryKeyConstraint("id", name="pk_peer_invitation"),
        _to("from_listing_id", "peer_invitation", "listing", cascade=True),
        _to("to_listing_id", "peer_invitation", "listing", cascade=True),
        _to("invited_by", "peer_invitation", "person"),
        _to("answered_by", "peer_invitation", "person"),
        sa.CheckConstraint(
            "state in ('invited', 'accepted', 'declined', 'withdrawn')",
            name=op.f("ck_peer_invitation_state_known"),
        ),
        sa.CheckConstraint("from_listing_id <> to_listing_id", name=op.f("ck_peer_invitation_two_listings")),
        sa.CheckConstraint(
            "length(text) between 1 and 1000 and length(answer) <= 1000",
            name=op.f("ck_peer_invitation_texts"),
        ),
    )
    op.create_index(
        "uq_peer_invitation_open",
        "peer_invitation",
        ["from_listing_id", "to_listing_id"],
        unique=True,
        postgresql_where=sa.text("state in ('invited', 'accepted')"),
    )
    op.create_index("ix_peer_invitation_to_listing_id", "peer_invitation", ["to_listing_id"])
    op.execute(
        """
        CREATE TRIGGER peer_invitation_moves BEFORE UPDATE OF state ON peer_invitation
        FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)
        EXECUTE FUNCTION state_keeps_its_moves('peer_invitation')
        """
    )


def downgrade() -> None:
    """Drop them all."""
    op.execute("DROP TRIGGER listing_shelves_lines ON listing")
    op.execute("DROP TRIGGER listing_line_shelved ON listing_line")
    op.execute("DROP TRIGGER listing_line_reshelved ON listing_line")
    for table in (
        "peer_invitation",
        "shelf_line",
        "match_dislike",
        "match_note",
        "pairing_line",
        "refusal",
    ):
        op.drop_table(table)
    op.execute("DROP FUNCTION listing_shelves_lines(), lines_shelve_themselves(), shelve_lines(uuid[])")
    op.execute("DROP FUNCTION kilometres(float8, float8, float8, float8)")
    op.execute("DROP VIEW locality_near")
    drop_edges(op, "peer_invitation")
