"""A room of a company: its hours are written, an organisation finds it, asks for a time, has it, has used it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.factories import listings
from tests.stories.cast import Body, Cast, new_word
from tests.stories.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stories"), pytest.mark.timeout(300)]

ROOM = "Ruang pelatihan lantai 2"


@pytest.mark.parametrize("javascript", [True, False])
def test_a_room_is_found_asked_for_booked_and_used(
    visitors: Callable[..., Visitor], cast: Cast, javascript: bool
) -> None:
    place = cast.place()
    cso = cast.organisation("cso", "Yayasan Kader Desa", place=place.code)
    company = cast.organisation("company", "PT Ruang Terbuka", place=place.code)
    title = f"Ruang pelatihan {new_word().title()} untuk OMS"
    room = listings.room(
        16,
        category="room",
        label=ROOM,
        unit="X:SLOT_HOUR",
        per="week",
        slot_minutes=240,
        conditions="Ruang kembali bersih",
    )
    need = listings.room(8, category="room", label="Ruang untuk pelatihan kader", unit="X:SLOT_HOUR")
    path = cast.open_listing(company, "standing_offer", title, place=place.code, lines=(room,))
    cast.open_listing(cso, "need", f"Pelatihan kader {new_word().title()}", place=place.code, lines=(need,))

    giver = visitors(javascript=javascript, phone=not javascript)
    giver.sign_in(company.owner)
    _write_hours(giver, company, title)

    asker = visitors(javascript=javascript, phone=javascript)
    asker.sign_in(cso.owner)
    _type_need(asker, cast.draft(cso, "need", "Pelatihan kader di tiga desa", place=place.code), title)
    asker.sees("Yang Anda minta", "16 jam pakai setiap minggu", "Ruang kembali bersih")
    asker.follow("Pilih dari kalender lengkap")
    asker.sees("08.00–12.00", "bebas", "WITA" if place.code.startswith(("53", "73")) else "WI")
    asker.check_page("offer-calendar")
    asker.page.locator("label.slot input").first.check()
    asker.press("Minta waktu yang dipilih")
    request = _ask(asker)

    giver.waits_for(f"{cso.name} meminta 4 jam pakai", path="/notifikasi")
    giver.go(f"/dasbor/{company.slug}/dukungan")
    giver.page.locator("main h2 a", has_text="4 jam pakai").first.click()
    giver.sees("Jawab permintaannya di bawah", "Pelatihan kader posyandu", "08.00–12.00")
    giver.check_page("request-answer")
    giver.press("Sepakati")
    giver.sees("Kesepakatan sudah dicatat", "Dipesan")
    asker.waits_for("menyepakati permintaan Anda", path="/notifikasi")
    asker.go(request)
    asker.sees("Waktunya sudah dipesan", "Batalkan pesanan ini", "Simpan ke kalender (ICS)")
    asker.check_page("request-agreed")

    giver.press("Catat: sudah dipakai")
    giver.sees("Menunggu kepastian pemakai")
    asker.go(request)
    asker.press("Pastikan")
    asker.sees("Kedua pihak sudah memastikan")
    anybody = visitors(javascript=javascript)
    anybody.go(path)
    anybody.sees(title, "16 jam pakai setiap minggu")
    anybody.check_page("offer-room")
    anybody.follow("Lihat kalender")
    anybody.sees("08.00–12.00", "terisi")


def _type_need(asker: Visitor, base: str, title: str) -> None:
    """What fits is told while the need is typed; without JavaScript after its line is saved."""
    asker.go(f"{base}/kebutuhan/baru/facility")
    asker.fill("Apa yang dibutuhkan", "Ruang untuk pelatihan kader")
    asker.choose("Golongan", "Ruangan")
    asker.fill("Jumlah", "8")
    asker.choose("Satuan", "jam pakai")
    if not asker.javascript:
        asker.press("Simpan")
        asker.follow("Lihat yang cocok dari organisasi lain")
    asker.sees("Sudah ditawarkan orang lain" if asker.javascript else "Minta", title)
    asker.check_page("need-typed")
    asker.follow("Minta")


def _write_hours(giver: Visitor, company: Body, title: str) -> None:
    giver.go(f"/dasbor/{company.slug}/listing")
    giver.follow(title)
    giver.follow(ROOM)
    giver.sees("Belum ada jam buka")
    for day in ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu"):
        giver.tick(day)
    giver.fill("Dari jam", "08:00")
    giver.fill("Sampai jam", "10:00")
    giver.press("Tambah jam buka")
    giver.sees("Terlalu pendek")
    giver.check_page("hours-refused")
    giver.fill("Sampai jam", "16:00")
    giver.press("Tambah jam buka")
    giver.sees("Jam buka ditambahkan", "08.00–16.00")
    giver.check_page("hours")


def _ask(asker: Visitor) -> str:
    asker.sees("Yang Anda minta", ROOM)
    asker.fill("Nomor telepon atau WhatsApp", "0812 3456 7890")
    asker.press("Kirim permintaan")
    asker.sees("Ada yang perlu diperbaiki", "Tulis untuk apa")
    asker.check_page("request-refused")
    asker.fill("Untuk apa?", "Pelatihan kader posyandu, 30 peserta")
    asker.labelled("Memenuhi kebutuhan Anda").select_option(index=1)
    asker.press("Kirim permintaan")
    asker.sees("Permintaan Anda sudah terkirim", "Menunggu jawaban pemberi", "Ikut memenuhi kebutuhan")
    asker.check_page("request-sent")
    return asker.page.url
