"""Rows and cells out of CSV, HTML tables and spreadsheets, within bounds."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

import lxml.etree
import lxml.html

from coevolve.reconciliation.statements import files, sheets
from coevolve.reconciliation.statements.profiles import Profile
from coevolve.reconciliation.statements.reasons import refuse
from coevolve.reconciliation.statements.sheets import MOST_COLUMNS, Value

MOST_SPANNED = 20
MOST_CELL = 4_000
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line in the file, as a person counts, and its cells."""

    number: int
    cells: list[Value]

    def text(self, place: int) -> str:
        """One cell as text, without the apostrophe by which banks keep spreadsheets from counting."""
        return as_text(self.cells[place]) if 0 <= place < len(self.cells) else ""

    def value(self, place: int) -> Value:
        """One cell as it came; texts are freed of a leading apostrophe."""
        if not 0 <= place < len(self.cells):
            return ""
        value = self.cells[place]
        return as_text(value) if isinstance(value, str) else value

    def is_blank(self) -> bool:
        """Whether nothing stands in it."""
        return not any(as_text(cell) for cell in self.cells)


@dataclass(frozen=True, kw_only=True)
class Table:
    """A file as rows."""

    kind: str
    rows: list[Row]
    delimiter: str = ""


def as_text(value: Value) -> str:
    """A cell as a person reads it."""
    if isinstance(value, str):
        return value.strip(" \t\u00a0").removeprefix("'").strip(" \t\u00a0")
    if isinstance(value, dt.datetime) and value.time() == dt.time(0):
        return value.date().isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def read_table(content: bytes, profile: Profile, *, most_rows: int) -> Table:
    """The rows of a file in one of the forms that its profile declares."""
    kind = files.kind_of(content)
    if kind not in profile.files:
        raise refuse(
            "file_not_declared", kind=kind.upper(), declared=", ".join(sorted(profile.files)).upper()
        )
    if kind in {"xls", "xlsx"}:
        found = sheets.read_sheet(content, kind, most_rows=most_rows)
        rows = [Row(number, cells) for number, cells in enumerate(found, start=1)]
        return Table(kind=kind, rows=_checked(rows, most_rows))
    text = files.text_of(content, profile.encodings)
    if kind == "html":
        rows = [Row(number, list(cells)) for number, cells in enumerate(_html(text), start=1)]
        return Table(kind=kind, rows=_checked(rows, most_rows))
    delimiter = guess_delimiter(text, profile.delimiters)
    return Table(kind=kind, rows=_checked(_csv(text, delimiter, most_rows), most_rows), delimiter=delimiter)


def _checked(rows: list[Row], most_rows: int) -> list[Row]:
    if len(rows) > most_rows + 100:
        raise refuse("too_many_rows", most=str(most_rows))
    for row in rows:
        if len(row.cells) > MOST_COLUMNS:
            raise refuse("too_many_columns", row=row.number, most=str(MOST_COLUMNS))
        for place, cell in enumerate(row.cells, start=1):
            if isinstance(cell, str) and (len(cell) > MOST_CELL or _CONTROLS.search(cell)):
                code = "cell_long" if len(cell) > MOST_CELL else "cell_controls"
                raise refuse(code, row=row.number, column=str(place), cell=cell)
    return rows


def guess_delimiter(text: str, declared: tuple[str, ...]) -> str:
    """The one of the declared signs that parts most cells in the busiest lines; quoted text does not count."""
    lines = [line for line in text.split("\n", 200)[:200] if line.strip()]
    for line in lines:
        if max(line.count(sign) for sign in declared) > 20 * MOST_COLUMNS:
            raise refuse("too_many_columns", most=str(MOST_COLUMNS))

    def cells(sign: str) -> int:
        return sum(len(_outside_quotes(line).split(sign)) - 1 for line in lines)

    best = max(declared, key=cells)
    return best if cells(best) else declared[0]


def _outside_quotes(line: str) -> str:
    return "".join(part for number, part in enumerate(line.split('"')) if number % 2 == 0)


def _csv(text: str, delimiter: str, most_rows: int) -> list[Row]:
    """CSV as banks write it: quoted texts may hold line breaks; an open quote at the end is refused."""
    for line in text.split("\n"):
        if line.count(delimiter) > 20 * MOST_COLUMNS:
            raise refuse("too_many_columns", most=str(MOST_COLUMNS))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    begin = 1
    try:
        for cells in reader:
            rows.append(Row(begin, list(cells)))
            begin = reader.line_num + 1
            if len(rows) > most_rows + 100:
                raise refuse("too_many_rows", most=str(most_rows))
    except csv.Error as broken:
        raise refuse("csv_broken", row=begin) from broken
    return rows


def _html(text: str) -> Iterator[list[str]]:
    """The rows of all tables, in order; a table inside a cell is read as rows of its own."""
    if "<!entity" in text.lower():
        raise refuse("xml_entities")
    parser = lxml.html.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = lxml.html.document_fromstring(text.encode("utf-8"), parser=parser)
    except (lxml.etree.LxmlError, ValueError) as broken:
        raise refuse("html_broken") from broken
    for row in root.iter("tr"):
        cells: list[str] = []
        for cell in row.iterchildren("td", "th"):
            if cell.find(".//table") is not None:
                cells = []
                break
            cells.append(" ".join("".join(cell.itertext()).split()))
            cells += [""] * (_span(cell.get("colspan")) - 1)
        if cells:
            yield cells


def _span(text: str | None) -> int:
    return min(int(text), MOST_SPANNED) if text and text.isascii() and text.isdigit() and int(text) else 1
