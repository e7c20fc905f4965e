"""Notices about attestations, questions and joint listings; part of KINDS."""

from __future__ import annotations

from coevolve.kit.i18n import lazy
from coevolve.notifications.kind import Kind

KINDS: dict[str, Kind] = {
    "attestation.asked": Kind(
        group="support",
        subject=lazy("%(organisation)s meminta pernyataan Anda: %(title)s"),
        sentence=lazy(
            "%(organisation)s meminta pernyataan Anda sebagai pejabat tentang “%(title)s”. Tautannya berlaku sampai"
            " %(until)s. Bila Anda bukan pejabatnya, abaikan surel ini."
        ),
        button=lazy("Baca dan jawab"),
    ),
    "attestation.declined": Kind(
        group="decisions",
        subject=lazy("Pernyataan tidak diberikan: %(title)s"),
        sentence=lazy("%(name)s tidak memberi pernyataan tentang “%(title)s”. Alasannya: %(reason)s"),
        button=lazy("Lihat semuanya"),
    ),
    "attestation.given": Kind(
        group="decisions",
        subject=lazy("%(name)s memberi pernyataan: %(title)s"),
        sentence=lazy("%(name)s memberi pernyataan tentang “%(title)s”. Pernyataannya tampil di halamannya."),
        button=lazy("Lihat pernyataannya"),
    ),
    "attestation.lapsed": Kind(
        group="decisions",
        subject=lazy("Permintaan pernyataan tidak dijawab: %(title)s"),
        sentence=lazy("%(name)s tidak menjawab dalam 30 hari. Anda dapat memintanya lagi."),
        button=lazy("Minta lagi"),
    ),
    "attestation.revoked": Kind(
        group="decisions",
        subject=lazy("Pernyataan dicabut: %(title)s"),
        sentence=lazy("%(name)s mencabut pernyataannya tentang “%(title)s”. Alasannya: %(reason)s"),
        button=lazy("Lihat halamannya"),
    ),
    "partner.accepted": Kind(
        group="decisions",
        subject=lazy("%(organisation)s ikut dalam %(title)s"),
        sentence=lazy("%(organisation)s menerima ajakan Anda dan tampil sebagai mitra “%(title)s”."),
        button=lazy("Lihat halamannya"),
    ),
    "partner.declined": Kind(
        group="decisions",
        subject=lazy("%(organisation)s tidak ikut dalam %(title)s"),
        sentence=lazy("%(organisation)s tidak ikut dalam “%(title)s”. Alasannya: %(reason)s"),
        button=lazy("Lihat semuanya"),
    ),
    "partner.ended": Kind(
        group="decisions",
        subject=lazy("Kemitraan berakhir: %(title)s"),
        sentence=lazy("Kemitraan dalam “%(title)s” berakhir. Alasannya: %(reason)s"),
        button=lazy("Buka dasbor"),
    ),
    "partner.invited": Kind(
        group="decisions",
        subject=lazy("%(organisation)s mengajak organisasi Anda: %(title)s"),
        sentence=lazy(
            "%(organisation)s mengajak organisasi Anda meminta dukungan bersama untuk “%(title)s”."
        ),
        button=lazy("Jawab ajakannya"),
    ),
    "question.answered": Kind(
        group="following",
        subject=lazy("%(organisation)s menjawab pertanyaan Anda: %(title)s"),
        sentence=lazy("%(organisation)s menjawab pertanyaan Anda tentang “%(title)s”: %(text)s"),
        button=lazy("Lihat jawabannya"),
    ),
    "question.asked": Kind(
        group="support",
        subject=lazy("Pertanyaan baru: %(title)s"),
        sentence=lazy("Ada pertanyaan tentang “%(title)s”: %(text)s"),
        button=lazy("Jawab"),
    ),
    "question.hidden": Kind(
        group="decisions",
        subject=lazy("Pertanyaan Anda disembunyikan: %(title)s"),
        sentence=lazy("Pertanyaan Anda tentang “%(title)s” disembunyikan moderator. Alasannya: %(reason)s"),
        button=lazy("Lihat halamannya"),
    ),
}
