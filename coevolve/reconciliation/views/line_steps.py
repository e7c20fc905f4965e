"""What a person does with a line: match, agree, split, correct its reference, put off, leave out, undo."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import request
from werkzeug.wrappers import Response as BaseResponse

from coevolve.kit.db import commit, session
from coevolve.kit.errors import DomainError, Invalid, NotFound
from coevolve.kit.i18n import _, lazy
from coevolve.kit.money import parse_rupiah
from coevolve.kit.pages import actor, flash_success, form_refusal, see_other
from coevolve.payments import queries as payments
from coevolve.payments.references import find_reference
from coevolve.reconciliation import service
from coevolve.reconciliation.forms import MatchForm, ReasonForm, ReferenceForm, SplitForm
from coevolve.reconciliation.views.door import both, room
from coevolve.reconciliation.views.lines import Forms, line_page, the_line
from coevolve.reconciliation.words import TARGETS


def _try(line_id: int, forms: Forms, work: Callable[[], Any], done: Any) -> BaseResponse:
    """Do it and go back to the line; what is refused stands beside the field, typed values kept."""
    the_line(line_id)
    form = forms.sent
    if form.validate():
        try:
            said = work() or done
            commit()
            flash_success(said)
            return see_other(f"{room().base}/mutasi/{line_id}")
        except DomainError as refusal:
            session().rollback()
            form_refusal(form, refusal)
    return line_page(the_line(line_id), forms)


@both("/mutasi/<int:line_id>/cocokkan", "POST", step_up=True)
def match(line_id: int) -> BaseResponse:
    """Say what a line paid, by a suggestion or by a reference."""
    the_line(line_id)
    forms = Forms.empty()
    if "ref" in request.form:
        form = forms.match = forms.sent = ReferenceForm()
        return _try(line_id, forms, lambda: _propose(line_id, *_target_by_ref(form)), None)
    kind, target_id = _target_by_suggestion()
    said = _propose(line_id, kind, target_id)
    commit()
    flash_success(said)
    return see_other(f"{room().base}/mutasi/{line_id}")


def _propose(line_id: int, kind: str, target_id: uuid.UUID) -> Any:
    booked = service.propose_match(line_id=line_id, target_kind=kind, target_id=target_id, by=actor().id)
    if booked is None:
        return _("Usulan disimpan. Petugas keuangan lain perlu menyetujuinya.")
    if kind == "payment":
        return _("Cocok dan sudah dibukukan. Donatur menerima kuitansi.")
    return _("Cocok dan sudah dibukukan.")


def _target_by_suggestion() -> tuple[str, uuid.UUID]:
    form = MatchForm()
    if not form.validate() or form.target_kind.data not in TARGETS:
        raise NotFound("no_target", lazy("Pilihan ini sudah tidak ada. Muat ulang halaman ini."))
    try:
        return form.target_kind.data, uuid.UUID(form.target_id.data)
    except ValueError as unreadable:
        raise NotFound(
            "no_target", lazy("Pilihan ini sudah tidak ada. Muat ulang halaman ini.")
        ) from unreadable


def _target_by_ref(form: ReferenceForm) -> tuple[str, uuid.UUID]:
    ref = find_reference(form.ref.data or "")
    if ref is None:
        message = lazy("Nomor rujukan ini keliru: CE diikuti sembilan huruf dan angka.")
        raise Invalid("ref_shape", message, field="ref")
    return "payment", payments.find_by_ref(ref).id


@both("/mutasi/<int:line_id>/bagi", "POST", step_up=True)
def split(line_id: int) -> BaseResponse:
    """Propose that a line paid several gifts."""
    forms = Forms.empty()
    form = forms.split = forms.sent = SplitForm()
    return _try(
        line_id,
        forms,
        lambda: service.split(line_id=line_id, parts=_parts(form), by=actor().id) and None,
        _("Pembagian disimpan sebagai usulan. Petugas keuangan lain perlu menyetujuinya."),
    )


def _parts(form: SplitForm) -> list[tuple[uuid.UUID, int]]:
    parts = []
    for place, (ref, amount) in enumerate(zip(form.refs.data, form.amounts.data, strict=True), start=1):
        if not (ref or "").strip() and not (amount or "").strip():
            continue
        found = find_reference(ref or "")
        if found is None:
            raise Invalid(
                "ref_shape", lazy("Nomor rujukan di bagian %(place)s keliru.", place=place), field="parts"
            )
        parts.append((payments.find_by_ref(found).id, parse_rupiah(amount or "", field="parts").amount))
    return parts


@both("/mutasi/<int:line_id>/rujukan", "POST", step_up=True)
def correct(line_id: int) -> BaseResponse:
    """Correct the reference that was read out of a line."""
    forms = Forms.empty()
    form = forms.correct = forms.sent = ReferenceForm()
    return _try(
        line_id,
        forms,
        lambda: service.edit_reference(line_id=line_id, words=form.ref.data or "", by=actor().id) and None,
        _("Nomor rujukan dibetulkan. Pencocokannya perlu disetujui petugas lain."),
    )


@both("/mutasi/<int:line_id>/alasan", "POST", step_up=True)
def with_reason(line_id: int) -> BaseResponse:
    """Put a line off, leave it out, or undo its match; each with a reason."""
    forms = Forms.empty()
    form = forms.reason = forms.sent = ReasonForm()
    step = request.form.get("langkah", "tunda")
    note = form.note.data or ""
    by = actor().id
    if step == "abaikan":
        return _try(
            line_id,
            forms,
            lambda: service.ignore(line_id=line_id, by=by, note=note) and None,
            _("Mutasi ini diabaikan; selisihnya tetap terlihat dengan alasannya."),
        )
    if step == "batalkan":
        return _try(
            line_id,
            forms,
            lambda: service.undo_line(line_id=line_id, by=by, reason=note) and None,
            _("Pencocokan dibatalkan dengan baris buku pembalik. Mutasi ini menunggu lagi."),
        )
    return _try(
        line_id,
        forms,
        lambda: service.put_off(line_id=line_id, by=by, note=note) and None,
        _("Catatan disimpan; mutasi ini tetap menunggu."),
    )


@both("/mutasi/<int:line_id>/setujui", "POST", step_up=True)
def confirm(line_id: int) -> BaseResponse:
    """The second person agrees."""
    service.confirm_match(line_id=the_line(line_id).id, by=actor().id)
    commit()
    flash_success(_("Disetujui dan sudah dibukukan."))
    return see_other(f"{room().base}/mutasi/{line_id}")


@both("/mutasi/<int:line_id>/tolak", "POST")
def reject(line_id: int) -> BaseResponse:
    """Take a proposal back."""
    service.reject_match(line_id=the_line(line_id).id, by=actor().id)
    commit()
    flash_success(_("Usulan dicabut."))
    return see_other(f"{room().base}/mutasi/{line_id}")


@both("/mutasi/<int:line_id>/sisihkan", "POST", step_up=True)
def set_aside(line_id: int) -> BaseResponse:
    """Nobody knows whose money it is: booked as such, with a case."""
    service.set_aside(line_id=the_line(line_id).id, by=actor().id)
    commit()
    flash_success(_("Dicatat sebagai dana belum dikenal. Kasusnya sudah dibuka."))
    return see_other(f"{room().base}/mutasi/{line_id}")


@both("/mutasi/<int:line_id>/periksa-lagi", "POST")
def look_again(line_id: int) -> BaseResponse:
    """Take back that a line was left out."""
    service.look_again(line_id=the_line(line_id).id, by=actor().id)
    commit()
    flash_success(_("Mutasi ini menunggu lagi."))
    return see_other(f"{room().base}/mutasi/{line_id}")
