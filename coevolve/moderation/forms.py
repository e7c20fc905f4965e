"""Shape of what moderators and reporters type; the rules are in the service."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length

from coevolve.kit.i18n import lazy
from coevolve.listings.forms import DayField, choices
from coevolve.listings.queries.cards import STATUS_LABELS
from coevolve.moderation.policy import REASONS, REPORT_REASONS
from coevolve.organisations.words import METHODS

NOT_LISTED: dict[str, Any] = {"invalid_choice_message": lazy("Pilih satu dari daftar.")}
TOO_LONG = lazy("Terlalu panjang: paling banyak %(max)d karakter.")
MISSING = lazy("Isi bagian ini.")
REMARK = [Length(max=500, message=TOO_LONG)]


class AskForm(FlaskForm):
    """What to mend, as a whole and field by field."""

    text = TextAreaField(lazy("Untuk keseluruhan"), [Length(max=2_000, message=TOO_LONG)])
    title = StringField(lazy("Judul"), REMARK)
    summary = StringField(lazy("Ringkasan"), REMARK)
    sector = StringField(lazy("Sektor"), REMARK)
    closes_on = StringField(lazy("Masa tayang"), REMARK)
    legal_basis = StringField(lazy("Dasar hukum"), REMARK)
    locality = StringField(lazy("Lokasi"), REMARK)
    lines = StringField(lazy("Kebutuhan dan anggaran"), REMARK)
    story = StringField(lazy("Cerita"), REMARK)
    photos = StringField(lazy("Foto"), REMARK)
    documents = StringField(lazy("Dokumen"), REMARK)


class RejectForm(FlaskForm):
    """Why it is refused for good."""

    reason_code = SelectField(
        lazy("Alasan"),
        choices=[SelectChoice(code, name) for code, (name, _sentence) in REASONS.items()],
        **NOT_LISTED,
    )
    text = TextAreaField(lazy("Penjelasan"), [Length(max=1_500, message=TOO_LONG)])


class ApproveForm(FlaskForm):
    """How an organisation was checked."""

    method = SelectField(
        lazy("Cara pemeriksaan"),
        choices=[SelectChoice(code, label) for code, label in METHODS.items()],
        **NOT_LISTED,
    )


class ReasonForm(FlaskForm):
    """A decision about something public, with its reason."""

    text = TextAreaField(lazy("Alasan yang dibaca organisasi"), [Length(max=2_000, message=TOO_LONG)])


class AnswerForm(FlaskForm):
    """An organisation's side, while its listing is frozen."""

    text = TextAreaField(
        lazy("Penjelasan Anda"),
        [InputRequired(lazy("Tulis penjelasan Anda.")), Length(max=2_000, message=TOO_LONG)],
        description=lazy(
            "Sebut apa yang terjadi dan bukti apa yang Anda punya. Hanya moderator yang membacanya."
        ),
    )


class ReportForm(FlaskForm):
    """What somebody knows about a listing."""

    reason = RadioField(
        lazy("Apa yang tidak beres?"),
        [InputRequired(lazy("Pilih alasannya."))],
        choices=[SelectChoice(code, label) for code, label in REPORT_REASONS.items()],
        **NOT_LISTED,
    )
    text = TextAreaField(
        lazy("Apa yang Anda ketahui?"),
        [InputRequired(lazy("Tulis apa yang Anda ketahui.")), Length(max=2_000, message=TOO_LONG)],
        description=lazy("Sebut apa yang Anda lihat dan kapan. Laporan ini hanya dibaca moderator."),
    )


class DisasterForm(FlaskForm):
    """What the decree says."""

    client_token = HiddenField()
    name = StringField(
        lazy("Nama bencana"),
        [InputRequired(MISSING), Length(max=120)],
        description=lazy("Apa dan di mana, misalnya “Banjir bandang Kabupaten Malaka”."),
    )
    status = SelectField(lazy("Status"), choices=choices(STATUS_LABELS))
    decree_number = StringField(
        lazy("Nomor keputusan"),
        [InputRequired(MISSING), Length(max=120)],
        description=lazy("Misalnya “Keputusan Bupati Malaka 300.2/114/2026”."),
    )
    decree_on = DayField(lazy("Tanggal keputusan"), [InputRequired(MISSING)])
    issued_by = StringField(lazy("Ditetapkan oleh"), [InputRequired(MISSING), Length(max=120)])
    places = TextAreaField(
        lazy("Berlaku di daerah"),
        [InputRequired(MISSING), Length(max=2_000)],
        description=lazy("Satu daerah per baris: provinsi, kabupaten, kota, atau kecamatan."),
    )
    starts_on = DayField(lazy("Berlaku mulai"), [InputRequired(MISSING)])
    ends_on = DayField(lazy("Sampai dengan"), [InputRequired(MISSING)])
