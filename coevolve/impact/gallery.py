"""What the gallery of components shows: a form with every kind of field, in rest and in error."""

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
from wtforms.validators import InputRequired, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from coevolve.kit.i18n import lazy


class GalleryForm(FlaskForm):  # type: ignore[misc]
    """Every kind of field once."""

    preset = RadioField(
        lazy("Berapa yang ingin Anda berikan?"),
        choices=[("25", "Rp 25 rb"), ("50", "Rp 50 rb"), ("100", "Rp 100 rb"), ("250", "Rp 250 rb")],
        default="100",
    )
    amount = StringField(lazy("Jumlah lain"), validators=[Optional()])
    name = StringField(lazy("Nama Anda"), validators=[InputRequired()])
    hide_name = BooleanField(lazy("Sembunyikan nama saya"))
    hours = StringField(lazy("Berapa jam sebulan"), validators=[InputRequired()])
    place = SelectField(
        lazy("Provinsi"),
        choices=[("53", "Nusa Tenggara Timur"), ("52", "Nusa Tenggara Barat")],
        validators=[InputRequired()],
    )
    support = SelectMultipleField(
        lazy("Jenis dukungan"),
        choices=[("money", lazy("Uang")), ("goods", lazy("Barang"))],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    until = DateField(lazy("Sampai tanggal"), validators=[InputRequired()])
    paper = FileField(lazy("Foto nota"), validators=[Optional()])
    prayer = TextAreaField(lazy("Doa atau pesan"), validators=[Optional()])


def form_in_error() -> GalleryForm:
    """The same form as it looks when two fields are refused."""
    form = GalleryForm(prefix="salah")
    form.amount.data = "5000"
    form.amount.errors = [lazy("Jumlah dukungan paling sedikit Rp 10.000. Isi angka saja, misalnya 75000.")]
    form.name.errors = [lazy("Isi nama Anda, atau pilih “Sembunyikan nama saya”.")]
    return form
