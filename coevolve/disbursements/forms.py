"""Forms of money out: shape and limits of what is typed."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import DateField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length, Optional

from coevolve.kit.i18n import lazy
from coevolve.kit.money import parse_rupiah
from coevolve.listings.models import ListingLine

LINE = Length(max=200, message=lazy("Terlalu panjang."))
TEXT = Length(max=2000, message=lazy("Terlalu panjang."))


class PlainForm(FlaskForm):
    """Only the token: a button that does something."""


class ReasonForm(FlaskForm):
    """Why something is not to be."""

    reason = TextAreaField(lazy("Alasan"), [InputRequired(lazy("Tulis alasannya.")), TEXT])


class AccountForm(FlaskForm):
    """Where an organisation wants its money."""

    bank_name = StringField(
        lazy("Nama bank"), [InputRequired(lazy("Tulis nama banknya, 2 sampai 60 karakter.")), LINE]
    )
    account_number = StringField(
        lazy("Nomor rekening"), [InputRequired(lazy("Nomor rekening terdiri dari 5 sampai 24 angka.")), LINE]
    )
    holder = StringField(
        lazy("Nama pemilik rekening"),
        [InputRequired(lazy("Tulis nama pemilik rekening seperti di buku tabungan.")), LINE],
    )
    note = TextAreaField(lazy("Bila namanya lain dari nama organisasi: mengapa?"), [Optional(), TEXT])


class CheckAccountForm(FlaskForm):
    """A moderator's finding about an account."""

    to = RadioField(
        lazy("Hasil pemeriksaan"),
        [InputRequired(lazy("Pilih hasilnya."))],
        choices=[
            SelectChoice("accepted", lazy("Diterima: dilihat pada buku tabungan atau dikonfirmasi bank")),
            SelectChoice("needs_fix", lazy("Perlu diperbaiki")),
            SelectChoice("rejected", lazy("Ditolak")),
        ],
    )
    method = SelectField(
        lazy("Cara pemeriksaan"),
        choices=[
            SelectChoice("document", lazy("Buku tabungan atau surat bank dilihat")),
            SelectChoice("call", lazy("Pengurus dihubungi lewat telepon")),
            SelectChoice("official", lazy("Dicek ke bank")),
        ],
    )
    remark = TextAreaField(lazy("Catatan untuk organisasi"), [Optional(), TEXT])


class ProposeForm(FlaskForm):
    """How much for which line; the lines' own fields are added by `propose_form`."""

    purpose = TextAreaField(
        lazy("Untuk apa uang ini dipakai sekarang?"),
        [InputRequired(lazy("Tulis untuk apa uang ini dipakai, 5 sampai 500 karakter.")), TEXT],
    )
    client_token = HiddenField(default=lambda: str(uuid.uuid4()))


def propose_form(lines: Iterable[ListingLine]) -> ProposeForm:
    """The form with one field of rupiah for each line of the budget."""
    fields = {field_of(line): StringField(line.label, [Optional(), LINE]) for line in lines}
    made: type[ProposeForm] = type("ProposeFormOfLines", (ProposeForm,), fields)
    return made()


def field_of(line: ListingLine) -> str:
    """The name of a line's field."""
    return f"line-{line.id}"


def amounts_of(form: ProposeForm, lines: Iterable[ListingLine]) -> dict[uuid.UUID, int]:
    """What was typed, in minor units; empty fields are left out. Invalid names the field."""
    found = {}
    for line in lines:
        typed = str(form[field_of(line)].data or "").strip()
        if typed:
            found[line.id] = parse_rupiah(typed, field=field_of(line)).amount
    return found


def token_of(form: Any) -> uuid.UUID:
    """The form's own token; a spoilt one is a new one."""
    try:
        return uuid.UUID(str(form.client_token.data))
    except ValueError:
        return uuid.uuid4()


class SentForm(FlaskForm):
    """The day the bank took the order."""

    on = DateField(lazy("Tanggal kirim di bank"), [InputRequired(lazy("Isi tanggalnya."))])


class ExpenseForm(FlaskForm):
    """One receipt."""

    line = SelectField(lazy("Baris anggaran"), [InputRequired(lazy("Pilih baris anggarannya."))])
    spent_on = DateField(
        lazy("Tanggal nota"), [InputRequired(lazy("Isi tanggal nota; tidak boleh di masa depan."))]
    )
    payee = StringField(
        lazy("Toko atau penerima"),
        [InputRequired(lazy("Tulis nama toko atau penerima, 2 sampai 80 karakter.")), LINE],
    )
    what = StringField(
        lazy("Untuk membayar apa"),
        [InputRequired(lazy("Tulis apa yang dibayar, 3 sampai 120 karakter.")), LINE],
    )
    amount = StringField(lazy("Jumlah"), [InputRequired(lazy("Isi jumlahnya.")), LINE])
    proof = FileField(lazy("Foto nota"))
    client_token = HiddenField(default=lambda: str(uuid.uuid4()))


class SubmitForm(FlaskForm):
    """The words of a report; fields for reasons are added by `submit_form`."""

    summary = TextAreaField(
        lazy("Apa yang sudah dikerjakan?"),
        [InputRequired(lazy("Ceritakan apa yang sudah dikerjakan, 20 sampai 2.000 karakter.")), TEXT],
    )


def submit_form(overspent: Iterable[ListingLine], said: Mapping[str, str]) -> SubmitForm:
    """The form with one field for each line that cost more than it was given."""
    fields = {
        f"reason-{line.id}": TextAreaField(
            lazy("Mengapa “%(line)s” lebih mahal?", line=line.label),
            [Optional(), TEXT],
            default=said.get(str(line.id), ""),
        )
        for line in overspent
    }
    made: type[SubmitForm] = type("SubmitFormOfLines", (SubmitForm,), fields)
    return made()


class RemarkForm(FlaskForm):
    """What a checker asks for."""

    remark = TextAreaField(
        lazy("Yang perlu diperbaiki"),
        [InputRequired(lazy("Tulis apa yang perlu diperbaiki, 10 sampai 1.000 karakter.")), TEXT],
    )
