"""Notices about requests on an offer and booked times; part of KINDS."""

from __future__ import annotations

from coevolve.kit.i18n import lazy
from coevolve.notifications.kind import Kind

KINDS: dict[str, Kind] = {
    "pledge.soon": Kind(
        group="support",
        subject=lazy("Segera: %(support)s untuk %(title)s"),
        sentence=lazy("Serah terima %(support)s untuk “%(title)s” dijadwalkan %(starts)s. %(place)s"),
        button=lazy("Lihat jadwalnya"),
    ),
    "request.accepted": Kind(
        group="support",
        subject=lazy("Disepakati: %(support)s dari %(title)s"),
        sentence=lazy("%(giver)s menyepakati permintaan Anda: %(support)s dari “%(title)s”."),
        button=lazy("Lihat kesepakatannya"),
    ),
    "request.booking_cancelled": Kind(
        group="support",
        subject=lazy("Pesanan dibatalkan: %(title)s, %(starts)s"),
        sentence=lazy("Pesanan “%(title)s” untuk %(starts)s dibatalkan. %(reason)s"),
        button=lazy("Lihat pesanannya"),
    ),
    "request.cancelled": Kind(
        group="support",
        subject=lazy("Tidak dilanjutkan: %(support)s dari %(title)s"),
        sentence=lazy("Penawaran “%(title)s” sudah ditutup sebelum permintaan Anda (%(support)s) dijawab."),
        button=lazy("Lihat permintaannya"),
    ),
    "request.declined": Kind(
        group="support",
        subject=lazy("Belum dapat diberikan: %(support)s dari %(title)s"),
        sentence=lazy("%(giver)s belum dapat memberikan %(support)s dari “%(title)s”. Alasannya: %(reason)s"),
        button=lazy("Lihat jawabannya"),
    ),
    "request.lapsed": Kind(
        group="support",
        subject=lazy("Lewat waktu: permintaan %(support)s dari %(title)s"),
        sentence=lazy(
            "Permintaan %(organisation)s (%(support)s dari “%(title)s”) berakhir karena lewat waktu."
        ),
        button=lazy("Lihat permintaannya"),
    ),
    "request.no_show": Kind(
        group="support",
        subject=lazy("Tercatat tidak dipakai: %(title)s"),
        sentence=lazy("%(giver)s mencatat bahwa “%(title)s” tidak jadi dipakai pada waktu pesanan Anda."),
        button=lazy("Lihat pesanannya"),
    ),
    "request.soon": Kind(
        group="support",
        subject=lazy("Segera: %(title)s, %(starts)s"),
        sentence=lazy("Pesanan “%(title)s” oleh %(organisation)s dimulai %(starts)s. %(place)s"),
        button=lazy("Lihat pesanannya"),
    ),
    "request.withdrawn": Kind(
        group="support",
        subject=lazy("Ditarik: permintaan %(support)s dari %(title)s"),
        sentence=lazy("Permintaan %(support)s dari “%(title)s” ditarik kembali. %(reason)s"),
        button=lazy("Lihat permintaannya"),
    ),
}
