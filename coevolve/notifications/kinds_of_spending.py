"""Notices about money out, reports of spending and bank accounts of organisations; part of KINDS."""

from __future__ import annotations

from coevolve.kit.i18n import lazy
from coevolve.notifications.kind import Kind

KINDS: dict[str, Kind] = {
    "account.changed": Kind(
        group="money",
        subject=lazy("Rekening %(organisation)s diganti: %(account)s"),
        sentence=lazy(
            "%(person)s menyatakan rekening baru untuk %(organisation)s: %(account)s. Rekening ini baru "
            "dapat dipakai mulai %(usable)s. Bila ini bukan keinginan Anda, segera hubungi kami."
        ),
        button=lazy("Periksa rekening"),
    ),
    "account.returned": Kind(
        group="decisions",
        subject=lazy("Rekening %(organisation)s perlu diperbaiki"),
        sentence=lazy("Rekening %(organisation)s belum dapat kami terima. %(reason)s"),
        button=lazy("Perbaiki rekening"),
    ),
    "account.waiting": Kind(
        group="staff",
        subject=lazy("Rekening untuk diperiksa: %(organisation)s"),
        sentence=lazy("Rekening %(organisation)s menunggu pemeriksaan."),
        button=lazy("Buka rekening"),
    ),
    "disbursement.approved": Kind(
        group="staff",
        subject=lazy("Penyaluran siap dilepas: %(title)s"),
        sentence=lazy("%(organisation)s menyetujui penyaluran %(amount)s untuk “%(title)s”."),
        button=lazy("Periksa penyaluran"),
    ),
    "disbursement.ended": Kind(
        group="decisions",
        subject=lazy("Penyaluran %(amount)s tidak dilanjutkan: %(title)s"),
        sentence=lazy(
            "Penyaluran %(amount)s untuk “%(title)s” tidak dilanjutkan; uangnya kembali tersedia. "
            "Alasannya: %(reason)s"
        ),
        button=lazy("Lihat penyaluran"),
    ),
    "disbursement.proposed": Kind(
        group="decisions",
        subject=lazy("Setujui penyaluran %(amount)s: %(title)s"),
        sentence=lazy("Penyaluran %(amount)s untuk “%(title)s” diajukan dan menunggu persetujuan Anda."),
        button=lazy("Periksa dan setujui"),
    ),
    "disbursement.returned": Kind(
        group="money",
        subject=lazy("%(amount)s untuk %(title)s kembali dari bank"),
        sentence=lazy(
            "Bank mengembalikan penyaluran %(amount)s untuk “%(title)s”. Periksa rekeningnya, lalu ajukan"
            " lagi."
        ),
        button=lazy("Lihat penyaluran"),
    ),
    "disbursement.sent": Kind(
        group="money",
        subject=lazy("%(amount)s untuk %(title)s sedang dikirim"),
        sentence=lazy(
            "Penyaluran %(amount)s untuk “%(title)s” sudah kami kirim lewat bank dengan nomor rujukan "
            "%(reference)s."
        ),
        button=lazy("Lihat penyaluran"),
    ),
    "disbursement.settled": Kind(
        group="money",
        subject=lazy("%(amount)s untuk %(title)s sudah disalurkan"),
        sentence=lazy(
            "Penyaluran %(amount)s untuk “%(title)s” sudah masuk rekening. Laporan pemakaiannya ditunggu "
            "sampai %(due)s."
        ),
        button=lazy("Lihat penyaluran"),
    ),
    "report.accepted": Kind(
        group="decisions",
        subject=lazy("Laporan diterima: %(title)s"),
        sentence=lazy(
            "Laporan pemakaian dana “%(title)s” diterima dan tampil di halaman publik. Para donatur sudah"
            " kami kabari."
        ),
        button=lazy("Lihat laporan"),
    ),
    "report.due": Kind(
        group="decisions",
        subject=lazy("Laporan ditunggu sampai %(due)s: %(title)s"),
        sentence=lazy(
            "Laporan pemakaian dana “%(title)s” ditunggu sampai %(due)s. Foto setiap nota, lalu kirim."
        ),
        button=lazy("Isi laporan"),
    ),
    "report.due_today": Kind(
        group="decisions",
        subject=lazy("Hari terakhir laporan: %(title)s"),
        sentence=lazy(
            "Hari ini hari terakhir laporan pemakaian dana “%(title)s”. Mulai besok tayangannya tidak "
            "tampil di pencarian sampai laporan dikirim."
        ),
        button=lazy("Kirim laporan"),
    ),
    "report.late": Kind(
        group="decisions",
        subject=lazy("Tidak tampil di pencarian: %(title)s"),
        sentence=lazy(
            "Laporan pemakaian dana “%(title)s” lewat tenggat %(due)s. Tayangannya tidak tampil di "
            "pencarian sampai laporan dikirim."
        ),
        button=lazy("Kirim laporan"),
    ),
    "report.returned": Kind(
        group="decisions",
        subject=lazy("Laporan perlu diperbaiki: %(title)s"),
        sentence=lazy("Laporan pemakaian dana “%(title)s” perlu diperbaiki sebelum %(due)s. %(reason)s"),
        button=lazy("Perbaiki laporan"),
    ),
    "report.waiting": Kind(
        group="staff",
        subject=lazy("Laporan untuk diperiksa: %(title)s"),
        sentence=lazy("%(organisation)s mengirim laporan pemakaian dana “%(title)s”."),
        button=lazy("Periksa laporan"),
    ),
    "spending.reported": Kind(
        group="support",
        subject=lazy("Dana untuk %(title)s: %(amount)s sudah terpakai"),
        sentence=lazy(
            "%(organisation)s melaporkan pemakaian %(amount)s untuk “%(title)s” dengan %(receipts)s nota,"
            " dan kami sudah memeriksanya."
        ),
        button=lazy("Lihat pemakaiannya"),
    ),
}
