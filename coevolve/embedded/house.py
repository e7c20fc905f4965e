"""The plan of a whole platform on one machine: which parts, in which order, on which ports, with which settings."""

from __future__ import annotations

import json
import os
import secrets
import smtplib
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from coevolve.embedded import processes
from coevolve.embedded.postgres import DATABASE, OWNER_ROLE, PostgresServer
from coevolve.embedded.supervisor import Part, Supervisor
from coevolve.embedded.valkey import ValkeyServer

HOST = "127.0.0.1"
FIRST_PORTS = {"web": 8000, "payment sandbox": 8020, "mail catcher": 8040}


class PortsTaken(RuntimeError):
    """Not one port is free."""


@dataclass(slots=True)
class House:
    """One running platform."""

    supervisor: Supervisor
    console: Console
    wants_world: bool
    port: int | None = None
    began: float = 0.0
    held: dict[str, socket.socket] = field(default_factory=dict)

    def live(self) -> None:
        """Start all, say that it is ready, look after it until somebody ends it."""
        self.began = time.monotonic()
        self._databases()
        parts = self._plan()
        self.supervisor.tell_others()
        for part in parts[:2]:
            self._begin(part)
        self._prepare()
        for part in parts[2:]:
            self._begin(part)
        for part in parts:
            with self._step(part.name):
                self.supervisor.wait(part)
        self._say_ready()
        self.supervisor.watch()

    def _begin(self, part: Part) -> None:
        """Let go of the part's port and start it."""
        door = self.held.pop(part.name, None)
        if door is not None:
            door.close()
        self.supervisor.begin(part)

    def _hold(self, name: str) -> int:
        first = self.port if name == "web" and self.port else FIRST_PORTS[name]
        self.held[name] = _held_port(first)
        return int(self.held[name].getsockname()[1])

    # --- settings -----------------------------------------------------------------------------------

    def _plan(self) -> list[Part]:
        folder = self.supervisor.folder
        ports = {name: self._hold(name) for name in FIRST_PORTS}
        url = f"http://{HOST}:{ports['web']}"
        sandbox = f"http://{HOST}:{ports['payment sandbox']}"
        kept = _secrets(folder / "secrets.json")
        self.supervisor.environment |= {
            "COEVOLVE_ENV": "demo",
            "COEVOLVE_PUBLIC_URL": url,
            "COEVOLVE_TRUSTED_HOSTS": f"localhost:{ports['web']}",
            "COEVOLVE_DATA_DIR": str(folder),
            # Whoever tries the demo late in the evening sees the mails at once.
            "COEVOLVE_QUIET_FROM_HOUR": "0",
            "COEVOLVE_QUIET_UNTIL_HOUR": "0",
            "SMTP_URL": f"smtp://{HOST}:{ports['mail catcher']}",
            "STRIPE_API_BASE": sandbox,
            "STRIPE_CHECKOUT_ORIGIN": sandbox,
            **kept,
            "MALLOC_ARENA_MAX": "2",
            "PYTHONUNBUFFERED": "1",
        }
        return [
            Part(
                "payment sandbox",
                _python(
                    "coevolve.payment_sandbox",
                    port=ports["payment sandbox"],
                    data=folder / "payment_sandbox",
                    webhook_url=f"{url}/webhook/stripe",
                    secret_key=kept["STRIPE_SECRET_KEY"],
                    webhook_secret=kept["STRIPE_WEBHOOK_SECRET"],
                    public_base=sandbox,
                ),
                lambda: _answers_http(sandbox),
            ),
            Part(
                "mail catcher",
                _python(
                    "coevolve.embedded.mail_catcher", port=ports["mail catcher"], folder=folder / "mails"
                ),
                lambda: _answers_smtp(ports["mail catcher"]),
            ),
            Part(
                "web",
                _python(
                    *("granian", "coevolve.wsgi:app", "--no-ws"),
                    interface="wsgi",
                    host=HOST,
                    port=ports["web"],
                    workers=2 if _memory_mb() > 2500 else 1,
                    blocking_threads=4,
                    log_level="warning",
                ),
                lambda: _answers_http(f"{url}/readyz", exactly=200),
            ),
            Part(
                "worker",
                _python(
                    *(
                        "celery",
                        "--app",
                        "workers.app",
                        "--quiet",
                        "worker",
                        "--without-gossip",
                        "--without-mingle",
                    ),
                    concurrency=2,
                    loglevel="INFO",
                ),
                lambda: _canary_sang(url, self.began),
            ),
            Part(
                "beat",
                _python(
                    *("celery", "--app", "workers.app", "--quiet", "beat"),
                    loglevel="INFO",
                    schedule=folder / "beat-schedule",
                    pidfile="",
                ),
                lambda: "celery.beat" in processes.tail(self.supervisor.log_of("beat")),
            ),
        ]

    def _databases(self) -> None:
        supervisor, environment = self.supervisor, self.supervisor.environment
        given = os.environ.get("DATABASE_URL")
        if given:
            environment["DATABASE_URL"] = given
            environment["DATABASE_OWNER_URL"] = os.environ.get("DATABASE_OWNER_URL") or given
            self._note("PostgreSQL", "yours (DATABASE_URL)")
        else:
            with self._step("PostgreSQL"):
                postgres = PostgresServer(supervisor.folder / "postgres", supervisor.log_of("postgres"))
                supervisor.serve("PostgreSQL", postgres)
                if not _has_database(postgres):
                    postgres.create_database(DATABASE)
                environment["DATABASE_URL"] = postgres.url()
                environment["DATABASE_OWNER_URL"] = postgres.url(role=OWNER_ROLE)
        given = os.environ.get("REDIS_URL")
        if given:
            environment["REDIS_URL"] = given
            self._note("Redis", "yours (REDIS_URL)")
        else:
            with self._step("Valkey"):
                valkey = ValkeyServer(supervisor.log_of("valkey"), supervisor.folder / "valkey")
                supervisor.serve("Valkey", valkey)
                environment["REDIS_URL"] = valkey.url()

    def _prepare(self) -> None:
        command = [sys.executable, "-m", "coevolve.cli", "prepare"]
        self.supervisor.run(
            [*command, *(["--world"] if self.wants_world else [])], what="preparing the database"
        )

    # --- words --------------------------------------------------------------------------------------

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        with self.console.status(f"{name} ...") if self.console.is_terminal else _nothing():
            yield
        self._note(name, f"{time.monotonic() - began:.1f} s")

    def _note(self, name: str, what: str) -> None:
        self.console.print(f"  [green]✓[/] {name} [dim]{what}[/]", highlight=False)

    def _say_ready(self) -> None:
        url = self.supervisor.environment["COEVOLVE_PUBLIC_URL"]
        accounts = _accounts(self.supervisor.folder / "accounts.json") if self.wants_world else []
        if accounts:
            table = Table("who", "e-mail", "password", box=None, pad_edge=False, header_style="dim")
            for row in accounts:
                table.add_row(*row)
            self.console.print()
            self.console.print(table)
            self.console.print("\nCodes of two-step sign-in: [bold]./run totp E-MAIL[/]", highlight=False)
        where = f"Mails: {url}/surat    Logs: {self.supervisor.folder}/logs    End: Ctrl-C"
        self.console.print(where, highlight=False, soft_wrap=True)
        took = time.monotonic() - self.began
        self.console.print(f"[bold green]ready at {url}[/] [dim]({took:.0f} s)[/]", highlight=False)


def _python(module: str, *words: str, **options: object) -> list[str]:
    """The command that runs a module of this very Python with some options."""
    command = [sys.executable, "-m", module, *words]
    for name, value in options.items():
        command.append(f"--{name.replace('_', '-')}={value}")
    return command


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def _has_database(postgres: PostgresServer) -> bool:
    import psycopg

    try:
        psycopg.connect(postgres.url(role=OWNER_ROLE).replace("+psycopg", "")).close()
    except psycopg.OperationalError:
        return False
    return True


def _held_port(first: int) -> socket.socket:
    """A socket that holds `first`, or the next free port, until its part starts (granian would share a taken one)."""
    for port in [*range(first, min(first + 20, 65_536)), 0]:
        door = socket.socket()
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((HOST, port))
        except OSError:
            door.close()
            continue
        return door
    raise PortsTaken(f"no free port from {first} on")


def _secrets(path: Path) -> dict[str, str]:
    """Keys of this folder's platform: made once, kept, so that sign-ins survive a restart."""
    if not path.exists():
        made = {
            "SECRET_KEY": secrets.token_urlsafe(48),
            "STRIPE_SECRET_KEY": f"sk_test_{secrets.token_hex(16)}",
            "STRIPE_WEBHOOK_SECRET": f"whsec_{secrets.token_hex(16)}",
        }
        path.touch(mode=0o600)
        path.write_text(json.dumps(made, indent=1))
    return dict(json.loads(path.read_text()))


def _accounts(path: Path) -> list[tuple[str, str, str]]:
    try:
        return [
            (str(who), str(email), str(password)) for who, email, password in json.loads(path.read_text())
        ]
    except (OSError, ValueError):
        return []


def _memory_mb() -> int:
    try:
        lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        return int(lines["MemAvailable"].split()[0]) // 1024
    except (OSError, KeyError, ValueError):
        return 4096


# --- is it ready? ---------------------------------------------------------------------------------------


def _get(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own address
            return int(answer.status), answer.read(100_000)
    except urllib.error.HTTPError as refusal:
        return refusal.code, b""
    except OSError:
        return 0, b""


def _answers_http(url: str, *, exactly: int | None = None) -> bool:
    status, _ = _get(url)
    return status == exactly if exactly else 0 < status < 500


def _answers_smtp(port: int) -> bool:
    try:
        with smtplib.SMTP(HOST, port, timeout=5) as server:
            return server.noop()[0] == 250
    except OSError:
        return False


def _canary_sang(url: str, began: float) -> bool:
    """Whether a job sent since we began was done: broker, worker and database all work."""
    _, body = _get(f"{url}/readyz")
    try:
        told: dict[str, Any] = json.loads(body)
    except ValueError:
        return False
    age = told.get("worker_seen_seconds_ago")
    return age is not None and float(age) < time.monotonic() - began
