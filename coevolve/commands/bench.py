"""How fast it is, as ratios; the measuring itself stands beside the tests, which an installed copy lacks."""

from __future__ import annotations

import importlib.util
import runpy
import sys

import click


@click.group("bench")
def group() -> None:
    """Measure, as ratios taken side by side in one run."""


@group.command()
@click.argument("options", nargs=-1)
def pages(options: tuple[str, ...]) -> None:
    """The public pages against an empty route; over real HTTP, or in one process with the word `process`."""
    _run("pages", options)


@group.command()
@click.argument("options", nargs=-1)
def money(options: tuple[str, ...]) -> None:
    """Booking money against pgbench's tpcb-like, and the webhook; or a part: `books`, `settle`, `door`."""
    _run("money", options)


@group.command()
@click.argument("options", nargs=-1)
def matching(options: tuple[str, ...]) -> None:
    """Bank lines against open payments in sets: `LINES [PAYMENTS]`, 10,000 unless said (1000000 needs 4 GB of disk)."""
    _run("matching_run", options)


@group.command()
@click.argument("options", nargs=-1)
def supporters(options: tuple[str, ...]) -> None:
    """A need against a million interests, a disaster, matches while typing; or a part; `small` for a tenth."""
    _run("matching_interests", options)


@group.command()
@click.argument("options", nargs=-1)
def mail(options: tuple[str, ...]) -> None:
    """Notices in chunks against a task per row, through Valkey and Celery, and digests: `[ROWS] [READERS]`."""
    _run("mail", options)


@group.command()
@click.argument("options", nargs=-1)
def search(options: tuple[str, ...]) -> None:
    """Blocks and milliseconds of each kind of question, at 10,000 and 1,000,000 listings unless said."""
    _run("searching", options)


def _run(name: str, options: tuple[str, ...]) -> None:
    if importlib.util.find_spec("tests") is None or importlib.util.find_spec("tests.benchmarks") is None:
        raise click.ClickException("the benchmarks stand in tests/, which is not here: run from a checkout")
    sys.argv = [f"tests.benchmarks.{name}", *options]
    runpy.run_module(sys.argv[0], run_name="__main__")
