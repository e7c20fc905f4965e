"""Words of cases: what each kind is about, and what to do next."""

from __future__ import annotations

from typing import Any

from coevolve.kit.i18n import LANGUAGES, in_language, lazy

KINDS: dict[str, tuple[Any, Any]] = {
    "after_disbursement": (
        lazy("Pengembalian sesudah uang disalurkan"),
        lazy("Dana tidak cukup; OMS berutang selisihnya. Hubungi OMS dan sepakati pengembaliannya."),
    ),
    "balance": (
        lazy("Saldo kita dan saldo penyedia berbeda"),
        lazy("Cari transaksi yang belum tercatat di kedua sisi, lalu bandingkan lagi."),
    ),
    "books": (
        lazy("Buku tidak memenuhi satu aturannya"),
        lazy("Jangan salurkan uang dulu. Buka baris yang disebut, cari sebabnya, lalu betulkan dengan baris baru."),
    ),
    "dead_call": (
        lazy("Halaman kartu tidak dapat dibuat"),
        lazy("Belum ada uang yang ditarik. Periksa galat penyedia, lalu kabari donatur untuk mencoba lagi."),
    ),
    "dead_event": (
        lazy("Kabar dari penyedia tidak dapat diproses"),
        lazy("Periksa galatnya, perbaiki, lalu proses ulang kabar ini."),
    ),
    "dispute": (
        lazy("Sengketa kartu"),
        lazy("Jawab di dasbor penyedia sebelum tenggatnya. Uangnya kita tahan sampai ada keputusan."),
    ),
    "dispute_reverted": (
        lazy("Sengketa yang kalah berbalik menang"),
        lazy("Uangnya kembali ke dana. Kabari OMS dan periksa dukungannya."),
    ),
    "fee": (
        lazy("Biaya penyedia tidak dapat dibukukan"),
        lazy("Periksa transaksi penyedia ini, lalu bukukan biayanya."),
    ),
    "gross": (
        lazy("Jumlah di penyedia berbeda dari pembukuan"),
        lazy("Bandingkan transaksi penyedia dengan catatan kita, lalu betulkan dengan catatan baru."),
    ),
    "late": (
        lazy("Uang datang terlambat"),
        lazy("Tersimpan sebagai saldo donatur. Tanyakan: dialihkan atau dikembalikan."),
    ),
    "missing_at_provider": (
        lazy("Tercatat di kita, tidak ada di penyedia"),
        lazy("Periksa pembayaran ini di dasbor penyedia sebelum uangnya disalurkan."),
    ),
    "other_currency": (
        lazy("Dibayar dalam mata uang lain"),
        lazy("Tersimpan sebagai dana belum dikenal. Tanyakan donatur: ditukar atau dikembalikan."),
    ),
    "over": (
        lazy("Kelebihan bayar"),
        lazy("Kelebihannya menjadi saldo donatur. Tanyakan: ditambahkan, dialihkan, atau dikembalikan."),
    ),
    "payout_failed": (
        lazy("Pencairan ke bank gagal"),
        lazy("Uangnya kembali ke penyedia. Periksa rekening tujuan di dasbor penyedia."),
    ),
    "refund_failed": (
        lazy("Pengembalian gagal"),
        lazy("Uangnya kembali ke dana. Hubungi donatur dan cari jalan lain."),
    ),
    "short": (
        lazy("Kurang bayar"),
        lazy("Yang datang sudah dicatat. Tanyakan donatur apakah sisanya akan menyusul."),
    ),
    "twice": (
        lazy("Dibayar dua kali"),
        lazy("Yang kedua menjadi saldo donatur. Tanyakan: dialihkan atau dikembalikan."),
    ),
    "unidentified": (
        lazy("Uang di bank belum dikenal"),
        lazy("Cari donaturnya: cocokkan mutasi ini dengan dukungan, atau hubungi bank."),
    ),
    "unknown_charge": (
        lazy("Uang kartu tanpa dukungan"),
        lazy("Tersimpan sebagai dana belum dikenal. Cari asalnya di dasbor penyedia."),
    ),
    "unknown_transaction": (
        lazy("Transaksi penyedia belum dapat dijelaskan"),
        lazy("Periksa transaksi ini di dasbor penyedia, lalu bukukan."),
    ),
    "unknown_word": (
        lazy("Keadaan baru dari penyedia"),
        lazy("Penyedia memakai istilah yang belum kami kenal. Periksa di dasbor penyedia."),
    ),
}


def title_of(kind: str) -> str:
    """What a case is about."""
    return str(KINDS[kind][0]) if kind in KINDS else kind


def next_step_of(kind: str) -> str:
    """What to do about it."""
    return str(KINDS[kind][1]) if kind in KINDS else ""


def titles(kind: str) -> dict[str, str]:
    """What a case is about, in every language (for notices)."""
    found = {}
    for code in LANGUAGES:
        with in_language(code):
            found[code] = title_of(kind)
    return found


LINE_STATES: dict[str, Any] = {
    "unmatched": lazy("Belum cocok"),
    "proposed": lazy("Menunggu persetujuan"),
    "matched": lazy("Cocok"),
    "partly": lazy("Cocok sebagian"),
    "review": lazy("Belum dikenal"),
    "ignored": lazy("Diabaikan"),
}
CASE_STATES: dict[str, Any] = {
    "open": lazy("Terbuka"),
    "assigned": lazy("Dipegang"),
    "proposed": lazy("Menunggu orang kedua"),
    "resolved": lazy("Selesai"),
    "written_off": lazy("Dihapusbukukan"),
}
TARGETS: dict[str, Any] = {
    "payment": lazy("Dukungan"),
    "payout": lazy("Pencairan penyedia"),
    "unidentified": lazy("Dana belum dikenal"),
}
