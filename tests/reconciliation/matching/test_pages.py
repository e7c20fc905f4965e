"""Pages of the console as a browser without JavaScript sees them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from coevolve.kit import clock
from coevolve.kit.money import rupiah
from coevolve.people.models import Person
from coevolve.reconciliation import queries, service
from tests.factories import payments as factory
from tests.factories import people
from tests.reconciliation.matching.bank import books_balance, fresh, fund_of, line, name_of, run, state, whole
from tests.reconciliation.matching.test_sets import counted

SignIn = Callable[..., None]


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("\u00a0", " ")


@pytest.fixture
def finance(session: Session, client: FlaskClient, sign_in: SignIn) -> Person:
    person = people.finance()
    sign_in(client, person)
    return person


def waiting(count: int) -> list[Any]:
    """Lines that wait: proposals by the platform and questions."""
    found = []
    for number in range(count):
        payment = factory.transfer(money=rupiah(60_000 + number * 1000))
        found.append(line(60_000 + number * 1000, payer=name_of(payment)))
        found.append(line(whole(payment, off=7), payment.public_ref))
    run()
    return found


def test_the_queue_agrees_merges_and_says_what_is_wrong(
    client: FlaskClient, session: Session, finance: Person
) -> None:
    assert "Tidak ada yang perlu ditinjau" in client.get("/keuangan/tinjau").text
    lines = waiting(2)
    shown = words(client.get("/keuangan/tinjau").text)
    assert "Jumlahnya pas tanpa kode unik" in shown
    assert "Nomor rujukannya cocok, tetapi jumlahnya lebih" in shown
    refused = client.post("/keuangan/tinjau/setujui", data={})
    assert refused.status_code == 422
    assert "Centang dulu" in refused.text
    answer = client.post("/keuangan/tinjau/setujui", data={"lines": [str(lines[0].id), str(lines[2].id)]})
    assert answer.status_code == 303
    assert [state(one)[0] for one in (lines[0], lines[2])] == ["matched", "matched"]
    bad = client.post("/keuangan/tinjau/gabung", data={"lines": [str(lines[1].id)], "ref": "CE12"})
    assert (bad.status_code, "CE12" in bad.text, "checked" in bad.text) == (422, True, True)
    payment = factory.transfer(money=rupiah(90_000))
    merged = {"lines": [str(lines[1].id), str(lines[3].id)], "ref": payment.public_ref}
    assert client.post("/keuangan/tinjau/gabung", data=merged).status_code == 303
    assert [state(one)[0] for one in (lines[1], lines[3])] == ["proposed", "proposed"]
    own = client.post("/keuangan/tinjau/setujui", data={"lines": [str(lines[1].id)]}, follow_redirects=True)
    assert "Usulan Anda sendiri harus disetujui orang lain" in own.text
    books_balance()


def test_as_many_statements_for_two_lines_as_for_twenty(
    client: FlaskClient, session: Session, finance: Person
) -> None:
    counts = []
    for more in (1, 9):
        waiting(more)
        seen = []
        for path in ("/keuangan", "/keuangan/tinjau", "/keuangan/mutasi"):
            session.expire_all()
            with counted() as statements:
                assert client.get(path).status_code == 200
            seen.append(len(statements))
        counts.append(seen)
    assert counts[0] == counts[1], counts
    assert max(counts[0]) <= 24, counts


def test_a_line_s_page_does_everything(client: FlaskClient, session: Session, finance: Person) -> None:
    payment, other = factory.transfer(), factory.transfer(money=rupiah(75_000))
    came = line(whole(payment, off=3), payment.public_ref)
    run()
    own = f"/keuangan/mutasi/{came.id}"
    page = client.get(own)
    assert "Lihat baris bukunya" in page.text
    preview = client.get(f"{own}/pratinjau?macam=payment&id={payment.id}")
    assert "Rekening bank" in preview.text
    assert client.get(f"{own}/pratinjau?macam=payment&id={other.id}").status_code == 404
    for path, data in (
        ("bagi", {"refs-0": "CE1", "amounts-0": "5"}),
        ("bagi", {"refs-0": payment.public_ref, "amounts-0": "1,5"}),
        ("rujukan", {"ref": "salah"}),
        ("alasan", {"note": " ", "langkah": "abaikan"}),
        ("cocokkan", {"ref": "CE00"}),
    ):
        answer = client.post(f"{own}/{path}", data=data)
        assert answer.status_code == 422, (path, data)
        assert "Ada yang perlu diperbaiki" in answer.text
        for typed in data.values():
            assert typed.strip() in answer.text
    split = {
        "refs-0": payment.public_ref,
        "amounts-0": str(payment.amount // 100),
        "refs-1": other.public_ref,
        "amounts-1": "3",
    }
    assert client.post(f"{own}/bagi", data=split).status_code == 303
    shown = words(client.get(own).text)
    assert "Baris buku yang akan ditulis" in shown
    assert "Usulan Anda sendiri" in shown
    service.confirm_match(line_id=came.id, by=people.finance().id)
    session.commit()
    undo = client.post(f"{own}/alasan", data={"note": "Keliru.", "langkah": "batalkan"})
    assert undo.status_code == 303
    assert state(came) == ("review", "undone")
    assert (fund_of(payment), fresh(other).captured) == (0, 0)
    left_out = client.post(f"{own}/alasan", data={"note": "Salah kirim.", "langkah": "abaikan"})
    assert left_out.status_code == 303
    assert "Periksa lagi mutasi ini" in client.get(own).text
    assert client.post(f"{own}/periksa-lagi").status_code == 303
    assert client.get("/keuangan/mutasi/99999999999999999999").status_code == 404
    books_balance()


def test_the_figures_of_a_day_open_their_lines(
    client: FlaskClient, session: Session, finance: Person
) -> None:
    payment = factory.transfer()
    line(whole(payment), payment.public_ref, payer="COCOK SEKALI")
    odd = line(33_000, "ENTAH SIAPA")
    run()
    day = clock.today().isoformat()
    page = client.get("/keuangan").text
    for narrowed in ("masuk", "cocok", "belum", "selisih"):
        assert f"/keuangan/mutasi?hari={day}&amp;tampil={narrowed}" in page
    assert "ENTAH SIAPA" in client.get(f"/keuangan/mutasi?hari={day}&tampil=selisih").text
    assert "COCOK SEKALI" not in client.get(f"/keuangan/mutasi?hari={day}&tampil=belum").text
    assert "COCOK SEKALI" in client.get(f"/keuangan/mutasi?hari={day}&tampil=cocok").text
    service.set_aside(line_id=odd.id, by=finance.id)
    session.commit()
    shown = words(client.get("/keuangan").text)
    assert "semua sudah di buku" in shown
    for hostile in ("hari=9999-99-99", "hari=x&rekening=x", "tampil='--&sesudah=x", "rekening=1"):
        assert client.get(f"/keuangan/mutasi?{hostile}").status_code == 200
        assert client.get(f"/keuangan?{hostile}").status_code == 200
        assert client.get(f"/keuangan/tinjau?{hostile}").status_code == 200


def test_a_case_s_page(client: FlaskClient, session: Session, finance: Person, sign_in: SignIn) -> None:
    came = line(12_000, "ENTAH")
    service.set_aside(line_id=came.id, by=finance.id)
    [case] = queries.open_cases()
    session.commit()
    own = f"/keuangan/kasus/{case.id}"
    bad = client.post(f"{own}/tugas", data={"owner": str(finance.id), "due_on": "2001-01-01"})
    assert (bad.status_code, "2001-01-01" in bad.text) == (422, True)
    due = clock.today().isoformat()
    assert client.post(f"{own}/tugas", data={"owner": str(finance.id), "due_on": due}).status_code == 303
    assert client.post(f"{own}/catatan", data={"note": "", "langkah": "hapusbuku"}).status_code == 422
    given_up = {"note": "Tidak ditemukan.", "langkah": "hapusbuku"}
    assert client.post(f"{own}/catatan", data=given_up).status_code == 303
    assert "Selisih yang dihapusbukukan" in client.get(own).text
    assert client.post(f"{own}/hapus-buku/setujui").status_code == 403
    sign_in(client, people.finance())
    assert client.post(f"{own}/hapus-buku/setujui").status_code == 303
    assert "Dihapusbukukan" in words(client.get(own).text)
    books_balance()


def test_strangers_find_nothing(client: FlaskClient, session: Session, sign_in: SignIn) -> None:
    came = line(12_000, "ENTAH")
    paths = ("/keuangan/tinjau", f"/keuangan/mutasi/{came.id}/pratinjau")
    for path in paths:
        assert client.get(path).status_code in {302, 303, 403}
    sign_in(client, people.person())
    for path in paths:
        assert client.get(path).status_code == 403
