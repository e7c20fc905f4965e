"""A real .xls by hand: BIFF8 records in an OLE container, as Excel 97 wrote it (no living library writes one)."""

from __future__ import annotations

import struct
from collections.abc import Sequence

SECTOR = 512
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def xls(rows: Sequence[Sequence[object]]) -> bytes:
    """A workbook of one sheet: numbers as numbers, texts as texts."""
    return _container(_workbook(rows))


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _workbook(rows: Sequence[Sequence[object]]) -> bytes:
    begin = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6))
    end = _record(0x000A, b"")
    name = b"Mutasi"
    size = len(begin) + 4 + 8 + len(name) + len(end)
    bound = _record(0x0085, struct.pack("<IBBBB", size, 0, 0, len(name), 0) + name)
    cells = b""
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            place = struct.pack("<HHH", row, column, 15)
            if isinstance(value, int | float):
                cells += _record(0x0203, place + struct.pack("<d", float(value)))
            elif value:
                text = str(value)
                cells += _record(0x0204, place + struct.pack("<HB", len(text), 1) + text.encode("utf-16-le"))
    width = max(len(row) for row in rows)
    sheet = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6))
    sheet += _record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0))
    return begin + bound + end + sheet + cells + end


def _container(stream: bytes) -> bytes:
    """The stream `Workbook` in sectors of an OLE file; padded, so that it is no mini stream."""
    stream = stream.ljust(max(4096, -(-len(stream) // SECTOR) * SECTOR), b"\0")
    count = len(stream) // SECTOR
    table = [FAT, END, *range(3, count + 2), END]
    table += [FREE] * (SECTOR // 4 - len(table))
    assert len(table) == SECTOR // 4, "one sector of the table is enough for a test"
    head = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 16
    head += struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, END, 0, END, 0)
    head += struct.pack("<109I", 0, *([FREE] * 108))
    return head + struct.pack("<128I", *table) + _entries(len(stream)) + stream


def _entries(size: int) -> bytes:
    return (
        _entry("Root Entry", 5, child=1, start=END, size=0)
        + _entry("Workbook", 2, child=FREE, start=2, size=size)
        + _entry("", 0, child=FREE, start=0, size=0) * 2
    )


def _entry(name: str, kind: int, *, child: int, start: int, size: int) -> bytes:
    written = name.encode("utf-16-le") + (b"\0\0" if name else b"")
    return (
        written.ljust(64, b"\0")
        + struct.pack("<HBBIII", len(written), kind, 1, FREE, FREE, child)
        + b"\0" * 36
        + struct.pack("<IQ", start, size)
    )
