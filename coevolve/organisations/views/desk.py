"""The desk of an organisation: registering it, its profile, handing it to the moderators."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from coevolve.kit.access import access
from coevolve.kit.db import commit
from coevolve.kit.errors import DomainError
from coevolve.kit.i18n import gettext as _
from coevolve.kit.i18n import lazy
from coevolve.kit.pages import flash_success, form_page, page, see_other
from coevolve.listings import queries as listings
from coevolve.listings import sectors
from coevolve.organisations import forms, levels, policy, queries, service, words
from coevolve.organisations.models import ClaimState, Kind, Organisation, State
from coevolve.organisations.service.registration import missing
from coevolve.organisations.views.door import (
    blueprint,
    known_places,
    me,
    my_organisation,
    place_code,
    place_label,
    refused,
    typed,
)
from coevolve.pledges import queries as pledges


@blueprint.route("/daftar-organisasi", methods=["GET", "POST"])
@access("signed_in")
def register() -> Response:
    """Begin an organisation."""
    form = forms.RegisterForm()
    if form.validate_on_submit():
        try:
            organisation = service.register(
                by=me(),
                kind=typed(form.kind),
                name=typed(form.name),
                home_locality_code=place_code(typed(form.home_locality_code)),
                office=typed(form.office),
            )
        except DomainError as refusal:
            refused(form, refusal)
        else:
            commit()
            flash_success(lazy("Organisasi dibuat. Lengkapi datanya, lalu kirim untuk diperiksa."))
            return see_other(f"/dasbor/{organisation.slug}")
    return form_page("organisations/register.html", form, places=known_places())


@blueprint.get("/dasbor/<slug>")
@access("signed_in")
def desk(slug: str) -> Response:
    """What to do today for this organisation."""
    organisation = my_organisation(slug)
    mine = {verb: policy.may(me(), verb, organisation) for verb in policy.ROLES}
    own = listings.of_organisation(organisation.id)
    return page(
        "organisations/desk.html",
        organisation=organisation,
        kind=words.KINDS[organisation.kind],
        state=words.STATES[organisation.state],
        state_tag=words.STATE_TAGS[organisation.state],
        may=mine,
        steps=steps(organisation),
        remarks=[(words.thing(name), said) for name, said in organisation.remarks.items()],
        lacking=[words.thing(name) for name in missing(organisation)] if _is_open(organisation) else [],
        members=len(queries.seats_in(organisation.id)),
        listings_open=sum(listing.state == "open" for listing in own),
        listings_all=len(own),
        waiting=pledges.waiting_for(organisation.id),
        level=words.LEVELS[queries.level_of(organisation)],
    )


def _is_open(organisation: Organisation) -> bool:
    return organisation.state in {State.draft, State.returned}


def steps(organisation: Organisation) -> list[dict[str, Any]]:
    """The task list before checking: profile, each required document, sending."""
    lacking = set(missing(organisation))
    wrong = organisation.remarks if organisation.state == State.returned else {}
    base = f"/dasbor/{organisation.slug}"
    fields = ("summary", "address", "contact")
    found = [
        _step(
            _("Profil dan alamat"),
            f"{base}/profil",
            is_done=not lacking.intersection(fields),
            is_wrong=bool(set(wrong) & set(words.FIELDS)),
        )
    ]
    claims = {claim.subject: claim for claim in queries.claims_of(organisation.id)}
    for subject in levels.REQUIRED[Kind(organisation.kind)]:
        claim = claims.get(subject)
        found.append(
            _step(
                str(words.SUBJECTS[subject]),
                f"{base}/verifikasi/{subject}",
                is_done=subject not in lacking,
                is_wrong=claim is not None and claim.state == ClaimState.needs_fix,
            )
        )
    return found


def _step(text: str, href: str, *, is_done: bool, is_wrong: bool) -> dict[str, Any]:
    if is_wrong:
        return {"text": text, "href": href, "state": _("Perlu perbaikan"), "kind": "bad"}
    if is_done:
        return {"text": text, "href": href, "state": _("Selesai"), "kind": "good"}
    return {"text": text, "href": href, "state": _("Belum"), "kind": "plain"}


@blueprint.route("/dasbor/<slug>/profil", methods=["GET", "POST"])
@access("signed_in")
def edit(slug: str) -> Response:
    """Change what the organisation says of itself."""
    organisation = my_organisation(slug, "edit")
    form = forms.ProfileForm(obj=organisation)
    form.sectors.choices = [SelectChoice(code, str(sectors.LABELS[code])) for code in sectors.CODES]
    if not form.is_submitted():
        form.home_locality_code.data = place_label(organisation.home_locality_code)
    if form.validate_on_submit():
        try:
            service.revise(
                organisation_id=organisation.id,
                by=me(),
                name=typed(form.name),
                home_locality_code=place_code(typed(form.home_locality_code)),
                legal_form=typed(form.legal_form),
                summary=typed(form.summary),
                about=typed(form.about),
                email=typed(form.email),
                phone=typed(form.phone),
                website=typed(form.website),
                address=typed(form.address),
                sectors=form.sectors.data or [],
            )
        except DomainError as refusal:
            refused(form, refusal)
        else:
            commit()
            flash_success(lazy("Profil organisasi tersimpan."))
            return see_other(f"/dasbor/{slug}")
    remarks = [
        (words.thing(name), said) for name, said in organisation.remarks.items() if name in words.FIELDS
    ]
    return form_page(
        "organisations/edit.html", form, organisation=organisation, places=known_places(), remarks=remarks
    )


@blueprint.post("/dasbor/<slug>/kirim")
@access("signed_in", step_up=True)
def submit(slug: str) -> Response:
    """Hand the organisation to the moderators."""
    organisation = my_organisation(slug)
    service.submit(organisation_id=organisation.id, by=me())
    commit()
    flash_success(lazy("Terkirim. Sedang kami periksa; kabarnya sampai lewat surel."))
    return see_other(f"/dasbor/{slug}")
