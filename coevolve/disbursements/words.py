"""How things of disbursements are called."""

from __future__ import annotations

from typing import Any

from coevolve.kit.i18n import lazy

STATES: dict[str, Any] = {
    "draft": lazy("Draf penyaluran"),
    "proposed": lazy("Diajukan"),
    "approved": lazy("Disetujui pemilik"),
    "released": lazy("Dilepas, menunggu dibayar"),
    "sending": lazy("Sedang dibayar di bank"),
    "sent": lazy("Terkirim, menunggu mutasi bank"),
    "unknown": lazy("Belum pasti terkirim"),
    "settled": lazy("Sudah masuk rekening"),
    "returned": lazy("Kembali dari bank"),
    "failed": lazy("Gagal terkirim"),
    "rejected": lazy("Tidak disetujui"),
    "cancelled": lazy("Dibatalkan"),
}
STATE_TAGS = {
    "draft": "plain",
    "proposed": "wait",
    "approved": "wait",
    "released": "wait",
    "sending": "wait",
    "sent": "wait",
    "unknown": "bad",
    "settled": "good",
    "returned": "bad",
    "failed": "bad",
    "rejected": "bad",
    "cancelled": "plain",
}
STEPS: tuple[tuple[str, Any], ...] = (
    ("proposed", lazy("Diajukan")),
    ("approved", lazy("Disetujui")),
    ("released", lazy("Dilepas")),
    ("sent", lazy("Terkirim")),
    ("settled", lazy("Sudah masuk rekening")),
)
"""The plain way of a disbursement, for its chain of states."""

REPORT_STATES: dict[str, Any] = {
    "due": lazy("Belum dikirim"),
    "submitted": lazy("Menunggu pemeriksaan"),
    "returned": lazy("Perlu perbaikan"),
    "accepted": lazy("Laporan diterima"),
    "withdrawn": lazy("Tidak perlu lagi"),
}
REPORT_TAGS = {
    "due": "plain",
    "submitted": "wait",
    "returned": "bad",
    "accepted": "good",
    "withdrawn": "plain",
}
