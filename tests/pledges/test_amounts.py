"""Sums far beyond 32 and 53 bits stay exact everywhere; other currencies and a donor's sen are told apart."""

from __future__ import annotations

import html
import json
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from coevolve import config
from coevolve.kit import clock
from coevolve.kit.db import uuid7
from coevolve.kit.errors import Invalid
from coevolve.kit.money import Money, format_money, parse_rupiah, rupiah
from coevolve.kit.tables import exact
from coevolve.pledges import queries, service
from tests.factories import listings, organisations, pledges
from tests.invariants import assert_books_balance
from tests.pledges.arrivals import pays

SignIn = Callable[..., None]
SUMS = [(2**31 // 100 + 1) * 100, 8_999_999_999_999_900]
"""Beyond 32 bits, and the greatest of all; two of that one are beyond 2^53."""


@pytest.mark.case(45)
@pytest.mark.parametrize("amount", SUMS)
def test_large_sums_are_exact_in_database_json_csv_and_page(
    session: Session, client: FlaskClient, sign_in: SignIn, amount: int
) -> None:
    company = organisations.company()
    owner = organisations.owner_of(company)
    campaign = listings.open_campaign()
    given = {"by": owner, "for_organisation_id": company.id, "quantity": amount}
    with config.overridden(gift_max_minor=8_999_999_999_999_999):
        pledge, other = (pledges.offered(campaign, kind="money", **given) for _ in range(2))
        pays(pledge)
        pays(other)
    totals = queries.totals_for([campaign.id])[campaign.id]
    assert (totals.received, totals.promised) == (2 * amount, 0)
    shown = html.unescape(client.get(f"/kampanye/{campaign.slug}").get_data(as_text=True))
    assert format_money(Money(2 * amount)) in shown
    row = session.execute(
        text(
            "SELECT received_quantity, to_json(received_quantity::text) FROM pledge_line WHERE pledge_id = :id"
        ),
        {"id": pledge.id},
    ).one()
    assert (row[0], int(row[1])) == (amount, amount)
    kept = session.execute(
        text("SELECT data FROM journal_line WHERE kind = 'pledge.money_received' AND about_id = :id"),
        {"id": pledge.id},
    ).scalar_one()
    assert int(json.loads(json.dumps(kept))["amount"]) == amount, "JSON carries sums as text"
    session.commit()
    sign_in(client, owner)
    month = f"{clock.today():%Y-%m}"
    file = client.get(f"/dasbor/{company.slug}/pemberian/{month}.csv").get_data(as_text=True)
    assert f",money,{amount // 100}," in file
    page = html.unescape(client.get(f"/dukungan/{pledge.id}").get_data(as_text=True))
    assert format_money(Money(amount)) in page
    assert format_money(Money(amount)).replace("Rp\u00a0", "").replace(".", "") == str(amount // 100)
    assert_books_balance()


@pytest.mark.case(47)
@pytest.mark.parametrize(
    ("money", "shown"),
    [
        (Money(1234, "JPY"), "1234"),
        (Money(123_456, "IDR"), "1234.56"),
        (Money(-5, "USD"), "-0.05"),
        (Money(1_234_567, "KWD"), "1234.567"),
        (Money(1_000, "KWD"), "1"),
    ],
)
def test_currencies_of_none_two_and_three_decimals_are_written_exactly(money: Money, shown: str) -> None:
    assert exact(money) == shown


@pytest.mark.case(47)
def test_a_donor_s_sen_are_refused_everywhere(session: Session) -> None:
    with pytest.raises(Invalid):
        parse_rupiah("75.000,50")
    for minor in (1_000_050, 1_000_001):
        with pytest.raises(Invalid):
            pledges.offered(listings.open_campaign(), kind="money", quantity=minor)
    promise = pledges.promised_money(whole=1_000_000)
    giver = pledges.giver_of(promise)
    with pytest.raises(Invalid):
        service.change_amount(pledge_id=promise.id, by=giver, amount=50_000_050)
    with pytest.raises(Invalid):
        service.issue_invoice(pledge_id=promise.id, by=giver, client_token=uuid7(), amount=0)
    assert queries.totals_for([promise.listing_id])[promise.listing_id].promised == rupiah(1_000_000).amount
    assert_books_balance()
