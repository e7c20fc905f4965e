"""Sending notices in chunks against one task per row, through Valkey and a Celery worker; and what digests cost.

    python -m tests.benchmarks.mail [ROWS] [READERS]

`texts` is the machine of sending itself (claim, read, write, hand over, mark) with a provider that takes anything at
once; `mails` is the same with whole letters over SMTP, where composing and the conversation with the server are most of
the work, and cost the same either way. Digests are counted in statements and timed without a mail server.
"""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from sqlalchemy import text

from coevolve import config
from coevolve.embedded.mail_catcher import Mailbox, MailCatcher
from coevolve.kit.db import commit, session
from coevolve.kit.jobs import producer, send
from coevolve.notifications import digests
from tests.benchmarks.ground import compare
from tests.conftest import OWNER_ROLE, Ground, ValkeyServer
from tests.statements import counted

ROOT = Path(__file__).resolve().parents[2]
ONE_BY_ONE = 300
MAILS = 400
PATIENCE_SECONDS = 300
SWEEP_SECONDS = 15
WRITTEN = 2_000
"""So many digests are composed for the figure of letters a second."""

PEOPLE = """
INSERT INTO person (id, email, name, phone, state, email_proven_at)
SELECT gen_random_uuid(), 'pembaca' || n || '@contoh.example', 'Pembaca ' || n, '+62811' || n, 'active',
    clock_timestamp()
FROM generate_series(1, :count) AS n
"""
MESSAGES = """
INSERT INTO message (person_id, kind, about_kind, about_id, channel, cadence, data, dedupe_key, place_code, next_at)
SELECT id, 'listing.opened', 'listing', gen_random_uuid(), :channel, :cadence,
    jsonb_build_object('title', 'Air bersih ' || :key, 'organisation', 'Yayasan Mata Air', 'place', 'TTS',
        'path', '/kebutuhan/air', 'reason', 'Anda mengikuti Kabupaten Timor Tengah Selatan.'),
    :key || ':' || n, CASE WHEN n % 2 = 0 THEN '53.02' ELSE '53' END, clock_timestamp() - interval '1 second'
FROM (SELECT id FROM person ORDER BY id LIMIT :count) AS reader CROSS JOIN generate_series(1, :each) AS n
RETURNING id
"""


@contextmanager
def platform() -> Iterator[config.Settings]:
    """Servers of our own, and a worker."""
    from coevolve.app import create_app

    ground = Ground.lay()
    valkey = ValkeyServer(ground.folder / "valkey.log")
    catcher = MailCatcher(Mailbox(ground.folder / "mails"))
    try:
        ground.copy("mail")
        valkey.start()
        catcher.start()
        settings = config.install(
            config.Settings(
                env="test",
                database_url=ground.server.url("mail"),
                database_owner_url=ground.server.url("mail", role=OWNER_ROLE),
                redis_url=valkey.url(),
                smtp_url=f"smtp://127.0.0.1:{catcher.port}",
                data_dir=str(ground.folder),
                public_url="http://localhost",
                secret_key="a key that only benchmarks know, and it is long",
                sms_gateway="log",
                quiet_from_hour=0,
                quiet_until_hour=0,
                statement_timeout_ms=600_000,
                worker_statement_timeout_ms=600_000,
            )
        )
        producer.cache_clear()
        with create_app(settings).app_context(), _worker(settings, ground.folder / "worker.log"):
            yield settings
    finally:
        catcher.stop()
        valkey.stop()
        ground.remove()


@contextmanager
def _worker(settings: config.Settings, log: Path) -> Iterator[None]:
    environment = dict(os.environ)
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if value != field.default or field.name == "env":
            environment[config.environment_name(field.name)] = str(value)
    with log.open("w") as written:
        process = subprocess.Popen(
            [
                sys.executable, "-m", "celery", "--app", "tests.benchmarks.mail_worker", "worker",
                "--queues", "mail", "--concurrency", "2", "--loglevel", "WARNING",
            ],
            env=environment, cwd=ROOT, stdout=written, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


def _write(key: str, *, channel: str, count: int, each: int = 1, cadence: str = "now") -> list[int]:
    ids = session().execute(
        text(MESSAGES),
        {"key": key, "channel": channel, "count": count, "each": each, "cadence": cadence},
    )
    found = list(ids.scalars())
    commit()
    return found


def _until_sent(ids: list[int]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    swept = time.monotonic()
    waiting = text("SELECT EXISTS (SELECT FROM message WHERE state IN ('queued', 'sending'))")
    while session().execute(waiting).scalar_one():
        commit()
        if time.monotonic() > deadline:
            raise RuntimeError("the worker does not get on; see its log")
        if time.monotonic() > swept + SWEEP_SECONDS:  # as beat does
            send("notifications.deliver", {})
            swept = time.monotonic()
        time.sleep(0.01)
    sent = session().execute(
        text("SELECT count(*) FROM message WHERE state = 'sent' AND id = ANY(:ids)"), {"ids": ids}
    )
    assert sent.scalar_one() == len(ids)
    session().execute(text("DELETE FROM message"))
    commit()


def rate(channel: str, count: int, nudge: Callable[[list[int]], None]) -> float:
    """Rows a second, from the first message to the worker until all are marked."""
    ids = _write("bench", channel=channel, count=count)
    began = time.perf_counter()
    nudge(ids)
    _until_sent(ids)
    return count / (time.perf_counter() - began)


def in_chunks(_ids: list[int]) -> None:
    """One nudge for each of the worker's two processes."""
    for _ in range(2):
        send("notifications.deliver", {})


def one_by_one(ids: list[int]) -> None:
    """A task a row."""
    app = producer()
    for number in ids:
        app.send_task("notifications.one", kwargs={"message_id": number}, queue="mail", ignore_result=True)


def digest_costs(readers: int) -> None:
    """Gathering for so many readers with five news each, and composing some of them."""
    session().execute(text("DELETE FROM message"))
    session().execute(text("DELETE FROM digest"))
    commit()
    _write("digest", channel="email", count=readers, each=5, cadence="daily")
    with counted() as statements:
        began = time.perf_counter()
        gathered = digests.gather()
        commit()
        took = time.perf_counter() - began
    assert gathered == 5 * readers
    click.echo(
        f"digests of {readers:,} readers, {gathered:,} news: gathered in {took:.1f} s with {len(statements)} statements"
    )
    session().execute(text("UPDATE digest SET next_at = next_at + interval '1 day' WHERE id > :most"), {
        "most": session().execute(text("SELECT min(id) + :some - 1 FROM digest"), {"some": WRITTEN}).scalar_one()
    })  # fmt: skip
    commit()
    with counted() as statements:
        began = time.perf_counter()
        sent = digests.deliver(post=lambda _letter: None).sent
        took = time.perf_counter() - began
    click.echo(
        f"  of these {sent:,} composed and marked: {sent / took:,.0f} letters/s,"
        f" {len(statements) / max(1, sent):.2f} statements a letter"
    )


def main(rows: int = 20_000, readers: int = 100_000) -> None:
    """All figures."""
    with platform():
        session().execute(text(PEOPLE), {"count": max(rows, readers)})
        session().execute(text("ANALYZE person"))
        commit()
        for size in (readers // 10, readers):
            digest_costs(size)
        session().execute(text("DELETE FROM message"))
        commit()
        rates: dict[str, list[float]] = {"chunks": [], "one": []}
        rate("sms", 50, one_by_one)  # the worker wakes up

        def noted(name: str, channel: str, count: int, nudge: Any) -> float:
            found = rate(channel, count, nudge)
            rates[name].append(found)
            return found

        ratio = compare(
            lambda: noted("chunks", "sms", rows, in_chunks),
            lambda: noted("one", "sms", ONE_BY_ONE, one_by_one),
        )
        click.echo(
            f"texts in chunks of 500: {_middle(rates['chunks']):,.0f} rows/s, one task a row:"
            f" {_middle(rates['one']):,.0f};"
            f" {ratio.middle:.0f} x ({ratio.least:.0f} to {ratio.most:.0f}), P9 wants 50"
        )
        rates["chunks"].clear()
        rates["one"].clear()
        whole = compare(
            lambda: noted("chunks", "email", MAILS, in_chunks),
            lambda: noted("one", "email", MAILS // 4, one_by_one),
            rounds=3,
        )
        click.echo(
            f"whole letters over SMTP: {_middle(rates['chunks']):,.0f} rows/s against {_middle(rates['one']):,.0f};"
            f" {whole.middle:.1f} x ({whole.least:.1f} to {whole.most:.1f})"
        )


def _middle(found: list[float]) -> float:
    return sorted(found)[len(found) // 2]


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
