"""Steps of promised money: approving, changing, leaving it at that, billing, bringing a guest's gift home."""

from __future__ import annotations

import uuid
from typing import Any

from flask_wtf import FlaskForm
from werkzeug.wrappers import Response

from coevolve.kit import db
from coevolve.kit.access import AccessRule, access
from coevolve.kit.db import commit, session
from coevolve.kit.errors import DomainError, Invalid, NotFound
from coevolve.kit.i18n import _, lazy
from coevolve.kit.money import Money, parse_rupiah, spell_rupiah
from coevolve.kit.pages import actor, flash_notice, flash_success, page, see_other
from coevolve.listings.models import Listing
from coevolve.organisations import queries as organisations
from coevolve.organisations.models import ClaimState, Organisation, Subject
from coevolve.payments import queries as payment_queries
from coevolve.payments.models import OPEN
from coevolve.payments.words import STATES as PAYMENT_STATES
from coevolve.people import web
from coevolve.pledges import forms, queries, service
from coevolve.pledges.models import Pledge
from coevolve.pledges.service import Plan
from coevolve.pledges.views.door import address, blueprint, key, private, seen
from coevolve.pledges.views.steps import do


def _fresh(pledge: Pledge) -> Response | None:
    """An organisation's money is moved with a code proven just now; None: go on."""
    if pledge.giver_organisation_id is None:
        return None
    return web.require(AccessRule("signed_in", step_up=True))


@blueprint.post("/dukungan/<uuid:pledge_id>/setujui")
@access("signed_in", step_up=True)
def approve(pledge_id: uuid.UUID) -> Response:
    """A second member of the giving organisation says yes."""
    seen(pledge_id)
    try:
        pledge = service.approve(pledge_id=pledge_id, by=actor())
        commit()
    except DomainError as refusal:
        if refusal.http_status == NotFound.http_status:
            raise
        session().rollback()
        flash_notice(refusal.message)
        return see_other(address(pledge_id))
    flash_success(
        _("Disetujui. Dukungan ini sekarang dapat dibayar.") if pledge.is_pay_now else _("Disetujui.")
    )
    return see_other(address(pledge_id))


@blueprint.post("/dukungan/<uuid:pledge_id>/tidak-setujui")
@access("signed_in", step_up=True)
def refuse(pledge_id: uuid.UUID) -> Response:
    """A second member says no, with a reason."""
    pledge, party = seen(pledge_id)
    form = forms.ReasonForm(prefix="tidak-setujui")

    def act() -> None:
        service.refuse(pledge_id=pledge_id, by=actor(), reason=form.reason.data or "")

    done = _("Dukungan ini tidak dilanjutkan. Rekan Anda kami kabari.")
    return do(pledge, party, "tidak-setujui", form=form, act=act, done=done)


@blueprint.post("/dukungan/<uuid:pledge_id>/ubah")
@access("public")
def change(pledge_id: uuid.UUID) -> Response:
    """Less or more money."""
    pledge, party = seen(pledge_id)
    if (elsewhere := _fresh(pledge)) is not None:
        return elsewhere
    form = forms.AmountForm(prefix="ubah")

    def act() -> None:
        service.change_amount(pledge_id=pledge_id, by=party, amount=form.minor())

    return do(pledge, party, "ubah", form=form, act=act, done=_("Jumlah dukungan sudah diubah."))


@blueprint.post("/dukungan/<uuid:pledge_id>/cukup")
@access("public")
def leave_at_that(pledge_id: uuid.UUID) -> Response:
    """What came is the gift; the rest is not waited for any more."""
    pledge, party = seen(pledge_id)
    if (elsewhere := _fresh(pledge)) is not None:
        return elsewhere
    line = queries.money_line_of(pledge_id)

    def act() -> None:
        if line is None or line.received_quantity == 0:
            raise Invalid("nothing_came", lazy("Belum ada uang yang datang untuk dukungan ini."))
        service.change_amount(pledge_id=pledge_id, by=party, amount=line.received_quantity)

    done = _("Terima kasih. Yang sudah datang menjadi dukungan Anda.")
    return do(pledge, party, "cukup", form=FlaskForm(), act=act, done=done)


@blueprint.post("/dukungan/<uuid:pledge_id>/jadwal")
@access("public")
def replan(pledge_id: uuid.UUID) -> Response:
    """The rest on other days."""
    pledge, party = seen(pledge_id)
    if (elsewhere := _fresh(pledge)) is not None:
        return elsewhere
    form = forms.PlanForm(prefix="jadwal")

    def act() -> None:
        first_on, count = form.plan()
        service.change_plan(pledge_id=pledge_id, by=party, plan=Plan(first_on=first_on, count=count))

    return do(pledge, party, "jadwal", form=form, act=act, done=_("Jadwal bayar sudah diubah."))


@blueprint.post("/dukungan/<uuid:pledge_id>/tagihan")
@access("signed_in", step_up=True)
def bill(pledge_id: uuid.UUID) -> Response:
    """An invoice for the rest, or a part of it."""
    pledge, party = seen(pledge_id)
    form = forms.InvoiceForm(prefix="tagihan")

    def act() -> None:
        try:
            token = uuid.UUID(form.client_token.data or "")
        except ValueError:
            raise Invalid("token", lazy("Formulir ini sudah lama terbuka. Muat ulang halaman ini.")) from None
        service.issue_invoice(
            pledge_id=pledge_id,
            by=party,
            client_token=token,
            amount=parse_rupiah(form.amount.data or "", field="amount").amount,
            due_on=form.due_on.day(),
            purchase_order=form.purchase_order.data or "",
            with_code=bool(form.with_code.data),
        )

    return do(pledge, party, "tagihan", form=form, act=act, done=_("Tagihan dibuat. Buka, lalu cetak."))


@blueprint.get("/dukungan/<uuid:pledge_id>/tagihan/<uuid:invoice_id>")
@access("signed_in")
def invoice(pledge_id: uuid.UUID, invoice_id: uuid.UUID) -> Response:
    """An invoice, made for printing: for the giving organisation and staff."""
    pledge, party = seen(pledge_id)
    shown = queries.invoice(invoice_id)
    if shown.pledge_id != pledge_id or not (party.is_giver or party.is_staff):
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    payment = payment_queries.get(shown.payment_id)
    account = payment_queries.bank_account(payment.bank_account_id) if payment.bank_account_id else None
    payer = organisations.get(pledge.giver_organisation_id) if pledge.giver_organisation_id else None
    return private(
        page(
            "pledges/invoice.html",
            pledge=pledge,
            invoice=shown,
            number=service.number_of(shown),
            payment=payment,
            state=PAYMENT_STATES[payment.state],
            is_open=payment.state in OPEN,
            account=account,
            payer=payer,
            npwp=_npwp(payer) if payer is not None else "",
            listing=db.get(Listing, pledge.listing_id),
            receiver=organisations.get(pledge.receiver_organisation_id),
            amount=Money(shown.amount, shown.unit),
            in_words=spell_rupiah(shown.amount),
            back=address(pledge_id),
        )
    )


def _npwp(organisation: Organisation) -> str:
    """The tax number an organisation showed us and a checker accepted."""
    for claim in organisations.claims_of(organisation.id):
        if claim.subject == Subject.npwp and claim.state == ClaimState.accepted:
            return claim.document_number
    return ""


@blueprint.post("/dukungan/<uuid:pledge_id>/gabung")
@access("signed_in")
def join(pledge_id: uuid.UUID) -> Response:
    """A guest's gift comes into the lists of whoever owns its address."""
    try:
        service.join(pledge_id=pledge_id, by=actor(), key=key())
        commit()
    except DomainError as refusal:
        if refusal.http_status == NotFound.http_status:
            raise
        session().rollback()
        flash_notice(refusal.message)
        return see_other(address(pledge_id))
    flash_success(_("Dukungan ini sekarang ada di daftar Anda."))
    return see_other(f"/dukungan/{pledge_id}")


def waiting(organisation_id: uuid.UUID) -> list[dict[str, Any]]:
    """Pledges of an organisation that wait for its second member, for lists."""
    return [
        {
            "href": f"/dukungan/{pledge.id}",
            "title": db.get(Listing, pledge.listing_id).title,
            "pledge": pledge,
        }
        for pledge in queries.approvals_waiting(organisation_id)
    ]
