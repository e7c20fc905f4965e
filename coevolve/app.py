"""The web application: settings, extensions, the blueprints of every domain, the guard of every route, error pages."""

from __future__ import annotations

import json
import logging
import secrets
import time
import urllib.parse
from typing import Any

from flask import Flask, Response, g, jsonify, render_template, request
from flask_compress import Compress
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from coevolve import registry
from coevolve.config import Settings, install
from coevolve.config import settings as current_settings
from coevolve.kit import clock, i18n, money, pages, photos, reads
from coevolve.kit.access import access, rule_of
from coevolve.kit.db import db, session
from coevolve.kit.errors import DomainError, Forbidden, TooMany
from coevolve.kit.i18n import lazy
from coevolve.kit.shared_pages import SharedPages
from coevolve.kit.text import markdown
from coevolve.operations import queries as operations
from coevolve.people import web as people_web

requests_log = logging.getLogger("coevolve.requests")
csrf = CSRFProtect()
compress = Compress()

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'{form_action}; base-uri 'none'; frame-ancestors 'none'; "
    "manifest-src 'self'; worker-src 'self'{frame}"
)
STATIC_SECONDS = 365 * 24 * 3600
DESIGNED = frozenset({400, 403, 404, 405, 409, 410, 413, 422, 429, 500, 503})
"""Statuses with a page of their own in templates/errors/."""


def create_app(settings: Settings | None = None) -> Flask:
    """The application, ready to serve, for these settings (default: the environment's)."""
    settings = install(settings) if settings is not None else current_settings()
    app = Flask(
        "coevolve",
        template_folder="../templates",
        static_folder="static",
        static_url_path="/static",
    )
    app.config.update(flask_config(settings))
    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.wsgi_app = SharedPages(app.wsgi_app)  # type: ignore[assignment]
    db.init_app(app)
    with app.app_context():
        reads.watch(db.engine)
    registry.import_models()
    install_uploads(app)
    csrf.init_app(app)
    compress.init_app(app)
    people_web.install(app)
    for blueprint in registry.blueprints():
        app.register_blueprint(blueprint)
    for module in registry.modules("api"):
        csrf.exempt(module.blueprint)
    install_template_words(app)
    install_guard(app)
    install_errors(app)
    install_language(app)
    install_health(app)
    return app


def sqlalchemy_url(url: str) -> str:
    """The URL with our driver named."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def flask_config(settings: Settings, *, statement_timeout_ms: int | None = None) -> dict[str, Any]:
    """Flask's own settings out of ours."""
    options = " ".join(
        (
            f"-c statement_timeout={statement_timeout_ms or settings.statement_timeout_ms}",
            f"-c lock_timeout={settings.lock_timeout_ms}",
            "-c idle_in_transaction_session_timeout=15000",
            "-c timezone=UTC",
        )
    )
    secure = settings.public_url.startswith("https://")
    return {
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": sqlalchemy_url(settings.database_url),
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "pool_size": settings.pool_size,
            "max_overflow": settings.pool_overflow,
            "pool_timeout": 5,
            "pool_recycle": 300,
            "skip_autocommit_rollback": True,
            "connect_args": {
                "options": options,
                "connect_timeout": 5,
                "application_name": "coevolve",
            },
        },
        "MAX_CONTENT_LENGTH": settings.max_body_bytes,
        "MAX_FORM_MEMORY_SIZE": 500_000,
        "MAX_FORM_PARTS": settings.max_form_parts,
        "SESSION_COOKIE_NAME": "__Host-state" if secure else "coevolve-state",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "WTF_CSRF_TIME_LIMIT": None,
        "SEND_FILE_MAX_AGE_DEFAULT": STATIC_SECONDS,
        "TEMPLATES_AUTO_RELOAD": False,
        "COMPRESS_ALGORITHM": ["br", "gzip"],
        "COMPRESS_BR_LEVEL": 4,
        "COMPRESS_MIN_SIZE": 500,
        "JSON_SORT_KEYS": False,
    }


# --- words of templates ---------------------------------------------------------------------------


def install_template_words(app: Flask) -> None:
    """Filters and globals: templates never format, translate or build addresses of files by themselves."""
    env = app.jinja_env
    env.trim_blocks = env.lstrip_blocks = True
    env.add_extension("jinja2.ext.i18n")
    env.install_gettext_callables(i18n.gettext, i18n.ngettext, newstyle=False)  # type: ignore[attr-defined]
    env.globals.update(
        _=i18n.gettext,
        ngettext=i18n.ngettext,
        language=i18n.language,
        asset=_asset(app),
    )
    env.globals.update(today=clock.today, now=clock.now, settings=current_settings)
    env.filters.update(
        rupiah=money.format_rupiah,
        rupiah_short=money.short_rupiah,
        rupiah_typed=money.typed_rupiah,
        money=money.format_money,
        number=i18n.number,
        date=i18n.date,
        short_date=i18n.short_date,
        datetime=i18n.datetime,
        markdown=markdown,
    )
    env.globals.update(picture=photos.picture, photo_path=photos.photo_path)
    env.globals.update(percent=i18n.percent, actor=pages.actor, is_demo=pages.is_demo)
    env.filters["percent"] = i18n.percent


def _asset(app: Flask) -> Any:
    """`asset("app.css")`: the file's address with a hash of its content, so it may be cached for a year."""
    import hashlib
    from functools import cache
    from pathlib import Path

    folder = Path(app.static_folder or "")

    @cache
    def address(name: str) -> str:
        digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()[:10]
        return f"/static/{name}?v={digest}"

    return address


def install_uploads(app: Flask) -> None:
    """Forms that carry a file (kit.files.takes_files) may be larger; said before anything reads the request's body."""

    @app.before_request
    def _room_for_a_file() -> None:
        if getattr(app.view_functions.get(request.endpoint or ""), "takes_files", False):
            request.max_content_length = current_settings().upload_max_bytes + 500_000


# --- before and after each request ------------------------------------------------------------------


def install_guard(app: Flask) -> None:
    """What every request passes: known host, language, access rule; and what every answer carries."""
    hosts = _hosts(current_settings())

    @app.before_request
    def _begin() -> Any:
        g.started = time.perf_counter()
        g.request_id = secrets.token_hex(8)
        if hosts and request.host.lower() not in hosts and request.path not in {"/healthz", "/readyz"}:
            return _plain_refusal(400, "unknown host")
        if "\x00" in request.path or "\x00" in urllib.parse.unquote(request.query_string.decode("latin-1")):
            return _plain_refusal(400, "unreadable address")
        i18n.use_language(request.cookies.get("lang", i18n.DEFAULT))
        return None

    @app.before_request
    def _guard() -> Any:
        if request.endpoint is None or request.endpoint == "static":
            return None
        rule = rule_of(app.view_functions.get(request.endpoint))
        if rule is None:
            raise Forbidden("no_rule", lazy("Halaman ini belum dibuka untuk siapa pun."))
        return people_web.require(rule)

    app.after_request(_finish)
    app.teardown_request(_forget_actor)


def _hosts(settings: Settings) -> frozenset[str]:
    named = [host.strip().lower() for host in settings.trusted_hosts.split(",") if host.strip()]
    own = urllib.parse.urlsplit(settings.public_url).netloc.lower()
    return frozenset([*named, own]) if own else frozenset(named)


def _plain_refusal(status: int, words: str) -> Response:
    return Response(words + "\n", status=status, mimetype="text/plain")


def _finish(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    if response.mimetype == "text/html":
        extra = g.get("form_action_extra")
        headers.setdefault(
            "Content-Security-Policy",
            CSP.format(
                form_action=f" {extra}" if extra else "",
                frame="; frame-src 'self'" if g.get("frames_own") else "",
            ),
        )
        headers.add("Vary", "Cookie, HX-Request")
        headers.setdefault("Content-Language", i18n.language())
        if "Cache-Control" not in headers:
            headers["Cache-Control"] = (
                "no-store" if g.get("actor_id") or request.method != "GET" else "private, no-cache"
            )
    if current_settings().public_url.startswith("https://"):
        headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    headers["X-Request-Id"] = g.get("request_id", "")
    _log_request(response)
    return response


def _log_request(response: Response) -> None:
    if request.endpoint == "static" or not requests_log.isEnabledFor(logging.INFO):
        return
    line = {
        "at": clock.now().isoformat(timespec="milliseconds"),
        "request_id": g.get("request_id"),
        "actor": str(g.get("actor_id") or ""),
        "route": str(request.url_rule or "-"),
        "method": request.method,
        "status": response.status_code,
        "ms": round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1),
    }
    requests_log.info(json.dumps(line, ensure_ascii=False))


def _forget_actor(_trouble: BaseException | None) -> None:
    g.pop("actor_id", None)


# --- refusals as pages ------------------------------------------------------------------------------


def install_errors(app: Flask) -> None:
    """One renderer of refusals: a designed page, a short fragment for htmx, or JSON for API callers."""
    app.register_error_handler(DomainError, _on_refusal)
    app.register_error_handler(CSRFError, _on_csrf)
    app.register_error_handler(HTTPException, _on_http)
    for kind in (OperationalError, InterfaceError, PoolTimeout):
        app.register_error_handler(kind, _on_database_away)
    app.register_error_handler(UnicodeError, _on_unreadable)
    app.register_error_handler(DBAPIError, _on_database_error)
    app.register_error_handler(Exception, _on_unexpected)


def _on_refusal(error: DomainError) -> Response:
    session().rollback()
    response = _refusal(error.http_status, error.code, str(error.message))
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def _on_csrf(_error: CSRFError) -> Response:
    words = lazy(
        "Halaman ini terlalu lama terbuka. Muat ulang, lalu kirim lagi; isian Anda masih ada di peramban."
    )
    return _refusal(400, "csrf", str(words))


def _on_http(error: HTTPException) -> Any:
    if error.code is None or error.code < 400:
        return error
    response = _refusal(error.code, (error.name or "error").lower().replace(" ", "_"), "")
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def _on_database_away(error: Exception) -> Response:
    logging.getLogger(__name__).warning("database away: %r", error)
    session().rollback()
    words = lazy("Layanan sedang tersendat. Tidak ada data yang hilang; coba lagi sebentar lagi.")
    response = _refusal(503, "database_away", str(words))
    response.headers["Retry-After"] = "5"
    return response


def _on_unreadable(_error: UnicodeError) -> Response:
    session().rollback()
    return _refusal(400, "unreadable", str(lazy("Teks yang dikirim tidak dapat dibaca.")))


def _on_database_error(error: DBAPIError) -> Response:
    session().rollback()
    if type(error.orig).__name__ in {"DataError", "UntranslatableCharacter", "NumericValueOutOfRange"}:
        return _refusal(400, "unreadable", str(lazy("Teks yang dikirim tidak dapat dibaca.")))
    return _on_unexpected(error)


def _on_unexpected(error: Exception) -> Response:
    session().rollback()
    logging.getLogger(__name__).error("unexpected", exc_info=error, extra={"request_id": g.get("request_id")})
    if current_settings().env == "test":
        raise error
    return _refusal(500, "unexpected", "")


def wants_json() -> bool:
    """Whether the caller is a program."""
    return request.path.startswith(("/api/", "/webhook/")) or (
        request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"
    )


def _refusal(status: int, code: str, message: str) -> Response:
    if wants_json():
        response = jsonify(error={"code": code, "message": message})
    else:
        known = status if status in DESIGNED else (500 if status >= 500 else 400)
        body = render_template(f"errors/{known}.html", status=status, code=code, message=message)
        response = Response(body, mimetype="text/html")
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response


# --- language ---------------------------------------------------------------------------------------


def install_language(app: Flask) -> None:
    """`POST /bahasa` remembers the reader's language in a cookie of its own.

    It carries no CSRF token, for a token would set a cookie on every public page and spoil shared caches; a browser
    says itself where the request came from, and all that another site could do is change a language.
    """

    @app.post("/bahasa")
    @csrf.exempt
    @access("public")
    def bahasa() -> Any:
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in {
            "same-origin",
            "none",
        }:
            raise Forbidden("foreign_origin", lazy("Permintaan ini datang dari situs lain."))
        chosen = request.form.get("ke", i18n.DEFAULT)
        response = pages.see_other(pages.local_path(request.form.get("kembali")))
        response.set_cookie(
            "lang",
            chosen if chosen in i18n.LANGUAGES else i18n.DEFAULT,
            max_age=STATIC_SECONDS,
            secure=app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
        return response


# --- is it alive? -----------------------------------------------------------------------------------


def install_health(app: Flask) -> None:
    """`/healthz`: the process answers. `/readyz`: it can read the database, and nothing waits too long."""

    @app.get("/healthz")
    @access("public")
    def healthz() -> Any:
        return jsonify(status="ok")

    @app.get("/readyz")
    @access("public")
    def readyz() -> Any:
        report = operations.report()
        response = jsonify(report)
        response.status_code = 200 if report["database"] else 503
        return response
