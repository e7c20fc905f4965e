"""Pages of refunds and disputes, as somebody without JavaScript sees them; others see nothing."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from coevolve.kit.money import rupiah
from coevolve.payments import links
from coevolve.payments import service as payments
from coevolve.payments.models import Dispute, Refund, RefundState
from coevolve.people import queries as people_queries
from coevolve.people.models import Person
from coevolve.pledges import queries as pledges
from coevolve.reconciliation import service
from tests.factories import people
from tests.invariants import assert_books_balance
from tests.payment_sandbox.server import Sandbox
from tests.payments import refund_world as world

QUEUE = "/keuangan/pengembalian"
SignIn = Callable[..., None]


@pytest.fixture(autouse=True)
def _world(session: Session, sandbox: Sandbox) -> None:
    """Every test here has the database and the provider."""


@pytest.fixture
def finance(client: FlaskClient, sign_in: SignIn) -> Person:
    person = people.staff("finance")
    sign_in(client, person)
    return person


def words(response: Any) -> str:
    return re.sub(r"\s+", " ", response.get_data(as_text=True).replace("\u00a0", " "))


def refunds(session: Session) -> list[Refund]:
    session.expire_all()
    return list(session.execute(select(Refund).order_by(Refund.id)).scalars())


def test_finance_asks_sees_the_books_and_approves(
    client: FlaskClient, session: Session, sandbox: Sandbox, finance: Person
) -> None:
    payment = world.paid_by_card(sandbox)
    here = f"/keuangan/pembayaran/{payment.public_ref}"
    assert "Paling banyak Rp 500.000." in words(client.get(here))
    token = str(uuid.uuid4())
    for amount, said in (
        ("", "Isi jumlahnya."),
        ("75,000", "Tulis jumlah"),
        ("600.000", "Paling banyak Rp 500.000 yang masih dapat dikembalikan."),
        ("0", "Jumlahnya harus lebih dari nol."),
    ):
        refused = client.post(
            f"{here}/kembalikan", data={"amount": amount, "reason": "Salah pilih", "client_token": token}
        )
        assert refused.status_code == 422
        assert said in words(refused)
        assert f'value="{amount}"' in words(refused)
    assert refunds(session) == []
    given = {"amount": "200.000", "reason": "Salah pilih", "client_token": token}
    first = client.post(f"{here}/kembalikan", data=given)
    assert client.post(f"{here}/kembalikan", data=given).location == first.location
    [refund] = refunds(session)
    page = words(client.get(first.location))
    assert "Jurnal bila disetujui" in page
    assert "Dana tayangan" in page
    assert refunds(session)[0].fund_posting_id is None
    assert "Salah pilih" not in words(client.get(QUEUE))
    assert payment.public_ref in words(client.get(QUEUE))
    done = client.post(f"{QUEUE}/{refund.id}/setujui", follow_redirects=True)
    assert "Disetujui. Donatur sudah dikabari." in words(done)
    again = client.post(f"{QUEUE}/{refund.id}/setujui")
    assert again.status_code == 422
    assert "sudah diputuskan" in words(again)
    assert world.send_refunds() == 1
    assert "Sudah kembali" in words(client.get(f"{QUEUE}/{refund.id}"))
    for tab in ("setujui", "bayar", "jalan", "gagal", "selesai", "lain"):
        assert client.get(f"{QUEUE}?tab={tab}&sesudah=nonsense").status_code == 200
    payments.number_receipts()
    assert_books_balance()


def test_a_reason_is_needed_and_typed_words_stay(
    client: FlaskClient, session: Session, sandbox: Sandbox, finance: Person
) -> None:
    payment = world.paid_by_card(sandbox)
    refund = payments.ask_refund(
        payment_id=payment.id, money=rupiah(100_000), reason="Salah orang", by=None, origin="giver"
    )
    assert client.post(f"{QUEUE}/{refund.id}/tolak").status_code == 422
    long = client.post(f"{QUEUE}/{refund.id}/tolak", data={"reason": "x" * 501})
    assert (long.status_code, "x" * 501 in words(long)) == (422, True)
    assert client.post(f"{QUEUE}/{refund.id}/terkirim").status_code == 422
    assert client.post(f"{QUEUE}/{refund.id}/tolak", data={"reason": "Sudah dibelikan."}).status_code == 303
    assert refunds(session)[0].state == RefundState.canceled
    assert_books_balance()


def test_by_transfer_from_the_mailed_link_to_the_file(
    client: FlaskClient, session: Session, sign_in: SignIn
) -> None:
    payment = world.paid_by_transfer()
    path = links.refund_path(payment.public_ref, payment.id)
    assert client.get(path).status_code == 404, "nothing waits for an account yet"
    refund = payments.ask_refund(
        payment_id=payment.id, money=rupiah(100_000), reason="Salah orang", by=None, origin="giver"
    )
    assert client.get(f"/bayar/{payment.public_ref}/rekening").status_code == 404
    assert client.get(path + "x").status_code == 404
    page = client.get(path)
    assert (page.status_code, page.headers["Referrer-Policy"]) == (200, "no-referrer")
    bad = client.post(path, data={"bank_name": "Bank A", "account_number": "12AB", "holder": "=Maria"})
    assert bad.status_code == 422
    assert "12AB" in words(bad)
    good = {"bank_name": "Bank A", "account_number": "1234567890", "holder": "=Maria"}
    assert client.post(path, data=good).status_code == 303
    finance = people.staff("finance")
    sign_in(client, finance)
    service.approve_refund(refund_id=refund.id, by=finance.id)
    shown = words(client.get(f"{QUEUE}/{refund.id}"))
    assert "Nama di mutasi asal" in shown
    version = re.search(r'name="versi" value="([^"]+)"', shown)
    assert version is not None
    check = f"{QUEUE}/{refund.id}/rekening"
    assert client.post(f"{check}/sah", data={"versi": str(uuid.uuid4())}).status_code == 404
    assert client.post(f"{check}/tolak", data={"versi": version[1]}).status_code == 422
    assert client.post(f"{check}/sah", data={"versi": version[1]}).status_code == 303
    made = client.post(f"{QUEUE}/daftar")
    assert made.status_code == 303
    file = client.get(f"{made.location}/berkas.csv")
    lines = file.get_data(as_text=True).splitlines()
    assert lines[0].lstrip("\ufeff").startswith("reference,bank,account_number,holder,amount")
    assert "'=Maria" in lines[1]
    assert ",100000,IDR," in lines[1]
    assert client.post(f"{made.location}/terkirim").status_code == 303
    assert refunds(session)[0].state == RefundState.pending
    assert client.post(f"{QUEUE}/daftar").status_code == 409
    assert_books_balance()


def test_a_giver_asks_on_its_own_page(
    client: FlaskClient, session: Session, sandbox: Sandbox, sign_in: SignIn
) -> None:
    payment = world.paid_by_card(sandbox)
    path = f"/bayar/{payment.public_ref}/minta-kembali"
    assert client.get(path).status_code == 404
    sign_in(client, people.person())
    assert client.get(path).status_code == 404
    giver = people_queries.get(pledges.get(payment.reference_id).giver_person_id)
    sign_in(client, giver)
    assert "Minta uang kembali" in words(client.get(f"/bayar/{payment.public_ref}"))
    assert "Minta uang kembali" in words(client.get(f"/dukungan/{payment.reference_id}"))
    bad = client.post(path, data={"amount": "9.000.000", "reason": ""})
    assert (bad.status_code, 'value="9.000.000"' in words(bad)) == (422, True)
    asked = client.post(path, data={"amount": "500.000", "reason": "Salah orang"}, follow_redirects=True)
    assert "Permintaan Anda sedang kami periksa." in words(asked)
    again = client.post(path, data={"amount": "1", "reason": "Lagi"})
    assert (again.status_code, "sedang kami tangani" in words(again)) == (422, True)
    [refund] = refunds(session)
    finance = people.staff("finance")
    service.approve_refund(refund_id=refund.id, by=finance.id)
    world.send_refunds()
    assert "Sudah kami kembalikan." in words(client.get(f"/bayar/{payment.public_ref}"))
    assert "Sudah kami kembalikan." in words(client.get(path))
    payments.number_receipts()
    assert_books_balance()


def test_disputes_are_listed_and_noted(
    client: FlaskClient, session: Session, sandbox: Sandbox, finance: Person
) -> None:
    payment = world.paid_by_card(sandbox)
    made = sandbox.dispute(world.charge_of(sandbox, payment), amount=20_000_000)
    world.deliver()
    dispute = session.execute(select(Dispute)).scalar_one()
    listed = words(client.get("/keuangan/sengketa"))
    assert "Yang ditahan sekarang: Rp 200.000." in listed
    assert "Donatur bilang bukan dia yang membayar" in listed
    here = f"/keuangan/sengketa/{dispute.id}"
    assert "Jawab sebelum" in words(client.get(here))
    assert client.post(here, data={"evidence": " "}).status_code == 422
    saved = client.post(here, data={"evidence": "Donatur <b>masuk</b> sendiri."}, follow_redirects=True)
    assert "Donatur &lt;b&gt;masuk&lt;/b&gt; sendiri." in words(saved)
    sandbox.change_dispute(str(made["id"]), "lose")
    world.deliver()
    assert "Kalah" in words(client.get("/keuangan/sengketa?tab=selesai"))
    assert "Ditahan untuk sengketa" in words(client.get(here))
    assert "Rp 200.000" in words(client.get(f"/keuangan/pembayaran/{payment.public_ref}"))
    payments.number_receipts()
    assert_books_balance()


def test_all_of_it_is_for_finance_with_a_fresh_code(
    client: FlaskClient, session: Session, sandbox: Sandbox, sign_in: SignIn
) -> None:
    payment = world.paid_by_card(sandbox)
    refund = payments.ask_refund(
        payment_id=payment.id, money=rupiah(100_000), reason="Salah orang", by=None, origin="giver"
    )
    pages = (
        QUEUE,
        f"{QUEUE}/{refund.id}",
        "/keuangan/sengketa",
        f"/keuangan/pembayaran/{payment.public_ref}",
    )
    for person in (people.person(), people.staff("moderator")):
        sign_in(client, person)
        assert {client.get(page).status_code for page in pages} <= {403, 404}
    sign_in(client, people.staff("finance"), fresh=False)
    asked = client.post(f"{QUEUE}/{refund.id}/setujui")
    assert asked.status_code in {302, 303, 403}
    assert refunds(session)[0].state == RefundState.requested
    sign_in(client, people.staff("finance"))
    for missing in (
        f"{QUEUE}/{uuid.uuid4()}",
        f"{QUEUE}/kampanye/{uuid.uuid4()}",
        f"/keuangan/sengketa/{uuid.uuid4()}",
    ):
        assert client.get(missing).status_code == 404
    assert_books_balance()
