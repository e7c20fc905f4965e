"""Requests per second over real HTTP: the server as in production (granian), a few connections kept alive."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Self

from coevolve.config import Settings, environment_name

CONNECTIONS = 4
"""As many as the server has threads for answers."""


@contextlib.contextmanager
def served(settings: Settings, log: Path) -> Iterator[int]:
    """One process of the web server over the measured database; its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    told = {
        environment_name(field.name): str(getattr(settings, field.name))
        for field in fields(settings)
        if getattr(settings, field.name) != field.default
    }
    options = f"--interface wsgi --host 127.0.0.1 --port {port} --workers 1 --blocking-threads {CONNECTIONS} --no-ws"
    with log.open("w") as written:
        server = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "granian",
                "coevolve.wsgi:app",
                *options.split(),
                "--log-level",
                "warning",
            ],
            env={**os.environ, **told},
            stdout=written,
            stderr=written,
        )
    try:
        ends = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError), Connection(port) as first:
                first.get("/healthz")
                break
            if time.monotonic() > ends or server.poll() is not None:
                raise RuntimeError(f"the server did not answer: {log.read_text()[-2000:]}")
            time.sleep(0.2)
        yield port
    finally:
        server.terminate()
        server.wait(20)


class Connection:
    """One browser's connection, as cheap as can be, so that the server is measured and not this."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def get(self, path: str, *, having: str = "") -> int:
        """Ask and read the whole answer; how many bytes it had. Anything but 200 is a fault of the benchmark.

        `having`: the ETag of the page that the browser has; then anything but 304 is a fault.
        """
        asked = f"If-None-Match: {having}\r\n" if having else ""
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{asked}\r\n".encode())
        head, have = self._head()
        if not head.startswith(b"http/1.1 304" if having else b"http/1.1 200"):
            raise RuntimeError(f"{path}: {head[:60]!r}")
        length = 0 if having else int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        while have < length:
            have += len(self._more())
        return length

    def etag(self, path: str) -> str:
        """The ETag of a page; empty when it has none."""
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        head, _ = self._head()
        return head.partition(b"etag: ")[2].split(b"\r\n", 1)[0].decode().replace("w/", "W/")

    def _head(self) -> tuple[bytes, int]:
        """The head of the answer in small letters, and how many bytes of the body came with it."""
        answer = self.socket.recv(65_536)
        while (end := answer.find(b"\r\n\r\n")) < 0:
            answer += self._more()
        return answer[:end].lower(), len(answer) - end - 4

    def _more(self) -> bytes:
        part = self.socket.recv(65_536)
        if not part:
            raise ConnectionError("the server hung up")
        return part


def etag_of(port: int, path: str) -> str:
    """The ETag a page has."""
    with Connection(port) as connection:
        return connection.etag(path)


def rate_over(port: int, paths: list[str], *, seconds: float = 1.0, having: str = "") -> float:
    """Requests per second of all connections together, walking through the paths."""
    done = [0] * CONNECTIONS
    faults: list[BaseException] = []
    ends = time.perf_counter() + seconds

    def browse(number: int) -> None:
        try:
            with Connection(port) as connection:
                while time.perf_counter() < ends:
                    connection.get(paths[(done[number] + number * 7) % len(paths)], having=having)
                    done[number] += 1
        except (OSError, RuntimeError) as trouble:
            faults.append(trouble)

    threads = [threading.Thread(target=browse, args=(number,)) for number in range(CONNECTIONS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    return sum(done) / (time.perf_counter() - began)
