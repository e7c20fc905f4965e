"""Pages of accounts: sign up, sign in, the second factor, forgotten passwords."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

import segno
from flask import Blueprint, Response, request
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from coevolve.config import settings
from coevolve.kit import i18n
from coevolve.kit.access import AccessRule, access
from coevolve.kit.db import commit
from coevolve.kit.errors import DomainError, NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.pages import (
    actor,
    client_address,
    flash_success,
    form_page,
    form_refusal,
    local_path,
    page,
    see_other,
)
from coevolve.people import forms, queries, service, web, words
from coevolve.people.doors import account_from_link, private, refused, spent, typed
from coevolve.people.models import Purpose
from coevolve.people.policy import SignedIn

blueprint = Blueprint("people", __name__)
HOME = "/dasbor"
FRESH = AccessRule("signed_in", step_up=True)


def refused_and_counted(form: Any, refusal: DomainError) -> None:
    """The same where a try was counted: that must stay (nothing else was written before the refusal)."""
    commit()
    form_refusal(form, refusal)


def wanted(form: Any = None) -> str:
    """Where the person was going: a path on our own host."""
    given = form.ke.data if form is not None and form.ke.data else request.args.get("ke")
    return local_path(given, HOME)


def me() -> SignedIn:
    """The complete sign-in of this request (the guard has seen to it)."""
    found = web.current()
    if found is None:
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    return found


# --- a new account ------------------------------------------------------------------------------------


@blueprint.route("/daftar", methods=["GET", "POST"])
@access("public")
def sign_up() -> BaseResponse:
    """Ask for the address; the same answer whether it is known or not."""
    if actor() is not None:
        return see_other(wanted())
    form = forms.SignUpForm(ke=request.args.get("ke"))
    if form.validate_on_submit():
        try:
            service.sign_up(
                email=typed(form.email), language=i18n.language(), next_path=local_path(form.ke.data, "")
            )
        except DomainError as refusal:
            refused(form, refusal)
        else:
            commit()
            return see_other("/daftar/terkirim")
    return form_page("people/sign_up.html", form)


@blueprint.get("/daftar/terkirim")
@access("public")
def sign_up_sent() -> BaseResponse:
    """What happens next."""
    return page("people/sent.html", hours=settings().mail_link_hours, again="/daftar", is_reset=False)


@blueprint.route("/daftar/<token>", methods=["GET", "POST"])
@access("token")
def confirm(token: str) -> BaseResponse:
    """The link came back: name, password, agreement."""
    link = queries.find_link(token, purposes=[Purpose.sign_up])
    if link is None:
        return spent()
    return account_from_link(token, link, onward=link.next_path or HOME)


# --- in and out ---------------------------------------------------------------------------------------


@blueprint.route("/masuk", methods=["GET", "POST"])
@access("public")
def sign_in() -> BaseResponse:
    """Address and password; one sentence for every refusal."""
    if actor() is not None:
        return see_other(wanted())
    form = forms.SignInForm(ke=request.args.get("ke"))
    if form.validate_on_submit():
        try:
            done = service.sign_in(
                email=typed(form.email),
                password=typed(form.password),
                address=client_address(),
                browser=request.user_agent.string,
                device=web.known_device(typed(form.email)),
            )
        except DomainError as refusal:
            refused_and_counted(form, refusal)
        else:
            service.sign_out(token=request.cookies.get(web.cookie_name(), ""))
            commit()
            onward = wanted(form)
            target = f"/masuk/kode?{urlencode({'ke': onward})}" if done.needs_code else onward
            return web.welcome(
                see_other(target),
                token=done.token,
                person_id=done.person.id,
                is_staff=bool(queries.staff_roles(done.person.id)),
            )
    return form_page("people/sign_in.html", form, ke=wanted(form))


@blueprint.route("/masuk/kode", methods=["GET", "POST"])
@access("public")
def second_factor() -> BaseResponse:
    """The code that ends a half sign-in."""
    found = web.current()
    if found is None:
        return see_other(f"/masuk?{urlencode({'ke': wanted()})}")
    if found.is_complete:
        return see_other(wanted())
    return _ask_code(found, "people/code.html")


@blueprint.route("/akun/kode", methods=["GET", "POST"])
@access("signed_in")
def step_up() -> BaseResponse:
    """A fresh code before something weighty."""
    found = me()
    if not found.has_factor:
        return see_other(f"/akun/aplikasi-kode?{urlencode({'ke': wanted()})}")
    return _ask_code(found, "people/step_up.html")


def _ask_code(found: SignedIn, template: str) -> BaseResponse:
    form = forms.CodeForm(ke=request.args.get("ke"))
    if form.validate_on_submit():
        try:
            token = service.prove_factor(login_id=found.login.id, code=typed(form.code))
        except DomainError as refusal:
            refused_and_counted(form, refusal)
        else:
            commit()
            return web.welcome(
                see_other(wanted(form)), token=token, person_id=found.person.id, is_staff=bool(found.roles)
            )
    return form_page(template, form, minutes=settings().step_up_minutes, ke=wanted(form))


@blueprint.post("/keluar")
@access("public")
def sign_out() -> BaseResponse:
    """End this session; the cookie is worth nothing from now on."""
    service.sign_out(token=request.cookies.get(web.cookie_name(), ""))
    commit()
    response = web.farewell(see_other("/"))
    flash_success(lazy("Anda sudah keluar."))
    return response


# --- forgotten ----------------------------------------------------------------------------------------


@blueprint.route("/lupa-sandi", methods=["GET", "POST"])
@access("public")
def forgotten() -> BaseResponse:
    """Ask for a link to a new password; the same answer whether the address is known or not."""
    form = forms.ForgottenForm()
    if form.validate_on_submit():
        try:
            service.ask_reset(email=typed(form.email), language=i18n.language())
        except DomainError as refusal:
            refused(form, refusal)
        else:
            commit()
            return see_other("/lupa-sandi/terkirim")
    return form_page("people/forgotten.html", form)


@blueprint.get("/lupa-sandi/terkirim")
@access("public")
def forgotten_sent() -> BaseResponse:
    """What happens next."""
    return page("people/sent.html", hours=settings().mail_link_hours, again="/lupa-sandi", is_reset=True)


@blueprint.route("/sandi-baru/<token>", methods=["GET", "POST"])
@access("token")
def new_password(token: str) -> BaseResponse:
    """The reset link came back. The second factor is still asked for at the next sign-in."""
    link = queries.find_link(token, purposes=[Purpose.reset])
    person = queries.find_by_email(link.email) if link is not None else None
    if link is None or person is None:
        return spent()
    form = forms.NewPasswordForm()
    if form.validate_on_submit():
        try:
            service.reset_password(token=token, password=typed(form.password))
        except DomainError as refusal:
            refused(form, refusal)
        else:
            commit()
            response = web.farewell(see_other("/masuk"))
            flash_success(lazy("Kata sandi Anda sudah diganti. Masuk dengan kata sandi baru."))
            return response
    is_staff = bool(queries.staff_roles(person.id))
    least = settings().staff_password_min_length if is_staff else settings().password_min_length
    return private(form_page("people/new_password.html", form, least=least, email=link.email))


# --- my account ---------------------------------------------------------------------------------------


@blueprint.route("/akun", methods=["GET", "POST"])
@access("signed_in")
def account() -> BaseResponse:
    """Name, telephone, language, zone."""
    person = me().person
    form = forms.ProfileForm(obj=person)
    if form.validate_on_submit():
        try:
            service.change_profile(
                person=person,
                name=typed(form.name),
                phone=typed(form.phone),
                language=typed(form.language),
                zone=typed(form.zone),
            )
        except DomainError as refusal:
            refused(form, refusal)
        else:
            commit()
            response = see_other("/akun")
            response.set_cookie(
                "lang",
                person.language,
                max_age=365 * web.DAY_SECONDS,
                httponly=True,
                samesite="Lax",
                secure=settings().public_url.startswith("https://"),
            )
            i18n.use_language(person.language)
            flash_success(lazy("Profil Anda tersimpan."))
            return response
    return form_page("people/account.html", form, person=person, consents=queries.consents_of(person.id))


@blueprint.get("/akun/keamanan")
@access("signed_in")
def security() -> BaseResponse:
    """The ways into the account."""
    return _security()


def _security(form: Any = None, *, at: str = "") -> Response:
    found = me()
    least = settings().staff_password_min_length if found.roles else settings().password_min_length
    context = {
        "password_form": form if at == "password" else forms.PasswordForm(formdata=None, prefix="sandi"),
        "email_form": form if at == "email" else forms.EmailForm(formdata=None, prefix="surel"),
        "has_factor": found.has_factor,
        "codes_left": queries.recovery_codes_left(found.person.id) if found.has_factor else 0,
        "person": found.person,
        "least": least,
        "at": at,
    }
    return page("people/security.html", 422 if form is not None else 200, **context)


@blueprint.post("/akun/keamanan/sandi")
@access("signed_in")
def change_password() -> BaseResponse:
    """Another password; the other sessions end."""
    found = me()
    form = forms.PasswordForm(prefix="sandi")
    if form.validate_on_submit():
        try:
            service.change_password(
                person=found.person,
                current=typed(form.current),
                password=typed(form.password),
                keep=found.login.id,
            )
        except DomainError as refusal:
            refused_and_counted(form, refusal)
        else:
            commit()
            flash_success(lazy("Kata sandi diganti. Sesi di perangkat lain sudah diakhiri."))
            return see_other("/akun/keamanan")
    return _security(form, at="password")


@blueprint.post("/akun/keamanan/surel")
@access("signed_in")
def change_email() -> BaseResponse:
    """Ask for a link to another address; whoever has an app needs a fresh code as well."""
    found = me()
    if found.has_factor and (elsewhere := web.require(FRESH)) is not None:
        return elsewhere
    form = forms.EmailForm(prefix="surel")
    if form.validate_on_submit():
        try:
            service.check_password(person=found.person, current=typed(form.current))
            service.ask_email_change(person=found.person, email=typed(form.email))
        except DomainError as refusal:
            refused_and_counted(form, refusal)
        else:
            commit()
            flash_success(
                lazy("Kami mengirim tautan ke alamat baru itu. Alamat berganti setelah tautan dibuka.")
            )
            return see_other("/akun/keamanan")
    return _security(form, at="email")


@blueprint.route("/surel-baru/<token>", methods=["GET", "POST"])
@access("signed_in")
def confirm_email_change(token: str) -> BaseResponse:
    """The link to the new address came back."""
    found = me()
    link = queries.find_link(token, purposes=[Purpose.change_email])
    if link is None or link.person_id != found.person.id:
        return spent()
    if request.method == "POST":
        service.confirm_email_change(person=found.person, token=token, keep=found.login.id)
        commit()
        flash_success(lazy("Alamat surel Anda sudah diganti."))
        return see_other("/akun/keamanan")
    return private(page("people/confirm_email_change.html", email=link.email))


# --- the authenticator app ------------------------------------------------------------------------------


@blueprint.route("/akun/aplikasi-kode", methods=["GET", "POST"])
@access("signed_in")
def factor() -> BaseResponse:
    """Set up the app: begin with the password, scan, prove with a first code, keep the recovery codes."""
    found = me()
    if found.has_factor:
        return see_other(wanted() if "ke" in request.args else "/akun/keamanan")
    started = queries.factor_of(found.person.id)
    if started is None:
        return _begin_factor(found)
    form = forms.CodeForm(ke=request.args.get("ke"))
    if form.validate_on_submit():
        try:
            codes = service.confirm_totp(person=found.person, code=typed(form.code), keep=found.login.id)
            token = service.renew(login_id=found.login.id)
        except DomainError as refusal:
            refused(form, refusal)
        else:
            commit()
            shown = page("people/recovery_codes.html", codes=codes, onward=wanted(form), is_new=True)
            return web.welcome(
                private(shown), token=token, person_id=found.person.id, is_staff=bool(found.roles)
            )
    secret, address = service.start_totp(person=found.person)
    picture = Markup(segno.make(address, error="m").svg_inline(scale=5, border=3))  # noqa: S704 - segno made it
    spaced = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
    return private(
        form_page("people/factor.html", form, picture=picture, secret=secret, spaced=spaced, ke=wanted(form))
    )


def _begin_factor(found: SignedIn) -> BaseResponse:
    form = forms.AgainForm(ke=request.args.get("ke"))
    if form.validate_on_submit():
        try:
            service.check_password(person=found.person, current=typed(form.current))
            service.start_totp(person=found.person)
        except DomainError as refusal:
            refused_and_counted(form, refusal)
        else:
            commit()
            return see_other(f"/akun/aplikasi-kode?{urlencode({'ke': wanted(form)})}")
    return form_page("people/factor_begin.html", form, is_needed="ke" in request.args or bool(found.roles))


@blueprint.post("/akun/kode-cadangan")
@access("signed_in", step_up=True)
def renew_recovery_codes() -> BaseResponse:
    """Ten new recovery codes."""
    found = me()
    codes = service.renew_recovery_codes(person=found.person)
    commit()
    return private(page("people/recovery_codes.html", codes=codes, onward="/akun/keamanan", is_new=False))


@blueprint.post("/akun/aplikasi-kode/lepas")
@access("signed_in", step_up=True)
def remove_factor() -> BaseResponse:
    """Take the app away so that another can be set up."""
    service.remove_totp(person=me().person)
    commit()
    flash_success(
        lazy("Aplikasi kode dilepas. Pasang yang baru supaya halaman yang memerlukannya terbuka lagi.")
    )
    return see_other("/akun/aplikasi-kode")


# --- sessions -------------------------------------------------------------------------------------------


@blueprint.get("/akun/sesi")
@access("signed_in")
def sessions() -> BaseResponse:
    """Where this account is signed in."""
    found = me()
    rows = [
        {
            "id": login.id,
            "browser": words.browser(login.browser),
            "began_at": login.began_at,
            "seen_at": login.seen_at,
            "is_this": login.id == found.login.id,
        }
        for login in queries.sessions_of(found.person.id)
    ]
    return page("people/sessions.html", rows=rows, zone=found.person.zone)


@blueprint.post("/akun/sesi/<uuid:login_id>/akhiri")
@access("signed_in")
def end_session(login_id: uuid.UUID) -> BaseResponse:
    """End one of my own sessions."""
    service.end_one(person_id=me().person.id, login_id=login_id)
    commit()
    flash_success(lazy("Sesi itu sudah diakhiri."))
    return see_other("/akun/sesi")


@blueprint.post("/akun/sesi/akhiri-lain")
@access("signed_in")
def end_other_sessions() -> BaseResponse:
    """End all my sessions but this one."""
    found = me()
    service.end_others(person_id=found.person.id, but=found.login.id)
    commit()
    flash_success(lazy("Semua sesi lain sudah diakhiri."))
    return see_other("/akun/sesi")
