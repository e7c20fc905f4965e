"""Forms of finance: shape and limits of what is typed."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from coevolve.kit.i18n import lazy


class BankLineForm(FlaskForm):
    """One line of our bank statement: money in."""

    account = SelectField(lazy("Rekening"), validators=[InputRequired(lazy("Pilih rekeningnya."))])
    booked_on = DateField(lazy("Tanggal di mutasi bank"), validators=[InputRequired(lazy("Isi tanggalnya."))])
    amount = StringField(
        lazy("Jumlah masuk"),
        validators=[DataRequired(lazy("Isi jumlahnya.")), Length(max=30, message=lazy("Terlalu panjang."))],
    )
    words = TextAreaField(
        lazy("Uraian, persis seperti di mutasi bank"),
        validators=[
            DataRequired(lazy("Isi uraian seperti tertulis di mutasi bank.")),
            Length(max=500, message=lazy("Terlalu panjang.")),
        ],
    )
    bank_ref = StringField(
        lazy("Nomor mutasi dari bank"),
        validators=[Optional(), Length(max=60, message=lazy("Terlalu panjang."))],
    )
    is_second = BooleanField(lazy("Ini mutasi kedua yang sama, bukan salinan"))


class MatchForm(FlaskForm):
    """A suggestion taken up."""

    target_kind = HiddenField(validators=[DataRequired()])
    target_id = HiddenField(validators=[DataRequired()])


class ReferenceForm(FlaskForm):
    """A match that finance found itself."""

    ref = StringField(
        lazy("Nomor rujukan dukungan"),
        validators=[
            DataRequired(lazy("Isi nomor rujukannya.")),
            Length(max=30, message=lazy("Terlalu panjang.")),
        ],
    )


class NoteForm(FlaskForm):
    """A note, or the reason something is closed or opened again."""

    note = TextAreaField(
        lazy("Catatan"),
        validators=[
            DataRequired(lazy("Tulis catatannya dulu.")),
            Length(max=2000, message=lazy("Terlalu panjang.")),
        ],
    )


class PlainForm(FlaskForm):
    """Only the token: a button that does something."""
