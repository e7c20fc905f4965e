"""Spreadsheets, read by a child process with bounded memory and time: a hostile one ends only that child."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any

from coevolve.reconciliation.statements.reasons import refuse

MOST_BYTES = 100_000_000
"""Of one workbook when unpacked: a zip bomb is refused before it is read."""
MOST_COLUMNS = 60
MEMORY_BYTES = 1_000_000_000
SECONDS = 30
CHILD = Path(__file__).with_name("sheet_child.py")
_REFERENCE = re.compile(rb'<(?:[a-z0-9]{1,8}:)?c [^>]{0,80}?\br="([A-Z]{1,4})([0-9]{1,8})"')
_FORMULA = re.compile(rb"<(?:[a-z0-9]{1,8}:)?f[ >/]")
_TYPES = {"d": dt.date.fromisoformat, "t": dt.datetime.fromisoformat}
Value = str | int | float | bool | dt.date | dt.datetime


def read_sheet(content: bytes, kind: str, *, most_rows: int) -> list[list[Value]]:
    """The rows of the first sheet with anything in it, as typed cells."""
    if kind == "xlsx":
        _look_into(content, most_rows)
    bounds = (most_rows + 100, MOST_COLUMNS, MEMORY_BYTES, SECONDS)
    command = [sys.executable, "-I", str(CHILD), *(str(bound) for bound in bounds)]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=2 * SECONDS, check=False)
    except subprocess.TimeoutExpired as slow:
        raise refuse("sheet_slow", seconds=str(SECONDS)) from slow
    if done.returncode == 3:
        raise refuse(done.stdout.decode("ascii", errors="replace")[:40])
    if done.returncode != 0:
        raise refuse("sheet_broken")
    return [[_cell(value) for value in row] for row in json.loads(done.stdout)]


def _cell(value: Any) -> Value:
    if isinstance(value, dict):
        [(kind, text)] = value.items()
        return _TYPES[kind](text)
    return "" if value is None else value


def _look_into(content: bytes, most_rows: int) -> None:
    """Unpack every part within bounds, and look for what a statement has no use for."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            names = book.infolist()
            if len(names) > 500:
                raise refuse("sheet_broken")
            total = 0
            for info in names:
                with book.open(info) as part:
                    inside = part.read(MOST_BYTES - total + 1)
                total += len(inside)
                if total > MOST_BYTES:
                    raise refuse("zip_bomb", megabytes=str(MOST_BYTES // 1_000_000))
                if info.filename.startswith("xl/worksheets/") and info.filename.endswith(".xml"):
                    _look_at_sheet(inside, most_rows)
                elif info.filename.lower().endswith(("vbaproject.bin", ".exe")):
                    raise refuse("macro")
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as broken:
        raise refuse("sheet_broken") from broken


def _look_at_sheet(inside: bytes, most_rows: int) -> None:
    if b"<!DOCTYPE" in inside or b"<!ENTITY" in inside:
        raise refuse("xml_entities")
    formula = _FORMULA.search(inside)
    if formula is not None:
        cells = _REFERENCE.findall(inside, 0, formula.start())
        letters, row = cells[-1] if cells else (b"", b"0")
        raise refuse("formula", row=int(row) or None, column=letters.decode())
    for found in _REFERENCE.finditer(inside):
        if column_number(found[1].decode()) > MOST_COLUMNS:
            raise refuse("too_many_columns", row=int(found[2]), most=str(MOST_COLUMNS))
        if int(found[2]) > most_rows + 100:
            raise refuse("too_many_rows", most=str(most_rows))


def column_number(letters: str) -> int:
    """A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
