"""The demo world: large enough, believable, and its books balance."""

from __future__ import annotations

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
    broken = invariants.check(registry.invariants())
    assert broken == []
