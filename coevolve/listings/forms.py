"""Shape of what members type about listings; the rules are in the service."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from coevolve.kit.errors import DomainError
from coevolve.kit.i18n import lazy
from coevolve.kit.money import parse_quantity, parse_rupiah
from coevolve.listings import sectors
from coevolve.listings.units import CATEGORIES, UNITS

NEW_KINDS = {
    "campaign": lazy("Kampanye: kebutuhan dengan cerita dan anggaran uang"),
    "need": lazy("Kebutuhan: uang, barang, keahlian, atau tempat yang dicari"),
    "standing_offer": lazy("Penawaran: sesuatu yang dapat Anda berikan"),
    "opportunity": lazy("Peluang kemitraan: ajakan bekerja sama dengan dasar hukumnya"),
}
VALUATIONS = {
    "": lazy("Pilih sumber nilainya"),
    "receipt": lazy("Nota atau kuitansi"),
    "price_list": lazy("Daftar harga"),
    "wage_rate": lazy("Standar upah"),
    "cso_estimate": lazy("Perkiraan kami sendiri"),
    "giver_estimate": lazy("Perkiraan pemberi"),
}
NOT_LISTED: dict[str, Any] = {"invalid_choice_message": lazy("Pilih satu dari daftar.")}
TOO_LONG = lazy("Terlalu panjang: paling banyak %(max)d karakter.")


def choices(words: Mapping[str, Any]) -> list[SelectChoice]:
    """Codes with their words, as WTForms wants them."""
    return [SelectChoice(code, label) for code, label in words.items()]


class DayField(DateField):
    """A date from the browser's date field; what cannot be read is said in our words."""

    def process_formdata(self, valuelist: Any) -> None:
        """Read `2026-11-22`; also the Indonesian `22/11/2026` and `22-11-2026`, which are never ambiguous here."""
        typed = " ".join(valuelist or []).strip()
        self.data = None
        if not typed:
            return
        for shape in ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y"):
            try:
                day = dt.datetime.strptime(typed[:12], shape).date()  # noqa: DTZ007 - a day has no zone
            except ValueError:
                continue
            if len(typed) <= 10 and 1900 < day.year < 2200:
                self.data = day
                return
        raise ValueError(lazy("Tulis tanggal seperti 22/11/2026."))

    def _value(self) -> str:
        """What stands in the field again: the day, or what was typed."""
        if self.data is not None:
            return str(self.data.strftime("%Y-%m-%d"))
        return " ".join(self.raw_data or [])[:20] if self.raw_data else ""


class NewForm(FlaskForm):
    """The first two things; the rest follows section by section."""

    client_token = HiddenField()
    kind = RadioField(
        lazy("Apa yang ingin Anda tayangkan?"),
        [InputRequired(lazy("Pilih satu."))],
        **NOT_LISTED,
    )
    title = StringField(
        lazy("Judul"),
        [InputRequired(lazy("Tulis judulnya.")), Length(max=120, message=TOO_LONG)],
        description=lazy(
            "Sebut apa dan untuk siapa, misalnya “Air bersih untuk 312 keluarga di Desa Oelbubuk”."
        ),
    )


class BasicsForm(FlaskForm):
    """What it is, for how long."""

    title = StringField(
        lazy("Judul"), [InputRequired(lazy("Tulis judulnya.")), Length(max=120, message=TOO_LONG)]
    )
    summary = TextAreaField(
        lazy("Ringkasan"),
        [Length(max=280, message=TOO_LONG)],
        description=lazy("Satu atau dua kalimat yang tampil pada kartu, paling banyak 280 karakter."),
    )
    sector = SelectField(lazy("Sektor"), choices=[], **NOT_LISTED)
    closes_on = DayField(
        lazy("Menerima dukungan sampai"),
        [Optional()],
        description=lazy("Hari terakhir. Biasanya 30, 60, atau 90 hari."),
    )
    legal_basis = StringField(
        lazy("Dasar hukum atau dokumen rencana"),
        [Length(max=200, message=TOO_LONG)],
        description=lazy("Misalnya “Peraturan Bupati 12/2026” atau “RKPD 2027, program 1.03”."),
    )
    planning_event = StringField(
        lazy("Tahap perencanaan"),
        [Length(max=200, message=TOO_LONG)],
        description=lazy("Misalnya musrenbang kecamatan."),
    )
    planning_on = DayField(lazy("Tanggal tahap itu"), [Optional()])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sector.choices = choices({"": lazy("Pilih sektor"), **sectors.LABELS})


class PlaceForm(FlaskForm):
    """Where."""

    locality = StringField(
        lazy("Kabupaten, kota, atau kecamatan"),
        [InputRequired(lazy("Isi nama daerahnya.")), Length(max=120, message=TOO_LONG)],
        description=lazy("Mulai mengetik, lalu pilih dari daftar. Makin tepat, makin mudah ditemukan."),
    )


class StoryForm(FlaskForm):
    """Why."""

    story = TextAreaField(
        lazy("Cerita"),
        [Length(max=20_000, message=TOO_LONG)],
        description=lazy("Siapa yang terbantu, apa yang sudah dilakukan, apa yang berubah sesudahnya."),
    )


class LineForm(FlaskForm):
    """One line; which fields are shown depends on its kind."""

    label = StringField(
        lazy("Apa yang dibutuhkan"),
        [InputRequired(lazy("Sebutkan apa yang dimaksud.")), Length(max=120, message=TOO_LONG)],
    )
    category = SelectField(
        lazy("Golongan"), [InputRequired(lazy("Pilih satu golongan dari daftar."))], choices=[], **NOT_LISTED
    )
    quantity = StringField(
        lazy("Jumlah"), [InputRequired(lazy("Isi jumlahnya dengan angka.")), Length(max=30)]
    )
    unit = SelectField(lazy("Satuan"), choices=[], **NOT_LISTED)
    min_useful_quantity = StringField(
        lazy("Paling sedikit sekali beri"),
        [Length(max=30)],
        description=lazy("Kurang dari ini tidak terpakai. Kosongkan bila berapa pun berguna."),
    )
    is_required = BooleanField(lazy("Tanpa ini pekerjaan tidak dapat dimulai"))
    needed_from = DayField(lazy("Dipakai mulai"), [Optional()])
    needed_until = DayField(lazy("Paling lambat"), [Optional()])
    handover_place = StringField(lazy("Tempat serah terima"), [Length(max=200, message=TOO_LONG)])
    people_reached = StringField(lazy("Jumlah orang yang terbantu"), [Length(max=30)])
    unit_value = StringField(
        lazy("Nilai satu satuan"),
        [Length(max=30)],
        description=lazy("Dalam rupiah. Tampil sebagai keterangan, tidak dihitung sebagai uang."),
    )
    valuation_source = SelectField(lazy("Dari mana nilainya"), choices=choices(VALUATIONS), **NOT_LISTED)
    is_inexhaustible = BooleanField(lazy("Tidak habis: dapat diberikan berulang kali"))
    radius_km = StringField(lazy("Berlaku dalam jarak"), [Length(max=10)])

    of_money = False

    def validate_quantity(self, field: Any) -> None:
        """Say what is wrong with the number together with what else is wrong."""
        try:
            (parse_rupiah if self.of_money else parse_quantity)(field.data, field="quantity")
        except DomainError as refusal:
            raise ValidationError(str(refusal.message)) from refusal

    def prepare(self, kind: str) -> None:
        """Offer the categories and units of this kind."""
        self.of_money = kind == "money"
        self.category.choices = choices({"": lazy("Pilih golongan")} | dict(CATEGORIES[kind]))
        units = UNITS.get(kind, {"IDR": "rupiah"})
        self.unit.choices = choices(units)
        # A form of money does not ask where a value comes from; what is not sent is the empty choice.
        self.valuation_source.data = self.valuation_source.data or ""


class ActForm(FlaskForm):
    """A confirmation; some steps take a day or a reason."""

    closes_on = DayField(lazy("Menerima dukungan sampai"), [Optional()])
    text = TextAreaField(lazy("Alasan, untuk yang sudah mendukung"), [Length(max=2_000, message=TOO_LONG)])
