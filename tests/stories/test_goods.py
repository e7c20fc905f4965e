"""A gift that is no money: offered, agreed to in part, handed over, counted, confirmed; apart from the cash."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.factories import listings
from tests.stories.cast import Body, Cast, new_word
from tests.stories.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stories"), pytest.mark.timeout(300)]


@pytest.mark.parametrize("javascript", [True, False])
def test_340_metres_are_offered_300_agreed_and_received(
    visitors: Callable[..., Visitor], cast: Cast, javascript: bool
) -> None:
    place = cast.place()
    body = cast.organisation("cso", "Yayasan Pipa Kehidupan", place=place.code)
    company = cast.organisation("company", "PT Plastik Nusantara", place=place.code)
    title = f"Pipa untuk Desa {new_word().title()}"
    lines = (listings.money(10_000_000), listings.goods(800))
    path = cast.open_listing(body, "campaign", title, place=place.code, lines=lines)

    giver = visitors(javascript=javascript, phone=not javascript)
    giver.sign_in(company.owner)
    pledge = _offer(giver, company, path, title)
    receiver = visitors(javascript=javascript, phone=javascript)
    receiver.sign_in(body.owner)
    _agree(receiver, body, company)
    anybody = visitors(javascript=javascript)
    anybody.go(path)
    anybody.sees("0 dari 800 meter diterima", "300 dijanjikan")
    anybody.check_page("listing-promised")

    giver.waits_for(f"{body.name} menerima tawaran Anda: 300 meter", path="/notifikasi")
    giver.go(pledge)
    giver.sees("Disepakati", "300 meter")
    giver.fill("Jumlah", "300")
    giver.fill("Catatan", "Truk DH 8123 AB, surat jalan 0417")
    giver.press("Catat: sudah diserahkan")
    giver.sees("Tercatat. Penerima kami minta memastikan", "Menunggu kepastian penerima")
    giver.check_page("goods-handed-over")

    receiver.waits_for("Hitung, lalu pastikan", path="/notifikasi")
    receiver.follow("Pastikan penerimaan")
    receiver.sees("Hitung yang datang, lalu pastikan", "Truk DH 8123 AB")
    receiver.fill("Berapa yang datang", "tiga ratus")
    receiver.press("Pastikan")
    receiver.sees("Ada yang perlu diperbaiki", "Tulis jumlah dengan angka bulat")
    assert receiver.labelled("Berapa yang datang").input_value() == "tiga ratus"
    receiver.check_page("goods-count-refused")
    receiver.fill("Berapa yang datang", "300")
    receiver.fill("Berapa yang baik", "300")
    receiver.press("Pastikan")
    receiver.sees("Kedua pihak sudah memastikan dukungan ini")
    receiver.check_page("goods-confirmed")

    giver.waits_for("Kedua pihak sudah memastikan 300 meter", path="/notifikasi")
    giver.go(pledge)
    giver.sees("Kedua pihak sudah memastikan. Terima kasih.", "300 meter")
    anybody.go(path)
    anybody.sees("300 dari 800 meter diterima", "Rp 0 diterima dari Rp 10.000.000")
    anybody.check_page("listing-in-kind")


def _offer(giver: Visitor, company: Body, path: str, title: str) -> str:
    giver.go(path)
    giver.follow("Tawarkan: Pipa HDPE 2 inci")
    giver.sees(title, "Masih kurang 800 meter")
    giver.choose("Atas nama", company.name)
    giver.fill("Berapa meter", "340")
    giver.press("Lanjutkan")
    giver.sees("Ada yang perlu diperbaiki", "Isi nomor yang dapat dihubungi")
    assert giver.labelled("Berapa meter").input_value() == "340"
    giver.check_page("goods-refused")
    giver.fill("Nomor telepon atau WhatsApp", "0812 3456 7890")
    giver.press("Lanjutkan")
    giver.sees("Tawaran Anda sudah terkirim", "340 meter", "Menunggu jawaban OMS")
    giver.check_page("goods-offered")
    return giver.page.url


def _agree(receiver: Visitor, body: Body, company: Body) -> None:
    receiver.waits_for(f"{company.name} menawarkan 340 meter", path="/notifikasi")
    receiver.go(f"/dasbor/{body.slug}")
    receiver.sees("tawaran menunggu")
    receiver.follow("Jawab tawaran")
    receiver.sees(company.name, "340 meter")
    receiver.check_page("desk-offers")
    receiver.page.locator("main h2 a", has_text="340").first.click()
    receiver.sees("Jawab tawaran ini", "0812 3456 7890")
    receiver.check_page("goods-answer")
    receiver.fill("Sepakati", "300")
    receiver.press("Sepakati")
    receiver.sees("Kesepakatan sudah dicatat", "300 meter")
