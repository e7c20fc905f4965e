"""The broker goes away again and again: the workers come back to work by themselves each time, and nothing is lost."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from coevolve import config
from coevolve.embedded import processes
from coevolve.embedded.valkey import ValkeyServer
from coevolve.kit import jobs
from coevolve.kit.db import db
from tests.conftest import Committed

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = int(os.environ.get("COEVOLVE_DRILL_ROUNDS", "20"))
BACK_AT_WORK_SECONDS = 30
pytestmark = [pytest.mark.drill, pytest.mark.timeout(3600)]


@pytest.fixture
def broker(tmp_path: Path, committed: Committed) -> Iterator[ValkeyServer]:
    """A broker of the drill's own, written to disk as production's."""
    server = ValkeyServer(tmp_path / "valkey.log", tmp_path / "valkey")
    server.start()
    committed.settings = config.install(dataclasses.replace(committed.settings, redis_url=server.url()))
    jobs.producer.cache_clear()
    yield server
    jobs.producer.cache_clear()
    server.stop()


@pytest.fixture
def worker(tmp_path: Path, committed: Committed, broker: ValkeyServer) -> Iterator[Path]:
    """A real worker with two children; gives its log."""
    log = tmp_path / "worker.log"
    command = [sys.executable, "-m", "celery", "--app=workers.app", "--quiet", "worker", "--concurrency=2"]
    process = processes.start(
        [*command, "--without-gossip", "--without-mingle"],
        log=log,
        environment=committed.environment,
        folder=ROOT,
    )
    yield log
    processes.stop(process, signal.SIGTERM, patience=20, group=True)


def _canary() -> float:
    """Ask for the canary until it sings; how long it took."""
    began = time.monotonic()
    before = _last_song()
    while _last_song() == before:
        jobs.send("canary.match", {})
        assert time.monotonic() - began < 120, "the worker is idle"
        time.sleep(0.5)
    return time.monotonic() - began


def _last_song() -> object:
    song = db.session.execute(
        sa.text("SELECT max(seen_at) FROM worker_beat WHERE name = 'canary.match'")
    ).scalar_one()
    db.session.rollback()
    return song


def test_the_worker_works_again_after_each_restart_of_the_broker(
    committed: Committed, broker: ValkeyServer, worker: Path
) -> None:
    _canary()
    slow = []
    for number in range(ROUNDS):
        assert broker.process is not None
        broker.process.send_signal(signal.SIGKILL if number % 2 else signal.SIGTERM)
        broker.process.wait(10)
        time.sleep(number % 3)
        broker.start()
        if number % 5 == 4:
            with contextlib.closing(_client(broker)) as client:
                client.flushall()
        took = _canary()
        print(f"round {number + 1}: back at work after {took:.1f} s")
        if took > BACK_AT_WORK_SECONDS:
            slow.append((number, took))
    assert slow == [], processes.tail(worker)


def _client(broker: ValkeyServer) -> object:
    import redis

    return redis.Redis(unix_socket_path=str(broker.socket))
