"""The supervisor: order, a named death, a clean end, one at a time, and tidying up after one that was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from coevolve.embedded import processes

DRIVER = """
import sys
from pathlib import Path
from coevolve.embedded.supervisor import AlreadyRunning, Ending, Part, PartDied, Supervisor

folder = Path(sys.argv[1])
BODIES = {
    "good": "import time; print('here'); time.sleep(600)",
    "stubborn": "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here'); time.sleep(600)",
    "mortal": "import time; print('my last words', flush=True); time.sleep(0.5); raise SystemExit(3)",
    "silent": "import time; time.sleep(600)",
}
try:
    with Supervisor(folder, folder) as supervisor:
        try:
            for name in sys.argv[2:]:
                part = Part(name, [sys.executable, "-u", "-c", BODIES[name]], lambda: True, patience_seconds=1)
                supervisor.begin(part)
                if name == "silent":
                    part.is_ready = lambda: False
                supervisor.wait(part)
                print("started", name, part.process.pid, flush=True)
            supervisor.tell_others()
            print("all", flush=True)
            supervisor.watch()
        except Ending:
            print("ending", flush=True)
except (AlreadyRunning, PartDied) as trouble:
    print(type(trouble).__name__, trouble, flush=True)
    sys.exit(1)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / ".run"


class Driven:
    """A supervisor in a process of its own."""

    def __init__(self, folder: Path, *parts: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-c", DRIVER, str(folder), *parts], stdout=subprocess.PIPE, text=True
        )
        self.lines: list[str] = []
        self.pids: dict[str, int] = {}

    def until(self, word: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if line.startswith("started "):
                _, name, pid = line.split()
                self.pids[name] = int(pid)
            if line.startswith(word):
                return line
        raise AssertionError(f"never said {word!r}: {self.lines}")

    def end(self) -> str:
        assert self.process.stdout is not None
        words = self.process.stdout.read()
        self.process.wait(30)
        self.process.stdout.close()
        return words

    def alive(self) -> list[str]:
        return [name for name, pid in self.pids.items() if processes.lives(pid)]


@pytest.fixture
def driven(folder: Path) -> Iterator[object]:
    started: list[Driven] = []

    def drive(*parts: str) -> Driven:
        started.append(Driven(folder, *parts))
        return started[-1]

    yield drive
    for one in started:
        one.process.kill()
        one.process.wait(10)
        assert one.process.stdout is not None
        one.process.stdout.close()
        for pid in one.pids.values():
            if processes.lives(pid):
                os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_all_parts(driven, sign: signal.Signals) -> None:
    one = driven("good", "good")
    one.until("all")
    one.process.send_signal(sign)
    assert "ending" in one.end()
    assert one.process.returncode == 0
    assert one.alive() == []


def test_a_dead_part_is_named_with_its_last_words_and_ends_all(driven) -> None:
    one = driven("good", "mortal")
    one.until("all")
    words = one.end()
    assert "PartDied mortal ended (exit 3)" in words
    assert "my last words" in words
    assert one.process.returncode == 1
    assert one.alive() == []


def test_a_part_that_never_gets_ready_is_named(driven) -> None:
    one = driven("good", "silent")
    assert "PartDied silent is not ready after 1 s" in one.end()
    assert one.alive() == []


def test_a_stubborn_part_is_killed_and_a_second_signal_makes_haste(driven) -> None:
    one = driven("stubborn")
    one.until("all")
    time.sleep(0.5)
    began = time.monotonic()
    one.process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    one.process.send_signal(signal.SIGINT)
    one.end()
    assert one.alive() == []
    assert time.monotonic() - began < 20


def test_a_second_start_in_the_same_folder_is_refused(driven, folder: Path) -> None:
    one = driven("good")
    one.until("all")
    two = driven("good")
    words = two.end()
    assert "AlreadyRunning" in words
    assert str(folder.parent) in words
    assert one.alive() == ["good"]


def test_what_a_killed_supervisor_left_is_ended_at_the_next_start(driven) -> None:
    one = driven("good", "stubborn")
    one.until("all")
    one.process.kill()
    one.process.wait(10)
    two = driven("good")
    two.until("all")
    assert one.alive() == []
    assert two.alive() == ["good"]
