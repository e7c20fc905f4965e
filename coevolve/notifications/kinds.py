"""What there is to tell: the kinds of notices, their groups, and their words.

A sentence is filled with the message's data, formatted for its reader by `words`:
`amount_minor` gives %(amount)s in rupiah, `expires_at` %(expires)s with the zone's abbreviation, `closes_on` %(closes)s
as a date, and a value with both languages ({"id": ..., "en": ...}) the reader's. A missing value reads as empty.

Add a kind: one entry in KINDS (keep the order of letters), its English in notifications.po, and, when a letter needs
more than a sentence and a button, templates/mail/<kind with _ for .>.html and .txt.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from coevolve.kit import i18n, money
from coevolve.kit.i18n import lazy
from coevolve.notifications import (
    kinds_of_bookings,
    kinds_of_custody,
    kinds_of_matching,
    kinds_of_networks,
    kinds_of_promises,
    kinds_of_reach,
    kinds_of_refunds,
    kinds_of_spending,
    kinds_of_updates,
    kinds_of_voices,
)
from coevolve.notifications.kind import Group, Kind

GROUPS: dict[str, Group] = {
    "money": Group(
        label=lazy("Uang Anda"),
        hint=lazy("Petunjuk bayar, uang diterima, kuitansi, batas waktu."),
        site="now",
        email="now",
    ),
    "support": Group(
        label=lazy("Dukungan dan serah terima"),
        hint=lazy("Tawaran, jawaban, barang diserahkan dan diterima."),
        site="now",
        email="now",
    ),
    "decisions": Group(
        label=lazy("Keputusan tentang kiriman Anda"),
        hint=lazy("Organisasi dan kebutuhan yang disetujui atau perlu diperbaiki."),
        site="now",
        email="now",
    ),
    "matches": Group(
        label=lazy("Yang cocok dengan minat Anda"),
        hint=lazy("Kebutuhan, penawaran, dan peluang baru di daerah yang Anda ikuti."),
        site="now",
        email="daily",
    ),
    "following": Group(
        label=lazy("Yang Anda ikuti dan tanyakan"),
        hint=lazy("Perkembangan tayangan yang Anda ikuti, jawaban atas pertanyaan dan laporan Anda."),
        site="now",
        email="daily",
    ),
    "staff": Group(
        label=lazy("Tugas staf"),
        hint=lazy("Yang menunggu pemeriksaan atau keputusan keuangan."),
        site="now",
        email="daily",
        staff_only=True,
    ),
}

KINDS: dict[str, Kind] = {
    "finance.case": Kind(
        group="staff",
        subject=lazy("Selisih untuk diperiksa: %(title)s"),
        sentence=lazy("Ada selisih yang perlu keputusan: %(title)s."),
        button=lazy("Buka kasus"),
        path="/keuangan",
    ),
    "house.alarm": Kind(
        group="staff",
        subject=lazy("Gangguan sistem: %(title)s"),
        sentence=lazy("Ada gangguan sistem (%(title)s). Langkahnya ada di buku panduan %(runbook)s.md."),
        button=lazy("Lihat keadaan sistem"),
        path="/sistem",
    ),
    "listing.closed": Kind(
        group="decisions",
        subject=lazy("Ditutup: %(title)s"),
        sentence=lazy("“%(title)s” ditutup oleh moderator. Alasannya: %(reason)s"),
        button=lazy("Lihat halamannya"),
    ),
    "listing.expired": Kind(
        group="decisions",
        subject=lazy("Masa tayang berakhir: %(title)s"),
        sentence=lazy(
            "Masa tayang “%(title)s” sudah berakhir. Dukungan yang sudah disepakati tetap berjalan."
        ),
        button=lazy("Lihat halamannya"),
    ),
    "listing.frozen": Kind(
        group="decisions",
        subject=lazy("Dibekukan sementara: %(title)s"),
        sentence=lazy("“%(title)s” dibekukan sementara selama pemeriksaan. Alasannya: %(reason)s"),
        button=lazy("Lihat halamannya"),
    ),
    "listing.fulfilled": Kind(
        group="decisions",
        subject=lazy("Terpenuhi: %(title)s"),
        sentence=lazy("Semua yang dibutuhkan “%(title)s” sudah diterima."),
        button=lazy("Lihat halamannya"),
    ),
    "listing.opened": Kind(
        group="matches",
        subject=lazy("%(place)s: %(title)s"),
        sentence=lazy("%(organisation)s di %(place)s mencari dukungan: %(title)s. %(reason)s"),
        button=lazy("Lihat dan dukung"),
        path="/dasbor/kecocokan",
        noun="need",
    ),
    "listing.opened.offer": Kind(
        group="matches",
        subject=lazy("%(place)s: ditawarkan %(title)s"),
        sentence=lazy("%(organisation)s di %(place)s menawarkan: %(title)s. %(reason)s"),
        button=lazy("Lihat penawarannya"),
        path="/dasbor/kecocokan",
        noun="offer",
    ),
    "listing.opened.opportunity": Kind(
        group="matches",
        subject=lazy("%(place)s: peluang kemitraan %(title)s"),
        sentence=lazy("%(organisation)s di %(place)s membuka peluang kemitraan: %(title)s. %(reason)s"),
        button=lazy("Lihat peluangnya"),
        path="/dasbor/kecocokan",
        noun="opportunity",
    ),
    "listing.paused": Kind(
        group="decisions",
        subject=lazy("Dijeda: %(title)s"),
        sentence=lazy("“%(title)s” dijeda karena belum dikonfirmasi. Tayangkan lagi bila masih dibutuhkan."),
        button=lazy("Tayangkan lagi"),
    ),
    "listing.reconfirm": Kind(
        group="decisions",
        subject=lazy("Masih dibutuhkan? %(title)s"),
        sentence=lazy(
            "Pastikan “%(title)s” masih berlaku sebelum %(until)s. Sesudah itu tayangannya dijeda."
        ),
        button=lazy("Konfirmasi sekarang"),
    ),
    "listing.rejected": Kind(
        group="decisions",
        subject=lazy("Tidak dapat tayang: %(title)s"),
        sentence=lazy("“%(title)s” tidak dapat tayang. Alasannya: %(reason)s"),
        button=lazy("Baca alasannya"),
    ),
    "listing.returned": Kind(
        group="decisions",
        subject=lazy("Perlu perbaikan: %(title)s"),
        sentence=lazy("“%(title)s” belum bisa tayang. Yang perlu diperbaiki: %(reason)s"),
        button=lazy("Perbaiki sekarang"),
    ),
    "listing.shown": Kind(
        group="decisions",
        subject=lazy("Sudah tayang: %(title)s"),
        sentence=lazy("“%(title)s” sudah tayang dan dapat menerima dukungan."),
        button=lazy("Lihat halamannya"),
    ),
    "listing.unfrozen": Kind(
        group="decisions",
        subject=lazy("Tayang kembali: %(title)s"),
        sentence=lazy("Pembekuan “%(title)s” sudah dicabut. %(reason)s"),
        button=lazy("Lihat halamannya"),
    ),
    "match.need": Kind(
        group="matches",
        subject=lazy("Ada yang membutuhkan tawaran Anda: %(title)s"),
        sentence=lazy("%(organisation)s membutuhkan yang Anda tawarkan: “%(title)s”. %(reason)s"),
        button=lazy("Lihat kebutuhannya"),
        path="/dasbor/kecocokan",
        noun="fitting_need",
    ),
    "match.offer": Kind(
        group="matches",
        subject=lazy("Ada penawaran yang cocok: %(title)s"),
        sentence=lazy("%(organisation)s menawarkan “%(title)s”. %(reason)s"),
        button=lazy("Lihat penawarannya"),
        path="/dasbor/kecocokan",
        noun="fitting_offer",
    ),
    "moderation.waiting": Kind(
        group="staff",
        subject=lazy("Menunggu pemeriksaan: %(title)s"),
        sentence=lazy("“%(title)s” menunggu pemeriksaan."),
        button=lazy("Buka antrean"),
        path="/moderasi",
    ),
    "monthly.failed": Kind(
        group="money",
        subject=lazy("Belum berhasil ditagih: %(amount)s untuk %(title)s"),
        sentence=lazy(
            "Dukungan bulanan %(amount)s untuk “%(title)s” belum berhasil ditagih. %(reason)s Kami coba lagi %(again)s."
        ),
        button=lazy("Lihat dukungan bulanan"),
        path="/dasbor/dukungan-bulanan",
    ),
    "monthly.paused": Kind(
        group="money",
        subject=lazy("Dukungan bulanan dijeda: %(title)s"),
        sentence=lazy(
            "Dukungan bulanan %(amount)s untuk “%(title)s” dijeda. %(reason)s Tidak ada yang ditagih selama dijeda."
        ),
        button=lazy("Lihat dukungan bulanan"),
        path="/dasbor/dukungan-bulanan",
    ),
    "monthly.resumed": Kind(
        group="money",
        subject=lazy("Dukungan bulanan berjalan lagi: %(title)s"),
        sentence=lazy(
            "Dukungan bulanan %(amount)s untuk “%(title)s” berjalan lagi. Penagihan berikutnya %(next)s."
        ),
        button=lazy("Lihat dukungan bulanan"),
        path="/dasbor/dukungan-bulanan",
    ),
    "monthly.stopped": Kind(
        group="money",
        subject=lazy("Dukungan bulanan dihentikan: %(title)s"),
        sentence=lazy(
            "Dukungan bulanan %(amount)s untuk “%(title)s” dihentikan dan kartunya kami lupakan. Terima kasih."
        ),
        button=lazy("Lihat dukungan bulanan"),
        path="/dasbor/dukungan-bulanan",
    ),
    "organisation.approved": Kind(
        group="decisions",
        subject=lazy("%(name)s sudah diperiksa"),
        sentence=lazy("%(name)s sudah diperiksa dan boleh menayangkan kebutuhan."),
        button=lazy("Buka halaman organisasi"),
    ),
    "organisation.rejected": Kind(
        group="decisions",
        subject=lazy("%(name)s tidak dapat diterima"),
        sentence=lazy("Pendaftaran %(name)s tidak dapat diterima. Alasannya: %(reason)s"),
        button=lazy("Baca alasannya"),
    ),
    "organisation.returned": Kind(
        group="decisions",
        subject=lazy("%(name)s: ada yang perlu diperbaiki"),
        sentence=lazy("Pendaftaran %(name)s belum lengkap. Yang perlu diperbaiki: %(reason)s"),
        button=lazy("Perbaiki sekarang"),
    ),
    "payment.expired": Kind(
        group="money",
        subject=lazy("Batas bayar lewat: %(title)s"),
        sentence=lazy("Batas bayar %(amount)s untuk “%(title)s” sudah lewat. Tidak ada uang yang berpindah."),
        button=lazy("Buat pembayaran baru"),
    ),
    "payment.instructions": Kind(
        group="money",
        subject=lazy("Transfer tepat %(amount)s untuk %(title)s"),
        sentence=lazy("Transfer tepat %(amount)s sebelum %(expires)s untuk “%(title)s”."),
        button=lazy("Lihat petunjuk bayar"),
        is_prompt=True,
    ),
    "payment.late": Kind(
        group="money",
        subject=lazy("%(amount)s untuk %(title)s datang terlambat"),
        sentence=lazy(
            "%(amount)s untuk “%(title)s” sampai, tetapi terlambat. Kami simpan atas nama Anda dan menghubungi Anda."
        ),
        button=lazy("Lihat pembayarannya"),
    ),
    "payment.news": Kind(
        group="support",
        subject=lazy("%(amount)s masuk untuk %(title)s"),
        sentence=lazy("Dukungan %(amount)s untuk “%(title)s” sudah diterima."),
        button=lazy("Lihat dukungannya"),
    ),
    "payment.received": Kind(
        group="money",
        subject=lazy("%(amount)s untuk %(title)s sudah kami terima"),
        sentence=lazy("%(amount)s untuk “%(title)s” sudah kami terima. Terima kasih."),
        button=lazy("Lihat kuitansi"),
        is_prompt=True,
    ),
    "payment.refunded": Kind(
        group="money",
        subject=lazy("%(amount)s untuk %(title)s dikembalikan"),
        sentence=lazy(
            "%(amount)s untuk “%(title)s” kami kembalikan ke cara bayar Anda. Bank dapat memerlukan beberapa hari."
        ),
        button=lazy("Lihat pembayarannya"),
    ),
    "payment.undone": Kind(
        group="money",
        subject=lazy("Pembukuan %(amount)s untuk %(title)s dibatalkan"),
        sentence=lazy(
            "%(amount)s yang kami catat untuk “%(title)s” ternyata bukan transfer Anda. Kuitansinya tidak berlaku lagi."
        ),
        button=lazy("Lihat pembayarannya"),
    ),
    "pledge.accepted": Kind(
        group="support",
        subject=lazy("Disepakati: %(support)s untuk %(title)s"),
        sentence=lazy("%(organisation)s menerima tawaran Anda: %(support)s untuk “%(title)s”."),
        button=lazy("Atur serah terima"),
    ),
    "pledge.cancelled": Kind(
        group="support",
        subject=lazy("Tidak dilanjutkan: %(support)s untuk %(title)s"),
        sentence=lazy(
            "“%(title)s” sudah ditutup, sehingga %(support)s tidak perlu dikirim lagi. Terima kasih."
        ),
        button=lazy("Lihat dukungan Anda"),
    ),
    "pledge.confirmed": Kind(
        group="support",
        subject=lazy("Selesai: %(support)s untuk %(title)s"),
        sentence=lazy("Kedua pihak sudah memastikan %(support)s untuk “%(title)s”."),
        button=lazy("Lihat catatannya"),
    ),
    "pledge.contested": Kind(
        group="support",
        subject=lazy("Perlu dibicarakan: %(support)s untuk %(title)s"),
        sentence=lazy("%(organisation)s mencatat hal yang berbeda tentang %(support)s: %(reason)s"),
        button=lazy("Lihat catatannya"),
    ),
    "pledge.declined": Kind(
        group="support",
        subject=lazy("Belum dapat diterima: %(support)s untuk %(title)s"),
        sentence=lazy(
            "%(organisation)s belum dapat menerima %(support)s untuk “%(title)s”. Alasannya: %(reason)s"
        ),
        button=lazy("Lihat tawaran Anda"),
    ),
    "pledge.handed_over": Kind(
        group="support",
        subject=lazy("Sudah diserahkan: %(support)s untuk %(title)s"),
        sentence=lazy("%(giver)s menyerahkan %(support)s untuk “%(title)s”. Hitung, lalu pastikan."),
        button=lazy("Pastikan penerimaan"),
    ),
    "pledge.lapsed": Kind(
        group="support",
        subject=lazy("Lewat waktu: %(support)s untuk %(title)s"),
        sentence=lazy(
            "Waktu untuk %(support)s bagi “%(title)s” sudah lewat. Sisanya tidak dihitung lagi sebagai janji."
        ),
        button=lazy("Lihat dukungannya"),
    ),
    "pledge.offered": Kind(
        group="support",
        subject=lazy("Tawaran baru: %(support)s untuk %(title)s"),
        sentence=lazy("%(giver)s menawarkan %(support)s untuk “%(title)s”."),
        button=lazy("Jawab tawaran"),
    ),
    "pledge.received": Kind(
        group="support",
        subject=lazy("Sudah diterima: %(support)s untuk %(title)s"),
        sentence=lazy("%(organisation)s menerima %(support)s untuk “%(title)s”."),
        button=lazy("Lihat serah terima"),
    ),
    "pledge.requested": Kind(
        group="support",
        subject=lazy("Permintaan baru: %(support)s dari %(title)s"),
        sentence=lazy("%(organisation)s meminta %(support)s dari penawaran “%(title)s”."),
        button=lazy("Jawab permintaan"),
    ),
    "pledge.withdrawn": Kind(
        group="support",
        subject=lazy("Ditarik: %(support)s untuk %(title)s"),
        sentence=lazy("%(support)s untuk “%(title)s” ditarik kembali. %(reason)s"),
        button=lazy("Lihat dukungannya"),
    ),
    **kinds_of_bookings.KINDS,
    **kinds_of_custody.KINDS,
    **kinds_of_matching.KINDS,
    **kinds_of_networks.KINDS,
    **kinds_of_promises.KINDS,
    **kinds_of_reach.KINDS,
    **kinds_of_refunds.KINDS,
    **kinds_of_spending.KINDS,
    **kinds_of_voices.KINDS,
    **kinds_of_updates.KINDS,
}
KINDS = dict(sorted(KINDS.items()))


class _Words(dict[str, str]):
    """Words by name; one that is missing reads as empty, so that no notice stops others."""

    def __missing__(self, _key: str) -> str:
        return ""


def words(data: Mapping[str, Any], zone: str = "Asia/Jakarta") -> dict[str, str]:
    """The data of a message as words for the reader of this moment's language."""
    found = _Words()
    for key, value in data.items():
        name, _, unit = key.rpartition("_")
        if value is None:
            continue
        if unit == "minor" and isinstance(value, int):
            found[name] = money.format_rupiah(value)
        elif unit in {"at", "on"} and isinstance(value, str):
            found[name] = _moment(value, unit, zone)
        elif isinstance(value, Mapping):
            found[key] = str(value.get(i18n.language()) or value.get(i18n.DEFAULT) or "")
        elif isinstance(value, int) and not isinstance(value, bool):
            found[key] = i18n.number(value)
        else:
            found[key] = str(value)
    return found


def _moment(value: str, unit: str, zone: str) -> str:
    try:
        if unit == "on":
            return i18n.date(dt.date.fromisoformat(value))
        return i18n.datetime(dt.datetime.fromisoformat(value), zone)
    except ValueError:
        return value


def counted(noun: str, count: int) -> str:
    """So many of what a kind counts as (`noun` of Kind), in the reader's language."""
    if noun == "need":
        return i18n.ngettext("%(num)s kebutuhan", "%(num)s kebutuhan", count)
    if noun == "offer":
        return i18n.ngettext("%(num)s penawaran", "%(num)s penawaran", count)
    if noun == "opportunity":
        return i18n.ngettext("%(num)s peluang kemitraan", "%(num)s peluang kemitraan", count)
    if noun == "fitting_need":
        return i18n.ngettext("%(num)s kebutuhan yang cocok", "%(num)s kebutuhan yang cocok", count)
    if noun == "fitting_offer":
        return i18n.ngettext("%(num)s penawaran yang cocok", "%(num)s penawaran yang cocok", count)
    return i18n.ngettext("%(num)s kabar", "%(num)s kabar", count)


def subject(kind: str, filled: Mapping[str, str]) -> str:
    """The subject line of a kind in the reader's language."""
    return _filled(KINDS[kind].subject, filled).replace("\xa0", " ")


def sentence(kind: str, filled: Mapping[str, str]) -> str:
    """What a kind says in one or two sentences."""
    return _filled(KINDS[kind].sentence, filled)


def path(kind: str, data: Mapping[str, Any]) -> str:
    """Where its button leads, on our own host."""
    given = data.get("path")
    return (
        given
        if isinstance(given, str) and given.startswith("/") and given[1:2] not in ("/", "\\")
        else KINDS[kind].path
    )


def _filled(text: Any, filled: Mapping[str, str]) -> str:
    return re.sub(r"[ \t\r\n]+", " ", str(text) % filled).strip()
