"""What moved in a fund, in words anybody understands."""

from __future__ import annotations

from typing import Any

from coevolve.kit.i18n import lazy

FLOWS: dict[str, Any] = {
    "gift": lazy("Dukungan diterima"),
    "credit": lazy("Dukungan dari saldo donatur"),
    "disbursed": lazy("Disalurkan ke rekening OMS"),
    "in_hands": lazy("Langsung di rekening OMS sendiri"),
    "from_hands": lazy("Ditarik dari rekening OMS sendiri, untuk dikembalikan"),
    "returned": lazy("Penyaluran kembali dari bank"),
    "refund": lazy("Dikembalikan kepada donatur"),
    "refund_undone": lazy("Pengembalian batal, uang tetap di sini"),
    "disputed": lazy("Ditahan karena sanggahan kartu"),
    "dispute_over": lazy("Sanggahan selesai, uang kembali"),
    "fee": lazy("Biaya penyedia"),
    "correction": lazy("Koreksi pembukuan"),
}
"""Kind of a movement -> words, in the order a summary shows them."""

_BY_SOURCE = {
    "disbursement": ("returned", "disbursed"),
    "dispute": ("dispute_over", "disputed"),
    "refund": ("refund_undone", "refund"),
}
_FIRST = {"in_hands": ("from_hands", "in_hands")}
"""An organisation's own bank says more than what moved the money."""
_BY_OTHER = {
    "owed_back": ("refund_undone", "refund"),
    "own_credit": ("credit", "correction"),
    "own_unidentified": ("gift", "correction"),
    "refunds_payable": ("refund_undone", "refund"),
    "receivable": ("correction", "refund"),
    "dispute_holdback": ("dispute_over", "disputed"),
    "fee_expense": ("correction", "fee"),
    "donor_credit": ("credit", "correction"),
    "clearing": ("gift", "correction"),
    "bank": ("gift", "correction"),
    "unidentified": ("gift", "correction"),
}


def flow_of(other_kind: str, source_kind: str, amount: int) -> str:
    """Which of FLOWS a movement is, by where it came from or went to and by its sign."""
    pair = (
        _FIRST.get(other_kind)
        or _BY_SOURCE.get(source_kind)
        or _BY_OTHER.get(other_kind)
        or ("correction", "correction")
    )
    return pair[0] if amount > 0 else pair[1]


COLUMNS: dict[str, Any] = {
    "posting_id": lazy("Nomor catatan; baris dengan nomor sama ditulis bersama."),
    "transfer_id": lazy("Nomor baris, naik menurut urutan penulisan."),
    "date": lazy("Hari kejadian menurut waktu Jakarta."),
    "effective_at": lazy("Saat kejadian (UTC)."),
    "posted_at": lazy("Saat ditulis ke buku (UTC)."),
    "kind": lazy("Jenis catatan, misalnya payment.captured."),
    "debit_account": lazy("Akun yang didebit: uang masuk ke sini."),
    "debit_class": lazy("Golongan akun debit: asset, liability, income, expense, atau memo."),
    "credit_account": lazy("Akun yang dikredit: uang keluar dari sini."),
    "credit_class": lazy("Golongan akun kredit."),
    "amount": lazy("Jumlah dalam satuan utuh mata uangnya, selalu positif; titik hanya sebelum pecahan."),
    "currency": lazy("Mata uang, tiga huruf."),
    "reverses_posting_id": lazy("Nomor catatan yang dibatalkan oleh baris ini, bila ada."),
    "source": lazy("Jenis dan nomor hal yang menyebabkan catatan ini."),
    "actor": lazy("Siapa yang menulisnya: nomor orang, atau system."),
}
"""Column of the export -> what stands in it."""
