"""Needs and standing offers find each other line by line, for true reasons, and what must not be paired is not."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from coevolve.kit import clock
from coevolve.kit.i18n import in_language
from coevolve.listings.models import Listing, State
from coevolve.localities.models import LocalityNeighbour
from coevolve.matching import queries, service
from coevolve.matching.models import Pairing, PairingLine, ShelfLine
from coevolve.notifications.models import Message
from coevolve.organisations import service as organisation_service
from coevolve.organisations.models import Organisation
from tests.factories import listings, organisations

TTS, KUPANG, DENPASAR, BANDUNG = "53.02", "53.01", "51.71", "32.73"


def find(listing: Listing) -> None:
    service.find_supporters(about_id=listing.id, journal_id=1)


def pairings(session: Session) -> list[Pairing]:
    return list(session.scalars(select(Pairing).order_by(Pairing.score.desc(), Pairing.id)))


def day(number: int) -> dt.date:
    return clock.today() + dt.timedelta(days=number)


def test_a_need_and_an_offer_find_each_other_from_either_side(session: Session) -> None:
    first = listings.open_offer()
    need = listings.open_need()
    find(need)
    [pairing] = pairings(session)
    assert (pairing.need_id, pairing.offer_id) == (need.id, first.id)
    assert sum(pairing.parts["points"].values()) == pairing.score
    second = listings.open_offer(locality_code=KUPANG)
    find(second)
    find(second)
    near, far = pairings(session)
    assert (near.offer_id, far.offer_id) == (first.id, second.id)
    assert session.scalar(select(func.count()).select_from(PairingLine)) == 2
    told = session.execute(
        select(Message.person_id, Message.kind).where(Message.channel == "site", Message.kind.like("match.%"))
    ).all()
    assert (listings.owner_of(need).id, "match.offer") in [tuple(row) for row in told]
    assert (listings.owner_of(first).id, "match.need") in [tuple(row) for row in told]


def test_each_side_reads_its_own_reason(session: Session) -> None:
    until = day(30)
    laptops = {"category": "electronics", "unit": "X:PIECE"}
    offer = listings.open_offer(
        locality_code=KUPANG,
        lines=(listings.goods(20, **laptops, label="laptop bekas", needed_until=until),),
    )
    need = listings.open_need(lines=(listings.goods(40, **laptops, label="laptop sekolah"),))
    find(need)
    [pairing] = pairings(session)
    km = pairing.parts["km"]
    assert 30 < km < 120
    assert pairing.reasons["need"]["id"].startswith(
        f"Sekitar {km} km dari Anda, di Kabupaten Kupang, menawarkan 20 buah laptop bekas sampai "
    )
    assert "sekitar 50 persen" in pairing.reasons["need"]["id"]
    assert (
        "di Kabupaten Timor Tengah Selatan, membutuhkan 40 buah laptop sekolah"
        in pairing.reasons["offer"]["id"]
    )
    [pair] = queries.pairs_of(listings.owner_of(need).id)
    assert pair.reason == pairing.reasons["need"]["id"]
    with in_language("en"):
        [pair] = queries.pairs_of(listings.owner_of(offer).id)
        assert pair.reason.startswith(f"About {km} km from you")


def test_what_lies_beside_and_what_is_promised_far_counts(session: Session) -> None:
    session.add(LocalityNeighbour(a_code=KUPANG, b_code=TTS, kind="land", km=80.0, source="test"))
    session.flush()
    beside = listings.open_offer(locality_code=KUPANG)
    wide = listings.open_offer(locality_code=BANDUNG, lines=(listings.goods(radius_km=3000),))
    listings.open_offer(locality_code=BANDUNG, lines=(listings.goods(radius_km=500),))
    listings.open_offer(locality_code=KUPANG, lines=(listings.goods(radius_km=5),))
    need = listings.open_need()
    find(need)
    found = pairings(session)
    assert [(one.offer_id, one.parts["how"]) for one in found] == [(beside.id, "land"), (wide.id, "wide")]
    assert "tetangga daerah Anda" in found[0].reasons["need"]["id"]


def test_a_far_reaching_offer_finds_needs_everywhere(session: Session) -> None:
    need, other = listings.open_need(locality_code=BANDUNG), listings.open_need(locality_code=DENPASAR)
    find(listings.open_offer(lines=(listings.goods(radius_km=1200),)))
    assert {one.need_id for one in pairings(session)} == {other.id}
    find(listings.open_offer(lines=(listings.goods(radius_km=5000),)))
    assert {one.need_id for one in pairings(session)} == {other.id, need.id}


@pytest.mark.parametrize(
    ("offer", "need"),
    [
        pytest.param({"locality_code": BANDUNG}, {}, id="another island"),
        pytest.param({"lines": (listings.hours(),)}, {}, id="another kind"),
        pytest.param({"lines": (listings.goods(category="books"),)}, {}, id="another category"),
        pytest.param(
            {"lines": (listings.goods(needed_until=day(5)),)}, {"needed_from": day(6)}, id="too early"
        ),
        pytest.param(
            {"lines": (listings.goods(needed_from=day(9)),)}, {"needed_until": day(8)}, id="too late"
        ),
        pytest.param({"lines": (listings.goods(10),)}, {"min_useful_quantity": 11}, id="too little"),
        pytest.param(
            {"lines": (listings.goods(900, min_useful_quantity=801),)},
            {},
            id="more than is needed at the least",
        ),
        pytest.param(
            {"locality_code": DENPASAR, "lines": (listings.room(),)},
            {"of_room": True},
            id="a truck over the sea",
        ),
    ],
)
def test_what_does_not_fit_is_not_paired(
    session: Session, offer: dict[str, Any], need: dict[str, Any]
) -> None:
    is_room = need.pop("of_room", False)
    listings.open_offer(**offer)
    find(listings.open_need(lines=(listings.room() if is_room else listings.goods(**need),)))
    assert pairings(session) == []


def test_an_endless_offer_is_enough_for_any_need(session: Session) -> None:
    listings.open_offer(lines=(listings.goods(1, is_inexhaustible=True),))
    find(listings.open_need(lines=(listings.goods(800, min_useful_quantity=100),)))
    [pairing] = pairings(session)
    assert "tidak habis diberikan" in pairing.reasons["need"]["id"]


def test_refused_givers_and_conflicts_of_interest_are_left_out(session: Session) -> None:
    need = listings.open_need()
    owner = listings.owner_of(need)
    tobacco = organisations.company()
    organisation_service.refuse(
        organisation_id=tobacco.id, by=organisations.owner_of(tobacco), givers=[], business=["tobacco"]
    )
    organisation_service.refuse(
        organisation_id=need.organisation_id, by=owner, givers=["tobacco", "digital_provider"], business=[]
    )
    listings.open_offer(organisation=tobacco)
    listings.open_offer(organisation=organisations.company(kind="digital_provider"))
    related = organisations.company()
    organisation_service.add_member(organisation_id=related.id, person_id=owner.id, role="member")
    listings.open_offer(organisation=related)
    fine = listings.open_offer()
    find(need)
    assert [one.offer_id for one in pairings(session)] == [fine.id]
    # The other way round they are left out as well.
    again = listings.open_offer(organisation=tobacco)
    find(again)
    assert [one.offer_id for one in pairings(session)] == [fine.id]


@pytest.mark.parametrize("state", [State.closed, State.paused, State.frozen])
def test_an_offer_that_is_not_open_is_not_paired(session: Session, state: State) -> None:
    offer = listings.open_offer()
    session.execute(update(Listing).where(Listing.id == offer.id).values(state=state))
    assert session.get(ShelfLine, listings.lines_of(offer)[0].id) is None
    find(listings.open_need())
    assert pairings(session) == []


def test_a_frozen_organisation_is_not_paired(session: Session) -> None:
    offer = listings.open_offer()
    session.execute(
        update(Organisation).where(Organisation.id == offer.organisation_id).values(state="frozen")
    )
    need = listings.open_need()
    find(need)
    assert pairings(session) == []
    session.execute(
        update(Organisation).where(Organisation.id == need.organisation_id).values(state="frozen")
    )
    find(need)
    assert pairings(session) == []


def test_what_was_put_away_sinks(session: Session) -> None:
    need = listings.open_need()
    find(listings.open_offer())
    [first] = pairings(session)
    service.dismiss_pairing(pairing_id=first.id, person_id=listings.owner_of(need).id, reason="not_mine")
    find(listings.open_offer())
    scores = {one.id: one.parts["points"]["dismissed"] for one in pairings(session)}
    assert sorted(scores.values()) == [-8, 0]
    service.restore_pairing(pairing_id=first.id, person_id=listings.owner_of(need).id)
    service.dismiss_pairing(pairing_id=first.id, person_id=listings.owner_of(need).id, reason="timing")
    find(listings.open_offer())
    assert pairings(session)[0].parts["points"]["dismissed"] == 0 or len(pairings(session)) == 3


def test_the_same_category_alone_is_said_as_such(session: Session) -> None:
    boats = listings.room(label="Perahu bibit")
    listings.open_offer(lines=(listings.room(),))
    find(listings.open_need(lines=(boats,)))
    [pairing] = pairings(session)
    assert pairing.parts["points"]["what"] == 20
    assert "Segolongan (Kendaraan); pastikan jenisnya sesuai." in pairing.reasons["need"]["id"]


def test_several_lines_make_one_pairing(session: Session) -> None:
    both = (listings.goods(), listings.hours())
    listings.open_offer(lines=both)
    find(listings.open_need(lines=both))
    [pairing] = pairings(session)
    assert len(queries.line_pairs_of(pairing.id, i_ask=True)) == 2
    assert "Juga cocok: " in pairing.reasons["need"]["id"]


def test_peers_are_asked_to_talk(session: Session) -> None:
    mine, other = listings.open_need(), listings.open_need(locality_code=BANDUNG)
    by, them = listings.owner_of(mine), listings.owner_of(other)
    [peer] = queries.peers_of(mine, listings.lines_of(mine))
    assert (peer.listing_id, peer.shared) == (other.id, "Peralatan air")
    invited = service.invite_peer(
        from_listing_id=mine.id, to_listing_id=other.id, by=by, text="Beli bersama?"
    )
    assert (
        service.invite_peer(from_listing_id=mine.id, to_listing_id=other.id, by=by, text="Lagi?").id
        == invited.id
    )
    service.answer_peer(invitation_id=invited.id, by=them, is_yes=True, text="Boleh, telepon saya.")
    assert queries.invitation(invited.id).state == "accepted"  # type: ignore[union-attr]
    kinds = set(session.scalars(select(Message.kind).where(Message.kind.like("peer.%"))))
    assert kinds == {"peer.invited", "peer.accepted"}
