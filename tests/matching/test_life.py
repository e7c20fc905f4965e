"""What becomes of a suggestion: seen, contacted, pledged, put away, ended; and of a follow whose place was split."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from coevolve.kit import clock
from coevolve.kit.errors import Conflict, Invalid, NotFound
from coevolve.listings import service as listing_service
from coevolve.localities import queries as localities
from coevolve.matching import queries, service
from coevolve.matching.models import Interest, Match, MatchDislike, Pairing
from coevolve.notifications.models import Message
from coevolve.people.models import Person
from tests.factories import listings, organisations, people, pledges
from tests.matching.test_supporters import find, follower, matched


def one_match(session: Session, person: Person) -> Match:
    return session.scalars(
        select(Match).where(Match.person_id == person.id).order_by(Match.id.desc())
    ).first()  # type: ignore[return-value]


def test_a_message_reaches_the_members_and_a_note_does_not(session: Session) -> None:
    person = follower("53")
    need = listings.open_need()
    find(need)
    match = one_match(session, person)
    service.note(match_id=match.id, by=person, text="Tanya ongkos kirim dulu.")
    service.contact(match_id=match.id, by=person, text="Saya punya 200 meter pipa.")
    service.contact(match_id=match.id, by=person, text="Saya punya 200 meter pipa.")
    session.expire_all()
    assert match.state == "contacted"
    assert [note.is_message for note in queries.notes_of(match_id=match.id)] == [False, True]
    [asker] = queries.contacts_of(need.id)
    assert [note.text for note in asker.messages] == ["Saya punya 200 meter pipa."]
    told = session.scalars(select(Message.person_id).where(Message.kind == "match.contacted")).all()
    assert set(told) == {listings.owner_of(need).id}
    with pytest.raises(NotFound):
        service.contact(match_id=match.id, by=people.person(), text="Halo")
    with pytest.raises(Invalid):
        service.contact(match_id=match.id, by=person, text="  ")


def test_what_is_put_away_makes_the_like_sink_until_it_is_taken_back(session: Session) -> None:
    person = follower("53")
    first = listings.open_need()
    find(first)
    match = one_match(session, person)
    service.dismiss(match_id=match.id, person_id=person.id, reason="not_mine")
    service.dismiss(match_id=match.id, person_id=person.id, reason="not_mine")
    assert session.scalars(select(MatchDislike.count)).all() == [1, 1]
    find(listings.open_need())
    sunk = one_match(session, person)
    assert sunk.parts["points"]["disliked"] == -12
    assert queries.matches_of(person.id).rows == []
    assert [row.id for row in queries.matches_of(person.id, sunk=True).rows] == [sunk.id]
    service.restore(match_id=match.id, person_id=person.id)
    assert session.scalars(select(MatchDislike.count)).all() == [0, 0]
    service.dismiss(match_id=match.id, person_id=person.id, reason="timing")
    find(listings.open_need())
    assert one_match(session, person).parts["points"]["disliked"] == 0
    with pytest.raises(Invalid):
        service.dismiss(match_id=match.id, person_id=person.id, reason="gold")


def test_a_pledge_ends_the_search_on_both_sides(session: Session) -> None:
    offer = listings.open_offer()
    giver = listings.owner_of(offer)
    service.follow(locality_code="53", organisation_id=offer.organisation_id, by=giver.id)
    need = listings.open_need()
    find(need)
    other = follower("53")
    find(need)
    pledge = pledges.offered(listing=need, by=giver, for_organisation_id=offer.organisation_id)
    service.note_pledge(about_id=pledge.id, journal_id=1)
    service.note_pledge(about_id=pledge.id, journal_id=1)
    session.expire_all()
    assert {match.state for match in session.scalars(select(Match).where(Match.person_id == giver.id))} == {
        "pledged"
    }
    assert {match.state for match in session.scalars(select(Match).where(Match.person_id == other.id))} == {
        "suggested"
    }
    assert session.scalars(select(Pairing.state)).all() == ["pledged"]
    assert service.note_pledge(about_id=uuid.uuid4(), journal_id=1) == 0


def test_the_end_of_a_listing_ends_what_was_suggested(session: Session) -> None:
    person = follower("53")
    listings.open_offer()
    need = listings.open_need()
    find(need)
    match = one_match(session, person)
    listing_service.close(listing_id=need.id, by=listings.owner_of(need))
    service.expire_of(about_id=need.id, journal_id=1)
    session.expire_all()
    assert match.state == "expired"
    assert session.scalars(select(Pairing.state)).all() == ["expired"]
    assert queries.matches_of(person.id).rows == []
    assert [row.id for row in queries.matches_of(person.id, view="berakhir").rows] == [match.id]
    with pytest.raises(Conflict):
        service.contact(match_id=match.id, by=person, text="Masih bisa?")


def test_the_clock_ends_what_an_offer_was_matched_for(session: Session) -> None:
    """An offer whose last day passes while it is matched; and a reaction that was lost."""
    person = follower("53")
    last = clock.today() + dt.timedelta(days=3)
    listings.open_offer(lines=(listings.goods(needed_until=last),))
    need, kept = listings.open_need(), listings.open_need()
    find(need)
    find(kept)
    listing_service.close(listing_id=need.id, by=listings.owner_of(need))
    service.expire_due()
    session.expire_all()
    states = {row.need_id: row.state for row in session.scalars(select(Pairing))}
    assert states == {need.id: "expired", kept.id: "suggested"}
    assert session.scalars(select(Match.state).where(Match.listing_id == need.id)).all() == ["expired"]
    with clock.travel(clock.now() + dt.timedelta(days=5)):
        service.expire_due()
    session.expire_all()
    assert set(session.scalars(select(Pairing.state))) == {"expired"}
    assert session.scalars(select(Match.state).where(Match.listing_id == kept.id)).all() == ["suggested"]
    assert person.id


# --- places that were split or renamed ------------------------------------------------------------------------------


def test_a_follow_covers_what_its_place_became(session: Session) -> None:
    """Followed before the split: by its old code, which is closed, or by one that now means only a part."""
    renamed, old = follower("53"), follower("53")
    closed = localities.find("91.01")
    assert closed is not None
    assert not closed.is_active
    session.execute(update(Interest).where(Interest.person_id == renamed.id).values(locality_code="91.01"))
    session.execute(
        update(Interest)
        .where(Interest.person_id == old.id)
        .values(locality_code="91", created_at=dt.datetime(2021, 1, 1, tzinfo=dt.UTC))
    )
    later = follower("91")
    need = listings.open_need(locality_code="93.01")
    find(need)
    assert matched(session, need) == {renamed.id, old.id}
    assert later.id not in matched(session, need)
    said = {match.person_id: match.reasons["id"] for match in session.scalars(select(Match))}
    assert said[old.id] == "Anda mengikuti Papua. Dahulu Papua Selatan termasuk di dalamnya."


def test_following_a_closed_code_follows_the_new_one(session: Session) -> None:
    person = people.person()
    service.follow(locality_code="91.01", person_id=person.id)
    assert [row.place_code for row in queries.interests_of(person.id)] == ["93.01"]
    session.execute(
        text(
            "UPDATE locality SET is_active = false, valid_to = '2026-01-01' WHERE code = '53.02';"
            "INSERT INTO locality_succession VALUES ('53.02', '53.03', '2026-01-01', 'split', 'UU'),"
            " ('53.02', '53.04', '2026-01-01', 'split', 'UU')"
        )
    )
    localities.forget()
    try:
        with pytest.raises(Invalid, match="dimekarkan"):
            service.follow(locality_code="53.02", person_id=person.id)
    finally:
        localities.forget()


def test_the_places_around_are_followed_on_request(session: Session) -> None:
    near = follower("53.03", with_neighbours=True)
    plain = follower("53.03")
    need = listings.open_need()
    find(need)
    assert matched(session, need) == {near.id}
    assert plain.id not in matched(session, need)
    assert "berada di dekatnya" in one_match(session, near).reasons["id"]


def test_refused_frozen_and_related_followers_are_left_out(session: Session) -> None:
    need = listings.open_need()
    owner = listings.owner_of(need)
    from coevolve.organisations import service as bodies

    bodies.refuse(organisation_id=need.organisation_id, by=owner, givers=["mining"], business=[])
    mining, frozen, related, fine = (organisations.company() for _ in range(4))
    bodies.refuse(
        organisation_id=mining.id, by=organisations.owner_of(mining), givers=[], business=["mining"]
    )
    for body in (mining, frozen, related, fine):
        service.follow(locality_code="53", organisation_id=body.id)
    bodies.freeze(organisation_id=frozen.id, by=people.moderator().id, reason="Diperiksa.")
    bodies.add_member(organisation_id=related.id, person_id=owner.id, role="member")
    find(need)
    assert matched(session, need) == {organisations.owner_of(fine).id}


def test_in_a_flood_each_listing_goes_to_those_it_suits_best(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from coevolve import config

    best = follower("53.02", sector="water")
    for _ in range(3):
        follower("ID")
    before = config.settings()
    needs = [listings.open_need() for _ in range(3)]
    config.install(replace(before, flood_listings=2, flood_matches=2))
    try:
        assert find(needs[0]) == 2
    finally:
        config.install(before)
    assert best.id in matched(session, needs[0])
    assert find(needs[1]) == 4


def test_a_person_who_leaves_follows_nothing(session: Session) -> None:
    person = follower("53")
    find(listings.open_need())
    match = one_match(session, person)
    service.note(match_id=match.id, by=person, text="Rahasia")
    service.forget_person(about_id=person.id, journal_id=1)
    assert find(listings.open_need()) == 0
    assert [note.text for note in queries.notes_of(match_id=match.id)] == ["…"]
