"""The organisation's desk: statements asked for, questions to answer, partners; and invitations from others."""

from __future__ import annotations

import uuid
from typing import Any

from coevolve.kit.access import access
from coevolve.kit.db import commit
from coevolve.kit.errors import DomainError, NotFound
from coevolve.kit.i18n import _
from coevolve.kit.pages import flash_success, form_page, page, see_other
from coevolve.listings.models import Listing
from coevolve.organisations.models import Organisation
from coevolve.voices import policy, queries, service
from coevolve.voices.forms import AnswerForm, AttestationAskForm, PartnerForm, ReasonForm
from coevolve.voices.models import (
    Attestation,
    AttestationState,
    ListingPartner,
    PartnerState,
    Question,
    QuestionState,
)
from coevolve.voices.views.door import NOT_FOUND, blueprint, me, my_listing, my_organisation, path_of, refused

ONE = "/dasbor/<slug>/listing/<uuid:listing_id>/suara"
STATE_TAGS: dict[str, str] = {
    "asked": "wait",
    "given": "good",
    "revoked": "bad",
    "open": "wait",
    "answered": "good",
    "hidden": "bad",
    "invited": "wait",
    "accepted": "good",
}


@blueprint.get(ONE)
@access("signed_in")
def voices(slug: str, listing_id: uuid.UUID) -> Any:
    """All voices about one listing."""
    organisation, listing, role = my_listing(slug, listing_id)
    return page("voices/desk.html", **_desk(organisation, listing, role))


def _desk(organisation: Organisation, listing: Listing, role: str) -> dict[str, Any]:
    is_live = listing.state in policy.BEFORE_THE_END
    return {
        "organisation": organisation,
        "listing": listing,
        "base": f"/dasbor/{organisation.slug}/listing/{listing.id}",
        "public_path": path_of(listing),
        "attestations": [
            (one, Attestation.state_labels[AttestationState(one.state)])
            for one in queries.attestations_of(listing.id)
        ],
        "questions": [
            (one, Question.state_labels[QuestionState(one.state)]) for one in queries.questions_of(listing.id)
        ],
        "partners": [
            (one, partner, ListingPartner.state_labels[PartnerState(one.state)])
            for one, partner in queries.partners_of(listing.id)
        ],
        "tags": STATE_TAGS,
        "may_write": policy.may_write(me(), listing),
        "may_ask_officials": is_live and policy.may_write(me(), listing),
        "may_invite": is_live and role == "owner" and listing.kind in ("need", "campaign"),
        "may_end": role == "owner",
    }


@blueprint.route(f"{ONE}/pejabat", methods=["GET", "POST"])
@access("signed_in")
def ask_official(slug: str, listing_id: uuid.UUID) -> Any:
    """Ask an official for a statement."""
    _organisation, listing, _role = my_listing(slug, listing_id)
    form = AttestationAskForm()
    if form.validate_on_submit():
        try:
            service.ask_attestation(
                listing_id=listing.id,
                by=me(),
                email=form.email.data or "",
                name=form.name.data or "",
                office=form.office.data or "",
                agency=form.agency.data or "",
            )
            commit()
        except DomainError as refusal:
            refused(form, refusal)
        else:
            flash_success(_("Permintaan dikirim. Anda diberi tahu begitu dijawab."))
            return see_other(f"/dasbor/{slug}/listing/{listing_id}/suara")
    return form_page("voices/ask_official.html", form, **_desk(*my_listing(slug, listing_id)))


@blueprint.post(f"{ONE}/pejabat/<uuid:attestation_id>/tarik")
@access("signed_in")
def withdraw(slug: str, listing_id: uuid.UUID, attestation_id: uuid.UUID) -> Any:
    """No longer ask."""
    _organisation, listing, _role = my_listing(slug, listing_id)
    found = queries.find_attestation(attestation_id)
    if found is None or found.listing_id != listing.id:
        raise NotFound("not_found", NOT_FOUND)
    service.withdraw_attestation(attestation_id=attestation_id, by=me())
    commit()
    flash_success(_("Permintaan ditarik."))
    return see_other(f"/dasbor/{slug}/listing/{listing_id}/suara")


@blueprint.route(f"{ONE}/tanya/<uuid:question_id>", methods=["GET", "POST"])
@access("signed_in")
def answer(slug: str, listing_id: uuid.UUID, question_id: uuid.UUID) -> Any:
    """Answer a question in public."""
    _organisation, listing, _role = my_listing(slug, listing_id)
    question = queries.find_question(question_id)
    if question is None or question.listing_id != listing.id:
        raise NotFound("not_found", NOT_FOUND)
    form = AnswerForm(obj=question)
    if form.validate_on_submit():
        try:
            service.answer(question_id=question_id, by=me(), text=form.answer.data or "")
            commit()
        except DomainError as refusal:
            refused(form, refusal)
        else:
            flash_success(_("Jawaban tampil di halaman tayangan."))
            return see_other(f"/dasbor/{slug}/listing/{listing_id}/suara")
    context = _desk(*my_listing(slug, listing_id)) | {"question": queries.find_question(question_id)}
    return form_page("voices/answer.html", form, **context)


# --- joint listings ---------------------------------------------------------------------------------


@blueprint.route(f"{ONE}/mitra", methods=["GET", "POST"])
@access("signed_in")
def invite(slug: str, listing_id: uuid.UUID) -> Any:
    """Invite an organisation to ask together."""
    _organisation, listing, _role = my_listing(slug, listing_id)
    form = PartnerForm()
    if form.validate_on_submit():
        try:
            service.invite_partner(
                listing_id=listing.id,
                by=me(),
                slug=form.organisation.data or "",
                part=form.part.data or "",
            )
            commit()
        except DomainError as refusal:
            refused(form, refusal)
        else:
            flash_success(_("Ajakan dikirim kepada pemilik organisasinya."))
            return see_other(f"/dasbor/{slug}/listing/{listing_id}/suara")
    return form_page("voices/invite.html", form, **_desk(*my_listing(slug, listing_id)))


@blueprint.route(f"{ONE}/mitra/<uuid:partner_id>/akhiri", methods=["GET", "POST"])
@access("signed_in")
def end(slug: str, listing_id: uuid.UUID, partner_id: uuid.UUID) -> Any:
    """The lead ends a partnership, or withdraws an invitation."""
    _organisation, listing, _role = my_listing(slug, listing_id)
    row = next((one for one, _ in queries.partners_of(listing.id) if one.id == partner_id), None)
    if row is None:
        raise NotFound("not_found", NOT_FOUND)
    return _end(partner_id, f"/dasbor/{slug}/listing/{listing_id}/suara", listing)


@blueprint.get("/dasbor/<slug>/ajakan")
@access("signed_in")
def invitations(slug: str) -> Any:
    """What others invited us to, and what we ask together."""
    organisation, role = my_organisation(slug)
    return page("voices/invitations.html", **_invitations(organisation, role))


def _invitations(organisation: Organisation, role: str) -> dict[str, Any]:
    return {
        "organisation": organisation,
        "rows": [
            {
                "partner": partner,
                "listing": listing,
                "lead": lead,
                "path": path_of(listing),
                "state": ListingPartner.state_labels[PartnerState(partner.state)],
                "tag": STATE_TAGS.get(partner.state, ""),
                "is_invited": partner.state == PartnerState.invited,
            }
            for partner, listing, lead in queries.joint_of(organisation.id)
        ],
        "may_answer": role == "owner",
    }


@blueprint.post("/dasbor/<slug>/ajakan/<uuid:partner_id>/terima")
@access("signed_in")
def accept(slug: str, partner_id: uuid.UUID) -> Any:
    """Ask together."""
    _mine(slug, partner_id)
    service.answer_invitation(partner_id=partner_id, by=me(), is_accepted=True)
    commit()
    flash_success(_("Organisasi Anda tampil sebagai mitra di halaman tayangan."))
    return see_other(f"/dasbor/{slug}/ajakan")


@blueprint.route("/dasbor/<slug>/ajakan/<uuid:partner_id>/<any(tolak, keluar):what>", methods=["GET", "POST"])
@access("signed_in")
def refuse(slug: str, partner_id: uuid.UUID, what: str) -> Any:
    """Say no, or leave."""
    row, listing = _mine(slug, partner_id)
    if what == "keluar":
        return _end(row.id, f"/dasbor/{slug}/ajakan", listing)
    form = ReasonForm()
    if form.validate_on_submit():
        try:
            service.answer_invitation(
                partner_id=partner_id, by=me(), is_accepted=False, reason=form.reason.data or ""
            )
            commit()
        except DomainError as refusal:
            refused(form, refusal)
        else:
            flash_success(_("Tersimpan. Pengajaknya diberi tahu alasannya."))
            return see_other(f"/dasbor/{slug}/ajakan")
    return form_page("voices/end.html", form, listing=listing, back=f"/dasbor/{slug}/ajakan", what=what)


def _mine(slug: str, partner_id: uuid.UUID) -> tuple[ListingPartner, Listing]:
    organisation, _role = my_organisation(slug)
    for row, listing, _lead in queries.joint_of(organisation.id):
        if row.id == partner_id:
            return row, listing
    raise NotFound("not_found", NOT_FOUND)


def _end(partner_id: uuid.UUID, back: str, listing: Listing) -> Any:
    form = ReasonForm()
    if form.validate_on_submit():
        try:
            service.end_partnership(partner_id=partner_id, by=me(), reason=form.reason.data or "")
            commit()
        except DomainError as refusal:
            refused(form, refusal)
        else:
            flash_success(_("Kemitraan berakhir. Yang lain diberi tahu alasannya."))
            return see_other(back)
    return form_page("voices/end.html", form, listing=listing, back=back, what="akhiri")
