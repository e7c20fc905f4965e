"""The organisation writes its report: receipt by receipt from a phone, then the whole."""

from __future__ import annotations

import uuid
from typing import Any

from flask import request
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from coevolve.disbursements import forms, policy, queries, service
from coevolve.disbursements.models import AWAITED, DisbursementReport
from coevolve.disbursements.views.door import NOT_FOUND, blueprint, log_of, me, my_desk, of_desk, refused
from coevolve.disbursements.words import REPORT_STATES
from coevolve.kit import db
from coevolve.kit.access import access
from coevolve.kit.db import commit
from coevolve.kit.errors import DomainError, Invalid, NotFound
from coevolve.kit.files import StoredFile, takes_files
from coevolve.kit.i18n import lazy
from coevolve.kit.money import parse_rupiah
from coevolve.kit.pages import file_answer, flash_success, form_page, picture_answer, see_other
from coevolve.listings import queries as listings
from coevolve.organisations import queries as organisations
from coevolve.organisations.models import Organisation
from coevolve.people import queries as people


@blueprint.get("/dasbor/<slug>/laporan/<uuid:report_id>")
@access("signed_in")
def report(slug: str, report_id: uuid.UUID) -> Response:
    """The report so far, a form for the next receipt, and the one that sends it."""
    organisation, _who = my_desk(slug)
    shown = queries.get_report(report_id)
    of_desk(organisation, shown)
    return _report(organisation, shown, {})


def _report(organisation: Organisation, shown: DisbursementReport, typed: dict[str, Any]) -> Response:
    uses = queries.uses_of(shown)
    overspent = [use.line for use in uses if use.over]
    who = queries.who(me(), organisation)
    expense_form = typed.get("expense") or forms.ExpenseForm(formdata=None)
    expense_form.line.choices = _choices(shown)
    submit_form = typed.get("submit")
    if submit_form is None:
        submit_form = forms.submit_form(overspent, shown.reasons)
        submit_form.summary.data = shown.summary
    rows = queries.expenses_of(shown.id)
    response = form_page(
        "disbursements/report.html",
        expense_form,
        submit_form=submit_form,
        overspent=[
            (submit_form[f"reason-{line.id}"], line)
            for line in overspent
            if f"reason-{line.id}" in submit_form
        ],
        organisation=organisation,
        report=shown,
        disbursement=queries.get(shown.disbursement_id) if shown.disbursement_id else None,
        listing=listings.get(shown.listing_id),
        rows=rows,
        uses=uses,
        left=queries.left_of(shown),
        total=sum(row.expense.amount for row in rows),
        log=log_of(shown, REPORT_STATES),
        is_open=shown.state in AWAITED,
        is_late=queries.is_late(shown),
        may_submit=policy.may_submit_report(who),
    )
    if submit_form.errors:
        response.status_code = 422
    return response


def _choices(shown: DisbursementReport) -> list[SelectChoice]:
    rows = queries.lines_of(shown.disbursement_id) if shown.disbursement_id else []
    given = {line.line_id for line, _ in rows}
    lines = sorted(queries.budget_of(shown.listing_id), key=lambda line: line.id not in given)
    return [SelectChoice(str(line.id), line.label) for line in lines]


@blueprint.post("/dasbor/<slug>/laporan/<uuid:report_id>/nota")
@access("signed_in")
@takes_files
def add_expense(slug: str, report_id: uuid.UUID) -> Response:
    """Save one receipt with its photo."""
    organisation, _who = my_desk(slug)
    shown = queries.get_report(report_id)
    of_desk(organisation, shown)
    form = forms.ExpenseForm()
    form.line.choices = _choices(shown)
    if form.validate_on_submit():
        photo = request.files.get("proof")
        try:
            service.add_expense(
                report_id=shown.id,
                by=me(),
                line_id=_line_id(form),
                spent_on=form.spent_on.data,
                payee=form.payee.data or "",
                what=form.what.data or "",
                amount=parse_rupiah(form.amount.data, field="amount").amount,
                proof=photo.stream if photo and photo.filename else None,  # type: ignore[arg-type]
                proof_name=(photo.filename or "") if photo else "",
                client_token=forms.token_of(form),
            )
            commit()
        except DomainError as refusal:
            refused(form, refusal)
            organisation, _who = my_desk(slug)
            shown = queries.get_report(report_id)
        else:
            flash_success(lazy("Nota tersimpan."))
            return see_other(f"/dasbor/{slug}/laporan/{report_id}#nota-baru")
    elif form.spent_on.process_errors:
        form.spent_on.errors = [str(lazy("Isi tanggal nota; tidak boleh di masa depan."))]
    return _report(organisation, shown, {"expense": form})


def _line_id(form: forms.ExpenseForm) -> uuid.UUID:
    try:
        return uuid.UUID(form.line.data)
    except ValueError:
        raise Invalid("line_unknown", lazy("Pilih baris anggarannya."), field="line") from None


@blueprint.post("/dasbor/<slug>/laporan/<uuid:report_id>/nota/<uuid:expense_id>/hapus")
@access("signed_in")
def remove_expense(slug: str, report_id: uuid.UUID, expense_id: uuid.UUID) -> Response:
    """Take one receipt out again."""
    organisation, _who = my_desk(slug)
    of_desk(organisation, queries.get_report(report_id))
    service.remove_expense(report_id=report_id, expense_id=expense_id, by=me())
    commit()
    flash_success(lazy("Nota dihapus dari laporan."))
    return see_other(f"/dasbor/{slug}/laporan/{report_id}")


@blueprint.post("/dasbor/<slug>/laporan/<uuid:report_id>/kirim")
@access("signed_in", step_up=True)
def submit_report(slug: str, report_id: uuid.UUID) -> Response:
    """Hand the report in."""
    organisation, _who = my_desk(slug)
    shown = queries.get_report(report_id)
    of_desk(organisation, shown)
    overspent = [use.line for use in queries.uses_of(shown) if use.over]
    form = forms.submit_form(overspent, {})
    if form.validate_on_submit():
        try:
            service.submit_report(
                report_id=shown.id,
                by=me(),
                summary=form.summary.data or "",
                reasons={line.id: form[f"reason-{line.id}"].data or "" for line in overspent},
            )
            commit()
        except DomainError as refusal:
            refused(form, refusal)
            organisation, _who = my_desk(slug)
            shown = queries.get_report(report_id)
        else:
            flash_success(lazy("Laporan terkirim. Kami memeriksanya, lalu para donatur dikabari."))
            return see_other(f"/dasbor/{slug}/laporan/{report_id}")
    return _report(organisation, shown, {"submit": form})


@blueprint.get("/berkas/<uuid:file_id>")
@access("signed_in")
def proof(file_id: uuid.UUID) -> Response:
    """A proof, for members of its organisation and for those who check."""
    stored = db.session().get(StoredFile, file_id)
    owner = queries.proof_owner(file_id)
    if stored is None or owner is None:
        raise NotFound("not_found", NOT_FOUND)
    is_member = organisations.role_in(me().id, owner) is not None
    if not is_member and not policy.CHECKERS & set(people.staff_roles(me().id)):
        raise NotFound("not_found", NOT_FOUND)
    return picture_answer(stored) if "lihat" in request.args else file_answer(stored)
