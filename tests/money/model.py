"""A small model of the money of one campaign: what every account must hold, worked out without a database.

It knows only what a person would write on paper: money lies in the fund, as a giver's credit, aside for a refund or a
dispute, at the card provider or at the bank, or the organisation owes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Legs = dict[str, int]


@dataclass
class Back:
    """A refund or a dispute: its sum, where it was taken from, and how it stands."""

    amount: int
    state: str
    legs: Legs = field(default_factory=dict)
    by_us: bool = False


@dataclass
class Gift:
    """One payment and what became of it."""

    amount: int
    captured: int = 0
    is_credit: bool = False
    """It came too late for its pledge: the giver's credit, not the fund's."""
    refunds: list[Back] = field(default_factory=list)
    disputes: list[Back] = field(default_factory=list)

    def gone(self) -> int:
        """Given back, on its way back, or disputed (a lost dispute stays gone)."""
        live = ("requested", "sending", "pending", "succeeded")
        held = ("needs_response", "lost")
        return sum(one.amount for one in self.refunds if one.state in live) + sum(
            one.amount for one in self.disputes if one.state in held
        )

    @property
    def left(self) -> int:
        """What may still be asked back."""
        return self.captured - self.gone()

    @property
    def left_at_provider(self) -> int:
        """What the provider would still give back: it does not know what we only plan."""
        planned = sum(one.amount for one in self.refunds if one.state == "requested")
        return self.left + planned

    @property
    def is_in_hand(self) -> bool:
        """A refund of ours is being sent and not seen at the provider yet."""
        return any(one.by_us and one.state == "sending" for one in self.refunds)


@dataclass
class Books:
    """Balances in minor units."""

    fund: int = 0
    held: int = 0
    credit: int = 0
    payable: int = 0
    holdback: int = 0
    clearing: int = 0
    debt: int = 0
    paid_out: int = 0

    def capture(self, gift: Gift, *, late: bool) -> None:
        gift.captured, gift.is_credit = gift.amount, late
        self.clearing += gift.amount
        self._move("credit" if late else "fund", gift.amount)

    def take(self, gift: Gift, amount: int, into: str) -> Legs:
        """The giver's credit first, then what is free in the fund; the rest the organisation owes."""
        legs: Legs = {}
        if gift.is_credit:
            legs["credit"] = amount
        else:
            legs["fund"] = min(amount, self.fund - self.held)
            legs["debt"] = amount - legs["fund"]
        for account, part in legs.items():
            self._move(account, part if account == "debt" else -part)
        self._move(into, amount)
        return legs

    def give_home(self, legs: Legs, out_of: str) -> None:
        """Back to the very places it was taken from."""
        for account, part in legs.items():
            self._move(account, -part if account == "debt" else part)
        self._move(out_of, -sum(legs.values()))

    def leave(self, amount: int, out_of: str) -> None:
        """What was aside leaves the provider."""
        self._move(out_of, -amount)
        self.clearing -= amount

    def come_back(self, amount: int, into: str) -> None:
        """What had left the provider is there again."""
        self._move(into, amount)
        self.clearing += amount

    def _move(self, account: str, amount: int) -> None:
        setattr(self, account, getattr(self, account) + amount)
