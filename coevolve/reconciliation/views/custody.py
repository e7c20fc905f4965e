"""Whose bank gifts go to: an owner asks on the desk, platform finance answers, and may look at such accounts."""

from __future__ import annotations

import uuid

from flask import g
from werkzeug.wrappers import Response as BaseResponse

from coevolve.kit.access import access
from coevolve.kit.db import commit, get, session
from coevolve.kit.errors import DomainError, NotFound
from coevolve.kit.i18n import _
from coevolve.kit.pages import actor, flash_notice, flash_success, form_page, form_refusal, page, see_other
from coevolve.organisations import queries as organisations
from coevolve.organisations.models import Organisation
from coevolve.payments import account_standing, custody
from coevolve.payments import queries as payments
from coevolve.payments.models import CustodyChange
from coevolve.reconciliation import policy, queries
from coevolve.reconciliation.forms import CustodyForm, ReasonForm
from coevolve.reconciliation.service import custody as service
from coevolve.reconciliation.statements import shown
from coevolve.reconciliation.views.door import NOT_FOUND, blueprint, desk, names_of
from coevolve.reconciliation.words import LINE_STATES, REASONS

HOME = "/keuangan/kustodi"


def _mine() -> Organisation:
    organisation = organisations.get_by_slug(g.desk_slug)
    if organisations.role_in(actor().id, organisation.id) not in policy.MONEY_ROLES:
        raise NotFound("not_found", NOT_FOUND)
    return organisation


@desk.post("/kustodi")
@access("signed_in", step_up=True)
def ask() -> BaseResponse:
    """An owner asks."""
    organisation = _mine()
    slug, form = organisation.slug, CustodyForm()
    try:
        if form.validate():
            service.ask(
                organisation_id=organisation.id,
                by=actor(),
                to=form.to.data or "",
                reason=form.reason.data or "",
            )
            commit()
            flash_success(
                _("Permintaan dikirim. Petugas keuangan memeriksanya, biasanya dalam satu hari kerja.")
            )
    except DomainError as refusal:
        session().rollback()
        flash_notice(refusal.message)
    return see_other(f"/dasbor/{slug}/rekening")


@desk.post("/kustodi/tarik")
@access("signed_in", step_up=True)
def withdraw() -> BaseResponse:
    """An owner takes the wish back."""
    organisation = _mine()
    slug, change = organisation.slug, custody.asked_of(organisation.id)
    if change is not None:
        service.withdraw(change_id=change.id, by=actor())
        commit()
        flash_success(_("Permintaan ditarik kembali."))
    return see_other(f"/dasbor/{slug}/rekening")


# --- platform finance ---------------------------------------------------------------------------------------


@blueprint.get("/kustodi")
@access("staff:finance")
def wishes() -> BaseResponse:
    """Wishes that wait, and the accounts of organisations under direct custody."""
    return _wishes(ReasonForm(), None)


def _wishes(form: ReasonForm, refused: uuid.UUID | None) -> BaseResponse:
    asked = custody.asked()
    accounts = payments.direct_accounts()
    people_ids = [one.asked_by for one in asked]
    found = organisations.by_ids(
        [
            *(one.organisation_id for one in asked),
            *(one.organisation_id for one in accounts if one.organisation_id),
        ]
    )
    return form_page(
        "reconciliation/custody.html",
        form,
        refused=refused,
        asked=asked,
        organisations=found,
        names=names_of(people_ids),
        versions=account_standing.by_versions(one.version_id for one in asked if one.version_id),
        in_the_way={one.id: service.in_the_way(one.organisation_id, one.to) for one in asked},
        is_member={
            one.id: organisations.role_in(actor().id, one.organisation_id) is not None for one in asked
        },
        parts=shown.by_account(accounts, limit=1),
        waiting={one.id: queries.count_waiting([one.id]) for one in accounts},
    )


@blueprint.post("/kustodi/<uuid:change_id>/setujui")
@access("staff:finance", step_up=True)
def agree(change_id: uuid.UUID) -> BaseResponse:
    """Finance agrees."""
    try:
        service.agree(change_id=change_id, by=actor())
        commit()
        flash_success(_("Disetujui. Transfer yang dimulai sesudah ini masuk ke rekening itu."))
    except DomainError as refusal:
        if refusal.http_status in {403, 404}:
            raise
        session().rollback()
        flash_notice(refusal.message)
    return see_other(HOME)


@blueprint.post("/kustodi/<uuid:change_id>/tolak")
@access("staff:finance", step_up=True)
def decline(change_id: uuid.UUID) -> BaseResponse:
    """Finance says no, and why."""
    get(CustodyChange, change_id)
    form = ReasonForm()
    if form.validate():
        try:
            service.decline(change_id=change_id, by=actor(), remark=form.note.data or "")
            commit()
            flash_success(_("Tidak disetujui. Organisasinya sudah dikabari."))
            return see_other(HOME)
        except DomainError as refusal:
            if refusal.http_status in {403, 404}:
                raise
            session().rollback()
            form_refusal(form, refusal)
    return _wishes(form, change_id)


@blueprint.get("/kustodi/<slug>")
@access("staff:finance")
def look(slug: str) -> BaseResponse:
    """An organisation's own accounts, to look at: its statements, its latest lines, its open cases."""
    organisation = organisations.get_by_slug(slug)
    accounts = payments.bank_accounts(organisation.id)
    if not accounts:
        raise NotFound("not_found", NOT_FOUND)
    cases = queries.open_cases(of=organisation.id)
    return page(
        "reconciliation/custody_look.html",
        organisation=organisation,
        parts=shown.by_account(accounts),
        lines=queries.lines_of(of=[one.id for one in accounts], limit=50),
        cases=cases,
        owners=names_of(case.owner_id for case in cases),
        line_states=LINE_STATES,
        reasons=REASONS,
    )
