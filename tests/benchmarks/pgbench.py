"""A PostgreSQL that keeps what it is told (fsync and synchronous commit on), and pgbench against it.

pgbench comes with the embedded server (or stands in COEVOLVE_PG_BIN). Both sides of a ratio are its scripts, run by the
same program with the same number of clients, prepared statements on both sides.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from coevolve.commands import database
from coevolve.embedded.postgres import APP_ROLE, OWNER_ROLE, SUPERUSER, PostgresServer, bin_folder
from tests.conftest import _load_places

CLIENTS = 16
SCALE = 50
TPCB = "tpcb"
BOOKS = "books"


@dataclass
class Bench:
    """The server, its folder, and how to run a script on it."""

    folder: Path
    server: PostgresServer

    def run(
        self,
        script: str,
        *,
        seconds: float,
        variables: Mapping[str, int | str] | None = None,
        clients: int = CLIENTS,
    ) -> float:
        """Transactions per second of a script of ours on the books."""
        return self._run(BOOKS, ["-f", str(self._written(script))], seconds, variables or {}, clients)

    def tpcb(self, *, seconds: float, clients: int = CLIENTS) -> float:
        """Transactions per second of pgbench's own tpcb-like."""
        return self._run(TPCB, ["-b", "tpcb-like"], seconds, {}, clients)

    def _written(self, script: str) -> Path:
        path = self.folder / f"{abs(hash(script)):x}.sql"
        path.write_text(script)
        return path

    def _run(
        self, name: str, what: list[str], seconds: float, variables: Mapping[str, int | str], clients: int
    ) -> float:
        command = [
            str(program()),
            "-n",
            "-M",
            "prepared",
            "-c",
            str(clients),
            "-j",
            "2",
            "-T",
            str(round(seconds)),
        ]
        command += [
            "-h",
            str(self.server.socket_folder),
            "-U",
            APP_ROLE if name == BOOKS else SUPERUSER,
            *what,
        ]
        for key, value in variables.items():
            command += ["-D", f"{key}={value}"]
        done = subprocess.run([*command, name], capture_output=True, text=True, check=False, timeout=600)
        found = re.search(r"tps = ([0-9.]+)", done.stdout)
        if done.returncode != 0 or found is None or "number of failed transactions: 0 " not in done.stdout:
            raise RuntimeError(f"pgbench: {done.stdout[-1500:]}\n{done.stderr[-1500:]}")
        return float(found.group(1))

    def cpu_seconds(self) -> float:
        """What the server has used of the processors so far, its children that ended included."""
        process = self.server.process
        used, parents = {}, {}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                told = (folder / "stat").read_text().rpartition(")")[2].split()
                parents[int(folder.name)] = int(told[1])
                used[int(folder.name)] = sum(map(int, told[11:15]))
        ours = {process.pid} if process else set()
        while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
            ours |= more
        return sum(used.get(pid, 0) for pid in ours) / os.sysconf("SC_CLK_TCK")

    def url(self, *, role: str = APP_ROLE) -> str:
        """The database of the books."""
        return self.server.url(BOOKS, role=role)


def program() -> Path:
    """Where pgbench is."""
    found = bin_folder() / "pgbench"
    if not found.is_file():
        raise RuntimeError(
            f"there is no pgbench in {found.parent}: set COEVOLVE_PG_BIN to programs that have it"
        )
    return found


@contextlib.contextmanager
def server(*, scale: int = SCALE) -> Iterator[Bench]:
    """A server with pgbench's tables at this scale in one database and our empty books in another."""
    folder = Path(tempfile.mkdtemp(prefix="coevolve-bench-"))
    options = {"shared_buffers": "256MB", "max_wal_size": "4GB", "autovacuum_naptime": "10s"}
    running = PostgresServer(folder / "postgres", folder / "postgres.log", durable=True, options=options)
    try:
        running.start()
        running.create_database(BOOKS)
        database.upgrade(running.url(BOOKS, role=OWNER_ROLE))
        _load_places(running.url(BOOKS))
        running.create_database(TPCB)
        subprocess.run(
            [program(), "-i", "-q", "-s", str(scale), "-h", running.socket_folder, "-U", SUPERUSER, TPCB],
            check=True, capture_output=True, timeout=900, env={**os.environ, "PGOPTIONS": "-c synchronous_commit=off"},
        )  # fmt: skip
        running.execute("CHECKPOINT")
        yield Bench(folder, running)
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


def filled_in(sql: str, values: Mapping[str, str]) -> str:
    """A statement of the application with an expression in the place of each of its :names."""
    left = {name for name in re.findall(r"(?<!:):([a-z_0-9]+)\b", sql) if name not in values}
    if left:
        raise ValueError(f"nothing to put in for {sorted(left)}")
    return re.sub(r"(?<!:):([a-z_0-9]+)\b", lambda found: values[found.group(1)], sql)
