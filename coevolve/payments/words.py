"""Words of payments for pages: states as people say them."""

from __future__ import annotations

from typing import Any

from coevolve.kit.i18n import lazy

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
