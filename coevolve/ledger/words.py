"""What moved in a fund, in words anybody understands."""

from __future__ import annotations

from typing import Any

from coevolve.kit.i18n import lazy

FLOWS: dict[str, Any] = {
    "gift": lazy("Dukungan diterima"),
    "credit": lazy("Dukungan dari saldo donatur"),
    "disbursed": lazy("Disalurkan ke rekening OMS"),
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
_BY_OTHER = {
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
    pair = _BY_SOURCE.get(source_kind) or _BY_OTHER.get(other_kind) or ("correction", "correction")
    return pair[0] if amount > 0 else pair[1]
