"""The open book: public figures that open into their rows."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from coevolve import registry
from coevolve.kit import checks, clock
from coevolve.kit.db import session as current
from coevolve.kit.money import rupiah
from coevolve.kit.tables import cell, exact
from coevolve.ledger import accounts, queries
from coevolve.ledger import service as ledger
from coevolve.ledger.words import FLOWS, flow_of
from coevolve.listings.models import Listing
from tests.factories import disbursements as money_out
from tests.factories import listings


def look() -> None:
    """What the workers do every five minutes."""
    from workers.house import self_check

    self_check()


@pytest.fixture
def campaign(session: Session) -> Listing:
    return listings.open_campaign(title="Air untuk Oelbubuk")


def move(listing: Listing, key: str, other: int, amount: int, *, source: str = "test") -> None:
    fund = accounts.fund(listing.id)
    debit, credit = (other, fund) if amount > 0 else (fund, other)
    leg = ledger.Transfer(
        debit_id=debit, credit_id=credit, amount=abs(amount), is_spending=source == "disbursement"
    )
    ledger.post(key=key, kind="test", transfers=[leg], source_kind=source, source_id=listing.id)


def a_history(listing: Listing) -> None:
    move(listing, "a", accounts.provider_clearing("stripe"), rupiah(500_000).amount)
    move(listing, "b", accounts.provider_clearing("stripe"), rupiah(250_000).amount)
    move(listing, "c", accounts.refunds_payable(), -rupiah(100_000).amount)
    move(listing, "d", accounts.provider_clearing("stripe"), -rupiah(200_000).amount, source="disbursement")


def test_the_sums_are_those_of_the_rows(client: FlaskClient, campaign: Listing) -> None:
    a_history(campaign)
    page = client.get(f"/buku/{campaign.slug}").get_data(as_text=True)
    for words in (
        "Rp\xa0750.000",
        "−Rp\xa0100.000",
        "−Rp\xa0200.000",
        "Rp\xa0450.000",
        "Disalurkan ke rekening OMS",
    ):
        assert words in page or words.replace("−", "-") in page, words
    rows = list(
        csv.DictReader(
            io.StringIO(client.get(f"/buku/{campaign.slug}.csv").get_data(as_text=True).lstrip("\ufeff"))
        )
    )
    assert sum(int(row["amount_idr"]) for row in rows) == 450_000
    assert [row["kind"] for row in rows] == ["disbursed", "refund", "gift", "gift"]
    assert queries.balance(accounts.fund(campaign.id)) == rupiah(450_000).amount


def test_pages_of_rows_neither_miss_nor_repeat(client: FlaskClient, campaign: Listing) -> None:
    for number in range(120):
        move(campaign, f"n{number}", accounts.provider_clearing("stripe"), rupiah(10_000 + number).amount)
    seen: list[str] = []
    address = f"/buku/{campaign.slug}"
    while address:
        page = client.get(address).get_data(as_text=True)
        seen += [piece.split("<")[0] for piece in page.split('class="n">')[1:] if piece.startswith("Rp")]
        following = page.split('href="?sesudah=')
        address = (
            f"/buku/{campaign.slug}?sesudah={following[1].split(chr(34))[0]}" if len(following) > 1 else ""
        )
    for number in range(120):
        assert any(words.endswith(f"10.{number:03d}") for words in seen), number
    assert len(list(queries.all_movements(accounts.fund(campaign.id), at_once=7))) == 120


def test_an_empty_book_says_so_and_a_draft_has_none(client: FlaskClient, campaign: Listing) -> None:
    assert "Belum ada uang yang bergerak" in client.get(f"/buku/{campaign.slug}").get_data(as_text=True)
    assert client.get("/buku/tidak-ada").status_code == 404
    assert client.get("/buku/tidak-ada.csv").status_code == 404
    current().execute(text("UPDATE listing SET state = 'draft' WHERE id = :id"), {"id": campaign.id})
    assert client.get(f"/buku/{campaign.slug}").status_code == 404
    assert client.get(f"/buku/{campaign.slug}?sesudah=99999999999999999999").status_code == 404


def test_all_funds_together(client: FlaskClient, campaign: Listing) -> None:
    before = queries.all_funds()
    a_history(campaign)
    after = queries.all_funds()
    assert after.balance - before.balance == rupiah(450_000).amount
    assert after.spent - before.spent == rupiah(200_000).amount
    assert "Segel harian" in client.get("/buku").get_data(as_text=True)
    assert client.get("/buku/segel.csv").get_data(as_text=True).startswith("\ufeffday,first_id,last_id")


def test_the_badge_tells_the_truth(client: FlaskClient, session: Session) -> None:
    assert "Pemeriksaan pertama" in client.get("/buku").get_data(as_text=True)
    campaign = money_out.ground().listing
    look()
    assert "Buku cocok, diperiksa" in client.get(f"/buku/{campaign.slug}").get_data(as_text=True)
    session.execute(text("UPDATE ledger_balance SET balance = balance + 100"))
    look()
    assert "Sedang kami telusuri" in client.get("/buku").get_data(as_text=True)
    cases = "SELECT count(*) FROM recon_case WHERE kind = 'books' AND state = 'open'"
    assert session.execute(text(cases)).scalar_one() > 0
    session.execute(text("UPDATE ledger_balance SET balance = balance - 100"))
    look()
    assert session.execute(text(cases)).scalar_one() == 0
    found = checks.last()
    assert found is not None
    assert found.is_clean
    assert found.rules == len(registry.invariants())
    with clock.travel(dt.timedelta(hours=1)):
        assert "pada pemeriksaan terakhir" in client.get("/buku").get_data(as_text=True)


@pytest.mark.parametrize(
    "other", ["bank", "clearing", "refunds_payable", "dispute_holdback", "donor_credit", "odd"]
)
@pytest.mark.parametrize("source", ["payment", "disbursement"])
@pytest.mark.parametrize("sign", [1, -1])
def test_every_movement_has_words(other: str, source: str, sign: int) -> None:
    assert flow_of(other, source, sign) in FLOWS


@pytest.mark.case(68)
@pytest.mark.parametrize("typed", ["=1+1", "+62811", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"])
def test_no_cell_becomes_a_formula(typed: str) -> None:
    assert cell(typed).startswith("'")


def test_sums_for_programs() -> None:
    assert exact(rupiah(-1_500)) == "-1500"
    assert exact(rupiah(1) + rupiah(0)) == "1"
    assert cell("Rp 1") == "Rp 1"
