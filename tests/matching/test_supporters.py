"""An opened listing finds whom it concerns: the planted ones, nobody else, once."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from coevolve.kit.errors import Invalid
from coevolve.listings.models import Listing
from coevolve.matching import queries, service
from coevolve.matching.models import Interest, Match
from coevolve.notifications import service as notifications
from coevolve.notifications.models import Message
from coevolve.people.models import Person
from tests.factories import listings, organisations, people
from tests.statements import counted

MONEY, GOODS, TIME, FACILITY = 1, 2, 4, 8


def follower(code: str, **over: Any) -> Person:
    person = people.person()
    service.follow(locality_code=code, person_id=person.id, **over)
    return person


def find(listing: Listing) -> int:
    return service.find_supporters(about_id=listing.id, journal_id=1)


def matched(session: Session, listing: Listing) -> set[uuid.UUID]:
    return set(session.scalars(select(Match.person_id).where(Match.listing_id == listing.id)))


def test_the_planted_are_found_and_the_others_are_not(session: Session) -> None:
    inside = {
        follower("ID").id,
        follower("BNT").id,
        follower("53").id,
        follower("53.02").id,
        follower("53.02", sector="water").id,
        follower("53", kinds=GOODS | TIME).id,
        follower("ID", sector="water", kinds=GOODS).id,
    }
    elsewhere = [
        follower("52"),
        follower("53.01"),
        follower("53.02.01"),
        follower("53.02", sector="health"),
        follower("53.02", kinds=MONEY),
        follower("MY-12"),
    ]
    stopped = follower("53")
    service.unfollow(interest_id=queries.interest_in(stopped.id, "53") or 0, person_id=stopped.id)
    need = listings.open_need()
    assert find(need) == len(inside)
    found = matched(session, need)
    assert found == inside
    assert not found & {person.id for person in elsewhere}


def test_again_changes_nothing(session: Session) -> None:
    follower("53")
    need = listings.open_need()
    assert find(need) == 1
    before = session.scalar(select(func.count()).select_from(Message))
    assert find(need) == 0
    assert session.scalar(select(func.count()).select_from(Message)) == before


def test_one_match_a_person_by_the_best_interest(session: Session) -> None:
    person = follower("ID")
    service.follow(locality_code="53.02", person_id=person.id, sector="water", kinds=GOODS)
    service.follow(locality_code="53", person_id=person.id)
    need = listings.open_need()
    find(need)
    match = session.scalars(select(Match).where(Match.person_id == person.id)).one()
    trust = match.parts["points"]["trust"]
    assert match.score == 36 + 25 + 15 + trust
    assert match.parts["place"] == "53.02"
    assert match.parts["points"] == {
        "place": 36,
        "sector": 25,
        "kinds": 15,
        "trust": trust,
        "disaster": 0,
        "disliked": 0,
    }
    assert match.reasons["id"] == (
        "Anda mengikuti bidang Air dan sanitasi di Kabupaten Timor Tengah Selatan."
        " Yang dicari: barang, seperti yang mungkin Anda berikan."
    )
    assert match.reasons["en"].startswith("You follow ")


def test_members_hear_of_what_their_organisation_follows(session: Session) -> None:
    company = organisations.company()
    owner, member = organisations.owner_of(company), organisations.member(company)
    service.follow(locality_code="53", organisation_id=company.id, by=owner.id)
    need = listings.open_need()
    find(need)
    found = session.scalars(select(Match).where(Match.listing_id == need.id)).all()
    assert {match.person_id for match in found} == {owner.id, member.id}
    assert {match.for_organisation for match in found} == {company.id}
    assert found[0].reasons["id"].startswith("Organisasi Anda")


def test_its_own_members_are_left_out(session: Session) -> None:
    need = listings.open_need()
    owner = listings.owner_of(need)
    service.follow(locality_code="53", person_id=owner.id)
    assert find(need) == 0


def test_only_open_listings_are_matched(session: Session) -> None:
    follower("53")
    draft = listings.draft()
    assert find(draft) == 0
    assert service.find_supporters(about_id=uuid.uuid4(), journal_id=1) == 0


@pytest.mark.parametrize(
    ("least", "most", "is_found"),
    [
        (None, None, True),
        (500, None, True),
        (None, 1_500_000_000, True),
        (2_000_000_000, None, False),
        (None, 5, False),
    ],
)
def test_amounts_hold_for_those_who_give_money_only(
    session: Session, least: int | None, most: int | None, is_found: bool
) -> None:
    person = follower("53", kinds=MONEY, min_minor=least, max_minor=most)
    giver_of_all = follower("53", min_minor=least, max_minor=most)
    campaign = listings.open_campaign()  # Rp 10.000.000 and pipes
    find(campaign)
    assert (person.id in matched(session, campaign)) is is_found
    assert giver_of_all.id in matched(session, campaign)


def test_everybody_is_told_as_they_prefer(session: Session) -> None:
    keen, quiet = follower("53"), follower("53")
    notifications.prefer(person_id=keen.id, wishes={("matches", "email"): "now"})
    notifications.prefer(person_id=quiet.id, wishes={("matches", "email"): "off", ("matches", "site"): "off"})
    need = listings.open_need()
    find(need)
    told = session.execute(
        select(Message.person_id, Message.channel, Message.cadence, Message.data).where(
            Message.kind == "listing.opened"
        )
    ).all()
    assert {(row.person_id, row.channel, row.cadence) for row in told} == {
        (keen.id, "site", "now"),
        (keen.id, "email", "now"),
    }
    assert told[0].data["path"] == f"/kebutuhan/{need.slug}"
    assert told[0].data["reason"]["id"] == "Anda mengikuti Nusa Tenggara Timur."


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (listings.open_need, "listing.opened"),
        (listings.open_campaign, "listing.opened"),
        (listings.open_offer, "listing.opened.offer"),
        (listings.open_opportunity, "listing.opened.opportunity"),
    ],
)
def test_each_kind_of_listing_has_its_sentence(session: Session, make: Any, kind: str) -> None:
    person = follower("53")
    find(make())
    kinds = session.scalars(select(Message.kind).where(Message.person_id == person.id)).all()
    assert set(kinds) == {kind}


def test_the_number_of_statements_does_not_grow_with_the_interests(session: Session) -> None:
    follower("53")
    one, many = listings.open_need(), listings.open_need()
    find(one)
    session.expire_all()
    with counted() as for_one:
        find(one)
    for _ in range(50):
        follower("53.02")
    session.expire_all()
    with counted() as for_many:
        assert find(many) == 51
    assert len(for_many) == len(for_one)


def test_what_is_dismissed_is_not_told_again(session: Session) -> None:
    person = follower("53")
    need = listings.open_need()
    find(need)
    [row] = queries.matches_of(person.id).rows
    service.dismiss(match_id=row.id, person_id=person.id)
    session.execute(text("delete from message"))
    find(need)
    assert queries.matches_of(person.id).rows == []
    assert (
        session.scalar(select(func.count()).select_from(Message).where(Message.person_id == person.id)) == 0
    )


# --- following -----------------------------------------------------------------------------------------------------


def test_following_again_changes_the_one_row(session: Session) -> None:
    person = people.person()
    first = service.follow(locality_code="53", person_id=person.id)
    assert service.follow(locality_code="53", person_id=person.id, kinds=GOODS) == first
    assert service.follow(locality_code="53", person_id=person.id, sector="water") != first
    assert [row.kinds for row in queries.interests_of(person.id)] == [
        ("goods",),
        ("money", "goods", "time", "facility"),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"locality_code": "00"},
        {"locality_code": "ID", "with_neighbours": True},
        {"kinds": GOODS, "min_minor": 5},
        {"min_minor": 6, "max_minor": 5},
        {"sector": "gold"},
        {"kinds": 0},
        {"kinds": 16},
        {"min_minor": 5, "max_minor": 4},
    ],
)
def test_wrong_interests_are_refused(session: Session, wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        service.follow(**{"locality_code": "53", "person_id": people.person().id, **wrong})


def test_an_interest_has_exactly_one_follower(session: Session) -> None:
    with pytest.raises(ValueError, match="follows"):
        service.follow(locality_code="53")
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(text("insert into interest (locality_code) values ('53')"))


def test_nobody_unfollows_for_another(session: Session) -> None:
    person, other = follower("53"), people.person()
    interest = queries.interest_in(person.id, "53")
    assert interest is not None
    assert service.unfollow(interest_id=interest, person_id=other.id) is False
    assert queries.interest_in(person.id, "53") == interest


def test_the_database_holds_matches_to_their_moves(session: Session) -> None:
    follower("53")
    find(listings.open_need())
    session.execute(update(Match).values(state="dismissed"))
    with pytest.raises(DBAPIError), session.begin_nested():
        session.execute(update(Match).values(state="suggested"))


def test_the_search_uses_the_index_of_places(session: Session) -> None:
    """At any size the plan touches only the interests of the listing's own places."""
    person = people.person()
    session.execute(
        text(
            "insert into interest (person_id, locality_code, sector, kinds) select :p, code, null, 15 from locality"
            " where level in ('regency', 'district') and is_active"
        ),
        {"p": person.id},
    )
    session.execute(text("analyze interest"))
    plan = "\n".join(
        session.scalars(
            text(
                "explain select id, kinds from interest where is_active"
                " and locality_code = any(array['ID','BNT','53','53.02']) and sector is null"
            )
        )
    )
    assert "ix_interest_place_sector" in plan
    assert session.scalar(select(func.count()).select_from(Interest)) > 7000
