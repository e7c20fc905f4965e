"""Calendar files (RFC 5545): text that calendar programs read. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

OCTETS = 75
"""A line is folded after so many octets."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One event."""

    uid: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    title: str
    text: str
    place: str
    url: str
    is_firm: bool


def written(rows: Iterable[Row], *, now: dt.datetime) -> bytes:
    """The whole file."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Co-Evolve//ID",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
    ]
    for row in rows:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{escaped(row.uid)}",
            f"DTSTAMP:{_moment(now)}",
            f"DTSTART:{_moment(row.starts_at)}",
            f"DTEND:{_moment(row.ends_at)}",
            f"SUMMARY:{escaped(row.title)}",
            f"DESCRIPTION:{escaped(row.text)}",
            *([f"LOCATION:{escaped(row.place)}"] if row.place else []),
            f"URL:{''.join(one for one in row.url if one.isprintable() and not one.isspace())}",
            f"STATUS:{'CONFIRMED' if row.is_firm else 'TENTATIVE'}",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return b"".join(folded(line) for line in lines)


def escaped(text: str) -> str:
    """Text as a value of a line: nothing in it can end the line or begin another."""
    plain = "".join(one if one == "\n" or one.isprintable() else " " for one in text.replace("\r\n", "\n"))
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def folded(line: str) -> bytes:
    """A line in pieces of at most 75 octets, never cut within a character."""
    pieces, piece = [], b""
    for one in line:
        octets = one.encode()
        if len(piece) + len(octets) > OCTETS:
            pieces.append(piece)
            piece = b" "
        piece += octets
    return b"\r\n".join([*pieces, piece]) + b"\r\n"


def _moment(moment: dt.datetime) -> str:
    return f"{moment.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}"
