"""The demo world: large enough, believable, and its books balance."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest
from sqlalchemy import text

from coevolve import registry
from coevolve.demo_world import load
from coevolve.kit import invariants
from coevolve.kit.db import session
from coevolve.localities import service as localities
from tests.conftest import Committed


@pytest.fixture
def world(committed: Committed) -> Committed:
    localities.ensure_loaded()
    session().commit()
    load.load()
    return committed


def scalar(statement: str) -> int:
    return int(session().execute(text(statement)).scalar_one())


def test_the_world(world: Committed) -> None:
    began = time.perf_counter()
    load.load()
    assert time.perf_counter() - began < 1, "a second load does nothing"
    assert scalar("SELECT count(*) FROM organisation") >= 300
    assert scalar("SELECT count(*) FROM listing") >= 1500
    assert scalar("SELECT count(DISTINCT province_code) FROM listing WHERE state = 'open'") == 38
    assert scalar("SELECT count(*) FROM pledge") >= 20_000
    assert scalar("SELECT count(DISTINCT kind) FROM pledge_line") == 4
    assert invariants.check(registry.invariants()) == []
    assert _self_check(world) == (0, [])
    _plant_a_fault()
    code, broken = _self_check(world)
    assert code == 1
    assert "I2" in broken


def _self_check(world: Committed) -> tuple[int, list[str]]:
    """What `coevolve self-check --json` says of this database: its exit code and the rules that do not hold."""
    session().rollback()
    command = [sys.executable, "-m", "coevolve.cli", "self-check", "--json"]
    done = subprocess.run(
        command, env=world.environment, capture_output=True, text=True, timeout=120, check=False
    )
    return done.returncode, [found["code"] for found in json.loads(done.stdout)["violations"]]


def _plant_a_fault() -> None:
    """One rupiah more on one account than its postings say."""
    one = "(SELECT max(account_id) FROM ledger_balance)"
    fault = f"UPDATE ledger_balance SET balance = balance + 100 WHERE account_id = {one}"
    session().execute(text(fault))
    session().commit()
