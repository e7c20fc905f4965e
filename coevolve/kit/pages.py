"""The few things every view does: show a page, show a form again with its errors, go on to the next page."""

from __future__ import annotations

import re
from typing import Any

from flask import (
    Response,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
)
from werkzeug.wrappers import Response as BaseResponse

from coevolve.kit import files
from coevolve.kit.errors import DomainError
from coevolve.kit.files import StoredFile


def page(template: str, status: int = 200, **context: Any) -> Response:
    """Render a template as the answer."""
    return make_response(render_template(template, **context), status)


def form_page(template: str, form: Any, **context: Any) -> Response:
    """Render a page with a form; 422 when the form has errors, so that htmx and crawlers know too."""
    return page(template, 422 if form.errors else 200, form=form, **context)


def form_refusal(form: Any, refusal: DomainError) -> None:
    """Put a domain's refusal beside the field it names, or at the form's head."""
    field = getattr(form, refusal.field, None) if refusal.field else None
    if field is not None:
        field.errors = [*field.errors, str(refusal.message)]
    else:
        form.form_errors.append(str(refusal.message))


def file_answer(stored: StoredFile) -> Response:
    """A stored file for whoever has the right: saved, never run in our name, kept by no cache."""
    response = make_response(files.read(stored))
    response.mimetype = stored.media_type
    response.headers.set("Content-Disposition", "attachment", filename=stored.name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def picture_answer(stored: StoredFile) -> Response:
    """A stored photo to look at on a page; it was drawn by us, so it is what it says."""
    response = file_answer(stored)
    if stored.media_type == "image/jpeg":
        response.headers.set("Content-Disposition", "inline", filename=stored.name)
    return response


def see_other(url: str) -> BaseResponse:
    """POST, redirect, GET."""
    return redirect(url, code=303)


def is_htmx() -> bool:
    """Whether htmx asks for a fragment (a history restore needs the whole page)."""
    return request.headers.get("HX-Request") == "true" and "HX-History-Restore-Request" not in request.headers


def flash_success(text: Any) -> None:
    """Say on the next page what was done."""
    flash(str(text), "success")


def flash_notice(text: Any) -> None:
    """Say something on the next page that is neither success nor error."""
    flash(str(text), "notice")


def actor() -> Any:
    """The signed-in person, or None."""
    from flask_login import current_user

    return current_user._get_current_object() if current_user and current_user.is_authenticated else None  # noqa: SLF001


def allow_form_action(origin: str) -> None:
    """Let this page's forms lead to another origin (the hosted checkout); Chromium checks redirects too."""
    g.form_action_extra = origin


def show_own_frame() -> None:
    """Let this page show one of our own embeddable cards in a frame, as it will look elsewhere."""
    g.frames_own = True


_LOCAL = re.compile(r"/(?![/\\])[^\x00-\x20\\]*")


def local_path(candidate: str | None, default: str = "/") -> str:
    """A relative path on our host, or the default: no open redirects."""
    if candidate and len(candidate) < 2000 and _LOCAL.fullmatch(candidate):
        return candidate
    return default


def client_address() -> str:
    """The caller's network address, after the trusted proxies."""
    return request.remote_addr or "unknown"


def is_demo() -> bool:
    """Whether demo-only pages may answer."""
    from coevolve.config import settings

    return settings().env in {"demo", "test"} and not current_app.debug
