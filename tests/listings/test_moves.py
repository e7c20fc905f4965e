"""Every step of a listing, who may take it, and every refusal."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from coevolve.journal.models import JournalLine
from coevolve.kit import clock
from coevolve.kit.errors import Conflict, DomainError, Forbidden, Invalid, InvalidMove, NotFound
from coevolve.kit.moves import MoveEdge, history
from coevolve.listings import policy, queries, service
from coevolve.listings.models import MACHINE, Kind, State
from coevolve.notifications.models import Message
from coevolve.organisations import service as organisation_service
from tests.factories import listings, organisations, people


def test_edges_in_the_database_are_those_of_the_machine(session: Session) -> None:
    rows = session.execute(select(MoveEdge.src, MoveEdge.dst).where(MoveEdge.machine == "listing"))
    assert sorted((row.src, row.dst) for row in rows) == MACHINE.edges()


def test_from_draft_to_open(session: Session) -> None:
    made = listings.draft()
    owner = listings.owner_of(made)
    assert made.state == State.draft
    service.submit(listing_id=made.id, by=owner)
    assert made.state == State.in_review
    opened = service.open_(listing_id=made.id, by=people.moderator())
    assert opened.state == State.open
    assert opened.opened_at is not None
    assert opened.reconfirm_by is not None
    assert [event.dst for event in history(MACHINE, made.id)] == ["draft", "in_review", "open"]
    kinds = session.execute(
        select(JournalLine.kind).where(JournalLine.about_id == made.id).order_by(JournalLine.id)
    ).scalars()
    assert list(kinds) == ["listing.drafted", "listing.submitted", "listing.opened"]


def test_members_hear_of_the_decision(session: Session) -> None:
    made = listings.open_need()
    told = session.execute(select(Message.person_id, Message.kind).where(Message.about_id == made.id)).all()
    assert (listings.owner_of(made).id, "listing.shown") in {tuple(row) for row in told}


def test_returned_with_remarks_and_sent_again(session: Session) -> None:
    made = listings.submitted()
    owner = listings.owner_of(made)
    moderator = people.moderator()
    service.return_(
        listing_id=made.id,
        by=moderator,
        text="Dua hal perlu diperbaiki.",
        remarks={"summary": "Sebut desa.", "title": " "},
    )
    assert made.state == State.returned
    assert made.remarks == {"summary": "Sebut desa."}
    service.revise(listing_id=made.id, by=owner, summary="Pipa untuk empat puluh keluarga di Oelbubuk.")
    service.submit(listing_id=made.id, by=owner)
    assert made.remarks == {}
    told = session.execute(
        select(Message.data).where(Message.about_id == made.id, Message.kind == "listing.returned")
    )
    assert "Sebut desa." in told.scalars().first()["reason"]


def test_return_needs_words(session: Session) -> None:
    made = listings.submitted()
    with pytest.raises(Invalid):
        service.return_(listing_id=made.id, by=people.moderator(), text=" ", remarks={"title": ""})


def test_rejected_is_final(session: Session) -> None:
    made = listings.submitted()
    service.reject(listing_id=made.id, by=people.moderator(), text="Bukan kegiatan sosial.")
    assert made.state == State.rejected
    with pytest.raises(Forbidden):
        service.revise(listing_id=made.id, by=listings.owner_of(made), title="Judul yang lain sekali")


@pytest.mark.parametrize("verb", ["reject", "freeze"])
def test_reasons_must_be_given(session: Session, verb: str) -> None:
    made = listings.submitted() if verb == "reject" else listings.open_need()
    with pytest.raises(Invalid):
        getattr(service, verb)(listing_id=made.id, by=people.moderator(), text="tidak")


def test_pause_resume_close(session: Session) -> None:
    made = listings.open_need()
    owner = listings.owner_of(made)
    service.pause(listing_id=made.id, by=owner)
    service.resume(listing_id=made.id, by=owner)
    service.close(listing_id=made.id, by=owner, text="Sudah ada bantuan lain.")
    assert made.state == State.closed
    with pytest.raises(InvalidMove):
        service.pause(listing_id=made.id, by=owner)


def test_freeze_and_both_ways_out(session: Session) -> None:
    made, other = listings.open_need(), listings.open_need()
    moderator = people.moderator()
    for one in (made, other):
        service.freeze(listing_id=one.id, by=moderator, text="Ada laporan yang diperiksa.")
    service.unfreeze(listing_id=made.id, by=moderator, text="Laporan tidak terbukti.")
    service.unfreeze(listing_id=other.id, by=moderator, text="Laporan terbukti benar.", is_closed=True)
    assert (made.state, other.state) == (State.open, State.closed)


def test_members_cannot_leave_a_freeze(session: Session) -> None:
    made = listings.open_need()
    service.freeze(listing_id=made.id, by=people.moderator(), text="Ada laporan yang diperiksa.")
    for act in (service.resume, service.close):
        with pytest.raises(DomainError):
            act(listing_id=made.id, by=listings.owner_of(made))
    assert made.state == State.frozen


# --- who may -----------------------------------------------------------------------------------------


def _acts(listing_id: uuid.UUID) -> dict[str, Any]:
    return {
        "revise": lambda by: service.revise(listing_id=listing_id, by=by, title="Judul yang lain sekali"),
        "put_line": lambda by: service.put_line(listing_id=listing_id, by=by, **listings.goods()),
        "submit": lambda by: service.submit(listing_id=listing_id, by=by),
        "open": lambda by: service.open_(listing_id=listing_id, by=by),
        "return": lambda by: service.return_(
            listing_id=listing_id, by=by, text="Perbaiki judulnya.", remarks={}
        ),
        "reject": lambda by: service.reject(listing_id=listing_id, by=by, text="Bukan kegiatan sosial."),
        "pause": lambda by: service.pause(listing_id=listing_id, by=by),
        "resume": lambda by: service.resume(listing_id=listing_id, by=by),
        "reconfirm": lambda by: service.reconfirm(listing_id=listing_id, by=by),
        "close": lambda by: service.close(listing_id=listing_id, by=by),
        "freeze": lambda by: service.freeze(listing_id=listing_id, by=by, text="Ada laporan yang diperiksa."),
        "unfreeze": lambda by: service.unfreeze(listing_id=listing_id, by=by, text="Laporan tidak terbukti."),
    }


@pytest.mark.parametrize("verb", sorted(_acts(uuid.uuid4())))
def test_strangers_and_finance_of_the_organisation_may_nothing(session: Session, verb: str) -> None:
    made = listings.draft()
    stranger = people.person()
    accountant = organisations.member(listings._owner(made), role="finance")
    with pytest.raises(NotFound):
        _acts(made.id)[verb](stranger)
    with pytest.raises((Forbidden, NotFound)):
        _acts(made.id)[verb](accountant)
    assert made.state == State.draft


@pytest.mark.parametrize("verb", ["open", "return", "reject"])
def test_members_do_not_decide_about_their_own(session: Session, verb: str) -> None:
    made = listings.submitted()
    both = people.moderator()
    organisation_service.add_member(organisation_id=made.organisation_id, person_id=both.id, role="member")
    for who in (listings.owner_of(made), both):
        with pytest.raises(Forbidden):
            _acts(made.id)[verb](who)
    assert made.state == State.in_review


@pytest.mark.parametrize("verb", ["revise", "submit", "pause", "close", "reconfirm"])
def test_moderators_do_not_write_for_others(session: Session, verb: str) -> None:
    made = listings.open_need()
    with pytest.raises(Forbidden):
        _acts(made.id)[verb](people.moderator())


def test_a_private_draft_looks_absent_to_others(session: Session) -> None:
    made = listings.draft()
    assert not policy.may(None, "see", made)
    assert not policy.may(people.person(), "see", made)
    assert policy.may(listings.owner_of(made), "see", made)
    assert policy.may(people.moderator(), "see", made)


def test_unchecked_and_frozen_organisations_do_not_publish(session: Session) -> None:
    unchecked = listings.draft(organisation=organisations.draft())
    with pytest.raises(Invalid) as refused:
        service.submit(listing_id=unchecked.id, by=listings.owner_of(unchecked))
    assert refused.value.code == "organisation_unchecked"
    made = listings.submitted()
    organisation_service.freeze(
        organisation_id=made.organisation_id, by=people.moderator().id, reason="Laporan sedang diperiksa."
    )
    with pytest.raises(Conflict):
        service.open_(listing_id=made.id, by=people.moderator())


# --- two moderators -----------------------------------------------------------------------------------


def _campaign(**over: Any) -> Any:
    return listings.submitted(kind=Kind.campaign, lines=(listings.money(),), **over)


def test_a_first_campaign_needs_two_different_moderators(session: Session) -> None:
    made, one, two = _campaign(), people.moderator(), people.moderator()
    with pytest.raises(Conflict):
        service.open_(listing_id=made.id, by=one)
    with pytest.raises(Conflict):
        service.open_(listing_id=made.id, by=one, seconded_by=one.id)
    with pytest.raises(Forbidden):
        service.open_(listing_id=made.id, by=one, seconded_by=people.person().id)
    with pytest.raises(Forbidden):
        service.open_(listing_id=made.id, by=one, seconded_by=listings.owner_of(made).id)
    assert made.state == State.in_review
    service.open_(listing_id=made.id, by=two, seconded_by=one.id)
    assert (made.opened_by, made.seconded_by) == (two.id, one.id)


def test_the_second_campaign_and_needs_want_one(session: Session) -> None:
    first = listings.open_campaign()
    again = _campaign(organisation=listings._owner(first))
    service.open_(listing_id=again.id, by=people.moderator())
    assert again.state == State.open
    assert again.seconded_by is None


# --- completeness -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "changes", "lines", "field"),
    [
        ("need", {"summary": "Pendek"}, (listings.goods(),), "summary"),
        ("need", {}, (), "lines"),
        ("campaign", {}, (listings.goods(),), "lines"),
        ("campaign", {"story": "Pendek."}, (listings.money(),), "story"),
        ("opportunity", {"legal_basis": ""}, (), "legal_basis"),
    ],
)
def test_what_is_missing_is_named(
    session: Session, kind: str, changes: dict[str, Any], lines: tuple[dict[str, Any], ...], field: str
) -> None:
    made = listings.draft(kind=kind, lines=lines, **changes)
    with pytest.raises(Invalid) as refused:
        service.submit(listing_id=made.id, by=listings.owner_of(made))
    assert refused.value.field == field
    assert made.state == State.draft


def test_a_draft_with_nothing_but_a_title_lists_all_it_lacks(session: Session) -> None:
    owner = people.person()
    organisation = organisations.organisation(owner=owner)
    made = service.create_draft(
        organisation_id=organisation.id, by=owner, kind="campaign", title="Perpustakaan desa"
    )
    found = policy.problems(made, [], today=clock.today())
    assert {problem.field for problem in found} == {
        "summary",
        "sector",
        "closes_on",
        "locality",
        "lines",
        "story",
    }


def test_a_closing_day_that_passed_meanwhile_stops_submission_and_opening(session: Session) -> None:
    made = listings.submitted()
    made.closes_on = clock.today()
    with pytest.raises(Conflict):
        service.open_(listing_id=made.id, by=people.moderator())
    late = listings.draft()
    late.closes_on = clock.today()
    with pytest.raises(Invalid):
        service.submit(listing_id=late.id, by=listings.owner_of(late))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": "Pendek"}, "title"),
        ({"title": "x" * 121}, "title"),
        ({"title": "Judul\x00 yang aneh"}, None),
        ({"summary": "x" * 281}, "summary"),
        ({"story": "x" * 20_001}, "story"),
        ({"sector": "magic"}, "sector"),
        ({"locality_code": "99.99"}, "locality"),
        ({"locality_code": "ID"}, "locality"),
        ({"closes_on": dt.date(2020, 1, 1)}, "closes_on"),
        ({"closes_on": dt.date(9999, 1, 1)}, "closes_on"),
    ],
)
def test_bad_values_are_refused(session: Session, changes: dict[str, Any], field: str | None) -> None:
    made = listings.draft()
    with pytest.raises(Invalid) as refused:
        service.revise(listing_id=made.id, by=listings.owner_of(made), **changes)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (listings.goods(0), "quantity"),
        (listings.goods(10**9 + 1), "quantity"),
        (listings.money(0), "quantity"),
        ({**listings.money(), "quantity": 150}, "quantity"),
        ({**listings.money(), "quantity": 2**63}, "quantity"),
        ({**listings.money(), "unit": "USD"}, "unit"),
        (listings.goods(unit="X:HOUR"), "unit"),
        (listings.goods(unit="IDR"), "unit"),
        (listings.goods(category="wages"), "category"),
        (listings.goods(kind="magic"), "kind"),
        (listings.goods(label=" "), "label"),
        (listings.goods(label="x" * 121), "label"),
        (listings.goods(5, min_useful_quantity=6), "min_useful_quantity"),
        (listings.goods(needed_from=dt.date(2027, 2, 1), needed_until=dt.date(2027, 1, 1)), "needed_until"),
        (listings.goods(unit_value=10_000_00), "valuation_source"),
        (listings.goods(unit_value=10_000_01, valuation_source="receipt"), "unit_value"),
        (listings.money(unit_value=100, valuation_source="receipt"), "unit_value"),
        (listings.goods(radius_km=5_001), "radius_km"),
        (listings.goods(people_reached=-1), "people_reached"),
        (listings.goods(is_inexhaustible=True), "is_inexhaustible"),
    ],
)
def test_bad_lines_are_refused(session: Session, line: dict[str, Any], field: str) -> None:
    made = listings.draft()
    with pytest.raises(Invalid) as refused:
        service.put_line(listing_id=made.id, by=listings.owner_of(made), **line)
    assert refused.value.field == field


def test_offers_and_opportunities_hold_no_money(session: Session) -> None:
    made = listings.draft(kind=Kind.opportunity)
    with pytest.raises(Invalid):
        service.put_line(listing_id=made.id, by=listings.owner_of(made), **listings.money())


def test_lines_change_and_go(session: Session) -> None:
    made = listings.draft(
        lines=(listings.goods(), listings.money(), listings.money(5_000_000, is_required=False))
    )
    owner = listings.owner_of(made)
    pipe, first, _second = queries.lines_of(made.id)
    assert made.kinds == 3
    assert queries.goal_of(queries.lines_of(made.id)) == queries.Goal(
        minimum=1_000_000_000, optimum=1_500_000_000
    )
    service.put_line(listing_id=made.id, by=owner, line_id=pipe.id, **listings.hours())
    assert made.kinds == 5
    service.remove_line(listing_id=made.id, line_id=first.id, by=owner)
    service.remove_line(listing_id=made.id, line_id=first.id, by=owner)
    assert [line.kind for line in queries.lines_of(made.id)] == ["time", "money"]
    other = listings.draft()
    with pytest.raises(NotFound):
        service.put_line(
            listing_id=other.id, by=listings.owner_of(other), line_id=pipe.id, **listings.goods()
        )


def test_there_is_an_end_to_lines(session: Session) -> None:
    made = listings.draft(lines=())
    for _ in range(policy.LINES_MOST):
        service.put_line(listing_id=made.id, by=listings.owner_of(made), **listings.goods())
    with pytest.raises(Invalid):
        service.put_line(listing_id=made.id, by=listings.owner_of(made), **listings.goods())


@pytest.mark.parametrize(
    ("body", "kind"), [("company", "campaign"), ("cso", "opportunity"), ("cso", "magic")]
)
def test_each_kind_of_organisation_has_its_kinds_of_listings(session: Session, body: str, kind: str) -> None:
    owner = people.person()
    made = organisations.organisation(owner=owner, kind=body)
    with pytest.raises(Invalid):
        service.create_draft(organisation_id=made.id, by=owner, kind=kind, title="Sebuah judul yang baik")


def test_a_double_click_makes_one_draft(session: Session) -> None:
    token = uuid.uuid4()
    first = listings.draft(client_token=token)
    owner = listings.owner_of(first)
    again = service.create_draft(
        organisation_id=first.organisation_id,
        by=owner,
        kind="need",
        title="Apa pun judulnya",
        client_token=token,
    )
    assert again.id == first.id
    stranger = people.person()
    other = organisations.organisation(owner=stranger)
    with pytest.raises(NotFound):
        service.create_draft(
            organisation_id=other.id, by=stranger, kind="need", title="Apa pun judulnya", client_token=token
        )


# --- addresses ----------------------------------------------------------------------------------------


def test_an_old_address_still_finds_the_listing(session: Session) -> None:
    made = listings.draft(title="Sumur bor untuk Oelbubuk")
    old = made.slug
    service.revise(listing_id=made.id, by=listings.owner_of(made), title="Sumur dalam untuk Oelbubuk")
    assert made.slug != old
    for slug in (old, made.slug):
        found = queries.find_by_slug(slug)
        assert found is not None
        assert found.id == made.id
    assert queries.find_by_slug("tidak-ada") is None


# --- the clock ----------------------------------------------------------------------------------------


def test_past_its_last_day_a_listing_expires(session: Session) -> None:
    made, paused = listings.open_need(), listings.open_need()
    service.pause(listing_id=paused.id, by=listings.owner_of(paused))
    assert service.expire_due() == 0
    with clock.travel(dt.timedelta(days=61)):
        assert service.expire_due() == 2
        assert service.expire_due() == 0
    assert (made.state, paused.state) == (State.expired, State.expired)


def test_the_last_day_counts_on_the_calendar_of_the_place(session: Session) -> None:
    last = clock.today() + dt.timedelta(days=30)
    west, east = (
        listings.open_need(locality_code="11.71", closes_on=last),
        listings.open_need(locality_code="91.71", closes_on=last),
    )
    # 23.30 in Jayapura on the last day is 21.30 in Banda Aceh: nobody's day is over.
    with clock.travel(dt.datetime.combine(last, dt.time(14, 30), dt.UTC)):
        assert service.expire_due() == 0
    # Half past midnight in Jayapura is still the last day in Banda Aceh.
    with clock.travel(dt.datetime.combine(last, dt.time(15, 30), dt.UTC)):
        assert service.expire_due() == 1
    assert (west.state, east.state) == (State.open, State.expired)


def test_what_nobody_reconfirmed_is_paused_after_a_reminder(session: Session) -> None:
    made = listings.open_need()
    with clock.travel(dt.timedelta(days=26)):
        assert service.remind_unconfirmed() == 1
        before = session.execute(select(Message.id).where(Message.kind == "listing.reconfirm")).all()
        assert service.remind_unconfirmed() == 1
        assert session.execute(select(Message.id).where(Message.kind == "listing.reconfirm")).all() == before
        assert service.pause_unconfirmed() == 0
    with clock.travel(dt.timedelta(days=31)):
        assert service.pause_unconfirmed() == 1
        assert made.state == State.paused
        service.resume(listing_id=made.id, by=listings.owner_of(made))
        assert service.pause_unconfirmed() == 0


def test_reconfirming_keeps_it_open_and_may_extend_it(session: Session) -> None:
    made = listings.open_need()
    owner = listings.owner_of(made)
    later = clock.today() + dt.timedelta(days=120)
    with clock.travel(dt.timedelta(days=20)):
        service.reconfirm(listing_id=made.id, by=owner, closes_on=later)
    with clock.travel(dt.timedelta(days=40)):
        assert service.pause_unconfirmed() == 0
    assert made.closes_on == later
    with pytest.raises(Invalid):
        service.reconfirm(listing_id=made.id, by=owner, closes_on=clock.today() - dt.timedelta(days=1))


def test_resuming_after_the_last_day_asks_for_a_new_one(session: Session) -> None:
    made = listings.open_need()
    owner = listings.owner_of(made)
    service.pause(listing_id=made.id, by=owner)
    with clock.travel(dt.timedelta(days=61)):
        with pytest.raises(Invalid):
            service.resume(listing_id=made.id, by=owner)
        service.resume(listing_id=made.id, by=owner, closes_on=clock.today() + dt.timedelta(days=30))
    assert made.state == State.open


def test_fulfilled_when_nothing_is_missing(session: Session) -> None:
    made = listings.open_need()
    assert not service.fulfil_met(listing_id=made.id, missing=1)
    assert service.fulfil_met(listing_id=made.id, missing=0)
    assert not service.fulfil_met(listing_id=made.id, missing=0)
    assert made.state == State.fulfilled
