"""Reasons and notes in words a bookkeeper understands: what, where, and what to do."""

from __future__ import annotations

import datetime as dt
from typing import Any

from coevolve.kit import i18n
from coevolve.kit.i18n import lazy
from coevolve.reconciliation.statements.profiles import MAPPED, PROFILES

REASONS: dict[str, Any] = {
    # amounts
    "amount_currency": lazy("mata uang di sel ini bukan mata uang rekening"),
    "amount_empty": lazy("jumlahnya kosong"),
    "amount_negative": lazy("kredit bertanda minus; tidak pasti uang masuk atau keluar"),
    "amount_parts": lazy("angkanya punya pecahan di bawah satu sen"),
    "amount_shape": lazy("jumlahnya tidak tertulis dengan bentuk yang ditetapkan untuk bank ini"),
    "amount_strange": lazy("jumlahnya memuat angka atau tanda yang bukan angka biasa"),
    "amount_too_large": lazy("jumlahnya terlalu besar"),
    "amount_two_faced": lazy(
        "jumlahnya bisa dibaca dua cara: titik dan komanya tidak seperti yang ditetapkan"
    ),
    "amount_two_signs": lazy("ada dua tanda sekaligus, misalnya minus dan DB"),
    "amount_without_parts": lazy("jumlahnya tanpa dua angka di belakang koma"),
    "both_sides": lazy("debit dan kredit terisi dua-duanya"),
    "mark_missing": lazy("tanda masuk atau keluar (CR/DB) tidak ada"),
    "mark_unknown": lazy("tanda masuk atau keluar ini belum dikenal"),
    "zero_line": lazy("mutasi bernilai nol"),
    # dates
    "date_empty": lazy("tanggalnya kosong"),
    "date_not_there": lazy("tanggal ini tidak ada di kalender"),
    "date_order": lazy("urutan hari dan bulannya tidak seperti yang ditetapkan"),
    "date_outside_period": lazy("tanggalnya di luar periode rekening koran"),
    "date_shape": lazy("tanggalnya tidak terbaca"),
    "date_strange": lazy("tanggalnya memuat tanda yang bukan angka biasa"),
    "date_to_come": lazy("tanggalnya belum terjadi"),
    "date_two_years": lazy("hari ini ada dua kali dalam periode; tahunnya tidak pasti"),
    "date_without_period": lazy("tahunnya tidak tertulis dan berkas tidak menyebut periode; isi periodenya"),
    "date_without_year": lazy("tahunnya tidak tertulis"),
    "date_year_form": lazy("tahunnya tidak tertulis seperti yang ditetapkan"),
    # rows and files
    "before_cut": lazy(
        "mutasi ini terjadi sebelum tanggal peralihan bentuk berkas; unduh ulang sejak tanggal itu"
    ),
    "cell_controls": lazy("sel ini memuat tanda kendali yang tidak boleh ada"),
    "cell_long": lazy("isi sel ini terlalu panjang"),
    "csv_broken": lazy("susunan CSV rusak mulai baris ini, misalnya tanda kutip yang tidak ditutup"),
    "encoding": lazy("hurufnya bukan %(encoding)s; simpan ulang berkas dari situs bank"),
    "file_empty": lazy("berkas ini kosong"),
    "file_kind": lazy("ini berkas %(kind)s, bukan rekening koran yang bisa dibaca"),
    "file_not_declared": lazy("isi berkas ini %(kind)s, sedangkan bentuk yang dipilih adalah %(declared)s"),
    "formula": lazy("sel ini berisi rumus; unduh berkas asli dari bank, jangan yang sudah diolah"),
    "gave_up": lazy("berkas ini tiga kali menghentikan pembacanya"),
    "header_changed": lazy("judul kolomnya berbeda dari yang dipetakan; petakan lagi"),
    "header_twice": lazy("judul kolom ini ada dua kali"),
    "html_broken": lazy("tabel HTML-nya rusak"),
    "line_after_totals": lazy("ada mutasi sesudah baris jumlah"),
    "macro": lazy("berkas ini berisi makro"),
    "no_header": lazy("judul kolom yang dikenal untuk %(profile)s tidak ditemukan"),
    "not_camt": lazy("XML ini bukan CAMT.053"),
    "nul": lazy("ada byte nol di dalam teks; berkasnya rusak atau bukan teks"),
    "ref_twice": lazy("nomor mutasi bank ini sudah ada di baris %(first)s, padahal seharusnya unik"),
    "row_without_date": lazy("baris ini bukan mutasi, bukan lanjutan uraian, dan bukan jumlah"),
    "sheet_broken": lazy("lembar kerja ini rusak atau terlalu besar untuk dibuka"),
    "sheet_locked": lazy("lembar kerja ini dikunci dengan kata sandi"),
    "sheet_slow": lazy("lembar kerja ini tidak selesai dibuka dalam %(seconds)s detik"),
    "swift_broken": lazy("blok MT940 ini tidak terbaca"),
    "swift_lines": lazy("blok MT940 ini memuat %(expected)s mutasi, tetapi hanya %(read)s yang terbaca"),
    "too_many_columns": lazy("lebih dari %(most)s kolom"),
    "too_many_rows": lazy("lebih dari %(most)s mutasi; unduh per minggu"),
    "xml_broken": lazy("XML-nya rusak"),
    "xml_entities": lazy("berkas ini memuat entitas XML, yang tidak pernah dipakai bank"),
    "zip_bomb": lazy("isi berkas ini lebih dari %(megabytes)s MB setelah dibuka"),
    # adding up
    "balance_wrong": lazy("saldo berjalan seharusnya %(expected)s"),
    "blocks_apart": lazy("saldo awal bagian ini bukan saldo akhir bagian sebelumnya"),
    "count_wrong": lazy("jumlah mutasinya %(expected)s, bukan seperti yang tertulis"),
    "no_balance": lazy("tidak ada saldo di berkas ini; isi saldo awal dan akhirnya"),
    "other_account": lazy("berkas ini milik rekening lain"),
    "other_currency": lazy("berkas ini dalam mata uang lain"),
    "sum_wrong": lazy(
        "saldo awal ditambah semua mutasi menjadi %(expected)s, bukan saldo akhir yang tertulis"
    ),
    "total_wrong": lazy("totalnya %(expected)s, bukan seperti yang tertulis"),
    # joining
    "gap_after": lazy(
        "saldo akhirnya tidak menyambung ke rekening koran berikutnya yang mulai %(day)s dengan %(expected)s; "
        "selisih %(difference)s"
    ),
    "gap_before": lazy(
        "saldo awalnya tidak menyambung dari rekening koran sebelumnya yang berakhir %(day)s dengan %(expected)s; "
        "selisih %(difference)s. Mungkin ada hari yang terlewat"
    ),
    "hand_differs": lazy(
        "nomor mutasi ini sudah dicatat tangan dengan jumlah lain; betulkan catatan itu dulu"
    ),
    "overlap_differs": lazy(
        "bagian yang tumpang tindih berbeda dari yang sudah tersimpan, mulai dari mutasi ini"
    ),
    "overlap_unknown": lazy(
        "tanggal %(from)s sampai %(until)s sudah tersimpan, tetapi tidak satu pun mutasinya sama"
    ),
}
NOTES: dict[str, Any] = {
    "days_between": lazy(
        "Tanggal %(from)s sampai %(until)s tidak ada di berkas mana pun; saldonya tetap menyambung."
    ),
    "first_statement": lazy(
        "Ini rekening koran pertama untuk rekening ini; saldo awalnya diterima apa adanya."
    ),
    "hand_lines": lazy(
        "%(num)s mutasi yang dicatat tangan tidak ada di rekening koran. Kasusnya sudah dibuka."
    ),
}
STAGES: dict[str, Any] = {
    "waiting": lazy("Menunggu giliran"),
    "reading": lazy("Membaca baris"),
    "proving": lazy("Menjumlah saldo"),
    "loading": lazy("Menyimpan mutasi"),
    "done": lazy("Selesai"),
}
MAPPED_LABEL = lazy("Kolom dipetakan sendiri")
_DAYS = ("day", "from", "until")


def say_reason(reason: dict[str, Any]) -> str:
    """One reason in the reader's language, its place first."""
    words = str(REASONS[reason["code"]]) if reason["code"] in REASONS else reason["code"]
    try:
        said = words % _shown(reason.get("more") or {})
    except (KeyError, ValueError):
        said = words
    return said[:1].upper() + said[1:]


def say_note(note: dict[str, Any]) -> str:
    """One note on an accepted statement."""
    return str(NOTES[note["code"]]) % _shown(note)


def _shown(more: dict[str, Any]) -> dict[str, str]:
    shown = {}
    for key, value in more.items():
        shown[key] = str(value)
        if key in _DAYS and value:
            shown[key] = i18n.date(dt.date.fromisoformat(str(value)))
    return shown


def label_of(code: str) -> str:
    """A profile's name."""
    return str(MAPPED_LABEL) if code == MAPPED else PROFILES[code].label
