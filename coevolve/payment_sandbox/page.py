"""The hosted checkout page: plain HTML, no JavaScript, one form with three buttons.

`GET /c/pay/<session>` shows it; `POST` to the same address with `action` = `pay`, `pay_later` or `cancel`.
`/c/pay/<session>/3ds` asks the 3-D Secure question; `action` = `approve` or `fail`. Then 303 to `success_url` (with
`{CHECKOUT_SESSION_ID}` filled in) or to `cancel_url`. A refusal shows the page again with status 422.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from coevolve.payment_sandbox import checkout
from coevolve.payment_sandbox.cards import CARDS, Card, find
from coevolve.payment_sandbox.errors import StripeError
from coevolve.payment_sandbox.store import Row, Store
from coevolve.payment_sandbox.words import WORDS, language, written

blueprint = Blueprint(
    "page",
    __name__,
    url_prefix="/c",
    template_folder="templates",
    static_folder="static",
    static_url_path="/static",
)


def _store() -> Store:
    found: Store = current_app.extensions["payment_sandbox"]
    return found


def success_address(session: Row) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _origin(address: str | None) -> str:
    if not address:
        return ""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _policy(session: Row | None) -> str:
    """Chromium holds a redirect after a form against `form-action` too, so the way back is named."""
    ways = {"'self'"}
    if session is not None:
        ways |= {_origin(session["success_url"]), _origin(session["cancel_url"])} - {""}
    return (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action {' '.join(sorted(ways))}"
    )


def _show(template: str, session: Row | None, status: int = 200, **context: object) -> Response:
    lang = language(session["locale"] if session else None, request.accept_languages)
    words = WORDS[lang]
    if session is not None and session["mode"] == "setup":
        context |= {"amount": "", "items": [], "keeps_card": True}
    elif session is not None:
        context["keeps_card"] = bool(session["_intent_data"].get("setup_future_usage"))
        context["amount"] = written(session["amount_total"], session["currency"], lang)
        context["items"] = [
            (item["description"], item["quantity"], written(item["amount_total"], item["currency"], lang))
            for item in session["_items"]
        ]
    html = render_template(template, lang=lang, words=words, session=session, cards=CARDS, **context)
    response = make_response(html, status)
    response.headers["Content-Security-Policy"] = _policy(session)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _form(session: Row, status: int = 200, faults: dict[str, str] | None = None) -> Response:
    typed = {
        "email": request.form.get("email", session["customer_email"] or ""),
        "name": request.form.get("name", ""),
        "card": request.form.get("card", CARDS[0].number),
        "card_number": request.form.get("card_number", ""),
    }
    return _show("payment_sandbox/pay.html", session, status, typed=typed, faults=faults or {})


@blueprint.get("/pay/<session_id>")
def show(session_id: str) -> BaseResponse:
    session = _store().find("checkout.session", session_id)
    if session is None:
        return _show("payment_sandbox/closed.html", None, 404, text="not_found", back=None)
    if session["status"] == "complete":
        return _show("payment_sandbox/closed.html", session, text="complete", back=success_address(session))
    if session["status"] == "expired":
        return _show("payment_sandbox/closed.html", session, text="expired", back=session["cancel_url"])
    return _form(session)


def _card() -> tuple[Card | None, dict[str, str]]:
    typed = request.form.get("card_number", "").strip()
    card = find(typed or request.form.get("card", ""))
    if card is not None:
        return card, {}
    return None, {"card_number": "unknown_card"} if typed else {"card": "no_card"}


def _billing(session: Row) -> tuple[Row, dict[str, str]]:
    """Who pays; an address that the app gave is not asked again."""
    customer = _store().find("customer", session["customer"]) if session["customer"] else None
    known = session["customer_email"] or (customer["email"] if customer else None)
    email = known or request.form.get("email", "").strip()
    name = request.form.get("name", "").strip()[:150] or None
    local, _, domain = email.partition("@")
    if not local or "." not in domain or len(email) > 254 or any(sign.isspace() for sign in email):
        return {}, {"email": "bad_email"}
    return {"email": email, "name": name}, {}


@blueprint.post("/pay/<session_id>")
def act(session_id: str) -> BaseResponse:
    store = _store()
    session = store.find("checkout.session", session_id)
    if session is None or session["status"] != "open":
        return show(session_id) if session is None or session["status"] == "expired" else _back(session)
    action = request.form.get("action")
    if action == "cancel":
        return redirect(session["cancel_url"] or url_for("page.show", session_id=session_id), 303)
    billing, faults = _billing(session)
    if action == "pay_later":
        if faults:
            return _form(session, 422, faults)
        return _attempt(session, lambda: checkout.pay_later(store, session_id, billing))
    card, more = _card()
    faults |= more
    if faults or card is None:
        return _form(session, 422, faults)
    return _attempt(session, lambda: checkout.pay_by_card(store, session_id, card, billing))


@blueprint.get("/pay/<session_id>/3ds")
def challenge(session_id: str) -> BaseResponse:
    session = _store().find("checkout.session", session_id)
    if session is None or session["status"] != "open" or not _is_challenged(session):
        return redirect(url_for("page.show", session_id=session_id), 303)
    return _show("payment_sandbox/challenge.html", session)


def _is_challenged(session: Row) -> bool:
    intent = _store().find("payment_intent", session["payment_intent"] or "")
    return intent is not None and intent["status"] == "requires_action"


@blueprint.post("/pay/<session_id>/3ds")
def answer_challenge(session_id: str) -> BaseResponse:
    store = _store()
    session = store.find("checkout.session", session_id)
    if session is None or session["status"] != "open" or not _is_challenged(session):
        return redirect(url_for("page.show", session_id=session_id), 303)
    is_approved = request.form.get("action") == "approve"
    failure = "declined" if is_approved else "challenge_failed"
    return _attempt(
        session,
        lambda: checkout.answer_challenge(store, session_id, is_approved=is_approved),
        failure=failure,
    )


def _attempt(session: Row, do: Callable[[], str | None], *, failure: str = "declined") -> BaseResponse:
    """One try to pay; a second press of the button finds what the first one did."""
    store = _store()
    try:
        with store.change():
            outcome = do()
    except StripeError:
        # Another press of the button, or the clock, was first.
        if store.get("checkout.session", session["id"])["status"] == "complete":
            return _back(session)
        return redirect(url_for("page.show", session_id=session["id"]), 303)
    if outcome == "challenge":
        return redirect(url_for("page.challenge", session_id=session["id"]), 303)
    if outcome == "declined":
        return _form(store.get("checkout.session", session["id"]), 422, {"card": failure})
    return _back(session)


def _back(session: Row) -> BaseResponse:
    return redirect(success_address(session), 303)
