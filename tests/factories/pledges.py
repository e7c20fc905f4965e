"""Pledges for tests, made by the real use cases."""

from __future__ import annotations

import uuid
from typing import Any

from coevolve.kit import clock, db
from coevolve.kit.db import uuid7
from coevolve.kit.money import Money, rupiah
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.listings.models import Listing, ListingLine
from coevolve.organisations.models import Organisation
from coevolve.payments.models import Payment
from coevolve.people.models import Person
from coevolve.pledges import queries, service
from coevolve.pledges.models import Pledge, PledgeFulfilment, PledgeLine
from coevolve.pledges.service import Wish
from tests.factories import listings, organisations, people


def line_of(listing: Listing, kind: str = "goods") -> ListingLine:
    """The first line of a kind."""
    return next(line for line in listings.lines_of(listing) if line.kind == kind)


def offered(
    listing: Listing | None = None, *, quantity: int = 340, kind: str = "goods", **over: Any
) -> Pledge:
    """An offer that waits for an answer: 340 metres of pipe, unless told otherwise."""
    where = listing or listings.open_need()
    giver: Person = over.pop("by", None) or people.person()
    wish = Wish(line_id=line_of(where, kind).id, quantity=quantity)
    return service.offer(
        listing_id=where.id, by=giver, lines=[wish], client_token=over.pop("client_token", uuid7()), **over
    )


def accepted(listing: Listing | None = None, *, agreed: int | None = None, **over: Any) -> Pledge:
    """An offer the receiver said yes to."""
    pledge = offered(listing, **over)
    quantities = {} if agreed is None else {line.id: agreed for line in queries.lines_of(pledge.id)}
    return service.accept(pledge_id=pledge.id, by=receiver_of(pledge), quantities=quantities)


def handed_over(listing: Listing | None = None, *, sent: int | None = None, **over: Any) -> PledgeFulfilment:
    """Goods the giver says it has handed over."""
    pledge = accepted(listing, **over)
    line = the_line(pledge)
    return service.hand_over(
        pledge_line_id=line.id,
        by=giver_of(pledge),
        quantity=sent or line.accepted_quantity,
        evidence="Diantar",
    )


def gift(listing: Listing | None = None, *, whole: int = 500_000, **over: Any) -> Pledge:
    """A gift of money that is to be paid at once and is not paid yet."""
    where = listing or listings.open_campaign()
    return offered(where, kind="money", quantity=rupiah(whole).amount, **over)


def promised_money(listing: Listing | None = None, *, whole: int = 5_000_000, **over: Any) -> Pledge:
    """A company's accepted promise of money."""
    where = listing or listings.open_campaign()
    company: Organisation = over.pop("company", None) or organisations.company()
    pledge = gift(
        where,
        whole=whole,
        by=organisations.owner_of(company),
        for_organisation_id=company.id,
        is_pay_now=False,
        **over,
    )
    return service.accept(pledge_id=pledge.id, by=receiver_of(pledge))


def paid(pledge: Pledge, *, whole: int | None = None, payment: Payment | None = None) -> Payment:
    """Money comes for a pledge: cash and pledge as reconciliation books them."""
    line = queries.money_line_of(pledge.id)
    assert line is not None
    money = rupiah(whole) if whole is not None else Money(line.quantity - line.received_quantity, line.unit)
    payment = payment or service.pay(pledge_id=pledge.id, method="checkout", client_token=uuid7())
    ledger.post(
        key=f"test:{uuid.uuid4()}",
        kind="payment.captured",
        transfers=[
            ledger.Transfer(
                debit_id=accounts.provider_clearing("stripe"),
                credit_id=accounts.fund(pledge.listing_id),
                amount=money.amount,
            )
        ],
        source_kind="payment",
        source_id=payment.id,
    )
    service.settle_money(pledge_id=pledge.id, payment_id=payment.id, money=money, at=clock.now())
    return payment


def giver_of(pledge: Pledge) -> Person:
    """Who gives."""
    assert pledge.giver_person_id is not None
    return db.get(Person, pledge.giver_person_id)


def receiver_of(pledge: Pledge) -> Person:
    """Who answers for the receiver."""
    return organisations.owner_of(db.get(Organisation, pledge.receiver_organisation_id))


def the_line(pledge: Pledge) -> PledgeLine:
    """Its only line."""
    (line,) = queries.lines_of(pledge.id)
    return line
