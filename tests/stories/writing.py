"""How somebody of an organisation writes a listing, section by section, by hand."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Literal

from coevolve.kit import clock
from tests.stories.cast import Body, Where
from tests.stories.visitor import Visitor

STORY = (
    "Mama Yuliana berjalan dua jam untuk dua jeriken air. Sumurnya kering sejak Juni, dan anak-anaknya ikut memikul "
    "sebelum sekolah.\n\nWarga sudah menggali parit sepanjang 300 meter. Dengan pipa dan bak penampung, air sampai ke "
    "depan rumah **312 keluarga** sebelum musim kering berikutnya."
)
SUMMARY = "Pipa dan bak penampung agar 312 keluarga tidak lagi memikul air dua jam sehari."
KINDS = {
    "campaign": "Kampanye",
    "need": "Kebutuhan",
    "standing_offer": "Penawaran",
    "opportunity": "Peluang kemitraan",
}


@dataclass(frozen=True)
class Line:
    """One line of what is needed or offered."""

    kind: Literal["money", "goods", "time", "facility"]
    label: str
    quantity: str
    category: str
    unit: str = ""
    more: dict[str, str] = field(default_factory=dict)


def begin(writer: Visitor, body: Body, kind: str, title: str) -> str:
    """A draft of that kind; returns where its task list is."""
    writer.go(f"/dasbor/{body.slug}")
    writer.follow("Tayangan")
    writer.follow("Buat tayangan")
    if writer.page.get_by_role("radio").count() > 1:
        writer.tick(KINDS[kind])
    writer.fill("Judul", title)
    writer.press("Buat draf")
    writer.sees("Draf dibuat", title)
    return writer.page.url


def write(writer: Visitor, here: str, place: Where, lines: list[Line], *, kind: str, days: int = 60) -> None:
    """Fill all sections of a draft, each saved alone."""
    writer.follow("Dasar")
    writer.fill("Ringkasan", SUMMARY)
    writer.choose("Sektor", "Air dan sanitasi")
    writer.fill("Menerima dukungan sampai", (clock.today() + dt.timedelta(days=days)).isoformat())
    if kind == "opportunity":
        writer.fill("Dasar hukum", "RKPD 2027, program 1.03")
    writer.press("Simpan")
    writer.sees("Tersimpan")
    writer.follow("Lokasi")
    writer.fill("Kabupaten, kota, atau kecamatan", place.label)
    writer.press("Simpan")
    writer.follow("Cerita")
    writer.fill("Cerita", STORY)
    writer.press("Simpan")
    if lines:
        writer.follow("Kebutuhan dan anggaran")
    for line in lines:
        add_line(writer, line)
    writer.go(here)


def add_line(writer: Visitor, line: Line) -> None:
    """One line, from the page of all lines back to it."""
    words = {"money": "Uang", "goods": "Barang", "time": "Keahlian", "facility": "Fasilitas"}
    writer.follow(words[line.kind])
    is_money = line.kind == "money"
    writer.page.get_by_role("textbox").first.fill(line.label)
    writer.choose("Golongan", line.category)
    writer.fill("Jumlah uang" if is_money else "Jumlah", line.quantity)
    if line.unit:
        writer.choose("Satuan", line.unit)
    for label, value in line.more.items():
        writer.fill(label, value)
    writer.press("Simpan")
    writer.sees(line.label, "Tambah baris")


def submit(writer: Visitor, here: str) -> None:
    """Check everything once more and hand it to the moderators."""
    writer.go(here)
    writer.sees("Semua bagian lengkap")
    writer.follow("Periksa & kirim")
    writer.sees("Sesudah dikirim, moderator memeriksa")
    writer.press("Kirim untuk diperiksa")
    writer.sees("Terkirim", "Sedang kami periksa")
