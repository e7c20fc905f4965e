"""Shape of what members type about listings; the rules are in the service."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    FileField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from coevolve.kit.errors import DomainError, Invalid
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
SUPPLY = {
    "once": lazy("Seluruhnya, sampai habis"),
    "week": lazy("Setiap minggu"),
    "month": lazy("Setiap bulan"),
    "always": lazy("Setiap kali diminta: tidak habis"),
}
"""How often the quantity of an offer is there."""
SLOT_LENGTHS = {
    "": lazy("Seluruh jam buka sekaligus"),
    "30": lazy("30 menit"),
    "60": lazy("1 jam"),
    "90": lazy("1 jam 30 menit"),
    "120": lazy("2 jam"),
    "180": lazy("3 jam"),
    "240": lazy("4 jam"),
    "480": lazy("8 jam"),
}
WEEKDAYS = {
    "1": lazy("Senin"),
    "2": lazy("Selasa"),
    "3": lazy("Rabu"),
    "4": lazy("Kamis"),
    "5": lazy("Jumat"),
    "6": lazy("Sabtu"),
    "7": lazy("Minggu"),
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
    more_sectors = SelectMultipleField(
        lazy("Sektor lain"),
        choices=[],
        description=lazy("Paling banyak dua, bila memang menyangkut keduanya."),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        **NOT_LISTED,
    )
    disaster = SelectField(lazy("Bagian dari tanggap bencana"), choices=[], **NOT_LISTED)
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
        self.more_sectors.choices = choices(sectors.LABELS)
        self.disaster.choices = choices({"": lazy("Bukan")})
        # A form that does not ask for a disaster sends none; what is not sent is the empty choice.
        self.disaster.data = self.disaster.data or ""


class PlaceForm(FlaskForm):
    """Where."""

    locality = StringField(
        lazy("Kabupaten, kota, atau kecamatan"),
        [InputRequired(lazy("Isi nama daerahnya.")), Length(max=120, message=TOO_LONG)],
        description=lazy("Mulai mengetik, lalu pilih dari daftar. Makin tepat, makin mudah ditemukan."),
    )
    more_1 = StringField(lazy("Tempat kedua"), [Length(max=120, message=TOO_LONG)])
    more_2 = StringField(lazy("Tempat ketiga"), [Length(max=120, message=TOO_LONG)])
    more_3 = StringField(lazy("Tempat keempat"), [Length(max=120, message=TOO_LONG)])
    more_4 = StringField(lazy("Tempat kelima"), [Length(max=120, message=TOO_LONG)])


MORE_PLACES = ("more_1", "more_2", "more_3", "more_4")
"""The fields of further places."""


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
    radius_km = StringField(lazy("Berlaku dalam jarak"), [Length(max=10)])
    supply = SelectField(lazy("Seberapa sering tersedia"), choices=choices(SUPPLY), **NOT_LISTED)
    conditions = TextAreaField(
        lazy("Syarat bagi yang meminta"),
        [Length(max=500, message=TOO_LONG)],
        description=lazy("Misalnya “Diambil sendiri, kembali dalam keadaan bersih, ada penanggung jawab.”"),
    )
    slot = SelectField(lazy("Lama sekali pakai"), choices=choices(SLOT_LENGTHS), **NOT_LISTED)

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
        self.supply.data = self.supply.data or "once"
        self.slot.data = self.slot.data or ""
        if self.slot.data.isdigit() and self.slot.data not in SLOT_LENGTHS and len(self.slot.data) < 5:
            minutes = lazy("%(minutes)s menit", minutes=self.slot.data)
            self.slot.choices = choices({**SLOT_LENGTHS, self.slot.data: minutes})


class ClockField(StringField):
    """A time of the day from the browser's time field, or typed as 8, 08.30 or 24.00; minutes after midnight."""

    def minute(self) -> int:
        """Minutes after midnight. Raises Invalid, and keeps what was typed."""
        typed = (self.data or "").strip().replace(":", ".")
        hour, _dot, minute = typed.partition(".")
        if (
            hour.isascii()
            and hour.isdigit()
            and len(hour) < 3
            and len(minute) < 3
            and (minute or "0").isascii()
            and (minute or "0").isdigit()
        ):
            found = int(hour) * 60 + int(minute or "0")
            if int(minute or "0") < 60 and found <= 1440:
                return found
        raise Invalid("clock", lazy("Tulis jam seperti 08.30."), field=self.short_name)


class HoursForm(FlaskForm):
    """When a facility may be used."""

    weekdays = SelectMultipleField(
        lazy("Hari"),
        choices=choices(WEEKDAYS),
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
        validate_choice=False,
    )
    opens = ClockField(lazy("Dari jam"), [Length(max=10, message=TOO_LONG)])
    closes = ClockField(lazy("Sampai jam"), [Length(max=10, message=TOO_LONG)])
    valid_from = DayField(lazy("Berlaku mulai"), [Optional()])
    valid_until = DayField(lazy("Berlaku sampai"), [Optional()])


class ClosureForm(FlaskForm):
    """When it may not be used all the same."""

    first_on = DayField(lazy("Tutup mulai"), [Optional()])
    last_on = DayField(
        lazy("Tutup sampai"), [Optional()], description=lazy("Kosongkan bila hanya satu hari.")
    )
    note = StringField(
        lazy("Keterangan"),
        [Length(max=120, message=TOO_LONG)],
        description=lazy("Tampil di kalender, misalnya “Libur nasional”."),
    )


class ActForm(FlaskForm):
    """A confirmation; some steps take a day or a reason."""

    closes_on = DayField(lazy("Menerima dukungan sampai"), [Optional()])
    text = TextAreaField(lazy("Alasan, untuk yang sudah mendukung"), [Length(max=2_000, message=TOO_LONG)])


# --- photos, documents, updates -----------------------------------------------------------------------

ALT = StringField(
    lazy("Apa yang terlihat di foto?"),
    [Length(max=200, message=TOO_LONG)],
    description=lazy(
        "Satu kalimat untuk yang tidak dapat melihat fotonya, misalnya “Tiga warga memasang pipa di lereng bukit”."
    ),
)


class PhotoForm(FlaskForm):
    """A photo with what is to be seen on it."""

    photo = FileField(lazy("Foto"))
    alt = ALT


class AltForm(FlaskForm):
    """Other words for a photo."""

    alt = ALT


class DocumentForm(FlaskForm):
    """A document with its name, and who may open it."""

    document = FileField(lazy("Berkas"))
    title = StringField(
        lazy("Nama dokumen"),
        [Length(max=120, message=TOO_LONG)],
        description=lazy("Misalnya “Surat dukungan kepala desa” atau “Rencana anggaran biaya”."),
    )
    is_public = BooleanField(lazy("Siapa pun boleh membukanya sesudah tayang"))


class UpdateForm(FlaskForm):
    """What happened."""

    client_token = HiddenField()
    title = StringField(
        lazy("Judul kabar"),
        [InputRequired(lazy("Tulis judul kabar, 5 sampai 120 karakter.")), Length(max=120, message=TOO_LONG)],
        description=lazy("Misalnya “Pipa terpasang sampai Dusun Dua”."),
    )
    text = TextAreaField(
        lazy("Apa yang sudah terjadi?"),
        [
            InputRequired(lazy("Ceritakan apa yang sudah terjadi, 40 sampai 6.000 karakter.")),
            Length(max=6_000, message=TOO_LONG),
        ],
        description=lazy(
            "Apa yang dikerjakan, oleh siapa, dan apa langkah berikutnya. Sebut angka bila ada."
        ),
    )
    line = SelectField(lazy("Baris anggaran"), choices=[], **NOT_LISTED)
    amount = StringField(lazy("Uang yang dipakai"), [Length(max=30)])


class HideForm(FlaskForm):
    """Why a moderator takes an update from the pages."""

    reason = TextAreaField(
        lazy("Alasan untuk organisasi"),
        [InputRequired(lazy("Tulis alasannya, 5 sampai 500 karakter.")), Length(max=500, message=TOO_LONG)],
    )
