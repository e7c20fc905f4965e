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
        lazy(
            "Jangan salurkan uang dulu. Buka baris yang disebut, cari sebabnya, lalu betulkan dengan baris baru."
        ),
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
    "hand_line": (
        lazy("Mutasi catatan tangan tidak ada di rekening koran"),
        lazy(
            "Rekening koran hari itu sudah lengkap tanpa mutasi ini. Periksa tanggal dan jumlahnya, lalu betulkan."
        ),
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
    "payout_sum": (
        lazy("Isi pencairan tidak sama dengan jumlahnya"),
        lazy("Bandingkan transaksi pencairan ini dengan dasbor penyedia, lalu bandingkan lagi."),
    ),
    "refund_failed": (
        lazy("Pengembalian gagal"),
        lazy("Uangnya kembali ke dana. Hubungi donatur dan cari jalan lain."),
    ),
    "refund_overtaken": (
        lazy("Pengembalian didahului penyedia atau sengketa"),
        lazy("Rencana pengembalian kita batal. Periksa apakah donatur masih menunggu sesuatu dari kita."),
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
    "unknown_debit": (
        lazy("Uang keluar dari bank belum dijelaskan"),
        lazy("Cari pengembalian, penyaluran, atau biaya bank sebesar ini, lalu cocokkan mutasinya."),
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
    "review": lazy("Perlu diperiksa"),
    "ignored": lazy("Diabaikan"),
}
STATEMENT_STATES: dict[str, Any] = {
    "uploaded": lazy("Menunggu dibaca"),
    "parsed": lazy("Terbaca, belum masuk"),
    "accepted": lazy("Diterima"),
    "refused": lazy("Ditolak"),
    "undone": lazy("Dibatalkan"),
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
    "refund": lazy("Pengembalian"),
    "disbursement": lazy("Penyaluran"),
    "fee": lazy("Biaya atau bunga bank"),
    "line": lazy("Mutasi yang dibalik bank"),
    "unidentified": lazy("Dana belum dikenal"),
}
REASONS: dict[str, Any] = {
    "bank_fee": lazy("Tampaknya biaya bank."),
    "bank_interest": lazy("Tampaknya bunga dari bank."),
    "by_hand": lazy("Diusulkan petugas."),
    "changed": lazy("Keadaannya berubah sebelum sempat dibukukan."),
    "code_forgotten": lazy("Jumlahnya pas tanpa kode unik, dan namanya mirip."),
    "debit_unknown": lazy("Uang keluar tanpa penjelasan."),
    "ignored": lazy("Diabaikan dengan alasan."),
    "known_sender": lazy("Pengirim ini dikenal dari mutasi sebelumnya."),
    "looked_again": lazy("Dibuka lagi untuk diperiksa."),
    "name_other": lazy("Jumlahnya persis, tetapi nama pengirimnya orang lain."),
    "nobody": lazy("Tidak ada dukungan menunggu sebesar ini."),
    "own_spending": lazy("Pengeluaran organisasi sendiri dari rekeningnya."),
    "parts": lazy("Beberapa mutasi bersama-sama membayar satu dukungan."),
    "payout_sum": lazy("Jumlahnya sama dengan pencairan penyedia."),
    "ref_cancelled": lazy("Nomor rujukannya milik dukungan yang dibatalkan."),
    "ref_corrected": lazy("Nomor rujukannya baru saja dibetulkan."),
    "ref_expired": lazy("Nomor rujukannya milik dukungan yang batas bayarnya sudah lewat."),
    "ref_other_account": lazy("Nomor rujukannya milik dukungan ke rekening lain."),
    "ref_other_unit": lazy("Nomor rujukannya milik dukungan dalam mata uang lain."),
    "ref_over": lazy("Nomor rujukannya cocok, tetapi jumlahnya lebih."),
    "ref_paid": lazy("Nomor rujukannya milik dukungan yang sudah dibayar."),
    "ref_short": lazy("Nomor rujukannya cocok, tetapi jumlahnya kurang."),
    "ref_twice": lazy("Beberapa mutasi menyebut nomor rujukan dan jumlah yang sama."),
    "ref_unknown": lazy("Nomor rujukannya tidak kami kenal."),
    "refs_several": lazy("Ada beberapa nomor rujukan, dan jumlahnya tidak pas."),
    "rejected": lazy("Usulan untuk mutasi ini ditolak."),
    "reversed": lazy("Ditarik kembali oleh bank; dua mutasi ini saling menutup."),
    "sum_expired": lazy("Jumlahnya persis dukungan yang batas bayarnya sudah lewat."),
    "sum_large": lazy("Jumlahnya persis, tetapi terlalu besar untuk dibukukan sendiri."),
    "sum_rested": lazy("Jumlah ini baru saja dipakai dukungan lain; pastikan pengirimnya."),
    "sum_several": lazy("Beberapa dukungan atau mutasi berjumlah sama."),
    "undone": lazy("Pencocokannya dibatalkan."),
    "written_off": lazy("Dihapusbukukan oleh dua petugas."),
}
"""Why a line waits, or what became of it (`Line.reason`)."""
RULES: dict[str, Any] = {
    "S1": lazy("Nomor rujukan dan jumlah"),
    "S1b": lazy("Nomor rujukan dengan jumlah lain"),
    "S1c": lazy("Beberapa nomor rujukan dalam satu mutasi"),
    "S2": lazy("Jumlah dengan kode unik"),
    "S3a": lazy("Jumlah dan nama"),
    "S3b": lazy("Jumlah tanpa kode, dan nama"),
    "S4": lazy("Satu mutasi untuk beberapa dukungan"),
    "S5": lazy("Beberapa mutasi untuk satu dukungan"),
    "S5a": lazy("Beberapa mutasi dengan satu nomor rujukan"),
    "S5b": lazy("Beberapa mutasi satu pengirim"),
    "bank_words": lazy("Uraian dari bank"),
    "by_hand": lazy("Pilihan petugas"),
    "disbursement": lazy("Penyaluran dengan nomor rujukan"),
    "fee": lazy("Biaya dan bunga bank"),
    "known": lazy("Pengirim yang dikenal"),
    "merge": lazy("Digabung petugas"),
    "payout": lazy("Pencairan penyedia kartu"),
    "own": lazy("Pengeluaran organisasi sendiri"),
    "refund": lazy("Pengembalian dengan nomor rujukan"),
    "rest": lazy("Diperiksa petugas"),
    "reversal": lazy("Ditarik kembali oleh bank"),
    "set_aside": lazy("Belum dikenal"),
    "split": lazy("Dibagi petugas"),
}
"""By which rule or whose choice a line was matched (`Allocation.rule`, stages of a run)."""


def rule_of(name: str) -> str:
    """A rule in words; rules of suggestions that a person took up count as that person's choice."""
    return str(RULES.get(name, RULES["by_hand"]))


ACCOUNTS: dict[str, Any] = {
    "bank": lazy("Rekening bank"),
    "bank_interest": lazy("Bunga bank"),
    "clearing": lazy("Saldo di penyedia"),
    "donor_credit": lazy("Saldo donatur"),
    "fee_expense": lazy("Biaya bank atau penyedia"),
    "fund": lazy("Dana"),
    "in_hands": lazy("Di rekening organisasi sendiri"),
    "in_transit": lazy("Pencairan dalam perjalanan"),
    "owed_back": lazy("Utang organisasi kepada donatur"),
    "own_advances": lazy("Lawan catatan pemakaian"),
    "own_credit": lazy("Kelebihan donatur di rekening organisasi"),
    "own_fees": lazy("Biaya atau bunga bank organisasi"),
    "own_spending": lazy("Belum dilaporkan pemakaiannya"),
    "own_unidentified": lazy("Uang belum dikenal di rekening organisasi"),
    "payable": lazy("Utang kepada OMS"),
    "promised_to": lazy("Janji untuk halaman ini"),
    "promises": lazy("Janji donatur"),
    "receivable": lazy("Piutang dari OMS"),
    "refunds_payable": lazy("Pengembalian yang akan dibayar"),
    "spending": lazy("Uang muka yang dilaporkan"),
    "unidentified": lazy("Dana belum dikenal"),
    "write_off": lazy("Selisih yang dihapusbukukan"),
}
"""The ledger's accounts in words, by the first part of their code."""


def account_of(code: str) -> str:
    """A ledger account in words."""
    name = code.partition(":")[0]
    return str(ACCOUNTS.get(name, name))


BETWEEN: dict[str, Any] = {
    "disputes": lazy("Sengketa yang belum diputus"),
    "refunds": lazy("Pengembalian yang belum selesai"),
    "young": lazy("Transaksi baru yang kabarnya belum kami proses"),
}
POLLS: dict[str, Any] = {
    "events": lazy("Kabar"),
    "payouts": lazy("Pencairan"),
    "transactions": lazy("Transaksi"),
}
TRANSACTIONS: dict[str, Any] = {
    "charge": lazy("Pembayaran"),
    "payment": lazy("Pembayaran"),
    "refund": lazy("Pengembalian dana"),
    "payment_refund": lazy("Pengembalian dana"),
    "refund_failure": lazy("Pengembalian gagal, uang kembali"),
    "payment_failure_refund": lazy("Pengembalian gagal, uang kembali"),
    "adjustment": lazy("Sengketa dan penyesuaian"),
    "stripe_fee": lazy("Biaya penyedia"),
    "stripe_fx_fee": lazy("Biaya penukaran"),
    "tax_fee": lazy("Pajak atas biaya"),
    "network_cost": lazy("Biaya jaringan kartu"),
    "payout": lazy("Pencairan ke bank"),
    "payout_failure": lazy("Pencairan gagal, uang kembali"),
    "payout_cancel": lazy("Pencairan batal, uang kembali"),
}
"""The provider's kinds of transactions; another one is shown in its own word."""
