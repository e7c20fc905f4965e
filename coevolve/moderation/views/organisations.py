"""A submitted organisation: what it says and filed, the decision."""

from __future__ import annotations

import uuid
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from coevolve.kit import i18n
from coevolve.kit.access import access
from coevolve.kit.db import commit, session
from coevolve.kit.errors import DomainError
from coevolve.kit.i18n import _
from coevolve.kit.pages import flash_success, page, see_other
from coevolve.moderation import forms, policy, queries, service
from coevolve.moderation.views.door import (
    age_of,
    blueprint,
    log_of,
    me,
    place_name,
)
from coevolve.organisations import queries as organisations
from coevolve.organisations import words
from coevolve.organisations.models import Organisation

# --- a submitted organisation -----------------------------------------------------------------------


@blueprint.get("/moderasi/organisasi/<uuid:organisation_id>")
@access("staff:moderator")
def organisation(organisation_id: uuid.UUID) -> Response:
    """What it says of itself and what it filed, with one remark field for each."""
    return _organisation_page(organisations.get(organisation_id), {})


@blueprint.post("/moderasi/organisasi/<uuid:organisation_id>/<any(ambil,setujui,perbaikan,tolak):act>")
@access("staff:moderator")
def decide_organisation(organisation_id: uuid.UUID, act: str) -> Response:
    """Take it, approve it, ask for mending, or refuse it."""
    found = organisations.get(organisation_id)
    try:
        if act == "ambil":
            service.assign(about_kind="organisation", about_id=found.id, by=me())
        elif act == "setujui":
            service.approve_organisation(
                organisation_id=found.id, by=me(), method=str(forms.ApproveForm().method.data or "document")
            )
        elif act == "perbaikan":
            service.return_organisation(organisation_id=found.id, by=me(), remarks=_typed_remarks(found))
        else:
            service.reject_organisation(
                organisation_id=found.id, by=me(), text=str(forms.ReasonForm().text.data or "")
            )
    except DomainError as refusal:
        if refusal.http_status != 422:
            raise
        session().rollback()
        response = _organisation_page(
            organisations.get(organisation_id), request.form, refusal=str(refusal.message)
        )
        response.status_code = 422
        return response
    commit()
    if act == "ambil":
        return see_other(f"/moderasi/organisasi/{organisation_id}")
    flash_success(_("Tercatat. Organisasi mendapat kabar dengan alasannya."))
    return see_other("/moderasi?tab=organisasi")


def _remarkable(organisation: Organisation) -> list[tuple[str, str, str]]:
    """Each thing a moderator may remark on: name, words, what stands there."""
    fields = [
        (name, words.thing(name), str(getattr(organisation, name) or ""))
        for name in ("name", "legal_form", "summary", "address", "email", "phone", "website")
    ]
    fields.insert(
        2,
        (
            "home_locality_code",
            words.thing("home_locality_code"),
            place_name(organisation.home_locality_code),
        ),
    )
    claims = [
        (claim.subject, words.thing(claim.subject), _claim_words(claim))
        for claim in organisations.claims_of(organisation.id)
    ]
    return [*fields, *claims]


def _claim_words(claim: Any) -> str:
    parts = [
        claim.document_number,
        i18n.short_date(claim.document_date),
        claim.note,
        str(words.CLAIM_STATES[claim.state]),
    ]
    return " · ".join(part for part in parts if part)


def _typed_remarks(organisation: Organisation) -> dict[str, str]:
    names = [name for name, _words, _value in _remarkable(organisation)]
    typed = {
        name: request.form.get(f"remark_{name}", "")[:500].replace("\x00", "") for name in [*names, "general"]
    }
    return {name: text for name, text in typed.items() if text.strip()}


def _organisation_page(organisation: Organisation, typed: Any, refusal: str = "") -> Response:
    review = queries.review_of("organisation", organisation.id)
    names = queries.names_of([review.assigned_to] if review and review.assigned_to else [])
    members = organisations.seats_in(organisation.id)
    return page(
        "moderation/organisation.html",
        organisation=organisation,
        kind=words.KINDS[organisation.kind],
        state=words.STATES[organisation.state],
        things=[
            (name, label, value, typed.get(f"remark_{name}", ""))
            for name, label, value in _remarkable(organisation)
        ],
        general=typed.get("remark_general", ""),
        reject_text=typed.get("text", ""),
        members=[
            (seat.person.name, f"{words.ROLES[seat.role]}{' · ' + seat.office if seat.office else ''}")
            for seat in members
        ],
        is_waiting=organisation.state == "in_review",
        may_decide=policy.may_decide(me(), organisation.id),
        assignee=names.get(review.assigned_to) if review and review.assigned_to else None,
        is_mine=bool(review and review.assigned_to == me().id),
        approve=forms.ApproveForm(formdata=None),
        refusal=refusal,
        age=age_of(organisation.submitted_at),
        log=log_of("organisation", organisation.id),
    )
