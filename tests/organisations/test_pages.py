"""Pages of organisations, as visitors, members and strangers see them."""

from __future__ import annotations

import pytest

from coevolve.organisations import levels, queries, service
from coevolve.organisations.models import Kind, Organisation
from tests.factories import organisations, people


def test_the_public_page_tells_what_was_checked_and_what_was_not(client, session):
    made = organisations.organisation(about="Kami **mendampingi** <script>alert(1)</script> warga.")
    page = client.get(f"/organisasi/{made.slug}")
    assert page.status_code == 200
    assert "Akta pendirian" in page.text and "oleh moderator, dokumen dilihat" in page.text
    assert "Belum diperiksa" in page.text and "Rekening bank atas nama organisasi" in page.text
    assert "<strong>mendampingi</strong>" in page.text and "<script>alert" not in page.text
    assert "AHU-" not in page.text, "document numbers are not for the public"


@pytest.mark.parametrize("make", ["draft", "submitted"])
def test_what_is_not_checked_is_not_there(client, session, sign_in, make):
    made = getattr(organisations, make)()
    assert client.get(f"/organisasi/{made.slug}").status_code == 404
    sign_in(client, people.person())
    assert client.get(f"/organisasi/{made.slug}").status_code == 404
    assert made.name not in client.get("/organisasi?kata=Sumber").text
    sign_in(client, organisations.owner_of(made))
    assert client.get(f"/organisasi/{made.slug}").status_code == 200


def test_a_frozen_organisation_stays_with_a_neutral_notice(client, session):
    made = organisations.frozen()
    page = client.get(f"/organisasi/{made.slug}").text
    assert "sedang ditinjau" in page and "Laporan sedang diperiksa" not in page


def test_the_list_with_filters_and_pages(client, session):
    for name in ("Yayasan Air Bersih Timor", "Yayasan Rumah Baca Soe"):
        organisations.organisation(name=name)
    organisations.company(name="PT Air Laut Biru", home_locality_code="35.78")
    page = client.get("/organisasi?kata=air").text
    assert "Air Bersih Timor" in page and "Air Laut Biru" in page and "Rumah Baca" not in page
    page = client.get("/organisasi?kata=air&jenis=company").text
    assert "Air Laut Biru" in page and "Air Bersih" not in page
    page = client.get("/organisasi?tempat=53").text
    assert "Air Bersih Timor" in page and "Air Laut Biru" not in page
    for odd in ("kata=%00", "kata=%25_", "jenis=x", "tempat=zz", "sesudah=bukan", f"sesudah={'0' * 32}"):
        assert client.get(f"/organisasi?{odd}").status_code in {200, 400}
    first = queries.directory(limit=2)
    second = queries.directory(limit=2, after=first.next)
    assert first.next is not None and second.next is None
    assert len({row.id for row in (*first.rows, *second.rows)}) == 3


def test_statements_do_not_grow_with_rows(client, session, app):
    from sqlalchemy import event

    from coevolve.kit.db import db

    counted = []
    connection = db.session.connection()
    event.listen(
        connection,
        "before_cursor_execute",
        lambda _c, _k, statement, *_a: counted.append(1) if statement.startswith("SELECT") else None,
    )
    spans = []
    for _ in range(2):
        organisations.organisation()
        session.commit()
        counted.clear()
        queries.directory()
        spans.append(len(counted))
    assert spans[0] == spans[1] <= 2


def test_registering_through_the_browser_up_to_the_moderators(client, session, sign_in):
    person = people.person()
    organisations.draft()
    sign_in(client, person)
    form = {
        "kind": "community_group",
        "name": "Kelompok Tani Lestari",
        "home_locality_code": "Timor Tengah Selatan",
    }
    for wrong in (
        {"kind": ""},
        {"name": "x"},
        {"home_locality_code": "Antah Berantah"},
        {"home_locality_code": ""},
    ):
        answer = client.post("/daftar-organisasi", data={**form, **wrong})
        assert answer.status_code == 422, wrong
        assert "Ada yang perlu diperbaiki" in answer.text
    home = client.post("/daftar-organisasi", data=form).location
    made = session.query(Organisation).filter_by(name="Kelompok Tani Lestari").one()
    assert home == f"/dasbor/{made.slug}" and made.home_locality_code == "53.02"
    profile = {
        "name": made.name,
        "home_locality_code": "53.02",
        "summary": "Menanam di lahan kering.",
        "address": "Desa Oelbubuk",
        "phone": "0812 3456 7890",
        "sectors": ["livelihood"],
    }
    assert client.post(f"{home}/profil", data={**profile, "phone": "1"}).status_code == 422
    assert client.post(f"{home}/profil", data=profile).location == home
    assert "Masih kurang" in client.get(home).text
    assert client.post(f"{home}/kirim").status_code == 422
    for subject in levels.REQUIRED[Kind.community_group]:
        assert client.post(f"{home}/verifikasi/{subject}", data={"document_number": ""}).status_code == 422
        odd = {"document_number": "470/12", "document_date": "kemarin"}
        assert client.post(f"{home}/verifikasi/{subject}", data=odd).status_code == 422
        filed = {"document_number": "470/12", "document_date": "2026-01-02"}
        assert client.post(f"{home}/verifikasi/{subject}", data=filed).location == home
    assert client.post(f"{home}/verifikasi/deed", data={"document_number": "470/12"}).status_code == 404
    assert client.post(f"{home}/kirim").location == home
    assert "Sedang kami periksa" in client.get(home).text
    service.return_(
        organisation_id=made.id,
        by=people.moderator().id,
        remarks={"domicile": "Surat belum bertanda tangan."},
    )
    session.commit()
    assert "Surat belum bertanda tangan." in client.get(home).text
    assert "Perbaiki data organisasi" in client.get("/dasbor").text


def test_the_dashboard_names_what_waits(client, session, sign_in):
    owner = people.person()
    made = organisations.organisation(owner=owner)
    sign_in(client, owner, fresh=False)
    page = client.get("/dasbor").text
    assert "Pasang aplikasi kode" in page and "Wajib" in page and made.name in page
    sign_in(client, people.person(), fresh=False)
    page = client.get("/dasbor").text
    assert "Tidak ada yang menunggu Anda" in page and "Pasang aplikasi kode" not in page


def test_visitors_are_led_to_the_door(client, session):
    made = organisations.organisation()
    for path in ("/dasbor", f"/dasbor/{made.slug}", "/daftar-organisasi", "/akun/organisasi"):
        assert client.get(path).location.startswith("/masuk?ke=")


def test_fields_nobody_offered_change_nothing(client, session, sign_in):
    made = organisations.draft()
    sign_in(client, organisations.owner_of(made))
    extra = {
        "state": "checked",
        "level": "4",
        "slug": "lain",
        "custody": "direct",
        "registered_by": "",
        "kind": "company",
    }
    profile = {
        "name": made.name,
        "home_locality_code": made.home_locality_code,
        "summary": "Baru.",
        "address": "Jalan 1",
    }
    client.post(f"/dasbor/{made.slug}/profil", data={**profile, **extra})
    before = made.slug
    session.refresh(made)
    assert made.summary == "Baru."
    assert (made.state, made.level, made.slug, made.custody, made.kind) == (
        "draft",
        1,
        before,
        "platform",
        "cso",
    )


@pytest.mark.parametrize("role", ["finance", "member"])
def test_members_see_the_desk_but_not_every_door(client, session, sign_in, role):
    made = organisations.organisation()
    sign_in(client, organisations.member(made, role))
    assert client.get(f"/dasbor/{made.slug}").status_code == 200
    assert client.get(f"/dasbor/{made.slug}/anggota").status_code == 200
    assert "Undang anggota" not in client.get(f"/dasbor/{made.slug}/anggota").text
    assert client.get(f"/dasbor/{made.slug}/verifikasi/npwp").status_code == 403
    assert client.get(f"/dasbor/{made.slug}/profil").status_code == (200 if role == "member" else 403)


def test_pages_in_english_are_english(client, session, sign_in):
    made = organisations.organisation()
    sign_in(client, organisations.owner_of(made))
    client.set_cookie("lang", "en")
    assert "What was checked" in client.get(f"/organisasi/{made.slug}").text
    assert "What needs doing" in client.get("/dasbor").text
