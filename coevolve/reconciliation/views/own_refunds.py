"""Refunds that an organisation owes givers out of its own bank: it says yes, pays, and its statement shows it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Response as BaseResponse

from coevolve.kit.access import access
from coevolve.kit.db import commit, get, session
from coevolve.kit.errors import DomainError, NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.money import Money
from coevolve.kit.pages import actor, flash_notice, flash_success, form_page, form_refusal, see_other
from coevolve.payments import custody, words
from coevolve.payments import service as payments
from coevolve.payments.models import Payment, Refund
from coevolve.reconciliation import refund_reads as reads
from coevolve.reconciliation import service
from coevolve.reconciliation.forms import ReasonForm
from coevolve.reconciliation.models import CLOSED
from coevolve.reconciliation.service.refund_lists import mark_own_sent
from coevolve.reconciliation.views.door import NOT_FOUND, desk, room
from coevolve.reconciliation.words import title_of

SURPLUS = ("late", "over", "twice")
DONE = {
    "setujui": lazy("Disetujui. Sekarang organisasi berutang jumlah ini sampai mutasi banknya terlihat."),
    "tolak": lazy("Ditolak. Uangnya tetap di rekening organisasi; donatur dikabari."),
    "terkirim": lazy("Tercatat sudah ditransfer. Selesai begitu rekening koran menunjukkannya."),
}


@desk.get("/pengembalian")
@access("signed_in")
def own_refunds() -> BaseResponse:
    """What waits, what is under way, what is done."""
    return _list(ReasonForm(), None)


def _list(form: ReasonForm, refused: uuid.UUID | None) -> BaseResponse:
    here = room()
    return form_page(
        "reconciliation/own_refunds.html",
        form,
        refused=refused,
        rows=reads.of_own_bank(here.of or uuid.UUID(int=0)),
        states=words.REFUNDS,
    )


@desk.post("/pengembalian/<uuid:refund_id>/<any(setujui,tolak,terkirim):act>")
@access("signed_in", step_up=True)
def step(refund_id: uuid.UUID, act: str) -> BaseResponse:
    """Yes, no, or paid at the bank."""
    here, refund = room(), get(Refund, refund_id)
    if custody.custodian_of(get(Payment, refund.payment_id)) != here.of:
        raise NotFound("not_found", NOT_FOUND)
    form = ReasonForm()
    if act == "tolak" and not form.validate():
        return _list(form, refund_id)
    because, by = form.note.data or "", actor().id
    steps: dict[str, Callable[[], Any]] = {
        "setujui": lambda: service.approve_refund(refund_id=refund_id, by=by),
        "tolak": lambda: service.decline_refund(refund_id=refund_id, by=by, because=because),
        "terkirim": lambda: mark_own_sent(refund_id=refund_id, by=by),
    }
    base = here.base
    try:
        steps[act]()
        commit()
        flash_success(DONE[act])
    except DomainError as refusal:
        session().rollback()
        if act == "tolak":
            form_refusal(form, refusal)
            return _list(form, refund_id)
        flash_notice(refusal.message)
    return see_other(f"{base}/pengembalian")


@desk.post("/kasus/<uuid:case_id>/kembalikan")
@access("signed_in", step_up=True)
def give_back(case_id: uuid.UUID) -> BaseResponse:
    """Money that came too much, twice or too late: ask for its refund; the case says which."""
    here = room()
    case = here.case(case_id)
    base = here.base
    if case.kind not in SURPLUS or case.payment_id is None or not case.amount or case.state in CLOSED:
        raise NotFound("not_found", NOT_FOUND)
    try:
        payments.ask_refund(
            payment_id=case.payment_id,
            money=Money(case.amount, case.unit or "IDR"),
            reason=f"{title_of(case.kind)}.",
            by=actor().id,
            client_token=uuid.uuid5(case.id, "refund"),
        )
        commit()
        flash_success(lazy("Permintaan pengembalian dicatat. Setujui di sini, lalu transfer."))
    except DomainError as refusal:
        session().rollback()
        flash_notice(refusal.message)
        return see_other(f"{base}/kasus/{case_id}")
    return see_other(f"{base}/pengembalian")
