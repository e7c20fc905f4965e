"""Random operations: whatever is tried, in whatever order, the invariants hold and figures equal a simple model."""

from __future__ import annotations

import uuid
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from coevolve.ledger import queries
from coevolve.ledger import service as ledger
from coevolve.ledger.errors import BelowFloor, KeyReused, OverFulfilled, PendingClosed, Unbookable
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


class Model:
    """The same operations on plain numbers."""

    def __init__(self) -> None:
        self.balance = self.spent = self.received_commitment = 0
        self.pending: dict[int, dict[str, Any]] = {}

    @property
    def held(self) -> int:
        return sum(p["rest"] for p in self.pending.values() if p["kind"] == "reserve")

    @property
    def promised(self) -> int:
        return sum(p["rest"] for p in self.pending.values() if p["kind"] == "promise")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(step, max_size=25))
def test_random_operations_keep_the_invariants(session: Session, steps: list[tuple[str, int, int]]) -> None:
    with session.begin_nested() as point:
        _play(steps)
        point.rollback()


def _play(steps: list[tuple[str, int, int]]) -> None:
    books, model, name = Books(), Model(), uuid.uuid4().hex
    postings: list[tuple[int, str, int]] = []
    reversed_ids: set[int] = set()
    last: tuple[str, int, int] | None = None
    for number, (verb, amount, pick) in enumerate(steps):
        key = f"{name}:{number}"
        pendings = sorted(model.pending)
        pending = pendings[pick % len(pendings)] if pendings else None
        try:
            if verb == "give":
                postings.append((books.give(key, amount), "give", amount))
                model.balance += amount
                last = (key, amount, postings[-1][0])
            elif verb in {"spend", "refund"}:
                fits = model.balance - model.held >= amount
                target = books.bank if verb == "spend" else books.refunds
                wrote = books.post(key, books.fund, target, amount, is_spending=verb == "spend")
                assert fits
                postings.append((wrote, verb, amount))
                model.balance -= amount
                model.spent += amount if verb == "spend" else 0
            elif verb in {"promise", "reserve"}:
                fits = verb == "promise" or model.balance - model.held >= amount
                made = books.promise(key, amount) if verb == "promise" else books.reserve(key, amount)
                assert fits
                model.pending[made] = {"kind": verb, "rest": amount}
            elif verb == "fulfil" and pending is not None:
                fits = model.pending[pending]["rest"] >= amount
                books.fulfil(key, pending, amount)
                assert fits
                model.pending[pending]["rest"] -= amount
                if model.pending[pending]["kind"] == "reserve":
                    model.balance -= amount
                    model.spent += amount
                else:
                    model.received_commitment += amount
            elif verb == "void" and pending is not None:
                rest = model.pending[pending]["rest"]
                books.void(key, pending)
                assert rest > 0
                model.pending[pending]["rest"] = 0
            elif verb == "reverse" and postings:
                posting_id, was, size = postings[pick % len(postings)]
                if posting_id in reversed_ids:
                    continue
                ledger.reverse(key=key, posting_id=posting_id, source_kind="test", source_id=books.source_id)
                reversed_ids.add(posting_id)
                model.balance += size if was != "give" else -size
                model.spent -= size if was == "spend" else 0
            elif verb == "again" and last is not None:
                assert books.give(last[0], last[1]) == last[2]
            elif verb == "fold":
                ledger.fold()
        except REFUSALS:
            pass
        fund = queries.fund_totals([books.listing_id])
        if books.listing_id in fund:
            totals = fund[books.listing_id]
            assert (totals.balance, totals.spent, totals.held) == (model.balance, model.spent, model.held)
        promised = queries.commitment_totals([books.listing_id])[books.listing_id]
        assert (promised.promised, promised.received) == (model.promised, model.received_commitment)
    assert broken() == []
