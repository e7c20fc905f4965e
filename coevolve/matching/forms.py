"""Shapes of input of matching."""

from __future__ import annotations

import uuid
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from coevolve.kit.errors import Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.money import parse_rupiah
from coevolve.kit.text import clean_line
from coevolve.listings import sectors
from coevolve.listings.models import KIND_BITS
from coevolve.localities import queries as localities
from coevolve.matching.models import DISMISSALS

SUPPORT_LABELS = {
    "money": lazy("Uang"),
    "goods": lazy("Barang"),
    "time": lazy("Keahlian"),
    "facility": lazy("Fasilitas"),
}


class InterestForm(FlaskForm):
    """What to follow. A name that several places have is answered with a choice of them."""

    tempat = StringField(
        lazy("Daerah"),
        [Length(max=120)],
        description=lazy("Provinsi, kabupaten, kota, atau kecamatan. Semua yang ada di dalamnya ikut."),
    )
    tempat_kode = HiddenField()
    pilihan = RadioField(lazy("Yang mana maksud Anda?"), [Optional()], choices=[], validate_choice=False)
    sektor = SelectField(lazy("Bidang"), [Optional()])
    jenis = SelectMultipleField(
        lazy("Yang mungkin saya berikan"),
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )
    tetangga = BooleanField(
        lazy("Juga kabupaten dan kota di sekitarnya"),
        description=lazy("Hanya bila yang Anda ikuti kabupaten atau kota."),
    )
    paling_sedikit = StringField(lazy("Uang: kebutuhan paling sedikit"), [Optional(), Length(max=40)])
    paling_banyak = StringField(lazy("Uang: kebutuhan paling banyak"), [Optional(), Length(max=40)])
    untuk = SelectField(lazy("Diikuti oleh"))

    def __init__(self, *args: Any, followers: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sektor.choices = [("", lazy("Semua bidang")), *sectors.LABELS.items()]
        self.jenis.choices = list(SUPPORT_LABELS.items())
        self.untuk.choices = followers

    def place_code(self) -> str | None:
        """The code of the place that is meant; without one, the form says why and offers those that are alike."""
        typed = clean_line(self.tempat.data)
        chosen = localities.find(clean_line(self.pilihan.data)) or localities.find(
            clean_line(self.tempat_kode.data)
        )
        if chosen and (self.pilihan.data or typed in ("", localities.path_label(chosen))):
            return chosen.code
        if not typed:
            self.tempat.errors = [*self.tempat.errors, lazy("Tulis nama daerahnya.")]
            return None
        exact = localities.from_label(typed)
        if exact:
            return exact.code
        found = localities.search(typed, 8)
        if found:
            self.pilihan.choices = [(place.code, localities.path_label(place)) for place in found]
            self.pilihan.errors = [*self.pilihan.errors, lazy("Beberapa daerah bernama mirip. Pilih satu.")]
        else:
            self.tempat.errors = [*self.tempat.errors, lazy("Daerah ini tidak ditemukan. Periksa ejaannya.")]
        return None

    def kinds(self) -> int:
        """The chosen kinds as bits."""
        return sum(KIND_BITS[kind] for kind in set(self.jenis.data or []) if kind in KIND_BITS)

    def amounts(self) -> tuple[int | None, int | None]:
        """The least and most money, in rupiah minor units; a wrong amount is said beside its field."""
        return self._amount(self.paling_sedikit), self._amount(self.paling_banyak)

    def _amount(self, field: StringField) -> int | None:
        typed = clean_line(field.data)
        if not typed:
            return None
        try:
            return parse_rupiah(typed).amount
        except Invalid as refusal:
            field.errors = [*field.errors, str(refusal.message)]
            return None

    def organisation_id(self) -> uuid.UUID | None:
        """For which organisation, or for the person."""
        return None if self.untuk.data in (None, "", "saya") else uuid.UUID(self.untuk.data)


class WordsForm(FlaskForm):
    """A few words: a message, or a note on what followed."""

    teks = TextAreaField(
        lazy("Pesan atau catatan"), [Length(max=1000, message=lazy("Paling banyak 1.000 karakter."))]
    )


class DismissForm(FlaskForm):
    """Why something is put away."""

    alasan = RadioField(
        lazy("Mengapa tidak cocok?"),
        choices=[SelectChoice(code, label) for code, label in DISMISSALS.items()],
        default="not_mine",
        validate_choice=False,
    )
