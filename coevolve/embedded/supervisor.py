"""Starts parts in order, waits until each is really ready, watches them, stops them in reverse order.

A part that dies is named with the last lines of its log and ends everything. Ctrl-C, SIGTERM and SIGHUP end
everything cleanly; a part that does not end by itself is killed. What a killed supervisor leaves behind is ended at the
next start.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, Protocol, Self

from coevolve.embedded import processes

MARK = "COEVOLVE_HOUSE"
"""Every child carries the run folder under this name, so that leftovers are found and nothing else is."""
PATIENCE_SECONDS = 15


class Ending(BaseException):
    """Somebody asked us to end."""


class AlreadyRunning(RuntimeError):
    """Another supervisor holds this folder; the message says where it is."""


class PartDied(RuntimeError):
    """A part ended though nobody asked; the message has the end of its log."""


class Server(Protocol):
    """A database or broker that knows how to start and stop itself."""

    log: Path
    process: subprocess.Popen[bytes] | None

    def start(self) -> None:
        """Start and wait until it answers."""

    def stop(self) -> None:
        """End it."""


@dataclass(slots=True)
class Part:
    """A program of ours: how it is started, how one sees that it is ready, how long that may take."""

    name: str
    command: list[str]
    is_ready: Callable[[], bool]
    patience_seconds: float = 60
    process: subprocess.Popen[bytes] | None = None
    log: Path = Path()


@dataclass(slots=True)
class Supervisor:
    """One folder, its parts, in the order they were started."""

    folder: Path
    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    started: list[tuple[str, Server | Part]] = field(default_factory=list)
    _lock: IO[str] | None = None
    _is_ending: bool = False
    _is_hurried: bool = False

    # --- the folder is ours alone -----------------------------------------------------------------

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = (self.folder / "lock").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise AlreadyRunning(self._who_runs()) from None
        self._lock = lock
        end_leftovers(self.folder)
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sign, self._asked_to_end)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        (self.folder / "environment.json").unlink(missing_ok=True)
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sign, signal.SIG_DFL)
        if self._lock is not None:
            self._lock.close()

    def _who_runs(self) -> str:
        words = f"a platform is already running from {self.folder.parent}"
        with contextlib.suppress(OSError, ValueError, KeyError):
            told = json.loads((self.folder / "environment.json").read_text())
            words += f": {told['environment']['COEVOLVE_PUBLIC_URL']} (process {told['process']})"
        return words + "; end it with Ctrl-C there, or with `./run stop`"

    def _asked_to_end(self, _sign: int, _frame: FrameType | None) -> None:
        if self._is_ending:
            self._is_hurried = True
            return
        self._is_ending = True
        raise Ending

    def tell_others(self) -> None:
        """Let commands typed in another terminal find the running platform."""
        path = self.folder / "environment.json"
        told = {"process": os.getpid(), "environment": self.environment}
        half = path.with_suffix(".half")
        half.touch(mode=0o600)
        half.write_text(json.dumps(told, indent=1))
        half.rename(path)

    # --- start ------------------------------------------------------------------------------------

    def log_of(self, name: str) -> Path:
        """Where a part's words go."""
        return self.folder / "logs" / f"{name.replace(' ', '-')}.log"

    def serve(self, name: str, server: Server) -> None:
        """Start a database or broker."""
        self.started.append((name, server))
        server.start()

    def begin(self, part: Part) -> None:
        """Start a part; it is not ready yet."""
        part.log = self.log_of(part.name)
        part.log.parent.mkdir(parents=True, exist_ok=True)
        part.log.unlink(missing_ok=True)
        part.process = processes.start(
            part.command, log=part.log, environment=self.child_environment(), folder=self.root
        )
        self.started.append((part.name, part))

    def wait(self, part: Part) -> None:
        """Wait until a part is ready; every other part must live meanwhile."""
        deadline = time.monotonic() + part.patience_seconds
        while not part.is_ready():
            self.check()
            if time.monotonic() > deadline:
                raise PartDied(
                    f"{part.name} is not ready after {part.patience_seconds:.0f} s. The end of {part.log}:\n"
                    f"{processes.tail(part.log)}"
                )
            time.sleep(0.1)

    def run(self, command: list[str], *, what: str) -> None:
        """Run a command to its end, its words on our terminal."""
        process = subprocess.Popen(
            [*processes.die_with("TERM"), *command],
            env=self.child_environment(),
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            while process.poll() is None:
                self.check()
                time.sleep(0.05)
        finally:
            processes.stop(process, signal.SIGTERM, patience=5, group=True)
        if process.returncode != 0:
            raise PartDied(f"{what} failed (exit {process.returncode})")

    def child_environment(self) -> Mapping[str, str]:
        """What children see: ours, the platform's, and the mark."""
        return {**os.environ, **self.environment, MARK: str(self.folder)}

    # --- watch and stop ----------------------------------------------------------------------------

    def check(self) -> None:
        """Raise PartDied when one has ended."""
        for name, part in self.started:
            code = None if part.process is None else part.process.poll()
            if code is not None:
                how = f"signal {-code}" if code < 0 else f"exit {code}"
                raise PartDied(f"{name} ended ({how}). The end of {part.log}:\n{processes.tail(part.log)}")

    def watch(self) -> None:
        """Look after all parts until one dies or we are asked to end."""
        while True:
            self.check()
            time.sleep(0.25)

    def stop(self) -> None:
        """End all parts, the last started first."""
        self._is_ending = True
        while self.started:
            _, part = self.started.pop()
            if isinstance(part, Part):
                if part.process is not None:
                    self._end(part.process)
            else:
                part.stop()

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """SIGTERM, then patience (less after a second Ctrl-C), then SIGKILL to the whole group."""
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        began = time.monotonic()
        while process.poll() is None:
            if time.monotonic() - began > (1 if self._is_hurried else PATIENCE_SECONDS):
                break
            time.sleep(0.05)
        processes.stop(process, group=True)


def end_leftovers(folder: Path) -> list[int]:
    """End processes that carry the mark of this folder: their supervisor was killed."""
    mark = f"{MARK}={folder}".encode()
    left = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int(entry.name) != os.getpid() and mark in (entry / "environ").read_bytes().split(b"\0"):
                left.append(int(entry.name))
    for sign, patience in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 2.0)):
        alive = [pid for pid in left if processes.lives(pid)]
        for pid in alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sign)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and any(processes.lives(pid) for pid in alive):
            time.sleep(0.05)
    return left
