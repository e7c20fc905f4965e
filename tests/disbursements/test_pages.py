"""The pages of money out: who sees what, what is said when it is refused, and that typed words stay."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from coevolve.disbursements import queries, service
from coevolve.disbursements.models import Disbursement, State
from coevolve.kit import clock
from coevolve.kit.money import rupiah
from tests.factories import disbursements as factory
from tests.factories import people
from tests.factories.disbursements import Ground

SignIn = Callable[..., None]


@pytest.fixture
def at(session: Session) -> Ground:
    return factory.ground()


def text_of(answer: Any) -> str:
    return str(answer.get_data(as_text=True)).replace("\u00a0", " ")


def multipart(fields: dict[str, str], photo: bytes) -> dict[str, Any]:
    """A form with a file as a browser sends it, all in memory."""
    parts = [
        f'--grenze\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = b'--grenze\r\nContent-Disposition: form-data; name="proof"; filename="nota.jpg"\r\n\r\n'
    body = b"".join(parts) + head + photo + b"\r\n--grenze--\r\n"
    return {"data": body, "content_type": "multipart/form-data; boundary=grenze"}


def test_treasurer_proposes_owner_approves(
    at: Ground, client: FlaskClient, sign_in: SignIn, session: Session
) -> None:
    base = f"/dasbor/{at.organisation.slug}"
    sign_in(client, at.treasurer)
    desk = text_of(client.get(f"{base}/penyaluran"))
    assert "Ajukan penyaluran" in desk
    assert "Dapat dipakai" in desk
    asked = f"{base}/penyaluran/baru/{at.listing.id}"
    field = f"line-{at.first.id}"
    token = str(uuid.uuid4())
    typed = {field: "2 juta", "purpose": "Membeli pipa", "client_token": token}
    refused = client.post(asked, data=typed)
    assert refused.status_code == 422
    assert "Maksud Anda 2.000.000" in text_of(refused)
    assert 'value="2 juta"' in text_of(refused)
    too_much = client.post(asked, data=typed | {field: "9.000.000"})
    assert too_much.status_code == 422
    assert "Dana yang tersedia tinggal" in text_of(too_much)
    for _ in range(2):
        done = client.post(asked, data=typed | {field: "2.000.000"})
        assert done.status_code == 303
    [made] = session.execute(select(Disbursement)).scalars()
    own = client.get(done.location)
    assert "Yang mengajukan tidak dapat menyetujui sendiri" in text_of(own)
    assert client.post(f"{done.location}/setujui").status_code == 403
    sign_in(client, at.owner)
    assert "Setujui 1 penyaluran dana" in text_of(client.get("/dasbor"))
    assert "Setujui penyaluran ini?" in text_of(client.get(done.location))
    assert client.post(f"{done.location}/setujui").status_code == 303
    session.expire_all()
    assert made.state == State.approved


def test_finance_releases_lists_and_marks(
    at: Ground, client: FlaskClient, sign_in: SignIn, session: Session
) -> None:
    made = factory.approved(at)
    own = f"/keuangan/penyaluran/{made.id}"
    sign_in(client, at.finance)
    assert at.listing.title in text_of(client.get("/keuangan/penyaluran"))
    assert "Lepas dana" in text_of(client.get(own))
    for _ in range(2):
        assert client.post(f"{own}/lepas").status_code == 303
    none = client.post("/keuangan/penyaluran/daftar", data={})
    assert none.status_code == 422
    assert "Pilih paling sedikit satu" in text_of(none)
    listed = client.post("/keuangan/penyaluran/daftar", data={"pilih": [str(made.id), "bukan"]})
    assert listed.status_code == 303
    file = text_of(client.get("/keuangan/penyaluran/daftar.csv"))
    assert made.reference in file
    assert "0098123456" in file
    assert ",2000000,IDR," in file
    wrong = client.post(f"{own}/terkirim", data={"on": "kemarin"})
    assert wrong.status_code == 422
    assert "Tulis tanggal seperti" in text_of(wrong)
    assert client.post(f"{own}/terkirim", data={"on": clock.today().isoformat()}).status_code == 303
    empty = client.post(f"{own}/belum-pasti", data={"reason": ""})
    assert empty.status_code == 422
    assert client.post(f"{own}/belum-pasti", data={"reason": "Layar bank padam"}).status_code == 303
    session.expire_all()
    assert made.state == State.unknown
    for tab in ("lepas", "bayar", "mutasi", "pengajuan", "selesai", "entah"):
        assert client.get(f"/keuangan/penyaluran?bagian={tab}").status_code == 200


def test_an_account_is_stated_checked_and_seconded(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    at = factory.ground(account=False, whole=0)
    page = f"/dasbor/{at.organisation.slug}/rekening"
    sign_in(client, at.treasurer)
    assert client.get(page).status_code == 200
    typed = {
        "bank_name": "Bank Contoh",
        "account_number": "009-812 3456",
        "holder": "Budi Santoso",
        "note": "",
    }
    unlike = client.post(page, data=typed)
    assert unlike.status_code == 422
    assert "Nama pemilik rekening lain dari nama organisasi" in text_of(unlike)
    assert 'value="Budi Santoso"' in text_of(unlike)
    assert client.post(page, data=typed | {"holder": at.organisation.name}).status_code == 303
    assert "Menunggu diperiksa moderator" in text_of(client.get(page))
    sign_in(client, at.owner)
    moved = client.get(f"/dasbor/{at.organisation.slug}/verifikasi/bank_account")
    assert (moved.status_code, moved.location) == (303, page)
    moderator, admin = people.moderator(), people.admin()
    sign_in(client, moderator)
    assert at.organisation.name in text_of(client.get("/moderasi/rekening"))
    [waiting] = factory.payments_standing(at)
    own = f"/moderasi/rekening/{waiting.version_id}"
    assert client.post(own, data={"to": "needs_fix", "method": "call", "remark": ""}).status_code == 422
    assert client.post(own, data={"to": "accepted", "method": "call", "remark": ""}).status_code == 303
    assert client.post(f"{own}/setujui").status_code == 403
    assert "Petugas kedua harus orang lain" in text_of(client.get(own))
    sign_in(client, admin)
    assert client.post(f"{own}/setujui").status_code == 303
    assert factory.payments_standing(at)[0].standing == "waiting"


def test_a_report_from_the_first_photo_to_the_public_page(
    at: Ground, client: FlaskClient, sign_in: SignIn, session: Session
) -> None:
    made = factory.settled(at)
    report = factory.report_of(made)
    base = f"/dasbor/{at.organisation.slug}/laporan/{report.id}"
    sign_in(client, at.treasurer)
    assert "Laporkan pemakaian dana" in text_of(client.get("/dasbor"))
    assert client.get(base).status_code == 200
    fields = {
        "line": str(at.first.id),
        "spent_on": clock.today().isoformat(),
        "payee": "Toko Besi Soe",
        "what": "Pipa HDPE 100 meter",
        "amount": "1.500.000",
        "client_token": str(uuid.uuid4()),
    }
    bare = client.post(f"{base}/nota", data=fields)
    assert bare.status_code == 422
    assert "Foto atau unggah notanya" in text_of(bare)
    assert 'value="Toko Besi Soe"' in text_of(bare)
    script = client.post(f"{base}/nota", data=fields | {"proof": (io.BytesIO(b"<script>"), "nota.jpg")})
    assert script.status_code == 422
    assert "bukan foto" in text_of(script)
    large = client.post(f"{base}/nota", **multipart(fields, b"x" * 12_700_000))
    assert large.status_code == 422
    assert "lebih dari 12 MB" in text_of(large)
    for _ in range(2):
        saved = client.post(f"{base}/nota", data=fields | {"proof": (factory.photo(), "nota.jpg")})
        assert saved.status_code == 303
    [row] = queries.expenses_of(report.id)
    seen = client.get(f"/berkas/{row.proof.id}")
    assert seen.headers["Content-Disposition"].startswith("attachment")
    assert seen.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in seen.headers["Content-Security-Policy"]
    assert client.post(f"{base}/kirim", data={"summary": "pendek"}).status_code == 422
    assert (
        client.post(f"{base}/kirim", data={"summary": "Pipa sudah terpasang sampai bak."}).status_code == 303
    )
    sign_in(client, at.finance)
    own = f"/keuangan/laporan/{report.id}"
    assert at.listing.title in text_of(client.get("/keuangan/laporan"))
    assert "Terima laporan" in text_of(client.get(own))
    assert client.get(f"/berkas/{row.proof.id}?lihat").mimetype == "image/jpeg"
    assert client.post(f"{own}/kembalikan", data={"remark": "?"}).status_code == 422
    assert client.post(f"{own}/terima").status_code == 303
    client.delete_cookie("session")
    visitor = client.application.test_client()
    public = text_of(visitor.get(f"/kampanye/{at.listing.slug}"))
    assert "Terpakai" in public
    assert "Rp 1.500.000" in public
    spent = text_of(visitor.get(f"/kampanye/{at.listing.slug}/pemakaian"))
    assert "Pipa HDPE 100 meter" in spent
    assert "Toko Besi Soe" not in spent
    assert "1500000" in text_of(visitor.get(f"/kampanye/{at.listing.slug}/pemakaian.csv"))
    assert visitor.get(f"/kebutuhan/{at.listing.slug}/pemakaian").status_code == 404


def test_a_hidden_listing_says_why(at: Ground, client: FlaskClient, sign_in: SignIn) -> None:
    factory.settled(at)
    with factory.past_due():
        service.refresh_late()
        page = text_of(client.get(f"/kampanye/{at.listing.slug}"))
        assert "Tidak tampil di pencarian" in page
        assert at.listing.title not in text_of(client.get("/jelajah"))
        sign_in(client, at.treasurer)
        assert "Lewat tenggat" in text_of(client.get("/dasbor"))


def test_strangers_and_other_organisations_find_nothing(
    at: Ground, client: FlaskClient, sign_in: SignIn
) -> None:
    made = factory.settled(at)
    report = factory.report_of(made)
    expense = factory.expense(at, report)
    slug = at.organisation.slug
    other = factory.ground(whole=0)
    inside = [
        f"/dasbor/{slug}/penyaluran",
        f"/dasbor/{slug}/penyaluran/baru/{at.listing.id}",
        f"/dasbor/{slug}/penyaluran/{made.id}",
        f"/dasbor/{slug}/rekening",
        f"/dasbor/{slug}/laporan/{report.id}",
        f"/berkas/{expense.proof_id}",
    ]
    foreign = [
        f"/dasbor/{other.organisation.slug}/penyaluran/{made.id}",
        f"/dasbor/{other.organisation.slug}/laporan/{report.id}",
        f"/dasbor/{other.organisation.slug}/penyaluran/baru/{at.listing.id}",
    ]
    sign_in(client, other.owner)
    for path in (*inside, *foreign):
        assert client.get(path).status_code == 404, path
    for path in (
        f"/dasbor/{slug}/penyaluran/{made.id}/setujui",
        f"/dasbor/{slug}/laporan/{report.id}/nota",
        f"/dasbor/{slug}/laporan/{report.id}/kirim",
        f"/dasbor/{other.organisation.slug}/laporan/{report.id}/nota/{expense.id}/hapus",
    ):
        assert client.post(path).status_code == 404, path
    sign_in(client, people.admin())
    assert client.get(f"/keuangan/laporan/{report.id}").status_code == 404
    assert client.get(f"/keuangan/penyaluran/{made.id}").status_code in {403, 404}
    assert client.get(f"/berkas/{expense.proof_id}").status_code == 404


def test_money_moves_only_behind_a_fresh_code(at: Ground, client: FlaskClient, sign_in: SignIn) -> None:
    made = factory.proposed(at, whole=rupiah(1_000_000).amount // 100)
    sign_in(client, at.owner, fresh=False)
    for path in ("setujui", "batalkan"):
        answer = client.post(f"/dasbor/{at.organisation.slug}/penyaluran/{made.id}/{path}")
        assert answer.status_code == 303
        assert "/akun/" in answer.location
    assert queries.get(made.id).state == State.proposed
