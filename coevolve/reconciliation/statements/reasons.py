"""Why a cell or a file is refused: a code, where, and the text of the cell; the words are chosen when shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SHOWN_CELL = 80
MOST = 100
"""So many reasons are kept of one file."""


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One thing that is unsure or wrong, by line and column as a person counts them."""

    code: str
    row: int | None = None
    column: str = ""
    cell: str = ""
    more: Mapping[str, str] = field(default_factory=dict)

    def as_row(self) -> dict[str, Any]:
        """The reason as it is kept."""
        return {
            "code": self.code,
            "row": self.row,
            "column": printable(self.column),
            "cell": printable(self.cell),
            "more": {key: printable(text) for key, text in self.more.items()},
        }


class Unsure(Exception):
    """A cell that can be read in two ways, or in none."""

    def __init__(self, code: str, **more: str) -> None:
        super().__init__(code)
        self.code = code
        self.more = more


class Unreadable(Exception):
    """The file as a whole is refused."""

    def __init__(self, *reasons: Reason) -> None:
        super().__init__(reasons[0].code if reasons else "")
        self.reasons = reasons


def refuse(code: str, *, row: int | None = None, column: str = "", cell: str = "", **more: str) -> Unreadable:
    """The refusal of a file for one reason."""
    return Unreadable(Reason(code=code, row=row, column=column, cell=cell, more=more))


def printable(text: object) -> str:
    """Text of a file as it may be kept and shown: short, without characters that PostgreSQL or a page cannot hold."""
    shown = "".join(
        ch if ch.isprintable() or ch == "\u00a0" else "\N{REPLACEMENT CHARACTER}" for ch in str(text)
    )
    return shown if len(shown) <= SHOWN_CELL else shown[: SHOWN_CELL - 1] + "…"
