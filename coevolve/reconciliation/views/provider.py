"""The provider's side: its balance, ours, what lies between, its payouts and what they are made of."""

from __future__ import annotations

import datetime as dt
import uuid

from flask import request
from werkzeug.wrappers import Response as BaseResponse

from coevolve.kit.access import access
from coevolve.kit.db import commit
from coevolve.kit.errors import NotFound
from coevolve.kit.i18n import _
from coevolve.kit.jobs import after_commit
from coevolve.kit.pages import flash_success, page, see_other
from coevolve.reconciliation import provider_reads as reads
from coevolve.reconciliation import queries, words
from coevolve.reconciliation.forms import PlainForm
from coevolve.reconciliation.views.door import blueprint

PAYOUTS = 20


@blueprint.get("/penyedia")
@access("staff:finance")
def provider() -> BaseResponse:
    """What the provider says it holds for us, what we say, what lies between, payouts, and what nobody explains."""
    shown = reads.payouts(before=_place(), limit=PAYOUTS + 1)
    more = shown[PAYOUTS - 1].payout.id if len(shown) > PAYOUTS else None
    return page(
        "reconciliation/provider.html",
        comparisons=queries.last_comparisons(),
        between=words.BETWEEN,
        payouts=shown[:PAYOUTS],
        next_href=f"/keuangan/penyedia?sesudah={more}#pencairan" if more else None,
        polls=reads.last_polls(),
        poll_words=words.POLLS,
        unexplained=queries.unexplained_transactions(),
        kinds=words.TRANSACTIONS,
        form=PlainForm(),
    )


def _place() -> tuple[dt.datetime, uuid.UUID] | None:
    """Where the list of payouts goes on; a place that is none begins it anew."""
    after = _uuid(request.args.get("sesudah"))
    if after is None:
        return None
    try:
        last = reads.payout(after)
    except NotFound:
        return None
    return last.left_at or last.created_at, last.id


def _uuid(given: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(given or "")
    except ValueError:
        return None


@blueprint.get("/penyedia/pencairan/<uuid:payout_id>")
@access("staff:finance")
def payout(payout_id: uuid.UUID) -> BaseResponse:
    """One payout: its sum by kind of transaction, each row of it, and the bank line it came by."""
    found = reads.payout(payout_id)
    parts = reads.parts_of(found.id)
    after = _uuid(request.args.get("sesudah"))
    place = None
    if after is not None:
        try:
            last = reads.transaction(after)
            place = (last.occurred_at, last.id)
        except NotFound:
            place = None
    rows = reads.transactions_of(found.id, after=place, limit=reads.PAGE + 1)
    more = rows[reads.PAGE - 1].id if len(rows) > reads.PAGE else None
    return page(
        "reconciliation/payout.html",
        payout=found,
        parts=parts,
        total=sum(part.net for part in parts),
        rows=rows[: reads.PAGE],
        next_href=f"/keuangan/penyedia/pencairan/{found.id}?sesudah={more}#isi" if more else None,
        line_id=reads.line_of(found.id),
        kinds=words.TRANSACTIONS,
    )


@blueprint.post("/penyedia/bandingkan")
@access("staff:finance")
def compare() -> BaseResponse:
    """Ask a worker to compare now."""
    after_commit("reconciliation.compare")
    commit()
    flash_success(_("Perbandingan dimulai. Hasilnya muncul dalam satu menit."))
    return see_other("/keuangan/penyedia")
