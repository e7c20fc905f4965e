"""A whole platform of its own for drills: PostgreSQL, Valkey, the payment sandbox, a web process, Celery workers.

Each part can be killed and started again in the middle; what it had committed is there afterwards.
"""

from __future__ import annotations

import dataclasses
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import redis
from flask import Flask
from sqlalchemy import text

from coevolve import config
from coevolve.commands import database
from coevolve.embedded import processes
from coevolve.embedded.postgres import OWNER_ROLE, PostgresServer
from coevolve.embedded.valkey import ValkeyServer
from coevolve.kit import jobs
from coevolve.kit.db import db, session
from coevolve.payments import gateways
from tests.conftest import _load_places, _settings
from tests.payment_sandbox.server import Sandbox, free_port, start_sandbox

ROOT = Path(__file__).resolve().parents[2]
NAME = "chaos"
# A crash of PostgreSQL alone loses nothing that was committed; only a power cut would, and none is played here.
SURVIVES_A_CRASH = {"synchronous_commit": "on", "full_page_writes": "on", "autovacuum": "on"}


@dataclass
class Platform:
    """What runs, and how to harm it."""

    folder: Path
    postgres: PostgresServer
    valkey: ValkeyServer
    sandbox: Sandbox
    settings: config.Settings
    port: int
    web: subprocess.Popen[bytes] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """What a child process needs."""
        told = dict(os.environ)
        for one in dataclasses.fields(self.settings):
            value = getattr(self.settings, one.name)
            if value != one.default or one.name == "env":
                told[config.environment_name(one.name)] = str(value)
        return told | {"MALLOC_ARENA_MAX": "2"}

    def start_web(self) -> None:
        """The production server with our own app, one process."""
        command = [sys.executable, "-m", "granian", "coevolve.wsgi:app", "--interface", "wsgi", "--no-ws"]
        command += ["--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"]
        command += ["--blocking-threads", "4", "--log-level", "error"]
        self.web = processes.start(
            command, log=self.folder / "web.log", environment=self.environment, folder=ROOT
        )
        until = time.monotonic() + 90
        while time.monotonic() < until:
            with (
                suppress(OSError),
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2),
            ):
                return
            time.sleep(0.1)
        raise AssertionError(processes.tail(self.folder / "web.log"))

    def start_worker(self) -> None:
        """One more group of workers that watch the queue of money: a parent and two children."""
        command = [sys.executable, "-m", "celery", "--app", "workers.app", "--quiet", "worker"]
        command += ["--queues", "money", "--concurrency", "2", "--without-gossip", "--without-mingle"]
        self.workers.append(
            processes.start(
                [*command, "--loglevel", "ERROR"],
                log=self.folder / "worker.log",
                environment=self.environment,
                folder=ROOT,
            )
        )

    def cpu_seconds(self) -> dict[str, float]:
        """What each part used so far, its living processes together."""
        parts = {"sandbox": [self.sandbox.process], "web": [self.web], "workers": self.workers}
        parts |= {"postgres": [self.postgres.process], "valkey": [self.valkey.process]}
        sessions = {one.pid: name for name, some in parts.items() for one in some if one is not None}
        used = dict.fromkeys(parts, 0.0)
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                words = stat.read_text().rsplit(")", 1)[1].split()
                name = sessions.get(int(words[3]))
                if name is not None:
                    used[name] += (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
        return {name: round(seconds, 1) for name, seconds in used.items()}

    # --- harm ---------------------------------------------------------------------------------------

    def kill_a_child(self, chance: random.Random) -> int:
        """Kill -9 the child of a worker, whatever it does just now."""
        parent = chance.choice(self.workers)
        found = subprocess.run(
            ["pgrep", "--parent", str(parent.pid)], capture_output=True, text=True, check=False
        ).stdout.split()
        if not found:
            return 0
        child = int(chance.choice(found))
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        return child

    def kill_a_group(self, chance: random.Random) -> None:
        """Kill -9 a worker with all its children, and start another."""
        dead = self.workers.pop(chance.randrange(len(self.workers)))
        with suppress(ProcessLookupError):
            os.killpg(dead.pid, signal.SIGKILL)
        dead.wait(20)
        self.start_worker()

    def forget_broker(self) -> None:
        """FLUSHALL: every message that waits is gone."""
        path = self.settings.redis_url.removeprefix("unix://").partition("?")[0]
        with redis.Redis(unix_socket_path=path) as broker:
            broker.flushall()

    def crash_postgres(self) -> None:
        """Stop the database at once, without a goodbye, and start it again."""
        assert self.postgres.process is not None
        self.postgres.process.send_signal(signal.SIGQUIT)
        self.postgres.process.wait(30)
        self.postgres.process = None
        db.session.remove()
        db.engine.dispose()
        self.postgres.start()

    def stop_workers(self) -> None:
        """End all workers."""
        for one in self.workers:
            with suppress(ProcessLookupError):
                os.killpg(one.pid, signal.SIGKILL)
            one.wait(20)
        self.workers.clear()

    def stop(self) -> None:
        """End everything."""
        self.stop_workers()
        if self.web is not None:
            processes.stop(self.web, signal.SIGTERM, patience=10, group=True)
        with suppress(AssertionError, OSError):
            self.sandbox.stop()
        self.valkey.stop()
        self.postgres.stop()


@contextmanager
def platform(seed: int) -> Iterator[Platform]:
    """A platform in a folder of its own, with our app's context in this process."""
    folder = Path(tempfile.mkdtemp(prefix="coevolve-drill-"))
    before = config.settings()
    postgres = PostgresServer(
        folder / "postgres", folder / "postgres.log", durable=False, options=SURVIVES_A_CRASH
    )
    valkey = ValkeyServer(folder / "valkey.log")
    try:
        postgres.start()
        valkey.start()
        postgres.create_database(NAME)
        owner = postgres.url(NAME, role=OWNER_ROLE)
        database.upgrade(owner)
        _load_places(owner)
        port = free_port()
        extra = ("--seed", str(seed), "--webhook-timeout", "5")
        sandbox = start_sandbox(
            folder / "sandbox", webhook_url=f"http://127.0.0.1:{port}/webhook/stripe", extra=extra
        )
        settings = dataclasses.replace(
            _settings(
                database_url=postgres.url(NAME),
                database_owner_url=owner,
                redis_url=valkey.url(),
                smtp_url="smtp://127.0.0.1:9",
                data_dir=str(folder),
            ),
            public_url=f"http://127.0.0.1:{port}",
            stripe_secret_key=sandbox.secret_key,
            stripe_webhook_secret=sandbox.webhook_secret,
            stripe_api_base=sandbox.url,
            stripe_checkout_origin=sandbox.url,
            stripe_timeout_seconds=2,
        )
        config.install(settings)
        gateways.forget()
        jobs.producer.cache_clear()
        made = Platform(folder, postgres, valkey, sandbox, settings, port)
        try:
            with _app().app_context():
                yield made
                db.session.remove()
                db.engine.dispose()
        finally:
            made.stop()
    finally:
        config.install(before)
        gateways.forget()
        jobs.producer.cache_clear()
        with suppress(Exception):
            valkey.stop()
        with suppress(Exception):
            postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _app() -> Flask:
    from coevolve.app import create_app

    return create_app()


def rows(statement: str, **values: object) -> list[tuple[object, ...]]:
    """What the database says now; the transaction ends."""
    try:
        return [tuple(row) for row in session().execute(text(statement), values)]
    finally:
        session().rollback()


__all__ = ["Platform", "platform", "rows"]
