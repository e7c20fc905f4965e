"""P1 to P4: the public pages against an empty route of the same application, for signed-out visitors.

    python -m tests.benchmarks.pages            over HTTP: granian with one process and four threads, four connections
    python -m tests.benchmarks.pages process    in this process, straight into the application, one request at a time

What is measured: the whole application with every hook, the SQL of each request included (nothing is shown without
being read from the database), on the demo world. What is not: packing answers, for in production nginx does that; so
no Accept-Encoding is sent. `again` asks for one address over and over: its rows are read each time, its words are made
once and kept (kit.kept). `each anew` (in the process only) forgets the kept words before every request: the worst a
page can cost. In the process nothing else is done while the database answers, so those ratios are lower; the limit
stands on HTTP, as visitors come. The short page cache (kit.shared_pages) is off for all of these; `shared` and `304`
are measured on a second server that has it on, for a page that many look at and for a browser that has it already.

All figures are ratios: page and empty route in turn in four slices a round, one ratio per round, the middle of five
rounds with the least and the most; none when the empty route itself spreads more than twofold, for then the machine is
too busy.
"""

from __future__ import annotations

import dataclasses
import json
import os
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
from tests.benchmarks.ground import Ratio, TooBusy, ask, compare, rate, world
from tests.benchmarks.traffic import etag_of, rate_over, served

EMPTY = "/healthz"
LIMITS = {"list": 3, "list, filtered": 3, "detail": 4, "home": 2}
"""Statements a page may take, signed out."""
LEAST = {"again": 0.25, "shared": 0.80, "304": 0.80}
"""Of an empty route's requests per second."""
SHARED_SECONDS = 2


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


def over_http(plain: int, sharing: int, path: str) -> dict[str, Ratio]:
    """The ratios through the web server: without the page cache, and with it."""

    def against_empty(port: int, having: str) -> Ratio:
        rate_over(port, [path], seconds=0.5, having=having)
        return compare(
            lambda: rate_over(port, [path], seconds=0.4, having=having),
            lambda: rate_over(port, [EMPTY], seconds=0.4),
            slices=4,
        )

    found = {}
    etag = etag_of(sharing, path)
    for how, port, having in (("again", plain, ""), ("shared", sharing, ""), ("304", sharing, etag)):
        try:
            found[how] = against_empty(port, having)
        except TooBusy as trouble:
            print(f"{path}, {how}: {trouble}")
    return found


def report(app: Flask, measure: Callable[[str], dict[str, Ratio]], console: Console) -> bool:
    """Measure and print; whether every page keeps its limits."""
    results, kept_limits = {}, True
    table = Table("page", "statements", "bytes, plain", "of an empty route", box=None, header_style="dim")
    for name, path in pages(app).items():
        ask(app, path)
        answer = ask(app, path)
        ratios = measure(path)
        kept_limits &= answer.statements <= LIMITS[name]
        for index, (how, ratio) in enumerate(ratios.items()):
            kept_limits &= "each anew" in ratios or ratio.middle >= LEAST[how]
            first = (name, f"{answer.statements} (<= {LIMITS[name]})", f"{answer.size:,}")
            table.add_row(*(first if index == 0 else ("", "", "")), f"{ratio} {how}")
        results[name] = {
            "statements": answer.statements,
            **{how: round(ratio.middle, 3) for how, ratio in ratios.items()},
        }
    console.print(table)
    print(json.dumps(results | {"load": round(os.getloadavg()[0], 1)}))
    return kept_limits


def main() -> int:
    """Measure and print; exit 1 when a page takes more statements or less speed than it may."""
    console = Console()
    with world() as app:
        if "process" in sys.argv[1:]:
            return 0 if report(app, lambda path: in_process(app, path), console) else 1
        sharing = dataclasses.replace(settings(), page_seconds=SHARED_SECONDS)
        with (
            tempfile.TemporaryDirectory(prefix="coevolve-bench-") as folder,
            served(settings(), Path(folder) / "web.log") as port,
            served(sharing, Path(folder) / "sharing.log") as sharing_port,
        ):
            return 0 if report(app, lambda path: over_http(port, sharing_port, path), console) else 1


if __name__ == "__main__":
    sys.exit(main())
