"""Every hostile string in every field, as each kind of person: the suite takes every eighth."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.drill
@pytest.mark.timeout(7200)
def test_every_string_in_every_field() -> None:
    command = [sys.executable, "-m", "pytest", "tests/hostile", "-q", "-p", "no:xdist"]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "COEVOLVE_HOSTILE_STRIDE": "1"}, check=False)
    assert done.returncode == 0
