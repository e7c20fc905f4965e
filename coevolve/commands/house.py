"""`coevolve up`, `demo`, `stop`, `prepare`, `doctor`, `drain`: the whole platform on this machine."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from coevolve.commands.ground import database_context

ROOT = Path(__file__).resolve().parents[2]


def run_folder() -> Path:
    """Where a platform started here keeps its data, logs and sockets."""
    return Path(os.environ.get("COEVOLVE_RUN_FOLDER") or ROOT / ".run").resolve()


@click.command("demo")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Where pages are served (8000, or the next free one)."
)
@click.option("--fresh", is_flag=True, help="Forget what an earlier demo left in .run/ and begin anew.")
def demo(port: int | None, fresh: bool) -> None:
    """A living platform with made-up data: PostgreSQL, Valkey, payment sandbox, mails, web, worker, beat."""
    _live(port, wants_world=True, fresh=fresh)


@click.command("up")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Where pages are served (8000, or the next free one)."
)
def up(port: int | None) -> None:
    """As `demo`, without the made-up data."""
    _live(port, wants_world=False, fresh=False)


def _live(port: int | None, *, wants_world: bool, fresh: bool) -> None:
    from rich.console import Console

    from coevolve.embedded.house import House, PortsTaken
    from coevolve.embedded.postgres import PostgresUnavailable
    from coevolve.embedded.supervisor import AlreadyRunning, Ending, PartDied, Supervisor
    from coevolve.embedded.valkey import ValkeyUnavailable

    console = Console()
    supervisor = Supervisor(run_folder(), ROOT)
    try:
        with supervisor:
            try:
                if fresh:
                    _forget(supervisor.folder)
                House(supervisor, console, wants_world, port).live()
            except Ending:
                console.print("\nending ...", highlight=False)
            finally:
                supervisor.stop()
            console.print("ended; nothing is left running", highlight=False)
    except (AlreadyRunning, PartDied, PortsTaken, PostgresUnavailable, ValkeyUnavailable) as trouble:
        Console(stderr=True).print(str(trouble), style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)


def _forget(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.name == "lock":
            continue
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()


@click.command("stop")
def stop() -> None:
    """End the platform that runs from this folder, wherever it was started."""
    try:
        pid = int(json.loads((run_folder() / "environment.json").read_text())["process"])
        os.kill(pid, signal.SIGTERM)
    except (OSError, ValueError, KeyError):
        raise click.ClickException("nothing runs from this folder") from None
    for _ in range(600):
        if not Path(f"/proc/{pid}").exists():
            click.echo("ended")
            return
        time.sleep(0.1)
    raise click.ClickException(f"process {pid} is still there after 60 s")


@click.command("prepare", hidden=True)
@click.option("--world", is_flag=True, help="Load the made-up world too.")
def prepare(world: bool) -> None:
    """Bring the database up to date before the web, worker and beat start."""
    import importlib.util

    from rich.console import Console

    from coevolve.commands import database
    from coevolve.kit import jobs
    from coevolve.kit.db import commit
    from coevolve.localities import service as localities

    console = Console()
    with _timed(console, "migrations"):
        database.upgrade(database.owner_url())
    with database_context():
        with _timed(console, "places"):
            localities.load()
            commit()
        if world and importlib.util.find_spec("coevolve.demo_world.load"):
            _load_world(console)
        for queue in jobs.QUEUES:
            jobs.send(f"{jobs.CANARY}.{queue}", {})


def _load_world(console: Any) -> None:
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from coevolve.commands import database
    from coevolve.demo_world import load

    with (
        _timed(console, "the made-up world"),
        Progress(
            TextColumn("  {task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        ) as progress,
    ):
        bar = progress.add_task("the made-up world", total=None)
        load.load(
            lambda what, done, total: progress.update(bar, description=what, completed=done, total=total)
        )
    database.analyse(database.owner_url())
    folder = run_folder()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "accounts.json").write_text(json.dumps(load.accounts(), ensure_ascii=False, indent=1))


@contextmanager
def _timed(console: Any, what: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    console.print(f"  [green]✓[/] {what} [dim]{time.monotonic() - began:.1f} s[/]", highlight=False)


@click.command("drain")
@click.option(
    "--timeout", "timeout_seconds", default=120, show_default=True, help="Give up after so many seconds."
)
def drain(timeout_seconds: int) -> None:
    """Return when no duty is due and no message waits; exit 1 if that does not come."""
    from coevolve.commands import duties

    with database_context():
        deadline = time.monotonic() + timeout_seconds
        while waiting := duties.waiting():
            if time.monotonic() > deadline:
                words = ", ".join(f"{name}: {count}" for name, count in waiting.items())
                raise click.ClickException(f"still waiting after {timeout_seconds} s: {words}")
            time.sleep(0.2)
    click.echo("nothing waits")


commands = [demo, up, stop, prepare, drain]
