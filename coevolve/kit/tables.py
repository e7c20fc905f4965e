"""Rows as files that spreadsheets open rightly: CSV with a byte order mark, no cell that a program would run."""

from __future__ import annotations

import csv
import datetime as dt
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from flask import Response

from coevolve.kit import clock
from coevolve.kit.money import Money, exponent

MEMORY_BYTES = 2_000_000
"""A longer file is written to disk before it is sent."""
_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection), full-width signs too."""


def cell(value: Any) -> Any:
    """A value as it may stand in a cell: words that look like a formula get an apostrophe, moments become UTC."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, Money):
        return exact(value)
    if isinstance(value, bool | int | float | dt.date):
        return value
    words = str(value)
    return f"'{words}" if words.lstrip(" ").startswith(_RUNS) else words


def exact(money: Money) -> str:
    """A sum in whole units for a program to read: ASCII digits, a point only before a fraction, '-' for out."""
    places = exponent(money.unit)
    whole, rest = divmod(abs(money.amount), 10**places)
    sign = "-" if money.amount < 0 else ""
    return f"{sign}{whole}" + (f".{rest:0{places}d}" if rest else "")


def csv_text(head: Sequence[str], rows: Iterable[Sequence[Any]], *, at_once: int = 500) -> Iterator[str]:
    """The file, piece by piece; nothing of it is kept in memory."""
    yield "\ufeff"
    lines = chain([tuple(head)], (tuple(cell(value) for value in row) for row in rows))
    while batch := list(islice(lines, at_once)):
        buffer = io.StringIO()
        csv.writer(buffer).writerows(batch)
        yield buffer.getvalue()


def csv_file(name: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """The file as an answer; its name carries today's date. A sum is best given as Money, a moment as it is."""
    return text_file(f"{name}-{clock.today().isoformat()}.csv", csv_text(head, rows), mimetype="text/csv")


def text_file(name: str, pieces: Iterable[str], *, mimetype: str = "text/plain") -> Response:
    """A file as an answer. It is written while the request still has its database, on disk where it is long."""
    spooled = tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115 - closed with the response
    for piece in pieces:
        spooled.write(piece.encode())
    size = spooled.tell()
    spooled.seek(0)

    def sent() -> Iterator[bytes]:
        with spooled:
            while piece := spooled.read(64 * 1024):
                yield piece

    response = Response(sent(), mimetype=mimetype)
    response.call_on_close(spooled.close)
    response.content_length = size
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
