"""What the gallery of components shows: a form with every kind of field, in rest and in error.

Its sample words are Indonesian in both languages, as the gallery is for those who build pages.
"""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    FileField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Optional
from wtforms.widgets import CheckboxInput, ListWidget


class GalleryForm(FlaskForm):  # type: ignore[misc]
    """Every kind of field once."""

    preset = RadioField(
        "Berapa yang ingin Anda berikan?",
        choices=[SelectChoice(amount, f"Rp {amount} rb") for amount in ("25", "50", "100", "250")],
        default="100",
    )
    amount = StringField("Jumlah lain", validators=[Optional()])
    name = StringField("Nama Anda", validators=[InputRequired()])
    hide_name = BooleanField("Sembunyikan nama saya")
    hours = StringField("Berapa jam sebulan", validators=[InputRequired()])
    place = SelectField(
        "Provinsi",
        choices=[SelectChoice("53", "Nusa Tenggara Timur"), SelectChoice("52", "Nusa Tenggara Barat")],
        validators=[InputRequired()],
    )
    support = SelectMultipleField(
        "Jenis dukungan",
        choices=[SelectChoice("money", "Uang"), SelectChoice("goods", "Barang")],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    until = DateField("Sampai tanggal", validators=[InputRequired()])
    paper = FileField("Foto nota", validators=[Optional()])
    prayer = TextAreaField("Doa atau pesan", validators=[Optional()])


def form_in_error() -> GalleryForm:
    """The same form as it looks when two fields are refused."""
    form = GalleryForm(prefix="salah")
    form.amount.data = "5000"
    form.amount.errors = ["Jumlah dukungan paling sedikit Rp 10.000. Isi angka saja, misalnya 75000."]
    form.name.errors = ["Isi nama Anda, atau pilih “Sembunyikan nama saya”."]
    return form
