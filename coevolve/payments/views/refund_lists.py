"""Payout lists: what finance pays at the bank, as a page and as a file."""

from __future__ import annotations

import uuid

from werkzeug.wrappers import Response as BaseResponse

from coevolve.kit.access import access
from coevolve.kit.db import commit, get
from coevolve.kit.i18n import _
from coevolve.kit.money import Money
from coevolve.kit.pages import actor, flash_success, page, see_other
from coevolve.kit.tables import csv_file
from coevolve.payments import words
from coevolve.payments.models import RefundList
from coevolve.payments.views.door import blueprint
from coevolve.payments.views.refunds import QUEUE
from coevolve.reconciliation import refund_reads as reads
from coevolve.reconciliation import service

HEAD = ("reference", "bank", "account_number", "holder", "amount", "currency", "purpose", "state")


@blueprint.post(QUEUE + "/daftar")
@access("staff:finance", step_up=True)
def make_refund_list() -> BaseResponse:
    """Put everything that can be paid on a new list."""
    made = service.make_list(by=actor().id)
    commit()
    flash_success(_("Daftar bayar dibuat. Transfer di bank, lalu tandai sudah ditransfer."))
    return see_other(f"{QUEUE}/daftar/{made.id}")


@blueprint.get(QUEUE + "/daftar/<uuid:list_id>")
@access("staff:finance")
def refund_list(list_id: uuid.UUID) -> BaseResponse:
    """A list: whom to pay how much, with which reference."""
    shown = get(RefundList, list_id)
    rows = reads.rows_of_list(list_id)
    return page(
        "payments/refund_list.html",
        list=shown,
        rows=rows,
        total=Money(sum(row.amount for row, _account, _ref in rows)),
        is_open=any(row.state == "sending" for row, _account, _ref in rows),
        states=words.REFUNDS,
    )


@blueprint.get(QUEUE + "/daftar/<uuid:list_id>/berkas.csv")
@access("staff:finance", step_up=True)
def refund_list_file(list_id: uuid.UUID) -> BaseResponse:
    """The list as a file for the bank's own page."""
    shown = get(RefundList, list_id)
    rows = [
        (
            ref,
            account.bank_name,
            account.account_number,
            account.holder,
            row.money,
            row.unit,
            f"Pengembalian {row.payment_ref}",
            row.state,
        )
        for row, account, ref in reads.rows_of_list(list_id)
    ]
    response = csv_file(f"pengembalian-{shown.number}", HEAD, rows)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post(QUEUE + "/daftar/<uuid:list_id>/terkirim")
@access("staff:finance", step_up=True)
def mark_refund_list(list_id: uuid.UUID) -> BaseResponse:
    """Everything on the list was paid at the bank."""
    count = service.mark_list_sent(list_id=list_id, by=actor().id)
    commit()
    flash_success(_("%(num)s pengembalian ditandai sudah ditransfer.", num=count))
    return see_other(f"{QUEUE}/daftar/{list_id}")
