"""The Flask side of sign-in: the session's cookie, who is at the browser, what happens at a closed door.

Two cookies, on purpose. The sign-in cookie carries a random secret whose hash is a row (`login_session`), so deleting
the row ends it everywhere. Flask's own signed cookie carries only the form token and flashed sentences: they must work
for visitors too, and a page shown to a visitor must not write to the database. It is emptied at every sign-in and
sign-out, so a form opened before does not work after.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import Any, cast
from urllib.parse import urlencode

from flask import Flask, Request, Response, g, request, session
from flask_login import AnonymousUserMixin, LoginManager
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response as BaseResponse

from coevolve.config import settings
from coevolve.kit import db, i18n
from coevolve.kit.access import AccessRule
from coevolve.kit.errors import DomainError, Forbidden
from coevolve.kit.i18n import lazy
from coevolve.kit.pages import local_path, see_other
from coevolve.people import passwords, policy, queries, service
from coevolve.people.models import Person
from coevolve.people.policy import Outcome, SignedIn

DAY_SECONDS = 24 * 3600
DEVICE_DAYS = 365

STAFF_DOORS = (
    ("moderator", (lazy("Moderasi"), "/moderasi")),
    ("finance", (lazy("Keuangan"), "/keuangan")),
)

manager = LoginManager()


class Visitor(AnonymousUserMixin):
    """Nobody in particular."""

    id: uuid.UUID | None = None


def install(app: Flask) -> None:
    """Make Flask-Login read our session row; it keeps nothing of its own."""
    manager.session_protection = None
    manager.anonymous_user = Visitor
    manager.request_loader(_load)
    manager.init_app(app)
    app.context_processor(_words)
    passwords.warm_up()


def _words() -> dict[str, Any]:
    """For every page: who is here, and the doors a member of staff sees in the menu. Asks the database nothing."""
    found = g.get("signed_in")
    roles = found.roles if found is not None and found.is_complete else frozenset()
    return {"signed_in": found, "staff_doors": [door for role, door in STAFF_DOORS if role in roles]}


def cookie_name() -> str:
    """`__Host-` ties the cookie to this host and to https; a demo on plain http cannot have it."""
    return "__Host-session" if _is_https() else "coevolve-session"


def device_cookie_name() -> str:
    """The cookie of a browser that once signed in."""
    return "__Host-device" if _is_https() else "coevolve-device"


def _is_https() -> bool:
    return settings().public_url.startswith("https://")


def current() -> SignedIn | None:
    """Who is at this browser, complete sign-in or not; read once per request, and not at all without a cookie."""
    if "signed_in" not in g:
        token = request.cookies.get(cookie_name(), "")
        found = queries.find_signed_in(token) if 20 <= len(token) <= 100 else None
        g.signed_in = found
        if found is not None and found.is_complete:
            g.actor_id = found.person.id
            if "lang" not in request.cookies:
                i18n.use_language(found.person.language)
            if service.touch(found.login):
                db.commit()
    return cast("SignedIn | None", g.signed_in)


def _load(_request: Request) -> Person | None:
    found = current()
    return found.person if found is not None and found.is_complete else None


def forget() -> None:
    """Read the session again at the next question: its row has changed in this request."""
    for name in ("signed_in", "actor_id", "_login_user"):
        g.pop(name, None)


def require(rule: AccessRule) -> BaseResponse | None:
    """The guard of every route: None lets the request go on, an answer leads elsewhere, Forbidden refuses."""
    match policy.satisfies(current(), rule):
        case Outcome.go_on:
            return None
        case Outcome.forbidden:
            raise Forbidden("not_yours", lazy("Halaman ini hanya untuk petugas yang berwenang."))
        case Outcome.sign_in:
            return _elsewhere("/masuk", "sign_in", lazy("Masuk dulu untuk melanjutkan."))
        case Outcome.finish_sign_in:
            return _elsewhere("/masuk/kode", "finish_sign_in", lazy("Masukkan kode untuk menyelesaikan."))
        case Outcome.enrol:
            return _elsewhere("/akun/aplikasi-kode", "enrol", lazy("Pasang aplikasi kode dulu."))
        case Outcome.step_up:
            return _elsewhere("/akun/kode", "step_up", lazy("Masukkan kode baru untuk langkah ini."))


def _elsewhere(path: str, code: str, message: Any) -> BaseResponse:
    """Lead a person to the door; tell a program, or htmx, in its own way."""
    if request.path.startswith("/api/"):
        raise DomainError(code, message, http_status=401)
    back = request.full_path.rstrip("?") if request.method in {"GET", "HEAD"} else _page_of_form()
    target = f"{path}?{urlencode({'ke': back})}"
    if request.headers.get("HX-Request") == "true":
        return Response(status=204, headers={"HX-Redirect": target})
    return see_other(target)


def _page_of_form() -> str:
    """The page a refused POST came from, so that the person lands where they were."""
    referrer = request.referrer or ""
    own = request.host_url.rstrip("/")
    return local_path(referrer.removeprefix(own), "/dasbor") if referrer.startswith(own + "/") else "/dasbor"


def welcome(response: BaseResponse, *, token: str, person_id: uuid.UUID, is_staff: bool) -> BaseResponse:
    """Set the cookie of a session just begun or renewed; forms and sentences of the visitor before are forgotten."""
    session.clear()
    forget()
    response.set_cookie(
        cookie_name(),
        token,
        max_age=None if is_staff else settings().session_absolute_days * DAY_SECONDS,
        secure=_is_https(),
        httponly=True,
        samesite="Lax",
        path="/",
    )
    response.set_cookie(
        device_cookie_name(),
        _devices().dumps([str(person_id), uuid.uuid4().hex]),
        max_age=DEVICE_DAYS * DAY_SECONDS,
        secure=_is_https(),
        httponly=True,
        samesite="Lax",
        path="/",
    )
    return response


def farewell(response: BaseResponse) -> BaseResponse:
    """Take the cookie back and ask the browser to drop what it kept of the pages."""
    session.clear()
    forget()
    response.delete_cookie(cookie_name(), secure=_is_https(), httponly=True, samesite="Lax", path="/")
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def known_device(email: str) -> str | None:
    """A name for the counter of this browser, if it signed in to this very account before."""
    try:
        person_id, nonce = _devices().loads(request.cookies.get(device_cookie_name(), ""))
    except (BadSignature, ValueError, TypeError):
        return None
    person = queries.find_by_email(email) if "\x00" not in email else None
    if person is None or str(person.id) != person_id:
        return None
    return hashlib.sha256(f"{person_id}:{nonce}".encode()).hexdigest()


def _devices() -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_key, salt="coevolve.device")
