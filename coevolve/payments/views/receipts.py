"""Receipts: for the giver, and for whoever wants to check one."""

from __future__ import annotations

import uuid

import segno
from flask import request
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from coevolve.config import settings
from coevolve.kit.access import access
from coevolve.kit.errors import NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.money import spell_rupiah
from coevolve.kit.pages import page
from coevolve.organisations import queries as organisations
from coevolve.payments import links, queries
from coevolve.payments.views.door import blueprint, may_read
from coevolve.payments.words import METHODS
from coevolve.people import queries as people
from coevolve.pledges import queries as pledges


@blueprint.get("/kuitansi/<uuid:receipt_id>")
@access("public")
def receipt(receipt_id: uuid.UUID) -> BaseResponse:
    """A receipt for its giver, made for printing. A guest opens it by the key in the mailed link."""
    shown = queries.receipt(receipt_id)
    payment = queries.get(shown.payment_id)
    if not links.proves(receipt_id, request.args.get("kunci")) and not may_read(payment):
        raise NotFound("no_receipt", lazy("Kuitansi ini tidak ada, atau bukan milik Anda."))
    settlement = pledges.settlement_of(payment.reference_id)
    address = f"{settings().public_url}/periksa/{shown.code}"
    response = page(
        "payments/receipt.html",
        receipt=shown,
        number=queries.receipt_number(shown),
        payment=payment,
        method=METHODS[payment.provider],
        title=settlement.title,
        organisation=organisations.get(settlement.organisation_id),
        giver=_giver_name(settlement.giver_person_id, settlement.giver_organisation_id),
        in_words=spell_rupiah(shown.amount),
        address=address,
        qr=_qr(address),
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


def _giver_name(person_id: uuid.UUID | None, organisation_id: uuid.UUID | None) -> str:
    if organisation_id is not None:
        return organisations.get(organisation_id).name
    return people.get(person_id).name if person_id is not None else ""


def _qr(address: str) -> Markup:
    """The address as a picture of squares: an SVG path, without inline style."""
    code = segno.make(address, error="m")
    drawn = code.svg_inline(scale=4, border=2, svgclass="qr", lineclass=None)
    return Markup(drawn)  # noqa: S704 - made by segno from our own address


@blueprint.get("/periksa/<code>")
@access("public")
def verify(code: str) -> BaseResponse:
    """Whether a receipt is genuine: number, sum, date and issuer, and nothing about the giver."""
    shown = queries.receipt_by_code(code) if code.isalnum() and len(code) <= 32 else None
    if shown is None:
        return page("payments/verify.html", 404, receipt=None, number="")
    return page("payments/verify.html", receipt=shown, number=queries.receipt_number(shown))
