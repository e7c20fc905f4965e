"""Random operations: whatever is tried, in whatever order, the invariants hold and figures equal a simple model."""

from __future__ import annotations

import contextlib
import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from coevolve.ledger import queries
from coevolve.ledger import service as ledger
from coevolve.ledger.errors import BelowFloor, KeyReused, OverFulfilled, PendingClosed, Unbookable
from tests.invariants import assert_books_balance
from tests.ledger.conftest import Books, broken

REFUSALS = (BelowFloor, KeyReused, OverFulfilled, PendingClosed, Unbookable)
amounts = st.integers(min_value=1, max_value=60)
step = st.tuples(
    st.sampled_from(
        ["give", "spend", "refund", "promise", "reserve", "fulfil", "void", "reverse", "fold", "again"]
    ),
    amounts,
    st.integers(min_value=0, max_value=30),
)


class Play:
    """The real books and the same operations on plain numbers, side by side."""

    def __init__(self) -> None:
        self.books, self.name = Books(), uuid.uuid4().hex
        self.balance = self.spent = self.kept = 0
        self.pending: dict[int, dict[str, Any]] = {}
        self.postings: dict[int, tuple[str, int]] = {}
        self.last: tuple[str, int, int] | None = None

    @property
    def held(self) -> int:
        return sum(one["rest"] for one in self.pending.values() if one["kind"] == "reserve")

    @property
    def promised(self) -> int:
        return sum(one["rest"] for one in self.pending.values() if one["kind"] == "promise")

    def do(self, number: int, verb: str, amount: int, pick: int) -> None:
        """Try one operation; a refusal must leave both sides as they were."""
        with contextlib.suppress(*REFUSALS):
            getattr(self, verb)(f"{self.name}:{number}", amount, pick)
        fund = queries.fund_totals([self.books.listing_id])[self.books.listing_id]
        assert (fund.balance, fund.spent, fund.held) == (self.balance, self.spent, self.held)
        promised = queries.commitment_totals([self.books.listing_id])[self.books.listing_id]
        assert (promised.promised, promised.received) == (self.promised, self.kept)

    def give(self, key: str, amount: int, _pick: int) -> None:
        posting_id = self.books.give(key, amount)
        self.postings[posting_id] = ("give", amount)
        self.last = (key, amount, posting_id)
        self.balance += amount

    def spend(self, key: str, amount: int, _pick: int) -> None:
        self._take(key, amount, self.books.bank, is_spending=True)
        self.spent += amount

    def refund(self, key: str, amount: int, _pick: int) -> None:
        self._take(key, amount, self.books.refunds, is_spending=False)

    def _take(self, key: str, amount: int, to: int, *, is_spending: bool) -> None:
        fits = self.balance - self.held >= amount
        posting_id = self.books.post(key, self.books.fund, to, amount, is_spending=is_spending)
        assert fits, "the books gave what was not there"
        self.postings[posting_id] = ("spend" if is_spending else "refund", amount)
        self.balance -= amount

    def promise(self, key: str, amount: int, _pick: int) -> None:
        self.pending[self.books.promise(key, amount)] = {"kind": "promise", "rest": amount}

    def reserve(self, key: str, amount: int, _pick: int) -> None:
        fits = self.balance - self.held >= amount
        made = self.books.reserve(key, amount)
        assert fits, "the books held what was not there"
        self.pending[made] = {"kind": "reserve", "rest": amount}

    def fulfil(self, key: str, amount: int, pick: int) -> None:
        if self.pending:
            chosen = sorted(self.pending)[pick % len(self.pending)]
            one = self.pending[chosen]
            fits = one["rest"] >= amount
            self.books.fulfil(key, chosen, amount)
            assert fits, "more was fulfilled than was outstanding"
            one["rest"] -= amount
            if one["kind"] == "reserve":
                self.balance -= amount
                self.spent += amount
            else:
                self.kept += amount

    def void(self, key: str, _amount: int, pick: int) -> None:
        if self.pending:
            chosen = sorted(self.pending)[pick % len(self.pending)]
            self.books.void(key, chosen)
            assert self.pending[chosen]["rest"] > 0
            self.pending[chosen]["rest"] = 0

    def reverse(self, key: str, _amount: int, pick: int) -> None:
        if self.postings:
            chosen = sorted(self.postings)[pick % len(self.postings)]
            verb, size = self.postings[chosen]
            source = {"source_kind": "test", "source_id": self.books.source_id}
            ledger.reverse(key=key, posting_id=chosen, **source)
            del self.postings[chosen]
            self.balance += -size if verb == "give" else size
            self.spent -= size if verb == "spend" else 0

    def again(self, _key: str, _amount: int, _pick: int) -> None:
        if self.last is not None:
            assert self.books.give(self.last[0], self.last[1]) == self.last[2]

    def fold(self, _key: str, _amount: int, _pick: int) -> None:
        ledger.fold()


@pytest.mark.case(39)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(step, max_size=25))
def test_random_operations_keep_the_invariants(session: Session, steps: list[tuple[str, int, int]]) -> None:
    with session.begin_nested() as point:
        play = Play()
        for number, (verb, amount, pick) in enumerate(steps):
            play.do(number, verb, amount, pick)
        assert broken() == []
        point.rollback()
    assert_books_balance(of="ledger")
