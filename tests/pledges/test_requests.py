"""Requests on standing offers: times that never overlap, weeks and months that never run over, needs that follow."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from coevolve.kit import clock
from coevolve.kit.errors import Conflict, DomainError, Forbidden, Invalid, InvalidMove, NotFound
from coevolve.listings import service as listing_service
from coevolve.listings.slots import at, next_period, period_end, period_of
from coevolve.organisations import service as organisation_service
from coevolve.pledges import queries, service
from coevolve.pledges.models import FulfilmentState as F
from coevolve.pledges.models import PledgeFulfilment
from coevolve.pledges.models import PledgeState as S
from tests.factories import listings, offers, organisations, people, pledges
from tests.pledges.conftest import broken, told

DAY = dt.timedelta(days=1)
NEXT_MONTH = 31 * DAY


def times_of(pledge: Any) -> list[PledgeFulfilment]:
    return queries.fulfilments_of([pledges.the_line(pledge).id])[pledges.the_line(pledge).id]


def test_times_are_asked_booked_used_and_confirmed(session: Session) -> None:
    offer = offers.room()
    one, two, three, _ = offers.slots(offer)
    pledge = offers.asked(offer, one, two)
    assert pledges.the_line(pledge).quantity == 4, "two slots of two hours"
    assert [row.state for row in times_of(pledge)] == [F.asked, F.asked]
    assert told(session, "pledge.requested")
    with pytest.raises(Conflict) as taken:
        offers.asked(offer, two, three)
    assert taken.value.code == "slot_taken"
    giver, asker = listings.owner_of(offer), offers.asker_of(pledge)
    with pytest.raises(Forbidden):
        service.accept(pledge_id=pledge.id, by=asker)
    with pytest.raises(NotFound):
        service.accept(pledge_id=pledge.id, by=people.person())
    service.accept(pledge_id=pledge.id, by=giver, slots=[times_of(pledge)[0].id])
    booked, freed = times_of(pledge)
    assert (booked.state, freed.state, pledges.the_line(pledge).accepted_quantity) == (
        F.booked,
        F.cancelled,
        2,
    )
    other = offers.agreed(offer, two)
    assert other.state == S.accepted, "what was not agreed to is free again"
    with clock.travel(one.ends_at):
        service.hand_over(fulfilment_id=booked.id, by=giver)
        service.confirm(fulfilment_id=booked.id, by=asker)
    assert (booked.state, pledge.state) == (F.confirmed, S.confirmed)
    assert told(session, "request.accepted")


@pytest.mark.parametrize("end", ["decline", "withdraw", "lapse", "close", "expire"])
def test_every_end_frees_the_time(session: Session, end: str) -> None:
    offer = offers.room()
    slot = offers.slots(offer)[0]
    pledge = offers.asked(offer, slot)
    giver = listings.owner_of(offer)
    if end == "decline":
        service.decline(pledge_id=pledge.id, by=giver, reason="Ruangan dipakai sendiri")
    elif end == "withdraw":
        service.withdraw(pledge_id=pledge.id, by=offers.asker_of(pledge))
    elif end == "lapse":
        assert pledge.lapses_at is not None
        assert pledge.lapses_at <= slot.starts_at
        with clock.travel(slot.starts_at + dt.timedelta(minutes=1)):
            with pytest.raises(Conflict):
                service.accept(pledge_id=pledge.id, by=giver)
            service.lapse_due()
    elif end == "close":
        listing_service.close(listing_id=offer.id, by=giver)
        with pytest.raises(Conflict):
            service.accept(pledge_id=pledge.id, by=giver)
        service.cancel_of_closed(about_id=offer.id, journal_id=0)
    else:
        with clock.travel(NEXT_MONTH * 4):
            listing_service.expire_due()
        service.cancel_of_expired(about_id=offer.id, journal_id=0)
    session.refresh(pledge)
    assert pledge.state in {S.declined, S.withdrawn, S.lapsed, S.cancelled}
    assert [row.state for row in times_of(pledge)] == [F.cancelled]
    word = {"decline": "declined", "withdraw": "withdrawn", "lapse": "lapsed"}.get(end, "cancelled")
    assert told(session, f"request.{word}"), "the other side hears of it"


def test_an_offer_that_closes_keeps_what_was_agreed(session: Session) -> None:
    offer = offers.room()
    one, two, *_ = offers.slots(offer)
    kept, waiting = offers.agreed(offer, one), offers.asked(offer, two)
    listing_service.close(listing_id=offer.id, by=listings.owner_of(offer))
    service.cancel_of_closed(about_id=offer.id, journal_id=0)
    session.refresh(kept)
    session.refresh(waiting)
    assert (kept.state, waiting.state) == (S.accepted, S.cancelled)


def test_a_paused_offer_takes_no_request_but_answers_those_it_has(session: Session) -> None:
    offer = offers.room()
    one, two, *_ = offers.slots(offer)
    pledge = offers.asked(offer, one)
    listing_service.pause(listing_id=offer.id, by=listings.owner_of(offer))
    with pytest.raises(Conflict):
        offers.asked(offer, two)
    service.accept(pledge_id=pledge.id, by=listings.owner_of(offer))
    assert pledge.state == S.accepted


@pytest.mark.parametrize("by", ["giver", "asker"])
def test_a_booking_given_back_in_time_is_free_for_others(session: Session, by: str) -> None:
    offer = offers.room()
    one, two, *_ = offers.slots(offer)
    pledge = offers.agreed(offer, one, two)
    who = listings.owner_of(offer) if by == "giver" else offers.asker_of(pledge)
    first, second = times_of(pledge)
    with pytest.raises(NotFound):
        service.cancel_booking(fulfilment_id=first.id, by=people.person())
    service.cancel_booking(fulfilment_id=first.id, by=who, reason="Acara pindah hari")
    assert (pledge.state, pledges.the_line(pledge).accepted_quantity) == (S.accepted, 2)
    assert told(session, "request.booking_cancelled")[0].data["reason"] == "Acara pindah hari"
    assert offers.agreed(offer, one).state == S.accepted
    with pytest.raises(Conflict):
        service.cancel_booking(fulfilment_id=first.id, by=who)
    with clock.travel(two.starts_at + dt.timedelta(minutes=1)), pytest.raises(Conflict) as late:
        service.cancel_booking(fulfilment_id=second.id, by=who)
    assert late.value.code == "slot_begun"
    service.cancel_booking(fulfilment_id=second.id, by=who)
    assert pledge.state == S.cancelled, "nothing is left of it"


def test_nobody_came(session: Session) -> None:
    offer = offers.room()
    slot = offers.slots(offer)[0]
    pledge = offers.agreed(offer, slot)
    (booked,) = times_of(pledge)
    giver = listings.owner_of(offer)
    with pytest.raises(Conflict) as early:
        service.no_show(fulfilment_id=booked.id, by=giver)
    assert early.value.code == "slot_ahead"
    with clock.travel(slot.ends_at):
        with pytest.raises(Forbidden):
            service.no_show(fulfilment_id=booked.id, by=offers.asker_of(pledge))
        service.no_show(fulfilment_id=booked.id, by=giver)
    assert (booked.state, pledge.state) == (F.no_show, S.cancelled)
    assert told(session, "request.no_show")


def test_what_is_there_by_month(session: Session) -> None:
    offer = offers.monthly(10, min_useful_quantity=2)
    line = pledges.line_of(offer, "time")
    this = period_of("month", clock.today())
    assert this is not None
    then = next_period("month", this)
    first = offers.agreed(offer, quantity=6)
    assert queries.free_in(line, this) == 4
    for wrong, code in (
        (5, "more_than_free"),
        (1, "less_than_useful"),
        (11, "quantity_range"),
        (0, "quantity_range"),
    ):
        with pytest.raises(Invalid) as refusal:
            offers.asked(offer, quantity=wrong)
        assert refusal.value.code == code
    assert offers.agreed(offer, quantity=10, period_on=then).state == S.accepted, (
        "a new month, the whole again"
    )
    waiting, other = offers.asked(offer, quantity=4), offers.asked(offer, quantity=3)
    service.accept(pledge_id=other.id, by=listings.owner_of(offer))
    with pytest.raises(Invalid):
        service.accept(pledge_id=waiting.id, by=listings.owner_of(offer))
    service.accept(
        pledge_id=waiting.id, by=listings.owner_of(offer), quantities={pledges.the_line(waiting).id: 1}
    )
    assert queries.free_in(line, this) == 0
    with pytest.raises(Invalid) as full:
        offers.asked(offer, quantity=2)
    assert full.value.code == "nothing_free"
    for past in (this - DAY, this + 400 * DAY):
        with pytest.raises(Invalid) as out:
            offers.asked(offer, quantity=2, period_on=past)
        assert out.value.code == "period_out"
    service.withdraw(pledge_id=first.id, by=listings.owner_of(offer), reason="Sakit")
    assert queries.free_in(line, this) == 6, "what ended is free again"


def test_an_inexhaustible_offer_is_never_used_up(session: Session) -> None:
    offer = listings.open_offer(lines=(listings.goods(5, is_inexhaustible=True),))
    for _ in range(3):
        assert offers.agreed(offer, quantity=5).state == S.accepted
    with pytest.raises(Invalid):
        offers.asked(offer, quantity=6)


def test_slots_that_cannot_be_asked_for(session: Session) -> None:
    offer = offers.room(needed_until=clock.today() + 20 * DAY)
    slot = offers.slots(offer)[0]
    minute = dt.timedelta(minutes=1)

    def refused(*starts: dt.datetime) -> str:
        cso = organisations.organisation()
        wish = service.Wish(line_id=listings.lines_of(offer)[0].id, quantity=1, starts=starts, field="slots")
        with pytest.raises(DomainError) as refusal:
            service.request(
                listing_id=offer.id,
                by=organisations.owner_of(cso),
                for_organisation_id=cso.id,
                lines=[wish],
                client_token=offers.uuid7(),
            )
        assert refusal.value.field == "slots"
        return refusal.value.code

    assert refused() == "slots_missing"
    assert refused(slot.starts_at + minute) == "slot_unknown"
    assert refused(slot.starts_at - 60 * DAY) == "slot_past"
    assert refused(slot.starts_at + 30 * DAY) == "slot_unknown", "beyond the last day of the offer"
    assert refused(*(slot.starts_at + number * minute for number in range(21))) == "slots_many"
    day = (slot.starts_at + dt.timedelta(hours=8)).date()
    listing_service.close_days(
        line_id=listings.lines_of(offer)[0].id, by=listings.owner_of(offer), first_on=day, note="Libur"
    )
    assert refused(slot.starts_at) == "slot_unknown", "a closed day has no slots"


def test_opening_hours_never_overlap(session: Session) -> None:
    offer = offers.room()
    with pytest.raises(Conflict) as overlap:
        offers.hours(offer, weekdays=[1], opens=15 * 60, closes=18 * 60)
    assert (overlap.value.code, overlap.value.field) == ("hours_overlap", "opens")
    offers.hours(offer, weekdays=[1], opens=16 * 60, closes=20 * 60)
    for wrong in (
        {"weekdays": []},
        {"weekdays": [8]},
        {"opens": 600, "closes": 600},
        {"opens": 0, "closes": 1441},
    ):
        with pytest.raises(Invalid):
            offers.hours(offer, **wrong)
    with pytest.raises(Invalid):
        offers.hours(offer, weekdays=[2], opens=1200, closes=1260)
    with pytest.raises(Forbidden):
        listing_service.add_hours(
            line_id=listings.lines_of(offer)[0].id, by=people.person(), weekdays=[1], opens=0, closes=300
        )


def test_a_request_fulfils_the_askers_own_need(session: Session) -> None:
    cso = organisations.organisation()
    need = listings.open_need(organisation=cso, lines=(listings.goods(100),))
    need_line = listings.lines_of(need)[0]
    offer = listings.open_offer(lines=(listings.goods(60),))
    stranger = listings.open_need(lines=(listings.goods(100),))
    for wrong in (listings.lines_of(stranger)[0].id, listings.lines_of(offer)[0].id, offers.uuid7()):
        with pytest.raises(Invalid) as refusal:
            offers.asked(offer, quantity=40, organisation=cso, need_line_id=wrong)
        assert refusal.value.code == "need_unknown"
    pledge = offers.agreed(offer, quantity=40, organisation=cso, need_line_id=need_line.id)
    assert queries.totals_for([need.id])[need_line.id].promised == 40
    sent = service.hand_over(
        pledge_line_id=pledges.the_line(pledge).id, by=listings.owner_of(offer), quantity=30
    )
    service.confirm(fulfilment_id=sent.id, by=offers.asker_of(pledge))
    totals = queries.totals_for([need.id])[need_line.id]
    assert (totals.received, totals.promised) == (30, 10)
    service.withdraw(pledge_id=pledge.id, by=listings.owner_of(offer))
    totals = queries.totals_for([need.id])[need_line.id]
    assert (totals.received, totals.promised, totals.missing) == (30, 0, 70)


def test_both_are_reminded_once(session: Session) -> None:
    offer = offers.room()
    slot = offers.slots(offer)[0]
    offers.agreed(offer, slot)
    service.remind_soon()
    assert told(session, "request.soon") == []
    with clock.travel(slot.starts_at - dt.timedelta(hours=20)):
        service.remind_soon()
        number = len(told(session, "request.soon"))
        service.remind_soon()
    people_told = {one.person_id for one in told(session, "request.soon")}
    assert len(people_told) == 2
    assert len(told(session, "request.soon")) == number


def test_what_a_request_is_for_is_told_to_the_giver_alone(session: Session) -> None:
    offer = offers.room()
    pledge = offers.agreed(offer, offers.slots(offer)[0])
    assert pledge.message == "Pelatihan kader posyandu"
    assert [row.message for row in queries.supporters_of(offer.id).rows] == [""]


def test_a_refusal_is_honoured_both_ways(session: Session) -> None:
    offer, cso = offers.room(), organisations.organisation()
    need = listings.open_need(organisation=cso)
    owner, giver = organisations.owner_of(cso), listings.owner_of(offer)
    organisation_service.refuse(organisation_id=cso.id, by=owner, givers=["company"], business=[])
    with pytest.raises(Conflict) as refused:
        offers.asked(offer, offers.slots(offer)[0], organisation=cso)
    assert refused.value.code == "refused_giver"
    with pytest.raises(Conflict) as refused:
        pledges.offered(need, by=giver, for_organisation_id=offer.organisation_id)
    assert refused.value.code == "refused_giver"


def test_who_sits_on_both_sides_does_not_answer(session: Session) -> None:
    offer, cso = offers.room(), organisations.organisation()
    asker = organisations.owner_of(cso)
    organisation_service.add_member(organisation_id=offer.organisation_id, person_id=asker.id, role="member")
    pledge = offers.asked(offer, offers.slots(offer)[0], organisation=cso)
    with pytest.raises(Forbidden):
        service.accept(pledge_id=pledge.id, by=asker)
    service.accept(pledge_id=pledge.id, by=listings.owner_of(offer))
    assert pledge.state == S.accepted


def test_a_second_click_is_the_same_request(session: Session) -> None:
    offer, token, cso = offers.room(), offers.uuid7(), organisations.organisation()
    slot = offers.slots(offer)[0]
    first = offers.asked(offer, slot, organisation=cso, client_token=token)
    assert offers.asked(offer, slot, organisation=cso, client_token=token).id == first.id
    assert len(times_of(first)) == 1


def test_zones_have_no_summer() -> None:
    for zone, hour in (("Asia/Jakarta", 1), ("Asia/Makassar", 0), ("Asia/Jayapura", 23)):
        assert at(dt.date(2027, 3, 5), 8 * 60, zone).hour == hour
    assert at(dt.date(2027, 3, 5), 1440, "Asia/Jakarta") == at(dt.date(2027, 3, 6), 0, "Asia/Jakarta")
    assert period_of("week", dt.date(2026, 11, 22)) == dt.date(2026, 11, 16)
    assert period_end("month", dt.date(2027, 2, 1)) == dt.date(2027, 2, 28)


@given(seed=st.integers(0, 10_000))
@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_random_requests_never_overlap_nor_run_over(session: Session, seed: int) -> None:
    chance = random.Random(seed)
    room = offers.room(per="week", quantity=8, is_inexhaustible=False)
    skill = offers.monthly(10)
    csos = [organisations.organisation() for _ in range(2)]
    times = [slot for ahead in range(1, 10) for slot in offers.slots(room, days_ahead=ahead)]
    made: list[Any] = []
    for _ in range(14):
        try:
            step = chance.choice(["ask", "ask", "hours", "accept", "accept", "decline", "withdraw", "cancel"])
            if step == "ask":
                chosen = chance.sample(times, chance.randint(1, 2))
                made.append(offers.asked(room, *chosen, organisation=chance.choice(csos)))
            elif step == "hours":
                made.append(
                    offers.asked(skill, quantity=chance.randint(1, 10), organisation=chance.choice(csos))
                )
            elif made:
                pledge = chance.choice(made)
                giver = listings.owner_of(room if pledge.listing_id == room.id else skill)
                if step == "accept":
                    service.accept(pledge_id=pledge.id, by=giver)
                elif step == "decline":
                    service.decline(pledge_id=pledge.id, by=giver, reason="Tidak dapat")
                elif step == "withdraw":
                    service.withdraw(pledge_id=pledge.id, by=offers.asker_of(pledge))
                else:
                    service.cancel_booking(fulfilment_id=times_of(pledge)[0].id, by=giver)
        except (Conflict, Invalid, InvalidMove, Forbidden, IndexError):
            continue
    held = session.execute(
        select(PledgeFulfilment.slot).where(
            PledgeFulfilment.facility_id == listings.lines_of(room)[0].id,
            PledgeFulfilment.state.in_([F.asked, F.booked]),
        )
    ).scalars()
    ranges = sorted((slot.lower, slot.upper) for slot in held if slot is not None)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(ranges))
    assert broken() == [], "PL10: no week or month runs over"
