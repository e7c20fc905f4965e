"""An organisation is checked; somebody of a local government sees what there is and what is missing at home."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.factories import listings
from tests.stories import writing
from tests.stories.cast import Body, Cast, Where, new_word
from tests.stories.visitor import Visitor
from tests.stories.writing import Line

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stories"), pytest.mark.timeout(300)]


@pytest.mark.parametrize("javascript", [True, False])
def test_an_organisation_is_returned_with_a_remark_and_then_approved(
    visitors: Callable[..., Visitor], cast: Cast, javascript: bool
) -> None:
    place = cast.place()
    name = f"Kelompok Tani {new_word().title()}"
    founder = visitors(javascript=javascript, phone=javascript)
    person = cast.person("Dominggus Selan", has_app=True)
    founder.sign_in(person)
    desk = _register(founder, name, place)

    moderator = visitors(javascript=javascript)
    moderator.sign_in(cast.staff("moderator"))
    moderator.go("/moderasi?tab=organisasi")
    moderator.follow(name)
    moderator.check_page("moderation-organisation")
    review = moderator.page.url
    moderator.fill(
        "Minta perbaikan: Surat keterangan domisili", "Nomor surat belum lengkap: sebutkan tahunnya."
    )
    moderator.press("Kirim permintaan perbaikan")
    moderator.sees("Tercatat. Organisasi mendapat kabar")

    founder.reads_mail(person.email, f"{name}: ada yang perlu diperbaiki")
    founder.go(desk)
    founder.sees("Belum bisa kami setujui", "sebutkan tahunnya")
    founder.check_page("organisation-returned")
    founder.follow("Surat keterangan domisili")
    founder.sees("Catatan pemeriksa", "sebutkan tahunnya")
    founder.fill("Nomor", "470/12/DS/2026")
    founder.press("Simpan")
    founder.press("Kirim untuk diperiksa")
    founder.sees("Sedang kami periksa")

    moderator.go(review)
    moderator.sees("470/12/DS/2026", "sebutkan tahunnya")
    moderator.press("Setujui")
    moderator.sees("Tercatat")
    founder.reads_mail(person.email, f"{name} sudah diperiksa")
    founder.go(desk)
    founder.sees("Sudah diperiksa", "Buka tayangan")
    founder.check_page("organisation-checked")
    founder.follow("Lihat halaman publik")
    founder.sees(name, "Surat keterangan domisili")
    founder.sees_not("470/12/DS/2026")
    founder.check_page("organisation-public")


def _register(founder: Visitor, name: str, place: Where) -> str:
    founder.go("/dasbor")
    founder.follow("Daftarkan organisasi", inside=founder.page.locator("main"))
    founder.tick("Kelompok warga")
    founder.fill("Nama organisasi", name)
    founder.fill("Tempat kedudukan", "Antah Berantah")
    founder.press("Buat organisasi")
    founder.sees("Ada yang perlu diperbaiki")
    assert founder.labelled("Nama organisasi").input_value() == name
    founder.check_page("register-refused")
    founder.fill("Tempat kedudukan", place.label)
    founder.press("Buat organisasi")
    founder.sees("Organisasi dibuat", "Masih kurang")
    desk = founder.page.url
    founder.follow("Profil dan alamat")
    founder.fill("Ringkasan", "Empat puluh keluarga yang menanam jagung dan merawat mata air bersama.")
    founder.fill("Surel kantor", "sekretariat@kelompok.example")
    founder.fill("Alamat kantor", "Dusun 2, depan gereja")
    founder.press("Simpan")
    for document, number in (
        ("Surat keterangan domisili", "470/12"),
        ("Surat tugas penanggung jawab", "ST-3/2026"),
    ):
        founder.follow(document)
        founder.fill("Nomor", number)
        founder.press("Simpan")
        founder.sees("Data tersimpan")
    founder.press("Kirim untuk diperiksa")
    founder.sees("Terkirim", "Sedang kami periksa")
    founder.check_page("organisation-waits")
    return desk


@pytest.mark.parametrize("javascript", [True, False])
def test_an_officer_finds_the_needs_and_opportunities_of_the_area(
    visitors: Callable[..., Visitor], cast: Cast, javascript: bool
) -> None:
    place = cast.place()
    agency = cast.organisation("government_agency", "Bappeda", place=place.code)
    cso = cast.organisation("cso", "Yayasan Sekolah Alam", place=place.code)
    company = cast.organisation("company", "PT Semen Timur", place=place.code)
    need = f"Meja belajar untuk sekolah {new_word().title()}"
    cast.open_listing(cso, "need", need, place=place.code, lines=(listings.goods(40),))
    offer = f"Semen untuk bangunan umum {new_word().title()}"
    cast.open_listing(company, "standing_offer", offer, place=place.code, lines=(listings.goods(500),))

    opportunity = _open_an_opportunity(visitors, cast, company, place, javascript=javascript)
    officer = visitors(javascript=javascript, phone=not javascript)
    officer.sign_in(agency.owner)
    officer.go("/")
    officer.check_page("home")
    officer.go(f"/jelajah?macam=peluang&tempat={place.code}")
    officer.sees(opportunity)
    officer.sees_not(need)
    officer.check_page("browse-opportunities")
    officer.follow(opportunity)
    officer.sees("RKPD 2027, program 1.03", company.name, "Lihat kontaknya")
    officer.check_page("listing-opportunity")
    officer.go("/jelajah")
    sheet = officer.page.locator("summary", has_text="Saring")
    if sheet.is_visible():
        sheet.click()
    officer.fill("Daerah", place.name)
    officer.page.get_by_role("button", name="Pilih", exact=False).first.click()
    officer.sees(need, offer, opportunity)
    officer.check_page("browse-area")
    officer.waits_until(
        "the place's page counts them",
        lambda: officer.page.locator("main a", has_text=need).count(),
        path=f"/lokalitas/{place.code}",
    )
    officer.sees(offer, opportunity, cso.name)
    officer.check_page("place-full")


def _open_an_opportunity(
    visitors: Callable[..., Visitor], cast: Cast, body: Body, place: Where, *, javascript: bool
) -> str:
    """Written by hand, approved by one moderator (no campaign)."""
    title = f"Bangun gudang bersama {new_word().title()}"
    writer = visitors(javascript=javascript)
    writer.sign_in(body.owner)
    here = writing.begin(writer, body, "opportunity", title)
    lines = [Line("time", "Pengawas bangunan", "120", "Teknik dan konstruksi", unit="jam")]
    writing.write(writer, here, place, lines, kind="opportunity")
    writing.submit(writer, here)
    moderator = visitors(javascript=javascript)
    moderator.sign_in(cast.staff("moderator"))
    moderator.go("/moderasi")
    moderator.follow(title)
    moderator.press("Setujui")
    moderator.sees(f"“{title}” sudah tayang")
    return title
