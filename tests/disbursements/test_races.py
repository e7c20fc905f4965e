"""Two at once on real connections, each with a control that shows the race when the protection is left out."""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import func, select

from coevolve import config
from coevolve.disbursements import queries, service
from coevolve.disbursements.models import Disbursement
from coevolve.kit.db import commit, db, session
from coevolve.kit.money import rupiah
from coevolve.ledger import queries as ledger
from coevolve.ledger.service import writing
from coevolve.people import queries as people
from tests.conftest import Committed
from tests.factories import disbursements as factory
from tests.invariants import assert_books_balance


def at_once(app: Flask, *works: Callable[[], Any]) -> list[str]:
    """Run works on threads with sessions of their own; "done" or what refused them, in order."""
    results = ["" for _ in works]

    def run(number: int) -> None:
        with app.app_context():
            try:
                works[number]()
                commit()
                results[number] = "done"
            except Exception as trouble:
                db.session.rollback()
                results[number] = getattr(trouble, "code", type(trouble).__name__) or "?"
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def meet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make two writers wait for each other between looking at the balance and taking from it."""
    barrier = threading.Barrier(2)
    taken = writing._debit

    def slowly(legs: Any, free: Any) -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(timeout=1.0)
        taken(legs, free)

    monkeypatch.setattr(writing, "_debit", slowly)


def rivals(at: factory.Ground) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Treasurer and owner each ask for the whole fund."""
    whole = queries.fund_of(at.listing.id)
    listing_id, line_id = at.listing.id, at.first.id
    keys = (at.treasurer.id, at.owner.id)

    def ask(person_id: uuid.UUID) -> Callable[[], Any]:
        return lambda: service.propose(
            listing_id=listing_id,
            by=people.get(person_id),
            amounts={line_id: whole},
            purpose="Seluruh dana untuk pipa",
            client_token=uuid.uuid4(),
        )

    return ask(keys[0]), ask(keys[1])


@pytest.mark.case(41)
def test_two_proposals_for_the_last_rupiah(committed: Committed, monkeypatch: pytest.MonkeyPatch) -> None:
    at = factory.ground()
    works = rivals(at)
    commit()
    meet(monkeypatch)
    assert sorted(at_once(committed.app, *works)) == ["done", "fund_short"]
    assert queries.fund_of(at.listing.id) == 0
    assert_books_balance()


def test_control_without_lock_and_check_both_are_held(
    committed: Committed, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = factory.ground()
    works = rivals(at)
    commit()
    owner = committed.settings.database_owner_url.replace("+psycopg", "")
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("ALTER TABLE ledger_balance DROP CONSTRAINT ck_ledger_balance_floor")
    meet(monkeypatch)
    with config.overridden(fault="skip-lock"):
        assert at_once(committed.app, *works) == ["done", "done"]
    assert ledger.fund_totals([at.listing.id])[at.listing.id].available < 0
    with pytest.raises(AssertionError, match="I12-held"):
        assert_books_balance()


@pytest.mark.case(25)
def test_two_clicks_at_once_are_one_disbursement(committed: Committed) -> None:
    at = factory.ground()
    commit()
    token, listing_id, line_id, person_id = uuid.uuid4(), at.listing.id, at.first.id, at.treasurer.id

    def click() -> Any:
        return service.propose(
            listing_id=listing_id,
            by=people.get(person_id),
            amounts={line_id: rupiah(1_000_000).amount},
            purpose="Pipa tahap pertama",
            client_token=token,
        )

    assert at_once(committed.app, *[click] * 4) == ["done"] * 4
    [made] = session().execute(select(Disbursement)).scalars().all()
    assert made.state == "proposed"
    assert ledger.fund_totals([listing_id])[listing_id].held == made.amount
    service.approve(disbursement_id=made.id, by=people.get(at.owner.id))
    commit()
    made_id, finance, finance2 = made.id, at.finance.id, at.finance2.id
    results = at_once(
        committed.app,
        *[lambda: service.release(disbursement_id=made_id, by=people.get(finance))] * 2,
        *[lambda: service.release(disbursement_id=made_id, by=people.get(finance2))] * 2,
    )
    assert results.count("done") in {2, 3}, results
    assert session().execute(select(func.count()).select_from(Disbursement)).scalar_one() == 1
    assert_books_balance()
