"""`coevolve test`: everything that must hold, in one go. With arguments: only pytest, with those."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import click

from coevolve.commands import browser

ROOT = Path(__file__).resolve().parents[2]
AT_ONCE = 2
SQUAWK = '"$0" -m coevolve.cli db sql --folder "$1" && "$2" "$1"/*.sql'


@dataclass(frozen=True, slots=True)
class Step:
    """One check and how it went."""

    name: str
    ended_well: bool
    words: str
    seconds: float


@click.command("test", context_settings={"ignore_unknown_options": True})
@click.argument("pytest_arguments", nargs=-1, type=click.UNPROCESSED)
def test(pytest_arguments: tuple[str, ...]) -> None:
    """Lint, types, contracts, translations, migrations' SQL, then all tests. With arguments: only pytest."""
    began = time.monotonic()
    if pytest_arguments:
        sys.exit(_pytest(list(pytest_arguments)))
    steps = _checks()
    failed = [step.name for step in steps if not step.ended_well]
    if not _has_browser():
        failed.append("browser")
    code = _pytest(["-n", str(AT_ONCE), "--dist", "loadgroup"])
    if code:
        failed.append("pytest")
    took = f"{time.monotonic() - began:.0f} s"
    if failed:
        click.secho(f"\nfailed after {took}: {', '.join(failed)}", fg="red", bold=True)
        sys.exit(1)
    click.secho(f"\nall {len(steps)} checks and all tests hold ({took})", fg="green", bold=True)


@click.command("drill")
@click.argument("name", default="")
@click.option("--payments", type=click.IntRange(10, 1_000_000), help="chaos: how many gifts (1,000).")
@click.option("--seed", type=int, help="chaos: which luck (1); the same again for the same number.")
def drill(name: str, payments: int | None, seed: int | None) -> None:
    """Long trials of a day's worth of trouble (all, or those whose name holds NAME); not part of `test`."""
    for setting, value in (("COEVOLVE_CHAOS_PAYMENTS", payments), ("COEVOLVE_CHAOS_SEED", seed)):
        if value is not None:
            os.environ[setting] = str(value)
    arguments = ["tests/drills", "tests/money", "-m", "drill", "-p", "no:xdist", "--capture=no", "-v"]
    sys.exit(_pytest([*arguments, *(["-k", name] if name else [])]))


def _checks() -> list[Step]:
    with tempfile.TemporaryDirectory() as folder:
        commands = _commands(Path(folder))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            steps = []
            for step in pool.map(_run, commands, commands.values()):
                mark = click.style("✓", fg="green") if step.ended_well else click.style("✗", fg="red")
                click.echo(f"{mark} {step.name} ({step.seconds:.0f} s)")
                if not step.ended_well:
                    click.echo(step.words.rstrip())
                steps.append(step)
    return steps


def _commands(folder: Path) -> dict[str, list[str]]:
    tool = Path(sys.executable).parent
    return {
        "types (mypy)": [str(tool / "mypy")],
        "lint (ruff)": [str(tool / "ruff"), "check", "."],
        "format (ruff)": [str(tool / "ruff"), "format", "--check", "."],
        "contracts (import-linter)": [str(tool / "lint-imports"), "--no-logo"],
        "templates (djlint)": [str(tool / "djlint"), "templates", "--lint", "--quiet"],
        "migrations (squawk)": ["sh", "-ec", SQUAWK, sys.executable, str(folder), str(tool / "squawk")],
        "translations": [sys.executable, "-m", "coevolve.cli", "i18n", "missing"],
    }


def _run(name: str, command: list[str]) -> Step:
    began = time.monotonic()
    done = subprocess.run(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=600,
    )
    return Step(name, done.returncode == 0, done.stdout, time.monotonic() - began)


def _has_browser() -> bool:
    found = browser.find_browser() or browser.install_browser()
    if found is None:
        click.secho(
            "✗ no browser: install chromium, or name one in CHROMIUM. The browser tests will fail, not be skipped.",
            fg="red",
        )
        return False
    os.environ["CHROMIUM"] = found
    return True


def _pytest(arguments: list[str]) -> int:
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode


commands = [test, drill]
