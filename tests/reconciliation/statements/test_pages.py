"""Pages and commands of bank statements, as a browser without JavaScript and a terminal see them."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from coevolve import config
from coevolve.commands import ground
from coevolve.commands.statements import group
from coevolve.kit import clock
from coevolve.people.models import Person
from coevolve.reconciliation import policy
from coevolve.reconciliation import service as reconciliation
from coevolve.reconciliation.models import BankStatement, Line
from coevolve.reconciliation.service import statements
from tests.factories import payments as factory
from tests.factories import people
from tests.invariants import assert_books_balance
from tests.reconciliation.statements import banks
from tests.reconciliation.statements.banks import Told

SignIn = Callable[..., None]
HOME = "/keuangan/rekening-koran"
DAY = clock.today() - dt.timedelta(days=9)
LINES = [Told(DAY, 500_123, "DONASI SATU"), Told(DAY, -6_500, "ADM")]


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("\u00a0", " ")


@pytest.fixture
def officer(client: FlaskClient, sign_in: SignIn) -> Person:
    person = people.staff("finance")
    sign_in(client, person, fresh=True)
    return person


def send(
    client: FlaskClient, content: str | bytes, *, name: str = "mutasi.csv", **fields: str
) -> TestResponse:
    raw = content if isinstance(content, bytes) else content.encode()
    address = f"{HOME}/unggah/{factory.bank_account().id}"
    data = {"profile": "bca_csv", "file": (io.BytesIO(raw), name), **fields}
    return client.post(address, data=data, content_type="multipart/form-data")


def page_of(client: FlaskClient, answer: TestResponse) -> tuple[str, str]:
    assert answer.status_code == 303, answer.text
    address = answer.headers["Location"]
    return address, client.get(address).text


def test_a_file_handed_in_read_and_shown(client: FlaskClient, session: Session, officer: Person) -> None:
    address, html = page_of(client, send(client, banks.bca(LINES)))
    assert "Menunggu giliran" in text(html)
    assert f'<a href="{address}">Muat ulang</a>' in html
    assert f'hx-get="{address}/kemajuan"' in html
    assert client.get(f"{address}/kemajuan").status_code == 303
    statements.read_waiting()
    fragment = client.get(f"{address}/kemajuan", headers={"HX-Request": "true"})
    words = text(fragment.text)
    assert "Diterima utuh" in words
    assert "hx-get" not in fragment.text
    for said in (
        "Rp 1.000.000",
        "Masuk, 1 mutasi Rp 500.123",
        "Keluar, 1 mutasi Rp 6.500",
        "Rp 1.493.623",
        "DONASI SATU",
    ):
        assert said in words
    overview = text(client.get(HOME).text)
    assert "Saldo Rp 1.493.623" in overview
    assert "BCA (CSV)" in overview
    again, html = page_of(client, send(client, banks.bca(LINES)))
    assert again == address
    assert "sudah pernah diunggah" in text(html)
    assert_books_balance()


def test_a_refused_file_says_where_and_why(client: FlaskClient, session: Session, officer: Person) -> None:
    address, _html = page_of(
        client, send(client, banks.bca(LINES).replace('"500,123.00",CR', '"500.123",CR'))
    )
    statements.read_waiting()
    words = text(client.get(address).text)
    assert "Ditolak utuh" in words
    assert "8 4 (Jumlah) 500.123 Jumlahnya bisa dibaca dua cara" in words
    client.set_cookie("lang", "en")
    assert "The amount can be read in two ways" in text(client.get(address).text)
    assert_books_balance()


def test_wrong_input_is_said_beside_the_field(client: FlaskClient, session: Session, officer: Person) -> None:
    answer = send(client, banks.bca(LINES), profile="", opening="1.5.0")
    assert answer.status_code == 422
    assert "Tulis saldo dengan angka" in answer.text
    assert 'value="1.5.0"' in answer.text
    assert "Pilih bentuk berkas bank ini" in send(client, banks.bca(LINES), profile="").text
    assert send(client, "", name="").status_code == 422
    assert "kosong" in send(client, b"", name="kosong.csv").text
    assert send(client, banks.bca(LINES), begin="2026-02-02", end="2026-01-01").status_code == 422
    assert send(client, banks.bca(LINES), profile="apa").status_code == 422
    assert session.execute(select(BankStatement)).first() is None


@pytest.mark.case(69)
def test_a_file_beyond_the_limit_is_413(client: FlaskClient, session: Session, officer: Person) -> None:
    with config.overridden(statement_max_bytes=2_000):
        answer = send(client, b"x" * 3_000)
        assert (answer.status_code, "lebih dari 0 MB" in answer.text) == (413, True)
        answer = send(client, b"x" * 200_000)
        assert answer.status_code == 413
        assert "Berkas rekening koran paling besar" in text(answer.text)
    assert session.execute(select(BankStatement)).first() is None
    assert_books_balance()


def test_columns_are_chosen_with_a_preview(client: FlaskClient, session: Session, officer: Person) -> None:
    day = f"{DAY:%d/%m/%Y}"
    head = "Tgl;Ket;Masuk;Keluar;Sisa\n"
    content = f"{head}{day};<b>DONASI</b>;500.123,00;;1.500.123,00\n{day};ADM;;6.500,00;1.493.623,00\n"
    address, html = page_of(client, send(client, content, profile="mapped"))
    assert address.endswith("/kolom")
    assert "&lt;b&gt;DONASI" in html
    roles = {
        "kolom-0": "date",
        "kolom-1": "text",
        "kolom-2": "credit",
        "kolom-3": "debit",
        "kolom-4": "balance",
    }
    form = {"header_row": "1", "order": "dmy", "decimal": ".", **roles}
    words = text(client.post(address, data={**form, "langkah": "lihat"}).text)
    assert "akan ditolak" in words
    assert "jumlahnya bisa dibaca dua cara" in words.lower()
    shown = client.post(address, data={**form, "decimal": ",", "langkah": "lihat"})
    assert "2 mutasi, masuk Rp 500.123, keluar Rp 6.500, saldo akhir Rp 1.493.623" in text(shown.text)
    assert '<option value="credit" selected>' in shown.text
    lacking = client.post(
        address, data={"header_row": "1", "order": "dmy", "decimal": ",", "langkah": "simpan"}
    )
    assert lacking.status_code == 422
    assert "Pilih kolom tanggal" in lacking.text
    answer = client.post(address, data={**form, "decimal": ",", "langkah": "simpan"})
    assert answer.status_code == 303
    statements.read_waiting()
    assert "Diterima utuh" in client.get(answer.headers["Location"]).text
    assert client.get(address).status_code == 303
    assert_books_balance()


def test_undoing_takes_two_clicks(client: FlaskClient, session: Session, officer: Person) -> None:
    address, _html = page_of(client, send(client, banks.bca(LINES)))
    statements.read_waiting()
    asked = client.get(f"{address}/batalkan")
    assert "2 mutasi dari berkas ini akan diambil kembali" in text(asked.text)
    assert len(list(session.execute(select(Line)).scalars())) == 2
    _address, html = page_of(client, client.post(f"{address}/batalkan"))
    assert "Sudah dibatalkan" in text(html)
    assert list(session.execute(select(Line)).scalars()) == []
    assert client.post(f"{address}/batalkan").status_code == 422
    assert_books_balance()


def test_changing_the_form_asks_for_a_day(client: FlaskClient, session: Session, officer: Person) -> None:
    send(client, banks.bca(LINES))
    statements.read_waiting()
    address = f"{HOME}/bentuk/{factory.bank_account().id}"
    assert "sekarang BCA (CSV)" in text(client.get(address).text)
    answer = client.post(address, data={"profile": "mt940"})
    assert (answer.status_code, "sesudah mutasi terakhir" in answer.text) == (422, True)
    answer = client.post(
        address, data={"profile": "mt940", "starts_on": (DAY + dt.timedelta(days=1)).isoformat()}
    )
    assert answer.status_code == 303
    assert "MT940" in client.get(HOME).text


def test_only_finance_sees_statements(client: FlaskClient, session: Session, sign_in: SignIn) -> None:
    account = factory.bank_account()
    statement, _new = statements.upload_statement(
        bank_account_id=account.id,
        file_name="x.csv",
        content=banks.bca(LINES).encode(),
        by=None,
        code="bca_csv",
    )
    person = people.person()
    sign_in(client, person)
    assert not policy.may_import(person.id, account)
    for address in (
        HOME,
        f"{HOME}/{statement.id}",
        f"{HOME}/unggah/{account.id}",
        f"{HOME}/{statement.id}/batalkan",
    ):
        assert client.get(address).status_code in {403, 404}


def test_the_command_reads_and_tells(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import contextlib

    monkeypatch.setattr(ground, "database_context", contextlib.nullcontext)
    factory.bank_account()
    file = tmp_path / "mutasi.csv"
    file.write_text(banks.bca(LINES))
    runner, account = CliRunner(), ["--account", banks.NUMBER]
    assert "Pilih bentuk" in runner.invoke(group, ["import", str(file), *account]).output
    told = runner.invoke(group, ["import", str(file), *account, "--profile", "bca_csv"])
    assert (told.exit_code, "2 new" in told.output) == (0, True), told.output
    assert "handed in before" in runner.invoke(group, ["import", str(file), *account]).output
    file.write_text(banks.bca(LINES).replace('"500,123.00",CR', '"500.123",CR'))
    told = runner.invoke(group, ["import", str(file), *account])
    assert told.exit_code == 1
    assert "two" in told.output
    assert runner.invoke(group, ["import", str(file), "--account", "99999"]).exit_code == 1
    assert "mt940" in runner.invoke(group, ["profiles"]).output
    assert_books_balance()


def test_what_a_file_brought_is_matched_shown_and_taken_back(
    client: FlaskClient, session: Session, officer: Person
) -> None:
    payment = factory.transfer()
    told = [Told(clock.today(), payment.amount // 100, f"TRSF E-BANKING CR DONASI {payment.public_ref}")]
    address, _html = page_of(client, send(client, banks.bca(told)))
    statements.read_waiting()
    reconciliation.match([factory.bank_account().id])
    assert payment.state == "captured"
    words = text(client.get(address).text)
    assert "Cocok 1" in words
    assert "Nomor rujukan dan jumlah 1" in words
    assert_books_balance()
    refused = client.post(f"{address}/batalkan")
    assert (refused.status_code, "sudah dibukukan" in refused.text) == (422, True)
    _address, html = page_of(client, client.post(f"{address}/batalkan", data={"with_bookings": "y"}))
    assert "Sudah dibatalkan" in text(html)
    session.refresh(payment)
    assert payment.captured == 0
    assert_books_balance()


@pytest.mark.case(55)
def test_a_line_that_the_bank_takes_back_undoes_what_it_paid(
    client: FlaskClient, session: Session, officer: Person
) -> None:
    payment = factory.transfer()
    came = Told(clock.today(), payment.amount // 100, f"DONASI {payment.public_ref}")
    gone = Told(clock.today(), -payment.amount // 100, f"KOREKSI DONASI {payment.public_ref}")
    send(client, banks.bca([came]))
    statements.read_waiting()
    reconciliation.match([factory.bank_account().id])
    assert payment.state == "captured"
    send(client, banks.bca([came, gone]))
    statements.read_waiting()
    reconciliation.match([factory.bank_account().id])
    debit = session.execute(select(Line).where(Line.amount < 0)).scalar_one()
    assert debit.raw["is_reversal"] is True
    if debit.state == "proposed":
        reconciliation.confirm_match(line_id=debit.id, by=officer.id)
    session.refresh(payment)
    assert payment.captured == 0
    assert_books_balance()
