"""Reports: made by anybody, decided by moderators."""

from __future__ import annotations

import uuid
from typing import Any

from werkzeug.wrappers import Response

from coevolve.kit import i18n, rate
from coevolve.kit.access import access
from coevolve.kit.db import commit, session
from coevolve.kit.errors import DomainError, NotFound
from coevolve.kit.i18n import _, lazy
from coevolve.kit.pages import actor, client_address, flash_success, form_page, form_refusal, page, see_other
from coevolve.listings import queries as listings
from coevolve.listings.models import PUBLIC, Listing
from coevolve.moderation import forms, policy, queries, service
from coevolve.moderation.views.door import (
    REPORTS_PER_DAY,
    blueprint,
    found_listing,
    log_of,
    me,
    organisation_facts,
    path_of,
)
from coevolve.organisations import queries as organisations
from coevolve.payments.words import ROUNDS
from coevolve.reconciliation.service.refund_rounds import round_of

# --- reports ----------------------------------------------------------------------------------------


@blueprint.get("/moderasi/laporan/<uuid:listing_id>")
@access("staff:moderator")
def reports(listing_id: uuid.UUID) -> Response:
    """The reports about one listing, and what to do."""
    return _reports_page(found_listing(listing_id), forms.ReasonForm())


@blueprint.post("/moderasi/laporan/<uuid:listing_id>/<any(abaikan,bekukan,cabut,tutup,kembalikan):act>")
@access("staff:moderator", step_up=True)
def decide_reports(listing_id: uuid.UUID, act: str) -> Response:
    """Find them unfounded, freeze the listing, end the freeze, or close it, perhaps giving every gift back."""
    found = found_listing(listing_id)
    form = forms.ReasonForm()
    words_typed = str(form.text.data or "")
    if form.validate_on_submit():
        try:
            if act == "abaikan":
                service.dismiss(listing_id=found.id, by=me(), text=words_typed)
            elif act == "bekukan":
                service.freeze(listing_id=found.id, by=me(), text=words_typed)
            else:
                service.unfreeze(
                    listing_id=found.id,
                    by=me(),
                    text=words_typed,
                    is_closed=act in {"tutup", "kembalikan"},
                    refunds=act == "kembalikan",
                )
        except DomainError as refusal:
            if refusal.http_status != 422:
                raise
            session().rollback()
            form_refusal(form, refusal)
        else:
            commit()
            flash_success(_("Keputusan tercatat."))
            return see_other("/moderasi?tab=laporan")
    response = _reports_page(found_listing(listing_id), form)
    response.status_code = 422
    return response


def _reports_page(listing: Listing, form: Any) -> Response:
    organisation = organisations.get(listing.organisation_id)
    return page(
        "moderation/reports.html",
        listing=listing,
        organisation=organisation,
        path=path_of(listing),
        facts=organisation_facts(organisation),
        reports=[
            (
                i18n.datetime(one.created_at, me().zone),
                str(policy.REPORT_REASONS.get(one.reason, "")),
                one.text,
            )
            for one in queries.new_reports_of("listing", listing.id)
        ],
        is_frozen=listing.state == "frozen",
        may_freeze=listing.state in ("open", "paused"),
        round=round_of(listing.id),
        round_states=ROUNDS,
        may_decide=policy.may_decide(me(), organisation.id),
        form=form,
        log=log_of("listing", listing.id),
        answers=[
            (i18n.datetime(at, me().zone), name, text) for at, name, text in queries.answers_about(listing.id)
        ],
    )


@blueprint.route("/laporkan/<slug>", methods=["GET", "POST"])
@access("public")
def report(slug: str) -> Response:
    """Anybody may report a public listing, without an account; a few times a day."""
    found = listings.find_by_slug(slug)
    if found is None or found.state not in PUBLIC:
        raise NotFound("listing_not_found", lazy("Tayangan ini tidak ada, atau belum tayang."))
    form = forms.ReportForm()
    if form.validate_on_submit():
        rate.hit(f"report:{client_address()}", limit=REPORTS_PER_DAY, window_seconds=86_400)
        try:
            service.report(
                listing_id=found.id, reason=str(form.reason.data), text=str(form.text.data), by=actor()
            )
        except DomainError as refusal:
            session().rollback()
            form_refusal(form, refusal)
        else:
            commit()
            flash_success(
                _(
                    "Laporan Anda sudah kami terima. Moderator memeriksanya; tayangan ini tidak berubah sebelum itu."
                )
            )
            return see_other(path_of(found))
    return form_page("moderation/report.html", form, listing=found, path=path_of(found))


@blueprint.route("/tanggapan/<slug>", methods=["GET", "POST"])
@access("signed_in")
def answer(slug: str) -> Response:
    """Members of the organisation say their side while moderators look into reports about their listing."""
    found = listings.find_by_slug(slug)
    if found is None or organisations.role_in(actor().id, found.organisation_id) is None:
        raise NotFound("listing_not_found", lazy("Tayangan ini tidak ada."))
    form = forms.AnswerForm()
    if form.validate_on_submit():
        try:
            service.answer(listing_id=found.id, by=actor(), text=str(form.text.data))
        except DomainError as refusal:
            session().rollback()
            form_refusal(form, refusal)
        else:
            commit()
            flash_success(_("Penjelasan Anda sampai pada moderator. Keputusannya kami kabarkan lewat surel."))
            return see_other(f"/dasbor/{organisations.get(found.organisation_id).slug}")
    return form_page("moderation/answer.html", form, listing=found, is_frozen=found.state == "frozen")
