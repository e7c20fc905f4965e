"""P1, P3 and P4: the public pages against an empty route of the same application, signed out, without a page cache.

python -m tests.benchmarks.pages
"""

from __future__ import annotations

import json
import sys

from flask import Flask
from rich.console import Console
from rich.table import Table

from coevolve.kit.db import session
from tests.benchmarks.ground import ask, compare, rate, world

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


def main() -> int:
    """Measure and print; exit 1 when a page takes more statements or less speed than it may."""
    console = Console()
    failed = False
    with world() as app, console.status("measuring ..."):
        table = Table("page", "statements", "bytes, plain", "of an empty route", box=None, header_style="dim")
        results = {}
        for name, path in pages(app).items():
            answer = ask(app, path)
            rate(app, path, seconds=0.3)
            ratio = compare(lambda path=path: rate(app, path), lambda: rate(app, EMPTY))
            failed |= answer.statements > LIMITS[name] or ratio.middle < LEAST
            table.add_row(name, f"{answer.statements} (<= {LIMITS[name]})", f"{answer.size:,}", str(ratio))
            results[name] = {"statements": answer.statements, "ratio": round(ratio.middle, 3)}
    console.print(table)
    print(json.dumps(results))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
