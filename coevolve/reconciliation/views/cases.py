"""Pages of cases: a difference, its owner and notes, until a person settles it."""

from __future__ import annotations

import uuid

from flask import request
from werkzeug.wrappers import Response as BaseResponse

from coevolve.kit.access import access
from coevolve.kit.db import commit, session
from coevolve.kit.errors import DomainError
from coevolve.kit.i18n import _, lazy
from coevolve.kit.pages import actor, flash_success, form_page, form_refusal, page, see_other
from coevolve.payments import queries as payments
from coevolve.reconciliation import queries, service
from coevolve.reconciliation.forms import NoteForm
from coevolve.reconciliation.views.door import blueprint, names_of
from coevolve.reconciliation.words import CASE_STATES, next_step_of, title_of


@blueprint.get("/kasus")
@access("staff:finance")
def cases() -> BaseResponse:
    """Cases: open, mine, closed."""
    tab = request.args.get("tab", "terbuka")
    if tab == "selesai":
        shown = queries.closed_cases()
    elif tab == "saya":
        shown = queries.open_cases(mine=actor().id)
    else:
        tab, shown = "terbuka", queries.open_cases()
    return page(
        "reconciliation/cases.html",
        tab=tab,
        cases=shown,
        count=queries.count_open_cases(),
        owners=names_of(case.owner_id for case in shown),
        case_states=CASE_STATES,
    )


@blueprint.get("/kasus/<uuid:case_id>")
@access("staff:finance")
def case(case_id: uuid.UUID) -> BaseResponse:
    """One case: what it is about, who has it, what was noted."""
    return _case_page(case_id, NoteForm())


def _case_page(case_id: uuid.UUID, form: NoteForm) -> BaseResponse:
    shown = queries.get_case(case_id)
    notes = queries.notes_of(case_id)
    payment = payments.get(shown.payment_id) if shown.payment_id else None
    return form_page(
        "reconciliation/case.html",
        form,
        case=shown,
        title=title_of(shown.kind),
        next_step=next_step_of(shown.kind),
        notes=notes,
        names=names_of([shown.owner_id, *(note.by for note in notes)]),
        payment=payment,
        case_states=CASE_STATES,
        is_closed=shown.state in {"resolved", "written_off"},
    )


@blueprint.post("/kasus/<uuid:case_id>/ambil")
@access("staff:finance")
def take(case_id: uuid.UUID) -> BaseResponse:
    """Become the owner of a case."""
    service.take(case_id=case_id, by=actor().id)
    commit()
    flash_success(_("Kasus ini sekarang Anda pegang."))
    return see_other(f"/keuangan/kasus/{case_id}")


@blueprint.post("/kasus/<uuid:case_id>/catatan")
@access("staff:finance")
def note(case_id: uuid.UUID) -> BaseResponse:
    """Write down what was found; or close the case, or open it again, with that as the reason."""
    form = NoteForm()
    what = request.form.get("langkah", "catat")
    if form.validate():
        try:
            _write_note(case_id, what, form.note.data or "")
            commit()
            flash_success(NOTED.get(what, NOTED["catat"]))
            return see_other(f"/keuangan/kasus/{case_id}")
        except DomainError as refusal:
            session().rollback()
            form_refusal(form, refusal)
    return _case_page(case_id, form)


NOTED = {
    "catat": lazy("Catatan disimpan."),
    "tutup": lazy("Kasus ditutup."),
    "buka": lazy("Kasus dibuka lagi."),
}


def _write_note(case_id: uuid.UUID, what: str, words: str) -> None:
    queries.get_case(case_id)
    if what == "tutup":
        service.resolve(case_id=case_id, by=actor().id, note=words)
    elif what == "buka":
        service.reopen(case_id=case_id, by=actor().id, note=words)
    else:
        service.add_note(case_id=case_id, by=actor().id, body=words)
