"""Papers about money that came: the receipt of one gift, and all receipts of a giver in one year, as PDF."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from coevolve.config import settings
from coevolve.kit import i18n, paper
from coevolve.kit.db import commit, session
from coevolve.kit.i18n import gettext as _
from coevolve.kit.money import format_rupiah, spell_rupiah
from coevolve.notifications.attaching import Attachment
from coevolve.organisations import queries as organisations
from coevolve.payments import custody
from coevolve.payments import queries as payments
from coevolve.payments.models import Payment, Receipt
from coevolve.payments.service import number_receipts
from coevolve.payments.words import METHODS
from coevolve.pledges import queries as pledges


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """All that a receipt says, for the page and for the paper."""

    receipt: Receipt
    payment: Payment
    number: str
    giver: str
    title: str
    organisation: str
    address: str
    is_direct: bool = False
    """It came to the organisation's own bank: the organisation signs."""

    @property
    def file_name(self) -> str:
        """kuitansi-CE-2026-000123.pdf."""
        return f"kuitansi-{(self.number or self.receipt.code).replace('/', '-')}.pdf"


def facts_of(receipt_id: uuid.UUID) -> ReceiptFacts:
    """What the receipt says; NotFound if there is none."""
    receipt = payments.receipt(receipt_id)
    payment = payments.get(receipt.payment_id)
    settlement = pledges.settlement_of(payment.reference_id)
    return ReceiptFacts(
        receipt=receipt,
        payment=payment,
        number=payments.receipt_number(receipt),
        giver=pledges.name_on_receipt(settlement.pledge_id),
        title=settlement.title,
        organisation=organisations.get(settlement.organisation_id).name,
        address=f"{settings().public_url.rstrip('/')}/periksa/{receipt.code}",
        is_direct=custody.custodian_of(payment) is not None,
    )


def rows_of(facts: ReceiptFacts) -> list[tuple[str, str]]:
    """The receipt's particulars, label and value."""
    receipt, payment = facts.receipt, facts.payment
    rows = [
        (_("Dari"), facts.giver),
        (_("Untuk"), facts.title),
        (_("Diterima oleh") if facts.is_direct else _("Disalurkan kepada"), facts.organisation),
        (_("Diterima pada"), i18n.date(receipt.paid_on)),
        (_("Cara bayar"), str(METHODS[payment.provider])),
        (_("Nomor rujukan"), payment.public_ref),
    ]
    if payment.refunded and not receipt.annulled_at:
        rows.append((_("Dikembalikan"), format_rupiah(payment.refunded)))
    return rows


def receipt_pdf(facts: ReceiptFacts) -> bytes:
    """The receipt on paper, in the language of now."""
    receipt = facts.receipt
    return paper.pdf(
        "receipt",
        {
            "platform": settings().platform_name,
            "title": _("Kuitansi"),
            "note": _("Dibuat otomatis. Keasliannya diperiksa dengan kode pada kuitansi ini."),
            "number": _("Nomor %(number)s", number=facts.number) if facts.number else "",
            "annulled": _("Dibatalkan %(date)s.", date=i18n.date(receipt.annulled_at))
            if receipt.annulled_at
            else "",
            "received_label": _("Sudah diterima"),
            "amount": format_rupiah(receipt.amount),
            "in_words": _("Terbilang: %(words)s", words=spell_rupiah(receipt.amount)),
            "facts": rows_of(facts),
            "verify_label": _("Periksa keaslian kuitansi ini dengan memindai kode, atau buka:"),
            "address": facts.address,
            "qr": paper.qr(facts.address),
        },
    )


def receipt_attachment(data: Mapping[str, Any]) -> Attachment | None:
    """The paper that goes with the thanks; its number is given now if no worker came to it yet.

    A receipt annulled before its letter went out is not sent.
    """
    if not data.get("receipt_id"):
        return None
    facts = facts_of(uuid.UUID(str(data["receipt_id"])))
    if not facts.number:
        number_receipts()
        commit()
        facts = facts_of(facts.receipt.id)
    if facts.receipt.annulled_at:
        return None
    return Attachment(name=facts.file_name, raw=receipt_pdf(facts))


# --- a year -----------------------------------------------------------------------------------------------

_OF_GIVER = """
  FROM payment_receipt r JOIN payment y ON y.id = r.payment_id AND y.reference_kind = 'pledge'
  JOIN pledge p ON p.id = y.reference_id JOIN listing l ON l.id = p.listing_id
  JOIN organisation o ON o.id = p.receiver_organisation_id
 WHERE r.annulled_at IS NULL AND r.unit = 'IDR' AND CASE WHEN :is_person
       THEN p.giver_person_id = :giver AND p.giver_organisation_id IS NULL
            AND (NOT p.is_guest OR p.joined_at IS NOT NULL)
       ELSE p.giver_organisation_id = :giver END
"""


@dataclass(frozen=True, slots=True)
class YearRow:
    """One receipt of a year."""

    receipt_id: uuid.UUID
    paid_on: Any
    number: str
    title: str
    organisation: str
    method: str
    amount: int
    refunded: int


def years_of(giver_id: uuid.UUID, *, is_person: bool) -> list[tuple[int, int, int]]:
    """Years with receipts, newest first: year, how many, sum in minor units with refunds taken off."""
    statement = text(
        "SELECT extract(year FROM r.paid_on)::int AS year, count(*), sum(r.amount - y.refunded)::bigint"
        + _OF_GIVER
        + " GROUP BY 1 ORDER BY 1 DESC"
    )
    found = session().execute(statement, {"giver": giver_id, "is_person": is_person})
    return [(row[0], row[1], row[2]) for row in found]


def year_of(giver_id: uuid.UUID, year: int, *, is_person: bool) -> list[YearRow]:
    """All live receipts of a giver in one year, oldest first."""
    statement = text(
        "SELECT r.id, r.paid_on, coalesce(r.issuer || '/' || r.year || '/' || lpad(r.number::text, 6, '0'), ''),"
        " l.title, o.name, y.provider, r.amount, y.refunded"
        + _OF_GIVER
        + " AND extract(year FROM r.paid_on) = :year ORDER BY r.paid_on, r.id"
    )
    values = {"giver": giver_id, "is_person": is_person, "year": year}
    return [YearRow(*row) for row in session().execute(statement, values)]


def year_pdf(*, giver: str, year: int, rows: list[YearRow]) -> bytes:
    """The year on paper: every receipt, refunds taken off, and the sum in words."""
    total = sum(row.amount - row.refunded for row in rows)
    title = _("Kuitansi tahun %(year)s", year=year)
    return paper.pdf(
        "year",
        {
            "platform": settings().platform_name,
            "title": title,
            "note": _("Dibuat otomatis dari kuitansi yang nomornya tertera."),
            "facts": [
                (_("Dari"), giver),
                (_("Tahun"), str(year)),
                (_("Kuitansi"), i18n.number(len(rows))),
            ],
            "heads": [_("Diterima pada"), _("Nomor"), _("Untuk"), _("Jumlah")],
            "rows": [
                [
                    i18n.short_date(row.paid_on),
                    row.number,
                    f"{row.title} · {row.organisation}",
                    format_rupiah(row.amount - row.refunded),
                ]
                for row in rows
            ],
            "total_label": _("Jumlah, sesudah dikurangi pengembalian"),
            "total": format_rupiah(total),
            "in_words": _("Terbilang: %(words)s", words=spell_rupiah(total)),
        },
    )
