"""P8: a need against a million interests, a disaster, and matches while typing; ratios taken side by side in one run.

    ./run bench supporters              everything: worlds of 100,000 and 1,000,000 interests, 10,000 and 100,000 offers
    ./run bench supporters small        the same at a tenth
    ./run bench supporters interests    or `disaster`, `typing`: one part

`match + write` is find_supporters' one statement against the bare INSERT of the same rows from a table. A disaster is a
thousand needs of one province opened in the same minute, drained by two worker processes with their notices.
"""

from __future__ import annotations

import json
import platform
import random
import statistics
import subprocess
import sys
import time
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from coevolve import config
from coevolve.commands.ground import database_context
from coevolve.kit import jobs
from coevolve.kit.db import commit, session
from coevolve.localities import queries as localities
from tests.conftest import OWNER_ROLE, Ground

HITS = 10_000
ROUNDS = 7
NEEDS = 1_000
WORKERS = 2
PLACE = "53.02"
console = Console()


def one(statement: str, **values: Any) -> Any:
    """One value."""
    return session().execute(text(statement), values).scalar_one()


def run(statement: str, **values: Any) -> None:
    """A statement of which nothing is read."""
    session().execute(text(statement), values)


def like(table: str, count: int, changes: str, *, where: str, **values: Any) -> None:
    """Many rows like one, changed by an SQL expression that may use `n`."""
    run(
        f"INSERT INTO {table} SELECT (jsonb_populate_record(t, jsonb_build_object({changes}))).*"
        f" FROM {table} t CROSS JOIN generate_series(1, :count) AS n WHERE {where}",
        count=count,
        **values,
    )


# --- interests ------------------------------------------------------------------------------------------------------


def people(count: int) -> None:
    """So many persons like one made by the real use case."""
    from tests.factories import people as factory

    made = factory.person()
    like(
        "person",
        count,
        "'id', md5('p' || n)::uuid, 'email', 'p' || n || '@bench.example'",
        where="t.id = :id",
        id=made.id,
    )


def interests(count: int, population: int) -> None:
    """So many interests: 10,000 that a need for water in PLACE concerns, the others elsewhere or about other things."""
    run("TRUNCATE match, interest RESTART IDENTITY CASCADE")
    planted = "(ARRAY['ID','BNT','53','53.02','53','53.02','53','53.02','53','53.02'])[1 + n % 10]"
    run(
        "INSERT INTO interest (person_id, locality_code, sector, kinds)"
        f" SELECT md5('p' || n)::uuid, {planted}, CASE WHEN n % 3 = 0 THEN NULL ELSE 'water' END,"
        " CASE WHEN n % 4 = 0 THEN 6 ELSE 15 END FROM generate_series(1, :hits) n",
        hits=HITS,
    )
    run(
        "INSERT INTO interest (person_id, locality_code, sector, kinds)"
        " SELECT md5('p' || 1 + n % :people)::uuid, place.code,"
        " (ARRAY['health','education','food','housing','culture'])[1 + n % 5], 15"
        " FROM generate_series(1, :rest) n"
        " JOIN (SELECT code, row_number() OVER (ORDER BY code) - 1 AS nr, count(*) OVER () AS all"
        "         FROM locality WHERE level IN ('regency', 'province') AND is_active AND country_code = 'ID') place"
        "   ON place.nr = (n::bigint * 7919) % place.all ON CONFLICT DO NOTHING",
        people=population,
        rest=count - HITS,
    )
    commit()
    analyse("interest", "person", vacuum=True)


def measure_interests(sizes: tuple[int, int], population: int) -> dict[str, Any]:
    """Match + write against the bare INSERT, and match alone in both worlds."""
    from coevolve.matching.service import supporters
    from tests.factories import listings

    need = listings.open_need(lines=(listings.goods(), listings.hours()))
    commit()
    alone: dict[int, list[float]] = {}
    ratios: list[float] = []
    bares: list[float] = []
    found = 0
    for size in sizes:
        interests(size, population)
        seen = one("SELECT count(*) FROM interest")
        console.print(f"  {seen:,} interests")
        statement, given = _statement(supporters, need)
        head, _, tail = statement.partition(
            "INSERT INTO match (listing_id, person_id, for_organisation, interest_id,"
        )
        select = tail.partition(")\n")[2].partition("ON CONFLICT")[0]
        only = f"{head} SELECT count(*) FROM ({select}) AS found"
        typed = supporters._ALL._bindparams
        match_alone = text(only).bindparams(*typed.values())
        found = int(session().execute(match_alone, given).scalar_one())
        alone[size] = [_timed(lambda: session().execute(match_alone, given)) for _ in range(ROUNDS)]  # noqa: B023
    run("CREATE TEMP TABLE same_rows AS SELECT * FROM match LIMIT 0")
    session().execute(supporters._ALL, given)
    columns = "listing_id, person_id, for_organisation, interest_id, score, parts, reasons"
    run(f"INSERT INTO same_rows ({columns}) SELECT {columns} FROM match ORDER BY person_id")
    run("DELETE FROM match")
    run("ANALYZE same_rows")
    commit()
    bare = text(f"INSERT INTO match ({columns}) SELECT {columns} FROM same_rows ORDER BY person_id")
    for round_ in range(ROUNDS + 1):
        times = {}
        for name in ("bare", "whole") if round_ % 2 else ("whole", "bare"):
            analyse("match", vacuum=True)
            if name == "bare":
                times[name] = _timed(lambda: session().execute(bare))
            else:
                times[name] = _timed(lambda: session().execute(supporters._ALL, given))
            session().rollback()
        if round_:
            ratios.append(times["whole"] / times["bare"])
            bares.append(times["bare"])
    small, large = sizes
    return {
        "hits": found,
        "match_and_write_over_bare_insert": _spread(ratios),
        "bare_insert_seconds": _spread(bares),
        "baseline_spread": round(max(bares) / min(bares), 2),
        "match_alone_seconds": {f"{size:,}": _spread(times) for size, times in alone.items()},
        "match_alone_large_over_small": round(
            statistics.median(alone[large]) / statistics.median(alone[small]), 2
        ),
    }


def _statement(supporters: Any, need: Any) -> tuple[str, dict[str, Any]]:
    """The one statement and what it is given."""
    owner = session().get(supporters.Organisation, need.organisation_id)
    given = supporters.given_for(need, owner, localities.ancestors(need.locality_code), None)
    return str(supporters._ALL.text), given


def _timed(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


# --- a disaster -----------------------------------------------------------------------------------------------------


def measure_disaster(needs: int) -> dict[str, Any]:
    """So many needs of one province open within a minute; two processes drain them."""
    from tests.factories import listings

    run("DELETE FROM journal_due")
    need = listings.open_need(locality_code=PLACE)
    line = listings.lines_of(need)[0]
    commit()
    like(
        "listing",
        needs,
        "'id', md5('l' || n)::uuid, 'slug', 'bencana-' || n, 'client_token', NULL, 'opened_at', clock_timestamp(),"
        " 'open_order', NULL, 'locality_code', (ARRAY['53.01','53.02','53.03','53.04','53.05'])[1 + n % 5]",
        where="t.id = :id",
        id=need.id,
    )
    like(
        "listing_line",
        needs,
        "'id', md5('i' || n)::uuid, 'listing_id', md5('l' || n)::uuid",
        where="t.id = :id",
        id=line.id,
    )
    run(
        "WITH line AS (INSERT INTO journal_line (kind, about_kind, about_id, visibility, data)"
        " SELECT 'listing.opened', 'listing', md5('l' || n)::uuid, 'public', '{}' FROM generate_series(1, :needs) n"
        " RETURNING id) INSERT INTO journal_due (journal_id) SELECT id FROM line",
        needs=needs,
    )
    commit()
    for table in ("listing", "listing_place", "shelf_line", "journal_due"):
        analyse(table)
    before = one("SELECT count(*) FROM match"), one("SELECT count(*) FROM message")
    commit()
    began = time.perf_counter()
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.matching_interests", "drain"], env=_environment()
        )
        for _ in range(WORKERS)
    ]
    codes = [worker.wait() for worker in workers]
    seconds = time.perf_counter() - began
    left = one("SELECT count(*) FROM journal_due")
    failed = one("SELECT count(*) FROM journal_due WHERE last_error <> ''") if left else 0
    return {
        "needs": needs,
        "interests": one("SELECT count(*) FROM interest"),
        "workers": WORKERS,
        "seconds_until_drained": round(seconds, 1),
        "oldest_waited_seconds": round(seconds, 1),
        "left": left,
        "failed": failed,
        "exit_codes": codes,
        "matches": one("SELECT count(*) FROM match") - before[0],
        "notices": one("SELECT count(*) FROM message") - before[1],
        "mails_due_within_an_hour": one(
            "SELECT count(*) FROM message WHERE channel = 'email' AND state = 'queued'"
            " AND next_at < now() + interval '1 hour'"
        ),
    }


def _environment() -> dict[str, str]:
    import os

    current = config.settings()
    return os.environ | {
        "COEVOLVE_ENV": "test",
        "DATABASE_URL": current.database_url,
        "DATABASE_OWNER_URL": current.database_owner_url,
        "REDIS_URL": "unix:///nowhere",
        "PUBLIC_URL": "http://localhost",
        "SECRET_KEY": current.secret_key,
        "BENCH_DATABASE": current.database_url,
    }


def drain() -> None:
    """A worker: take up due lines until there are none."""
    import os

    url = os.environ["BENCH_DATABASE"]
    config.install(_settings(url))
    with database_context():
        from coevolve.journal.models import JournalDue
        from coevolve.kit import inbox
        from workers.journal import run as react

        jobs.send = lambda *_args, **_more: None  # type: ignore[assignment]
        while True:
            claimed = inbox.claim(JournalDue, where=text("true"), limit=20)
            commit()
            if not claimed:
                return
            for journal_id in claimed:
                react(journal_id)


# --- while typing ---------------------------------------------------------------------------------------------------


def offers(count: int) -> None:
    """So many open standing offers of 1,000 companies, in all kabupaten and kota, cities fuller than the rest."""
    from tests.factories import listings, organisations

    company = organisations.company()
    offer = listings.open_offer(organisation=company)
    line = listings.lines_of(offer)[0]
    commit()
    for table in ("listing", "listing_line"):
        _owner(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    like(
        "organisation",
        1_000,
        "'id', md5('o' || n || '-' || CAST(:count AS bigint))::uuid, 'slug', 'o' || n || '-' || CAST(:count AS bigint),"
        " 'name', 'PT Bangku ' || n, 'name_key', 'b' || n || '-' || CAST(:count AS bigint)",
        where="t.id = :id",
        id=company.id,
    ) if not one("SELECT count(*) FROM organisation WHERE slug = 'o1-1000'") else None
    run(
        "CREATE TEMP TABLE IF NOT EXISTS spots AS SELECT code, region_code, province_code,"
        " row_number() OVER (ORDER BY kind DESC, code) - 1 AS nr, count(*) OVER () AS total"
        " FROM locality WHERE level = 'regency' AND is_active AND lat IS NOT NULL"
    )
    already = one("SELECT count(*) FROM listing WHERE slug LIKE 'tawaran-%'")
    run(
        "INSERT INTO listing SELECT (jsonb_populate_record(t, jsonb_build_object('id', md5('t' || n)::uuid, 'slug',"
        " 'tawaran-' || n, 'client_token', NULL, 'open_order', NULL, 'opened_at', now() - n * interval '1 minute',"
        " 'organisation_id', md5('o' || 1 + n % 1000 || '-1000')::uuid, 'locality_code', s.code,"
        " 'regency_code', s.code,"
        " 'district_code', NULL, 'province_code', s.province_code, 'region_code', s.region_code))).*"
        " FROM listing t CROSS JOIN generate_series(CAST(:since AS int), :until) n"
        " JOIN spots s ON s.nr = floor(s.total * power((n::bigint * 48271 % 65537) / 65537.0, 2)) WHERE t.id = :id",
        id=offer.id,
        since=already + 1,
        until=count,
    )
    run(
        "INSERT INTO listing_line SELECT (jsonb_populate_record(t, jsonb_build_object('id', md5('u' || n)::uuid,"
        " 'listing_id', md5('t' || n)::uuid, 'kind', c.kind, 'category', c.category, 'unit', c.unit,"
        " 'quantity', 1 + n % 500,"
        " 'radius_km', CASE WHEN n % 5 = 0 THEN 20 + n % 2000 END,"
        " 'needed_until', CASE WHEN n % 3 = 0 THEN current_date + 30 + n % 90 END))).*"
        " FROM listing_line t CROSS JOIN generate_series(CAST(:since AS int), :until) n"
        " JOIN LATERAL (SELECT * FROM (VALUES ('goods','books','X:BOOK'),('goods','electronics','X:PIECE'),"
        " ('goods','food','X:KG'),('goods','building','X:SACK'),('goods','medical','X:PIECE'),"
        " ('time','teaching','X:HOUR'),('time','engineering','X:HOUR'),('time','it','X:HOUR'),"
        " ('facility','room','X:ROOM_DAY'),('facility','vehicle','X:VEHICLE_DAY')) AS c(kind, category, unit)"
        " OFFSET floor(10 * power((n::bigint * 16807 % 65521) / 65521.0, 2)) LIMIT 1) c ON true"
        " WHERE t.id = :id AND EXISTS (SELECT FROM listing WHERE id = md5('t' || n)::uuid)",
        id=line.id,
        since=already + 1,
        until=count,
    )
    for table in ("listing", "listing_line"):
        commit()
        _owner(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    run("SELECT shelve_lines(ARRAY(SELECT id FROM listing WHERE slug LIKE 'tawaran-%'))")
    commit()
    for table in ("listing", "listing_line", "shelf_line", "organisation"):
        analyse(table, vacuum=True)


def measure_typing(sizes: tuple[int, int]) -> dict[str, Any]:
    """How long what fits takes, for lines of every category in places big and small."""
    from coevolve.matching.queries.candidates import EACH_LEVEL_TYPING, Seeker, Wanted, candidates, grouped
    from coevolve.matching.words import pair_reason
    from tests.factories import organisations

    cso = organisations.organisation()
    commit()
    typed = [
        ("goods", "books", "X:BOOK"),
        ("goods", "electronics", "X:PIECE"),
        ("time", "teaching", "X:HOUR"),
        ("facility", "room", "X:ROOM_DAY"),
        ("goods", "farming", "X:KG"),
    ]
    spots = [
        code
        for code in ("53.02", "32.73", "11.71", "35.78", "94.04", "71.71", "34.04", "61.12")
        if localities.find(code)
    ]
    times: dict[int, list[float]] = {}
    shown: dict[int, int] = {}
    for size in sizes:
        offers(size)
        dice = random.Random(7)
        times[size], shown[size] = [], 0
        for round_ in range(120):
            kind, category, unit = dice.choice(typed)
            place = localities.get(dice.choice(spots))
            seeker = Seeker(
                cso.id, True, place.code, place.region_code, place.province_code, place.code, "education"
            )
            wanted = [Wanted(n=0, kind=kind, category=category, unit=unit, quantity=dice.randint(1, 300))]

            def ask(seeker: Any = seeker, wanted: Any = wanted, place: Any = place) -> None:
                found = candidates(seeker, wanted, most=40, each=EACH_LEVEL_TYPING)
                groups = grouped(found, most=5)
                shown[size] += len([pair_reason(group[0], place, asks=True) for group in groups])  # noqa: B023

            took = _timed(ask)
            session().rollback()
            if round_ >= 20:
                times[size].append(took)
        console.print(f"  {one('SELECT count(*) FROM shelf_line'):,} open lines, {shown[size]} shown")
    middle = {size: statistics.median(found) for size, found in times.items()}
    return {
        "seconds_p50": {f"{size:,}": round(middle[size], 4) for size in sizes},
        "seconds_p95": {f"{size:,}": round(sorted(times[size])[94], 4) for size in sizes},
        "large_over_small": round(middle[sizes[1]] / middle[sizes[0]], 2),
    }


# --- the frame ------------------------------------------------------------------------------------------------------


def analyse(*tables: str, vacuum: bool = False) -> None:
    """Let the planner know (and pages be visible), as autovacuum would by and by."""
    commit()
    for table in tables:
        _owner(f"{'VACUUM (ANALYZE)' if vacuum else 'ANALYZE'} {table}")


def _owner(statement: str) -> None:
    import psycopg

    url = config.settings().database_owner_url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(statement)  # type: ignore[arg-type]


def _spread(values: list[float]) -> dict[str, float]:
    return {
        "median": round(statistics.median(values), 3),
        "least": round(min(values), 3),
        "most": round(max(values), 3),
    }


def _settings(url: str) -> config.Settings:
    return config.Settings(
        env="test",
        database_url=url,
        database_owner_url=url,
        redis_url="unix:///nowhere",
        public_url="http://localhost",
        secret_key="a key that only benchmarks know, and it is long",
        statement_timeout_ms=3_600_000,
    )


def main() -> None:
    """Measure and print, as a table and as JSON."""
    words = set(sys.argv[1:])
    if "drain" in words:
        drain()
        return
    parts = words & {"interests", "disaster", "typing"} or {"interests", "disaster", "typing"}
    tenth = 10 if "small" in words else 1
    jobs.send = lambda *_args, **_more: None  # type: ignore[assignment]
    ground = Ground.lay()
    found: dict[str, Any] = {}
    try:
        ground.copy("bench")
        config.install(_settings(ground.server.url("bench", role=OWNER_ROLE)))
        with database_context():
            sizes, population = (100_000 // tenth, 1_000_000 // tenth), 200_000
            if parts & {"interests", "disaster"}:
                people(population)
                commit()
            if "interests" in parts:
                found["interests"] = measure_interests(sizes, population)
                console.print(found)
            elif "disaster" in parts:
                interests(sizes[1], population)
            if "disaster" in parts:
                found["disaster"] = measure_disaster(NEEDS // tenth)
                console.print(found["disaster"])
            if "typing" in parts:
                found["typing"] = measure_typing((10_000 // tenth, 100_000 // tenth))
            found["versions"] = {
                "python": platform.python_version(),
                "postgres": str(one("SHOW server_version")),
            }
    finally:
        ground.remove()
    _show(found)
    console.print_json(json.dumps(found))


def _show(found: dict[str, Any]) -> None:
    table = Table("what", "figure", "target")
    if "interests" in found:
        part = found["interests"]
        whole = part["match_and_write_over_bare_insert"]
        table.add_row(
            "match + write / bare INSERT",
            f"{whole['median']:.2f} x ({whole['least']:.2f} to {whole['most']:.2f})",
            "<= 2.0 x",
        )
        table.add_row("match alone, large / small", f"{part['match_alone_large_over_small']} x", "<= 1.3 x")
    if "disaster" in found:
        part = found["disaster"]
        table.add_row(
            f"{part['needs']:,} needs against {part['interests']:,} interests, drained",
            f"{part['seconds_until_drained']} s",
            "<= 300 s",
        )
    if "typing" in found:
        part = found["typing"]
        table.add_row(
            "while typing, p95 of the larger",
            f"{list(part['seconds_p95'].values())[-1] * 1000:.0f} ms",
            "<= 150 ms",
        )
        table.add_row("while typing, large / small", f"{part['large_over_small']} x", "<= 2 x")
    console.print(table)


if __name__ == "__main__":
    main()
