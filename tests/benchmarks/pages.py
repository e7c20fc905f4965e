"""P1, P3 and P4: the public pages against an empty route of the same application, for signed-out visitors.

    python -m tests.benchmarks.pages            over HTTP: granian with one process and four threads, four connections
    python -m tests.benchmarks.pages process    in this process, straight into the application, one request at a time

What is measured: the whole application with every hook, the SQL of each request included (nothing is shown without
being read from the database), on the demo world. What is not: packing answers, for in production nginx does that; so
no Accept-Encoding is sent. `again` asks for one address over and over: its rows are read each time, its words are made
once and kept (kit.kept). `each anew` (in the process only) forgets the kept words before every request: the worst a
page can cost. In the process nothing else is done while the database answers, so those ratios are lower; the limit
stands on HTTP, as visitors come.

All figures are ratios: page and empty route in turn, one ratio per round, the middle of five rounds with the least and
the most; none when the empty route itself spreads more than twofold, for then the machine is too busy.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from flask import Flask
from rich.console import Console
from rich.table import Table

from coevolve.config import settings
from coevolve.kit import kept
from coevolve.kit.db import session
from tests.benchmarks.ground import Ratio, ask, compare, rate, world
from tests.benchmarks.traffic import rate_over, served

EMPTY = "/healthz"
LIMITS = {"list": 3, "list, filtered": 3, "detail": 4, "home": 2}
"""Statements a page may take, signed out."""
LEAST = 0.20
"""The ratio to begin with; the aim is a quarter."""


def pages(app: Flask) -> dict[str, str]:
    """The addresses measured."""
    from sqlalchemy import text

    with app.app_context():
        slug = (
            session()
            .execute(
                text(
                    "SELECT l.slug FROM listing l JOIN pledge p ON p.listing_id = l.id"
                    " WHERE l.kind = 'campaign' AND l.state = 'open' GROUP BY l.slug ORDER BY count(*) DESC LIMIT 1"
                )
            )
            .scalar_one()
        )
    return {
        "list": "/jelajah",
        "list, filtered": "/jelajah?tempat=33&sektor=education",
        "detail": f"/kampanye/{slug}",
        "home": "/",
    }


def in_process(app: Flask, path: str) -> dict[str, Ratio]:
    """The ratios without a server in between."""
    rate(app, path, seconds=0.3)

    def anew() -> float:
        return rate(app, path, before=kept.forget)

    return {
        "again": compare(lambda: rate(app, path), lambda: rate(app, EMPTY)),
        "each anew": compare(anew, lambda: rate(app, EMPTY)),
    }


def over_http(port: int, path: str) -> dict[str, Ratio]:
    """The ratio through the web server."""
    rate_over(port, [path], seconds=0.5)
    return {"again": compare(lambda: rate_over(port, [path]), lambda: rate_over(port, [EMPTY]))}


def report(app: Flask, measure: Callable[[str], dict[str, Ratio]], console: Console, *, least: float) -> bool:
    """Measure and print; whether every page keeps its limits."""
    results, kept_limits = {}, True
    table = Table("page", "statements", "bytes, plain", "of an empty route", box=None, header_style="dim")
    for name, path in pages(app).items():
        ask(app, path)
        answer = ask(app, path)
        ratios = measure(path)
        kept_limits &= answer.statements <= LIMITS[name] and ratios["again"].middle >= least
        for index, (how, ratio) in enumerate(ratios.items()):
            first = (name, f"{answer.statements} (<= {LIMITS[name]})", f"{answer.size:,}")
            table.add_row(*(first if index == 0 else ("", "", "")), f"{ratio} {how}")
        results[name] = {
            "statements": answer.statements,
            **{how: round(ratio.middle, 3) for how, ratio in ratios.items()},
        }
    console.print(table)
    print(json.dumps(results))
    return kept_limits


def main() -> int:
    """Measure and print; exit 1 when a page takes more statements or less speed than it may."""
    console = Console()
    with world() as app:
        if "process" in sys.argv[1:]:
            return 0 if report(app, lambda path: in_process(app, path), console, least=0) else 1
        with (
            tempfile.TemporaryDirectory(prefix="coevolve-bench-") as folder,
            served(settings(), Path(folder) / "web.log") as port,
        ):
            return 0 if report(app, lambda path: over_http(port, path), console, least=LEAST) else 1


if __name__ == "__main__":
    sys.exit(main())
