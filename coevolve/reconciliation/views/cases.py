"""Pages of cases: a difference, its owner, due day and notes, until a person settles it or two give it up."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from flask import request
from werkzeug.wrappers import Response as BaseResponse

from coevolve.kit import clock
from coevolve.kit.db import commit, session
from coevolve.kit.errors import DomainError
from coevolve.kit.i18n import _, lazy
from coevolve.kit.pages import actor, flash_success, form_page, form_refusal, page, see_other
from coevolve.payments import queries as payments
from coevolve.reconciliation import queries, service
from coevolve.reconciliation.forms import CaseForm, NoteForm
from coevolve.reconciliation.models import Case
from coevolve.reconciliation.service.cases import possible_owners
from coevolve.reconciliation.service.write_off import POSSIBLE, give_up
from coevolve.reconciliation.views.door import both, names_of, room
from coevolve.reconciliation.words import CASE_STATES, account_of, next_step_of, title_of


@both("/kasus")
def cases() -> BaseResponse:
    """Cases: open, overdue, mine, closed."""
    tab = request.args.get("tab", "terbuka")
    if tab == "selesai":
        shown = queries.closed_cases(of=room().of)
    elif tab == "saya":
        shown = [
            one for one in queries.open_cases(mine=actor().id) if room().of in {None, one.organisation_id}
        ]
    elif tab == "organisasi" and room().organisation is None:
        shown = queries.open_cases(of_organisations=True)
    elif tab == "terlambat":
        shown = queries.open_cases(of=room().of, is_overdue=True)
    else:
        tab, shown = "terbuka", queries.open_cases(of=room().of)
    return page(
        "reconciliation/cases.html",
        tab=tab,
        cases=shown,
        count=queries.count_open_cases(of=room().of),
        count_own=0 if room().organisation else queries.count_open_cases(of_organisations=True),
        owners=names_of(case.owner_id for case in shown),
        case_states=CASE_STATES,
        today=clock.today(),
    )


@dataclass
class Forms:
    """The two forms of a case's page; the one that was sent carries what is wrong with it."""

    note: NoteForm
    duty: CaseForm
    sent: Any = None

    @classmethod
    def empty(cls) -> Forms:
        """Nothing was typed."""
        return cls(NoteForm(formdata=None), CaseForm(formdata=None))


@both("/kasus/<uuid:case_id>")
def case(case_id: uuid.UUID) -> BaseResponse:
    """One case: what it is about, who has it, what was noted."""
    return _case_page(case_id, Forms.empty())


def _case_page(case_id: uuid.UUID, forms: Forms) -> BaseResponse:
    shown = room().case(case_id)
    may_give_up = (
        shown.organisation_id is None
        and shown.kind in POSSIBLE
        and shown.amount is not None
        and shown.state not in {"resolved", "written_off"}
    )
    preview = service.preview(lambda: give_up(queries.get_case(case_id))) if may_give_up else None
    shown = queries.get_case(case_id)
    notes = queries.notes_of(case_id)
    _choose_owners(forms.duty, shown)
    if forms.sent is not forms.duty:
        forms.duty.owner.data = str(shown.owner_id or actor().id)
        forms.duty.due_on.data = shown.due_on or clock.today()
    return form_page(
        "reconciliation/case.html",
        forms.sent or forms.note,
        forms=forms,
        case=shown,
        title=title_of(shown.kind),
        next_step=next_step_of(shown.kind),
        notes=notes,
        names=names_of([shown.owner_id, shown.write_off_by, *(note.by for note in notes)]),
        payment=payments.get(shown.payment_id) if shown.payment_id else None,
        case_states=CASE_STATES,
        is_closed=shown.state in {"resolved", "written_off"},
        is_late=shown.due_on is not None and shown.due_on < clock.today(),
        may_give_up=may_give_up,
        is_own_proposal=shown.write_off_by == actor().id,
        preview=preview,
        account_of=account_of,
        funds={},
    )


def _choose_owners(form: CaseForm, case: Case) -> None:
    form.owner.choices = [(str(one.id), one.name) for one in possible_owners(case)]


@both("/kasus/<uuid:case_id>/ambil", "POST")
def take(case_id: uuid.UUID) -> BaseResponse:
    """Become the owner of a case."""
    service.take(case_id=room().case(case_id).id, by=actor().id)
    commit()
    flash_success(_("Kasus ini sekarang Anda pegang."))
    return see_other(f"{room().base}/kasus/{case_id}")


@both("/kasus/<uuid:case_id>/tugas", "POST")
def assign(case_id: uuid.UUID) -> BaseResponse:
    """Say who settles a case, and by when."""
    found = room().case(case_id)
    forms = Forms.empty()
    form = forms.duty = forms.sent = CaseForm()
    _choose_owners(form, found)
    if form.validate() and form.due_on.data:
        try:
            service.take(case_id=case_id, by=actor().id, owner_id=uuid.UUID(form.owner.data))
            service.set_due(case_id=case_id, by=actor().id, due_on=form.due_on.data)
            commit()
            flash_success(_("Penanggung jawab dan tenggatnya disimpan."))
            return see_other(f"{room().base}/kasus/{case_id}")
        except DomainError as refusal:
            session().rollback()
            form_refusal(form, refusal)
    return _case_page(case_id, forms)


@both("/kasus/<uuid:case_id>/catatan", "POST")
def note(case_id: uuid.UUID) -> BaseResponse:
    """Write down what was found; or close the case, or open it again, with that as the reason."""
    room().case(case_id)
    forms = Forms.empty()
    form = forms.note = forms.sent = NoteForm()
    what = request.form.get("langkah", "catat")
    if form.validate():
        try:
            _write_note(case_id, what, form.note.data or "")
            commit()
            flash_success(NOTED.get(what, NOTED["catat"]))
            return see_other(f"{room().base}/kasus/{case_id}")
        except DomainError as refusal:
            session().rollback()
            form_refusal(form, refusal)
    return _case_page(case_id, forms)


NOTED = {
    "catat": lazy("Catatan disimpan."),
    "tutup": lazy("Kasus ditutup."),
    "buka": lazy("Kasus dibuka lagi."),
    "hapusbuku": lazy("Usul hapus buku disimpan. Petugas keuangan lain perlu menyetujuinya."),
}


def _write_note(case_id: uuid.UUID, what: str, words: str) -> None:
    if what == "tutup":
        service.resolve(case_id=case_id, by=actor().id, note=words)
    elif what == "buka":
        service.reopen(case_id=case_id, by=actor().id, note=words)
    elif what == "hapusbuku":
        service.propose_write_off(case_id=case_id, by=actor().id, note=words)
    else:
        service.add_note(case_id=case_id, by=actor().id, body=words)


@both("/kasus/<uuid:case_id>/hapus-buku/setujui", "POST", step_up=True)
def agree_to_write_off(case_id: uuid.UUID) -> BaseResponse:
    """Another person agrees to give a difference up."""
    service.confirm_write_off(case_id=room().case(case_id).id, by=actor().id)
    commit()
    flash_success(_("Dihapusbukukan. Baris bukunya sudah ditulis."))
    return see_other(f"{room().base}/kasus/{case_id}")


@both("/kasus/<uuid:case_id>/hapus-buku/tolak", "POST")
def decline_write_off(case_id: uuid.UUID) -> BaseResponse:
    """The case goes on."""
    service.decline_write_off(case_id=room().case(case_id).id, by=actor().id)
    commit()
    flash_success(_("Usul hapus buku dicabut. Kasusnya berlanjut."))
    return see_other(f"{room().base}/kasus/{case_id}")
