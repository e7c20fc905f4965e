"""Shape of what people type about their accounts; the rules are in the service."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, HiddenField, PasswordField, SelectField, StringField, TelField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length

from coevolve.kit.i18n import lazy
from coevolve.people.words import LANGUAGES, ZONES

NEEDED_EMAIL = InputRequired(lazy("Isi alamat surel Anda."))
NEEDED_PASSWORD = InputRequired(lazy("Isi kata sandi."))
NEEDED_CODE = InputRequired(lazy("Isi kode enam angka dari aplikasi Anda."))
SHORT_LINE = Length(max=254, message=lazy("Terlalu panjang."))
A_PASSWORD = Length(max=1000, message=lazy("Terlalu panjang."))


class SignUpForm(FlaskForm):
    """Only the address: everything else is asked when the link comes back."""

    email = EmailField(lazy("Alamat surel"), [NEEDED_EMAIL, SHORT_LINE])
    ke = HiddenField()


class ConfirmForm(FlaskForm):
    """The rest of a new account."""

    name = StringField(
        lazy("Nama Anda"), [InputRequired(lazy("Isi nama Anda, 2 sampai 120 karakter.")), SHORT_LINE]
    )
    password = PasswordField(lazy("Kata sandi"), [NEEDED_PASSWORD, A_PASSWORD])
    agrees = BooleanField(lazy("Saya setuju dengan syarat pemakaian dan cara data pribadi saya dipakai"))


class SignInForm(FlaskForm):
    """Address and password."""

    email = EmailField(lazy("Alamat surel"), [NEEDED_EMAIL, SHORT_LINE])
    password = PasswordField(lazy("Kata sandi"), [NEEDED_PASSWORD, A_PASSWORD])
    ke = HiddenField()


class CodeForm(FlaskForm):
    """A code of the app, or a recovery code."""

    code = StringField(lazy("Kode"), [NEEDED_CODE, Length(max=20, message=lazy("Terlalu panjang."))])
    ke = HiddenField()


class ForgottenForm(FlaskForm):
    """The address whose password is forgotten."""

    email = EmailField(lazy("Alamat surel"), [NEEDED_EMAIL, SHORT_LINE])


class NewPasswordForm(FlaskForm):
    """A new password, by the link in a mail."""

    password = PasswordField(lazy("Kata sandi baru"), [NEEDED_PASSWORD, A_PASSWORD])


class ProfileForm(FlaskForm):
    """What a person says about themselves."""

    name = StringField(
        lazy("Nama Anda"), [InputRequired(lazy("Isi nama Anda, 2 sampai 120 karakter.")), SHORT_LINE]
    )
    phone = TelField(lazy("Nomor telepon"), [Length(max=40, message=lazy("Terlalu panjang."))])
    language = SelectField(lazy("Bahasa"), choices=[SelectChoice(code, name) for code, name in LANGUAGES])
    zone = SelectField(lazy("Zona waktu"), choices=[SelectChoice(code, name) for code, name in ZONES])


class PasswordForm(FlaskForm):
    """A new password, with the old one at hand."""

    current = PasswordField(lazy("Kata sandi sekarang"), [NEEDED_PASSWORD, A_PASSWORD])
    password = PasswordField(lazy("Kata sandi baru"), [NEEDED_PASSWORD, A_PASSWORD])


class EmailForm(FlaskForm):
    """Another address, with the password at hand."""

    email = EmailField(lazy("Alamat surel baru"), [NEEDED_EMAIL, SHORT_LINE])
    current = PasswordField(lazy("Kata sandi sekarang"), [NEEDED_PASSWORD, A_PASSWORD])


class AgainForm(FlaskForm):
    """The password once more, before something that opens a way in."""

    current = PasswordField(lazy("Kata sandi sekarang"), [NEEDED_PASSWORD, A_PASSWORD])
    ke = HiddenField()
