"""Offers and requests: what may be offered, by whom, and that a double click is one pledge."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from coevolve import config
from coevolve.kit import clock
from coevolve.kit.db import uuid7
from coevolve.kit.errors import Conflict, DomainError, Forbidden, Invalid
from coevolve.kit.money import rupiah
from coevolve.listings import service as listing_service
from coevolve.payments import queries as payment_queries
from coevolve.pledges import queries, service
from coevolve.pledges.models import Pledge, PledgeState
from coevolve.pledges.service import Guest, Wish
from tests.factories import listings, organisations, people, pledges
from tests.pledges.conftest import journal, told


def test_an_offer_of_goods_waits_for_an_answer(session: Session) -> None:
    need = listings.open_need()
    pledge = pledges.offered(need, quantity=340, contact="0812 3456 7890")
    assert pledge.state == PledgeState.offered
    assert not pledge.is_pay_now
    assert journal(session, pledge.id) == ["pledge.offered"]
    assert {message.person_id for message in told(session, "pledge.offered")} == {listings.owner_of(need).id}
    assert queries.totals_for([need.id])[pledges.line_of(need).id].promised == 0


def test_a_double_click_is_one_pledge(session: Session) -> None:
    need, token, giver = listings.open_need(), uuid7(), people.person()
    first = pledges.offered(need, client_token=token, by=giver)
    again = pledges.offered(need, client_token=token, by=giver)
    assert again.id == first.id
    assert session.execute(select(func.count()).select_from(Pledge)).scalar_one() == 1
    assert len(told(session, "pledge.offered")) == 2, "one on the site, one by mail"
    with pytest.raises(Conflict):
        pledges.offered(listings.open_need(), client_token=token, by=giver)


def test_a_double_click_pays_once(session: Session) -> None:
    campaign, token, giver = listings.open_campaign(), uuid7(), people.person()
    for _ in range(2):
        pledge = pledges.gift(campaign, by=giver, client_token=token, method="checkout")
    assert len(payment_queries.of("pledge", pledge.id)) == 1


def test_several_kinds_in_one_pledge(session: Session) -> None:
    need = listings.open_need(lines=(listings.money(), listings.goods(), listings.hours(), listings.room()))
    wishes = [
        Wish(line_id=line.id, quantity=rupiah(250_000).amount if line.kind == "money" else 4)
        for line in listings.lines_of(need)
    ]
    pledge = service.offer(listing_id=need.id, by=people.person(), lines=wishes, client_token=uuid7())
    assert [line.kind for line in queries.lines_of(pledge.id)] == ["money", "goods", "time", "facility"]
    assert pledge.is_pay_now


def test_money_goes_to_the_listing_whichever_budget_line_is_named(session: Session) -> None:
    lines = (listings.money(1_000_000, label="Pipa"), listings.money(2_000_000, label="Upah"))
    campaign = listings.open_campaign(lines=lines)
    first, second = listings.lines_of(campaign)
    pledge = service.offer(
        listing_id=campaign.id,
        by=people.person(),
        lines=[Wish(line_id=second.id, quantity=rupiah(50_000).amount)],
        client_token=uuid7(),
    )
    assert pledges.the_line(pledge).line_id == first.id
    assert queries.totals_for([campaign.id])[campaign.id].goal == rupiah(3_000_000).amount


@pytest.mark.parametrize(
    ("quantity", "code"),
    [(801, "quantity_range"), (0, "quantity_range"), (-1, "quantity_range"), (49, "less_than_useful")],
)
def test_quantities_that_cannot_be_offered(session: Session, quantity: int, code: str) -> None:
    need = listings.open_need(lines=(listings.goods(800, min_useful_quantity=50),))
    with pytest.raises(Invalid) as refusal:
        pledges.offered(need, quantity=quantity)
    assert refusal.value.code == code


def test_not_more_than_is_missing_and_less_only_when_it_fills_the_rest(session: Session) -> None:
    need = listings.open_need(lines=(listings.goods(800, min_useful_quantity=50),))
    pledges.accepted(need, quantity=780)
    with pytest.raises(Invalid) as refusal:
        pledges.offered(need, quantity=21)
    assert refusal.value.code == "more_than_missing"
    with pytest.raises(Invalid) as refusal:
        pledges.offered(need, quantity=19)
    assert refusal.value.code == "less_than_useful"
    pledges.accepted(need, quantity=20)
    with pytest.raises(Invalid) as refusal:
        pledges.offered(need, quantity=1)
    assert refusal.value.code == "nothing_missing"


@pytest.mark.parametrize("minor", [999_900, 1_000_050, 2**63, 99_999_999_999_900])
def test_amounts_that_are_no_gift(session: Session, minor: int) -> None:
    with pytest.raises(Invalid):
        pledges.offered(listings.open_campaign(), kind="money", quantity=minor)


def test_money_may_exceed_the_goal(session: Session) -> None:
    campaign = listings.open_campaign(lines=(listings.money(1_000_000), listings.goods()))
    assert pledges.gift(campaign, whole=5_000_000).state == PledgeState.offered


def test_a_guest_gives_money_only(session: Session) -> None:
    campaign = listings.open_campaign()
    guest = Guest(email="Tamu@Contoh.example", name="Ibu Tamu")
    pledge = service.offer(
        listing_id=campaign.id,
        by=None,
        guest=guest,
        lines=[Wish(line_id=pledges.line_of(campaign, "money").id, quantity=rupiah(50_000).amount)],
        client_token=uuid7(),
    )
    assert pledge.is_guest
    assert pledges.giver_of(pledge).email == "tamu@contoh.example"
    assert pledge.public_name == "Ibu Tamu"
    with pytest.raises(Forbidden):
        service.offer(
            listing_id=campaign.id,
            by=None,
            guest=guest,
            lines=[Wish(line_id=pledges.line_of(campaign).id, quantity=5)],
            client_token=uuid7(),
        )
    with pytest.raises(Invalid):
        service.offer(
            listing_id=campaign.id,
            by=None,
            lines=[Wish(line_id=pledges.line_of(campaign, "money").id, quantity=rupiah(50_000).amount)],
            client_token=uuid7(),
        )


def test_giving_for_an_organisation(session: Session) -> None:
    need = listings.open_need()
    company = organisations.company()
    boss = organisations.owner_of(company)
    pledge = pledges.offered(need, by=boss, for_organisation_id=company.id)
    assert (pledge.giver_organisation_id, pledge.public_name) == (company.id, company.name)
    with pytest.raises(Forbidden):
        pledges.offered(need, by=people.person(), for_organisation_id=company.id)
    looker = organisations.member(company, "finance")
    with pytest.raises(Forbidden):
        pledges.offered(need, by=looker, for_organisation_id=company.id)
    owner = listings.owner_of(need)
    with pytest.raises(Invalid):
        pledges.offered(need, by=owner, for_organisation_id=need.organisation_id)


def test_promising_money_for_later_is_for_those_who_sign_in(session: Session) -> None:
    with pytest.raises(Invalid) as refusal:
        service.offer(
            listing_id=(where := listings.open_campaign()).id,
            by=None,
            guest=service.Guest(email="tamu@contoh.example", name="Ibu Tamu"),
            lines=[Wish(line_id=pledges.line_of(where, "money").id, quantity=50_000_000)],
            client_token=uuid7(),
            is_pay_now=False,
        )
    assert refusal.value.code == "promise_by_guest"
    promise = pledges.gift(is_pay_now=False)
    assert (promise.state, promise.is_pay_now) == (PledgeState.offered, False)


def test_only_an_open_listing_takes_pledges(session: Session) -> None:
    need = listings.open_need()
    listing_service.pause(listing_id=need.id, by=listings.owner_of(need))
    with pytest.raises(Conflict):
        pledges.offered(need)
    listing_service.close(listing_id=need.id, by=listings.owner_of(need))
    with pytest.raises(Conflict):
        pledges.offered(need)
    other = listings.open_need()
    with clock.travel(dt.timedelta(days=90)), pytest.raises(Conflict):
        pledges.offered(other)


def test_a_draft_takes_no_pledges_and_an_unknown_line_is_refused(session: Session) -> None:
    draft = listings.draft()
    with pytest.raises(Conflict):
        pledges.offered(draft)
    need, other = listings.open_need(), listings.open_need()
    with pytest.raises(Invalid):
        service.offer(
            listing_id=need.id,
            by=people.person(),
            lines=[Wish(line_id=pledges.line_of(other).id, quantity=5)],
            client_token=uuid7(),
        )
    with pytest.raises(Invalid):
        service.offer(listing_id=need.id, by=people.person(), lines=[], client_token=uuid7())


def test_too_many_unanswered_offers(session: Session) -> None:
    need, giver = listings.open_need(), people.person()
    with config.overridden(open_pledges_limit=2):
        pledges.offered(need, by=giver, quantity=5)
        pledges.offered(need, by=giver, quantity=5)
        with pytest.raises(Conflict):
            pledges.offered(need, by=giver, quantity=5)


def test_a_cso_asks_on_a_standing_offer(session: Session) -> None:
    offer = listings.open_offer(lines=(listings.room(30),))
    cso = organisations.organisation()
    asker = organisations.owner_of(cso)
    wish = Wish(line_id=pledges.line_of(offer, "facility").id, quantity=3)
    asked = {"listing_id": offer.id, "by": asker, "for_organisation_id": cso.id, "lines": [wish]}
    pledge = service.request(**asked, client_token=uuid7())
    assert (pledge.state, pledge.is_request) == (PledgeState.requested, True)
    assert told(session, "pledge.requested")
    with pytest.raises(DomainError):
        service.accept(pledge_id=pledge.id, by=asker)
    service.accept(pledge_id=pledge.id, by=listings.owner_of(offer))
    assert pledge.state == PledgeState.accepted
    assert told(session, "request.accepted")
    assert queries.totals_for([offer.id])[wish.line_id].promised == 3
    with pytest.raises(Forbidden):
        service.request(**(asked | {"by": people.person()}), client_token=uuid7())
    with pytest.raises(Invalid):
        service.request(
            **(asked | {"by": listings.owner_of(offer), "for_organisation_id": offer.organisation_id}),
            client_token=uuid7(),
        )
    with pytest.raises(Invalid):
        pledges.offered(offer, kind="facility", quantity=1)
    with pytest.raises(Invalid):
        service.request(**(asked | {"listing_id": listings.open_need().id}), client_token=uuid7())


def test_periods(session: Session) -> None:
    need = listings.open_need(lines=(listings.hours(24),))
    line, today = pledges.line_of(need, "time"), clock.today()
    day = dt.timedelta(days=1)
    for start, end in ((today + 2 * day, today + day), (today - 3 * day, today - day)):
        wish = Wish(line_id=line.id, quantity=8, available_from=start, available_until=end)
        with pytest.raises(Invalid):
            service.offer(listing_id=need.id, by=people.person(), lines=[wish], client_token=uuid7())


def test_texts_have_limits(session: Session) -> None:
    with pytest.raises(Invalid):
        pledges.gift(message="a" * 501)
    with pytest.raises(Invalid):
        pledges.offered(contact="a" * 201)
