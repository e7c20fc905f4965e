"""Notices about whose bank gifts go to; part of KINDS."""

from __future__ import annotations

from coevolve.kit.i18n import lazy
from coevolve.notifications.kind import Kind

KINDS: dict[str, Kind] = {
    "custody.asked": Kind(
        group="staff",
        subject=lazy("Permintaan rekening penerima: %(organisation)s"),
        sentence=lazy("%(organisation)s meminta rekening penerima dukungannya diganti."),
        button=lazy("Periksa permintaan"),
    ),
    "custody.changed": Kind(
        group="money",
        subject=lazy("Rekening penerima dukungan %(organisation)s berganti"),
        sentence=lazy(
            "Rekening penerima dukungan untuk %(organisation)s sudah berganti. Transfer yang dimulai sesudah ini"
            " masuk ke rekening yang baru."
        ),
        button=lazy("Lihat rekening"),
    ),
    "custody.declined": Kind(
        group="decisions",
        subject=lazy("Rekening penerima %(organisation)s tidak diganti"),
        sentence=lazy("Permintaan mengganti rekening penerima %(organisation)s tidak disetujui. %(reason)s"),
        button=lazy("Lihat rekening"),
    ),
    "custody.surplus": Kind(
        group="money",
        subject=lazy("%(amount)s untuk %(title)s ada di rekening organisasi"),
        sentence=lazy(
            "%(amount)s yang Anda transfer untuk “%(title)s” datang lebih atau terlambat. Uangnya ada di rekening"
            " organisasi; bendaharanya menghubungi Anda, atau mintalah kembali di halaman pembayaran."
        ),
        button=lazy("Lihat pembayaran"),
    ),
}
