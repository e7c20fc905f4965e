"""Shape of what people type about organisations; the rules are in the service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    DateField,
    EmailField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TelField,
    TextAreaField,
    URLField,
    widgets,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length, Optional

from coevolve.kit.i18n import lazy
from coevolve.organisations.words import BUSINESSES, KINDS, ROLE_HINTS


def _choices(words: Mapping[str, Any]) -> list[SelectChoice]:
    return [SelectChoice(code, label) for code, label in words.items()]


LINE = Length(max=300, message=lazy("Terlalu panjang."))


class ProfileForm(FlaskForm):
    """What an organisation says of itself."""

    name = StringField(
        lazy("Nama organisasi"), [InputRequired(lazy("Isi nama organisasi, 3 sampai 140 karakter.")), LINE]
    )
    legal_form = StringField(lazy("Bentuk hukum"), [LINE])
    home_locality_code = StringField(
        lazy("Tempat kedudukan"), [InputRequired(lazy("Isi kabupaten, kota, atau kecamatan.")), LINE]
    )
    summary = TextAreaField(lazy("Ringkasan"), [Length(max=1000, message=lazy("Terlalu panjang."))])
    about = TextAreaField(lazy("Tentang organisasi"), [Length(max=9000, message=lazy("Terlalu panjang."))])
    email = EmailField(lazy("Surel kantor"), [LINE])
    phone = TelField(lazy("Telepon kantor"), [LINE])
    website = URLField(lazy("Situs"), [LINE])
    address = StringField(lazy("Alamat kantor"), [LINE])
    sectors = SelectMultipleField(
        lazy("Bidang"),
        choices=[],
        option_widget=widgets.CheckboxInput(),
        widget=widgets.ListWidget(prefix_label=False),
    )


class RefusalForm(FlaskForm):
    """Whose support is not taken, and the own lines of business."""

    ditolak = SelectMultipleField(
        lazy("Tidak kami terima dari"),
        choices=_choices({**BUSINESSES, **KINDS}),
        option_widget=widgets.CheckboxInput(),
        widget=widgets.ListWidget(prefix_label=False),
    )
    usaha = SelectMultipleField(
        lazy("Bidang usaha kami sendiri"),
        choices=_choices(BUSINESSES),
        option_widget=widgets.CheckboxInput(),
        widget=widgets.ListWidget(prefix_label=False),
        description=lazy("Nyatakan bila organisasi Anda atau pemiliknya bergerak di bidang ini."),
    )


class RegisterForm(FlaskForm):
    """The first things about a new organisation; the rest follows on its desk."""

    kind = RadioField(
        lazy("Jenis organisasi"),
        [InputRequired(lazy("Pilih jenis organisasi."))],
        choices=_choices(KINDS),
    )
    name = StringField(
        lazy("Nama organisasi"), [InputRequired(lazy("Isi nama organisasi, 3 sampai 140 karakter.")), LINE]
    )
    home_locality_code = StringField(
        lazy("Tempat kedudukan"), [InputRequired(lazy("Isi kabupaten, kota, atau kecamatan.")), LINE]
    )
    office = StringField(lazy("Jabatan Anda di organisasi ini"), [LINE])


class ClaimForm(FlaskForm):
    """One thing to be checked."""

    document_number = StringField(
        lazy("Nomor"),
        [InputRequired(lazy("Tulis nomor seperti tercetak pada dokumen, 3 sampai 80 karakter.")), LINE],
    )
    document_date = DateField(lazy("Tanggal dokumen"), [Optional()])
    note = TextAreaField(
        lazy("Keterangan untuk pemeriksa"), [Length(max=1000, message=lazy("Terlalu panjang."))]
    )

    def validate_document_date(self, field: DateField) -> None:
        """Say in our words what WTForms says in its own."""
        if field.process_errors:
            field.errors = [lazy("Tulis tanggal seperti 2019-03-04.")]


class InviteForm(FlaskForm):
    """Whom to invite, as what."""

    email = EmailField(lazy("Alamat surel"), [InputRequired(lazy("Isi alamat surel yang diundang.")), LINE])
    role = RadioField(
        lazy("Peran"), [InputRequired(lazy("Pilih peran anggota."))], choices=_choices(ROLE_HINTS)
    )
    office = StringField(lazy("Jabatan"), [LINE])


class RoleForm(FlaskForm):
    """Another role for a member."""

    role = SelectField(lazy("Peran"), choices=_choices(ROLE_HINTS))


class JoinForm(FlaskForm):
    """Only the form's token: joining is a button."""
