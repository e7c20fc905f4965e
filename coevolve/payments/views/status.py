"""The status of one payment. What a browser brings back moves nothing."""

from __future__ import annotations

from typing import Any

from flask import request
from werkzeug.wrappers import Response as BaseResponse

from coevolve.kit.access import access
from coevolve.kit.money import Money
from coevolve.kit.pages import is_htmx, page
from coevolve.listings import queries as listings
from coevolve.organisations import queries as organisations
from coevolve.payments import custody, queries
from coevolve.payments.models import OPEN, Payment, PaymentState
from coevolve.payments.service.refunding import left_of
from coevolve.payments.views.door import blueprint, may_read
from coevolve.payments.words import STATES, refund_for_giver
from coevolve.pledges import queries as pledges
from coevolve.reconciliation import queries as reconciliation
from coevolve.reconciliation import refund_reads as refunds


@blueprint.get("/bayar/<ref>")
@access("public")
def status(ref: str) -> BaseResponse:
    """Where a payment stands, and what the giver does next."""
    payment = queries.find_by_ref(ref)
    template = "payments/_status.html" if is_htmx() else "payments/status.html"
    response = page(template, **_status(payment))
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


def _status(payment: Payment) -> dict[str, Any]:
    settlement = pledges.settlement_of(payment.reference_id)
    listing = listings.get(settlement.listing_id)
    account = queries.bank_account(payment.bank_account_id) if payment.bank_account_id else None
    is_mine = may_read(payment)
    return {
        "payment": payment,
        "pledge_id": settlement.pledge_id,
        "listing": listing,
        "organisation": organisations.get(settlement.organisation_id),
        "renews": settlement.takes_money and payment.provider != "credit",
        "account": account,
        "came_from": request.args.get("dari", ""),
        "is_open": payment.state in OPEN,
        "is_waiting": payment.state in OPEN and payment.state != PaymentState.created,
        "label": STATES[payment.state],
        "is_transfer": payment.provider == "bank_transfer",
        "is_direct": account is not None and account.organisation_id is not None,
        "in_review": reconciliation.has_open_case(payment.id),
        "is_mine": is_mine,
        "receipt": queries.receipt_of(payment.id) if is_mine else None,
        "refunds": [
            (
                Money(one.amount, one.unit),
                refund_for_giver(one, is_direct=custody.custodian_of(payment) is not None),
            )
            for one in refunds.refunds_of([payment.id]).get(payment.id, [])
        ]
        if is_mine
        else [],
        "may_ask_back": is_mine and left_of(payment).amount > 0,
    }
