"""Stopping mails by a signed link: no sign-in, no cookie, so no form token; mail programs may press it themselves."""

from __future__ import annotations

from flask import Blueprint, Response

from coevolve.kit.access import access
from coevolve.kit.db import commit
from coevolve.kit.pages import page
from coevolve.notifications import kinds, links, service
from coevolve.people import queries as people

blueprint = Blueprint("notifications_api", __name__)


@blueprint.get("/berhenti/<token>")
@access("token")
def ask_stop(token: str) -> Response:
    """Ask whether to stop; opening the link alone changes nothing, for scanners open links too."""
    person_id, group = links.read_stop_token(token)
    people.get(person_id)
    return page("notifications/stop.html", group=kinds.GROUPS[group].label, token=token, done="")


@blueprint.post("/berhenti/<token>")
@access("token")
def stop(token: str) -> Response:
    """Stop this group of mails (also the one-click of RFC 8058)."""
    person_id, group = links.read_stop_token(token)
    people.get(person_id)
    service.stop(person_id=person_id, group=group)
    commit()
    return page("notifications/stop.html", group=kinds.GROUPS[group].label, token=token, done="group")


@blueprint.post("/berhenti/<token>/semua")
@access("token")
def stop_all(token: str) -> Response:
    """Stop all mails but those about the account itself."""
    person_id, group = links.read_stop_token(token)
    people.get(person_id)
    service.stop(person_id=person_id, group="all")
    commit()
    return page("notifications/stop.html", group=kinds.GROUPS[group].label, token=token, done="all")
