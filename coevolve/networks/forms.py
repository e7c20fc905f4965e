"""Shapes of input of networks; the rules are in the service."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length

from coevolve.kit.errors import Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.text import clean_line
from coevolve.localities import queries as localities
from coevolve.networks import words

TOO_LONG = lazy("Terlalu panjang: paling banyak %(max)d karakter.")


def code_of(typed: str | None, *, field: str) -> str:
    """The code of a place typed by code or by name; Invalid, with the full names of like places, when it is not one."""
    text = clean_line(typed)[:120]
    known = localities.find(text) or localities.from_label(text)
    if known is not None:
        return known.code
    found = localities.search(text, 4) if text else []
    if len(found) == 1:
        return found[0].code
    if not found:
        raise Invalid("place", lazy("Daerah ini tidak kami temukan. Periksa ejaannya."), field=field)
    names = "; ".join(localities.path_label(place) for place in found)
    raise Invalid(
        "place", lazy("Ada beberapa daerah yang mirip. Tulis salah satu: %(names)s", names=names), field=field
    )


class NetworkForm(FlaskForm):
    """A network's name and purpose."""

    name = StringField(
        lazy("Nama jejaring"),
        [InputRequired(lazy("Tulis nama jejaring.")), Length(max=120, message=TOO_LONG)],
    )
    purpose = TextAreaField(
        lazy("Tujuan"),
        [InputRequired(lazy("Tulis tujuannya.")), Length(max=2000, message=TOO_LONG)],
        description=lazy("Apa yang dikerjakan bersama, dan untuk siapa."),
    )


class PlaceForm(FlaskForm):
    """A place that joins."""

    place = StringField(
        lazy("Tambah daerah"),
        [InputRequired(lazy("Tulis nama daerah.")), Length(max=120, message=TOO_LONG)],
        description=lazy("Nama lengkap, misalnya Kabupaten Alor."),
    )


class OrganisationForm(FlaskForm):
    """An organisation that joins."""

    organisation = StringField(
        lazy("Tambah organisasi"),
        [InputRequired(lazy("Tulis alamat organisasi.")), Length(max=120, message=TOO_LONG)],
        description=lazy("Bagian akhir alamat halamannya: /organisasi/…"),
    )


class LinkForm(FlaskForm):
    """A tie of two places."""

    place = HiddenField()
    other = StringField(
        lazy("Dengan daerah mana?"),
        [InputRequired(lazy("Tulis nama daerah.")), Length(max=120, message=TOO_LONG)],
        description=lazy("Nama lengkap, misalnya Kabupaten Alor. Daerah di negara tetangga juga boleh."),
    )
    kind = RadioField(
        lazy("Hubungan apa?"),
        [InputRequired(lazy("Pilih jenis hubungannya."))],
        choices=[SelectChoice(code, label) for code, label in words.KINDS.items()],
    )
    evidence = TextAreaField(
        lazy("Apa yang menunjukkannya?"),
        [
            InputRequired(lazy("Tulis apa yang menunjukkan hubungan ini.")),
            Length(max=1000, message=TOO_LONG),
        ],
        description=lazy(
            "Surat, pertemuan, atau program bersama, dengan tanggalnya. Semua orang dapat membacanya."
        ),
    )


class ReasonForm(FlaskForm):
    """Why a tie is declined or ended."""

    reason = TextAreaField(
        lazy("Alasan"), [InputRequired(lazy("Tulis alasannya.")), Length(max=1000, message=TOO_LONG)]
    )
