"""Notices about money on its way back, and about disputes; part of KINDS."""

from __future__ import annotations

from coevolve.kit.i18n import lazy
from coevolve.notifications.kind import Kind

KINDS: dict[str, Kind] = {
    "dispute.lost": Kind(
        group="support",
        subject=lazy("Sengketa kartu kalah: %(amount)s untuk %(title)s"),
        sentence=lazy(
            "Bank donatur menarik kembali %(amount)s yang pernah diterima “%(title)s”. Jumlah itu tidak lagi tercatat."
        ),
        button=lazy("Lihat dukungannya"),
    ),
    "dispute.opened": Kind(
        group="support",
        subject=lazy("Bank donatur meminta kembali %(amount)s untuk %(title)s"),
        sentence=lazy(
            "Bank donatur meminta kembali %(amount)s untuk “%(title)s”. Uangnya ditahan sampai ada keputusan; petugas"
            " kami yang menjawab banknya."
        ),
        button=lazy("Lihat dukungannya"),
    ),
    "dispute.over": Kind(
        group="support",
        subject=lazy("Sengketa kartu selesai: %(amount)s untuk %(title)s"),
        sentence=lazy(
            "Sengketa atas %(amount)s untuk “%(title)s” sudah selesai. Uangnya tidak jadi ditarik."
        ),
        button=lazy("Lihat dukungannya"),
    ),
    "refund.account": Kind(
        group="money",
        subject=lazy("Ke rekening mana %(amount)s kami kembalikan?"),
        sentence=lazy(
            "%(amount)s untuk “%(title)s” akan kami kembalikan. Tulis rekening Anda lewat tautan ini. %(reason)s"
        ),
        button=lazy("Tulis rekening saya"),
    ),
    "refund.approved": Kind(
        group="money",
        subject=lazy("%(amount)s untuk %(title)s sedang dikembalikan"),
        sentence=lazy(
            "%(amount)s untuk “%(title)s” sedang kami kembalikan ke cara bayar Anda. Alasannya: %(reason)s"
        ),
        button=lazy("Lihat pembayarannya"),
    ),
    "refund.asked": Kind(
        group="staff",
        subject=lazy("Donatur meminta kembali %(amount)s: %(title)s"),
        sentence=lazy("Donatur meminta kembali %(amount)s untuk “%(title)s”. Setujui atau tolak."),
        button=lazy("Buka permintaannya"),
        path="/keuangan/pengembalian",
    ),
    "refund.declined": Kind(
        group="money",
        subject=lazy("Permintaan pengembalian belum dapat dipenuhi: %(title)s"),
        sentence=lazy("%(amount)s untuk “%(title)s” tidak kami kembalikan. Alasannya: %(reason)s"),
        button=lazy("Lihat pembayarannya"),
    ),
    "refund.failed": Kind(
        group="money",
        subject=lazy("Pengembalian %(amount)s untuk %(title)s belum berhasil"),
        sentence=lazy(
            "Bank menolak pengembalian %(amount)s untuk “%(title)s”. Uang Anda aman pada kami; petugas kami"
            " menghubungi Anda."
        ),
        button=lazy("Lihat pembayarannya"),
    ),
    "refund.news": Kind(
        group="support",
        subject=lazy("%(amount)s untuk %(title)s dikembalikan ke donatur"),
        sentence=lazy("%(amount)s untuk “%(title)s” kami kembalikan ke donaturnya. Alasannya: %(reason)s"),
        button=lazy("Lihat dukungannya"),
    ),
    "refund.round": Kind(
        group="decisions",
        subject=lazy("Semua dukungan untuk %(title)s dikembalikan"),
        sentence=lazy(
            "Semua uang untuk “%(title)s”, %(amount)s, dikembalikan ke para donaturnya. Alasannya: %(reason)s"
        ),
        button=lazy("Buka halaman organisasi"),
    ),
    "refund.to_approve": Kind(
        group="staff",
        subject=lazy("Kembalikan semua uang: %(title)s"),
        sentence=lazy(
            "Moderator menutup “%(title)s” dan meminta semua uangnya dikembalikan. Setujui atau batalkan."
        ),
        button=lazy("Buka pengembaliannya"),
        path="/keuangan/pengembalian",
    ),
}
