"""Notices about money promised for later, approvals and credit; part of KINDS."""

from __future__ import annotations

from coevolve.kit.i18n import lazy
from coevolve.notifications.kind import Kind

KINDS: dict[str, Kind] = {
    "payment.credited": Kind(
        group="money",
        subject=lazy("%(amount)s disimpan sebagai saldo Anda"),
        sentence=lazy(
            "%(amount)s yang lebih untuk “%(title)s” kami simpan sebagai saldo Anda: berikan lagi, atau minta kembali."
        ),
        button=lazy("Buka saldo Anda"),
    ),
    "payment.rest_missing": Kind(
        group="money",
        subject=lazy("Masih kurang %(amount)s untuk %(title)s"),
        sentence=lazy(
            "Masih kurang %(amount)s untuk “%(title)s”. Yang datang tercatat: lengkapi, cukupkan, atau minta kembali."
        ),
        button=lazy("Pilih langkah"),
    ),
    "pledge.approved": Kind(
        group="support",
        subject=lazy("Disetujui: %(support)s untuk %(title)s"),
        sentence=lazy("Organisasi Anda menyetujui %(support)s untuk “%(title)s”."),
        button=lazy("Lanjutkan"),
    ),
    "pledge.awaiting_approval": Kind(
        group="support",
        subject=lazy("Perlu persetujuan Anda: %(support)s untuk %(title)s"),
        sentence=lazy(
            "%(giver)s menawarkan %(support)s untuk “%(title)s”, di atas batas organisasi. Setujui atau tolak."
        ),
        button=lazy("Periksa"),
    ),
    "pledge.changed": Kind(
        group="support",
        subject=lazy("Diubah: %(support)s untuk %(title)s"),
        sentence=lazy("Dukungan untuk “%(title)s” diubah pemberinya. Sekarang: %(support)s."),
        button=lazy("Lihat dukungannya"),
    ),
    "pledge.due": Kind(
        group="money",
        subject=lazy("Jatuh tempo hari ini: %(amount)s untuk %(title)s"),
        sentence=lazy("%(amount)s untuk “%(title)s” jatuh tempo hari ini."),
        button=lazy("Bayar sekarang"),
    ),
    "pledge.due_soon": Kind(
        group="money",
        subject=lazy("%(amount)s untuk %(title)s jatuh tempo %(closes)s"),
        sentence=lazy("%(amount)s untuk “%(title)s” jatuh tempo %(closes)s."),
        button=lazy("Bayar sekarang"),
    ),
    "pledge.not_approved": Kind(
        group="support",
        subject=lazy("Tidak disetujui: %(support)s untuk %(title)s"),
        sentence=lazy(
            "Organisasi Anda tidak menyetujui %(support)s untuk “%(title)s”. Alasannya: %(reason)s"
        ),
        button=lazy("Baca alasannya"),
    ),
    "pledge.overdue": Kind(
        group="money",
        subject=lazy("Lewat jatuh tempo: %(amount)s untuk %(title)s"),
        sentence=lazy(
            "%(amount)s untuk “%(title)s” jatuh tempo %(closes)s dan belum kami terima. Bayar, atau ubah jadwalnya."
        ),
        button=lazy("Bayar atau ubah jadwal"),
    ),
    "pledge.overdue_receiver": Kind(
        group="support",
        subject=lazy("Belum dibayar: %(amount)s untuk %(title)s"),
        sentence=lazy(
            "%(amount)s yang dijanjikan untuk “%(title)s” jatuh tempo %(closes)s dan belum datang."
        ),
        button=lazy("Lihat dukungannya"),
    ),
}
