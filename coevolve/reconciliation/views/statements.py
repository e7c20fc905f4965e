"""Pages of bank statements: handing a file in, watching it being read, what came of it, its columns, taking it back."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from flask import request
from werkzeug.wrappers import Response as BaseResponse

from coevolve.config import settings
from coevolve.kit import clock
from coevolve.kit.db import commit, get, session
from coevolve.kit.errors import DomainError, Invalid
from coevolve.kit.files import takes_files
from coevolve.kit.i18n import _, lazy
from coevolve.kit.pages import (
    actor,
    flash_notice,
    flash_success,
    form_page,
    form_refusal,
    is_htmx,
    page,
    see_other,
)
from coevolve.payments.queries import AccountShown
from coevolve.reconciliation.forms import ColumnsForm, ProfileForm, StatementForm, UndoForm
from coevolve.reconciliation.models import BankProfile, BankStatement
from coevolve.reconciliation.service import statements as service
from coevolve.reconciliation.statements import shown
from coevolve.reconciliation.statements.amounts import parse_amount
from coevolve.reconciliation.statements.profiles import INDONESIAN, MAPPED, PROFILES, mapped
from coevolve.reconciliation.statements.reasons import Unsure
from coevolve.reconciliation.statements.words import STAGES, label_of, say_note, say_reason
from coevolve.reconciliation.views.door import blueprint, both, desk, names_of, room
from coevolve.reconciliation.words import LINE_STATES, STATEMENT_STATES, rule_of

PLACE = "/rekening-koran"
ROLES: dict[str, Any] = {
    "": lazy("tidak dipakai"),
    "date": lazy("Tanggal"),
    "text": lazy("Uraian"),
    "amount": lazy("Jumlah"),
    "mark": lazy("Tanda masuk atau keluar"),
    "debit": lazy("Debit (keluar)"),
    "credit": lazy("Kredit (masuk)"),
    "balance": lazy("Saldo"),
    "bank_ref": lazy("Nomor mutasi dari bank"),
}
YEARS = {"dmy": ["4", "2"], "mdy": ["4", "2"], "ymd": ["4"], "dm": ["none", "4"]}


@desk.url_value_preprocessor
@blueprint.url_value_preprocessor
def refuse_large(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """A file beyond the limit is refused by its announced size, before anything of it is read."""
    most = settings().statement_max_bytes
    uploads = {"reconciliation.upload_statement", "own_bank.upload_statement"}
    if endpoint in uploads and (request.content_length or 0) > most + 100_000:
        message = lazy(
            "Berkas rekening koran paling besar %(most)s MB. Unduh untuk jangka lebih pendek, misalnya per minggu.",
            most=most // 1_000_000,
        )
        raise Invalid("file_large", message, http_status=413)


@both("/rekening-koran")
def statements() -> BaseResponse:
    """Each account, how far its statements reach, and the files handed in."""
    return page(
        "reconciliation/statements.html",
        parts=shown.by_account(room().accounts),
        states=STATEMENT_STATES,
        say_note=say_note,
    )


def _account(text: str | None) -> AccountShown:
    return room().account(text)


def _statement(statement_id: uuid.UUID) -> tuple[BankStatement, AccountShown]:
    found = shown.statement(statement_id)
    return found, _account(str(found.bank_account_id))


# --- handing in -----------------------------------------------------------------------------------------


@both("/rekening-koran/unggah/<uuid:account_id>", "GET", "POST", step_up=True)
@takes_files
def upload_statement(account_id: uuid.UUID) -> BaseResponse:
    """Hand in a file of an account."""
    account = _account(str(account_id))
    profile = shown.profile_of_account(account.id)
    form = StatementForm()
    form.profile.choices = _profile_choices()
    if request.method == "POST" and form.validate():
        try:
            statement, is_new = service.upload_statement(
                bank_account_id=account.id,
                file_name=form.file.data.filename or "",
                content=form.file.data.read(settings().statement_max_bytes + 1),
                by=actor().id,
                code=None if profile else form.profile.data or None,
                typed=_typed(form),
            )
            commit()
            if not is_new:
                flash_notice(_("Berkas ini sudah pernah diunggah; tidak ada yang ditambahkan. Ini hasilnya."))
            if statement.profile_id is None:
                return see_other(f"{room().base}{PLACE}/{statement.id}/kolom")
            return see_other(f"{room().base}{PLACE}/{statement.id}")
        except DomainError as refusal:
            session().rollback()
            form_refusal(form, refusal)
            if refusal.http_status == 413:
                return page("reconciliation/statement_upload.html", 413, **_upload_words(form, account))
    return form_page("reconciliation/statement_upload.html", **_upload_words(form, account))


def _upload_words(form: StatementForm, account: AccountShown) -> dict[str, Any]:
    profile = shown.profile_of_account(account.id)
    most = settings().statement_max_bytes // 1_000_000
    return {
        "form": form,
        "account": account,
        "label": label_of(profile.code) if profile else "",
        "most": most,
    }


def _profile_choices() -> list[tuple[str, str]]:
    known = [(code, profile.label) for code, profile in PROFILES.items()]
    return [("", _("Pilih bank dan bentuknya")), *known, (MAPPED, _("Bank lain: pilih kolomnya sendiri"))]


def _typed(form: StatementForm) -> service.Typed:
    """Balances and days that finance typed; a balance is read as strictly as one in a file."""
    sums = {}
    for name in ("opening", "closing"):
        text = getattr(form, name).data
        if not text:
            continue
        try:
            sums[name] = parse_amount(text, INDONESIAN)
        except Unsure as unsure:
            message = lazy("Tulis saldo dengan angka, misalnya 1.500.000 atau 1.500.000,50.")
            raise Invalid("balance_shape", message, field=name) from unsure
    if form.begin.data and form.end.data and form.begin.data > form.end.data:
        raise Invalid("period_order", lazy("Periode berakhir sebelum mulai."), field="end")
    return service.Typed(**sums, begin=form.begin.data, end=form.end.data)


# --- one statement --------------------------------------------------------------------------------------


@both("/rekening-koran/<uuid:statement_id>")
def statement(statement_id: uuid.UUID) -> BaseResponse:
    """One file: how far it is, why it is refused, or what it brought and what became of that."""
    return page("reconciliation/statement.html", **_statement_words(statement_id))


@both("/rekening-koran/<uuid:statement_id>/kemajuan")
def statement_progress(statement_id: uuid.UUID) -> BaseResponse:
    """The part of the page that changes while a file is read."""
    if not is_htmx():
        return see_other(f"{room().base}{PLACE}/{statement_id}")
    return page("reconciliation/_statement_state.html", **_statement_words(statement_id))


def _statement_words(statement_id: uuid.UUID) -> dict[str, Any]:
    found, account = _statement(statement_id)
    profile = get(BankProfile, found.profile_id) if found.profile_id else None
    is_done = found.state in {"accepted", "refused", "undone"}
    return {
        "statement": found,
        "account": account,
        "label": label_of(profile.code) if profile else "",
        "is_done": is_done,
        "is_waiting_for_columns": found.profile_id is None and not is_done,
        "stage": STAGES[found.stage],
        "states": STATEMENT_STATES,
        "reasons": [(reason, say_reason(reason)) for reason in found.reasons],
        "notes": [say_note(note) for note in found.notes],
        "outcome": shown.outcome(found.id) if is_done else None,
        "lines": shown.lines_of(found.id) if found.state == "accepted" else [],
        "line_states": LINE_STATES,
        "rule_of": rule_of,
        "names": names_of([found.uploaded_by]),
    }


@both("/rekening-koran/<uuid:statement_id>/batalkan", "GET", "POST", step_up=True)
def undo_statement(statement_id: uuid.UUID) -> BaseResponse:
    """Take an accepted file back: what goes is said first, the second click does it."""
    found, account = _statement(statement_id)
    form = UndoForm()
    if request.method == "POST" and form.validate():
        try:
            service.undo_statement(
                statement_id=found.id, by=actor().id, with_bookings=bool(form.with_bookings.data)
            )
            commit()
            flash_success(_("Rekening koran ini dibatalkan. Mutasinya sudah diambil kembali."))
            return see_other(f"{room().base}{PLACE}/{statement_id}")
        except DomainError as refusal:
            session().rollback()
            form_refusal(form, refusal)
            found, account = _statement(statement_id)
    return form_page(
        "reconciliation/statement_undo.html",
        form,
        statement=found,
        account=account,
        booked=len(service.booked_lines(found.id)),
    )


# --- how a bank writes its files ------------------------------------------------------------------------


@both("/rekening-koran/bentuk/<uuid:account_id>", "GET", "POST", step_up=True)
def statement_profile(account_id: uuid.UUID) -> BaseResponse:
    """Say that an account's bank writes its files in another way from a day on."""
    account = _account(str(account_id))
    form = ProfileForm()
    form.profile.choices = [choice for choice in _profile_choices() if choice[0] != MAPPED]
    if request.method == "POST" and form.validate():
        try:
            service.choose_profile(
                bank_account_id=account.id,
                code=form.profile.data,
                by=actor().id,
                starts_on=form.starts_on.data,
            )
            commit()
            flash_success(_("Bentuk berkas disimpan. Berkas berikutnya dibaca dengan bentuk ini."))
            return see_other(f"{room().base}{PLACE}/unggah/{account.id}")
        except DomainError as refusal:
            session().rollback()
            form_refusal(form, refusal)
    [part] = shown.by_account([account], limit=1)
    return form_page("reconciliation/statement_profile.html", form, account=account, part=part)


@both("/rekening-koran/<uuid:statement_id>/kolom", "GET", "POST", step_up=True)
def statement_columns(statement_id: uuid.UUID) -> BaseResponse:
    """Choose what the columns of a table mean; its first lines are shown as they would be read."""
    found, account = _statement(statement_id)
    if found.profile_id is not None or found.state != "uploaded":
        return see_other(f"{room().base}{PLACE}/{statement_id}")
    form = _columns_form()
    sample = shown.sample(found.id, most_rows=settings().statement_max_lines)
    chosen = [request.form.get(f"kolom-{place}", "") for place in range(sample.width)]
    reading = None
    if request.method == "POST" and form.validate():
        spec = _spec(form, sample, chosen)
        try:
            if request.form.get("langkah") == "simpan":
                service.map_columns(
                    statement_id=found.id, spec=spec, by=actor().id, starts_on=form.starts_on.data
                )
                commit()
                flash_success(_("Kolom disimpan untuk rekening ini. Berkasnya sedang dibaca."))
                return see_other(f"{room().base}{PLACE}/{statement_id}")
            if sample.is_small:
                service.refuse_unfit(mapped(spec))
                reading = service.preview(statement_id=found.id, profile=mapped(spec))
        except DomainError as refusal:
            session().rollback()
            form_refusal(form, refusal)
    [part] = shown.by_account([account], limit=1)
    return form_page(
        "reconciliation/statement_columns.html",
        form,
        statement=found,
        account=account,
        sample=sample,
        refused=[say_reason(reason.as_row()) for reason in sample.why.reasons] if sample.why else [],
        chosen=chosen,
        roles=ROLES,
        reading=reading,
        reasons=[(reason, say_reason(reason.as_row())) for reason in reading.reasons[:12]] if reading else [],
        needs_day=part.until is not None,
    )


def _columns_form() -> ColumnsForm:
    form = ColumnsForm()
    today = clock.today()
    example = dt.date(today.year, 12, 31)
    form.order.choices = [
        ("dmy", _("hari, bulan, tahun: %(day)s", day=f"{example:%d/%m/%Y}")),
        ("dm", _("hari, bulan, tanpa tahun: %(day)s", day=f"{example:%d/%m}")),
        ("ymd", _("tahun, bulan, hari: %(day)s", day=f"{example:%Y-%m-%d}")),
        ("mdy", _("bulan, hari, tahun: %(day)s", day=f"{example:%m/%d/%Y}")),
    ]
    form.decimal.choices = [(",", _("koma: 1.500.000,00")), (".", _("titik: 1,500,000.00"))]
    return form


def _spec(form: ColumnsForm, sample: shown.Sample, chosen: list[str]) -> dict[str, Any]:
    """The profile as it is kept: which column plays which role, and how cells are written."""
    places: dict[str, list[int]] = {}
    for place, role in enumerate(chosen):
        if role in ROLES and role:
            places.setdefault(role, []).append(place)
    header_row = int(form.header_row.data or 0)
    header = next((cells for number, cells in sample.rows if number == header_row), [])
    order = form.order.data or "dmy"
    return {
        "header_row": header_row,
        "header": header,
        "places": places,
        "order": "dmy" if order == "dm" else order,
        "years": YEARS.get(order, ["4"]),
        "decimal": form.decimal.data,
        "credit_marks": _marks(form.credit_marks.data),
        "debit_marks": _marks(form.debit_marks.data),
        "pending": _marks(form.pending.data),
        "is_ref_unique": bool(form.is_ref_unique.data),
        "is_newest_first": bool(form.is_newest_first.data),
    }


def _marks(text: str | None) -> list[str]:
    return [word.strip(" .").upper() for word in (text or "").split(",") if word.strip(" .")][:8]
