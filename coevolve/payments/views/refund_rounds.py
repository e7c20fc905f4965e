"""The refund of a whole campaign: approved by a second person, its progress shown while a worker goes through it."""

from __future__ import annotations

import uuid
from typing import Any

from flask import request
from werkzeug.wrappers import Response as BaseResponse

from coevolve.kit import i18n
from coevolve.kit.access import access
from coevolve.kit.db import commit, get, session
from coevolve.kit.errors import DomainError
from coevolve.kit.i18n import lazy
from coevolve.kit.money import Money
from coevolve.kit.pages import actor, flash_success, form_page, form_refusal, is_htmx, page, see_other
from coevolve.moderation import queries as names
from coevolve.payments import words
from coevolve.payments.forms import RefundReasonForm
from coevolve.payments.models import RefundRound
from coevolve.payments.views.door import blueprint
from coevolve.payments.views.refunds import QUEUE
from coevolve.reconciliation import refund_reads as reads
from coevolve.reconciliation import service
from coevolve.reconciliation.service.refund_rounds import progress_of


@blueprint.get(QUEUE + "/kampanye/<uuid:round_id>")
@access("staff:finance")
def refund_round(round_id: uuid.UUID) -> BaseResponse:
    """A round: why, how much, and how far it is. The part that moves asks for itself."""
    shown = get(RefundRound, round_id)
    if is_htmx():
        return page("payments/_refund_progress.html", **_progress(shown))
    return _round_page(shown, RefundReasonForm())


def _progress(shown: RefundRound) -> dict[str, Any]:
    progress = progress_of(shown.id)
    return {
        "round": shown,
        "progress": progress,
        "done_money": Money(progress.money_done),
        "all_money": Money(progress.money),
        "said_now": i18n.number(progress.done),
        "round_states": words.ROUNDS,
    }


def _round_page(shown: RefundRound, form: RefundReasonForm) -> BaseResponse:
    after = request.args.get("sesudah", "")
    rows = reads.rows_of_round(shown.id, after=uuid.UUID(after) if _is_id(after) else None, limit=51)
    return form_page(
        "payments/refund_round.html",
        form,
        rows=rows[:50],
        more=f"{QUEUE}/kampanye/{shown.id}?sesudah={rows[49].id}" if len(rows) > 50 else None,
        people=names.names_of([one for one in (shown.asked_by, shown.approved_by) if one]),
        is_own=shown.asked_by == actor().id,
        states=words.REFUNDS,
        **_progress(shown),
    )


def _is_id(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


DONE = {
    "setujui": lazy("Disetujui. Semua donatur dikembalikan satu per satu; kemajuannya terlihat di sini."),
    "batalkan": lazy("Dibatalkan. Uangnya tetap di tempatnya."),
}


@blueprint.post(QUEUE + "/kampanye/<uuid:round_id>/<any(setujui,batalkan):act>")
@access("staff:finance", step_up=True)
def decide_round(round_id: uuid.UUID, act: str) -> BaseResponse:
    """Say yes to all of it, or no."""
    form = RefundReasonForm()
    if act == "batalkan" and not form.validate():
        return _round_page(get(RefundRound, round_id), form)
    try:
        if act == "setujui":
            service.approve_round(round_id=round_id, by=actor().id)
        else:
            service.cancel_round(round_id=round_id, by=actor().id, because=form.reason.data or "")
        commit()
    except DomainError as refusal:
        session().rollback()
        form_refusal(form, refusal)
        return _round_page(get(RefundRound, round_id), form)
    flash_success(DONE[act])
    return see_other(f"{QUEUE}/kampanye/{round_id}")
