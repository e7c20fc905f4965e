"""The queue of lines that wait for a person: agree to many proposals at once, merge lines, start a run."""

from __future__ import annotations

import uuid

from flask import request
from werkzeug.wrappers import Response as BaseResponse

from coevolve.kit.db import commit, session
from coevolve.kit.errors import DomainError
from coevolve.kit.i18n import _, lazy, ngettext
from coevolve.kit.jobs import after_commit
from coevolve.kit.pages import actor, flash_notice, flash_success, form_page, form_refusal, see_other
from coevolve.payments import queries as payments
from coevolve.payments.references import find_references
from coevolve.reconciliation import queries, service
from coevolve.reconciliation.forms import QueueForm
from coevolve.reconciliation.views.door import both, names_of, room
from coevolve.reconciliation.words import LINE_STATES, REASONS, TARGETS, rule_of

SHOWN = 30


@both("/tinjau")
def review() -> BaseResponse:
    """Lines that wait: proposals to agree to, and questions only a person answers."""
    return _queue(QueueForm())


def _queue(form: QueueForm) -> BaseResponse:
    accounts = room().accounts
    account_id = _account(accounts)
    found = queries.queue(
        of=room().account_ids,
        account_id=account_id,
        after=request.args.get("sesudah", type=int),
        limit=SHOWN + 1,
    )
    shown = found[:SHOWN]
    proposals = queries.proposals_for([line.id for line in shown])
    targets = [row.target_id for rows in proposals.values() for row in rows if row.target_kind == "payment"]
    form.lines.choices = [(line.id, str(line.id)) for line in shown]
    return form_page(
        "reconciliation/review.html",
        form,
        lines=shown,
        more=shown[-1].id if len(found) > SHOWN else None,
        proposals=proposals,
        paid=queries.payments_of(targets),
        titles=queries.titles_of(targets),
        names=names_of(
            uuid.UUID(row.proposed_by)
            for rows in proposals.values()
            for row in rows
            if row.proposed_by != "system"
        ),
        me=str(actor().id),
        accounts=accounts,
        account_id=account_id,
        waiting_count=queries.count_waiting(room().account_ids),
        due_count=queries.count_due(room().account_ids),
        picked=set(form.lines.data or []),
        reasons=REASONS,
        line_states=LINE_STATES,
        targets=TARGETS,
        rule_of=rule_of,
    )


def _account(accounts: list[payments.AccountShown]) -> uuid.UUID | None:
    wanted = request.args.get("rekening", "")
    return next((one.id for one in accounts if str(one.id) == wanted), None)


@both("/tinjau/setujui", "POST", step_up=True)
def confirm_ticked() -> BaseResponse:
    """Agree to all ticked proposals; each is booked or refused alone."""
    form = QueueForm()
    if form.validate() and form.lines.data:
        done, refused = service.confirm_many(line_ids=room().only(form.lines.data[:SHOWN]), by=actor().id)
        commit()
        if done:
            flash_success(
                ngettext(
                    "%(num)s usulan disetujui dan dibukukan.", "%(num)s usulan disetujui dan dibukukan.", done
                )
            )
        for line_id, refusal in refused:
            flash_notice(_("Mutasi %(line)s tidak dibukukan: %(why)s", line=line_id, why=refusal.message))
        return see_other(f"{room().base}/tinjau")
    form_refusal(form, DomainError("none_ticked", lazy("Centang dulu usulan yang disetujui."), field="lines"))
    return _queue(form)


@both("/tinjau/gabung", "POST", step_up=True)
def merge_ticked() -> BaseResponse:
    """Propose that the ticked lines together paid one gift."""
    form = QueueForm()
    try:
        refs = find_references(form.ref.data or "") if form.validate() else []
        if len(refs) != 1:
            message = lazy("Isi satu nomor rujukan: CE diikuti sembilan huruf dan angka.")
            raise DomainError("ref_shape", message, field="ref")
        payment = payments.find_by_ref(refs[0])
        service.merge(line_ids=room().only(form.lines.data or []), payment_id=payment.id, by=actor().id)
        commit()
    except DomainError as refusal:
        session().rollback()
        if refusal.field is None:
            refusal.field = "ref"
        form_refusal(form, refusal)
        return _queue(form)
    flash_success(_("Digabung menjadi satu usulan. Petugas keuangan lain perlu menyetujuinya."))
    return see_other(f"{room().base}/tinjau")


@both("/tinjau/jalankan", "POST")
def run_matching() -> BaseResponse:
    """Ask a worker to match what has not been looked at, lines entered by hand as well."""
    for account in room().accounts:
        after_commit("reconciliation.match", bank_account_id=account.id, typed="1")
    commit()
    flash_success(_("Pencocokan dimulai. Hasilnya muncul dalam satu menit."))
    return see_other(f"{room().base}/tinjau")
