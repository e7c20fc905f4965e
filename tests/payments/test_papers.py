"""Receipts on paper: what they say, who may have them, and the letter they travel with."""

from __future__ import annotations

import datetime as dt
import io
import uuid
from email.message import EmailMessage

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy.orm import Session

from coevolve.kit import i18n, paper
from coevolve.kit.money import rupiah
from coevolve.notifications import attaching
from coevolve.payments import links, queries, service
from coevolve.payments.models import Receipt
from coevolve.people.models import Person
from coevolve.reconciliation import papers
from tests.factories import payments as factory
from tests.factories import people
from tests.invariants import assert_books_balance

MOST_BYTES = 60_000


def words_of(raw: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(raw)).pages)


def receipt_for(giver: Person, amount: int = 250_771, day: dt.date | None = None) -> Receipt:
    """A receipt as the capture writes it, for a gift whose payment is still on its way."""
    gift = factory.gift(money=rupiah(amount), by=giver)
    payment = factory.payment_of(gift)
    at = dt.datetime.combine(day or dt.date(2026, 3, 3), dt.time(5), dt.UTC)
    return service.write_receipt(payment_id=payment.id, money=rupiah(amount), paid_at=at)


@pytest.fixture
def giver(session: Session) -> Person:
    return people.person(name="Siti #emph[Rahmawati] $x$")


def test_a_receipt_says_all_it_must(giver: Person) -> None:
    receipt = receipt_for(giver)
    service.number_receipts()
    facts = papers.facts_of(receipt.id)
    raw = papers.receipt_pdf(facts)
    said = words_of(raw)
    for words in (
        "Kuitansi",
        facts.number,
        "Rp 250.771",
        "dua ratus lima puluh ribu tujuh ratus tujuh puluh satu",
        "Siti #emph[Rahmawati] $x$",
        "3 Maret 2026",
        facts.payment.public_ref,
        f"/periksa/{receipt.code}",
    ):
        assert words in said.replace("\xa0", " "), words
    assert len(raw) < MOST_BYTES
    assert b"PlusJakartaSans" in raw, "typst falls back to another font without a word"
    with i18n.in_language("en"):
        assert "Receipt" in words_of(papers.receipt_pdf(facts))


def test_only_its_giver_and_the_key_open_it(client: FlaskClient, sign_in: object, giver: Person) -> None:
    receipt = receipt_for(giver)
    address = f"/kuitansi/{receipt.id}.pdf"
    assert client.get(address).status_code == 404
    opened = client.get(f"{address}?kunci={links.receipt_key(receipt.id)}")
    assert (opened.status_code, opened.mimetype) == (200, "application/pdf")
    assert opened.headers["Cache-Control"] == "no-store"
    assert client.get(f"{address}?kunci=x").status_code == 404
    assert client.get(f"/kuitansi/{uuid.uuid4()}.pdf").status_code == 404
    sign_in(client, people.person())  # type: ignore[operator]
    assert client.get(address).status_code == 404
    sign_in(client, giver)  # type: ignore[operator]
    assert client.get(address).status_code == 200


def test_an_annulled_receipt_says_so(giver: Person) -> None:
    receipt = receipt_for(giver)
    service.annul_receipt(payment_id=receipt.payment_id, because="test")
    facts = papers.facts_of(receipt.id)
    assert "Dibatalkan" in words_of(papers.receipt_pdf(facts))
    assert papers.receipt_attachment({"receipt_id": str(receipt.id)}) is None


def test_a_year_adds_up(client: FlaskClient, sign_in: object, giver: Person) -> None:
    for amount, day in (
        (100_000, dt.date(2026, 1, 5)),
        (50_000, dt.date(2026, 12, 31)),
        (70_000, dt.date(2025, 6, 1)),
    ):
        receipt_for(giver, amount, day)
    receipt_for(people.person(), 990_000, dt.date(2026, 2, 2))
    service.number_receipts()
    sign_in(client, giver)  # type: ignore[operator]
    page = client.get("/akun/kuitansi?tahun=2026").get_data(as_text=True).replace("\xa0", " ")
    assert "Rp 150.000" in page and "Rp 990.000" not in page
    said = words_of(client.get("/akun/kuitansi/2026.pdf").data).replace("\xa0", " ")
    assert "Rp 150.000" in said and "seratus lima puluh ribu" in said and "Rp 70.000" not in said
    assert client.get("/akun/kuitansi/2019.pdf").status_code == 404
    assert client.get("/akun/kuitansi/99999999999999999999.pdf").status_code == 404
    assert "Rp 70.000" in client.get("/akun/kuitansi?tahun=2025").get_data(as_text=True).replace("\xa0", " ")


def test_who_has_none_is_told(client: FlaskClient, sign_in: object, giver: Person) -> None:
    sign_in(client, giver)  # type: ignore[operator]
    assert "Belum ada kuitansi" in client.get("/akun/kuitansi").get_data(as_text=True)
    assert client.get("/dasbor/tidak-ada/kuitansi").status_code == 404


@pytest.mark.case(74)
def test_the_thanks_carry_the_paper_with_its_number(giver: Person) -> None:
    receipt = receipt_for(giver)
    assert receipt.number is None
    attaching.give("payment.received", papers.receipt_attachment)
    letter = EmailMessage()
    letter.set_content("Terima kasih")
    attaching.add_to(letter, kind="payment.received", data={"receipt_id": str(receipt.id)}, language="id")
    [attached] = letter.iter_attachments()
    assert attached.get_filename() == f"kuitansi-CE-2026-{queries.receipt(receipt.id).number:06d}.pdf"
    raw = attached.get_payload(decode=True)
    assert isinstance(raw, bytes) and raw.startswith(b"%PDF") and len(raw) < MOST_BYTES
    attaching.add_to(letter, kind="payment.received", data={}, language="id")
    attaching.add_to(letter, kind="other", data={}, language="id")
    assert len(list(letter.iter_attachments())) == 1
    assert_books_balance()


def test_no_typed_word_is_run_as_markup() -> None:
    data = {
        "platform": "#panic()", "title": "*a* _b_ #import", "note": "$", "facts": [["<x>", "@y #z"]],
        "heads": ["a"] * 4,
        "rows": [["= h", "- l", "/ t: d", "// c"]], "total_label": "`", "total": "\\", "in_words": '"',
    }  # fmt: skip
    assert "#import" in words_of(paper.pdf("year", data))
