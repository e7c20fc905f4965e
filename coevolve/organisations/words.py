"""How things of organisations are called."""

from __future__ import annotations

from typing import Any

from coevolve.kit.i18n import lazy
from coevolve.organisations.models import Organisation, VerificationClaim

KINDS: dict[str, Any] = {
    "cso": lazy("Organisasi masyarakat sipil (OMS)"),
    "community_group": lazy("Kelompok warga"),
    "company": lazy("Perusahaan"),
    "business_association": lazy("Asosiasi usaha"),
    "philanthropy": lazy("Lembaga filantropi"),
    "digital_provider": lazy("Penyedia layanan digital"),
    "government_agency": lazy("Instansi pemerintah"),
}
BUSINESSES: dict[str, Any] = {
    "tobacco": lazy("Usaha tembakau dan rokok"),
    "alcohol": lazy("Usaha minuman beralkohol"),
    "gambling": lazy("Usaha perjudian"),
    "mining": lazy("Usaha pertambangan"),
    "fossil_fuel": lazy("Usaha minyak, gas, dan batu bara"),
    "weapons": lazy("Usaha senjata"),
    "politics": lazy("Partai politik dan tim kampanye"),
}
STATES = Organisation.state_labels
STATE_TAGS = {
    "draft": "plain",
    "in_review": "wait",
    "returned": "bad",
    "checked": "good",
    "rejected": "bad",
    "frozen": "bad",
}
ROLES: dict[str, Any] = {
    "owner": lazy("Pemilik"),
    "finance": lazy("Bendahara"),
    "member": lazy("Anggota"),
}
ROLE_HINTS: dict[str, Any] = {
    "owner": lazy("Pemilik: mengirim, menayangkan, mengatur anggota dan uang"),
    "finance": lazy("Bendahara: mengurus uang dan melihat donatur"),
    "member": lazy("Anggota: menulis, menjawab tawaran, menerima barang"),
}
SUBJECTS: dict[str, Any] = {
    "deed": lazy("Akta pendirian"),
    "legal_decree": lazy("SK Kemenkumham, NIB, atau SKT"),
    "npwp": lazy("NPWP"),
    "domicile": lazy("Surat keterangan domisili"),
    "bank_account": lazy("Rekening bank atas nama organisasi"),
    "board": lazy("Susunan pengurus"),
    "signatory": lazy("Surat tugas penanggung jawab"),
    "visit": lazy("Kunjungan ke lokasi"),
    "track_record": lazy("Rekam jejak laporan"),
}
NUMBER_HINTS: dict[str, Any] = {
    "deed": lazy("Nomor dan tanggal akta, misalnya 12 / 4 Maret 2019."),
    "legal_decree": lazy("Nomor seperti tercetak, misalnya AHU-0012345.AH.01.04."),
    "npwp": lazy("Enam belas angka."),
    "domicile": lazy("Nomor surat dari desa atau kelurahan."),
    "bank_account": lazy("Nama bank dan nomor rekening; nama pemilik harus sama dengan nama organisasi."),
    "board": lazy("Nomor surat keputusan pengurus."),
    "signatory": lazy("Nomor surat tugas dan nama pejabat yang menandatangani."),
}
CLAIM_STATES = VerificationClaim.state_labels
CLAIM_TAGS = {
    "draft": "plain",
    "submitted": "wait",
    "needs_fix": "bad",
    "accepted": "good",
    "rejected": "bad",
    "expired": "wait",
    "revoked": "bad",
}
METHODS: dict[str, Any] = {
    "document": lazy("dokumen dilihat"),
    "call": lazy("dihubungi lewat telepon"),
    "visit": lazy("dikunjungi"),
    "peer": lazy("dijamin organisasi lain"),
    "official": lazy("dicek ke instansi"),
}
LEVELS: dict[int, Any] = {
    1: lazy("Terdaftar"),
    2: lazy("Dokumen diperiksa"),
    3: lazy("Lokasi atau rekan diperiksa"),
    4: lazy("Punya rekam jejak"),
}
FIELDS: dict[str, Any] = {
    "name": lazy("Nama organisasi"),
    "summary": lazy("Ringkasan"),
    "address": lazy("Alamat kantor"),
    "contact": lazy("Surel atau telepon kantor"),
    "home_locality_code": lazy("Tempat kedudukan"),
    "legal_form": lazy("Bentuk hukum"),
    "about": lazy("Tentang organisasi"),
    "website": lazy("Situs"),
    "email": lazy("Surel kantor"),
    "phone": lazy("Telepon kantor"),
    "sectors": lazy("Bidang"),
    "general": lazy("Catatan umum"),
}


def thing(name: str) -> str:
    """The words for a field or a claim's subject (both appear among remarks and missing things)."""
    return str(FIELDS.get(name) or SUBJECTS.get(name) or name)
