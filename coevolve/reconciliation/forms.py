"""Forms of finance: shape and limits of what is typed."""

from __future__ import annotations

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    DateField,
    FieldList,
    HiddenField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

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
    payer = StringField(
        lazy("Nama pengirim"),
        validators=[Optional(), Length(max=120, message=lazy("Terlalu panjang."))],
    )
    is_outgoing = BooleanField(lazy("Uang keluar"))
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


class SplitForm(FlaskForm):
    """A line that paid several gifts: up to four, each with its sum."""

    refs = FieldList(
        StringField(lazy("Nomor rujukan"), validators=[Optional(), Length(max=30)]),
        min_entries=4,
        max_entries=4,
    )
    amounts = FieldList(
        StringField(lazy("Jumlah"), validators=[Optional(), Length(max=30)]), min_entries=4, max_entries=4
    )
    parts = HiddenField()
    """Carries what is wrong with the parts together."""


class ReasonForm(FlaskForm):
    """Why a line is put off, left out, or its match undone."""

    note = TextAreaField(
        lazy("Alasan"),
        validators=[
            DataRequired(lazy("Isi alasannya.")),
            Length(max=2000, message=lazy("Terlalu panjang.")),
        ],
    )


class QueueForm(FlaskForm):
    """Lines ticked in the queue, and for merging the reference they paid together."""

    lines = SelectMultipleField(lazy("Mutasi"), coerce=int, validate_choice=False)
    ref = StringField(
        lazy("Nomor rujukan"), validators=[Optional(), Length(max=30, message=lazy("Terlalu panjang."))]
    )


class CaseForm(FlaskForm):
    """Who settles a case, and by when."""

    owner = SelectField(lazy("Dipegang oleh"), validators=[InputRequired(lazy("Pilih petugasnya."))])
    due_on = DateField(lazy("Selesai paling lambat"), validators=[InputRequired(lazy("Pilih tanggalnya."))])


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


class CustodyForm(FlaskForm):
    """Whose bank gifts are to go to, and why."""

    to = HiddenField(validators=[InputRequired()])
    reason = TextAreaField(
        lazy("Catatan untuk petugas keuangan"),
        validators=[Length(max=500, message=lazy("Terlalu panjang."))],
    )


class StatementForm(FlaskForm):
    """A statement file of one account, and what the file itself may not say."""

    file = FileField(lazy("Berkas rekening koran"), validators=[FileRequired(lazy("Pilih berkasnya dulu."))])
    profile = SelectField(lazy("Bentuk berkas"), validators=[Optional()])
    opening = StringField(
        lazy("Saldo awal"), validators=[Optional(), Length(max=30, message=lazy("Terlalu panjang."))]
    )
    closing = StringField(
        lazy("Saldo akhir"), validators=[Optional(), Length(max=30, message=lazy("Terlalu panjang."))]
    )
    begin = DateField(lazy("Periode mulai"), validators=[Optional()])
    end = DateField(lazy("Periode sampai"), validators=[Optional()])


class ProfileForm(FlaskForm):
    """Another way in which an account's bank writes its files, from a day on."""

    profile = SelectField(lazy("Bentuk berkas"), validators=[InputRequired(lazy("Pilih bentuk berkasnya."))])
    starts_on = DateField(lazy("Berlaku untuk mutasi mulai tanggal"), validators=[Optional()])


class ColumnsForm(FlaskForm):
    """What a table's columns mean; the columns themselves are fields of the page."""

    header_row = IntegerField(
        lazy("Judul kolom ada di baris ke"),
        validators=[
            InputRequired(lazy("Isi nomor barisnya; 0 bila tidak ada judul.")),
            NumberRange(0, 60, message=lazy("Antara 0 dan 60.")),
        ],
        default=1,
    )
    order = SelectField(lazy("Urutan tanggal"), default="dmy")
    decimal = SelectField(lazy("Angka desimal ditulis dengan"), default=",")
    credit_marks = StringField(
        lazy("Tanda uang masuk"),
        validators=[Optional(), Length(max=60, message=lazy("Terlalu panjang."))],
        default="CR, K",
    )
    debit_marks = StringField(
        lazy("Tanda uang keluar"),
        validators=[Optional(), Length(max=60, message=lazy("Terlalu panjang."))],
        default="DB, D",
    )
    pending = StringField(
        lazy("Tanda belum dibukukan"),
        validators=[Optional(), Length(max=60, message=lazy("Terlalu panjang."))],
        default="PEND",
    )
    is_ref_unique = BooleanField(lazy("Nomor mutasi bank tidak pernah dipakai dua kali"))
    is_newest_first = BooleanField(lazy("Mutasi terbaru ada di atas"))
    starts_on = DateField(lazy("Berlaku untuk mutasi mulai tanggal"), validators=[Optional()])


class UndoForm(FlaskForm):
    """Taking a statement back."""

    with_bookings = BooleanField(lazy("Balikkan juga pembukuan mutasinya"))
