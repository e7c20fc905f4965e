"""Staff looks at accounts of organisations: one checks, another agrees."""

from __future__ import annotations

import uuid

from werkzeug.wrappers import Response

from coevolve.disbursements import forms
from coevolve.disbursements.views.door import blueprint, me, names_of, refused
from coevolve.kit.access import access
from coevolve.kit.db import commit
from coevolve.kit.errors import DomainError, NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.pages import flash_success, form_page, page, see_other
from coevolve.organisations import queries as organisations
from coevolve.payments import account_standing
from coevolve.payments import service as payments
from coevolve.people import queries as people
from coevolve.people.models import Role


@blueprint.get("/moderasi/rekening")
@access("staff:any")
def accounts() -> Response:
    """Accounts that wait, the longest waiting first."""
    waiting = account_standing.waiting_accounts()
    return page(
        "disbursements/accounts.html",
        rows=waiting,
        organisations=organisations.by_ids([row.organisation_id for row in waiting]),
    )


@blueprint.route("/moderasi/rekening/<uuid:version_id>", methods=["GET", "POST"])
@access("staff:any", step_up=True)
def account_check(version_id: uuid.UUID) -> Response:
    """One account: what was stated, what was checked; the form of whoever's turn it is."""
    shown = account_standing.version(version_id)
    if shown is None:
        raise NotFound("no_account", lazy("Rekening ini tidak ada."))
    roles = people.staff_roles(me().id)
    form = forms.CheckAccountForm()
    if form.validate_on_submit():
        try:
            payments.check_organisation_account(
                version_id=version_id,
                by=me(),
                to=form.to.data,
                method=form.method.data,
                remark=form.remark.data or "",
            )
            commit()
        except DomainError as refusal:
            refused(form, refusal)
            shown = account_standing.version(version_id) or shown
        else:
            flash_success(lazy("Hasil pemeriksaan dicatat."))
            return see_other(f"/moderasi/rekening/{version_id}")
    newest = account_standing.account_of(shown.organisation_id)
    is_newest = newest is not None and newest.version_id == version_id
    return form_page(
        "disbursements/account_check.html",
        form,
        account=shown,
        is_newest=is_newest,
        organisation=organisations.get(shown.organisation_id),
        earlier=[
            one for one in account_standing.history_of(shown.organisation_id) if one.version < shown.version
        ],
        names=names_of([shown.stated_by, shown.checked_by]),
        may_check=is_newest and shown.standing == "to_check" and Role.moderator in roles,
        may_second=is_newest
        and shown.standing == "to_second"
        and bool({Role.moderator, Role.admin} & set(roles))
        and me().id not in {shown.checked_by, shown.stated_by},
        is_checker=me().id == shown.checked_by,
    )


@blueprint.post("/moderasi/rekening/<uuid:version_id>/setujui")
@access("staff:any", step_up=True)
def account_second(version_id: uuid.UUID) -> Response:
    """The second yes."""
    payments.second_organisation_account(version_id=version_id, by=me())
    commit()
    flash_success(lazy("Disetujui. Rekening dapat dipakai setelah masa tunggunya lewat."))
    return see_other(f"/moderasi/rekening/{version_id}")
