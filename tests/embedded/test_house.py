"""A whole platform, as a person starts it: it gets ready, serves, works, refuses a twin, names its dead, and ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from coevolve.embedded import processes
from coevolve.embedded.supervisor import MARK

ROOT = Path(__file__).resolve().parents[2]
# In one process with the stories: two platforms that start at one moment would look for the same free ports.
pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("stories")]


class Up:
    """`coevolve up` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        told = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("COEVOLVE", "DATABASE", "REDIS"))
        }
        self.environment = told | {"COEVOLVE_RUN_FOLDER": str(folder)}
        self.log = folder.with_suffix(".log")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "coevolve.cli", "up"],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def until_ready(self, seconds: float = 180) -> str:
        deadline = time.monotonic() + seconds
        while "ready at " not in self.words:
            assert self.process.poll() is None, self.words
            assert time.monotonic() < deadline, self.words
            time.sleep(0.2)
        return self.words.split("ready at ")[1].split()[0]

    def end(self, sign: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(sign)
        return self.process.wait(60)

    @property
    def words(self) -> str:
        return self.log.read_text()

    def again(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "coevolve.cli", *words]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False, timeout=120
        )

    def left(self) -> list[int]:
        mark = f"{MARK}={self.folder}".encode()
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (entry / "environ").read_bytes().split(b"\0") and processes.lives(int(entry.name)):
                    found.append(int(entry.name))
            except OSError:
                continue
        return found + list(processes.working_in(self.folder / "postgres", "postgres"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("house") / ".run"


@pytest.fixture
def up(folder: Path) -> Iterator[Any]:
    started: list[Up] = []

    def start() -> Up:
        started.append(Up(folder))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.end(signal.SIGTERM)


def test_it_gets_ready_works_and_ends_without_a_trace(up: Any) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", 8000))
            taken.listen()
        except OSError:
            pass  # somebody else has it: just as good
        house = up()
        url = house.until_ready()
    assert not url.endswith(":8000"), "a taken port must be passed over"
    with urllib.request.urlopen(f"{url}/readyz") as answer:
        ready = json.load(answer)
    assert ready["database"] is True
    assert ready["worker_seen_seconds_ago"] is not None
    assert _resident_megabytes(house) < 1500

    twin = house.again("up")
    assert twin.returncode == 1
    assert url in twin.stderr

    assert house.again("self-check").returncode == 0
    assert house.again("drain", "--timeout", "30").returncode == 0

    assert house.end() == 0
    assert house.left() == []
    assert "Traceback" not in house.words


def test_a_killed_supervisor_is_tidied_up_and_a_dead_child_is_named(up: Any) -> None:
    house = up()
    house.until_ready()
    house.process.kill()
    house.process.wait(10)
    house = up()
    house.until_ready()
    (worker,) = [
        pid
        for pid in house.left()
        if b"--concurrency" in Path(f"/proc/{pid}/cmdline").read_bytes() and _parent(pid) == house.process.pid
    ]
    os.kill(worker, signal.SIGKILL)
    assert house.process.wait(60) == 1
    assert "worker ended (signal 9)" in house.words
    assert house.left() == []


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def _resident_megabytes(house: Up) -> float:
    """Memory of all its processes; what they share is counted once (proportional set size)."""
    total = 0
    for pid in {house.process.pid, *house.left()}:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024
