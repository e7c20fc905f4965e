"""What pages of several domains need from accounts: opening one by a link, and the page of a link that is spent."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from coevolve.config import settings
from coevolve.kit import i18n
from coevolve.kit.db import commit, session
from coevolve.kit.errors import DomainError
from coevolve.kit.i18n import lazy
from coevolve.kit.pages import flash_success, form_page, form_refusal, page, see_other
from coevolve.people import forms, queries, service, web
from coevolve.people.models import AccountMail


def refused(form: Any, refusal: DomainError) -> None:
    """Undo what was begun, and put the sentence beside its field."""
    session().rollback()
    form_refusal(form, refusal)


def typed(field: Any) -> str:
    """What stands in a field; nothing is an empty text."""
    return str(field.data or "")


def private(response: Response) -> Response:
    """A page whose address carries a secret: it is not told to anyone by the browser, nor kept."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


def spent() -> Response:
    """The page of a link that no longer works."""
    return private(page("people/link_spent.html", 410))


def account_from_link(token: str, link: AccountMail, *, onward: str, **context: Any) -> BaseResponse:
    """Open the account of an address proven by a link, sign it in, go on."""
    known = queries.find_by_email(link.email)
    form = forms.ConfirmForm(name=known.name if known is not None else "")
    if form.validate_on_submit():
        try:
            person = service.confirm_email(
                token=token,
                name=typed(form.name),
                password=typed(form.password),
                language=i18n.language(),
                agrees=bool(form.agrees.data),
            )
        except DomainError as refusal:
            refused(form, refusal)
        else:
            opened = service.start_session(person_id=person.id, browser=request.user_agent.string)
            commit()
            response = web.welcome(see_other(onward), token=opened, person_id=person.id, is_staff=False)
            flash_success(lazy("Akun Anda siap. Selamat datang, %(name)s.", name=person.name))
            return response
    return private(
        form_page(
            "people/confirm.html", form, email=link.email, least=settings().password_min_length, **context
        )
    )
