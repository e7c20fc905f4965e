"""Receipts: for the giver on screen and on paper, a year at a time, and for whoever wants to check one."""

from __future__ import annotations

import uuid
from typing import Any

import segno
from flask import Response, request
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from coevolve.kit import i18n
from coevolve.kit.access import access
from coevolve.kit.errors import NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.money import format_rupiah, spell_rupiah
from coevolve.kit.pages import actor, page
from coevolve.organisations import queries as organisations
from coevolve.payments import links, queries
from coevolve.payments.views.door import blueprint, may_read
from coevolve.reconciliation import papers
from coevolve.reconciliation.papers import ReceiptFacts, YearRow

NO_RECEIPT = lazy("Kuitansi ini tidak ada, atau bukan milik Anda.")


@blueprint.get("/kuitansi/<uuid:receipt_id>")
@access("public")
def receipt(receipt_id: uuid.UUID) -> BaseResponse:
    """A receipt for its giver. A guest opens it by the key in the mailed link."""
    facts = _mine(receipt_id)
    key = request.args.get("kunci", "")
    response = page(
        "payments/receipt.html",
        receipt=facts.receipt,
        number=facts.number,
        rows=papers.rows_of(facts),
        in_words=spell_rupiah(facts.receipt.amount),
        address=facts.address,
        qr=_qr(facts.address),
        paper=f"/kuitansi/{receipt_id}.pdf" + (f"?kunci={key}" if key else ""),
    )
    return _private(response)


@blueprint.get("/kuitansi/<uuid:receipt_id>.pdf")
@access("public")
def receipt_paper(receipt_id: uuid.UUID) -> BaseResponse:
    """The same on paper."""
    facts = _mine(receipt_id)
    return _paper(papers.receipt_pdf(facts), facts.file_name)


def _mine(receipt_id: uuid.UUID) -> ReceiptFacts:
    facts = papers.facts_of(receipt_id)
    if not links.proves(receipt_id, request.args.get("kunci")) and not may_read(facts.payment):
        raise NotFound("no_receipt", NO_RECEIPT)
    return facts


@blueprint.get("/akun/kuitansi")
@access("signed_in")
def years() -> BaseResponse:
    """My receipts, by year."""
    return _years(actor().id, "", actor().name, is_person=True)


@blueprint.get("/akun/kuitansi/<int:year>.pdf")
@access("signed_in")
def year_paper(year: int) -> BaseResponse:
    """All my receipts of a year on one paper."""
    return _year_paper(actor().id, actor().name, year, is_person=True)


@blueprint.get("/dasbor/<slug>/kuitansi")
@access("signed_in")
def years_of_organisation(slug: str) -> BaseResponse:
    """Receipts of an organisation that gives, for its members."""
    organisation = _member_of(slug)
    return _years(organisation.id, slug, organisation.name, is_person=False)


@blueprint.get("/dasbor/<slug>/kuitansi/<int:year>.pdf")
@access("signed_in")
def year_paper_of_organisation(slug: str, year: int) -> BaseResponse:
    """All its receipts of a year on one paper."""
    organisation = _member_of(slug)
    return _year_paper(organisation.id, organisation.name, year, is_person=False)


def _years(giver_id: uuid.UUID, slug: str, name: str, *, is_person: bool) -> BaseResponse:
    found = papers.years_of(giver_id, is_person=is_person)
    known = [year for year, _count, _sum in found]
    asked = request.args.get("tahun", type=int)
    chosen = asked if asked in known else next(iter(known), None)
    base = f"/dasbor/{slug}/kuitansi" if slug else "/akun/kuitansi"
    rows = papers.year_of(giver_id, chosen, is_person=is_person) if chosen else []
    return _private(
        page(
            "payments/years.html",
            years=found,
            chosen=chosen,
            items=[
                {"text": year, "href": f"{base}?tahun={year}", "count": count} for year, count, _sum in found
            ],
            current=known.index(chosen) if chosen else 0,
            lines=[_line(row) for row in rows],
            total=sum(row.amount - row.refunded for row in rows),
            base=base,
            home=f"/dasbor/{slug}" if slug else "/dasbor",
            name=name,
        )
    )


def _line(row: YearRow) -> tuple[Any, ...]:
    number = Markup('<a href="/kuitansi/{}">{}</a>').format(
        row.receipt_id, row.number or lazy("sedang diterbitkan")
    )
    words = f"{row.title} · {row.organisation}"
    return (i18n.date(row.paid_on), number, words, format_rupiah(row.amount - row.refunded))


def _year_paper(giver_id: uuid.UUID, name: str, year: int, *, is_person: bool) -> BaseResponse:
    rows = papers.year_of(giver_id, year, is_person=is_person) if year < 10_000 else []
    if not rows:
        raise NotFound("no_receipt", lazy("Tidak ada kuitansi pada tahun ini."))
    return _paper(papers.year_pdf(giver=name, year=year, rows=rows), f"kuitansi-{year}.pdf")


def _member_of(slug: str) -> Any:
    organisation = organisations.find_by_slug(slug)
    if organisation is None or organisations.role_in(actor().id, organisation.id) is None:
        raise NotFound("no_receipt", NO_RECEIPT)
    return organisation


def _paper(raw: bytes, name: str) -> BaseResponse:
    response = Response(raw, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return _private(response)


def _private(response: BaseResponse) -> BaseResponse:
    """Neither kept by caches nor told to other sites: the address may carry a key."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


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
