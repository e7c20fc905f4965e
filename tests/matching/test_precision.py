"""A generated world with known truth: every planted pair is found, nothing else, and each reason says what is true."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from coevolve.listings.models import Listing, ListingLine, State
from coevolve.localities import queries as localities
from coevolve.matching import service
from coevolve.matching.models import Pairing, PairingLine
from coevolve.organisations import service as organisation_service
from coevolve.organisations.models import Organisation
from tests.factories import listings, organisations

PLACES = ("53.02", "53.03", "53.01", "52.71", "32.73", "94.01")
LINES = {
    "books": {"category": "books", "unit": "X:BOOK", "label": "buku cerita"},
    "food": {"category": "food", "unit": "X:KG", "label": "beras"},
    "laptops": {"category": "electronics", "unit": "X:PIECE", "label": "laptop"},
}


@dataclass
class Truth:
    """The needs and offers with what was decided about each, before anything looks for anything."""

    needs: list[tuple[Listing, str, str]] = field(default_factory=list)
    offers: list[tuple[Listing, str, str, int | None]] = field(default_factory=list)
    excluded: dict[Any, str] = field(default_factory=dict)

    def pairs(self) -> set[tuple[Any, Any]]:
        """What suits what, by the rule in words: same thing, same island region or within the offer's own radius."""
        found = set()
        for need, thing, place in self.needs:
            for offer, other, there, radius in self.offers:
                if thing == other and offer.id not in self.excluded and self._reaches(place, there, radius):
                    found.add((need.id, offer.id))
        return found

    @staticmethod
    def _reaches(place: str, there: str, radius: int | None) -> bool:
        one, other = localities.get(place), localities.get(there)
        if radius is None:
            return one.region_code == other.region_code
        km = localities.distance_km(one, other)
        return place == there or (km is not None and km <= radius)


def told(session: Session, needs: int, offers: int, seed: int) -> Truth:
    dice, truth = random.Random(seed), Truth()
    cso = organisations.organisation()
    companies = [organisations.company() for _ in range(4)]
    refused, related, frozen = (organisations.company() for _ in range(3))
    owner = organisations.owner_of(cso)
    organisation_service.refuse(
        organisation_id=refused.id, by=organisations.owner_of(refused), givers=[], business=["tobacco"]
    )
    organisation_service.refuse(organisation_id=cso.id, by=owner, givers=["tobacco"], business=[])
    organisation_service.add_member(organisation_id=related.id, person_id=owner.id, role="member")
    for _ in range(needs):
        thing, place = dice.choice(list(LINES)), dice.choice(PLACES)
        line = {**listings.goods(dice.randint(50, 90)), **LINES[thing]}
        truth.needs.append(
            (listings.open_need(organisation=cso, locality_code=place, lines=(line,)), thing, place)
        )
    for number in range(offers):
        thing, place = dice.choice(list(LINES)), dice.choice(PLACES)
        radius = dice.choice((None, None, 60, 400, 3000))
        line = {**listings.goods(dice.randint(100, 200), radius_km=radius), **LINES[thing]}
        why = {0: "refused", 1: "related", 2: "frozen", 3: "ended", 4: "own"}.get(number % 12, "")
        body = {"refused": refused, "related": related, "frozen": frozen, "own": cso}.get(why)
        offer = listings.open_offer(
            organisation=body or dice.choice(companies), locality_code=place, lines=(line,)
        )
        if why:
            truth.excluded[offer.id] = why
        if why == "ended":
            session.execute(update(Listing).where(Listing.id == offer.id).values(state=State.closed))
        truth.offers.append((offer, thing, place, radius))
    session.execute(update(Organisation).where(Organisation.id == frozen.id).values(state="frozen"))
    return truth


@pytest.mark.parametrize("seed", [11])
def test_all_that_was_planted_and_nothing_else(session: Session, seed: int) -> None:
    truth = told(session, needs=4, offers=16, seed=seed)
    for need, *_ in truth.needs:
        service.find_supporters(about_id=need.id, journal_id=1)
    found = {(row.need_id, row.offer_id) for row in session.scalars(select(Pairing))}
    wanted = truth.pairs()
    assert len(wanted) >= 3
    assert found == wanted
    _reasons_are_true(session)


def _reasons_are_true(session: Session) -> None:
    for pairing in session.scalars(select(Pairing)):
        need, offer = session.get_one(Listing, pairing.need_id), session.get_one(Listing, pairing.offer_id)
        pair = session.scalars(select(PairingLine).where(PairingLine.pairing_id == pairing.id)).one()
        asked, offered = (
            session.get_one(ListingLine, key) for key in (pair.need_line_id, pair.offer_line_id)
        )
        assert (asked.kind, asked.category) == (offered.kind, offered.category)
        one, other = localities.get(need.locality_code), localities.get(offer.locality_code)
        km = localities.distance_km(one, other)
        for side, line, there in (("need", offered, other), ("offer", asked, one)):
            said = pairing.reasons[side]["id"]
            assert f"{line.quantity} " in said
            assert line.label in said
            assert there.name in said
            if one.code == other.code:
                assert said.startswith("Sama-sama di ")
            else:
                assert km is not None
                assert f"Sekitar {round(km):,} km".replace(",", ".") in said
        assert "Jumlahnya cukup" in pairing.reasons["need"]["id"]
        assert pairing.score == sum(pairing.parts["points"].values())
