"""Our own bank's lines settle disbursements and bring bounces back, through the desk finance works at."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from coevolve.disbursements import queries
from coevolve.disbursements.models import Disbursement, State
from coevolve.kit import clock
from coevolve.kit.money import Money
from coevolve.reconciliation import queries as reconciliation_queries
from coevolve.reconciliation import service as reconciliation
from coevolve.reconciliation.models import Allocation, Line
from tests.factories import disbursements as factory
from tests.factories.disbursements import Ground
from tests.invariants import assert_books_balance


@pytest.fixture
def at(session: Session) -> Ground:
    return factory.ground()


def entered(at: Ground, made: Disbursement, *, is_outgoing: bool, words: str) -> Line:
    return reconciliation.enter_bank_line(
        bank_account_id=made.from_account_id,
        booked_on=clock.today(),
        money=Money(made.amount, made.unit),
        words=words,
        bank_ref=None,
        by=at.finance.id,
        is_outgoing=is_outgoing,
    )


def test_a_debit_line_with_our_reference_settles_by_itself(at: Ground, session: Session) -> None:
    made = factory.sent(at)
    line = entered(at, made, is_outgoing=True, words=f"TRSF E-BANKING DB {made.reference.lower()} PENYALURAN")
    done = reconciliation.match([made.from_account_id], typed=True)
    assert done.posted == 1
    session.expire_all()
    assert queries.get(made.id).state == State.settled
    assert queries.get(made.id).settled_line == line.id
    assert_books_balance()


def test_a_debit_line_without_it_is_suggested_and_undone(at: Ground, session: Session) -> None:
    made = factory.sent(at)
    line = entered(at, made, is_outgoing=True, words="TRSF E-BANKING DB")
    assert [one.target_id for one in reconciliation_queries.suggestions(line)][:1] == [made.id]
    if reconciliation.propose_match(
        line_id=line.id, target_kind="disbursement", target_id=made.id, by=at.finance.id
    ) is None:  # fmt: skip
        reconciliation.confirm_match(line_id=line.id, by=at.finance2.id)
    assert made.state == State.settled
    reconciliation.undo_line(line_id=line.id, by=at.finance.id, reason="Salah cocok")
    session.expire_all()
    assert queries.get(made.id).state == State.sent
    assert queries.get(made.id).round == 2
    assert_books_balance()


@pytest.mark.case(72)
def test_a_credit_line_brings_a_bounce_back(at: Ground, session: Session) -> None:
    available = queries.fund_of(at.listing.id)
    made = factory.sent(at)
    out = entered(at, made, is_outgoing=True, words=f"DB {made.reference}")
    reconciliation.propose_match(
        line_id=out.id, target_kind="disbursement", target_id=made.id, by=at.finance.id
    )
    with clock.travel(dt.timedelta(days=1)):
        back = entered(at, made, is_outgoing=False, words=f"RETUR {made.reference} REK TUTUP")
        [first, *_rest] = reconciliation_queries.suggestions(back)
        assert (first.target_id, first.may_book) == (made.id, True)
        reconciliation.propose_match(
            line_id=back.id, target_kind="disbursement", target_id=made.id, by=at.finance.id
        )
    session.expire_all()
    assert queries.get(made.id).state == State.returned
    assert queries.fund_of(at.listing.id) == available
    kinds = session.execute(select(Allocation.target_kind).where(Allocation.line_id == back.id)).scalars()
    assert "disbursement" in set(kinds)
    assert_books_balance()
