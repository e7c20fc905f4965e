"""Pages of payments and finance as a browser without JavaScript sees them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from coevolve.kit import clock
from coevolve.kit.money import format_rupiah, rupiah
from coevolve.payments import links, queries, service
from coevolve.payments.models import Payment, PaymentState
from coevolve.people.models import Person
from coevolve.pledges import queries as pledges
from coevolve.reconciliation import queries as recon
from coevolve.reconciliation import service as reconciliation
from coevolve.reconciliation.models import Line
from tests.factories import payments as factory
from tests.factories import people
from tests.payment_sandbox.server import Sandbox
from tests.reconciliation.test_bank import book, enter, sum_of

SignIn = Callable[..., None]


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("\u00a0", " ")


def giver_of(payment: Payment, session: Session) -> Person:
    return session.get_one(Person, pledges.get(payment.reference_id).giver_person_id)


def test_transfer_instructions(client: FlaskClient, session: Session) -> None:
    payment = factory.transfer()
    answer = client.get(f"/bayar/{payment.public_ref}")
    assert answer.status_code == 200
    words = text(answer.text)
    assert format_rupiah(payment.amount).replace("\u00a0", " ") in words
    assert "0123 4567 8901" in words
    assert "Yayasan Co-Evolve" in words
    assert payment.public_ref in words
    assert "WIB" in words
    assert "Menunggu transfer Anda" in words
    assert f'data-copy="{payment.amount // 100}"' in answer.text
    assert 'data-copy="012345678901"' in answer.text
    assert "style=" not in answer.text.replace('rel="stylesheet"', "")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_status_tells_nothing_about_the_giver(client: FlaskClient, session: Session) -> None:
    payment = factory.transfer()
    giver = giver_of(payment, session)
    words = client.get(f"/bayar/{payment.public_ref}").text
    assert giver.name not in words
    assert giver.email not in words


def test_lower_case_reference_and_unknown_ones(client: FlaskClient, session: Session) -> None:
    payment = factory.transfer()
    assert client.get(f"/bayar/{payment.public_ref.lower()}").status_code == 200
    for wrong in ("CE000000000", "x", "CE" + "9" * 200, "%00", "..%2f"):
        assert client.get(f"/bayar/{wrong}").status_code in {400, 404}


def test_every_state_has_its_page(client: FlaskClient, session: Session) -> None:
    for make in (factory.transfer, factory.checkout):
        for state in PaymentState:
            payment = make()
            moved = {"s": str(state), "id": payment.id}
            from sqlalchemy import text as sql

            captured = payment.amount if state in {"captured", "captured_late"} else 0
            session.execute(
                sql("UPDATE payment SET state = :s, captured = :c WHERE id = :id"), moved | {"c": captured}
            )
            for path in ("", "?dari=kartu", "?dari=batal"):
                answer = client.get(f"/bayar/{payment.public_ref}{path}")
                assert answer.status_code == 200, (state, path)
                fragment = client.get(f"/bayar/{payment.public_ref}{path}", headers={"HX-Request": "true"})
                assert "<html" not in fragment.text
                says_paid = "sudah kami terima" in text(answer.text)
                assert says_paid == (state == "captured"), (state, path)


def test_back_from_the_card_page_is_waiting_not_paid(
    client: FlaskClient, session: Session, sandbox: Sandbox, work_off: Callable[[], Any]
) -> None:
    payment = factory.checkout()
    waiting = text(client.get(f"/bayar/{payment.public_ref}").text)
    assert "Halaman kartu sedang disiapkan" in waiting
    outbox_id = service.outbox_id_of(payment.id)
    assert outbox_id
    service.send(outbox_id)
    session.commit()
    page = client.get(f"/bayar/{payment.public_ref}")
    assert "Lanjut ke halaman kartu" in page.text
    assert payment.checkout_url and payment.checkout_url in page.text
    sandbox.pay(payment.provider_ref or "")
    back = text(client.get(f"/bayar/{payment.public_ref}?dari=kartu").text)
    assert "Menunggu konfirmasi" in back
    assert "sudah kami terima" not in back
    assert "Anda kembali tanpa membayar" in text(client.get(f"/bayar/{payment.public_ref}?dari=batal").text)
    service.poll_events()
    work_off()
    assert "sudah kami terima" in text(client.get(f"/bayar/{payment.public_ref}?dari=kartu").text)


@pytest.fixture
def paid(session: Session) -> Payment:
    payment = factory.transfer()
    line = enter(people.finance(), sum_of(payment), payment.public_ref)
    book(line, payment, people.finance())
    service.number_receipts()
    session.commit()
    return payment


def test_receipt_for_its_giver_only(
    client: FlaskClient, session: Session, paid: Payment, sign_in: SignIn
) -> None:
    receipt = queries.receipt_of(paid.id)
    assert receipt
    path = links.receipt_path(receipt.id)
    assert client.get(path).status_code == 404
    sign_in(client, people.person())
    assert client.get(path).status_code == 404
    giver = giver_of(paid, session)
    sign_in(client, giver)
    answer = client.get(path)
    assert answer.status_code == 200
    words = text(answer.text)
    assert giver.name in words
    assert queries.receipt_number(receipt) in words
    assert "rupiah" in words
    assert format_rupiah(paid.amount).replace("\u00a0", " ") in words
    assert "<svg" in answer.text
    assert "style=" not in answer.text
    assert f"/periksa/{receipt.code}" in answer.text


def test_receipt_by_the_mailed_key(client: FlaskClient, paid: Payment) -> None:
    receipt = queries.receipt_of(paid.id)
    assert receipt
    assert client.get(links.receipt_path(receipt.id, for_guest=True)).status_code == 200
    for key in ("", "0" * 32, "é", links.receipt_key(uuid.uuid4())):
        assert client.get(f"/kuitansi/{receipt.id}", query_string={"kunci": key}).status_code == 404


def test_verification_shows_number_sum_date_issuer_and_no_more(
    client: FlaskClient, session: Session, paid: Payment
) -> None:
    receipt = queries.receipt_of(paid.id)
    assert receipt
    answer = client.get(f"/periksa/{receipt.code}")
    words = text(answer.text)
    assert answer.status_code == 200
    assert "Kuitansi ini asli" in words
    assert queries.receipt_number(receipt) in words
    assert format_rupiah(receipt.amount).replace("\u00a0", " ") in words
    giver = giver_of(paid, session)
    assert giver.name not in words
    assert pledges.settlement_of(paid.reference_id).title not in words
    service.annul_receipt(payment_id=paid.id, because="refunded")
    session.commit()
    assert "sudah dibatalkan" in text(client.get(f"/periksa/{receipt.code}").text)
    for wrong in ("NOSUCHCODE12", "x" * 300, "a-b"):
        assert client.get(f"/periksa/{wrong}").status_code == 404


FINANCE_PAGES = ("/keuangan", "/keuangan/mutasi", "/keuangan/kasus", "/keuangan/penyedia")


def test_finance_pages_are_for_finance(client: FlaskClient, session: Session, sign_in: SignIn) -> None:
    for path in FINANCE_PAGES:
        assert client.get(path).status_code in {302, 303}
    for who in (people.person(), people.moderator(), people.admin()):
        sign_in(client, who)
        for path in FINANCE_PAGES:
            assert client.get(path).status_code == 403
    sign_in(client, people.finance())
    for path in (
        *FINANCE_PAGES,
        "/keuangan?hari=2026-01-31",
        "/keuangan?hari=x",
        "/keuangan/kasus?tab=selesai",
    ):
        assert client.get(path).status_code == 200
    for path in ("/keuangan/mutasi/999999", f"/keuangan/mutasi/{2**70}", f"/keuangan/kasus/{uuid.uuid4()}"):
        assert client.get(path).status_code == 404


def test_a_transfer_from_bank_line_to_receipt(client: FlaskClient, session: Session, sign_in: SignIn) -> None:
    payment = factory.transfer()
    account = factory.bank_account()
    finance = people.finance()
    sign_in(client, finance)
    form = {
        "account": str(account.id),
        "booked_on": clock.today().isoformat(),
        "amount": f"{payment.amount // 100:,}".replace(",", "."),
        "words": f"TRSF E-BANKING CR {payment.public_ref} SITI RAHAYU",
        "bank_ref": "BCA-77",
    }
    answer = client.post("/keuangan/mutasi", data=form)
    assert answer.status_code == 303
    path = answer.headers["Location"]
    page = client.get(path).text
    assert "Nomor rujukan dan jumlahnya cocok." in text(page)
    choice = dict(re.findall(r'name="(target_\w+)" value="([^"]+)"', page))
    assert choice == {"target_kind": "payment", "target_id": str(payment.id)}
    assert client.post(f"{path}/cocokkan", data=choice).status_code == 303
    assert client.post(f"{path}/cocokkan", data=choice).status_code == 409
    session.refresh(payment)
    assert payment.state == PaymentState.captured
    again = client.post("/keuangan/mutasi", data=form)
    assert again.status_code == 422
    assert "sudah dicatat" in text(again.text)
    assert "TRSF E-BANKING CR" in again.text, "what was typed stays"
    words = text(client.get("/keuangan").text)
    assert "Semua 1 mutasi sudah cocok" in words


def test_posting_needs_a_fresh_code(client: FlaskClient, session: Session, sign_in: SignIn) -> None:
    payment = factory.transfer()
    finance = people.finance()
    line = enter(finance, sum_of(payment), payment.public_ref)
    session.commit()
    sign_in(client, finance, fresh=False)
    choice = {"target_kind": "payment", "target_id": str(payment.id)}
    for step in ("cocokkan", "setujui", "sisihkan"):
        answer = client.post(f"/keuangan/mutasi/{line.id}/{step}", data=choice)
        assert answer.status_code == 303
        assert "/akun/kode" in answer.headers["Location"] or "/masuk" in answer.headers["Location"]
    session.refresh(payment)
    assert payment.captured == 0


@pytest.mark.parametrize(
    "amount", ["", "0", "-5", "1e5", "75.000,50", "Rp 10rb", "9" * 30, "1_000", "NaN", "７５０００", "0x10"]
)
def test_amounts_that_are_refused(
    client: FlaskClient, session: Session, sign_in: SignIn, amount: str
) -> None:
    account = factory.bank_account()
    sign_in(client, people.finance())
    form = {
        "account": str(account.id),
        "booked_on": clock.today().isoformat(),
        "amount": amount,
        "words": "TRSF",
    }
    answer = client.post("/keuangan/mutasi", data=form)
    assert answer.status_code == 422
    assert 'id="amount-error"' in answer.text
    assert session.execute(select(func.count()).select_from(Line)).scalar_one() == 0


def test_by_reference_two_persons(client: FlaskClient, session: Session, sign_in: SignIn) -> None:
    payment = factory.transfer()
    first, second = people.finance(), people.finance()
    line = enter(first, rupiah(123_000), "TUNAI")
    session.commit()
    path = f"/keuangan/mutasi/{line.id}"
    sign_in(client, first)
    wrong = client.post(f"{path}/cocokkan", data={"ref": "CE123"})
    assert wrong.status_code == 422
    assert client.post(f"{path}/cocokkan", data={"ref": payment.public_ref}).status_code == 303
    assert "Menunggu orang kedua" in text(client.get(path).text)
    assert "Setujui dan bukukan" not in client.get(path).text
    assert client.post(f"{path}/setujui").status_code == 403
    sign_in(client, second)
    assert "Setujui dan bukukan" in client.get(path).text
    assert client.post(f"{path}/setujui").status_code == 303
    session.refresh(payment)
    assert payment.captured == 12_300_000


def test_set_aside_and_the_case(client: FlaskClient, session: Session, sign_in: SignIn) -> None:
    finance = people.finance()
    line = enter(finance, rupiah(50_000), "KLIRING")
    session.commit()
    sign_in(client, finance)
    assert client.post(f"/keuangan/mutasi/{line.id}/sisihkan").status_code == 303
    [case] = recon.open_cases()
    path = f"/keuangan/kasus/{case.id}"
    assert "Uang di bank belum dikenal" in text(client.get("/keuangan/kasus").text)
    assert client.post(f"{path}/ambil").status_code == 303
    assert client.post(f"{path}/catatan", data={"note": "", "langkah": "catat"}).status_code == 422
    assert (
        client.post(f"{path}/catatan", data={"note": "Bank ditelepon.", "langkah": "catat"}).status_code
        == 303
    )
    assert "Bank ditelepon." in client.get(path).text
    assert client.post(f"{path}/catatan", data={"note": "Ketemu.", "langkah": "tutup"}).status_code == 303
    assert recon.count_open_cases() == 0
    assert client.post(f"{path}/catatan", data={"note": "Belum.", "langkah": "buka"}).status_code == 303
    assert recon.count_open_cases() == 1


def test_a_note_is_never_markup(client: FlaskClient, session: Session, sign_in: SignIn) -> None:
    finance = people.finance()
    line = enter(finance, rupiah(50_000), "<script>alert(1)</script>")
    reconciliation.set_aside(line_id=line.id, by=finance.id)
    session.commit()
    [case] = recon.open_cases()
    sign_in(client, finance)
    client.post(
        f"/keuangan/kasus/{case.id}/catatan",
        data={"note": "<img src=x onerror=alert(1)>", "langkah": "catat"},
    )
    for path in (f"/keuangan/kasus/{case.id}", f"/keuangan/mutasi/{line.id}", "/keuangan"):
        html = client.get(path).text
        assert "<script>alert" not in html
        assert "<img src=x" not in html


def test_comparing_is_asked_of_a_worker(
    client: FlaskClient, session: Session, sign_in: SignIn, jobs: list[Any]
) -> None:
    sign_in(client, people.finance())
    assert client.post("/keuangan/penyedia/bandingkan").status_code == 303
    assert "reconciliation.compare" in [job.name for job in jobs]
