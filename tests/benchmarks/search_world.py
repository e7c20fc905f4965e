"""Worlds of open listings for measuring search: 10,000, 100,000 and 1,000,000, made in the database from their number.

Places, sectors, kinds and words are skewed as real ones are; one listing in five names several places or sectors. The
worlds are kept in `~/.cache/coevolve-bench` (or `COEVOLVE_BENCH_FOLDER`) until the tables of listings change.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from coevolve import config
from coevolve.commands import database
from coevolve.embedded.postgres import OWNER_ROLE, PostgresServer
from coevolve.listings.sectors import CODES
from coevolve.listings.service.living import SHELVING

ROOT = Path(__file__).resolve().parents[2]
SEEN = ("migrations/versions/0008_listings.py", "migrations/versions/0026_finding.py")
EDITION = "1"
"""Another one when what is written below makes another world."""
WORDS = 6_000
COMMON, MID, RARE, ABSENT = "air", "bendungan", "langkasekali", "zzzzz"
"""In a third, in one of a hundred, in ten of all, in none."""


def folder() -> Path:
    """Where the worlds are kept."""
    chosen = os.environ.get("COEVOLVE_BENCH_FOLDER")
    return Path(chosen) if chosen else Path.home() / ".cache" / "coevolve-bench"


def _version() -> str:
    told = hashlib.sha256(EDITION.encode())
    for name in SEEN:
        told.update((ROOT / name).read_bytes())
    return told.hexdigest()[:8]


class Worlds:
    """The server with the worlds, each in a database of its own."""

    def __init__(self) -> None:
        place = folder() / f"search-{_version()}"
        place.mkdir(parents=True, exist_ok=True)
        options = {
            "maintenance_work_mem": "512MB",
            "max_parallel_maintenance_workers": "1",
            "work_mem": "16MB",
            "idle_in_transaction_session_timeout": "0",
        }
        self.server = PostgresServer(
            place / "postgres", place / "postgres.log", durable=False, options=options
        )

    def start(self) -> None:
        """Start the server; make the empty world that the others are copies of."""
        self.server.start()
        if "empty" in self._names():
            return
        self.server.create_database("making")
        database.upgrade(self.server.url("making", role=OWNER_ROLE))
        _load_places(self.server.url("making"))
        self._rename("making", "empty")

    def stop(self) -> None:
        """Stop the server; the worlds stay."""
        self.server.stop()

    def world(self, rows: int) -> str:
        """The address of the world with so many listings; made when it is not there."""
        name = f"w{rows}"
        if name not in self._names():
            self.server.drop_database("making")
            self.server.create_database("making", template="empty")
            with psycopg.connect(
                _plain(self.server.url("making", role=OWNER_ROLE)), autocommit=True
            ) as owner:
                make(owner, rows)
            self._rename("making", name)
        return self.server.url(name, role=OWNER_ROLE)

    @contextlib.contextmanager
    def application(self, rows: int) -> Iterator[None]:
        """The places in memory, read from the world with so many listings."""
        from coevolve.commands.ground import database_context
        from coevolve.kit.db import session
        from coevolve.localities import queries as localities

        config.install(_settings(self.world(rows)))
        with database_context():
            localities.regions()
            session().rollback()
            yield

    def _names(self) -> set[str]:
        with psycopg.connect(
            _plain(self.server.url("postgres", role="postgres")), autocommit=True
        ) as connection:
            return {row[0] for row in connection.execute("SELECT datname FROM pg_database").fetchall()}

    def _rename(self, old: str, new: str) -> None:
        with psycopg.connect(
            _plain(self.server.url("postgres", role="postgres")), autocommit=True
        ) as connection:
            connection.execute(f'ALTER DATABASE "{old}" RENAME TO "{new}"')


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg", "postgresql")


def _load_places(url: str) -> None:
    from coevolve.commands.ground import database_context
    from coevolve.kit.db import commit, db
    from coevolve.localities import service

    config.install(_settings(url))
    with database_context():
        service.load()
        commit()
        db.engine.dispose()


def _settings(url: str) -> config.Settings:
    return config.Settings(
        env="test",
        database_url=url,
        database_owner_url=url,
        redis_url="unix:///nowhere",
        smtp_url="smtp://127.0.0.1:9",
        public_url="http://localhost",
        secret_key="a key that only benchmarks know, and it is long",
        stripe_secret_key="sk_test_bench",
        stripe_webhook_secret="whsec_bench",
        stripe_api_base="http://127.0.0.1:9",
        stripe_checkout_origin="http://127.0.0.1:9",
        localities_check_seconds=1_000_000,
    )


_HELP = f"""
CREATE FUNCTION pg_temp.dice(n bigint, salt bigint) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
  SELECT (hashint8extended(n, salt) & 2147483647) / 2147483648.0 $$;
CREATE FUNCTION pg_temp.made_word(n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT (ARRAY['ba','ka','su','lo','mi','ten','pur','gal','ro','dan'])[1 + n % 10]
      || (ARRAY['tar','lu','ngi','pek','sa','wo','ri','mun','ja','bet'])[1 + n / 10 % 10]
      || (ARRAY['ak','in','ung','as','or','el','im','up','at','en'])[1 + n / 100 % 10]
      || (ARRAY['', 'an', 'kan', 'nya', 'ma', 'ri'])[1 + n / 1000 % 6] $$;
CREATE TEMP TABLE spot AS
  SELECT row_number() OVER (PARTITION BY level ORDER BY hashtextextended(code, 7)) - 1 AS place,
         count(*) OVER (PARTITION BY level) AS of_level, level, code
    FROM locality WHERE country_code = 'ID' AND level IN ('province', 'regency', 'district') AND is_active;
CREATE TEMP TABLE chosen AS
  SELECT w.n, w.k, spot.code
    FROM (SELECT n, k, l.level, floor(power(pg_temp.dice(n, 11 + 2 * k), 1.6) * l.many) AS place
            FROM generate_series(1, {{rows}}) n CROSS JOIN generate_series(0, 3) k
            JOIN (SELECT level, max(of_level) AS many FROM spot GROUP BY level) l
              ON l.level = CASE WHEN pg_temp.dice(n, 10 + 2 * k) < 0.83 THEN 'district'
                                WHEN pg_temp.dice(n, 10 + 2 * k) < 0.98 THEN 'regency' ELSE 'province' END
           WHERE k = 0 OR pg_temp.dice(n, 20) < 0.15) w
    JOIN spot ON spot.level = w.level AND spot.place = w.place;
CREATE INDEX ON chosen (n) INCLUDE (k, code);
ANALYZE chosen;
CREATE FUNCTION pg_temp.some_sector(n bigint, salt bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT (ARRAY[{", ".join(f"'{code}'" for code in CODES)}])
         [1 + floor(power(pg_temp.dice(n, salt), 1.4) * {len(CODES)})::int] $$;
"""

_PEOPLE = """
INSERT INTO person (id, email, name, language, zone, state)
  VALUES ('00000000-0000-7000-8000-000000000001', 'bench@demo.example', 'Bench', 'id', 'Asia/Jakarta', 'invited');
INSERT INTO organisation (id, slug, kind, name, name_key, legal_form, state, level, home_locality_code, country)
  SELECT ('00000000-0000-7000-8001-' || lpad(n::text, 12, '0'))::uuid, 'org-' || n, 'cso',
         'Yayasan ' || initcap(pg_temp.made_word(n * 7)) || ' ' || n, 'org' || n, 'yayasan', 'checked',
         CASE WHEN n % 10 < 6 THEN 2 WHEN n % 10 < 9 THEN 3 ELSE 4 END, '53.02', 'ID'
    FROM generate_series(0, {organisations} - 1) n;
"""

_LISTINGS = f"""
INSERT INTO listing (id, slug, kind, organisation_id, title, summary, state, locality_code, more_localities, sector,
                     more_sectors, kinds, opens_on, closes_on, created_by, opened_at, opened_by, open_order,
                     country_code, region_code, province_code, regency_code, district_code)
SELECT t.id, 'l-' || t.n, t.kind,
       ('00000000-0000-7000-8001-'
         || lpad((floor(power(pg_temp.dice(t.n, 3), 2) * {{organisations}}))::text, 12, '0'))::uuid,
       t.title, 'Untuk warga ' || p.short_name, 'open', p.code,
       ARRAY(SELECT DISTINCT c.code FROM chosen c WHERE c.n = t.n AND c.k > 0 AND c.code <> p.code),
       t.sector, CASE WHEN pg_temp.dice(t.n, 21) < 0.2 THEN
         array_remove(ARRAY[pg_temp.some_sector(t.n, 22)], t.sector) ELSE ARRAY[]::text[] END,
       t.kinds, current_date, current_date + 2 + floor(pg_temp.dice(t.n, 5) * 120)::int,
       '00000000-0000-7000-8000-000000000001', now() - ({{rows}} - t.n) * interval '20 seconds',
       '00000000-0000-7000-8000-000000000001', t.n - 1, p.country_code, p.region_code, p.province_code,
       p.regency_code, CASE p.level WHEN 'district' THEN p.code END
  FROM (
    SELECT n, (lpad(to_hex(n), 12, '0') || '70008' || lpad(to_hex(hashint8(n) & 268435455), 15, '0'))::uuid AS id,
           kind, pg_temp.some_sector(n, 9) AS sector,
           CASE kind
             WHEN 'campaign' THEN 1 + CASE WHEN pg_temp.dice(n, 6) < 0.4 THEN 2 ELSE 0 END
               + CASE WHEN pg_temp.dice(n, 7) < 0.15 THEN 4 ELSE 0 END
               + CASE WHEN pg_temp.dice(n, 8) < 0.07 THEN 8 ELSE 0 END
             WHEN 'need' THEN (ARRAY[2, 2, 2, 2, 1, 1, 1, 4, 3, 8])[1 + floor(pg_temp.dice(n, 6) * 10)::int]
             ELSE (ARRAY[2, 2, 2, 2, 4, 4, 4, 8, 8, 6])[1 + floor(pg_temp.dice(n, 6) * 10)::int] END AS kinds,
           left(concat_ws(' ', CASE WHEN n % 3 = 0 THEN '{COMMON}' END, CASE WHEN n % 100 = 7 THEN '{MID}' END,
             CASE WHEN n % ({{rows}} / 10) = 9 THEN '{RARE}' END,
             (SELECT string_agg(pg_temp.made_word(floor(power(pg_temp.dice(n, 100 + k), 3) * {WORDS})::bigint), ' ')
                FROM generate_series(1, 6) k)), 118) AS title
      FROM (SELECT n, CASE WHEN d < 0.42 THEN 'campaign' WHEN d < 0.78 THEN 'need' WHEN d < 0.91 THEN 'standing_offer'
                           ELSE 'opportunity' END AS kind
              FROM generate_series(1, {{rows}}) n CROSS JOIN LATERAL (SELECT pg_temp.dice(n, 1) AS d) dice) k) t
  JOIN chosen main ON main.n = t.n AND main.k = 0
  JOIN locality p ON p.code = main.code
"""

_LINES = """
INSERT INTO listing_line (id, listing_id, position, kind, category, label, unit, quantity)
SELECT gen_random_uuid(), l.id, b.position, b.kind, 'other', 'Baris ' || b.kind,
       CASE b.bit WHEN 1 THEN 'IDR' WHEN 2 THEN 'X:PIECE' WHEN 4 THEN 'X:HOUR' ELSE 'X:ROOM_DAY' END,
       CASE b.bit WHEN 1 THEN floor(power(10, 6.2 + 2.8 * pg_temp.dice(l.open_order, 50)))::bigint * 100
            ELSE 1 + floor(pg_temp.dice(l.open_order, 51) * 500)::bigint END
  FROM listing l
  JOIN (VALUES (1, 1, 'money'), (2, 2, 'goods'), (3, 4, 'time'), (4, 8, 'facility')) b(position, bit, kind)
    ON l.kinds & b.bit > 0
"""


def make(owner: psycopg.Connection, rows: int) -> None:
    """Fill an empty world; indexes of the shelf are built once, at the end."""
    began = time.monotonic()

    def say(what: str) -> None:
        print(f"  {rows:,}: {what} ({time.monotonic() - began:.0f} s)", flush=True)

    organisations = max(200, rows // 200)
    owner.execute("SET statement_timeout = 0")
    owner.execute(_HELP.format(rows=rows))
    owner.execute(_PEOPLE.format(organisations=organisations))
    tables = ("listing", "listing_line", "listing_place", "listing_search")
    for table in tables:
        owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    owner.execute(_LISTINGS.format(rows=rows, organisations=organisations))
    say("listings")
    owner.execute(_LINES)
    owner.execute("SELECT setval('listing_open_order', %s)", [rows])
    owner.execute("ANALYZE listing, listing_line, locality, organisation")
    say("lines")
    indexes = owner.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ('listing_place', 'listing_search')"
        " AND indexname LIKE 'ix%%'",
        [],
    ).fetchall()
    for name, _ in indexes:
        owner.execute(f"DROP INDEX {name}")
    for statement in SHELVING:
        owner.execute(statement)
        say(" ".join(statement.split())[:40])
    owner.execute(
        "INSERT INTO listing_word SELECT DISTINCT word FROM (SELECT title FROM listing LIMIT 50000) l,"
        " regexp_split_to_table(lower(title), '[^[:alpha:]]+') word WHERE length(word) BETWEEN 4 AND 30"
    )
    for name, definition in indexes:
        owner.execute(definition)
        say(name)
    for table in tables:
        owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    owner.execute(
        "VACUUM ANALYZE listing, listing_line, listing_place, listing_search, listing_facet, listing_word"
    )
    say("ready")
