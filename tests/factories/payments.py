"""Payments for tests, made by the real use cases."""

from __future__ import annotations

import uuid
from typing import Any

from coevolve.kit.db import session
from coevolve.kit.money import Money, rupiah
from coevolve.listings.models import Listing, ListingLine
from coevolve.payments import queries, service
from coevolve.payments.models import BankAccount, Payment
from coevolve.people.models import Person
from coevolve.pledges import service as pledges
from coevolve.pledges.models import Pledge
from tests.factories import listings, people

HALF_A_MILLION = rupiah(500_000)


def bank_account() -> BankAccount:
    """An account that donors transfer to; the same one within a test."""
    found = session().query(BankAccount).filter(BankAccount.organisation_id.is_(None)).first()
    return found or service.add_bank_account(
        bank_name="Bank Contoh Nusantara", account_number="012345678901", holder="Yayasan Co-Evolve"
    )


def money_line(listing: Listing) -> ListingLine:
    """The line of money of a listing."""
    return next(line for line in listings.lines_of(listing) if line.kind == "money")


def gift(
    *,
    money: Money = HALF_A_MILLION,
    method: str | None = "checkout",
    listing: Listing | None = None,
    by: Person | None = None,
    client_token: uuid.UUID | None = None,
    **over: Any,
) -> Pledge:
    """A gift of money by a person, with its payment started."""
    if method == "bank_transfer":
        bank_account()
    listing = listing or listings.open_campaign()
    return pledges.offer(
        listing_id=listing.id,
        by=by or people.person(),
        lines=[pledges.Wish(line_id=money_line(listing).id, quantity=money.amount)],
        client_token=client_token or uuid.uuid4(),
        method=method,
        **over,
    )


def payment_of(pledge: Pledge) -> Payment:
    """The payment of a gift."""
    [payment] = queries.of("pledge", pledge.id)
    return payment


def checkout(**over: Any) -> Payment:
    """A card payment, written and not yet sent."""
    return payment_of(gift(method="checkout", **over))


def transfer(**over: Any) -> Payment:
    """A transfer that is awaited."""
    return payment_of(gift(method="bank_transfer", **over))
