"""Finance's pages of disputes: what is open and until when, what it holds, what was found and answered."""

from __future__ import annotations

import uuid

from flask import request
from werkzeug.wrappers import Response as BaseResponse

from coevolve.kit import i18n, moves
from coevolve.kit.access import access
from coevolve.kit.db import commit, get, session
from coevolve.kit.errors import DomainError
from coevolve.kit.i18n import _
from coevolve.kit.money import Money
from coevolve.kit.pages import actor, flash_success, form_page, form_refusal, page, see_other
from coevolve.moderation import queries as names
from coevolve.payments import queries, words
from coevolve.payments.forms import EvidenceForm
from coevolve.payments.models import DISPUTE, Dispute
from coevolve.payments.views.door import blueprint
from coevolve.pledges import queries as pledges
from coevolve.reconciliation import refund_reads as reads
from coevolve.reconciliation import service


@blueprint.get("/keuangan/sengketa")
@access("staff:finance")
def disputes() -> BaseResponse:
    """Open disputes, the most urgent first; and the decided ones."""
    is_open = request.args.get("tab") != "selesai"
    rows = reads.disputes(is_open=is_open)
    return page(
        "payments/disputes.html",
        is_open=is_open,
        rows=rows,
        held=Money(sum(one.dispute.held for one in rows if one.dispute.unit == "IDR")),
        states=words.DISPUTES,
        reasons=words.DISPUTE_REASONS,
    )


@blueprint.route("/keuangan/sengketa/<uuid:dispute_id>", methods=["GET", "POST"])
@access("staff:finance")
def dispute(dispute_id: uuid.UUID) -> BaseResponse:
    """One dispute, its books, and the note of what was answered."""
    shown = get(Dispute, dispute_id)
    form = EvidenceForm()
    if request.method == "GET":
        form.evidence.data = shown.evidence or ""
    elif form.validate():
        try:
            service.write_evidence(dispute_id=dispute_id, by=actor().id, text=form.evidence.data or "")
            commit()
            flash_success(_("Catatan disimpan."))
            return see_other(f"/keuangan/sengketa/{dispute_id}")
        except DomainError as refusal:
            session().rollback()
            form_refusal(form, refusal)
            shown = get(Dispute, dispute_id)
    return _dispute_page(shown, form)


def _dispute_page(shown: Dispute, form: EvidenceForm) -> BaseResponse:
    payment = queries.get(shown.payment_id)
    events = moves.history(DISPUTE, shown.id)
    return form_page(
        "payments/dispute.html",
        form,
        dispute=shown,
        money=Money(shown.amount, shown.unit),
        held=Money(shown.held, shown.unit),
        payment=payment,
        settlement=pledges.settlement_of(payment.reference_id),
        booked=[
            [
                words.account_name(one.debit),
                words.account_name(one.credit),
                one.money,
                i18n.datetime(one.at, actor().zone) if one.at else "",
            ]
            for one in reads.booked_of_dispute(shown)
        ],
        history=[
            (i18n.datetime(one.at, actor().zone), str(words.DISPUTES[one.dst])) for one in reversed(events)
        ],
        answered_by=names.names_of([shown.evidence_by]).get(shown.evidence_by) if shown.evidence_by else "",
        is_decided=shown.state in {"won", "lost", "warning_closed", "prevented"},
        states=words.DISPUTES,
        reasons=words.DISPUTE_REASONS,
    )
