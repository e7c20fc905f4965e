"""The main job: a campaign is written, checked by two, heard of, supported by card, booked, thanked for, seen."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import expect

from tests.stories import writing
from tests.stories.cast import Body, Cast, Member, Where, new_email, new_word
from tests.stories.visitor import SETTLE_SECONDS, Visitor
from tests.stories.writing import Line

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stories"), pytest.mark.timeout(300)]
MOST_PAPER_BYTES = 60_000
PRAYER = "Semoga airnya segera sampai ke depan rumah."


@pytest.mark.parametrize("javascript", [True, False])
def test_from_a_need_to_the_thanks(visitors: Callable[..., Visitor], cast: Cast, javascript: bool) -> None:
    place = cast.place()
    body = cast.organisation("cso", "Yayasan Mata Air", place=place.code)
    title = f"Air bersih untuk 312 keluarga di Desa {new_word().title()}"

    follower = visitors(javascript=javascript, phone=True)
    neighbour = cast.person("Yohana Faot")
    _follow(follower, neighbour, place)

    writer = visitors(javascript=javascript, phone=not javascript)
    _write(writer, body, title, place)
    path = _approve_twice(visitors, cast, title, javascript=javascript)

    writer.waits_for(f"“{title}” sudah tayang dan dapat menerima dukungan", path="/notifikasi")
    _hear_of_it(follower, neighbour, title, path)
    donor = visitors(javascript=javascript, phone=javascript)
    name, email = f"Bernadus {new_word().title()}", new_email("bernadus")
    _give(donor, path, name, email, javascript=javascript)
    _thanks(donor, title, email, name)
    _public_page(visitors(javascript=javascript, phone=not javascript), path, title, name, email)
    _writer_sees_it(writer, body, title, name, email)


def _follow(follower: Visitor, neighbour: Member, place: Where) -> None:
    follower.sign_in(neighbour)
    follower.go("/notifikasi")
    follower.sees("Belum ada kabar")
    follower.check_page()
    follower.go("/akun/notifikasi")
    follower.page.locator("#matches-email").select_option(label="Segera")
    follower.press("Simpan")
    follower.sees("Pilihan kabar Anda tersimpan")
    follower.check_page("preferences")
    follower.go(f"/lokalitas/{place.code}")
    follower.press(f"Ikuti {place.name}")
    follower.check_page("place-followed")


def _write(writer: Visitor, body: Body, title: str, place: Where) -> None:
    writer.sign_in(body.owner)
    here = writing.begin(writer, body, "campaign", title)
    writer.check_page("editor-begun")
    lines = [
        Line("money", "Pipa, sambungan, dan bak penampung", "68.450.000", "Bahan dan alat"),
        Line("money", "Upah tiga tukang", "6.000.000", "Upah dan honor"),
        Line("goods", "Pipa HDPE 2 inci, baru", "800", "Peralatan air", unit="meter"),
    ]
    writing.write(writer, here, place, lines, kind="campaign")
    writer.sees("Target: Rp 74.450.000")
    writer.check_page("editor-complete")
    writing.submit(writer, here)


def _approve_twice(visitors: Callable[..., Visitor], cast: Cast, title: str, *, javascript: bool) -> str:
    first = visitors(javascript=javascript)
    first.sign_in(cast.staff("moderator"))
    first.go("/moderasi")
    first.sees(title)
    first.check_page("moderation-queue")
    first.follow(title)
    first.sees("perlu dua moderator yang berbeda", "Rp 74.450.000", "Mama Yuliana")
    first.check_page("moderation-listing")
    review = first.page.url
    first.press("Setujui")
    first.sees("Persetujuan pertama tercatat")
    first.go(review)
    first.sees("Anda sudah menyetujuinya")
    assert first.page.get_by_role("button", name="Setujui", exact=True).count() == 0
    again = first.page.request.post(
        f"{review}/setujui",
        form={"csrf_token": first.page.locator("[name=csrf_token]").first.input_value()},
        headers={"Referer": review},
    )
    assert again.status == 409, again.text()

    second = visitors(javascript=javascript, phone=True)
    second.sign_in(cast.staff("moderator"))
    second.go(review)
    second.sees("menunggu moderator kedua")
    path = second.page.get_by_role("link", name="Lihat seperti yang dilihat pengunjung").get_attribute("href")
    second.press("Setujui")
    second.sees(f"“{title}” sudah tayang")
    second.go(review)
    second.sees("Tidak sedang menunggu pemeriksaan")
    second.check_page("moderation-decided")
    assert path is not None
    return path


def _hear_of_it(follower: Visitor, neighbour: Member, title: str, path: str) -> None:
    follower.waits_for(title, path="/notifikasi")
    follower.check_page("notices")
    follower.follow("Lihat dan dukung")
    assert urlsplit(follower.page.url).path == path
    text = follower.reads_mail(neighbour.email, title)
    assert path in text, text


def _give(donor: Visitor, path: str, name: str, email: str, *, javascript: bool) -> None:
    """Rp 50.000 by card, without a name for others; with JavaScript the first card is refused, the second asks."""
    donor.go(path)
    donor.sees("Rp 0 diterima dari Rp 74.450.000")
    donor.check_page("listing-empty")
    donor.tick("Rp 50 rb")
    donor.press("Dukung sekarang")
    donor.press("Lanjutkan")
    donor.sees("Ada yang perlu diperbaiki", "Isi nama Anda untuk kuitansi")
    donor.check_page("pledge-refused")
    donor.fill("Nama Anda", name)
    donor.fill("Alamat surel", email)
    donor.fill("Doa atau pesan", PRAYER)
    donor.press("Lanjutkan")
    donor.sees("Cara membayar", "Rp 50.000")
    donor.check_page("pay-method")
    donor.tick("Kartu debit atau kredit")
    donor.press("Lanjut membayar")
    with donor.platform.events_held_back():
        expect(donor.page.locator("#amount")).to_contain_text("50.000")
        if javascript:
            donor.page.locator("#card-1").check()
            _send(donor, "#pay")
            expect(donor.page.locator("#problem")).to_be_visible()
            donor.page.locator("#card-3").check()
            _send(donor, "#pay")
            _send(donor, "#approve")
        else:
            _send(donor, "#pay")
        donor.sees("Menunggu konfirmasi", "Rp 50.000")
        donor.check_page("payment-waits")
        donor.page.evaluate("document.documentElement.dataset.same = 'yes'")
    if javascript:
        expect(donor.page.locator("#keadaan")).to_contain_text(
            "Rp 50.000 sudah kami terima", timeout=SETTLE_SECONDS * 1000
        )
        assert donor.page.evaluate("document.documentElement.dataset.same") == "yes"
    else:
        donor.waits_for("Rp 50.000 sudah kami terima")
    donor.sees("Kuitansi dikirim lewat surel")
    donor.check_page("payment-received")


def _send(donor: Visitor, button: str) -> None:
    with donor.page.expect_navigation():
        donor.page.locator(button).click()


def _thanks(donor: Visitor, title: str, email: str, name: str) -> None:
    """The mail, the receipt it leads to and its number."""
    text = donor.reads_mail(email, f"Rp 50.000 untuk {title}")
    assert "Terima kasih" in text, text
    paper = donor.page.get_by_role("link", name="Lampiran: kuitansi-CE-")
    address = paper.get_attribute("href")
    assert address is not None
    sent = donor.page.request.get(urljoin(donor.page.url, address)).body()
    assert sent.startswith(b"%PDF") and len(sent) <= MOST_PAPER_BYTES
    link = donor.page.locator(".mail-text a[href*='/kuitansi/']").first.get_attribute("href")
    assert link is not None
    donor.waits_for("Nomor CE", path=link)
    donor.sees("lima puluh ribu rupiah", name, title)
    donor.check_page("receipt")
    donor.follow(donor.page.locator("a[href^='/periksa/']").first.inner_text())
    donor.sees("Kuitansi ini asli", "Rp 50.000")
    donor.sees_not(name, email)
    donor.check_page()


def _public_page(anybody: Visitor, path: str, title: str, name: str, email: str) -> None:
    anybody.go(path)
    anybody.sees("Rp 50.000 diterima dari Rp 74.450.000", PRAYER)
    anybody.sees_not(name, email)
    anybody.check_page("listing-supported")
    anybody.go("/jelajah")
    anybody.fill("Cari", title.rsplit(" ", 1)[-1])
    anybody.page.locator("form[role=search] button").click()
    anybody.sees(title, "1 tayangan terbuka")
    anybody.sees_not(name)
    anybody.check_page("browse-one")


def _writer_sees_it(writer: Visitor, body: Body, title: str, name: str, email: str) -> None:
    writer.waits_for(f"Dukungan Rp 50.000 untuk “{title}” sudah diterima", path="/notifikasi")
    writer.go(f"/dasbor/{body.slug}/dukungan")
    writer.sees("Rp 50.000", "Tanpa nama")
    writer.sees_not(name, email)
    writer.check_page("desk-pledges")
