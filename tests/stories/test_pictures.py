"""A campaign shows photos; after the first money its members tell what became of it, and the giver reads it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from coevolve.listings import queries, service
from coevolve.organisations import queries as organisation_queries
from coevolve.people import queries as people_queries
from tests.factories import disbursements, listings, people
from tests.stories.cast import Body, Cast, new_email, new_word
from tests.stories.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stories"), pytest.mark.timeout(240)]


def test_photos_of_a_campaign_and_news_for_its_givers(visitors: Callable[..., Visitor], cast: Cast) -> None:
    cast.bank_account()
    body = cast.organisation("cso", "Yayasan Mata Air", place=cast.place().code)
    title = f"Pipa air untuk dusun {new_word().title()}"
    slug, base = _draft(cast, body, title)
    writer = visitors(phone=True)
    writer.sign_in(body.owner)
    _add_photos(writer, base)
    donor = new_email("rosalina")
    _open(cast, body, slug, donor)

    reader = visitors(phone=True)
    reader.go(f"/kampanye/{slug}")
    cover = reader.page.locator("picture img.cover").first
    reader.page.wait_for_load_state("networkidle")
    assert "/foto/" in cover.evaluate("(image) => image.currentSrc")
    reader.page.get_by_role("link", name="Surat dukungan kepala desa").scroll_into_view_if_needed()
    reader.page.wait_for_load_state("networkidle")
    reader.check_page("campaign-photos")

    _tell(writer, base)
    mail = reader.reads_mail(donor, f"Kabar dari {body.name}: Pipa terpasang sampai bak")
    assert f"/kampanye/{slug}/kabar/" in mail
    reader.go(_update_path(cast, slug))
    reader.sees("Pipa terpasang sampai bak", "Rp 500.000 untuk Pipa dan sambungan")
    reader.check_page("update-public")
    reader.go(f"/kampanye/{slug}")
    reader.sees("Kabar dari lapangan", "Pipa terpasang sampai bak")
    reader.page.locator("#kabar").scroll_into_view_if_needed()
    reader.page.wait_for_load_state("networkidle")
    reader.check_page("campaign-told")


def _draft(cast: Cast, body: Body, title: str) -> tuple[str, str]:
    with cast.platform.inside():
        made = listings.draft(
            kind="campaign",
            organisation=organisation_queries.get(body.id),
            by=people_queries.get(body.owner.id),
            title=title,
            lines=(listings.money(5_000_000), listings.goods()),
        )
        return made.slug, f"/dasbor/{body.slug}/listing/{made.id}"


def _add_photos(writer: Visitor, base: str) -> None:
    writer.go(base)
    writer.sees("Boleh kosong")
    writer.follow("Foto")
    writer.check_page("photos-empty")
    for number, alt in enumerate(("", "Tiga warga memasang pipa di lereng", "Mata air di atas dusun")):
        photo = listings.picture(number, size=(2400, 1600)).getvalue()
        writer.page.locator("#photo").set_input_files(
            {"name": "IMG_0001.jpg", "mimeType": "image/jpeg", "buffer": photo}
        )
        writer.fill("Apa yang terlihat di foto?", alt)
        writer.press("Simpan foto")
        if not alt:
            writer.sees("Tulis apa yang terlihat")
            writer.check_page("photos-refused")
    writer.press("Jadikan sampul")
    writer.sees("Sampul Mata air di atas dusun")
    writer.page.wait_for_load_state("networkidle")
    writer.check_page("photos")
    writer.follow("Selesai")
    writer.follow("Dokumen")
    writer.page.locator("#document").set_input_files(
        {"name": "surat.jpg", "mimeType": "image/jpeg", "buffer": listings.picture(7).getvalue()}
    )
    writer.fill("Nama dokumen", "Surat dukungan kepala desa")
    writer.press("Simpan dokumen")
    writer.sees("Hanya moderator")
    writer.press("Buka untuk umum")
    writer.check_page("documents")


def _open(cast: Cast, body: Body, slug: str, donor: str) -> None:
    """Two moderators open it, and somebody gives."""
    with cast.platform.inside():
        listing = queries.find_by_slug(slug)
        assert listing is not None
        service.submit(listing_id=listing.id, by=people_queries.get(body.owner.id))
        service.open_(listing_id=listing.id, by=people.moderator(), seconded_by=people.moderator().id)
        disbursements.give(listing, 1_000_000, by=people.person(name="Rosalina", email=donor))


def _update_path(cast: Cast, slug: str) -> str:
    with cast.platform.inside():
        listing = queries.find_by_slug(slug)
        assert listing is not None
        return queries.updates_of(listing_id=listing.id)[0].path


def _tell(writer: Visitor, base: str) -> None:
    writer.go(base)
    writer.follow("Tulis kabar")
    writer.press("Simpan, lalu foto")
    writer.sees("Ada yang perlu diperbaiki")
    writer.check_page("update-refused")
    writer.fill("Judul kabar", "Pipa terpasang sampai bak")
    writer.fill(
        "Apa yang sudah terjadi?", "Empat puluh batang pipa **sudah terpasang**, dan air mengalir pagi ini."
    )
    writer.choose("Baris anggaran", "Pipa dan sambungan")
    writer.fill("Uang yang dipakai", "500.000")
    writer.press("Simpan, lalu foto")
    writer.page.locator("#photo").set_input_files(
        {
            "name": "IMG_2.jpg",
            "mimeType": "image/jpeg",
            "buffer": listings.picture(9, size=(1600, 1200)).getvalue(),
        }
    )
    writer.fill("Apa yang terlihat di foto?", "Air keluar dari pipa di ujung dusun")
    writer.press("Simpan foto")
    writer.page.wait_for_load_state("networkidle")
    writer.check_page("update-draft")
    writer.press("Terbitkan sekarang")
    writer.sees("Kabar terbit")
