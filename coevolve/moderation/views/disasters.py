"""Declared disasters: what is in force, declaring one by its decree, ending one."""

from __future__ import annotations

import uuid
from typing import Any

from werkzeug.wrappers import Response

from coevolve.kit import i18n
from coevolve.kit.access import access
from coevolve.kit.db import commit, session, uuid7
from coevolve.kit.errors import DomainError, Forbidden, Invalid
from coevolve.kit.i18n import _, lazy
from coevolve.kit.pages import flash_success, form_page, form_refusal, see_other
from coevolve.listings import queries as listings
from coevolve.listings import service
from coevolve.listings.finding_models import Disaster, DisasterState
from coevolve.listings.queries import ShownDisaster
from coevolve.listings.queries.cards import STATUS_LABELS
from coevolve.listings.queries.naming import known_places, place_code
from coevolve.moderation.forms import MISSING, DisasterForm
from coevolve.moderation.views.door import blueprint, me, place_name

PATH = "/moderasi/bencana"


@blueprint.route(PATH, methods=["GET", "POST"])
@access("staff:any")
def disasters() -> Response:
    """All that were declared, and the form to declare one."""
    _require()
    form = DisasterForm()
    if not form.is_submitted():
        form.client_token.data = str(uuid7())
    if form.validate_on_submit():
        try:
            declared = _declare(form)
        except DomainError as refusal:
            session().rollback()
            form_refusal(form, refusal)
        else:
            name = declared.name
            commit()
            flash_success(
                _("%(name)s ditetapkan. Kebutuhan di daerahnya kini tampil paling atas.", name=name)
            )
            return see_other(PATH)
    return form_page(
        "moderation/disasters.html",
        form,
        rows=[_row(found) for found in listings.every_disaster()],
        places=known_places(),
    )


@blueprint.post(f"{PATH}/<uuid:disaster_id>/akhiri")
@access("staff:any")
def end_disaster(disaster_id: uuid.UUID) -> Response:
    """End one before its last day; a second click changes nothing."""
    _require()
    ended = service.end(disaster_id=disaster_id, by=me())
    name = ended.name
    commit()
    flash_success(_("Status bencana diakhiri: %(name)s.", name=name))
    return see_other(PATH)


def _require() -> None:
    if not service.may_declare(me()):
        raise Forbidden("not_a_declarer", lazy("Hanya moderator dan admin yang menetapkan status bencana."))


def _declare(form: DisasterForm) -> Disaster:
    lines = [line.strip() for line in str(form.places.data).splitlines() if line.strip()]
    codes = []
    for line in lines[: service.PLACES_MOST + 1]:
        try:
            codes.append(place_code(line))
        except DomainError as refusal:
            refusal.field = "places"
            raise
    decree_on, starts_on, ends_on = form.decree_on.data, form.starts_on.data, form.ends_on.data
    if decree_on is None or starts_on is None or ends_on is None:
        raise Invalid("days", MISSING)
    return service.declare(
        by=me(),
        name=str(form.name.data),
        status=str(form.status.data),
        decree_number=str(form.decree_number.data),
        decree_on=decree_on,
        issued_by=str(form.issued_by.data),
        codes=codes,
        starts_on=starts_on,
        ends_on=ends_on,
        client_token=_token(str(form.client_token.data or "")),
    )


def _token(words: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(words)
    except ValueError:
        return None


def _row(found: ShownDisaster) -> dict[str, Any]:
    is_in_force = found.state == DisasterState.declared
    return {
        "id": found.id,
        "name": found.name,
        "status": str(STATUS_LABELS[found.status]),
        "state": Disaster.state_labels[DisasterState(found.state)],
        "tag": "good" if is_in_force else "plain",
        "decree": _(
            "%(number)s, %(day)s, %(by)s",
            number=found.decree_number,
            day=i18n.short_date(found.decree_on),
            by=found.issued_by,
        ),
        "places": ", ".join(place_name(code) for code in found.localities),
        "period": f"{i18n.short_date(found.starts_on)} – {i18n.short_date(found.ends_on)}",
        "is_in_force": is_in_force,
        "href": f"/jelajah?bencana={found.id}",
    }
