"""Words of monthly gifts: states, why one rests, why a bank said no."""

from __future__ import annotations

from typing import Any

from coevolve.kit.i18n import lazy

STATES: dict[str, Any] = {
    "pending": lazy("Menunggu pembayaran pertama"),
    "active": lazy("Berjalan setiap bulan"),
    "past_due": lazy("Belum berhasil ditagih"),
    "paused": lazy("Sedang dijeda"),
    "stopped": lazy("Sudah dihentikan"),
}
PAUSES: dict[str, Any] = {
    "giver": lazy("Anda menjedanya."),
    "card": lazy("Kartunya beberapa kali tidak dapat ditagih."),
    "listing": lazy("Halaman yang didukung sedang tidak menerima dukungan."),
    "rights": lazy("Yang memulainya tidak lagi boleh memberi atas nama organisasi."),
}
DECLINES: dict[str, Any] = {
    "insufficient_funds": lazy("Saldo atau batas kartunya tidak cukup."),
    "authentication_required": lazy("Bank meminta persetujuan Anda untuk setiap penagihan kartu ini."),
    "expired_card": lazy("Masa berlaku kartunya sudah habis."),
    "lost_card": lazy("Kartunya sudah tidak berlaku."),
    "stolen_card": lazy("Kartunya sudah tidak berlaku."),
}
DECLINED: Any = lazy("Bank penerbit kartu menolaknya.")


def decline(code: str | None) -> Any:
    """Why a bank said no, in words; what we have no words for is said in general."""
    return DECLINES.get(code or "", DECLINED)
