"""Pages of bank lines: entering, matching, confirming, setting aside."""

from __future__ import annotations

import uuid
from typing import Any

from flask import request
from werkzeug.wrappers import Response as BaseResponse

from coevolve.kit import clock
from coevolve.kit.access import access
from coevolve.kit.db import commit, session
from coevolve.kit.errors import DomainError, NotFound
from coevolve.kit.i18n import _, lazy
from coevolve.kit.money import parse_rupiah
from coevolve.kit.pages import actor, flash_success, form_page, form_refusal, see_other
from coevolve.kit.text import clean_line
from coevolve.payments import queries as payments
from coevolve.payments.references import find_reference
from coevolve.reconciliation import queries, service
from coevolve.reconciliation.forms import BankLineForm, MatchForm, ReferenceForm
from coevolve.reconciliation.models import Line
from coevolve.reconciliation.views.door import blueprint, names_of
from coevolve.reconciliation.words import LINE_STATES, TARGETS


@blueprint.route("/mutasi", methods=["GET", "POST"])
@access("staff:finance")
def lines() -> BaseResponse:
    """The bank's lines, and the form that enters one."""
    form = BankLineForm()
    accounts = payments.bank_accounts()
    form.account.choices = [(str(one.id), f"{one.bank_name} {one.grouped_number}") for one in accounts]
    if request.method == "GET":
        form.booked_on.data = clock.today()
    elif form.validate() and form.booked_on.data and form.words.data:
        try:
            line = service.enter_bank_line(
                bank_account_id=uuid.UUID(form.account.data),
                booked_on=form.booked_on.data,
                money=parse_rupiah(form.amount.data, field="amount"),
                words=form.words.data,
                bank_ref=clean_line(form.bank_ref.data) or None,
                by=actor().id,
                is_second=form.is_second.data,
            )
            commit()
            flash_success(_("Mutasi dicatat. Pilih dukungan yang dibayarnya."))
            return see_other(f"/keuangan/mutasi/{line.id}")
        except DomainError as refusal:
            session().rollback()
            form_refusal(form, refusal)
    before = request.args.get("sesudah", type=int)
    shown = queries.lines_of(before_id=before, limit=31)
    return form_page(
        "reconciliation/lines.html",
        form,
        lines=shown[:30],
        more=shown[29].id if len(shown) > 30 else None,
        accounts=accounts,
        line_states=LINE_STATES,
    )


@blueprint.get("/mutasi/<int:line_id>")
@access("staff:finance")
def line(line_id: int) -> BaseResponse:
    """One line: what it may have paid, and why we think so."""
    return _line_page(_line(line_id), ReferenceForm())


def _line(line_id: int) -> Line:
    if line_id >= 2**63:
        raise NotFound("no_line", lazy("Mutasi ini tidak ada."))
    return queries.get_line(line_id)


def _line_page(shown: Line, form: ReferenceForm) -> BaseResponse:
    proposal = queries.proposal_of(shown.id)
    found = queries.suggestions(shown)
    allocations = queries.allocations_of(shown.id)
    return form_page(
        "reconciliation/line.html",
        form,
        line=shown,
        account=payments.bank_account(shown.bank_account_id),
        suggestions=found,
        titles=queries.titles_of([one.target_id for one in found if one.target_kind == "payment"]),
        proposal=proposal,
        proposed_payment=payments.get(proposal.target_id)
        if proposal and proposal.target_kind == "payment"
        else None,
        is_own_proposal=proposal is not None and proposal.proposed_by == str(actor().id),
        allocations=[one for one in allocations if one.posting_id is not None],
        paid=_payments_of(allocations),
        line_states=LINE_STATES,
        targets=TARGETS,
        names=names_of(_ids(one for row in allocations for one in (row.proposed_by, row.approved_by))),
    )


def _payments_of(allocations: list[Any]) -> dict[uuid.UUID, Any]:
    return {one.target_id: payments.get(one.target_id) for one in allocations if one.target_kind == "payment"}


def _ids(texts: Any) -> list[uuid.UUID]:
    return [uuid.UUID(one) for one in texts if one and one != "system"]


@blueprint.post("/mutasi/<int:line_id>/cocokkan")
@access("staff:finance", step_up=True)
def match(line_id: int) -> BaseResponse:
    """Say what a line paid, by a suggestion or by a reference."""
    shown = _line(line_id)
    form = ReferenceForm()
    by_hand = "ref" in request.form
    try:
        kind, target = _target_by_ref(form) if by_hand else _target_by_suggestion()
        booked = service.propose_match(line_id=line_id, target_kind=kind, target_id=target, by=actor().id)
        commit()
    except DomainError as refusal:
        session().rollback()
        if not by_hand:
            raise
        form_refusal(form, refusal)
        return _line_page(_line(shown.id), form)
    flash_success(
        _("Cocok dan sudah dibukukan. Donatur menerima kuitansi.")
        if booked is not None
        else _("Usulan disimpan. Petugas keuangan lain perlu menyetujuinya.")
    )
    return see_other(f"/keuangan/mutasi/{line_id}")


def _target_by_suggestion() -> tuple[str, uuid.UUID]:
    form = MatchForm()
    if not form.validate() or form.target_kind.data not in {"payment", "payout"}:
        raise NotFound("no_target", lazy("Pilihan ini sudah tidak ada. Muat ulang halaman ini."))
    try:
        return form.target_kind.data, uuid.UUID(form.target_id.data)
    except ValueError as unreadable:
        raise NotFound(
            "no_target", lazy("Pilihan ini sudah tidak ada. Muat ulang halaman ini.")
        ) from unreadable


def _target_by_ref(form: ReferenceForm) -> tuple[str, uuid.UUID]:
    ref = find_reference(form.ref.data or "") if form.validate() else None
    if ref is None:
        message = lazy("Nomor rujukan ini keliru: CE diikuti sembilan huruf dan angka.")
        raise DomainError("ref_shape", message, field="ref")
    return "payment", payments.find_by_ref(ref).id


@blueprint.post("/mutasi/<int:line_id>/setujui")
@access("staff:finance", step_up=True)
def confirm(line_id: int) -> BaseResponse:
    """The second person agrees."""
    service.confirm_match(line_id=_line(line_id).id, by=actor().id)
    commit()
    flash_success(_("Disetujui dan sudah dibukukan."))
    return see_other(f"/keuangan/mutasi/{line_id}")


@blueprint.post("/mutasi/<int:line_id>/tolak")
@access("staff:finance")
def reject(line_id: int) -> BaseResponse:
    """Take a proposal back."""
    service.reject_match(line_id=_line(line_id).id, by=actor().id)
    commit()
    flash_success(_("Usulan dicabut."))
    return see_other(f"/keuangan/mutasi/{line_id}")


@blueprint.post("/mutasi/<int:line_id>/sisihkan")
@access("staff:finance", step_up=True)
def set_aside(line_id: int) -> BaseResponse:
    """Nobody knows whose money it is: booked as such, with a case."""
    service.set_aside(line_id=_line(line_id).id, by=actor().id)
    commit()
    flash_success(_("Dicatat sebagai dana belum dikenal. Kasusnya sudah dibuka."))
    return see_other(f"/keuangan/mutasi/{line_id}")
