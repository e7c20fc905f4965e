"""P10 without a clock: what settling one gift costs does not grow, and nobody waits for anybody on a hot campaign."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from coevolve.kit import jobs as kit_jobs
from coevolve.kit.db import commit, db
from coevolve.kit.db import session as current
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.listings.queries import Query
from coevolve.listings.queries.walking import asks_page
from coevolve.reconciliation.matching.running import run_stages
from coevolve.reconciliation.service.posting import post_due
from tests.benchmarks.settling import _settle, prepared
from tests.conftest import Committed
from tests.factories import listings, payments, people
from tests.invariants import assert_books_balance
from tests.reconciliation.matching.bank import line, whole
from tests.statements import counted

MOST = 27
"""Statements of one settle, the accounts being there."""
MOST_OF_A_LINE = 42
"""Statements of a bank line that pays the first gift of its listing, so its accounts are opened too."""


def _campaign() -> tuple[uuid.UUID, uuid.UUID]:
    campaign = listings.open_campaign(lines=(listings.money(whole=900_000_000),))
    return campaign.id, listings.lines_of(campaign)[0].id


def test_the_hundredth_gift_costs_as_many_statements_as_the_second(session: Session, jobs: list[Any]) -> None:
    gifts = prepared([_campaign()], [people.person().id for _ in range(4)], 12)
    costs = []
    for gift in gifts:
        session.commit()
        session.expunge_all()
        with counted() as seen:
            _settle(gift, False)
            session.flush()
        costs.append(len(seen))
    assert costs[0] >= costs[1], "the first one opens the accounts"
    assert len(set(costs[1:])) == 1, costs
    assert costs[-1] <= MOST
    assert_books_balance()


def test_a_posting_is_one_statement(session: Session) -> None:
    campaign_id, _ = _campaign()
    fund, clearing = accounts.fund(campaign_id), accounts.provider_clearing("stripe")
    for legs in (1, 5):
        with counted() as seen:
            ledger.post(
                key=f"bench:{legs}",
                kind="payment.captured",
                transfers=[ledger.Transfer(debit_id=clearing, credit_id=fund, amount=100)] * legs,
                source_kind="payment",
                source_id=uuid.uuid4(),
            )
        assert len(seen) == (2 if legs == 1 else 1), "what accounts are is asked once"


@contextmanager
def _unfinished(committed: Committed, work: Callable[[], None]) -> Iterator[None]:
    """Somebody else has done this work, and has not committed it yet."""
    done, end = threading.Event(), threading.Event()

    def hold() -> None:
        with committed.app.app_context():
            work()
            current().flush()
            done.set()
            end.wait(30)
            current().rollback()

    thread = threading.Thread(target=hold)
    thread.start()
    assert done.wait(30)
    try:
        yield
    finally:
        end.set()
        thread.join()


@pytest.mark.parametrize("locked", [False, True])
def test_nobody_waits_for_a_gift_to_the_same_campaign(
    committed: Committed, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    monkeypatch.setattr(kit_jobs, "send", lambda *_: None)
    warm, first, second = prepared([_campaign()], [people.person().id for _ in range(2)], 3)
    _settle(warm, False)
    commit()
    with psycopg.connect(
        committed.settings.database_owner_url.replace("+psycopg", ""), autocommit=True
    ) as owner:
        owner.execute("CREATE TABLE bench_counter (fund_id bigint PRIMARY KEY, received bigint DEFAULT 0)")
        owner.execute("INSERT INTO bench_counter VALUES (0)")
    with _unfinished(committed, lambda: _settle(first, locked)):
        current().execute(text("SET LOCAL lock_timeout = '300ms'"))
        if locked:
            with pytest.raises(OperationalError, match="lock timeout"):
                _settle(second, locked)
            current().rollback()
        else:
            _settle(second, locked)
            commit()
    if not locked:
        assert_books_balance()
    current().rollback()


@pytest.mark.parametrize("query", [Query(), Query(sector="water"), Query(kind="campaign", order="closing")])
def test_one_plan_serves_all_readers_of_a_list(committed: Committed, query: Query) -> None:
    """A page's statement is planned a few times and then no more: planning costs more than the rows."""
    asked = asks_page(query)
    statement, values = asked.sql, asked.values
    with db.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        for _ in range(12):
            driver.execute(statement, values, prepare=True)
        [(generic, custom)] = driver.execute(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE '%%listing_place%%'",
            prepare=False,
        ).fetchall()
        driver.rollback()
    assert (generic, custom) in {(7, 5), (12, 0)}


def test_every_matched_line_costs_the_same(session: Session) -> None:
    """Lines are booked one by one, through the path of every arrival; a batch adds nothing to each."""
    for _ in range(6):
        awaited = payments.transfer()
        line(whole(awaited), f"TRSF {awaited.public_ref}")
    session.flush()
    run_stages([payments.bank_account().id], typed=True)
    session.commit()
    session.expire_all()
    with counted() as seen:
        assert post_due() == (6, 0, 0)
    assert len(seen) <= 6 * MOST_OF_A_LINE
    assert_books_balance()
