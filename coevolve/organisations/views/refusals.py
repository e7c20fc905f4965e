"""The page of an owner: whose support the organisation does not take, and what its own business is."""

from __future__ import annotations

from werkzeug.wrappers import Response

from coevolve.kit.access import access
from coevolve.kit.db import commit
from coevolve.kit.errors import DomainError
from coevolve.kit.i18n import lazy
from coevolve.kit.pages import flash_success, form_page, see_other
from coevolve.organisations import forms, queries, service
from coevolve.organisations.views.door import blueprint, me, my_organisation, refused


@blueprint.route("/dasbor/<slug>/penolakan", methods=["GET", "POST"])
@access("signed_in")
def refusals(slug: str) -> Response:
    """Tick what is refused; matching never suggests it, and requests between the two are not taken."""
    organisation = my_organisation(slug, "refuse")
    form = forms.RefusalForm()
    if not form.is_submitted():
        form.ditolak.data = queries.refusals_of(organisation.id)
        form.usaha.data = list(organisation.business)
    if form.validate_on_submit():
        try:
            service.refuse(
                organisation_id=organisation.id,
                by=me(),
                givers=form.ditolak.data or [],
                business=form.usaha.data or [],
            )
        except DomainError as refusal:
            refused(form, refusal)
        else:
            commit()
            flash_success(lazy("Pilihan tersimpan."))
            return see_other(f"/dasbor/{slug}/penolakan")
    return form_page("organisations/refusals.html", form, organisation=organisation)
