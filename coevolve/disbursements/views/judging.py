"""Staff looks at reports: receipts beside their proofs, then yes or back."""

from __future__ import annotations

import uuid

from werkzeug.wrappers import Response

from coevolve.disbursements import forms, policy, queries, service
from coevolve.disbursements.models import ReportState
from coevolve.disbursements.views.door import NOT_FOUND, blueprint, log_of, me, names_of, refused
from coevolve.disbursements.words import REPORT_STATES
from coevolve.kit.access import access
from coevolve.kit.db import commit
from coevolve.kit.errors import DomainError, NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.pages import flash_success, form_page, page, see_other
from coevolve.listings import queries as listings
from coevolve.organisations import queries as organisations
from coevolve.people import queries as people


def _checker() -> None:
    """Moderators and finance look at reports; for admins they are not there."""
    if not policy.CHECKERS & set(people.staff_roles(me().id)):
        raise NotFound("not_found", NOT_FOUND)


@blueprint.get("/keuangan/laporan")
@access("staff:any")
def report_queue() -> Response:
    """Reports that wait, the longest waiting first."""
    _checker()
    return page("disbursements/reports.html", rows=queries.reports_to_judge())


@blueprint.get("/keuangan/laporan/<uuid:report_id>")
@access("staff:any")
def judge(report_id: uuid.UUID) -> Response:
    """One report with its receipts and proofs."""
    _checker()
    return _judge(report_id, forms.RemarkForm())


def _judge(report_id: uuid.UUID, form: forms.RemarkForm) -> Response:
    report = queries.get_report(report_id)
    organisation = organisations.get(report.organisation_id)
    rows = queries.expenses_of(report.id)
    return form_page(
        "disbursements/judge.html",
        form,
        report=report,
        organisation=organisation,
        listing=listings.get(report.listing_id),
        disbursement=queries.get(report.disbursement_id) if report.disbursement_id else None,
        rows=rows,
        uses=queries.uses_of(report),
        reasons=report.reasons,
        total=sum(row.expense.amount for row in rows),
        left=queries.left_of(report),
        log=log_of(report, REPORT_STATES),
        names=names_of([report.submitted_by]),
        may_judge=report.state == ReportState.submitted
        and policy.may_judge_report(queries.who(me(), organisation), report.submitted_by),
        twins=sum(bool(row.twins) for row in rows),
    )


@blueprint.post("/keuangan/laporan/<uuid:report_id>/terima")
@access("staff:any", step_up=True)
def accept_report(report_id: uuid.UUID) -> Response:
    """The receipts are good."""
    _checker()
    service.accept_report(report_id=report_id, by=me())
    commit()
    flash_success(lazy("Laporan diterima. Halaman publik menampilkannya dan para donatur dikabari."))
    return see_other(f"/keuangan/laporan/{report_id}")


@blueprint.post("/keuangan/laporan/<uuid:report_id>/kembalikan")
@access("staff:any", step_up=True)
def return_report(report_id: uuid.UUID) -> Response:
    """Something is to be mended."""
    _checker()
    form = forms.RemarkForm()
    if form.validate_on_submit():
        try:
            service.return_report(report_id=report_id, by=me(), remark=form.remark.data or "")
            commit()
        except DomainError as refusal:
            refused(form, refusal)
        else:
            flash_success(lazy("Dikembalikan. Organisasi sudah kami kabari."))
            return see_other(f"/keuangan/laporan/{report_id}")
    return _judge(report_id, form)
