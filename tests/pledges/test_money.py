"""Money of pledges: counted only when it is there, fulfilling promises, going back; and what the meter says."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy.orm import Session

from coevolve.kit import clock, moves
from coevolve.kit.db import uuid7
from coevolve.kit.errors import Conflict, Forbidden, Invalid, NotFound
from coevolve.kit.money import Money, rupiah
from coevolve.ledger import accounts
from coevolve.ledger import queries as ledger_queries
from coevolve.ledger import service as ledger
from coevolve.listings import queries as listing_queries
from coevolve.listings import service as listing_service
from coevolve.organisations import queries as organisation_queries
from coevolve.payments import queries as payment_queries
from coevolve.pledges import queries, service
from coevolve.pledges.models import PLEDGE, Pledge, PledgeState
from coevolve.pledges.service import Wish
from tests.factories import listings, people, pledges
from tests.pledges.conftest import journal, told

S = PledgeState


def meter(pledge: Pledge) -> tuple[int, int]:
    totals = queries.totals_for([pledge.listing_id])[pledge.listing_id]
    return totals.received // 100, totals.promised // 100


def test_an_unpaid_checkout_is_in_no_counter(session: Session) -> None:
    pledge = pledges.gift(whole=500_000, method="checkout")
    assert meter(pledge) == (0, 0)
    assert queries.supporters_of(pledge.listing_id) == queries.Supporters((), 0)
    assert queries.pledges_for_organisation(pledge.receiver_organisation_id).rows == []
    assert not told(session, "pledge.offered")


def test_money_that_came_confirms_the_pledge(session: Session) -> None:
    pledge = pledges.gift(whole=500_000, message="Semoga lancar", is_name_public=True)
    payment = pledges.paid(pledge)
    assert pledge.state == S.confirmed
    assert [event.dst for event in moves.history(PLEDGE, pledge.id)] == ["offered", "accepted", "confirmed"]
    assert meter(pledge) == (500_000, 0)
    (supporter,) = queries.supporters_of(pledge.listing_id).rows
    assert queries.supporters_of(pledge.listing_id).count == 1
    assert (supporter.name, supporter.message) == (pledge.public_name, "Semoga lancar")
    assert journal(session, pledge.id) == ["pledge.offered", "pledge.money_received", "pledge.confirmed"]
    (fulfilment,) = queries.fulfilments_of([pledges.the_line(pledge).id])[pledges.the_line(pledge).id]
    assert (fulfilment.payment_id, fulfilment.quantity_received) == (payment.id, rupiah(500_000).amount)


def test_the_unique_code_is_part_of_the_gift(session: Session) -> None:
    pledge = pledges.gift(whole=500_000)
    pledges.paid(pledge, whole=500_123)
    assert pledge.state == S.confirmed
    assert meter(pledge) == (500_123, 0)
    assert pledges.the_line(pledge).received_quantity == rupiah(500_123).amount


def test_too_little_is_partly_delivered_until_the_rest_comes(session: Session) -> None:
    pledge = pledges.gift(whole=500_000)
    payment = pledges.paid(pledge, whole=200_000)
    assert pledge.state == S.partly_delivered
    assert queries.settlement_of(pledge.id).takes_money
    pledges.paid(pledge, payment=payment)
    assert pledge.state == S.confirmed
    assert not queries.settlement_of(pledge.id, lock=True).takes_money
    with pytest.raises(Conflict):
        pledges.paid(pledge, payment=payment, whole=1_000)


def test_a_company_s_promise_counts_as_promised_then_as_received(session: Session) -> None:
    pledge = pledges.promised_money(whole=5_000_000)
    assert pledge.state == S.accepted
    assert meter(pledge) == (0, 5_000_000)
    pledges.paid(pledge, whole=2_000_000)
    assert pledge.state == S.partly_delivered
    assert meter(pledge) == (2_000_000, 3_000_000)
    pledges.paid(pledge, whole=3_000_123)
    assert pledge.state == S.confirmed
    assert meter(pledge) == (5_000_123, 0)
    kept = ledger_queries.commitment_totals([pledge.listing_id])[pledge.listing_id]
    assert kept.received == rupiah(5_000_000).amount, "more than was promised is in the cash book only"


def test_a_broken_promise_leaves_the_part_that_came(session: Session) -> None:
    pledge = pledges.promised_money(whole=5_000_000)
    pledges.paid(pledge, whole=2_000_000)
    service.withdraw(pledge_id=pledge.id, by=pledges.giver_of(pledge))
    assert meter(pledge) == (2_000_000, 0)
    assert not queries.settlement_of(pledge.id).takes_money


def refund(pledge: Pledge, payment_id: object, whole: int) -> None:
    """As reconciliation: the cash goes back, then the pledge is told."""
    ledger.post(
        key=f"refund:{uuid7()}",
        kind="refund",
        transfers=[
            ledger.Transfer(
                debit_id=accounts.fund(pledge.listing_id),
                credit_id=accounts.refunds_payable(),
                amount=rupiah(whole).amount,
            )
        ],
        source_kind="refund",
        source_id=uuid7(),
    )
    service.return_money(
        pledge_id=pledge.id,
        payment_id=payment_id,  # type: ignore[arg-type]
        money=rupiah(whole),
        at=clock.now(),
    )


def test_refunds_in_part_then_whole(session: Session) -> None:
    pledge = pledges.gift(whole=500_000)
    payment = pledges.paid(pledge)
    refund(pledge, payment.id, 200_000)
    assert pledge.state == S.partly_delivered
    assert meter(pledge) == (300_000, 0)
    refund(pledge, payment.id, 300_000)
    assert pledge.state == S.cancelled
    assert meter(pledge) == (0, 0)
    assert queries.supporters_of(pledge.listing_id).count == 0
    with pytest.raises(Conflict):
        service.return_money(pledge_id=pledge.id, payment_id=payment.id, money=rupiah(1_000), at=clock.now())


def test_a_refund_of_promised_money_leaves_the_books_right(session: Session) -> None:
    pledge = pledges.promised_money(whole=5_000_000)
    payment = pledges.paid(pledge, whole=2_000_000)
    refund(pledge, payment.id, 500_000)
    kept = ledger_queries.commitment_totals([pledge.listing_id])[pledge.listing_id]
    assert (kept.received // 100, kept.promised // 100) == (1_500_000, 3_000_000)
    assert meter(pledge) == (1_500_000, 3_000_000)
    refund(pledge, payment.id, 1_500_000)
    assert pledge.state == S.cancelled
    kept = ledger_queries.commitment_totals([pledge.listing_id])[pledge.listing_id]
    assert (kept.received, kept.promised) == (0, 0)


def test_money_for_a_closed_listing_is_not_taken(session: Session) -> None:
    pledge = pledges.gift(method="checkout")
    listing = listing_queries.get(pledge.listing_id)
    assert queries.settlement_of(pledge.id).takes_money
    listing_service.close(listing_id=listing.id, by=listings.owner_of(listing))
    assert not queries.settlement_of(pledge.id).takes_money
    with pytest.raises(Conflict):
        service.settle_money(
            pledge_id=pledge.id,
            payment_id=payment_queries.of("pledge", pledge.id)[0].id,
            money=rupiah(500_000),
            at=clock.now(),
        )


def test_settlement_knows_the_parties(session: Session) -> None:
    pledge = pledges.gift()
    found = queries.settlement_of(pledge.id)
    assert found.giver_person_id == pledges.giver_of(pledge).id
    assert found.organisation_id == pledge.receiver_organisation_id
    assert found.organisation_name == organisation_queries.get(found.organisation_id).name
    assert found.title == listing_queries.get(pledge.listing_id).title
    with pytest.raises(NotFound):
        queries.settlement_of(uuid7(), lock=True)


def test_another_currency_is_refused(session: Session) -> None:
    pledge = pledges.gift(method="checkout")
    (payment,) = payment_queries.of("pledge", pledge.id)
    with pytest.raises(Invalid):
        service.settle_money(
            pledge_id=pledge.id, payment_id=payment.id, money=Money(5_000, "USD"), at=clock.now()
        )


def test_paying_needs_something_to_pay(session: Session) -> None:
    goods = pledges.accepted(quantity=5)
    with pytest.raises(Conflict):
        service.pay(pledge_id=goods.id, method="checkout", client_token=uuid7())
    gift = pledges.gift()
    with pytest.raises(Invalid):
        service.pay(pledge_id=gift.id, method="cash", client_token=uuid7())
    company = pledges.promised_money()
    first = service.pay(pledge_id=company.id, method="checkout", client_token=uuid7())
    assert first.amount == rupiah(5_000_000).amount
    service.withdraw(pledge_id=company.id, by=pledges.giver_of(company))
    assert payment_queries.get(first.id).state == "cancelled"


def test_a_promise_nobody_accepted_is_not_paid(session: Session) -> None:
    from tests.factories import organisations

    company = organisations.company()
    pledge = pledges.gift(
        by=organisations.owner_of(company), for_organisation_id=company.id, is_pay_now=False
    )
    with pytest.raises(Conflict):
        service.pay(pledge_id=pledge.id, method="checkout", client_token=uuid7())


def mixed() -> Pledge:
    """Money at once and pipes in one pledge."""
    campaign = listings.open_campaign()
    wishes = [
        Wish(line_id=pledges.line_of(campaign, "money").id, quantity=rupiah(100_000).amount),
        Wish(line_id=pledges.line_of(campaign).id, quantity=10),
    ]
    return service.offer(listing_id=campaign.id, by=people.person(), lines=wishes, client_token=uuid7())


def test_money_first_then_the_goods_are_accepted(session: Session) -> None:
    pledge = mixed()
    pledges.paid(pledge)
    assert pledge.state == S.offered, "the pipes wait for an answer"
    assert meter(pledge) == (100_000, 0)
    service.accept(pledge_id=pledge.id, by=pledges.receiver_of(pledge))
    assert pledge.state == S.partly_delivered
    pipes = next(line for line in queries.lines_of(pledge.id) if line.kind == "goods")
    sent = service.hand_over(pledge_line_id=pipes.id, by=pledges.giver_of(pledge), quantity=10)
    service.confirm(fulfilment_id=sent.id, by=pledges.receiver_of(pledge))
    assert pledge.state == S.confirmed


def test_money_first_then_the_goods_are_declined(session: Session) -> None:
    pledge = mixed()
    pledges.paid(pledge)
    service.decline(pledge_id=pledge.id, by=pledges.receiver_of(pledge), reason="Pipa sudah cukup.")
    assert pledge.state == S.confirmed
    assert meter(pledge) == (100_000, 0)


def test_goods_first_then_the_money(session: Session) -> None:
    pledge = mixed()
    service.accept(pledge_id=pledge.id, by=pledges.receiver_of(pledge))
    assert (pledge.state, meter(pledge)) == (S.accepted, (0, 0))
    pledges.paid(pledge)
    assert pledge.state == S.partly_delivered
    with pytest.raises(Conflict):
        service.decline(pledge_id=pledge.id, by=pledges.receiver_of(pledge), reason="x")


def test_a_gift_of_money_alone_is_not_answered(session: Session) -> None:
    pledge = pledges.gift()
    for answer in (
        lambda: service.accept(pledge_id=pledge.id, by=pledges.receiver_of(pledge)),
        lambda: service.decline(pledge_id=pledge.id, by=pledges.receiver_of(pledge), reason="x"),
    ):
        with pytest.raises((Conflict, Forbidden)):
            answer()


def test_a_campaign_is_fulfilled_by_money(session: Session) -> None:
    campaign = listings.open_campaign(lines=(listings.money(1_000_000),))
    pledges.paid(pledges.gift(campaign, whole=400_000))
    assert listing_queries.get(campaign.id).state == "open"
    pledges.paid(pledges.gift(campaign, whole=600_000))
    session.expire_all()
    assert listing_queries.get(campaign.id).state == "fulfilled"
    late = queries.totals_for([campaign.id])[campaign.id]
    assert (late.missing, late.still_to_come) == (0, 0)


def test_totals_of_many_listings_are_one_statement(session: Session, statements: list[str]) -> None:
    campaigns = [listings.open_campaign() for _ in range(3)]
    for campaign in campaigns:
        pledges.paid(pledges.gift(campaign, whole=50_000))
        pledges.accepted(campaign, quantity=7)
    session.flush()
    statements.clear()
    totals = queries.totals_for([campaign.id for campaign in campaigns])
    assert len(statements) == 1
    for campaign in campaigns:
        assert totals[campaign.id].received == rupiah(50_000).amount
        assert totals[pledges.line_of(campaign).id].promised == 7
    ledger.fold()
    assert queries.totals_for([campaign.id for campaign in campaigns]) == totals
    with clock.travel(dt.timedelta(days=1)):
        assert queries.totals_for([]) == {}
