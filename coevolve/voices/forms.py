"""Shapes of input of voices; the rules are in the service."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from coevolve.kit.i18n import lazy

TOO_LONG = lazy("Terlalu panjang: paling banyak %(max)d karakter.")


class AttestationAskForm(FlaskForm):
    """Which official to ask."""

    name = StringField(
        lazy("Nama pejabat"),
        [InputRequired(lazy("Tulis nama pejabatnya.")), Length(max=120, message=TOO_LONG)],
    )
    office = StringField(
        lazy("Jabatan"),
        [InputRequired(lazy("Tulis jabatannya.")), Length(max=120, message=TOO_LONG)],
        description=lazy("Misalnya Kepala Desa Oelbubuk."),
    )
    agency = StringField(
        lazy("Instansi"),
        [InputRequired(lazy("Tulis instansinya.")), Length(max=160, message=TOO_LONG)],
    )
    email = StringField(
        lazy("Surel dinasnya"),
        [InputRequired(lazy("Tulis alamat surelnya.")), Length(max=254, message=TOO_LONG)],
        description=lazy("Tautan untuk menjawab dikirim ke sini dan berlaku 30 hari."),
    )


class StatementForm(FlaskForm):
    """What the official says."""

    name = StringField(
        lazy("Nama Anda"), [InputRequired(lazy("Tulis nama Anda.")), Length(max=120, message=TOO_LONG)]
    )
    office = StringField(
        lazy("Jabatan Anda"), [InputRequired(lazy("Tulis jabatan Anda.")), Length(max=120, message=TOO_LONG)]
    )
    agency = StringField(
        lazy("Instansi Anda"),
        [InputRequired(lazy("Tulis instansi Anda.")), Length(max=160, message=TOO_LONG)],
    )
    text = TextAreaField(
        lazy("Pernyataan Anda"),
        [InputRequired(lazy("Tulis pernyataan Anda.")), Length(max=1000, message=TOO_LONG)],
        description=lazy(
            "Apa yang Anda ketahui sendiri tentang kebutuhan ini. Semua orang dapat membacanya."
        ),
    )
    is_true = BooleanField(
        lazy("Saya pejabat yang disebut di atas dan bertanggung jawab atas pernyataan ini."),
        [InputRequired(lazy("Centang untuk menyatakan bahwa Anda pejabatnya."))],
    )


class OfficerForm(FlaskForm):
    """What an officer with an account says."""

    office = StringField(
        lazy("Jabatan Anda"), [InputRequired(lazy("Tulis jabatan Anda.")), Length(max=120, message=TOO_LONG)]
    )
    text = TextAreaField(
        lazy("Pernyataan Anda"),
        [InputRequired(lazy("Tulis pernyataan Anda.")), Length(max=1000, message=TOO_LONG)],
        description=lazy(
            "Apa yang Anda ketahui sendiri tentang kebutuhan ini. Semua orang dapat membacanya."
        ),
    )


class ReasonForm(FlaskForm):
    """Why."""

    reason = TextAreaField(
        lazy("Alasan"), [InputRequired(lazy("Tulis alasannya.")), Length(max=1000, message=TOO_LONG)]
    )


class QuestionForm(FlaskForm):
    """A public question."""

    text = TextAreaField(
        lazy("Pertanyaan Anda"),
        [InputRequired(lazy("Tulis pertanyaan Anda.")), Length(max=1000, message=TOO_LONG)],
        description=lazy("Pertanyaan dan jawabannya dapat dibaca semua orang. Jangan tulis data pribadi."),
    )
    is_name_public = BooleanField(lazy("Tampilkan nama saya"))


class AnswerForm(FlaskForm):
    """The organisation's answer."""

    answer = TextAreaField(
        lazy("Jawaban"), [InputRequired(lazy("Tulis jawabannya.")), Length(max=2000, message=TOO_LONG)]
    )


class PartnerForm(FlaskForm):
    """Whom to invite, and for what."""

    organisation = StringField(
        lazy("Alamat halaman organisasi"),
        [InputRequired(lazy("Tulis alamat organisasi.")), Length(max=300, message=TOO_LONG)],
        description=lazy("Salin dari halamannya, misalnya /organisasi/yayasan-mata-air."),
    )
    part = StringField(
        lazy("Apa yang dikerjakannya?"),
        [InputRequired(lazy("Tulis bagian yang dikerjakannya.")), Length(max=300, message=TOO_LONG)],
        description=lazy("Satu kalimat; tampil di halaman tayangan."),
    )
