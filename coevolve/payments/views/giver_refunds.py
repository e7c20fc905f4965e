"""The giver's pages of refunds: asking for the money back, and saying to which account."""

from __future__ import annotations

from typing import Any

from flask import request
from werkzeug.wrappers import Response as BaseResponse

from coevolve.kit import i18n
from coevolve.kit.access import access
from coevolve.kit.db import commit, session, uuid7
from coevolve.kit.errors import DomainError, NotFound
from coevolve.kit.i18n import _, lazy
from coevolve.kit.money import Money, parse_rupiah
from coevolve.kit.pages import actor, flash_success, form_page, form_refusal, see_other
from coevolve.organisations import queries as organisations
from coevolve.payments import custody, links, queries, words
from coevolve.payments import service as payments
from coevolve.payments.forms import AskRefundForm, RefundAccountForm
from coevolve.payments.models import Payment
from coevolve.payments.service.refunding import left_of
from coevolve.payments.views.door import blueprint
from coevolve.payments.views.refunds import token_of
from coevolve.pledges import links as pledge_links
from coevolve.pledges import queries as pledges
from coevolve.reconciliation import refund_reads as reads
from coevolve.reconciliation import service
from coevolve.reconciliation.service.refunding import WHY_NOT, owner_of, why_not


def _mine(ref: str) -> tuple[Payment, Any]:
    """The payment and its pledge, for its giver only: signed in, or by the key in the mailed link."""
    payment = queries.find_by_ref(ref)
    settlement = pledges.settlement_of(payment.reference_id)
    key = request.args.get("kunci", "")
    by_link = (
        links.opens_refund(payment.id, key) or pledge_links.side_of(key, settlement.pledge_id) == "giver"
    )
    if not by_link and not _is_giver(settlement):
        raise NotFound("no_payment", lazy("Pembayaran dengan nomor rujukan ini tidak ada."))
    return payment, settlement


def _is_giver(settlement: Any) -> bool:
    person = actor()
    if person is None:
        return False
    if settlement.giver_organisation_id is not None:
        return organisations.role_in(person.id, settlement.giver_organisation_id) in {"owner", "finance"}
    return bool(person.id == settlement.owner_person_id)


def _with_key(path: str) -> str:
    key = request.args.get("kunci", "")
    return f"{path}?kunci={key}" if key else path


def _private(response: BaseResponse) -> BaseResponse:
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.route("/bayar/<ref>/minta-kembali", methods=["GET", "POST"])
@access("public")
def ask_back(ref: str) -> BaseResponse:
    """A giver asks for its money back; when that is not possible the page says why."""
    payment, settlement = _mine(ref)
    form = AskRefundForm()
    if request.method == "GET":
        form.client_token.data = str(uuid7())
        form.amount.data = i18n.number(left_of(payment).amount // 100)
    elif form.validate():
        try:
            _ask(form, payment)
            return see_other(_with_key(f"/bayar/{payment.public_ref}/minta-kembali"))
        except DomainError as refusal:
            session().rollback()
            form_refusal(form, refusal)
            payment, settlement = _mine(ref)
    refusal_code = why_not(payment, settlement)
    is_direct = custody.custodian_of(payment) is not None
    return _private(
        form_page(
            "payments/refund_ask.html",
            form,
            payment=payment,
            settlement=settlement,
            left=left_of(payment),
            why_not=WHY_NOT[refusal_code] if refusal_code else None,
            refunds=[
                (
                    Money(one.amount, one.unit),
                    words.refund_for_giver(one, is_direct=is_direct),
                    one.created_at,
                )
                for one in reads.refunds_of([payment.id]).get(payment.id, [])
            ],
            needs_account=payment.provider == "bank_transfer",
            account_path=_with_key(f"/bayar/{payment.public_ref}/rekening"),
            action=_with_key(f"/bayar/{payment.public_ref}/minta-kembali"),
        )
    )


def _ask(form: AskRefundForm, payment: Payment) -> None:
    service.ask_by_giver(
        payment_id=payment.id,
        money=parse_rupiah(form.amount.data or "", field="amount"),
        reason=form.reason.data or "",
        by=actor().id if actor() else None,
        client_token=token_of(form),
    )
    commit()
    flash_success(_("Permintaan Anda kami terima. Petugas memeriksanya; kabarnya lewat surel."))


@blueprint.route("/bayar/<ref>/rekening", methods=["GET", "POST"])
@access("public")
def refund_account(ref: str) -> BaseResponse:
    """Where the money of a transfer goes back to; asked only while something is to come back."""
    payment, settlement = _mine(ref)
    owner = owner_of(settlement)
    waiting = [
        one
        for one in reads.refunds_of([payment.id]).get(payment.id, [])
        if one.state in {"requested", "approved"} and one.provider == "bank_transfer"
    ]
    if not waiting:
        raise NotFound("nothing_to_state", lazy("Tidak ada uang yang menunggu rekening Anda."))
    account = payments.newest_account(owner)
    form = RefundAccountForm()
    if request.method == "POST" and form.validate():
        try:
            payments.state_account(
                owner=owner,
                bank_name=form.bank_name.data or "",
                account_number=form.account_number.data or "",
                holder=form.holder.data or "",
                by=actor().id if actor() else None,
            )
            commit()
            flash_success(_("Rekening Anda kami terima. Petugas memeriksanya sebelum mentransfer."))
            return see_other(_with_key(f"/bayar/{payment.public_ref}/rekening"))
        except DomainError as refusal:
            session().rollback()
            form_refusal(form, refusal)
            account = payments.newest_account(owner)
    return _private(
        form_page(
            "payments/refund_account.html",
            form,
            payment=payment,
            settlement=settlement,
            money=Money(sum(one.amount for one in waiting), payment.unit),
            account=account,
            account_words=words.REFUND_ACCOUNTS,
            action=_with_key(f"/bayar/{payment.public_ref}/rekening"),
        )
    )
