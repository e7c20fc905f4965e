"""Bugs planted on purpose: the model must find each."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from coevolve.kit import moves
from coevolve.kit.db import lock, session
from coevolve.kit.errors import DomainError
from coevolve.ledger import accounts
from coevolve.ledger import queries as ledger
from coevolve.payments.models import Payment
from coevolve.payments.provider import FoundRefund
from coevolve.reconciliation.service import disputing, giving_back, refunding, settlement
from tests.factories import disbursements as out
from tests.money.machine import LONG, MoneyLife

_number = itertools.count(1)


@pytest.fixture
def _database(session: Session) -> None:
    """The machine finds the session by itself."""


def _no_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed refund forgets to give the money home."""
    monkeypatch.setattr(refunding.asking, "give_back_reserve", lambda *_args, **_more: None)


def _refunds_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of a refund's end names the moment, not the refund: news that comes again is booked again."""
    real = refunding.ledger.post

    def post(**given: Any) -> int:
        if given["kind"] == "refund.done":
            given["key"] += f":{next(_number)}"
            real(**given)
            given["key"] += ":again"
        return int(real(**given))

    monkeypatch.setattr(refunding.ledger, "post", post)


def _captures_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A capture's key changes and what came before is forgotten."""
    real = settlement.book

    def book(payment: Payment, *rest: Any) -> int:
        booked = int(real(payment, *rest))
        payment.captured = 0
        return booked

    monkeypatch.setattr(settlement, "capture_key", lambda ref: f"{ref}:{next(_number)}")
    monkeypatch.setattr(settlement, "book", book)


def _late_into_the_fund(monkeypatch: pytest.MonkeyPatch) -> None:
    """Late money is treated as if it had come in time."""
    from coevolve.reconciliation.service import booking

    monkeypatch.setattr(booking, "credit_account", lambda held, unit: accounts.fund(held.listing_id, unit))


def _more_than_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refunds under way are not counted."""
    monkeypatch.setattr(refunding.asking, "refuse_too_much", lambda *_args: None)


def _won_stays_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dispute that is won keeps the money aside."""
    monkeypatch.setattr(disputing, "_release", lambda *_args: None)


def _lost_stays_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lost dispute leaves our books as they were."""
    monkeypatch.setattr(disputing, "_lose", lambda *_args: None)


def _debt_out_of_the_fund(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is promised to a payout is taken for a refund all the same."""
    from coevolve.reconciliation.service import sources

    real = sources.ledger_queries.available

    def available(ids: list[int]) -> dict[int, int]:
        return {key: ledger.balance(key) for key in real(ids)}

    monkeypatch.setattr(sources.ledger_queries, "available", available)


def _cancelled_stays_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cancelled payout keeps its hold."""
    from coevolve.disbursements.service import proposing

    monkeypatch.setattr(proposing, "free_money", lambda *_args, **_more: None)


def _bounce_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """A returned payout is written down and its money forgotten."""
    monkeypatch.setattr(out.service, "return_by_line", lambda **given: _only_moved(given["disbursement_id"]))


def _only_moved(disbursement_id: Any) -> int:
    from coevolve.disbursements.models import Disbursement

    moves.move(lock(Disbursement, disbursement_id), "returned", by=None)
    return int(session().execute(text("SELECT max(id) FROM ledger_posting")).scalar_one())


def _adopts_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refund made in the provider's dashboard is overlooked."""
    monkeypatch.setattr(giving_back, "_adopt", lambda *_args: None)
    monkeypatch.setattr(giving_back, "_settle_refund", _skip_unknown(giving_back._settle_refund))


def _skip_unknown(real: Callable[..., None]) -> Callable[..., None]:
    def settle(payment: Payment, held: Any, found: FoundRefund) -> None:
        if giving_back._known(payment, found) is not None:
            real(payment, held, found)

    return settle


BUGS = [
    _no_mirror, _refunds_twice, _captures_twice, _late_into_the_fund, _more_than_is_left, _won_stays_held,
    _lost_stays_here, _debt_out_of_the_fund, _cancelled_stays_held, _bounce_lost, _adopts_for_nothing,
]  # fmt: skip


@pytest.mark.drill
@pytest.mark.usefixtures("_database")
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("plant", BUGS)
def test_the_model_finds_a_planted_bug(plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: Any) -> None:
    plant(monkeypatch)
    with pytest.raises((AssertionError, DBAPIError, DomainError)):
        run_state_machine_as_test(MoneyLife, settings=LONG)
