"""Money promised for later: a company's instalments, its second member and its bill; a donor's plan and credit."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import select

from coevolve.kit import clock
from coevolve.kit.db import session, uuid7
from coevolve.kit.money import Money, rupiah
from coevolve.listings.models import Kind, Listing, ListingLine, State
from coevolve.organisations import queries as organisations
from coevolve.organisations import service as organisation_service
from coevolve.organisations.models import Organisation
from coevolve.payments import queries as payment_queries
from coevolve.payments import service as payments
from coevolve.payments.models import Payment
from coevolve.people import queries as people
from coevolve.people import service as people_service
from coevolve.people.models import Person
from coevolve.pledges import service as pledges
from coevolve.pledges.models import Pledge
from coevolve.pledges.service import Plan, Wish
from coevolve.reconciliation import service as reconciliation

BEGAN = dt.timedelta(days=70)


def tell() -> None:
    """Promise, pay, fall behind, approve, bill, overpay: by the use cases themselves."""
    hendra, ratna = _person("perusahaan@demo.example"), _person("donatur@demo.example")
    company = next(
        seat.organisation for seat in organisations.memberships_of(hendra.id) if seat.role == "owner"
    )
    lina = people_service.create_active(email="lina@demo.example", name="Lina Hartono", password=None)
    organisation_service.add_member(organisation_id=company.id, person_id=lina.id, role="finance")
    pledges.set_rule(organisation_id=company.id, by=hendra, approval_above=rupiah(25_000_000).amount)
    campaigns = _campaigns(company)
    with clock.travel(-BEGAN):
        by_parts = _promise(campaigns[0], hendra, 24_000_000, 6, company=company, order="PO-2026/0417")
        own = _promise(campaigns[1], ratna, 1_200_000, 12)
        first = pledges.pay(
            pledge_id=by_parts.id,
            method="bank_transfer",
            client_token=uuid7(),
            amount=rupiah(4_000_000).amount,
        )
    _comes(first)
    pledges.issue_invoice(
        pledge_id=by_parts.id, by=hendra, client_token=uuid7(), amount=rupiah(4_000_000).amount
    )
    _promise(campaigns[2], lina, 75_000_000, 3, company=company, order="PO-2026/0533", accepts=False)
    _comes(
        pledges.pay(
            pledge_id=own.id, method="bank_transfer", client_token=uuid7(), amount=rupiah(100_000).amount
        )
    )
    late = _gift(campaigns[3], ratna, 350_000)
    payments.cancel(payment_id=late.id, by=ratna.id, cause="given up by the giver")
    pledges.withdraw(pledge_id=late.reference_id, by=ratna)
    _comes(late)
    _comes(_gift(campaigns[0], ratna, 500_000), 300_000)


def _person(email: str) -> Person:
    found = people.find_by_email(email)
    if found is None:
        raise RuntimeError(f"no {email} in the demo world")
    return found


def _campaigns(company: Organisation) -> list[Listing]:
    """Open campaigns that ask for money, the furthest from their end first."""
    statement = (
        select(Listing)
        .join(ListingLine, ListingLine.listing_id == Listing.id)
        .where(
            Listing.kind == Kind.campaign,
            Listing.state == State.open,
            Listing.organisation_id != company.id,
            ListingLine.kind == "money",
            ListingLine.position == 1,
        )
        .order_by(Listing.closes_on.desc(), Listing.id)
        .limit(4)
    )
    return list(session().execute(statement).scalars())


def _wish(listing: Listing, whole: int) -> Wish:
    statement = (
        select(ListingLine.id)
        .where(ListingLine.listing_id == listing.id, ListingLine.kind == "money")
        .order_by(ListingLine.position)
        .limit(1)
    )
    return Wish(line_id=session().execute(statement).scalar_one(), quantity=rupiah(whole).amount)


def _promise(
    listing: Listing,
    by: Person,
    whole: int,
    parts: int,
    *,
    company: Organisation | None = None,
    order: str = "",
    accepts: bool = True,
) -> Pledge:
    pledge = pledges.offer(
        listing_id=listing.id,
        by=by,
        for_organisation_id=company.id if company else None,
        lines=[_wish(listing, whole)],
        client_token=uuid7(),
        is_pay_now=False,
        is_name_public=company is not None,
        shares_identity=True,
        plan=Plan(first_on=clock.today() + dt.timedelta(days=10), count=parts),
        purchase_order=order,
    )
    if accepts:
        owner = organisations.members_of(listing.organisation_id, roles=("owner",))[0]
        pledges.accept(pledge_id=pledge.id, by=owner)
    return pledge


def _gift(listing: Listing, by: Person, whole: int) -> Payment:
    token = uuid7()
    pledge = pledges.offer(
        listing_id=listing.id,
        by=by,
        lines=[_wish(listing, whole)],
        client_token=token,
        method="bank_transfer",
    )
    return payment_queries.of("pledge", pledge.id)[0]


def _comes(payment: Payment, whole: int | None = None) -> None:
    """The money is on our statement; finance matches it, a second person where the books ask for one."""
    first, second = (_person(f"keuangan{number}@demo.example").id for number in (1, 2))
    if payment.bank_account_id is None:
        raise RuntimeError("not a transfer")
    line = reconciliation.enter_bank_line(
        bank_account_id=payment.bank_account_id,
        booked_on=clock.today(),
        money=Money(payment.amount) if whole is None else rupiah(whole),
        words=f"TRSF E-BANKING CR {payment.public_ref}",
        bank_ref=f"DEMO{uuid.uuid4().hex[:10].upper()}",
        by=first,
    )
    if _propose(line.id, payment.id, first) is None:
        reconciliation.confirm_match(line_id=line.id, by=second)


def _propose(line_id: int, payment_id: uuid.UUID, by: uuid.UUID) -> object | None:
    return reconciliation.propose_match(line_id=line_id, target_kind="payment", target_id=payment_id, by=by)
