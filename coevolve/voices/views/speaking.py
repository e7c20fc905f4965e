"""The official with a link or an account, the visitor with a question, the moderator who hides one."""

from __future__ import annotations

import uuid
from typing import Any

from flask import request

from coevolve.kit import rate
from coevolve.kit.access import access
from coevolve.kit.db import commit
from coevolve.kit.errors import DomainError, Forbidden, NotFound
from coevolve.kit.i18n import _, lazy
from coevolve.kit.pages import flash_success, form_page, page, see_other
from coevolve.listings import queries as listings
from coevolve.localities import queries as localities
from coevolve.organisations import queries as organisations
from coevolve.voices import links, policy, queries, service
from coevolve.voices.forms import OfficerForm, QuestionForm, ReasonForm, StatementForm
from coevolve.voices.models import Attestation, AttestationState, Question, QuestionState
from coevolve.voices.views.door import NOT_FOUND, blueprint, me, path_of, refused, shown_listing

QUESTIONS_PER_DAY = 5
DAY_SECONDS = 86_400
TAGS = {"open": "wait", "answered": "good", "hidden": "bad"}


# --- the official with a link -----------------------------------------------------------------------


@blueprint.route("/pernyataan/<uuid:attestation_id>", methods=["GET", "POST"])
@access("token")
def statement(attestation_id: uuid.UUID) -> Any:
    """Read what is asked, and speak."""
    attestation = _opened(attestation_id)
    form = StatementForm(obj=attestation)
    if form.validate_on_submit():
        try:
            service.give_attestation(
                attestation_id=attestation_id,
                name=form.name.data or "",
                office=form.office.data or "",
                agency=form.agency.data or "",
                text=form.text.data or "",
            )
            commit()
        except DomainError as refusal:
            refused(form, refusal)
        else:
            flash_success(_("Pernyataan Anda tampil di halamannya. Terima kasih."))
            return see_other(links.path(attestation_id))
    return form_page("voices/statement.html", form, **_about(attestation_id))


@blueprint.route("/pernyataan/<uuid:attestation_id>/<any(tolak, cabut):what>", methods=["GET", "POST"])
@access("token")
def unsay(attestation_id: uuid.UUID, what: str) -> Any:
    """Not to speak, or to take back what was said."""
    attestation = _opened(attestation_id)
    wanted = AttestationState.asked if what == "tolak" else AttestationState.given
    form = ReasonForm()
    if attestation.state == wanted and form.validate_on_submit():
        act = service.decline_attestation if what == "tolak" else service.revoke_attestation
        try:
            act(attestation_id=attestation_id, reason=form.reason.data or "")
            commit()
        except DomainError as refusal:
            refused(form, refusal)
        else:
            flash_success(_("Tersimpan. Organisasinya diberi tahu alasan Anda."))
            return see_other(links.path(attestation_id))
    if attestation.state != wanted:
        return see_other(links.path(attestation_id))
    return form_page("voices/unsay.html", form, what=what, **_about(attestation_id))


def _opened(attestation_id: uuid.UUID) -> Attestation:
    if not links.opens(request.args.get("kunci"), attestation_id):
        raise NotFound("not_found", NOT_FOUND)
    found = queries.find_attestation(attestation_id)
    if found is None:
        raise NotFound("not_found", NOT_FOUND)
    return found


def _about(attestation_id: uuid.UUID) -> dict[str, Any]:
    attestation = _opened(attestation_id)
    listing = listings.get(attestation.listing_id)
    return {
        "attestation": attestation,
        "listing": listing,
        "organisation": organisations.get(listing.organisation_id),
        "place": localities.path_label(listing.locality_code) if listing.locality_code else "",
        "lines": listings.lines_of(listing.id),
        "state": Attestation.state_labels[AttestationState(attestation.state)],
        "is_asked": attestation.state == AttestationState.asked,
        "key": request.args.get("kunci", ""),
        "public_path": path_of(listing),
    }


# --- the officer with an account --------------------------------------------------------------------


@blueprint.route("/nyatakan/<slug>", methods=["GET", "POST"])
@access("signed_in")
def attest(slug: str) -> Any:
    """An officer of the place speaks."""
    listing = shown_listing(slug)
    if not policy.may_attest(me(), listing):
        raise Forbidden(
            "not_officer", lazy("Pernyataan diberikan petugas pemerintah daerah tempat tayangan ini.")
        )
    form = OfficerForm()
    if form.validate_on_submit():
        try:
            service.attest(
                listing_id=listing.id, by=me(), office=form.office.data or "", text=form.text.data or ""
            )
            commit()
        except DomainError as refusal:
            refused(form, refusal)
        else:
            flash_success(_("Pernyataan Anda tampil di halamannya. Terima kasih."))
            return see_other(path_of(listing))
    return form_page("voices/attest.html", form, listing=listing, public_path=path_of(listing))


# --- questions --------------------------------------------------------------------------------------


@blueprint.route("/tanya/<slug>", methods=["GET", "POST"])
@access("signed_in")
def ask(slug: str) -> Any:
    """Ask in public."""
    listing = shown_listing(slug)
    if not policy.may_ask(me(), listing):
        raise Forbidden("not_now", lazy("Tayangan ini tidak menerima pertanyaan dari Anda sekarang."))
    form = QuestionForm()
    if form.validate_on_submit():
        rate.hit(f"question:{me().id}", limit=QUESTIONS_PER_DAY, window_seconds=DAY_SECONDS)
        try:
            service.ask(
                listing_id=listing.id,
                by=me(),
                text=form.text.data or "",
                is_name_public=bool(form.is_name_public.data),
            )
            commit()
        except DomainError as refusal:
            refused(form, refusal)
        else:
            flash_success(_("Pertanyaan terkirim. Anda diberi tahu begitu dijawab."))
            return see_other(f"{path_of(listing)}#tanya")
    return form_page("voices/ask.html", form, listing=listing, public_path=path_of(listing))


@blueprint.get("/moderasi/pertanyaan")
@access("staff:moderator")
def newest() -> Any:
    """The newest questions everywhere."""
    rows = [
        (one, listing, path_of(listing), Question.state_labels[QuestionState(one.state)], TAGS[one.state])
        for one, listing in queries.newest_questions()
    ]
    return page("voices/questions.html", rows=rows)


@blueprint.route("/moderasi/pertanyaan/<uuid:question_id>", methods=["GET", "POST"])
@access("staff:moderator")
def hide(question_id: uuid.UUID) -> Any:
    """A moderator takes a question from the page."""
    question = queries.find_question(question_id)
    if question is None:
        raise NotFound("not_found", NOT_FOUND)
    listing = listings.get(question.listing_id)
    form = ReasonForm()
    if form.validate_on_submit():
        try:
            service.hide_question(question_id=question_id, by=me(), reason=form.reason.data or "")
            commit()
        except DomainError as refusal:
            refused(form, refusal)
        else:
            flash_success(_("Disembunyikan. Penanya diberi tahu alasannya."))
            return see_other(path_of(listing))
    return form_page("voices/hide.html", form, question=question, listing=listing)
