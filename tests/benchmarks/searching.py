"""P5 to P7: what each kind of question costs at 10,000, 100,000 and 1,000,000 listings, against 10,000.

    python -m tests.benchmarks.searching [ROWS ...]     10000 1000000 unless said

The statements are the ones of the pages, cards and counts included. Blocks touched are exact (EXPLAIN ANALYZE, BUFFERS)
and are the middle of several places, sectors and words of one class; the time is that of a prepared statement on one
connection. Worlds are kept between runs (search_world).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table

from coevolve.kit import clock
from coevolve.kit.reads import Question
from coevolve.listings.queries import Query, read_cursor
from coevolve.listings.queries.counting import asks_counts
from coevolve.listings.queries.walking import asks_page
from coevolve.localities import queries as localities
from tests.benchmarks.search_world import ABSENT, COMMON, MID, RARE, Worlds

PLACES = ("53", "32", "12", "53.02", "32.04", "12.71", "53.02.01", "JAW", "BNT")
SECTORS = ("water", "education", "culture")
ROUNDS = 5
BLOCKS_MOST = 2_500


def classes() -> Iterator[tuple[str, list[Query]]]:
    """The questions, by class; a few of each."""
    places = [localities.get(code) for code in PLACES]
    soon = clock.today() + dt.timedelta(days=7)
    yield "all", [Query()]
    yield "place", [Query(place=place) for place in places]
    yield "sector", [Query(sector=sector) for sector in SECTORS]
    yield "place + sector", [Query(place=place, sector="water") for place in places]
    yield "place + kind", [Query(place=place, kind="campaign") for place in places]
    yield "place + sector + kind", [Query(place=p, sector="education", kind="need") for p in places]
    yield "support", [Query(support=support) for support in ("money", "goods", "time", "facility")]
    yield "place + support", [Query(place=place, support="facility") for place in places]
    yield "kind + support", [Query(kind=kind, support="facility") for kind in ("campaign", "opportunity")]
    yield "impossible", [Query(kind="opportunity", support="money"), Query(kind="standing_offer", gap="most")]
    yield "missing", [Query(gap=gap) for gap in ("small", "some", "much", "most")]
    yield "place + missing", [Query(place=place, gap="some") for place in places]
    yield "verified", [Query(level=level) for level in (2, 3)]
    yield "place + verified", [Query(place=place, level=3) for place in places]
    yield "due in a week", [Query(due=soon)]
    yield "place + due", [Query(place=place, due=soon) for place in places]
    yield (
        "all fine together",
        [Query(place=p, sector="water", support="time", gap="some", level=3, due=soon) for p in places],
    )
    yield "closing", [Query(order="closing")]
    yield "place, closing", [Query(place=place, order="closing") for place in places]
    yield "place + sector, closing", [Query(place=p, sector="water", order="closing") for p in places]
    yield "fine, closing", [Query(place=place, gap="most", level=3, order="closing") for place in places]
    for name, words in (("absent", ABSENT), ("rare", RARE), ("mid", MID), ("common", COMMON)):
        yield f"word: {name}", [Query(words=words)]
    yield "two words", [Query(words=f"{COMMON} {MID}")]
    yield "word + place", [Query(words=COMMON, place=place) for place in places]
    yield (
        "word + place + sector + fine",
        [Query(words=COMMON, place=place, sector="water", level=3, due=soon) for place in places],
    )
    yield "word, closing", [Query(words=COMMON, order="closing")]


def _deep(query: Query, ask: Callable[[Question[Any]], Any]) -> Query | None:
    """The same list, ten pages on."""
    asked = dataclasses.replace(query, size=200)
    page = ask(asks_page(asked))
    if page.next is None:
        return None
    return dataclasses.replace(query, cursor=read_cursor(str(page.next)))


class Cost:
    """What questions cost on one world."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url.replace("postgresql+psycopg", "postgresql"), autocommit=True)
        self.connection.prepare_threshold = 1

    def ask(self, question: Question[Any]) -> Any:
        """The answer."""
        return question.made(self.connection.execute(question.sql, question.values, binary=True).fetchall())

    def blocks(self, question: Question[Any]) -> int:
        """How many blocks one answer touches."""
        with self.connection.cursor() as cursor:
            plan = cursor.execute(
                f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {question.sql}",
                question.values,
                prepare=False,
            ).fetchone()
        assert plan is not None
        top = plan[0][0]["Plan"]
        return int(top["Shared Hit Blocks"] + top["Shared Read Blocks"])

    def milliseconds(self, question: Question[Any]) -> float:
        """The middle of some prepared answers."""
        times = []
        for _ in range(ROUNDS + 2):
            began = time.perf_counter()
            self.connection.execute(question.sql, question.values, prepare=True, binary=True).fetchall()
            times.append((time.perf_counter() - began) * 1000)
        return median(times[2:])

    def of(self, queries: list[Query]) -> dict[str, tuple[float, float]]:
        """Blocks and milliseconds of first page, deep page and counts: the middle of the class."""
        asked: dict[str, list[Question[Any]]] = {
            "first": [asks_page(query) for query in queries],
            "deep": [asks_page(deep) for query in queries if (deep := _deep(query, self.ask))],
            "counts": [asks_counts(query) for query in queries],
        }
        return {
            how: (median(map(self.blocks, questions)), median(map(self.milliseconds, questions)))
            for how, questions in asked.items()
            if questions
        }


def main() -> int:
    """Measure and print."""
    sizes = [int(word) for word in sys.argv[1:]] or [10_000, 1_000_000]
    worlds = Worlds()
    worlds.start()
    try:
        costs = {rows: Cost(worlds.world(rows)) for rows in sizes}
        with worlds.application(sizes[0]):
            found = {
                name: {rows: cost.of(queries) for rows, cost in costs.items()} for name, queries in classes()
            }
    finally:
        worlds.stop()
    return _report(found, sizes)


def _report(found: dict[str, dict[int, dict[str, tuple[float, float]]]], sizes: list[int]) -> int:
    table = Table(
        "class", "what", *(f"blocks {rows:,}" for rows in sizes), "ratio", box=None, header_style="dim"
    )
    for rows in sizes:
        table.add_column(f"ms {rows:,}", justify="right")
    worst = 0.0
    for name, by_size in found.items():
        for how in ("first", "deep", "counts"):
            have = [by_size[rows].get(how) for rows in sizes]
            known = [one for one in have if one]
            if not known:
                continue
            worst = max(worst, *(one[0] for one in known))
            ratio = f"{have[-1][0] / have[0][0]:.1f} x" if have[0] and have[-1] and have[0][0] else ""
            table.add_row(
                name, how, *(f"{one[0]:,.0f}" if one else "-" for one in have), ratio,
                *(f"{one[1]:.2f}" if one else "-" for one in have),
            )  # fmt: skip
    Console(width=130).print(table)
    print(json.dumps({"worst_blocks": worst, "load": round(os.getloadavg()[0], 1)}))
    return 0 if worst <= BLOCKS_MOST else 1


if __name__ == "__main__":
    sys.exit(main())
