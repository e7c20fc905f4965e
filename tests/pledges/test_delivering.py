"""Hand-overs, shifts and bookings: every move of all three kinds, both confirmations, and the meter after each."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from sqlalchemy.orm import Session

from coevolve.kit import clock, moves
from coevolve.kit.db import uuid7
from coevolve.kit.errors import Conflict, Forbidden, Invalid, InvalidMove, NotFound
from coevolve.listings import queries as listing_queries
from coevolve.pledges import policy, queries, service
from coevolve.pledges.models import FULFILMENT, PLEDGE, FulfilmentState, Pledge, PledgeFulfilment, PledgeState
from coevolve.pledges.service import Wish
from tests.factories import listings, organisations, people, pledges
from tests.invariants import assert_books_balance
from tests.pledges.conftest import journal, told

F, S = FulfilmentState, PledgeState


def meter(pledge: Pledge) -> tuple[int, int, int]:
    line = pledges.the_line(pledge)
    totals = queries.totals_for([pledge.listing_id])[line.line_id]
    return totals.received, totals.promised, totals.missing


def chain(machine: moves.Machine, object_id: uuid.UUID) -> list[str]:
    return [event.dst for event in moves.history(machine, object_id)]


def test_goods_from_promise_to_both_confirmations(session: Session) -> None:
    pledge = pledges.accepted(quantity=340, agreed=300)
    giver, receiver, line = pledges.giver_of(pledge), pledges.receiver_of(pledge), pledges.the_line(pledge)
    day = clock.now() + dt.timedelta(days=3)
    planned = service.schedule(
        pledge_line_id=line.id, by=receiver, quantity=300, starts_at=day, place="Balai dusun"
    )
    assert (planned.state, pledge.state) == (F.scheduled, S.accepted)
    service.hand_over(fulfilment_id=planned.id, by=giver, evidence="Diantar dengan truk")
    assert (planned.state, pledge.state) == (F.handed_over, S.delivered)
    assert meter(pledge) == (0, 300, 500)
    service.receive(fulfilment_id=planned.id, by=receiver, quantity=300)
    assert planned.state == F.received
    service.confirm(fulfilment_id=planned.id, by=receiver)
    assert (planned.state, pledge.state) == (F.accepted, S.confirmed)
    assert meter(pledge) == (300, 0, 500)
    assert chain(PLEDGE, pledge.id) == ["offered", "accepted", "delivered", "confirmed"]
    assert chain(FULFILMENT, planned.id) == ["scheduled", "handed_over", "received", "accepted"]
    assert journal(session, pledge.id)[2:] == [
        "pledge.scheduled",
        "pledge.handed_over",
        "pledge.received",
        "pledge.kept",
        "pledge.confirmed",
    ]
    assert told(session, "pledge.handed_over")
    assert told(session, "pledge.confirmed")


@pytest.mark.case(75)
def test_a_hundred_sent_eighty_good_ten_damaged_ten_missing(session: Session) -> None:
    pledge = pledges.accepted(quantity=100)
    giver, receiver, line = pledges.giver_of(pledge), pledges.receiver_of(pledge), pledges.the_line(pledge)
    sent = service.hand_over(pledge_line_id=line.id, by=giver, quantity=100)
    service.receive(fulfilment_id=sent.id, by=receiver, quantity=90)
    service.confirm(fulfilment_id=sent.id, by=receiver, quantity=80, evidence="10 retak, 10 tidak ada")
    assert (sent.state, pledge.state) == (F.partly_accepted, S.partly_delivered)
    assert meter(pledge) == (80, 20, 700)
    again = service.hand_over(pledge_line_id=line.id, by=giver, quantity=20)
    assert pledge.state == S.delivered
    service.confirm(fulfilment_id=again.id, by=receiver)
    assert pledge.state == S.confirmed
    assert meter(pledge) == (100, 0, 700)
    assert_books_balance()


def test_rejected_goods_count_nowhere(session: Session) -> None:
    sent = pledges.handed_over(quantity=50)
    pledge = _pledge_of(sent)
    service.confirm(fulfilment_id=sent.id, by=pledges.receiver_of(pledge), quantity=0, evidence="Rusak semua")
    assert (sent.state, pledge.state) == (F.rejected, S.partly_delivered)
    assert meter(pledge) == (0, 50, 750)


def _pledge_of(fulfilment) -> Pledge:  # type: ignore[no-untyped-def]
    from coevolve.kit import db
    from coevolve.pledges.models import PledgeLine

    return queries.get(db.get(PledgeLine, fulfilment.pledge_line_id).pledge_id)


def test_time_is_confirmed_or_contested(session: Session) -> None:
    need = listings.open_need(lines=(listings.hours(24),))
    pledge = pledges.accepted(need, kind="time", quantity=16)
    giver, receiver, line = pledges.giver_of(pledge), pledges.receiver_of(pledge), pledges.the_line(pledge)
    first = service.hand_over(pledge_line_id=line.id, by=giver, quantity=8, evidence="Senin")
    assert first.state == F.performed
    service.contest(fulfilment_id=first.id, by=receiver, reason="Hanya lima jam")
    assert (first.state, pledge.state) == (F.contested, S.partly_delivered)
    assert told(session, "pledge.contested")[0].data["reason"] == "Hanya lima jam"
    service.confirm(fulfilment_id=first.id, by=receiver, quantity=5)
    assert first.state == F.confirmed
    assert meter(pledge) == (5, 11, 8)
    second = service.hand_over(pledge_line_id=line.id, by=giver, quantity=11)
    service.confirm(fulfilment_id=second.id, by=receiver)
    assert pledge.state == S.confirmed
    with pytest.raises(Invalid):
        service.contest(fulfilment_id=second.id, by=receiver, reason=" ")


@pytest.mark.case(76)
def test_a_facility_is_booked_used_and_confirmed(session: Session) -> None:
    offer = listings.open_offer(lines=(listings.room(30),))
    owner = listings.owner_of(offer)
    one, other = _requested(offer, 3), _requested(offer, 3)
    at = clock.now() + dt.timedelta(days=5)
    day = dt.timedelta(days=1)
    booked = service.schedule(
        pledge_line_id=pledges.the_line(one).id, by=owner, quantity=3, starts_at=at, ends_at=at + 3 * day
    )
    assert booked.state == F.booked
    with pytest.raises(Conflict) as refusal:
        service.schedule(
            pledge_line_id=pledges.the_line(other).id,
            by=owner,
            quantity=1,
            starts_at=at + 2 * day,
            ends_at=at + 4 * day,
        )
    assert refusal.value.code == "slot_taken"
    later = service.schedule(
        pledge_line_id=pledges.the_line(other).id,
        by=owner,
        quantity=1,
        starts_at=at + 3 * day,
        ends_at=at + 4 * day,
    )
    service.hand_over(fulfilment_id=booked.id, by=owner)
    assert booked.state == F.used
    service.confirm(fulfilment_id=booked.id, by=pledges.receiver_of(one))
    assert (booked.state, one.state) == (F.confirmed, S.confirmed)
    with pytest.raises(Conflict):
        service.no_show(fulfilment_id=later.id, by=owner)
    with clock.travel(at + 3 * day + dt.timedelta(hours=1)):
        service.no_show(fulfilment_id=later.id, by=owner)
    assert later.state == F.no_show
    again = service.schedule(
        pledge_line_id=pledges.the_line(other).id,
        by=owner,
        quantity=1,
        starts_at=at + 3 * day,
        ends_at=at + 4 * day,
    )
    assert again.state == F.booked, "a no-show frees its time and its quantity"
    assert_books_balance()


def _requested(offer, quantity: int) -> Pledge:  # type: ignore[no-untyped-def]
    cso = organisations.organisation()
    pledge = service.request(
        listing_id=offer.id,
        by=organisations.owner_of(cso),
        for_organisation_id=cso.id,
        lines=[Wish(line_id=pledges.line_of(offer, "facility").id, quantity=quantity)],
        client_token=uuid7(),
    )
    return service.accept(pledge_id=pledge.id, by=listings.owner_of(offer))


def test_facilities_on_a_need_belong_to_their_givers(session: Session) -> None:
    need = listings.open_need(lines=(listings.room(10),))
    one, other = (pledges.accepted(need, kind="facility", quantity=2) for _ in range(2))
    at = clock.now() + dt.timedelta(days=5)
    for pledge in (one, other):
        service.schedule(
            pledge_line_id=pledges.the_line(pledge).id,
            by=pledges.giver_of(pledge),
            quantity=2,
            starts_at=at,
            ends_at=at + dt.timedelta(days=1),
        )


def test_slots_need_an_order(session: Session) -> None:
    need = listings.open_need(lines=(listings.room(10),))
    pledge = pledges.accepted(need, kind="facility", quantity=2)
    line, giver, at = pledges.the_line(pledge), pledges.giver_of(pledge), clock.now()
    for starts_at, ends_at in ((None, None), (at, None), (at, at), (at, at - dt.timedelta(hours=1))):
        with pytest.raises(Invalid):
            service.schedule(
                pledge_line_id=line.id, by=giver, quantity=1, starts_at=starts_at, ends_at=ends_at
            )


@pytest.mark.parametrize("quantity", [0, -5, 301])
def test_not_more_than_agreed_is_handed_over(session: Session, quantity: int) -> None:
    pledge = pledges.accepted(quantity=340, agreed=300)
    with pytest.raises(Invalid):
        service.hand_over(
            pledge_line_id=pledges.the_line(pledge).id, by=pledges.giver_of(pledge), quantity=quantity
        )


def test_planned_and_sent_together_stay_within_what_was_agreed(session: Session) -> None:
    pledge = pledges.accepted(quantity=300)
    line, giver = pledges.the_line(pledge), pledges.giver_of(pledge)
    planned = service.schedule(pledge_line_id=line.id, by=giver, quantity=200)
    with pytest.raises(Invalid):
        service.hand_over(pledge_line_id=line.id, by=giver, quantity=101)
    service.hand_over(pledge_line_id=line.id, by=giver, quantity=100)
    with pytest.raises(Invalid):
        service.hand_over(fulfilment_id=planned.id, by=giver, quantity=201)
    service.hand_over(fulfilment_id=planned.id, by=giver, quantity=150)
    assert planned.quantity_sent == 150


def test_who_confirms_what(session: Session) -> None:
    sent = pledges.handed_over(quantity=50)
    pledge = _pledge_of(sent)
    giver, receiver, stranger = pledges.giver_of(pledge), pledges.receiver_of(pledge), people.person()
    for act in (service.receive, service.confirm):
        with pytest.raises(Forbidden):
            act(fulfilment_id=sent.id, by=giver)
        with pytest.raises(NotFound):
            act(fulfilment_id=sent.id, by=stranger)
    with pytest.raises(Forbidden):
        service.hand_over(pledge_line_id=sent.pledge_line_id, by=receiver, quantity=1)
    service.confirm(fulfilment_id=sent.id, by=policy.party_by_link("receiver"))
    assert pledge.state == S.confirmed


def test_steps_out_of_order_are_refused(session: Session) -> None:
    pledge = pledges.offered()
    line = pledges.the_line(pledge)
    with pytest.raises(Conflict):
        service.hand_over(pledge_line_id=line.id, by=pledges.giver_of(pledge), quantity=5)
    service.accept(pledge_id=pledge.id, by=pledges.receiver_of(pledge))
    sent = service.hand_over(pledge_line_id=line.id, by=pledges.giver_of(pledge), quantity=5)
    with pytest.raises(InvalidMove):
        service.contest(fulfilment_id=sent.id, by=pledges.receiver_of(pledge), reason="x")
    service.confirm(fulfilment_id=sent.id, by=pledges.receiver_of(pledge))
    for act in (service.receive, service.confirm):
        with pytest.raises((InvalidMove, Invalid)):
            act(fulfilment_id=sent.id, by=pledges.receiver_of(pledge))
    with pytest.raises(InvalidMove):
        service.no_show(fulfilment_id=sent.id, by=pledges.giver_of(pledge))


def test_the_receiver_keeps_no_more_than_it_counted(session: Session) -> None:
    sent = pledges.handed_over(quantity=50)
    receiver = pledges.receiver_of(_pledge_of(sent))
    with pytest.raises(Invalid):
        service.confirm(fulfilment_id=sent.id, by=receiver, quantity=51)
    with pytest.raises(Invalid):
        service.receive(fulfilment_id=sent.id, by=receiver, quantity=-1)
    service.receive(fulfilment_id=sent.id, by=receiver, quantity=40)
    with pytest.raises(Invalid):
        service.confirm(fulfilment_id=sent.id, by=receiver, quantity=41)
    service.confirm(fulfilment_id=sent.id, by=receiver)
    assert sent.quantity_received == 40


def test_a_need_is_fulfilled_when_nothing_is_missing(session: Session) -> None:
    need = listings.open_need(lines=(listings.goods(100), listings.hours(8)))
    sent = pledges.handed_over(need, quantity=100)
    service.confirm(fulfilment_id=sent.id, by=listings.owner_of(need))
    assert listing_queries.get(need.id).state == "open"
    shift = pledges.accepted(need, kind="time", quantity=8)
    done = service.hand_over(
        pledge_line_id=pledges.the_line(shift).id, by=pledges.giver_of(shift), quantity=8
    )
    service.confirm(fulfilment_id=done.id, by=listings.owner_of(need))
    session.expire_all()
    assert listing_queries.get(need.id).state == "fulfilled"


def test_every_state_has_a_label_and_every_edge_a_migration(session: Session) -> None:
    from sqlalchemy import text

    for machine, model in ((PLEDGE, Pledge), (FULFILMENT, PledgeFulfilment)):
        assert {str(state) for state in model.state_labels} == set(machine.moves) | machine.final()
        rows = session.execute(text("SELECT src, dst FROM move_edge WHERE machine = :m"), {"m": machine.name})
        assert sorted((row[0], row[1]) for row in rows) == machine.edges()
