"""A statement as read: its lines, its balances, and what was skipped."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

from coevolve.reconciliation.statements.reasons import MOST, Reason

_SPACES = re.compile(r"\s+")


@dataclass(kw_only=True, slots=True)
class Entry:
    """One line of the bank."""

    row: int
    """Where it stood in the file, as a person counts."""
    booked_on: dt.date
    amount: int
    """Signed minor units; positive: money in."""
    text: str
    balance: int | None = None
    """The running balance printed beside it."""
    bank_ref: str | None = None
    payer: str | None = None
    is_reversal: bool = False
    cells: tuple[str, ...] = ()
    running: int = 0
    """The balance after it, proven by adding up."""
    key: str = ""


@dataclass(kw_only=True)
class Reading:
    """What a file says, and why it may be refused."""

    entries: list[Entry] = field(default_factory=list)
    opening: int | None = None
    closing: int | None = None
    period: tuple[dt.date, dt.date] | None = None
    account_number: str | None = None
    currency: str | None = None
    credit_sum: int | None = None
    """The sum of money in, as the file says."""
    debit_sum: int | None = None
    credit_count: int | None = None
    debit_count: int | None = None
    pending: list[int] = field(default_factory=list)
    """Rows the bank has not booked yet: left out, and said so."""
    pending_sum: int | None = 0
    """What those rows come to; None: not readable."""
    reasons: list[Reason] = field(default_factory=list)

    def doubt(self, reason: Reason) -> None:
        """Keep one reason for refusal (the first hundred)."""
        if len(self.reasons) < MOST:
            self.reasons.append(reason)

    @property
    def came(self) -> int:
        """Money in."""
        return sum(entry.amount for entry in self.entries if entry.amount > 0)

    @property
    def went(self) -> int:
        """Money out, as a positive sum."""
        return -sum(entry.amount for entry in self.entries if entry.amount < 0)


def one_line(text: object) -> str:
    """A description without the breaks and runs of spaces that the bank's layout put in."""
    return _SPACES.sub(" ", str(text)).strip()
