"""P13: statements matched in sets against a loop over lines, in one run on one server; truth known.

    ./run bench matching                 10,000 lines against 10,000 open payments
    ./run bench matching 1000000         a million against a million: 3 GB of disk while it runs, nothing kept
    ./run bench matching 10000 1000000   a daily file against a million open payments

The loop is what one would write first (psycopg: by reference, else by sum, insert, update, commit per line), measured
on a sample of the same lines and taken back; its time for all lines is its rate, extrapolated. Posting is measured
apart, on gifts made by the real use cases: it writes pledges, receipts and notices as well.
"""

from __future__ import annotations

import json
import platform
import sys
import time
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy import text

from coevolve import config
from coevolve.commands.ground import database_context
from coevolve.kit.db import commit, session
from coevolve.reconciliation.matching.running import Done, run_stages
from tests.benchmarks import matching_world
from tests.conftest import OWNER_ROLE, Ground

SAMPLE = 2_000
GIFTS = 150
console = Console()


def measure(lines: int, payments: int) -> dict[str, Any]:
    """Make the world, measure the loop on a sample, run the stages; returns all figures."""
    world = matching_world.World(max(lines, payments))
    with Progress(
        TextColumn("{task.description:>18}"), BarColumn(), TimeElapsedColumn(), console=console
    ) as bar:
        tasks: dict[str, Any] = {}

        def progress(what: str, done: int, total: int) -> None:
            tasks.setdefault(what, bar.add_task(what, total=total) if what not in tasks else None)
            bar.update(tasks[what], completed=done, total=total)

        world.tell(progress)
        if lines < payments:
            world.lines = world.dice.sample(world.lines, lines)
            kept = {line[0] for line in world.lines}
            world.truth = [row for row in world.truth if row[0] in kept]
        facts = {"lines": len(world.lines), "payments": len(world.payments)}
        world.write(progress)
        for what, task in tasks.items():
            bar.update(task, completed=bar.tasks[task].total, description=what)
    commit()
    _settle_tables()
    per_line = _loop(world.accounts, min(SAMPLE, lines))
    started = time.perf_counter()
    done = run_stages(world.accounts, typed=True, report=_say)
    seconds = time.perf_counter() - started
    result = [dict(row) for row in session().execute(text(matching_world.RESULT)).mappings()]
    posted = _posting()
    return facts | {
        "posted_per_second": round(posted, 1),
        "seconds": round(seconds, 2),
        "lines_per_second": round(facts["lines"] / seconds),
        "loop_lines_per_second": round(1 / per_line),
        "times_faster": round(per_line * facts["lines"] / seconds, 1),
        "stages": {one.name: {"lines": one.lines, "seconds": round(one.seconds, 3)} for one in done},
        "result": result,
        "versions": {"python": platform.python_version(), "postgres": _version()},
    }


def _say(done: Done) -> None:
    console.print(f"  {done.name:<9}{done.seconds:8.2f} s {done.lines:>10,} lines  {done.says}")


def _loop(accounts: list[Any], sample: int) -> float:
    """Seconds per line of the loop; what it wrote is taken back."""
    connection = session().connection().connection.driver_connection
    assert connection is not None
    rows = connection.execute(
        "SELECT id, bank_account_id, unit, amount, booked_on, ref FROM recon_line ORDER BY id LIMIT %s",
        (sample,),
    ).fetchall()
    commit()
    started = time.perf_counter()
    for line in rows:
        _one(connection, line)
        connection.commit()
    seconds = (time.perf_counter() - started) / len(rows)
    connection.execute("DELETE FROM recon_allocation")
    connection.execute("UPDATE recon_line SET state = 'unmatched' WHERE state <> 'unmatched'")
    connection.commit()
    session().rollback()
    return seconds


def _posting() -> float:
    """Lines per second that the worker books, of gifts made by the real use cases."""
    from coevolve.kit import clock, jobs
    from coevolve.kit.money import Money
    from coevolve.reconciliation import service
    from tests.factories import listings, people
    from tests.factories import payments as factory

    jobs.send = lambda _name, _ids: None  # no broker here, and nobody is to wait for one
    session().execute(text("UPDATE payment_bank_account SET is_receiving = false"))
    session().execute(
        text("SELECT setval(pg_get_serial_sequence('recon_line', 'id'), (SELECT max(id) FROM recon_line))")
    )
    account = factory.service.add_bank_account(bank_name="X", account_number="5550001112", holder="X")
    listing, finance = listings.open_campaign(), people.finance()
    for _ in range(GIFTS):
        payment = factory.transfer(listing=listing)
        service.enter_bank_line(
            bank_account_id=account.id,
            booked_on=clock.today(),
            money=Money(payment.amount),
            words=payment.public_ref,
            bank_ref=payment.public_ref,
            by=finance.id,
        )
    commit()
    run_stages([account.id], typed=True)
    session().execute(
        text("UPDATE recon_allocation SET undone_at = now() WHERE posting_id IS NULL AND line_id NOT IN"
             " (SELECT id FROM recon_line WHERE bank_account_id = :account)"),
        {"account": account.id},
    )  # fmt: skip
    commit()
    started = time.perf_counter()
    booked, refused, _left = service.post_due()
    assert (booked, refused) == (GIFTS, 0)
    return booked / (time.perf_counter() - started)


def _one(connection: Any, line: Any) -> None:
    line_id, account, unit, amount, day, ref = line
    if ref is not None:
        found = connection.execute(
            "SELECT id FROM payment WHERE public_ref = %s AND bank_account_id = %s AND unit = %s AND amount = %s"
            " AND state IN ('awaiting', 'grace')",
            (ref, account, unit, amount),
        ).fetchall()
    else:
        found = connection.execute(
            "SELECT id FROM payment WHERE bank_account_id = %s AND unit = %s AND amount = %s AND state IN"
            " ('awaiting', 'grace') AND created_on BETWEEN %s::date - 3 AND %s::date",
            (account, unit, amount, day, day),
        ).fetchall()
    if len(found) != 1:
        connection.execute("UPDATE recon_line SET state = 'review' WHERE id = %s", (line_id,))
        return
    connection.execute(
        "INSERT INTO recon_allocation (line_id, target_kind, target_id, amount, rule, score, run_id, proposed_by)"
        " VALUES (%s, 'payment', %s, %s, 'loop', 1, gen_random_uuid(), 'system')",
        (line_id, found[0][0], amount),
    )


def _settle_tables() -> None:
    """The planner knows the tables and their pages are visible before anything is timed."""
    import psycopg

    with psycopg.connect(_plain(config.settings().database_owner_url), autocommit=True) as owner:
        for table in ("payment", "recon_line"):
            owner.execute(f"VACUUM (ANALYZE) {table}")


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


def _version() -> str:
    return str(session().execute(text("SHOW server_version")).scalar_one())


def main() -> None:
    """Measure and print, as a table and as JSON."""
    sizes = [int(word.replace("_", "")) for word in sys.argv[1:]] or [10_000]
    lines, payments = sizes[0], sizes[-1]
    ground = Ground.lay()
    try:
        ground.copy("matching")
        settings = config.Settings(
            env="test",
            database_url=ground.server.url("matching", role=OWNER_ROLE),
            database_owner_url=ground.server.url("matching", role=OWNER_ROLE),
            redis_url="unix:///nowhere",
            public_url="http://localhost",
            secret_key="a key that only benchmarks know, and it is long",
            statement_timeout_ms=3_600_000,
        )
        config.install(settings)
        with database_context():
            found = measure(lines, payments)
    finally:
        ground.remove()
    _show(found)
    console.print_json(json.dumps(found))


def _show(found: dict[str, Any]) -> None:
    table = Table(title=f"{found['lines']:,} lines against {found['payments']:,} open payments")
    for head in ("what the line is", "lines", "booked by itself", "of it right", "proposed", "of it right"):
        table.add_column(head, justify="left" if head.startswith("what") else "right")
    for row in found["result"]:
        table.add_row(*(f"{row[key]:,}" if key != "kind" else row[key] for key in row))
    console.print(table)
    sure = sum(row["sure"] for row in found["result"])
    right = sum(row["sure_right"] for row in found["result"])
    findable = sum(row["lines"] for row in found["result"] if row["kind"] in ("ref", "sum", "batch"))
    console.print(
        f"precision {right / max(1, sure):.5%}; recall {right / max(1, findable):.2%} of the lines with reference,"
        " sum or batch"
    )
    console.print(
        f"{found['seconds']} s in sets ({found['lines_per_second']:,} lines/s); the loop"
        f" {found['loop_lines_per_second']:,} lines/s: {found['times_faster']} x"
    )
    console.print(f"posting, one by one through the path of arrivals: {found['posted_per_second']} lines/s")


if __name__ == "__main__":
    main()
