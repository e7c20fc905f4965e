"""Many at once on real connections: a need is never promised twice; with controls that show the race."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, text

from coevolve import config
from coevolve.kit.db import commit, session, uuid7
from coevolve.localities import service as localities
from coevolve.payments import queries as payment_queries
from coevolve.people.models import Person
from coevolve.pledges import queries, service
from coevolve.pledges.models import Pledge
from coevolve.pledges.service import Wish, answering
from tests.conftest import Committed
from tests.factories import listings, offers, organisations, people, pledges
from tests.ledger.test_races import at_once
from tests.pledges.conftest import broken


@pytest.fixture
def need(committed: Committed) -> Any:
    """A need of 30 with five offers of 10, committed (the pool has seven connections)."""
    if hasattr(localities, "ensure_loaded"):
        localities.ensure_loaded()
    made = listings.open_need(lines=(listings.goods(30),))
    offers = [pledges.offered(made, quantity=10).id for _ in range(5)]
    owner, line_id = listings.owner_of(made).id, pledges.line_of(made).id
    commit()
    return made.id, line_id, owner, offers


def accept_all(committed: Committed, need: Any) -> list[Any]:
    _, _, owner, offers = need

    def work(pledge_id: Any) -> Any:
        return service.accept(pledge_id=pledge_id, by=session().get(Person, owner)).state

    return at_once(committed.app, *[lambda one=one: work(one) for one in offers])


def test_five_offers_never_exceed_the_need(committed: Committed, need: Any) -> None:
    results = accept_all(committed, need)
    assert [str(result) for result in results].count("accepted") == 3
    totals = queries.totals_for([need[0]])[need[1]]
    assert (totals.promised, totals.missing) == (30, 0)
    assert broken() == []


def test_control_without_the_lock_too_much_is_promised(
    committed: Committed, need: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    barrier = threading.Barrier(5)
    check = answering._check

    def together(*given: Any) -> None:
        check(*given)
        barrier.wait(timeout=10)

    monkeypatch.setattr(answering, "_check", together)
    with config.overridden(fault="skip-lock"):
        results = accept_all(committed, need)
    assert [str(result) for result in results].count("accepted") == 5
    assert "PL1" in broken()


def test_one_form_sent_by_many_clicks_is_one_pledge_and_one_payment(committed: Committed) -> None:
    if hasattr(localities, "ensure_loaded"):
        localities.ensure_loaded()
    campaign = listings.open_campaign()
    giver, token = people.person().id, uuid7()
    wish = Wish(line_id=pledges.line_of(campaign, "money").id, quantity=5_000_000)
    listing_id = campaign.id
    commit()

    def click() -> Any:
        return service.offer(
            listing_id=listing_id,
            by=session().get(Person, giver),
            lines=[wish],
            client_token=token,
            method="checkout",
        ).id

    results = at_once(committed.app, *[click] * 6)
    assert len(set(results)) == 1
    assert session().query(Pledge).count() == 1
    assert len(payment_queries.of("pledge", results[0])) == 1


def test_two_book_the_same_time(committed: Committed) -> None:
    import datetime as dt

    from coevolve.kit import clock

    if hasattr(localities, "ensure_loaded"):
        localities.ensure_loaded()
    need = listings.open_need(lines=(listings.room(10),))
    pledge = pledges.accepted(need, kind="facility", quantity=10)
    line_id, giver = pledges.the_line(pledge).id, pledges.giver_of(pledge).id
    commit()
    at = clock.now() + dt.timedelta(days=1)

    def book() -> Any:
        return service.schedule(
            pledge_line_id=line_id,
            by=session().get(Person, giver),
            quantity=1,
            starts_at=at,
            ends_at=at + dt.timedelta(hours=3),
        ).id

    results = at_once(committed.app, *[book] * 4)
    assert [type(result).__name__ for result in results].count("Conflict") == 3


@pytest.fixture
def one_slot(committed: Committed) -> Any:
    """A free time of a room, and four organisations that want it, committed."""
    if hasattr(localities, "ensure_loaded"):
        localities.ensure_loaded()
    offer = offers.room()
    slot = offers.slots(offer)[0]
    csos = [organisations.organisation() for _ in range(4)]
    wanted = [(organisations.owner_of(cso).id, cso.id) for cso in csos]
    line_id, offer_id = listings.lines_of(offer)[0].id, offer.id
    commit()
    return offer_id, line_id, slot.starts_at, wanted


def ask_all(committed: Committed, one_slot: Any) -> list[Any]:
    offer_id, line_id, starts_at, wanted = one_slot

    def ask(person_id: Any, organisation_id: Any) -> Any:
        return service.request(
            listing_id=offer_id,
            by=session().get(Person, person_id),
            for_organisation_id=organisation_id,
            lines=[Wish(line_id=line_id, quantity=1, starts=(starts_at,))],
            client_token=uuid7(),
        ).id

    return at_once(committed.app, *[lambda one=one: ask(*one) for one in wanted])


def test_four_ask_for_the_same_time(committed: Committed, one_slot: Any) -> None:
    results = ask_all(committed, one_slot)
    assert [type(result).__name__ for result in results].count("Conflict") == 3
    assert session().query(Pledge).count() == 1, "who was refused left nothing behind"


def test_control_without_the_constraint_a_time_is_taken_four_times(
    committed: Committed, one_slot: Any
) -> None:
    owner = create_engine(committed.settings.database_owner_url or "", poolclass=NullPool)
    with owner.begin() as connection:
        connection.execute(text("ALTER TABLE pledge_fulfilment DROP CONSTRAINT ex_pledge_fulfilment_slot"))
    results = ask_all(committed, one_slot)
    assert [type(result).__name__ for result in results].count("UUID") == 4
