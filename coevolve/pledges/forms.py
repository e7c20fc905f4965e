"""Shape of what givers and receivers type; the rules are in the service."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from coevolve.kit.errors import Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.money import Money, parse_quantity, parse_rupiah, short_rupiah
from coevolve.listings.models import ListingLine

PRESETS = (25_000, 50_000, 100_000, 250_000)
"""Whole rupiah on the chips."""
OTHER = "lain"
MONTHLY = "monthly"
PARTS = tuple(range(1, 25))
"""How many times promised money may be paid in, a month apart."""
TOO_LONG = lazy("Terlalu panjang: paling banyak %(max)d karakter.")


METHODS = (
    SelectChoice("checkout", lazy("Kartu debit atau kredit")),
    SelectChoice("bank_transfer", lazy("Transfer bank")),
)


class DayField(StringField):
    """A date from the browser's date field, or typed as 22/11/2026; what cannot be read stays in the field."""

    def day(self) -> dt.date | None:
        """The day, or None when empty. Raises Invalid."""
        typed = (self.data or "").strip()
        if not typed:
            return None
        for shape in ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y"):
            try:
                day = dt.datetime.strptime(typed, shape).date()  # noqa: DTZ007 - a day has no zone
            except ValueError:
                continue
            if len(typed) <= 10 and 1900 < day.year < 2200:
                return day
        raise Invalid("day_shape", lazy("Tulis tanggal seperti 22/11/2026."), field=self.short_name)


class MomentField(StringField):
    """A day and an hour of the listing's place, from the browser's field or typed as 22/11/2026 09.30."""

    def moment(self, zone: str) -> dt.datetime | None:
        """The moment, or None when empty. Raises Invalid."""
        typed = " ".join((self.data or "").split())
        if not typed:
            return None
        for shape in ("%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%d/%m/%Y %H.%M", "%d/%m/%Y %H:%M"):
            try:
                found = dt.datetime.strptime(typed[:16], shape)  # noqa: DTZ007 - the zone follows
            except ValueError:
                continue
            if 2000 < found.year < 2200:
                return found.replace(tzinfo=ZoneInfo(zone))
        raise Invalid("moment_shape", lazy("Tulis waktu seperti 22/11/2026 09.30."), field=self.short_name)


class GiveForm(FlaskForm):
    """Supporting a need or campaign, or asking for something of a standing offer. Nothing is ticked in advance."""

    client_token = HiddenField()
    amount_choice = RadioField(lazy("Berapa yang ingin Anda berikan?"), validate_choice=False)
    amount = StringField(lazy("Jumlah lain"))
    frequency = RadioField(
        lazy("Seberapa sering?"),
        choices=[SelectChoice("once", lazy("Sekali ini")), SelectChoice(MONTHLY, lazy("Setiap bulan"))],
        validate_choice=False,
    )
    contact = StringField(
        lazy("Nomor telepon atau WhatsApp untuk serah terima"), [Length(max=200, message=TOO_LONG)]
    )
    organisation = SelectField(lazy("Atas nama"), choices=[], validate_choice=False)
    pays = RadioField(
        lazy("Kapan dibayar?"),
        choices=[
            SelectChoice("now", lazy("Sekarang")),
            SelectChoice("later", lazy("Nanti, sekaligus atau dicicil")),
        ],
        validate_choice=False,
    )
    parts = SelectField(
        lazy("Dibayar berapa kali"),
        choices=[SelectChoice(str(count), lazy("%(num)s kali", num=count)) for count in PARTS],
        validate_choice=False,
    )
    first_on = DayField(lazy("Tanggal bayar pertama"), [Length(max=40, message=TOO_LONG)])
    purchase_order = StringField(lazy("Nomor pesanan pembelian (PO)"), [Length(max=60, message=TOO_LONG)])
    code = StringField(lazy("Kode dari aplikasi Anda"), [Length(max=20, message=TOO_LONG)])
    name = StringField(lazy("Nama Anda"), [Length(max=120, message=TOO_LONG)])
    email = StringField(lazy("Alamat surel"), [Length(max=254, message=TOO_LONG)])
    is_name_public = BooleanField(lazy("Nama saya tampil di halaman ini"))
    public_name = StringField(lazy("Nama yang tampil"), [Length(max=120, message=TOO_LONG)])
    shares_identity = BooleanField(lazy("Bagikan nama dan surel saya kepada OMS"))
    message = TextAreaField(lazy("Doa atau pesan"), [Length(max=500, message=TOO_LONG)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.amount_choice.choices = [
            *(SelectChoice(str(whole), short_rupiah(whole * 100)) for whole in PRESETS),
            SelectChoice(OTHER, str(lazy("Jumlah lain"))),
        ]

    def money(self) -> Money | None:
        """The amount that was chosen or typed; None: no money. Two different amounts are asked about, not guessed."""
        typed, chosen = (self.amount.data or "").strip(), self.amount_choice.data or ""
        if chosen not in {"", OTHER, *(str(whole) for whole in PRESETS)}:
            raise Invalid(
                "amount_choice", lazy("Pilih satu jumlah, atau tulis jumlah lain."), field="amount_choice"
            )
        if not typed:
            if chosen == OTHER:
                raise Invalid(
                    "amount_missing", lazy("Isi jumlahnya dalam rupiah, misalnya 75.000."), field="amount"
                )
            return Money(int(chosen) * 100) if chosen else None
        money = parse_rupiah(typed, field="amount")
        if chosen not in {"", OTHER} and money.amount != int(chosen) * 100:
            raise Invalid(
                "two_amounts",
                lazy("Anda memilih satu jumlah dan menulis jumlah lain. Pakai salah satu saja."),
                field="amount",
            )
        return money

    def plan(self) -> tuple[dt.date, int] | None:
        """The first day and the count of payments, for money promised for later. Raises Invalid."""
        count = self.parts.data or "1"
        if count not in {str(number) for number in PARTS}:
            raise Invalid("parts", lazy("Pilih berapa kali dibayar."), field="parts")
        first_on = self.first_on.day()
        if first_on is None and int(count) > 1:
            raise Invalid("first_on_missing", lazy("Isi tanggal bayar pertama."), field="first_on")
        return (first_on, int(count)) if first_on is not None else None


def with_lines(lines: Sequence[ListingLine]) -> type[GiveForm]:
    """The form with fields for each line that is not money: quantity, days, note."""
    fields: dict[str, Any] = {}
    for line in lines:
        if line.kind == "money":
            continue
        key = line.id.hex
        fields[f"quantity_{key}"] = StringField(
            lazy("Jumlah yang Anda tawarkan"), [Length(max=40, message=TOO_LONG)]
        )
        fields[f"from_{key}"] = DayField(lazy("Mulai tanggal"), [Length(max=40, message=TOO_LONG)])
        fields[f"until_{key}"] = DayField(lazy("Sampai tanggal"), [Length(max=40, message=TOO_LONG)])
        fields[f"note_{key}"] = TextAreaField(
            lazy("Keterangan: ukuran, kondisi, tempat"), [Length(max=500, message=TOO_LONG)]
        )
    return type("GiveFormWithLines", (GiveForm,), fields)


class AskForm(FlaskForm):
    """A CSO asks for something of an offer."""

    client_token = HiddenField()
    organisation = SelectField(lazy("Atas nama"), choices=[], validate_choice=False)
    message = TextAreaField(
        lazy("Untuk apa?"),
        [
            InputRequired(lazy("Tulis untuk apa, agar pemberi dapat menimbang.")),
            Length(max=500, message=TOO_LONG),
        ],
    )
    contact = StringField(
        lazy("Nomor telepon atau WhatsApp untuk serah terima"),
        [
            InputRequired(lazy("Isi nomor yang dapat dihubungi untuk serah terima.")),
            Length(max=200, message=TOO_LONG),
        ],
    )


def asking_of(lines: Sequence[ListingLine], with_calendar: Collection[uuid.UUID]) -> type[AskForm]:
    """The form with the fields of each line: times where it has a calendar, else a quantity and a period or days."""
    fields: dict[str, Any] = {}
    for line in lines:
        key = line.id.hex
        if line.id in with_calendar:
            fields[f"slots_{key}"] = SelectMultipleField(
                lazy("Waktu yang diminta"),
                choices=[],
                validate_choice=False,
                option_widget=CheckboxInput(),
                widget=ListWidget(prefix_label=False),
            )
        else:
            fields[f"quantity_{key}"] = StringField(lazy("Jumlah"), [Length(max=40, message=TOO_LONG)])
            if line.per != "once":
                fields[f"period_{key}"] = SelectField(
                    lazy("Dari minggu") if line.per == "week" else lazy("Dari bulan"),
                    choices=[],
                    validate_choice=False,
                )
            else:
                fields[f"from_{key}"] = DayField(lazy("Diperlukan mulai"), [Length(max=40, message=TOO_LONG)])
                fields[f"until_{key}"] = DayField(
                    lazy("Diperlukan sampai"), [Length(max=40, message=TOO_LONG)]
                )
        fields[f"need_{key}"] = SelectField(
            lazy("Memenuhi kebutuhan Anda"), choices=[], validate_choice=False
        )
        fields[f"note_{key}"] = TextAreaField(lazy("Keterangan"), [Length(max=500, message=TOO_LONG)])
    return type("AskFormWithLines", (AskForm,), fields)


def start_of(text: str) -> dt.datetime | None:
    """The beginning of a slot as an address names it, 20261127T0000Z; None: not one."""
    try:
        return dt.datetime.strptime(text[:20], "%Y%m%dT%H%MZ").replace(tzinfo=dt.UTC)
    except ValueError:
        return None


def asked_of(form: AskForm, line: ListingLine) -> dict[str, Any] | None:
    """What was asked of one line; None when nothing was. Raises Invalid."""
    key = line.id.hex
    need: str = form[f"need_{key}"].data or ""
    found: dict[str, Any] = {"line_id": line.id, "note": form[f"note_{key}"].data or ""}
    if need:
        try:
            found["need_line_id"] = uuid.UUID(need)
        except ValueError:
            raise Invalid("need_unknown", lazy("Pilih satu dari daftar."), field=f"need_{key}") from None
    if f"slots_{key}" in form:
        starts = [start_of(one) for one in form[f"slots_{key}"].data or ()]
        if not starts:
            return None
        if None in starts:
            raise Invalid("slot_unknown", lazy("Waktu ini tidak ada di kalender."), field=f"slots_{key}")
        return found | {"quantity": 1, "starts": tuple(starts), "field": f"slots_{key}"}
    quantity: Field = form[f"quantity_{key}"]
    if not (quantity.data or "").strip():
        return None
    found |= {"quantity": parse_quantity(quantity.data, field=quantity.name), "field": quantity.name}
    if f"period_{key}" in form:
        found["period_on"] = _first_day(form[f"period_{key}"])
    else:
        days: list[DayField] = [form[f"from_{key}"], form[f"until_{key}"]]
        found |= {"available_from": days[0].day(), "available_until": days[1].day()}
    return found


def _first_day(field: Field) -> dt.date:
    try:
        return dt.date.fromisoformat((field.data or "")[:10])
    except ValueError:
        raise Invalid("period", lazy("Pilih satu dari daftar."), field=field.name) from None


def wish_of(form: GiveForm, line: ListingLine) -> dict[str, Any] | None:
    """What was typed for one line; None when its quantity is empty. Raises Invalid."""
    key = line.id.hex
    quantity: Field = form[f"quantity_{key}"]
    if not (quantity.data or "").strip():
        return None
    days: list[DayField] = [form[f"from_{key}"], form[f"until_{key}"]]
    return {
        "line_id": line.id,
        "quantity": parse_quantity(quantity.data, field=quantity.name),
        "available_from": days[0].day(),
        "available_until": days[1].day(),
        "note": form[f"note_{key}"].data or "",
        "field": quantity.name,
    }


class PayForm(FlaskForm):
    """How the money comes, and how much of the rest."""

    client_token = HiddenField()
    part = RadioField(lazy("Berapa yang dibayar?"), choices=[], validate_choice=False)
    amount = StringField(lazy("Jumlah lain"), [Length(max=40, message=TOO_LONG)])
    method = RadioField(
        lazy("Cara membayar"),
        [InputRequired(lazy("Pilih cara membayar."))],
        choices=list(METHODS),
    )


class AcceptForm(FlaskForm):
    """Yes, to so much of each line."""

    def quantities(self, line_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
        """What was typed, by pledge line; 0 or empty: not this one. Raises Invalid."""
        found = {}
        for line_id in line_ids:
            field = self[f"quantity-{line_id}"]
            typed = (field.data or "").strip()
            found[line_id] = 0 if typed in {"", "0"} else parse_quantity(typed, field=field.short_name)
        return found


def accept_form(line_ids: Sequence[uuid.UUID]) -> type[AcceptForm]:
    """The form with a quantity for each line that waits for an answer."""
    fields: dict[str, Any] = {
        f"quantity-{line_id}": StringField(lazy("Jumlah yang disepakati")) for line_id in line_ids
    }
    for line_id in line_ids:
        fields[f"slots-{line_id}"] = SelectMultipleField(
            lazy("Waktu yang disepakati"), choices=[], validate_choice=False
        )
    return type("AcceptFormWithLines", (AcceptForm,), fields)


def slots_in(form: AcceptForm) -> set[uuid.UUID]:
    """The times that stay ticked, of all lines; what is no time of ours is left out."""
    found = set()
    for field in form:
        if field.short_name.startswith("slots-"):
            for one in field.data or ():
                try:
                    found.add(uuid.UUID(str(one)))
                except ValueError:
                    continue
    return found


class ReasonForm(FlaskForm):
    """A step that says why."""

    reason = TextAreaField(lazy("Alasan"), [Length(max=500, message=TOO_LONG)])


class AmountForm(FlaskForm):
    """Another amount for a pledge of money."""

    amount = StringField(lazy("Jumlah baru"), [Length(max=40, message=TOO_LONG)])

    def minor(self) -> int:
        """The amount in minor units. Raises Invalid."""
        return parse_rupiah(self.amount.data or "", field="amount").amount


class PlanForm(FlaskForm):
    """Other days for the rest of a promise."""

    parts = SelectField(
        lazy("Sisanya dibayar berapa kali"),
        choices=[SelectChoice(str(count), lazy("%(num)s kali", num=count)) for count in PARTS],
        validate_choice=False,
    )
    first_on = DayField(lazy("Tanggal bayar berikutnya"), [Length(max=40, message=TOO_LONG)])

    def plan(self) -> tuple[dt.date, int]:
        """The next day and the count of payments. Raises Invalid."""
        if (self.parts.data or "") not in {str(number) for number in PARTS}:
            raise Invalid("parts", lazy("Pilih berapa kali dibayar."), field="parts")
        day = self.first_on.day()
        if day is None:
            raise Invalid("first_on_missing", lazy("Isi tanggal bayar berikutnya."), field="first_on")
        return day, int(self.parts.data)


class InvoiceForm(FlaskForm):
    """A bill for promised money."""

    client_token = HiddenField()
    amount = StringField(lazy("Jumlah tagihan"), [Length(max=40, message=TOO_LONG)])
    purchase_order = StringField(lazy("Nomor pesanan pembelian (PO)"), [Length(max=60, message=TOO_LONG)])
    due_on = DayField(lazy("Jatuh tempo"), [Length(max=40, message=TOO_LONG)])
    with_code = BooleanField(lazy("Tambahkan kode unik 1 sampai 999 rupiah pada jumlah transfer"))


class RuleForm(FlaskForm):
    """An organisation's own limit."""

    approval_above = StringField(lazy("Perlu persetujuan di atas"), [Length(max=40, message=TOO_LONG)])

    def minor(self) -> int | None:
        """The limit in minor units; empty: none. Raises Invalid."""
        typed = (self.approval_above.data or "").strip()
        if not typed:
            return None
        return 0 if typed == "0" else parse_rupiah(typed, field="approval_above").amount


class CreditForm(FlaskForm):
    """Giving credit, or asking for it back."""

    client_token = HiddenField()
    amount = StringField(lazy("Jumlah"), [Length(max=40, message=TOO_LONG)])
    listing = StringField(lazy("Alamat halaman kebutuhan atau kampanye"), [Length(max=300, message=TOO_LONG)])
    is_name_public = BooleanField(lazy("Nama saya tampil di halaman ini"))
    reason = TextAreaField(lazy("Alasan"), [Length(max=500, message=TOO_LONG)])

    def minor(self) -> int:
        """The amount in minor units. Raises Invalid."""
        return parse_rupiah(self.amount.data or "", field="amount").amount


class HandOverForm(FlaskForm):
    """The giver: so much was handed over, worked or used; or is planned."""

    quantity = StringField(lazy("Jumlah"), [Length(max=40, message=TOO_LONG)])
    starts_at = MomentField(lazy("Mulai"), [Length(max=40, message=TOO_LONG)])
    ends_at = MomentField(lazy("Selesai"), [Length(max=40, message=TOO_LONG)])
    place = StringField(lazy("Tempat"), [Length(max=300, message=TOO_LONG)])
    evidence = TextAreaField(lazy("Catatan"), [Length(max=1000, message=TOO_LONG)])


class CountForm(FlaskForm):
    """The receiver: so much came, so much is kept."""

    counted = StringField(lazy("Berapa yang datang"), [Length(max=40, message=TOO_LONG)])
    kept = StringField(lazy("Berapa yang baik dan diterima"), [Length(max=40, message=TOO_LONG)])
    evidence = TextAreaField(lazy("Catatan"), [Length(max=1000, message=TOO_LONG)])


def whole_number(field: Field) -> int:
    """A whole number typed into a field, 0 included. Raises Invalid."""
    typed = (field.data or "").strip()
    return 0 if typed == "0" else parse_quantity(typed, field=field.short_name)
