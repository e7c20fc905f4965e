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
CREATE FUNCTION listing_codes(l listing) RETURNS text[] LANGUAGE sql STABLE AS $$
  SELECT coalesce(array_agg(DISTINCT c.code), '{}') FROM locality p
   CROSS JOIN LATERAL unnest(ARRAY[p.country_code, p.region_code, p.province_code, p.regency_code,
     CASE p.level WHEN 'village' THEN p.parent_code END, p.code]) AS c(code)
   WHERE p.code = ANY(l.locality_code || l.more_localities) AND c.code IS NOT NULL
$$;
CREATE FUNCTION listing_facet_places(l listing) RETURNS text[] LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN l.more_localities = '{}' THEN
           array_remove(ARRAY['', l.country_code, l.region_code, l.province_code, l.regency_code, l.district_code],
                        NULL)
         ELSE (SELECT ''::text || array_agg(c.code ORDER BY c.code) FROM unnest(listing_codes(l)) AS c(code)
                WHERE c.code !~ '^[0-9]+[.][0-9]+[.][0-9]+[.]') END
$$;
CREATE FUNCTION listing_gap(l listing) RETURNS smallint LANGUAGE plpgsql STABLE AS $$
DECLARE
  missing numeric;
BEGIN
  IF l.kind NOT IN ('need', 'campaign') OR l.kinds & 1 = 0 THEN
    RETURN 0;
  END IF;
  SELECT coalesce(sum(quantity), 0) INTO missing FROM listing_line
   WHERE listing_id = l.id AND kind = 'money' AND unit = 'IDR';
  SELECT missing - coalesce(sum(b.balance + b.spent), 0)
         - coalesce(sum((SELECT sum(amount + spent) FROM ledger_delta WHERE account_id = a.id)), 0)
    INTO missing FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
   WHERE a.code = 'fund:' || l.id || '\\:IDR';
  SELECT missing - coalesce(sum(b.expected), 0)
         - coalesce(sum((SELECT sum(expected) FROM ledger_delta WHERE account_id = a.id)), 0)
    INTO missing FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
   WHERE a.code = 'promised_to:' || l.id || '\\:IDR';
  RETURN CASE WHEN missing <= 0 THEN 0 WHEN missing <= 500000000 THEN 1 WHEN missing <= 5000000000 THEN 2
              WHEN missing <= 50000000000 THEN 3 ELSE 4 END;
END $$;
CREATE FUNCTION listing_due(l listing) RETURNS date LANGUAGE sql STABLE AS $$
  SELECT least(l.closes_on, (SELECT min(needed_until) FROM listing_line WHERE listing_id = l.id))
$$;
CREATE FUNCTION listing_tsv(l listing) RETURNS tsvector LANGUAGE plpgsql STABLE AS $$
DECLARE
  codes text[] := listing_codes(l);
BEGIN
  RETURN listing_words(concat_ws(' ', l.title, l.summary,
           (SELECT name FROM organisation WHERE id = l.organisation_id),
           (SELECT string_agg(name, ' ' ORDER BY code) FROM locality
             WHERE code = ANY(codes) AND level NOT IN ('country', 'region')),
           (SELECT string_agg(label, ' ' ORDER BY position, id) FROM listing_line WHERE listing_id = l.id)))
      || array_to_tsvector(
           ARRAY['k:' || l.kind, 'g:' || listing_gap(l), 'c:' || to_char(listing_due(l), 'YYYY-MM')]
           || ARRAY(SELECT 'p:' || c.code FROM unnest(codes) AS c(code))
           || ARRAY(SELECT 's:' || c.code FROM unnest(l.sector || l.more_sectors) AS c(code))
           || ARRAY(SELECT 'b:' || bit FROM (VALUES (1), (2), (4), (8)) v(bit) WHERE l.kinds & bit > 0)
           || ARRAY(SELECT 'v:' || step FROM organisation o, generate_series(1, o.level) step
                     WHERE o.id = l.organisation_id)
           || CASE WHEN l.is_urgent THEN ARRAY['d:' || l.disaster_id] ELSE '{}'::text[] END);
END $$;
CREATE FUNCTION listing_shelve() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  was_open boolean := TG_OP <> 'INSERT' AND OLD.state = 'open' AND OLD.hidden_since IS NULL;
  is_open boolean := TG_OP <> 'DELETE' AND NEW.state = 'open' AND NEW.hidden_since IS NULL;
BEGIN
  IF was_open AND is_open
     AND (OLD.locality_code, OLD.more_localities, OLD.sector, OLD.more_sectors, OLD.kinds, OLD.closes_on,
          OLD.opened_at, OLD.title, OLD.summary)
         IS NOT DISTINCT FROM
         (NEW.locality_code, NEW.more_localities, NEW.sector, NEW.more_sectors, NEW.kinds, NEW.closes_on,
          NEW.opened_at, NEW.title, NEW.summary) THEN
    IF (OLD.disaster_id, OLD.is_urgent) IS DISTINCT FROM (NEW.disaster_id, NEW.is_urgent) THEN
      UPDATE listing_place SET disaster_id = CASE WHEN NEW.is_urgent THEN NEW.disaster_id END
       WHERE listing_id = NEW.id;
      UPDATE listing_search SET disaster_id = CASE WHEN NEW.is_urgent THEN NEW.disaster_id END,
                                tsv = listing_tsv(NEW) WHERE listing_id = NEW.id;
    END IF;
    RETURN NULL;
  END IF;
  IF was_open THEN
    DELETE FROM listing_place WHERE listing_id = OLD.id;
    DELETE FROM listing_search WHERE listing_id = OLD.id;
    INSERT INTO listing_facet_delta (places, sectors, kind, kinds, step)
      VALUES (listing_facet_places(OLD), OLD.sector || OLD.more_sectors, OLD.kind, OLD.kinds, -1);
  END IF;
  IF is_open THEN
    INSERT INTO listing_place SELECT * FROM listing_places_of(NEW);
    INSERT INTO listing_facet_delta (places, sectors, kind, kinds, step)
      VALUES (listing_facet_places(NEW), NEW.sector || NEW.more_sectors, NEW.kind, NEW.kinds, 1);
    INSERT INTO listing_search SELECT * FROM listing_search_of(NEW);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER listing_shelve AFTER INSERT OR UPDATE OR DELETE ON listing
  FOR EACH ROW EXECUTE FUNCTION listing_shelve();
"""

SHELF_ROWS = """
CREATE FUNCTION listing_places_of(l listing) RETURNS SETOF listing_place LANGUAGE sql STABLE AS $$
  SELECT l.id, p.code, s.sector, p.country_code, p.region_code, p.province_code, p.regency_code,
         CASE p.level WHEN 'district' THEN p.code WHEN 'village' THEN p.parent_code END,
         l.kind, l.kinds, l.opened_at, l.closes_on, listing_due(l), listing_gap(l), o.level::smallint,
         CASE WHEN l.is_urgent THEN l.disaster_id END
    FROM organisation o, locality p, unnest(l.sector || l.more_sectors) s(sector)
   WHERE o.id = l.organisation_id AND p.code = ANY(l.locality_code || l.more_localities)
$$;
CREATE FUNCTION listing_search_of(l listing) RETURNS SETOF listing_search LANGUAGE sql STABLE AS $$
  SELECT l.id, (l.open_order / 10000)::int,
         array_agg(DISTINCT p.region_code) FILTER (WHERE p.region_code IS NOT NULL),
         array_agg(DISTINCT p.province_code) FILTER (WHERE p.province_code IS NOT NULL),
         array_agg(DISTINCT p.regency_code) FILTER (WHERE p.regency_code IS NOT NULL),
         array_agg(DISTINCT CASE p.level WHEN 'district' THEN p.code WHEN 'village' THEN p.parent_code END)
           FILTER (WHERE p.level IN ('district', 'village')),
         l.sector || l.more_sectors, l.kind, l.kinds, l.opened_at, l.closes_on, listing_due(l),
         CASE WHEN l.is_urgent THEN l.disaster_id END, listing_tsv(l)
    FROM locality p WHERE p.code = ANY(l.locality_code || l.more_localities)
$$;
CREATE FUNCTION organisation_level_shelved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE listing_place p SET level = NEW.level FROM listing l
   WHERE l.organisation_id = NEW.id AND p.listing_id = l.id AND p.level <> NEW.level;
  UPDATE listing_search s SET tsv = listing_tsv(l) FROM listing l
   WHERE l.organisation_id = NEW.id AND s.listing_id = l.id;
  RETURN NULL;
END $$;
CREATE TRIGGER organisation_level_shelved AFTER UPDATE OF level ON organisation
  FOR EACH ROW WHEN (OLD.level <> NEW.level) EXECUTE FUNCTION organisation_level_shelved();
"""

FACETS = """
CREATE VIEW listing_facet_unfolded AS
  SELECT d.id, place_code, s.sector, k.kind, b.support::smallint AS support, d.step
    FROM listing_facet_delta d
   CROSS JOIN LATERAL unnest(d.places) place_code
   CROSS JOIN LATERAL unnest(''::text || d.sectors) s(sector)
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
    for statement in (WORDS, PLACE_CODES, SHELVE, SHELF_ROWS, FACETS, LINE_KINDS):
        op.execute(statement)


def downgrade() -> None:
    """Everything of listings goes; the units stay, for others may use them."""
    op.execute("DROP VIEW listing_facet_now")
    op.execute("DROP VIEW listing_facet_unfolded")
    op.execute("DROP TRIGGER organisation_level_shelved ON organisation")
    op.execute("DROP FUNCTION organisation_level_shelved()")
    op.execute("DROP FUNCTION listing_places_of(listing), listing_search_of(listing)")
    for table in (
        "listing_facet_delta",
        "listing_facet",
        "listing_search",
        "listing_place",
        "listing_slug",
        "listing_line",
    ):
        op.drop_table(table)
    op.execute(
        "DROP FUNCTION listing_facet_places(listing), listing_tsv(listing), listing_codes(listing),"
        " listing_gap(listing), listing_due(listing) CASCADE"
    )
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
        sa.Column("more_localities", pg.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("sector", sa.Text()),
        sa.Column("more_sectors", pg.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("kinds", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("disaster_id", sa.Uuid()),
        sa.Column("is_urgent", sa.Boolean(), server_default=sa.text("false"), nullable=False),
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
        sa.Column("cover", sa.Text()),
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
        sa.CheckConstraint(
            "cardinality(more_localities) <= 4 AND cardinality(more_sectors) <= 2", name="ck_listing_several"
        ),
        sa.CheckConstraint("NOT is_urgent OR disaster_id IS NOT NULL", name="ck_listing_urgent"),
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
        "ix_listing_ended_at", "listing", ["ended_at"], postgresql_where=sa.text("ended_at IS NOT NULL")
    )
    op.create_index(
        "ix_listing_disaster_id",
        "listing",
        ["disaster_id"],
        postgresql_where=sa.text("disaster_id IS NOT NULL"),
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
        sa.Column("per", sa.Text(), server_default=sa.text("'once'"), nullable=False),
        _text("conditions"),
        sa.Column("slot_minutes", sa.SmallInteger()),
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
        sa.CheckConstraint(
            "per IN ('once','week','month') AND NOT (is_inexhaustible AND per <> 'once')",
            name="ck_listing_line_per",
        ),
        sa.CheckConstraint(
            "slot_minutes IS NULL OR (kind = 'facility' AND slot_minutes BETWEEN 15 AND 1440)",
            name="ck_listing_line_slot_minutes",
        ),
        sa.CheckConstraint("length(conditions) <= 500", name="ck_listing_line_conditions"),
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
        *(sa.Column(f"{level}_code", sa.Text()) for level in ("region", "province", "regency", "district")),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("kinds", sa.SmallInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("gap", sa.SmallInteger(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("disaster_id", sa.Uuid()),
        sa.PrimaryKeyConstraint("listing_id", "locality_code", "sector", name="pk_listing_place"),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listing.id"], name="fk_listing_place_listing_id", ondelete="CASCADE"
        ),
    )
    _walk("newest", [])
    _walk("sector", ["sector"])
    _walk("kind", ["kind"])
    _walk("closing", [], order=CLOSING)
    for level in ("region", "province", "regency"):
        _walk(level, [f"{level}_code"])
        _walk(f"{level}_sector", [f"{level}_code", "sector"])
        _walk(f"{level}_kind", [f"{level}_code", "kind"])
        _walk(f"{level}_closing", [f"{level}_code"], order=CLOSING)
    _walk("district", ["district_code"])
    _walk("abroad", ["country_code"], postgresql_where=sa.text("country_code <> 'ID'"))
    _walk("urgent", [], postgresql_where=sa.text("disaster_id IS NOT NULL"))
    op.create_table(
        "listing_search",
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("slab", sa.Integer(), nullable=False),
        *(
            sa.Column(f"{level}_codes", pg.ARRAY(sa.Text()))
            for level in ("region", "province", "regency", "district")
        ),
        sa.Column("sectors", pg.ARRAY(sa.Text()), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("kinds", sa.SmallInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("disaster_id", sa.Uuid()),
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
        sa.Column("sectors", pg.ARRAY(sa.Text()), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("kinds", sa.SmallInteger(), nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_listing_facet_delta"),
    )


NEWEST = ("opened_at DESC", "listing_id DESC")
CLOSING = ("closes_on", "listing_id")
CARRIED = ("sector", "kind", "kinds", "gap", "level", "due_on", "disaster_id")


def _walk(name: str, by: list[str], *, order: tuple[str, str] = NEWEST, **more: sa.TextClause) -> None:
    """An index in the order of a page; it carries what other filters look at, so that skipping costs no table row."""
    op.create_index(
        f"ix_listing_place_{name}",
        "listing_place",
        [*by, *(sa.text(part) if " " in part else part for part in order)],
        postgresql_include=[column for column in CARRIED if column not in by],
        **more,
    )
