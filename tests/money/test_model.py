"""Random lives of gifts, refunds, disputes and disbursements agree with a model on paper."""

from __future__ import annotations

import pytest
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy.orm import Session

from tests.invariants import assert_books_balance
from tests.money.machine import LONG, QUICK, MoneyLife


@pytest.fixture
def _database(session: Session) -> None:
    """The machine finds the session by itself."""


@pytest.mark.case(39)
@pytest.mark.usefixtures("_database")
@pytest.mark.timeout(600)
def test_random_lives_agree_with_the_model() -> None:
    run_state_machine_as_test(MoneyLife, settings=QUICK)
    assert_books_balance()


@pytest.mark.drill
@pytest.mark.usefixtures("_database")
@pytest.mark.timeout(3600)
def test_many_random_lives_agree_with_the_model() -> None:
    run_state_machine_as_test(MoneyLife, settings=LONG)
