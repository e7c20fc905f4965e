"""The page of the house for staff: queues, faults, what failed, and trying again."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, request

from coevolve.kit import clock
from coevolve.kit.access import access
from coevolve.kit.db import commit
from coevolve.kit.errors import NotFound
from coevolve.kit.i18n import _, lazy
from coevolve.kit.pages import actor, flash_success, page, see_other
from coevolve.operations import alarms, queries, service, words
from coevolve.people import queries as people
from coevolve.people.models import Person

blueprint = Blueprint("operations", __name__)


def _me() -> Person:
    person: Person | None = actor()
    if person is None:
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    return person


@blueprint.get("/sistem")
@access("staff:any")
def board() -> Any:
    """How the house stands."""
    lines = queries.board()
    lasting = queries.open_alarms()
    past = queries.past_alarms()
    letters = [
        (line.duty, queries.letters(line.duty)) for queue in lines for line in queue.duties if line.letters
    ]
    seen_by = {alarm.seen_by for alarm in (*lasting, *past) if alarm.seen_by}
    return page(
        "operations/board.html",
        lines=lines,
        alarms=lasting,
        past=past,
        failures=queries.open_failures(),
        letters=letters,
        runbooks={alarm.code: alarms.rule_of(alarm.code).runbook for alarm in (*lasting, *past)},
        names={key: person.name for key, person in people.by_ids(seen_by).items()},
        words=words,
        now=clock.now(),
        zone=_me().zone,
        may_mend="admin" in people.staff_roles(_me().id),
    )


@blueprint.post("/sistem/gangguan/<uuid:alarm_id>")
@access("staff:any")
def acknowledge(alarm_id: uuid.UUID) -> Any:
    """I am at it."""
    service.acknowledge(alarm_id=alarm_id, by=_me())
    commit()
    flash_success(_("Tercatat: Anda menangani gangguan ini."))
    return see_other("/sistem")


@blueprint.post("/sistem/kegagalan/<int:failure_id>")
@access("staff:admin")
def failure(failure_id: int) -> Any:
    """Try a failed job again, or set it aside."""
    if request.form.get("aksi") == "sisihkan":
        service.set_failure_aside(failure_id=failure_id, by=_me())
        said = _("Kegagalan disisihkan.")
    else:
        service.retry_failure(failure_id=failure_id, by=_me())
        said = _("Pekerjaan dikirim lagi. Kalau gagal lagi, ia muncul lagi di sini.")
    commit()
    flash_success(said)
    return see_other("/sistem")


@blueprint.post("/sistem/menyerah/<name>/<key>")
@access("staff:admin")
def letter(name: str, key: str) -> Any:
    """Put a duty that was given up back."""
    service.retry_letter(name=name, key=key)
    commit()
    flash_success(_("Dicoba lagi sekarang."))
    return see_other("/sistem")
