"""Finance's pages of refunds: the queue, one refund with its books, and a payment from which one asks."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import request
from werkzeug.wrappers import Response as BaseResponse

from coevolve.config import settings
from coevolve.kit import i18n, moves
from coevolve.kit.access import access
from coevolve.kit.db import commit, get, session, uuid7
from coevolve.kit.errors import DomainError, NotFound
from coevolve.kit.i18n import _, lazy
from coevolve.kit.money import Money, parse_rupiah
from coevolve.kit.pages import actor, flash_success, form_page, form_refusal, page, see_other
from coevolve.ledger import accounts
from coevolve.moderation import queries as names
from coevolve.payments import queries, words
from coevolve.payments import service as payments
from coevolve.payments.forms import AskRefundForm, RefundReasonForm
from coevolve.payments.models import REFUND, Payment, Refund, RefundAccount
from coevolve.payments.service.refunding import left_of
from coevolve.payments.views.door import blueprint
from coevolve.pledges import queries as pledges
from coevolve.reconciliation import refund_reads as reads
from coevolve.reconciliation import service
from coevolve.reconciliation.service.refunding import needs_second, owner_of
from coevolve.reconciliation.service.sources import sources_of

QUEUE = "/keuangan/pengembalian"


@blueprint.get(QUEUE)
@access("staff:finance")
def refunds() -> BaseResponse:
    """What waits: asked, to be paid out, under way, failed; and what is finished."""
    tab = request.args.get("tab", "setujui")
    if tab not in reads.TABS:
        tab = "setujui"
    shown = reads.queue(tab, after=_cursor(), limit=31)
    return page(
        "payments/refund_queue.html",
        tab=tab,
        tabs=list(reads.TABS),
        counts=reads.counts(),
        rows=shown[:30],
        more=f"{QUEUE}?tab={tab}&sesudah={shown[29].id}" if len(shown) > 30 else None,
        ready=reads.ready_count() if tab == "bayar" else 0,
        lists=reads.open_lists() if tab in {"bayar", "jalan"} else [],
        rounds=reads.rounds() if tab == "setujui" else [],
        states=words.REFUNDS,
        origins=words.ORIGINS,
        accounts=words.REFUND_ACCOUNTS,
        round_states=words.ROUNDS,
    )


def _cursor() -> uuid.UUID | None:
    try:
        return uuid.UUID(request.args.get("sesudah", ""))
    except ValueError:
        return None


@blueprint.get(QUEUE + "/<uuid:refund_id>")
@access("staff:finance")
def refund(refund_id: uuid.UUID) -> BaseResponse:
    """One refund: who asked, what it does to the books, what comes next."""
    return _refund_page(get(Refund, refund_id), RefundReasonForm())


def _refund_page(
    shown: Refund, form: RefundReasonForm, *, account_form: RefundReasonForm | None = None
) -> BaseResponse:
    payment = queries.get(shown.payment_id)
    settlement = pledges.settlement_of(payment.reference_id)
    account = (
        get(RefundAccount, shown.account_id)
        if shown.account_id
        else payments.newest_account(owner_of(settlement))
        if shown.provider == "bank_transfer"
        else None
    )
    money = Money(shown.amount, shown.unit)
    is_own = shown.requested_by == actor().id
    return form_page(
        "payments/refund.html",
        form,
        account_form=account_form or RefundReasonForm(None, prefix="rekening"),
        refund=shown,
        money=money,
        payment=payment,
        settlement=settlement,
        account=account,
        payer_names=reads.payer_names(payment.id) if account else [],
        booked=[_said(one) for one in reads.booked_of_refund(shown)],
        preview=_preview(shown, payment, settlement) if shown.state == "requested" else [],
        history=_history(shown),
        people=names.names_of([one for one in (shown.requested_by, shown.approved_by) if one]),
        needs_other=is_own and needs_second(money),
        is_giver=actor().id == settlement.giver_person_id,
        states=words.REFUNDS,
        origins=words.ORIGINS,
        account_words=words.REFUND_ACCOUNTS,
        round=shown.round_id,
    )


def _preview(shown: Refund, payment: Payment, settlement: Any) -> list[list[Any]]:
    """The rows that a yes would write; nothing is kept of this look."""
    found = sources_of(payment, settlement, shown.amount)
    payable = accounts.refunds_payable(shown.unit)
    codes = reads.account_codes([payable, *(one.account_id for one in found)])
    rows = [
        _said(
            reads.Booked(
                "refund.approved",
                codes.get(one.account_id, ""),
                codes.get(payable, ""),
                Money(one.amount, shown.unit),
                None,
            )
        )
        for one in found
    ]
    session().rollback()
    return rows


def _said(one: reads.Booked) -> list[Any]:
    return [
        words.account_name(one.debit),
        words.account_name(one.credit),
        one.money,
        i18n.datetime(one.at, actor().zone) if one.at else "",
    ]


def _history(shown: Refund) -> list[tuple[str, str]]:
    events = moves.history(REFUND, shown.id)
    people = names.names_of([one.actor for one in events if one.actor])
    return [
        (
            i18n.datetime(one.at, actor().zone),
            f"{words.REFUNDS[one.dst]} · {people.get(one.actor) if one.actor else _('otomatis')}",
        )
        for one in reversed(events)
    ]


@blueprint.post(QUEUE + "/<uuid:refund_id>/<any(setujui,tolak,terkirim,cabut):act>")
@access("staff:finance", step_up=True)
def decide_refund(refund_id: uuid.UUID, act: str) -> BaseResponse:
    """Say yes, say no, mark as paid at the bank, or take off a list."""
    get(Refund, refund_id)
    form = RefundReasonForm()
    if act in {"tolak", "cabut"} and not form.validate():
        return _refund_page(get(Refund, refund_id), form)
    because = form.reason.data or ""
    steps: dict[str, Callable[[], Any]] = {
        "setujui": lambda: service.approve_refund(refund_id=refund_id, by=actor().id),
        "tolak": lambda: service.decline_refund(refund_id=refund_id, by=actor().id, because=because),
        "terkirim": lambda: service.mark_sent(refund_id=refund_id, by=actor().id),
        "cabut": lambda: service.take_off_list(refund_id=refund_id, by=actor().id, because=because),
    }
    try:
        steps[act]()
        commit()
    except DomainError as refusal:
        session().rollback()
        form_refusal(form, refusal)
        return _refund_page(get(Refund, refund_id), form)
    flash_success(DONE[act])
    return see_other(f"{QUEUE}/{refund_id}")


DONE = {
    "setujui": lazy("Disetujui. Donatur sudah dikabari."),
    "tolak": lazy("Ditolak. Uangnya tetap di tempatnya."),
    "terkirim": lazy("Tercatat sudah ditransfer. Selesai setelah mutasi banknya terlihat."),
    "cabut": lazy("Dicabut dari daftar bayar. Pengembaliannya menunggu lagi."),
    "sah": lazy("Rekening ini dinyatakan milik donatur."),
    "rekening": lazy("Rekening ditolak. Donatur diminta menulis yang lain."),
}


@blueprint.post(QUEUE + "/<uuid:refund_id>/rekening/<any(sah,tolak):act>")
@access("staff:finance", step_up=True)
def check_account(refund_id: uuid.UUID, act: str) -> BaseResponse:
    """Say that the account is the giver's own, or that it is not."""
    shown = get(Refund, refund_id)
    form = RefundReasonForm(prefix="rekening")
    settlement = pledges.settlement_of(queries.get(shown.payment_id).reference_id)
    account = payments.newest_account(owner_of(settlement))
    if account is None or str(account.id) != request.form.get("versi"):
        raise NotFound(
            "no_account", lazy("Donatur baru saja menulis rekening yang lain. Muat ulang halaman ini.")
        )
    if act == "tolak" and not form.validate():
        return _account_refused(shown, form)
    try:
        if act == "sah":
            payments.verify_account(account_id=account.id, by=actor().id)
        else:
            service.refuse_account(account_id=account.id, by=actor().id, because=form.reason.data or "")
        commit()
    except DomainError as refusal:
        session().rollback()
        form_refusal(form, refusal)
        return _account_refused(get(Refund, refund_id), form)
    flash_success(DONE["sah" if act == "sah" else "rekening"])
    return see_other(f"{QUEUE}/{refund_id}")


def _account_refused(shown: Refund, form: RefundReasonForm) -> BaseResponse:
    response = _refund_page(shown, RefundReasonForm(None), account_form=form)
    response.status_code = 422
    return response


# --- a payment, for finance ---------------------------------------------------------------------------


@blueprint.get("/keuangan/pembayaran/<ref>")
@access("staff:finance")
def payment(ref: str) -> BaseResponse:
    """What finance sees of a payment: what came, went back and is disputed; and the form that asks for money back."""
    shown = queries.find_by_ref(ref)
    form = AskRefundForm()
    form.client_token.data = str(uuid7())
    left = left_of(shown)
    if left.amount and shown.unit == "IDR":
        form.amount.data = i18n.number(left.amount // 100)
    return _payment_page(shown, form)


def _payment_page(shown: Payment, form: AskRefundForm) -> BaseResponse:
    settlement = pledges.settlement_of(shown.reference_id)
    return form_page(
        "payments/refund_payment.html",
        form,
        payment=shown,
        settlement=settlement,
        left=left_of(shown),
        refunds=reads.refunds_of([shown.id]).get(shown.id, []),
        disputes=reads.disputes_of(shown.id),
        states=words.STATES,
        refund_states=words.REFUNDS,
        dispute_states=words.DISPUTES,
        method=words.METHODS.get(shown.provider, shown.provider),
        limit_minor=settings().second_person_refund_minor,
    )


@blueprint.post("/keuangan/pembayaran/<ref>/kembalikan")
@access("staff:finance", step_up=True)
def ask_refund(ref: str) -> BaseResponse:
    """Ask for (a part of) a payment back; a second click finds the first one's refund."""
    shown = queries.find_by_ref(ref)
    form = AskRefundForm()
    if not form.validate():
        return _payment_page(shown, form)
    try:
        made = payments.ask_refund(
            payment_id=shown.id,
            money=_typed(form, shown),
            reason=form.reason.data or "",
            by=actor().id,
            client_token=token_of(form),
        )
        commit()
    except DomainError as refusal:
        session().rollback()
        form_refusal(form, refusal)
        return _payment_page(queries.find_by_ref(ref), form)
    flash_success(_("Permintaan dicatat. Periksa jurnalnya, lalu setujui."))
    return see_other(f"{QUEUE}/{made.id}")


def _typed(form: AskRefundForm, shown: Payment) -> Money:
    money = parse_rupiah(form.amount.data or "", field="amount")
    return Money(money.amount, shown.unit) if shown.unit == "IDR" else money


def token_of(form: AskRefundForm) -> uuid.UUID | None:
    """The form's own token, if it is one."""
    try:
        return uuid.UUID(form.client_token.data or "")
    except ValueError:
        return None
