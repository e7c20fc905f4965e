"""What all these pages share: the blueprint, whose pledge it is, and how a refusal is shown."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from coevolve.kit.db import session
from coevolve.kit.errors import DomainError, NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.pages import actor
from coevolve.localities import queries as localities
from coevolve.pledges import links, policy, queries
from coevolve.pledges.models import Pledge
from coevolve.pledges.policy import Party

blueprint = Blueprint("pledges", __name__)


def seen(pledge_id: uuid.UUID) -> tuple[Pledge, Party]:
    """The pledge and how the reader stands to it, by sign-in or by the key in the address; strangers get 404."""
    pledge = queries.get(pledge_id)
    party = policy.party_of(actor(), pledge)
    side = links.side_of(key(), pledge_id)
    if side is not None and not (party.is_giver or party.is_receiver):
        party = policy.party_by_link(side)
    if not policy.allows(party, "see", pledge):
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    return pledge, party


def key() -> str:
    """The signed key in the address, if there is one."""
    return request.args.get("kunci", "")


def address(pledge_id: uuid.UUID, tail: str = "", anchor: str = "") -> str:
    """A page of the pledge, with the reader's key kept."""
    said = key()
    return f"/dukungan/{pledge_id}{tail}" + (f"?kunci={said}" if said else "") + anchor


def private(response: Response) -> Response:
    """Neither kept by caches nor told to other sites: the address may carry a key."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def refused(form: Any, refusal: DomainError) -> None:
    """Undo what was begun, and put the sentence beside its field."""
    session().rollback()
    field = next((one for one in form if refusal.field in {one.name, one.short_name}), None)
    if field is None:
        form.form_errors = [*form.form_errors, str(refusal.message)]
    else:
        field.errors = [*field.errors, str(refusal.message)]


def zone_of(locality_code: str | None) -> str:
    """The zone that hours of a listing are said in."""
    return localities.zone_of(locality_code) if locality_code else "Asia/Jakarta"
