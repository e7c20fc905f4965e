"""The provider's own account as a list in memory, for tests with more lines than HTTP would bring in a minute."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from coevolve.kit import clock
from coevolve.payments.provider import Found, FoundPayout, FoundTransaction


@dataclass
class Account:
    """Answers what a comparison asks; the sums are whatever the test wrote down."""

    name: str = "stripe"
    lines: list[FoundTransaction] = field(default_factory=list)
    payouts: list[FoundPayout] = field(default_factory=list)
    in_payout: dict[str, list[FoundTransaction]] = field(default_factory=dict)
    objects: dict[str, Found] = field(default_factory=dict)

    def book(self, kind: str, source: str | None, gross: int, fee: int = 0, **more: Any) -> FoundTransaction:
        """One more line."""
        line = FoundTransaction(
            ref=f"txn_{len(self.lines):06d}",
            kind=kind,
            source_ref=source,
            unit=more.pop("unit", "IDR"),
            gross=gross,
            fee=fee,
            net=gross - fee,
            occurred_at=clock.now() - dt.timedelta(minutes=5),
            available_at=None,
            **more,
        )
        self.lines.append(line)
        return line

    def pay_out(self, ref: str, *, state: str = "paid") -> FoundPayout:
        """Everything there is leaves for the bank."""
        parts = list(self.lines)
        total = sum(line.net for line in parts)
        parts.append(self.book("payout", ref, -total))
        from coevolve.kit.money import Money

        payout = FoundPayout(
            provider=self.name,
            account="",
            ref=ref,
            money=Money(total),
            state=state,
            arrives_on=clock.today(),
            created_at=clock.now() - dt.timedelta(minutes=5),
            is_final=True,
            trace_ref=f"TRACE{ref[-4:]}",
        )
        self.payouts.append(payout)
        self.in_payout[ref] = parts
        return payout

    def fetch(self, object_ref: str) -> Found | None:
        return self.objects.get(object_ref)

    def list_transactions(
        self, *, since: dt.datetime, until: dt.datetime | None = None
    ) -> Iterator[FoundTransaction]:
        for line in reversed(self.lines):
            if since <= line.occurred_at and (until is None or line.occurred_at < until):
                yield line

    def list_payouts(self, *, since: dt.datetime) -> Iterator[FoundPayout]:
        return (one for one in reversed(self.payouts) if since <= one.created_at)

    def transactions_of_payout(self, ref: str) -> Iterator[FoundTransaction]:
        return iter(self.in_payout[ref])

    def balance(self) -> dict[str, int]:
        held: dict[str, int] = {}
        for line in self.lines:
            held[line.unit] = held.get(line.unit, 0) + line.net
        return held
