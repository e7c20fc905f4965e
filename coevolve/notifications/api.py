"""What needs no sign-in: stopping mails and proving an address by a signed link, and what the mail server reports.

No cookie, so no form token; mail programs may press a stop link themselves (RFC 8058).
"""

from __future__ import annotations

import logging
import sys
import uuid

from flask import Blueprint, Response, request

from coevolve.config import settings
from coevolve.kit import rate
from coevolve.kit.access import access
from coevolve.kit.db import commit
from coevolve.kit.errors import NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.pages import page
from coevolve.notifications import bounces, kinds, links, reports, service
from coevolve.people import queries as people

log = logging.getLogger(__name__)
blueprint = Blueprint("notifications_api", __name__)


def _stop_page(token: str, groups: tuple[str, ...], done: str) -> Response:
    labels = [str(kinds.GROUPS[group].label) for group in groups]
    return page("notifications/stop.html", group=", ".join(labels), token=token, done=done)


@blueprint.get("/berhenti/<token>")
@access("token")
def ask_stop(token: str) -> Response:
    """Ask whether to stop; opening the link alone changes nothing, for scanners open links too."""
    person_id, groups = links.read_stop_token(token)
    people.get(person_id)
    return _stop_page(token, groups, "")


@blueprint.post("/berhenti/<token>")
@access("token")
def stop(token: str) -> Response:
    """Stop these groups of mails (also the one-click of RFC 8058)."""
    person_id, groups = links.read_stop_token(token)
    people.get(person_id)
    for group in groups:
        service.stop(person_id=person_id, group=group)
    commit()
    return _stop_page(token, groups, "group")


@blueprint.post("/berhenti/<token>/semua")
@access("token")
def stop_all(token: str) -> Response:
    """Stop all mails but those about the account itself."""
    person_id, groups = links.read_stop_token(token)
    people.get(person_id)
    service.stop(person_id=person_id, group="all")
    commit()
    return _stop_page(token, groups, "all")


@blueprint.get("/alamat/<token>")
@access("token")
def ask_proof(token: str) -> Response:
    """Ask to press once; opening the link alone proves nothing, for scanners open links too."""
    proof = links.read_proof(token)
    return page("notifications/proof.html", token=token, is_shared=proof[0] == "bersama", done=False)


@blueprint.post("/alamat/<token>")
@access("token")
def prove(token: str) -> Response:
    """The address is read by whom it should be: mail goes there (again)."""
    proof = links.read_proof(token)
    if proof[0] == "surel":
        person = people.get(uuid.UUID(proof[1]))
        if person.email != proof[2]:
            raise NotFound("link_unknown", lazy("Tautan ini tidak dikenal."))
        service.standing.clear(address=proof[2])
        service.resume(person_id=person.id)
    elif not service.prove_address(organisation_id=uuid.UUID(proof[1]), person_id=uuid.UUID(proof[2])):
        raise NotFound("link_unknown", lazy("Tautan ini tidak dikenal."))
    commit()
    return page("notifications/proof.html", token=token, is_shared=proof[0] == "bersama", done=True)


@blueprint.post("/webhook/mail")
@access("signature")
def mail_report() -> Response:
    """A bounce or a complaint, handed over by the operator's mail server; the same report twice changes nothing."""
    request.max_content_length = settings().max_webhook_bytes
    raw = request.get_data(cache=False)
    try:
        bounces.check(raw, request.headers.get("Coevolve-Signature"))
        outcome = reports.take(bounces.read(raw, request.headers.get("Content-Type", "")))
    except bounces.BadReport as refusal:
        log.warning("mail report refused", extra={"reason": str(refusal), "bytes": len(raw)})
        rate.hit("mail_report_refused", limit=sys.maxsize, window_seconds=300)
        commit()
        return Response("refused\n", status=400, mimetype="text/plain")
    commit()
    return Response(f"{outcome}\n", status=200, mimetype="text/plain")
