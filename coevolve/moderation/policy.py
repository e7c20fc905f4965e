"""What catches a moderator's eye, the reasons they may give, and who decides."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from coevolve.kit.i18n import lazy
from coevolve.listings.models import Listing, ListingLine
from coevolve.organisations import queries as organisations
from coevolve.people import queries as people
from coevolve.people.models import Person

LARGE_MINOR = 50_000_000_000
"""A goal above Rp 500 juta is looked at twice."""

REASONS: dict[str, tuple[Any, Any]] = {
    "unclear": (lazy("Belum jelas"), lazy("Belum jelas siapa yang terbantu dan bagaimana dukungan dipakai.")),
    "budget": (
        lazy("Anggaran belum masuk akal"),
        lazy("Jumlah pada anggaran belum sesuai dengan uraiannya."),
    ),
    "duplicate": (lazy("Sudah ada"), lazy("Kebutuhan yang sama sudah tayang. Gabungkan ke tayangan itu.")),
    "contact": (
        lazy("Memuat rekening atau kontak"),
        lazy("Hapus nomor rekening dan ajakan membayar di luar platform dari teks."),
    ),
    "not_social": (lazy("Bukan kegiatan sosial"), lazy("Isinya bukan kebutuhan warga atau kegiatan sosial.")),
    "unlawful": (lazy("Melanggar hukum"), lazy("Isinya tidak dapat ditayangkan menurut hukum.")),
    "other": (lazy("Lainnya"), ""),
}
"""Code -> name for the moderator, the sentence the author reads."""

REPORT_REASONS: dict[str, Any] = {
    "fraud": lazy("Saya menduga ini penipuan"),
    "untrue": lazy("Isinya tidak benar"),
    "money": lazy("Uang tidak dipakai seperti yang ditulis"),
    "hurtful": lazy("Merendahkan atau membahayakan seseorang"),
    "other": lazy("Alasan lain"),
}

_DIGITS = re.compile(r"(?<![\d.,])\d(?:[ .-]?\d){9,17}(?![\d.,]?\d)")
_BANK = re.compile(
    r"\b(rek(?:ening)?|a/?n|bca|bri|bni|mandiri|btn|bsi|cimb|dana|ovo|gopay|shopeepay|transfer)\b",
    re.IGNORECASE,
)
_LINK = re.compile(r"(https?://|www\.|\b[\w-]+\.(?:com|id|org|net|me)\b|wa\.me)", re.IGNORECASE)
_PHONE = re.compile(r"(?<!\d)(?:\+62|62|0)8\d(?:[ -]?\d){7,10}(?!\d)")


@dataclass(frozen=True, slots=True)
class Flag:
    """Something to look at: a word for the list, a sentence for the page."""

    word: Any
    sentence: str


def flags(listing: Listing, lines: Sequence[ListingLine]) -> list[Flag]:
    """What in the text or the numbers asks for a second look; none of it decides anything."""
    written = "\n".join([listing.title, listing.summary, listing.story, *(line.label for line in lines)])
    found: list[Flag] = []
    phone = _PHONE.search(written)
    for number in _DIGITS.finditer(written):
        around = written[max(0, number.start() - 40) : number.end() + 40]
        if not _PHONE.fullmatch(number.group()) and (
            _BANK.search(around) or len(re.sub(r"\D", "", number.group())) >= 12
        ):
            found.append(
                Flag(
                    lazy("rekening"),
                    str(lazy("Teks memuat nomor seperti rekening: %(found)s", found=number.group())),
                )
            )
            break
    if phone:
        found.append(
            Flag(lazy("telepon"), str(lazy("Teks memuat nomor telepon: %(found)s", found=phone.group())))
        )
    link = _LINK.search(written)
    if link:
        found.append(Flag(lazy("tautan"), str(lazy("Teks memuat tautan: %(found)s", found=link.group()))))
    goal = sum(line.quantity for line in lines if line.kind == "money")
    if goal > LARGE_MINOR:
        found.append(
            Flag(lazy("besar"), str(lazy("Target uangnya besar; periksa anggarannya baris demi baris.")))
        )
    letters = [letter for letter in listing.title if letter.isalpha()]
    if letters and sum(letter.isupper() for letter in letters) > len(letters) * 0.7:
        found.append(Flag(lazy("huruf besar"), str(lazy("Judul ditulis dengan huruf besar."))))
    return found


def may_decide(person: Person, organisation_id: uuid.UUID) -> bool:
    """Whether this moderator may decide about something of this organisation: never about their own."""
    return (
        "moderator" in people.staff_roles(person.id)
        and organisations.role_in(person.id, organisation_id) is None
    )
