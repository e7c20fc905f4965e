"""Accepting, declining, withdrawing, lapsing, closing: each move, who may make it, and what the books say."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy.orm import Session

from coevolve import config
from coevolve.kit import clock
from coevolve.kit.errors import Conflict, Forbidden, Invalid, InvalidMove, NotFound
from coevolve.ledger import queries as ledger
from coevolve.listings import service as listing_service
from coevolve.payments import queries as payment_queries
from coevolve.payments.models import PaymentState
from coevolve.pledges import queries, service
from coevolve.pledges.models import PledgeState
from tests.factories import listings, organisations, people, pledges
from tests.pledges.conftest import journal, told


def test_accepting_less_than_was_offered(session: Session) -> None:
    need = listings.open_need()
    pledge = pledges.offered(need, quantity=340)
    line = pledges.the_line(pledge)
    service.accept(pledge_id=pledge.id, by=listings.owner_of(need), quantities={line.id: 300})
    assert pledge.state == PledgeState.accepted
    assert pledges.the_line(pledge).accepted_quantity == 300
    totals = queries.totals_for([need.id])[line.line_id]
    assert (totals.promised, totals.received, totals.missing) == (300, 0, 500)
    assert journal(session, pledge.id) == ["pledge.offered", "pledge.accepted"]
    (mail,) = (message for message in told(session, "pledge.accepted") if message.channel == "email")
    assert mail.data["support"]["id"].startswith("300\u00a0meter Pipa")


@pytest.mark.parametrize(("quantity", "code"), [(341, "more_than_offered"), (-1, "more_than_offered")])
def test_not_more_than_was_offered(session: Session, quantity: int, code: str) -> None:
    pledge = pledges.offered(quantity=340)
    line = pledges.the_line(pledge)
    with pytest.raises(Invalid) as refusal:
        service.accept(pledge_id=pledge.id, by=pledges.receiver_of(pledge), quantities={line.id: quantity})
    assert refusal.value.code == code


def test_nothing_accepted_is_no_acceptance(session: Session) -> None:
    pledge = pledges.offered()
    line = pledges.the_line(pledge)
    with pytest.raises(Invalid):
        service.accept(pledge_id=pledge.id, by=pledges.receiver_of(pledge), quantities={line.id: 0})


def test_two_offers_never_exceed_the_need(session: Session) -> None:
    need = listings.open_need(lines=(listings.goods(100),))
    one, other = pledges.offered(need, quantity=80), pledges.offered(need, quantity=80)
    service.accept(pledge_id=one.id, by=listings.owner_of(need))
    with pytest.raises(Invalid) as refusal:
        service.accept(pledge_id=other.id, by=listings.owner_of(need))
    assert refusal.value.code == "more_than_missing"
    service.accept(
        pledge_id=other.id, by=listings.owner_of(need), quantities={pledges.the_line(other).id: 20}
    )
    assert queries.totals_for([need.id])[pledges.line_of(need).id].missing == 0


def test_who_answers(session: Session) -> None:
    need = listings.open_need()
    organisation = organisations_of(need)
    pledge = pledges.offered(need)
    with pytest.raises(NotFound):
        service.accept(pledge_id=pledge.id, by=people.person())
    with pytest.raises(Forbidden):
        service.accept(pledge_id=pledge.id, by=pledges.giver_of(pledge))
    with pytest.raises(Forbidden):
        service.accept(pledge_id=pledge.id, by=organisations.member(organisation, "finance"))
    with pytest.raises(Forbidden):
        service.accept(pledge_id=pledge.id, by=people.moderator())
    service.accept(pledge_id=pledge.id, by=organisations.member(organisation, "member"))
    with pytest.raises(Conflict):
        service.accept(pledge_id=pledge.id, by=listings.owner_of(need))


def organisations_of(need):  # type: ignore[no-untyped-def]
    from coevolve.organisations import queries as found

    return found.get(need.organisation_id)


def test_declining_needs_a_reason(session: Session) -> None:
    pledge = pledges.offered()
    who = pledges.receiver_of(pledge)
    for reason in ("", "  \n ", "a" * 501):
        with pytest.raises(Invalid):
            service.decline(pledge_id=pledge.id, by=who, reason=reason)
    service.decline(pledge_id=pledge.id, by=who, reason="Ukurannya berbeda.")
    assert (pledge.state, pledge.reason) == (PledgeState.declined, "Ukurannya berbeda.")
    assert told(session, "pledge.declined")[0].data["reason"] == "Ukurannya berbeda."
    for again in (service.accept, service.withdraw):
        with pytest.raises(Conflict):
            again(pledge_id=pledge.id, by=who if again is service.accept else pledges.giver_of(pledge))


def test_withdrawing_frees_the_need(session: Session) -> None:
    need = listings.open_need(lines=(listings.goods(100),))
    pledge = pledges.accepted(need, quantity=100)
    line_id = pledges.line_of(need).id
    assert queries.totals_for([need.id])[line_id].missing == 0
    with pytest.raises(Forbidden):
        service.withdraw(pledge_id=pledge.id, by=listings.owner_of(need))
    service.withdraw(pledge_id=pledge.id, by=pledges.giver_of(pledge), reason="Truk kami rusak.")
    assert pledge.state == PledgeState.withdrawn
    assert queries.totals_for([need.id])[line_id].missing == 100
    assert told(session, "pledge.withdrawn")
    with pytest.raises(InvalidMove):
        service.withdraw(pledge_id=pledge.id, by=pledges.giver_of(pledge))


def test_withdrawing_after_a_part_keeps_the_part(session: Session) -> None:
    need = listings.open_need()
    fulfilment = pledges.handed_over(need, quantity=300, sent=100)
    service.confirm(fulfilment_id=fulfilment.id, by=listings.owner_of(need))
    (row,) = queries.pledges_for_organisation(need.organisation_id).rows
    pledge = queries.get(row.id)
    assert pledge.state == PledgeState.partly_delivered
    service.withdraw(pledge_id=pledge.id, by=pledges.giver_of(pledge))
    totals = queries.totals_for([need.id])[pledges.line_of(need).id]
    assert (totals.received, totals.promised, totals.missing) == (100, 0, 700)


def test_a_withdrawn_request(session: Session) -> None:
    from coevolve.kit.db import uuid7
    from coevolve.pledges.service import Wish

    offer = listings.open_offer(lines=(listings.room(30),))
    cso = organisations.organisation()
    asker = organisations.owner_of(cso)
    wish = Wish(line_id=pledges.line_of(offer, "facility").id, quantity=3)
    pledge = service.request(
        listing_id=offer.id, by=asker, for_organisation_id=cso.id, lines=[wish], client_token=uuid7()
    )
    with pytest.raises(Forbidden):
        service.withdraw(pledge_id=pledge.id, by=listings.owner_of(offer))
    service.withdraw(pledge_id=pledge.id, by=asker)
    assert pledge.state == PledgeState.withdrawn
    assert told(session, "request.withdrawn")


def test_the_clock_ends_what_nobody_keeps(session: Session) -> None:
    need = listings.open_need()
    waiting, agreed = pledges.offered(need), pledges.accepted(need)
    assert service.lapse_due() == 0
    with clock.travel(dt.timedelta(days=config.settings().pledge_lapse_days + 1)):
        assert service.lapse_due() == 2
        assert service.lapse_due() == 0
    session.expire_all()
    assert (waiting.state, agreed.state) == (PledgeState.lapsed, PledgeState.lapsed)
    assert queries.totals_for([need.id])[pledges.line_of(need).id].promised == 0
    assert {message.about_id for message in told(session, "pledge.lapsed")} == {waiting.id, agreed.id}


def test_the_clock_waits_for_money_under_way(session: Session) -> None:
    unpaid = pledges.gift(method="checkout")
    with clock.travel(dt.timedelta(days=config.settings().pledge_lapse_days + 1)):
        assert service.lapse_due() == 0
        (payment,) = payment_queries.of("pledge", unpaid.id)
        payment.state = PaymentState.expired
        session.flush()
        assert service.lapse_due() == 1
    assert unpaid.state == PledgeState.lapsed


def test_closing_a_listing_cancels_its_promises(session: Session, work_off) -> None:  # type: ignore[no-untyped-def]
    need = listings.open_need()
    waiting, agreed = pledges.offered(need), pledges.accepted(need)
    kept = pledges.handed_over(need, quantity=10)
    service.confirm(fulfilment_id=kept.id, by=listings.owner_of(need))
    listing_service.close(listing_id=need.id, by=listings.owner_of(need))
    work_off()
    assert queries.get(waiting.id).state == PledgeState.cancelled
    assert queries.get(agreed.id).state == PledgeState.cancelled
    totals = queries.totals_for([need.id])[pledges.line_of(need).id]
    assert (totals.received, totals.promised) == (10, 0)
    assert told(session, "pledge.cancelled")
    assert service.cancel_for_listing(listing_id=need.id) == 0


def test_a_frozen_organisation_answers_nothing(session: Session) -> None:
    from coevolve.organisations import service as organisation_service

    need = listings.open_need()
    pledge = pledges.offered(need)
    organisation_service.freeze(
        organisation_id=need.organisation_id, by=people.moderator().id, reason="Laporan sedang diperiksa."
    )
    with pytest.raises(Forbidden):
        service.accept(pledge_id=pledge.id, by=listings.owner_of(need))


def test_acceptance_writes_a_hold_in_the_commitment_book(session: Session) -> None:
    pledge = pledges.accepted(quantity=340, agreed=300)
    line = pledges.the_line(pledge)
    assert line.hold_id is not None
    assert ledger.outstanding(line.hold_id) == 300
