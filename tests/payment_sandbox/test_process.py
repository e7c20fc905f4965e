"""The process itself: what it is started with, how it ends, and what it finds on the next start."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest
import stripe

from tests.payment_sandbox.conftest import make_client
from tests.payment_sandbox.server import Sandbox, start_sandbox

SESSION = {
    "mode": "payment",
    "line_items": [
        {"price_data": {"currency": "idr", "unit_amount": 5_000_000, "product_data": {"name": "Dukungan"}}}
    ],
    "success_url": "http://127.0.0.1:9/ok",
}


def is_listening(sandbox: Sandbox) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", int(sandbox.url.rpartition(":")[2]))) == 0


def wait_until_gone(sandbox: Sandbox, seconds: float) -> None:
    until = time.monotonic() + seconds
    while is_listening(sandbox):
        assert time.monotonic() < until, "it still listens"
        time.sleep(0.05)


def test_faults_and_delays_of_the_command_line(tmp_path: Path) -> None:
    faults = json.dumps([{"mode": "http_429", "on": "POST /v1/checkout/sessions", "count": 1}])
    sandbox = start_sandbox(tmp_path / "data", extra=("--chaos", faults, "--pay-later-after", "1"))
    client = make_client(sandbox)
    with pytest.raises(stripe.RateLimitError):
        client.v1.checkout.sessions.create(params=SESSION)  # type: ignore[arg-type]
    session = client.v1.checkout.sessions.create(params=SESSION)  # type: ignore[arg-type]
    assert sandbox.pay(session.id, later=True) == "later"
    until = time.monotonic() + 10
    while client.v1.checkout.sessions.retrieve(session.id).payment_status != "paid":
        assert time.monotonic() < until, "the late money never came by itself"
        time.sleep(0.1)
    sandbox.stop()
    wait_until_gone(sandbox, 1)


def test_ends_when_whoever_started_it_was_killed(tmp_path: Path) -> None:
    sandbox = start_sandbox(tmp_path / "data")
    os.kill(sandbox.process.pid, signal.SIGKILL)
    sandbox.process.wait(10)
    wait_until_gone(sandbox, 10)


@pytest.mark.parametrize("chaos", ["{", "{}", '[{"mode": "nonsense"}]'])
def test_faults_that_make_no_sense_are_refused(tmp_path: Path, chaos: str) -> None:
    with pytest.raises(AssertionError, match="ended with 2"):
        start_sandbox(tmp_path / "data", extra=("--chaos", chaos))


def test_state_of_another_version_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    state = sqlite3.connect(folder / "state.sqlite3")
    with state:
        state.execute("CREATE TABLE version (name TEXT PRIMARY KEY)")
        state.execute("INSERT INTO version VALUES ('2020-08-27')")
    state.close()
    with pytest.raises(AssertionError, match="ended with 2"):
        start_sandbox(folder)


def test_neither_port_nor_folder_is_shared(tmp_path: Path) -> None:
    sandbox = start_sandbox(tmp_path / "data")
    port = sandbox.command[sandbox.command.index("--port") + 1]
    for folder, text in (
        (tmp_path / "other", "cannot be used"),
        (tmp_path / "data", "another one is at work"),
    ):
        command = [*sandbox.command, "--data", str(folder), "--port", port if folder.name == "other" else "1"]
        ended = subprocess.run(
            command, env=sandbox.environment, capture_output=True, text=True, timeout=20, check=False
        )
        assert ended.returncode == 2
        assert text in ended.stderr
    sandbox.stop()
