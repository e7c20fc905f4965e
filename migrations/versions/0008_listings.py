"""Tables of listings: listing, lines, old addresses; slim rows, word search and roll-ups kept by triggers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from coevolve.kit import moves

revision = "0008"
down_revision: str | None = "0007"

EDGES = [
    ("(begin)", "draft"),
    ("draft", "in_review"),
    ("frozen", "closed"),
    ("frozen", "open"),
    ("in_review", "open"),
    ("in_review", "rejected"),
    ("in_review", "returned"),
    ("open", "closed"),
    ("open", "expired"),
    ("open", "frozen"),
    ("open", "fulfilled"),
    ("open", "paused"),
    ("paused", "closed"),
    ("paused", "expired"),
    ("paused", "frozen"),
    ("paused", "open"),
    ("returned", "in_review"),
]

UNITS = [
    "BOOK", "BOX", "HOUR", "KG", "LITRE", "METRE", "PACK", "PERSON_DAY", "PIECE", "ROOM_DAY", "SACK", "SESSION", "SET",
    "SHEET", "SLOT_HOUR", "STEM", "TOOL_DAY", "UNIT", "VEHICLE_DAY",
]  # fmt: skip

STOP_WORDS = (
    "ada adalah agar akan aku anda antara apa atas atau bagi bahwa banyak beberapa belum bisa dalam dan dapat dari "
    "dengan di dia harus hingga ia ini itu jadi jika juga kami kamu karena ke kepada kita lagi lain lalu lebih maka "
    "masih mereka namun oleh pada para pun saat saja sampai sangat satu saya sebagai sebuah secara sedang sehingga "
    "sejak selama semua seperti serta setiap suatu sudah tapi telah tentang tetapi tiap tidak untuk yaitu yakni yang"
)

WORDS = f"""
CREATE FUNCTION listing_words(words text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT ts_delete(to_tsvector('pg_catalog.indonesian', words),
                   tsvector_to_array(to_tsvector('pg_catalog.indonesian', '{STOP_WORDS}')))
$$;
CREATE FUNCTION listing_query(words text) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT string_agg(quote_literal(lexeme), ' & ')::tsquery FROM unnest(tsvector_to_array(listing_words(words))) lexeme
$$;
"""

PLACE_CODES = """
CREATE FUNCTION listing_place_codes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.state = 'open' AND NEW.open_order IS NULL THEN
    NEW.open_order := nextval('listing_open_order');
  END IF;
  SELECT country_code, region_code, province_code, regency_code,
         CASE level WHEN 'district' THEN code WHEN 'village' THEN parent_code END
    INTO NEW.country_code, NEW.region_code, NEW.province_code, NEW.regency_code, NEW.district_code
    FROM locality WHERE code = NEW.locality_code;
  RETURN NEW;
END $$;
CREATE TRIGGER listing_place_codes BEFORE INSERT OR UPDATE OF locality_code, state ON listing
  FOR EACH ROW EXECUTE FUNCTION listing_place_codes();
"""

SHELVE = """
CREATE FUNCTION listing_facet_places(listing) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
  SELECT array_remove(ARRAY['', $1.country_code, $1.region_code, $1.province_code, $1.regency_code,
                            $1.district_code], NULL)
$$;
CREATE FUNCTION listing_tsv(l listing) RETURNS tsvector LANGUAGE sql STABLE AS $$
  SELECT listing_words(concat_ws(' ', l.title, l.summary,
           (SELECT name FROM organisation WHERE id = l.organisation_id),
           (SELECT string_agg(name, ' ') FROM locality
             WHERE code IN (l.locality_code, l.district_code, l.regency_code, l.province_code)),
           (SELECT string_agg(label, ' ') FROM listing_line WHERE listing_id = l.id)))
      || array_to_tsvector(
           ARRAY['s:' || l.sector, 'k:' || l.kind]
           || array_remove(ARRAY['p:' || l.locality_code, 'p:' || l.country_code, 'p:' || l.region_code,
                'p:' || l.province_code, 'p:' || l.regency_code, 'p:' || l.district_code,
                CASE WHEN l.kinds & 1 > 0 THEN 'b:1' END, CASE WHEN l.kinds & 2 > 0 THEN 'b:2' END,
                CASE WHEN l.kinds & 4 > 0 THEN 'b:4' END, CASE WHEN l.kinds & 8 > 0 THEN 'b:8' END], NULL))
$$;
CREATE FUNCTION listing_shelve() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  was_open boolean := TG_OP <> 'INSERT' AND OLD.state = 'open' AND OLD.hidden_since IS NULL;
  is_open boolean := TG_OP <> 'DELETE' AND NEW.state = 'open' AND NEW.hidden_since IS NULL;
BEGIN
  IF was_open AND is_open
     AND (OLD.locality_code, OLD.sector, OLD.kinds, OLD.closes_on, OLD.opened_at, OLD.title, OLD.summary)
         IS NOT DISTINCT FROM
         (NEW.locality_code, NEW.sector, NEW.kinds, NEW.closes_on, NEW.opened_at, NEW.title, NEW.summary) THEN
    RETURN NULL;
  END IF;
  IF was_open THEN
    DELETE FROM listing_place WHERE listing_id = OLD.id;
    DELETE FROM listing_search WHERE listing_id = OLD.id;
    INSERT INTO listing_facet_delta (places, sector, kind, kinds, step)
      VALUES (listing_facet_places(OLD), OLD.sector, OLD.kind, OLD.kinds, -1);
  END IF;
  IF is_open THEN
    INSERT INTO listing_place (listing_id, locality_code, sector, country_code, region_code, province_code,
                               regency_code, district_code, kind, kinds, opened_at, closes_on)
      VALUES (NEW.id, NEW.locality_code, NEW.sector, NEW.country_code, NEW.region_code, NEW.province_code,
              NEW.regency_code, NEW.district_code, NEW.kind, NEW.kinds, NEW.opened_at, NEW.closes_on);
    INSERT INTO listing_facet_delta (places, sector, kind, kinds, step)
      VALUES (listing_facet_places(NEW), NEW.sector, NEW.kind, NEW.kinds, 1);
    INSERT INTO listing_search (listing_id, slab, region_code, province_code, regency_code, district_code, sector,
                                kind, kinds, opened_at, tsv)
      SELECT NEW.id, NEW.open_order / 10000, NEW.region_code, NEW.province_code, NEW.regency_code, NEW.district_code,
             NEW.sector, NEW.kind, NEW.kinds, NEW.opened_at,
             listing_tsv(NEW);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER listing_shelve AFTER INSERT OR UPDATE OR DELETE ON listing
  FOR EACH ROW EXECUTE FUNCTION listing_shelve();
"""

FACETS = """
CREATE VIEW listing_facet_unfolded AS
  SELECT d.id, place_code, s.sector, k.kind, b.support::smallint AS support, d.step
    FROM listing_facet_delta d
   CROSS JOIN LATERAL unnest(d.places) place_code
   CROSS JOIN LATERAL (VALUES (''), (d.sector)) s(sector)
   CROSS JOIN LATERAL (VALUES (''), (d.kind)) k(kind)
   CROSS JOIN LATERAL (SELECT 0 UNION ALL SELECT bit FROM (VALUES (1), (2), (4), (8)) v(bit)
                        WHERE d.kinds & bit > 0) b(support);
CREATE VIEW listing_facet_now AS
  SELECT place_code, sector, kind, support, count FROM listing_facet
   UNION ALL
  SELECT place_code, sector, kind, support, step FROM listing_facet_unfolded;
"""

LINE_KINDS = """
CREATE FUNCTION listing_line_kinds() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE listing l SET kinds = found.kinds
    FROM (SELECT t.listing_id, coalesce(bit_or(CASE n.kind WHEN 'money' THEN 1 WHEN 'goods' THEN 2 WHEN 'time' THEN 4
                                                           WHEN 'facility' THEN 8 END), 0) AS kinds
            FROM (SELECT DISTINCT listing_id FROM touched) t
            LEFT JOIN listing_line n ON n.listing_id = t.listing_id
           GROUP BY t.listing_id) found
   WHERE l.id = found.listing_id AND l.kinds <> found.kinds;
  RETURN NULL;
END $$;
CREATE TRIGGER listing_line_added AFTER INSERT ON listing_line
  REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION listing_line_kinds();
CREATE TRIGGER listing_line_changed AFTER UPDATE ON listing_line
  REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION listing_line_kinds();
CREATE TRIGGER listing_line_removed AFTER DELETE ON listing_line
  REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION listing_line_kinds();
"""


def upgrade() -> None:
    """The listing, its lines and its addresses; what browsing walks; the triggers that keep it."""
    for unit in UNITS:
        op.execute(
            "INSERT INTO ledger_unit (code, exponent, kind) "
            f"VALUES ('X:{unit}', 0, '{_unit_kind(unit)}') ON CONFLICT (code) DO NOTHING"
        )
    op.execute("CREATE SEQUENCE listing_open_order")
    # Rebuilding the shelf counts the openings anew.
    op.execute("GRANT UPDATE ON SEQUENCE listing_open_order TO coevolve_app")
    _listing()
    _lines()
    _shelf()
    moves.sync_edges(op, "listing", EDGES)
    for statement in (WORDS, PLACE_CODES, SHELVE, FACETS, LINE_KINDS):
        op.execute(statement)


def downgrade() -> None:
    """Everything of listings goes; the units stay, for others may use them."""
    op.execute("DROP VIEW listing_facet_now")
    op.execute("DROP VIEW listing_facet_unfolded")
    for table in (
        "listing_facet_delta",
        "listing_facet",
        "listing_search",
        "listing_place",
        "listing_slug",
        "listing_line",
    ):
        op.drop_table(table)
    op.execute("DROP FUNCTION listing_facet_places(listing), listing_tsv(listing) CASCADE")
    op.drop_table("listing")
    op.execute("DROP FUNCTION listing_shelve(), listing_place_codes(), listing_line_kinds()")
    op.execute("DROP FUNCTION listing_query(text), listing_words(text)")
    op.execute("DROP SEQUENCE listing_open_order")
    moves.drop_edges(op, "listing")


def _unit_kind(unit: str) -> str:
    if unit in {"HOUR", "PERSON_DAY", "SESSION"}:
        return "time"
    return "facility" if unit in {"ROOM_DAY", "VEHICLE_DAY", "TOOL_DAY", "SLOT_HOUR"} else "goods"


def _created() -> sa.Column[object]:
    return sa.Column(
        "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default=sa.text("''"), nullable=False)


def _listing() -> None:
    op.create_table(
        "listing",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        _text("summary"),
        _text("story"),
        sa.Column("state", sa.Text(), server_default=sa.text("'draft'"), nullable=False),
        sa.Column("locality_code", sa.Text()),
        sa.Column("country_code", sa.Text()),
        sa.Column("region_code", sa.Text()),
        sa.Column("province_code", sa.Text()),
        sa.Column("regency_code", sa.Text()),
        sa.Column("district_code", sa.Text()),
        sa.Column("sector", sa.Text()),
        sa.Column("kinds", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("opens_on", sa.Date()),
        sa.Column("closes_on", sa.Date()),
        sa.Column("reconfirm_by", sa.Date()),
        _text("legal_basis"),
        _text("planning_event"),
        sa.Column("planning_on", sa.Date()),
        sa.Column("remarks", pg.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("client_token", sa.Uuid()),
        sa.Column("source_kind", sa.Text()),
        sa.Column("source_id", sa.Uuid()),
        sa.Column("submitted_at", sa.DateTime(timezone=True)),
        sa.Column("submitted_by", sa.Uuid()),
        sa.Column("opened_at", sa.DateTime(timezone=True)),
        sa.Column("open_order", sa.BigInteger()),
        sa.Column("opened_by", sa.Uuid()),
        sa.Column("seconded_by", sa.Uuid()),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("revised_at", sa.DateTime(timezone=True)),
        sa.Column("hidden_since", sa.Date()),
        _created(),
        sa.PrimaryKeyConstraint("id", name="pk_listing"),
        sa.UniqueConstraint("slug", name="uq_listing_slug"),
        sa.UniqueConstraint("client_token", name="uq_listing_client_token"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name="fk_listing_organisation_id"),
        sa.ForeignKeyConstraint(["locality_code"], ["locality.code"], name="fk_listing_locality_code"),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name="fk_listing_created_by"),
        sa.ForeignKeyConstraint(["submitted_by"], ["person.id"], name="fk_listing_submitted_by"),
        sa.ForeignKeyConstraint(["opened_by"], ["person.id"], name="fk_listing_opened_by"),
        sa.ForeignKeyConstraint(["seconded_by"], ["person.id"], name="fk_listing_seconded_by"),
        sa.CheckConstraint(
            "kind IN ('need','campaign','standing_offer','opportunity')", name="ck_listing_kind"
        ),
        sa.CheckConstraint(
            "state IN ('draft','in_review','returned','rejected','open','paused','fulfilled','closed','expired',"
            "'frozen')",
            name="ck_listing_state",
        ),
        sa.CheckConstraint(
            "state IN ('draft','returned') OR "
            "(locality_code IS NOT NULL AND sector IS NOT NULL AND closes_on IS NOT NULL)",
            name="ck_listing_complete",
        ),
        sa.CheckConstraint(
            "state IN ('draft','in_review','returned','rejected') OR (opened_at IS NOT NULL AND opened_by IS NOT NULL)",
            name="ck_listing_opened",
        ),
        sa.CheckConstraint("opened_by <> seconded_by", name="ck_listing_two_moderators"),
        sa.CheckConstraint("length(title) BETWEEN 1 AND 120", name="ck_listing_title"),
        sa.CheckConstraint("length(summary) <= 280 AND length(story) <= 20000", name="ck_listing_texts"),
        sa.CheckConstraint("kinds BETWEEN 0 AND 15", name="ck_listing_kinds"),
    )
    op.create_index("ix_listing_organisation_id", "listing", ["organisation_id", "created_at"])
    op.create_index("ix_listing_locality_code", "listing", ["locality_code"])
    op.create_index(
        "ix_listing_in_review", "listing", ["submitted_at"], postgresql_where=sa.text("state = 'in_review'")
    )
    op.create_index(
        "ix_listing_closing", "listing", ["closes_on"], postgresql_where=sa.text("state IN ('open','paused')")
    )
    op.create_index(
        "ix_listing_reconfirm", "listing", ["reconfirm_by"], postgresql_where=sa.text("state = 'open'")
    )
    op.create_index(
        "ix_listing_title_trgm",
        "listing",
        [sa.literal_column("lower(title)").label("title_lower")],
        postgresql_using="gin",
        postgresql_ops={"title_lower": "gin_trgm_ops"},
    )


def _lines() -> None:
    op.create_table(
        "listing_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("min_useful_quantity", sa.BigInteger()),
        sa.Column("is_required", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("needed_from", sa.Date()),
        sa.Column("needed_until", sa.Date()),
        _text("handover_place"),
        sa.Column("people_reached", sa.BigInteger()),
        sa.Column("unit_value", sa.BigInteger()),
        sa.Column("valuation_source", sa.Text()),
        sa.Column("is_inexhaustible", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("radius_km", sa.SmallInteger()),
        sa.Column("spent", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("receipts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        _created(),
        sa.PrimaryKeyConstraint("id", name="pk_listing_line"),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listing.id"], name="fk_listing_line_listing_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["unit"], ["ledger_unit.code"], name="fk_listing_line_unit"),
        sa.CheckConstraint("kind IN ('money','goods','time','facility')", name="ck_listing_line_kind"),
        sa.CheckConstraint("quantity > 0 AND quantity < 9000000000000000", name="ck_listing_line_quantity"),
        sa.CheckConstraint(
            "min_useful_quantity > 0 AND min_useful_quantity <= quantity", name="ck_listing_line_min_useful"
        ),
        sa.CheckConstraint("(kind = 'money') = (unit !~ '^X:')", name="ck_listing_line_unit"),
        sa.CheckConstraint("unit <> 'IDR' OR quantity % 100 = 0", name="ck_listing_line_whole_rupiah"),
        sa.CheckConstraint("needed_from <= needed_until", name="ck_listing_line_period"),
        sa.CheckConstraint(
            "people_reached >= 0 AND radius_km BETWEEN 1 AND 5000", name="ck_listing_line_reach"
        ),
        sa.CheckConstraint(
            "unit_value IS NULL OR (unit_value > 0 AND kind <> 'money')", name="ck_listing_line_unit_value"
        ),
        sa.CheckConstraint(
            "(unit_value IS NULL) = (valuation_source IS NULL)", name="ck_listing_line_valuation"
        ),
        sa.CheckConstraint(
            "valuation_source IN ('receipt','price_list','wage_rate','giver_estimate','cso_estimate')",
            name="ck_listing_line_valuation_source",
        ),
        sa.CheckConstraint("length(label) BETWEEN 1 AND 120", name="ck_listing_line_label"),
        sa.CheckConstraint(
            "spent >= 0 AND receipts >= 0 AND (kind = 'money' OR spent = 0)", name="ck_listing_line_spent"
        ),
    )
    op.create_index("ix_listing_line_listing_id", "listing_line", ["listing_id", "position"])
    op.create_table(
        "listing_slug",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("slug", name="pk_listing_slug"),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listing.id"], name="fk_listing_slug_listing_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_listing_slug_listing_id", "listing_slug", ["listing_id"])


def _shelf() -> None:
    op.create_table(
        "listing_place",
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("locality_code", sa.Text(), nullable=False),
        sa.Column("sector", sa.Text(), nullable=False),
        sa.Column("country_code", sa.Text(), nullable=False),
        *_places(),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("kinds", sa.SmallInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("listing_id", "locality_code", "sector", name="pk_listing_place"),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listing.id"], name="fk_listing_place_listing_id", ondelete="CASCADE"
        ),
    )
    _walk("newest", [], ["sector", "kind", "kinds"])
    _walk("sector", ["sector"], ["kind", "kinds"])
    _walk("kind", ["kind"], ["sector", "kinds"])
    op.create_index("ix_listing_place_closing", "listing_place", ["closes_on", "listing_id"])
    for level in ("region", "province", "regency"):
        _walk(level, [f"{level}_code"], ["sector", "kind", "kinds"])
        _walk(f"{level}_sector", [f"{level}_code", "sector"], ["kind", "kinds"])
        _walk(f"{level}_kind", [f"{level}_code", "kind"], ["sector", "kinds"])
        op.create_index(
            f"ix_listing_place_{level}_closing", "listing_place", [f"{level}_code", "closes_on", "listing_id"]
        )
    _walk("district", ["district_code"], ["sector", "kind", "kinds"])
    _walk(
        "abroad",
        ["country_code"],
        ["sector", "kind", "kinds"],
        postgresql_where=sa.text("country_code <> 'ID'"),
    )
    op.create_table(
        "listing_search",
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("slab", sa.Integer(), nullable=False),
        *_places(),
        sa.Column("sector", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("kinds", sa.SmallInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tsv", pg.TSVECTOR(), nullable=False),
        sa.PrimaryKeyConstraint("listing_id", name="pk_listing_search"),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listing.id"], name="fk_listing_search_listing_id", ondelete="CASCADE"
        ),
    )
    op.create_index(
        "ix_listing_search_words",
        "listing_search",
        ["slab", "tsv"],
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_table(
        "listing_facet",
        sa.Column("place_code", sa.Text(), nullable=False),
        sa.Column("sector", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("support", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("place_code", "sector", "kind", "support", name="pk_listing_facet"),
    )
    op.create_table(
        "listing_facet_delta",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("places", pg.ARRAY(sa.Text()), nullable=False),
        sa.Column("sector", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("kinds", sa.SmallInteger(), nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_listing_facet_delta"),
    )


def _places() -> list[sa.Column[str]]:
    return [sa.Column(f"{level}_code", sa.Text()) for level in ("region", "province", "regency", "district")]


def _walk(name: str, by: list[str], rest: list[str], **more: sa.TextClause) -> None:
    op.create_index(
        f"ix_listing_place_{name}",
        "listing_place",
        [*by, sa.text("opened_at DESC"), sa.text("listing_id DESC")],
        postgresql_include=rest,
        **more,
    )
