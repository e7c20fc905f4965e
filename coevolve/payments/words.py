"""Words of payments for pages: states as people say them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from coevolve.kit.i18n import lazy

if TYPE_CHECKING:
    from coevolve.payments.models import Refund

STATES: dict[str, Any] = {
    "created": lazy("Sedang disiapkan"),
    "awaiting": lazy("Menunggu pembayaran"),
    "processing": lazy("Menunggu konfirmasi"),
    "authorised": lazy("Menunggu konfirmasi"),
    "captured": lazy("Sudah diterima"),
    "grace": lazy("Lewat batas, masih ditunggu"),
    "expired": lazy("Kedaluwarsa"),
    "failed": lazy("Tidak berhasil"),
    "cancelled": lazy("Dibatalkan"),
    "voided": lazy("Dibatalkan"),
    "captured_late": lazy("Diterima terlambat"),
}
REFUNDS: dict[str, Any] = {
    "requested": lazy("Diminta"),
    "approved": lazy("Disetujui"),
    "sending": lazy("Sedang dikirim"),
    "pending": lazy("Dalam perjalanan"),
    "requires_action": lazy("Menunggu tindakan"),
    "succeeded": lazy("Sudah kembali"),
    "failed": lazy("Gagal"),
    "canceled": lazy("Dibatalkan"),
}
ROUNDS: dict[str, Any] = {
    "asked": lazy("Menunggu persetujuan keuangan"),
    "approved": lazy("Sedang dikembalikan"),
    "done": lazy("Semua sudah ditangani"),
    "cancelled": lazy("Dibatalkan"),
}
DISPUTES: dict[str, Any] = {
    "warning_needs_response": lazy("Peringatan, perlu dijawab"),
    "warning_under_review": lazy("Peringatan, sedang diperiksa"),
    "warning_closed": lazy("Peringatan ditutup"),
    "needs_response": lazy("Perlu dijawab"),
    "under_review": lazy("Sedang diperiksa"),
    "won": lazy("Menang"),
    "lost": lazy("Kalah"),
    "prevented": lazy("Dicegah"),
}
PAYOUTS: dict[str, Any] = {
    "expected": lazy("Dijadwalkan"),
    "in_transit": lazy("Dalam perjalanan"),
    "paid": lazy("Sudah dikirim"),
    "reconciled": lazy("Cocok dengan bank"),
    "failed": lazy("Gagal"),
    "canceled": lazy("Dibatalkan"),
}
METHODS: dict[str, Any] = {
    "stripe": lazy("Kartu"),
    "bank_transfer": lazy("Transfer bank"),
    "credit": lazy("Saldo"),
}
ORIGINS: dict[str, Any] = {
    "staff": lazy("Petugas keuangan"),
    "giver": lazy("Donatur"),
    "pledge": lazy("Perubahan dukungan"),
    "round": lazy("Penutupan kampanye"),
    "provider": lazy("Dibuat di dasbor penyedia"),
}
"""Who wants a refund."""
REFUND_ACCOUNTS: dict[str, Any] = {
    "none": lazy("Rekening belum ditulis"),
    "stated": lazy("Rekening perlu diperiksa"),
    "verified": lazy("Rekening sudah diperiksa"),
    "refused": lazy("Rekening ditolak"),
}
DISPUTE_REASONS: dict[str, Any] = {
    "fraudulent": lazy("Donatur bilang bukan dia yang membayar"),
    "duplicate": lazy("Terbayar dua kali"),
    "product_not_received": lazy("Donatur merasa tidak menerima apa-apa"),
    "product_unacceptable": lazy("Donatur tidak puas"),
    "credit_not_processed": lazy("Donatur menunggu pengembalian"),
    "subscription_canceled": lazy("Donatur merasa sudah berhenti"),
    "unrecognized": lazy("Donatur tidak mengenali pembayarannya"),
    "bank_cannot_process": lazy("Bank tidak dapat memprosesnya"),
    "general": lazy("Alasan lain"),
}
"""Reasons of a dispute; another one is shown as the provider writes it."""
_ACCOUNTS: dict[str, Any] = {
    "fund": lazy("Dana tayangan"),
    "donor_credit": lazy("Saldo donatur"),
    "receivable": lazy("Piutang pada OMS"),
    "refunds_payable": lazy("Pengembalian yang terutang"),
    "dispute_holdback": lazy("Ditahan untuk sengketa"),
    "clearing": lazy("Saldo di penyedia kartu"),
    "bank": lazy("Rekening bank"),
    "owed_back": lazy("Utang organisasi kepada donatur"),
    "own_credit": lazy("Kelebihan donatur di rekening organisasi"),
}
_FOR_GIVER: dict[str, Any] = {
    "requested": lazy("Permintaan Anda sedang kami periksa."),
    "sending": lazy("Sedang kami kirim."),
    "pending": lazy("Dalam perjalanan ke Anda. Bank dapat memerlukan beberapa hari."),
    "requires_action": lazy("Penyedia kartu menunggu tindakan Anda; periksa surel dari mereka."),
    "succeeded": lazy("Sudah kami kembalikan."),
    "failed": lazy("Bank menolaknya. Uang Anda aman pada kami; petugas menghubungi Anda."),
    "canceled": lazy("Tidak dilanjutkan."),
}


def account_name(code: str) -> str:
    """An account of the books as people say it."""
    name = code.partition(":")[0]
    return str(_ACCOUNTS[name]) if name in _ACCOUNTS else code


_FOR_GIVER_DIRECT: dict[str, Any] = {
    "requested": lazy("Permintaan Anda sedang diperiksa organisasi penerima."),
    "approved": lazy("Disetujui organisasi penerima; ia mentransfernya ke rekening Anda."),
    "sending": lazy("Organisasi penerima sedang mengirimnya."),
    "pending": lazy("Menurut organisasi penerima sudah ditransfer; kami menunggu rekening korannya."),
    "succeeded": lazy("Sudah dikembalikan organisasi penerima."),
    "failed": lazy("Bank menolaknya; organisasi penerima menghubungi Anda."),
}
"""Money in the organisation's own bank comes back from there."""


def refund_for_giver(refund: Refund, *, is_direct: bool = False) -> str:
    """Where a refund stands, in words for the giver; `is_direct`: the organisation's own bank has the money."""
    if is_direct and refund.state in _FOR_GIVER_DIRECT:
        return str(_FOR_GIVER_DIRECT[refund.state])
    if refund.state == "approved":
        if refund.account_id is None and refund.provider == "bank_transfer":
            return str(lazy("Disetujui. Kami mentransfernya begitu rekening Anda selesai diperiksa."))
        return str(lazy("Disetujui."))
    said = str(_FOR_GIVER[refund.state])
    return f"{said} {refund.ended_because}" if refund.state == "canceled" and refund.ended_because else said


CUSTODY_CHANGES: dict[str, Any] = {
    "asked": lazy("Menunggu petugas keuangan"),
    "agreed": lazy("Disetujui"),
    "declined": lazy("Tidak disetujui"),
    "withdrawn": lazy("Ditarik kembali"),
}
"""A wish to change custody."""
