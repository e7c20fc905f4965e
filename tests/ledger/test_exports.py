"""The books taken along: every row once, steady signs, and a file that another program finds right."""

from __future__ import annotations

import csv
import datetime as dt
import io
import subprocess
import sys
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from coevolve.kit.money import rupiah
from coevolve.ledger import accounts, exports, queries
from coevolve.ledger import service as ledger
from coevolve.people.models import Person
from tests.factories import people
from tests.ledger.conftest import Books

JAKARTA = dt.timezone(dt.timedelta(hours=7))
SINCE, UNTIL = dt.date(2026, 3, 1), dt.date(2026, 3, 31)


def give(books: Books, key: str, amount: int, day: dt.date, *, unit: str = "IDR", hour: int = 12) -> int:
    fund = accounts.fund(books.listing_id, unit)
    leg = ledger.Transfer(
        debit_id=accounts.provider_clearing("stripe", "", unit), credit_id=fund, amount=amount, unit=unit
    )
    at = dt.datetime.combine(day, dt.time(hour), JAKARTA)
    return ledger.post(
        key=key,
        kind="payment.captured",
        transfers=[leg],
        source_kind="test",
        source_id=books.source_id,
        effective_at=at,
    )


@pytest.fixture
def books(session: Session) -> Books:
    written = Books()
    give(written, "before", rupiah(40_000).amount, dt.date(2026, 2, 28), hour=23)
    give(written, "first", rupiah(100_000).amount, dt.date(2026, 3, 1), hour=0)
    give(written, "odd", rupiah(250_000).amount + 37, dt.date(2026, 3, 15))
    give(written, "usd", 1_999, dt.date(2026, 3, 20), unit="USD")
    give(written, "after", rupiah(70_000).amount, dt.date(2026, 4, 1), hour=0)
    written.promise("promise", rupiah(1_000_000).amount)
    return written


def bean_check(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    file = folder / "books.beancount"
    file.write_text(text, encoding="utf-8")
    command = [str(Path(sys.executable).with_name("bean-check")), str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_beancount_finds_the_books_right(books: Books, tmp_path: Path) -> None:
    text = "".join(exports.beancount(SINCE, UNTIL))
    found = bean_check(text, tmp_path)
    assert (found.returncode, found.stderr) == (0, ""), found.stderr
    fund = exports.name_of(f"fund:{books.listing_id}:IDR", "liability")
    assert f"2026-04-01 balance {fund}  -390000.37 IDR" in text
    assert "payment.captured" in text and "19.99 USD" in text


@pytest.mark.parametrize("harm", ["missing", "doubled", "changed"])
def test_beancount_finds_what_is_wrong(books: Books, tmp_path: Path, harm: str) -> None:
    pieces = list(exports.beancount(SINCE, UNTIL))
    start = next(number for number, piece in enumerate(pieces) if "payment.captured" in piece)
    if harm == "missing":
        del pieces[start : start + 3]
    elif harm == "doubled":
        pieces[start:start] = pieces[start : start + 3]
    else:
        pieces[start + 1] = pieces[start + 1].replace("100000", "100001")
    assert bean_check("".join(pieces), tmp_path).returncode != 0


def test_the_table_has_every_row_of_the_period_once(
    client: FlaskClient, sign_in: object, books: Books, finance: Person
) -> None:
    sign_in(client, finance)  # type: ignore[operator]
    file = client.get(f"/keuangan/ekspor/jurnal.csv?dari={SINCE}&sampai={UNTIL}").get_data(as_text=True)
    rows = list(csv.DictReader(io.StringIO(file.lstrip("\ufeff"))))
    assert [row["amount"] for row in rows] == ["100000", "250000.37", "19.99"]
    assert {row["debit_class"] for row in rows} == {"asset"}
    assert {row["credit_account"].split(":")[0] for row in rows} == {"fund"}
    assert tuple(rows[0]) == exports.COLUMNS
    assert exports.count(SINCE, UNTIL) == 3
    sums = sum(float(row["amount"]) for row in rows if row["currency"] == "IDR")
    assert queries.balance(accounts.fund(books.listing_id)) == rupiah(int(sums) + 40_000 + 70_000).amount + 37


def test_pieces_neither_miss_nor_repeat(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [row.transfer_id for row in exports.rows(SINCE, UNTIL)]
    monkeypatch.setattr(exports, "AT_ONCE", 1)
    assert [row.transfer_id for row in exports.rows(SINCE, UNTIL)] == whole


@pytest.fixture
def finance(session: Session) -> Person:
    return people.staff("finance")


@pytest.mark.parametrize(
    "query",
    [
        "dari=kemarin",
        "dari=2026-03-02&sampai=2026-03-01",
        "dari=1200-01-01",
        "sampai=9999-12-31",
        "dari=2026-13-45",
    ],
)
def test_odd_periods_are_said(client: FlaskClient, sign_in: object, finance: Person, query: str) -> None:
    sign_in(client, finance)  # type: ignore[operator]
    for path in ("/keuangan/ekspor", "/keuangan/ekspor/jurnal.csv", "/keuangan/ekspor/buku.beancount"):
        answer = client.get(f"{path}?{query}")
        assert answer.status_code == 422, path
        assert "Keliru" in answer.get_data(as_text=True)


def test_only_finance_may_take_it_along(client: FlaskClient, sign_in: object, session: Session) -> None:
    assert client.get("/keuangan/ekspor").status_code in {302, 303, 401}
    sign_in(client, people.staff("moderator"))  # type: ignore[operator]
    for path in ("/keuangan/ekspor", "/keuangan/ekspor/jurnal.csv", "/keuangan/ekspor/buku.beancount"):
        assert client.get(path).status_code == 403
