"""Pages of networks and links: for everybody, for officers who propose, for admins who decide."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, request

from coevolve.impact import queries as impact
from coevolve.impact.queries import NOTHING
from coevolve.kit.access import access
from coevolve.kit.db import commit, session
from coevolve.kit.errors import DomainError, Forbidden, NotFound
from coevolve.kit.i18n import _, lazy
from coevolve.kit.pages import actor, flash_success, form_page, form_refusal, page, see_other
from coevolve.localities import queries as localities
from coevolve.networks import policy, queries, service, words
from coevolve.networks.forms import LinkForm, NetworkForm, OrganisationForm, PlaceForm, ReasonForm, code_of
from coevolve.networks.models import LinkState, LocalityLink, Network
from coevolve.people.models import Person

blueprint = Blueprint("networks", __name__)
DESK = "/moderasi/jejaring"


def _me() -> Person:
    person: Person | None = actor()
    if person is None:
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    return person


def _found(slug: str) -> Network:
    network = queries.find_by_slug(slug)
    if network is None:
        raise NotFound("not_found", lazy("Jejaring ini tidak ada."))
    return network


# --- for everybody ----------------------------------------------------------------------------------


@blueprint.get("/jejaring")
@access("public")
def index() -> Any:
    """All networks and all active links."""
    links = [_link_words(link) for link in queries.links([LinkState.active])]
    return page("networks/index.html", networks=queries.living(), links=links)


@blueprint.get("/jejaring/<slug>")
@access("public")
def show(slug: str) -> Any:
    """One network: what it is for, its places with what is open there, its organisations."""
    network = _found(slug)
    places = queries.places_of(network.id)
    totals = impact.totals([place.code for place, _since in places])
    return page(
        "networks/show.html",
        network=network,
        places=[(place, since, totals.get(place.code, NOTHING)) for place, since in places],
        organisations=queries.organisations_of(network.id),
    )


def _link_words(link: LocalityLink) -> dict[str, Any]:
    return {
        "link": link,
        "kind": words.KINDS[link.kind],
        "a": localities.get(link.a_code),
        "b": localities.get(link.b_code),
        "state": link.state_labels[LinkState(link.state)],
    }


# --- for officers -----------------------------------------------------------------------------------


@blueprint.route("/lokalitas/<code>/hubungan", methods=["GET", "POST"])
@access("signed_in")
def propose(code: str) -> Any:
    """Propose a tie of this place with another."""
    here, me = localities.get(code[:20]), _me()
    if not (policy.may_manage(me) or policy.areas(me)):
        raise Forbidden("not_officer", lazy("Hubungan daerah diusulkan oleh petugas pemerintah daerahnya."))
    form = LinkForm()
    if form.validate_on_submit():
        try:
            service.propose_link(
                code=here.code,
                other=code_of(form.other.data, field="other"),
                kind=form.kind.data,
                evidence=form.evidence.data or "",
                by=me,
            )
            commit()
        except DomainError as refusal:
            session().rollback()
            form_refusal(form, refusal)
        else:
            flash_success(_("Usul terkirim. Admin memeriksanya; Anda diberi tahu keputusannya."))
            return see_other(f"/lokalitas/{here.code}")
    return form_page("networks/propose.html", form, here=here)


# --- for admins -------------------------------------------------------------------------------------


@blueprint.route(DESK, methods=["GET", "POST"])
@access("staff:admin")
def desk() -> Any:
    """What waits, what holds, and a new network."""
    form = NetworkForm()
    if form.validate_on_submit():
        try:
            network = service.found(name=form.name.data or "", purpose=form.purpose.data or "", by=_me())
            commit()
        except DomainError as refusal:
            session().rollback()
            form_refusal(form, refusal)
        else:
            flash_success(_("Jejaring dibuat. Tambahkan daerah dan organisasinya."))
            return see_other(f"{DESK}/{network.slug}")
    return form_page(
        "networks/desk.html",
        form,
        networks=queries.living(),
        proposed=[_link_words(link) for link in queries.links([LinkState.proposed])],
        active=[_link_words(link) for link in queries.links([LinkState.active])],
        reason=ReasonForm(formdata=None),
    )


@blueprint.route(f"{DESK}/<slug>", methods=["GET", "POST"])
@access("staff:admin")
def edit(slug: str) -> Any:
    """A network's words and members; each form of the page says by its button what it does."""
    network = _found(slug)
    asked = request.form.get("aksi", "") if request.method == "POST" else ""
    forms: dict[str, Any] = {
        "ubah": NetworkForm(formdata=request.form if asked == "ubah" else None, obj=network),
        "daerah": PlaceForm(formdata=request.form if asked == "daerah" else None),
        "organisasi": OrganisationForm(formdata=request.form if asked == "organisasi" else None),
    }
    form = forms.get(asked)
    if asked and (form is None or form.validate()):
        try:
            _change(asked, network, form)
            commit()
        except DomainError as refusal:
            session().rollback()
            if form is None:
                raise
            form_refusal(form, refusal)
        else:
            flash_success(_("Tersimpan."))
            return see_other(DESK if asked == "akhiri" else f"{DESK}/{network.slug}")
    return page(
        "networks/edit.html",
        422 if form is not None and form.errors else 200,
        network=_found(slug),
        forms=forms,
        places=queries.places_of(network.id),
        organisations=queries.organisations_of(network.id),
    )


def _change(asked: str, network: Network, form: Any) -> None:
    me = _me()
    if asked == "ubah":
        service.revise(network_id=network.id, name=form.name.data, purpose=form.purpose.data, by=me)
    elif asked == "daerah":
        service.put_locality(network_id=network.id, code=code_of(form.place.data, field="place"), by=me)
    elif asked == "organisasi":
        service.put_organisation(network_id=network.id, slug=form.organisation.data, by=me)
    elif asked == "lepas-daerah":
        service.take_locality(network_id=network.id, code=request.form.get("kode", "")[:20], by=me)
    elif asked == "lepas-organisasi":
        service.take_organisation(network_id=network.id, organisation_id=_id(request.form.get("id")), by=me)
    elif asked == "akhiri":
        service.dissolve(network_id=network.id, by=me)
    else:
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))


def _id(text: str | None) -> uuid.UUID:
    try:
        return uuid.UUID(text or "")
    except ValueError:
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada.")) from None


@blueprint.post(f"{DESK}/hubungan/<uuid:link_id>/setujui")
@access("staff:admin")
def activate(link_id: uuid.UUID) -> Any:
    """The tie holds."""
    service.activate_link(link_id=link_id, by=_me())
    commit()
    flash_success(_("Hubungan berlaku dan tampil di kedua halaman daerah."))
    return see_other(DESK)


@blueprint.route(f"{DESK}/hubungan/<uuid:link_id>/<any(tolak, akhiri):what>", methods=["GET", "POST"])
@access("staff:admin")
def refuse(link_id: uuid.UUID, what: str) -> Any:
    """Decline a proposal, or end a tie, with the reason."""
    link = session().get(LocalityLink, link_id)
    if link is None:
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    form = ReasonForm()
    if form.validate_on_submit():
        act = service.decline_link if what == "tolak" else service.end_link
        try:
            act(link_id=link_id, reason=form.reason.data or "", by=_me())
            commit()
        except DomainError as refusal:
            session().rollback()
            form_refusal(form, refusal)
        else:
            flash_success(_("Tersimpan. Pengusul diberi tahu alasannya."))
            return see_other(DESK)
    return form_page("networks/refuse.html", form, about=_link_words(link), what=what)
