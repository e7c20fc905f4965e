"""Pages of bank lines: entering, reading one, what it may have paid and what the books would say."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from flask import request
from werkzeug.wrappers import Response as BaseResponse

from coevolve.kit import clock
from coevolve.kit.db import commit, session
from coevolve.kit.errors import DomainError, NotFound
from coevolve.kit.i18n import _, lazy
from coevolve.kit.money import parse_rupiah
from coevolve.kit.pages import actor, flash_success, form_page, form_refusal, page, see_other
from coevolve.kit.text import clean_line
from coevolve.payments import queries as payments
from coevolve.reconciliation import queries, service
from coevolve.reconciliation.forms import BankLineForm, PlainForm, ReasonForm, ReferenceForm, SplitForm
from coevolve.reconciliation.models import Line, LineState
from coevolve.reconciliation.service.previewing import Preview
from coevolve.reconciliation.views.day import typed_day
from coevolve.reconciliation.views.door import both, names_of, room
from coevolve.reconciliation.words import LINE_STATES, REASONS, TARGETS, account_of, rule_of

SHOWN = 30


@dataclass
class Forms:
    """The forms of a line's page; the one that was sent carries what is wrong with it."""

    match: ReferenceForm
    correct: ReferenceForm
    split: SplitForm
    reason: ReasonForm
    sent: Any = None

    @classmethod
    def empty(cls) -> Forms:
        """Nothing was typed."""
        return cls(
            ReferenceForm(formdata=None),
            ReferenceForm(formdata=None),
            SplitForm(formdata=None),
            ReasonForm(formdata=None),
        )


@both("/mutasi", "GET", "POST")
def lines() -> BaseResponse:
    """The bank's lines, and the form that enters one."""
    form = BankLineForm()
    accounts = room().accounts
    form.account.choices = [(str(one.id), f"{one.bank_name} {one.grouped_number}") for one in accounts]
    if request.method == "GET":
        form.booked_on.data = clock.today()
    elif form.validate() and form.booked_on.data and form.words.data:
        try:
            line = service.enter_bank_line(
                bank_account_id=uuid.UUID(form.account.data),
                booked_on=form.booked_on.data,
                money=parse_rupiah(form.amount.data, field="amount"),
                words=form.words.data,
                bank_ref=clean_line(form.bank_ref.data) or None,
                by=actor().id,
                is_second=form.is_second.data,
                is_outgoing=form.is_outgoing.data,
                payer=clean_line(form.payer.data) or None,
            )
            commit()
            flash_success(_("Mutasi dicatat. Pilih dukungan yang dibayarnya."))
            return see_other(f"{room().base}/mutasi/{line.id}")
        except DomainError as refusal:
            session().rollback()
            form_refusal(form, refusal)
    on, narrowed = typed_day(request.args.get("hari")), request.args.get("tampil", "")
    account_id = next((one.id for one in accounts if str(one.id) == request.args.get("rekening")), None)
    before = request.args.get("sesudah", type=int)
    shown = queries.lines_of(
        of=room().account_ids,
        on=on,
        account_id=account_id,
        narrowed=narrowed,
        before_id=before,
        limit=SHOWN + 1,
    )
    return form_page(
        "reconciliation/lines.html",
        form,
        lines=shown[:SHOWN],
        more=shown[SHOWN - 1].id if len(shown) > SHOWN else None,
        accounts=accounts,
        account_id=account_id,
        on=on,
        narrowed=narrowed,
        narrowings=NARROWINGS,
        waiting_count=queries.count_waiting(room().account_ids),
        line_states=LINE_STATES,
        reasons=REASONS,
    )


NARROWINGS = {
    "": lazy("Semua"),
    "masuk": lazy("Masuk"),
    "keluar": lazy("Keluar"),
    "cocok": lazy("Cocok"),
    "belum": lazy("Belum cocok"),
    "usulan": lazy("Menunggu persetujuan"),
    "selisih": lazy("Belum di buku"),
}


@both("/mutasi/<int:line_id>")
def line(line_id: int) -> BaseResponse:
    """One line: what it may have paid, and why we think so."""
    return line_page(the_line(line_id), Forms.empty())


def the_line(line_id: int) -> Line:
    """The line of an address; NotFound if there is none."""
    return room().line(line_id)


def line_page(shown: Line, forms: Forms) -> BaseResponse:
    """The page of a line, with what was typed and what is wrong with it."""
    line_id = shown.id
    proposals = queries.proposals_of(line_id)
    seen = _preview(line_id) if proposals and not proposals[0].is_sure else None
    shown = queries.get_line(line_id)
    proposals = queries.proposals_of(line_id)
    found = [] if shown.state == LineState.matched else queries.suggestions(shown)
    booked = [one for one in queries.allocations_of(line_id) if one.posting_id is not None]
    payment_ids = [one.target_id for one in (*proposals, *booked) if one.target_kind == "payment"]
    titled = [*payment_ids, *(one.target_id for one in found if one.target_kind == "payment")]
    together = queries.lines_with(proposals[0]) if proposals else []
    return form_page(
        "reconciliation/line.html",
        forms.sent or PlainForm(formdata=None),
        forms=forms,
        line=shown,
        account=payments.bank_account(shown.bank_account_id),
        may_act=room().may_act_on(shown),
        may_agree=room().may_agree_to(shown),
        suggestions=found,
        titles=queries.titles_of(titled),
        paid=queries.payments_of(payment_ids),
        proposals=proposals,
        together=[one for one in together if one != line_id],
        preview=seen,
        funds=_funds(seen),
        is_own_proposal=any(one.proposed_by == str(actor().id) for one in proposals),
        allocations=booked,
        cases=queries.cases_about_line(line_id),
        line_states=LINE_STATES,
        reasons=REASONS,
        targets=TARGETS,
        rule_of=rule_of,
        account_of=account_of,
        names=names_of(
            _ids(one for row in (*proposals, *booked) for one in (row.proposed_by, row.approved_by))
        ),
    )


def _preview(line_id: int) -> Preview:
    return service.preview(lambda: service.rehearse(line_id=line_id))


def _funds(seen: Preview | None) -> Any:
    """Titles of the funds in a preview, by account code."""
    codes = {code for row in seen.rows for code in (row.debit, row.credit)} if seen else set()
    ids = {}
    for code in codes:
        parts = code.split(":")
        if parts[0] in {"fund", "promised_to", "promises"}:
            ids[code] = uuid.UUID(parts[1])
    titles = queries.listing_titles(list(set(ids.values())))
    return {code: titles[key] for code, key in ids.items() if key in titles}


def _ids(texts: Any) -> list[uuid.UUID]:
    return [uuid.UUID(one) for one in texts if one and one != "system"]


@both("/mutasi/<int:line_id>/pratinjau")
def preview(line_id: int) -> BaseResponse:
    """What the books would say if this line were booked for this target."""
    shown = the_line(line_id)
    wanted = request.args.get("id", "")
    chosen = next(
        (
            one
            for one in queries.suggestions(shown)
            if one.target_kind == request.args.get("macam") and str(one.target_id) == wanted
        ),
        None,
    )
    if chosen is None:
        raise NotFound("no_target", lazy("Pilihan ini sudah tidak ada. Muat ulang halaman ini."))
    seen = service.preview(
        lambda: service.rehearse(line_id=line_id, target_kind=chosen.target_kind, target_id=chosen.target_id)
    )
    shown = queries.get_line(line_id)
    return page(
        "reconciliation/preview.html",
        line=shown,
        chosen=chosen,
        may_book=chosen.may_book and shown.ref_by is None,
        title=queries.titles_of([chosen.target_id]).get(chosen.target_id, ""),
        preview=seen,
        funds=_funds(seen),
        targets=TARGETS,
        account_of=account_of,
        form=PlainForm(formdata=None),
    )
