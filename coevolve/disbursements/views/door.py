"""What all pages of money out share: the blueprint, whose desk it is, words for a disbursement."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint

from coevolve.disbursements import policy, queries, words
from coevolve.disbursements.models import Disbursement, DisbursementReport, State
from coevolve.kit import i18n
from coevolve.kit.db import session
from coevolve.kit.errors import DomainError, NotFound
from coevolve.kit.i18n import _, lazy
from coevolve.kit.moves import history
from coevolve.kit.pages import actor, form_refusal
from coevolve.organisations import queries as organisations
from coevolve.organisations.models import Organisation
from coevolve.payments import account_standing
from coevolve.people import queries as people
from coevolve.people.models import Person

blueprint = Blueprint("disbursements", __name__)
NOT_FOUND = lazy("Halaman atau data ini tidak ada.")


@blueprint.context_processor
def shared_words() -> dict[str, Any]:
    """Labels that all these pages use."""
    return {
        "STATES": words.STATES,
        "STATE_TAGS": words.STATE_TAGS,
        "REPORT_STATES": words.REPORT_STATES,
        "REPORT_TAGS": words.REPORT_TAGS,
        "STANDINGS": account_standing.STANDINGS,
        "STANDING_TAGS": account_standing.STANDING_TAGS,
    }


def me() -> Person:
    """The signed-in person (the guard has seen to it)."""
    person: Person | None = actor()
    if person is None:
        raise NotFound("not_found", NOT_FOUND)
    return person


def my_desk(slug: str) -> tuple[Organisation, policy.Who]:
    """The organisation of a desk; for whoever does not act for it, it is not there."""
    organisation = organisations.get_by_slug(slug)
    who = queries.who(me(), organisation)
    if who.role is None:
        raise NotFound("not_found", NOT_FOUND)
    return organisation, who


def of_desk(organisation: Organisation, thing: Disbursement | DisbursementReport) -> None:
    """A thing of another organisation is not there."""
    if thing.organisation_id != organisation.id:
        raise NotFound("not_found", NOT_FOUND)


def refused(form: Any, refusal: DomainError) -> None:
    """Undo what was begun, and put the sentence beside its field; what is not there stays not there."""
    session().rollback()
    if refusal.http_status == NotFound.http_status:
        raise refusal
    if refusal.field and refusal.field in form:
        field = form[refusal.field]
        field.errors = [*field.errors, str(refusal.message)]
        return
    form_refusal(form, refusal)


def chain(disbursement: Disbursement) -> list[dict[str, Any]]:
    """Where it stands, step by step, with the days it got there."""
    when: dict[str, Any] = {}
    for event in history(disbursement.machine, disbursement.id):
        when[event.dst] = event.at
    steps = []
    order = [name for name, _label in words.STEPS]
    here = {"sending": "released", "unknown": "sent"}.get(disbursement.state, disbursement.state)
    place = order.index(here) if here in order else -1
    for number, (name, label) in enumerate(words.STEPS):
        is_done = number < place or (number == place and name == State.settled)
        steps.append(
            {
                "text": str(label),
                "note": i18n.short_date(when[name]) if name in when and number <= place else "",
                "is": "done" if is_done else "now" if number == place else "",
            }
        )
    return steps


def log_of(thing: Disbursement | DisbursementReport, labels: dict[str, Any]) -> list[tuple[str, str]]:
    """What happened, newest first, with names."""
    events = history(thing.machine, thing.id)
    names = names_of([event.actor for event in events])
    rows = []
    for event in reversed(events):
        if event.dst == "draft":
            continue
        who = names.get(event.actor) if event.actor else None
        words_of = f"{labels[event.dst]} · {who}" if who else str(labels[event.dst])
        is_reason = event.cause and event.dst in {"rejected", "cancelled", "failed", "unknown", "returned"}
        rows.append((i18n.datetime(event.at), f"{words_of}. {event.cause}" if is_reason else words_of))
    return rows


def names_of(person_ids: Any) -> dict[uuid.UUID, str]:
    """Names of persons, by id."""
    wanted = [one for one in person_ids if one is not None]
    return {key: person.name for key, person in people.by_ids(wanted).items()} if wanted else {}


def hands(disbursement: Disbursement) -> list[tuple[str, str]]:
    """Who proposed, approved and released."""
    names = names_of([disbursement.proposed_by, disbursement.approved_by, disbursement.released_by])
    approver = names.get(disbursement.approved_by, "") if disbursement.approved_by else ""
    if approver and disbursement.is_approved_by_platform:
        approver = _("%(name)s (petugas keuangan, organisasi ini tidak punya pemilik lain)", name=approver)
    return [
        (_("Diajukan oleh"), names.get(disbursement.proposed_by, "")),
        (_("Disetujui oleh"), approver),
        (_("Dilepas oleh"), names.get(disbursement.released_by, "") if disbursement.released_by else ""),
    ]
