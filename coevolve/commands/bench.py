"""How fast the pages are, as ratios; the measuring itself stands beside the tests, which an installed copy lacks."""

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
    if importlib.util.find_spec("tests") is None or importlib.util.find_spec("tests.benchmarks") is None:
        raise click.ClickException("the benchmarks stand in tests/, which is not here: run from a checkout")
    sys.argv = ["tests.benchmarks.pages", *options]
    runpy.run_module("tests.benchmarks.pages", run_name="__main__")
