"""Pages of interests: what I and my organisations follow."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from coevolve.kit.access import access
from coevolve.kit.db import commit, session
from coevolve.kit.errors import DomainError, NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.pages import actor, flash_success, form_page, form_refusal, local_path, see_other
from coevolve.kit.text import clean_line
from coevolve.localities import queries as localities
from coevolve.matching import policy, queries, service
from coevolve.matching.forms import SUPPORT_LABELS, InterestForm
from coevolve.matching.views.door import BIG, blueprint
from coevolve.organisations import queries as organisations


@blueprint.app_context_processor
def _words() -> dict[str, Any]:
    return {"interest_in": _interest_in}


def _interest_in(locality_code: str, sector: str | None = None) -> int | None:
    """For the follow button: the reader's own interest in a place, if any. One statement, only where it is shown."""
    person = actor()
    return queries.interest_in(person.id, locality_code, sector) if person is not None else None


# --- what I follow ------------------------------------------------------------------------------------------------


@blueprint.get("/akun/minat")
@access("signed_in")
def interests() -> Response:
    """What the reader and the reader's organisations follow, and a form for more."""
    chosen = localities.find(clean_line(request.args.get("tempat"))[:20])
    form = _form()
    if request.args.get("tempat") and chosen:
        form.tempat.data, form.tempat_kode.data = localities.path_label(chosen), chosen.code
    form.jenis.data = list(SUPPORT_LABELS)
    return _interest_page(form)


@blueprint.post("/akun/minat")
@access("signed_in")
def add_interest() -> BaseResponse:
    """Follow what was filled in."""
    person = actor()
    form = _form()
    if not form.validate_on_submit():
        return _interest_page(form)
    code, (least, most) = form.place_code(), form.amounts()
    if code is None or form.errors:
        return _interest_page(form)
    organisation_id = form.organisation_id()
    try:
        service.follow(
            locality_code=code,
            person_id=person.id if organisation_id is None else None,
            organisation_id=organisation_id,
            sector=form.sektor.data or None,
            kinds=form.kinds(),
            min_minor=least,
            max_minor=most,
            with_neighbours=bool(form.tetangga.data),
            by=person.id,
        )
    except DomainError as refusal:
        session().rollback()
        form_refusal(form, refusal)
        return _interest_page(form)
    commit()
    flash_success(lazy("%(place)s sekarang diikuti.", place=localities.path_label(code)))
    return see_other("/akun/minat")


@blueprint.post(f"/akun/minat/<int(max={BIG}):interest_id>/berhenti")
@access("signed_in")
def stop_interest(interest_id: int) -> BaseResponse:
    """Stop following."""
    person = actor()
    found = queries.find_interest(interest_id)
    if found is None or not _is_own(found, person.id):
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    service.unfollow(interest_id=found.id, person_id=found.person_id, organisation_id=found.organisation_id)
    commit()
    flash_success(lazy("Tidak diikuti lagi."))
    return see_other(local_path(request.form.get("kembali"), "/akun/minat"))


@blueprint.post("/ikuti")
@access("signed_in")
def follow() -> BaseResponse:
    """Follow a place (and a sector) from its page or a listing's."""
    code = clean_line(request.form.get("tempat"))[:20]
    service.follow(
        locality_code=code, person_id=actor().id, sector=clean_line(request.form.get("sektor"))[:20] or None
    )
    commit()
    flash_success(lazy("%(place)s sekarang diikuti.", place=localities.path_label(code)))
    return see_other(local_path(request.form.get("kembali"), "/akun/minat"))


def _is_own(interest: Any, person_id: uuid.UUID) -> bool:
    if interest.person_id is not None:
        return bool(interest.person_id == person_id)
    return policy.may_follow_for(organisations.role_in(person_id, interest.organisation_id))


def _form() -> InterestForm:
    seats = organisations.memberships_of(actor().id)
    followers = [
        ("saya", lazy("Saya sendiri")),
        *((str(s.organisation_id), s.organisation.name) for s in seats),
    ]
    return InterestForm(followers=followers)


def _interest_page(form: InterestForm) -> Response:
    return form_page(
        "matching/interests.html",
        form,
        followed=queries.interests_of(actor().id),
        support_labels=SUPPORT_LABELS,
    )
