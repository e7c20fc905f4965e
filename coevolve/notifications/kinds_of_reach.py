"""Notices about the way to the reader, and to those who follow or asked; part of KINDS."""

from __future__ import annotations

from coevolve.kit.i18n import lazy
from coevolve.notifications.kind import Kind

KINDS: dict[str, Kind] = {
    "followed.ended": Kind(
        group="following",
        subject=lazy("Tidak tayang lagi: %(title)s"),
        sentence=lazy("“%(title)s” yang Anda ikuti sudah ditutup atau berakhir."),
        button=lazy("Lihat halamannya"),
        path="/dasbor",
    ),
    "followed.fulfilled": Kind(
        group="following",
        subject=lazy("Terpenuhi: %(title)s"),
        sentence=lazy("Semua yang dibutuhkan “%(title)s” yang Anda ikuti sudah diterima."),
        button=lazy("Lihat halamannya"),
        path="/dasbor",
    ),
    "mail.proof": Kind(
        group="following",
        subject=lazy("Pastikan alamat surel Anda"),
        sentence=lazy(
            "Anda meminta agar surel dikirim lagi ke %(address)s. Tekan tombol di bawah untuk memastikannya."
        ),
        button=lazy("Alamat ini benar"),
        path="/notifikasi/preferensi",
        channels=("email",),
        is_always=True,
    ),
    "mail.stopped": Kind(
        group="following",
        subject=lazy("Surel tidak sampai kepada Anda"),
        sentence=lazy("Surel kami kembali dari alamat Anda. Kabar tetap ada di situs. Pastikan alamatnya."),
        button=lazy("Perbaiki sekarang"),
        path="/notifikasi/preferensi",
        channels=("site",),
        is_always=True,
    ),
    "organisation.address": Kind(
        group="following",
        subject=lazy("Kabar %(organisation)s ke alamat ini?"),
        sentence=lazy(
            "%(organisation)s ingin kabarnya dikirim ke alamat bersama ini. Bila Anda setuju, tekan tombol di bawah."
        ),
        button=lazy("Ya, kirim ke sini"),
        path="/dasbor",
        channels=("email",),
        is_always=True,
    ),
    "report.decided": Kind(
        group="following",
        subject=lazy("Laporan Anda sudah diputuskan: %(title)s"),
        sentence=lazy("Laporan Anda tentang “%(title)s” sudah kami periksa. %(outcome)s Terima kasih."),
        button=lazy("Lihat halamannya"),
        path="/notifikasi",
    ),
}
