"""What machines ask for: share cards, embeds for other sites, the map of addresses, the service worker.

Nothing here knows who asks or sets a cookie.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, redirect, render_template, request

from coevolve.config import settings
from coevolve.impact import addresses, queries
from coevolve.impact import sharing as impact_sharing
from coevolve.impact.queries import NOTHING, Total
from coevolve.kit import drawn, i18n, sharing
from coevolve.kit.access import access
from coevolve.kit.errors import NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.kept import kept_page
from coevolve.kit.reads import let_go, read_only
from coevolve.kit.sharing import Picture
from coevolve.listings import queries as listings
from coevolve.listings import sharing as listings_sharing
from coevolve.listings.models import PUBLIC, Listing, State
from coevolve.listings.queries import Whole
from coevolve.listings.queries.cards import KIND_LABELS, PATHS
from coevolve.localities import queries as localities
from coevolve.localities.queries import Place
from coevolve.organisations import policy as organisation_policy
from coevolve.organisations import queries as organisations
from coevolve.organisations import sharing as organisations_sharing

blueprint = Blueprint("impact_api", __name__)
IMMUTABLE = "public, max-age=31536000, immutable"
NO_CARD = lazy("Gambar ini tidak ada.")
WORKER = Path(__file__).resolve().parent.parent / "static" / "sw.js"
SHELL = ("app.css", "htmx-4.0.1.min.js", "app.js", "register.js", "favicon.svg")
SHELL_VERSION = 1
"""Raised when the offline page itself changes."""
EMBED_CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors https:"
)


@blueprint.record_once
def _prepare(state: Any) -> None:
    """A word for templates: where to pass a listing on (pages that thank)."""
    state.app.jinja_env.globals.update(passed_on=_passed_on)


def _passed_on(listing: Listing) -> str:
    return sharing.whatsapp(listing.title, f"/{PATHS[listing.kind]}/{listing.slug}")


# --- share cards --------------------------------------------------------------------------------------


@blueprint.get("/kartu/<any(tayangan,organisasi,lokalitas,beranda):kind>/<path:name>.jpg")
@access("public")
def card(kind: str, name: str) -> Any:
    """The picture of a thing as it is now; an address with another hash leads to the one of now and draws nothing."""
    read_only()
    slug, _, digest = name.rpartition("-")
    picture = CARDS[kind](slug)
    let_go()
    if digest != picture.digest:
        answer = redirect(sharing.card_path(kind, slug, picture), code=302)
        answer.headers["Cache-Control"] = "public, max-age=60"
        return answer
    answer = current_app.response_class(sharing.card(picture), mimetype="image/jpeg")
    answer.headers["Cache-Control"] = IMMUTABLE
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


def _listing_card(slug: str) -> Picture:
    whole = listings.find_whole(slug)
    if whole is None or whole.listing.state not in PUBLIC or whole.listing.slug != slug:
        raise NotFound("no_card", NO_CARD)
    return listings_sharing.picture_of(whole)


def _organisation_card(slug: str) -> Picture:
    organisation = organisations.find_by_slug(slug)
    if organisation is None or not organisation_policy.is_public(organisation):
        raise NotFound("no_card", NO_CARD)
    return organisations_sharing.picture_of(organisation, organisations.trust_card(organisation))


def _place_card(code: str) -> Picture:
    here = localities.get(code[:20])
    return impact_sharing.picture_of_place(here, queries.totals([here.code]).get(here.code, NOTHING))


def _home_card(name: str) -> Picture:
    if name != impact_sharing.HOME:
        raise NotFound("no_card", NO_CARD)
    return impact_sharing.picture_of_home(queries.totals([""]).get("", NOTHING))


CARDS: dict[str, Callable[[str], Picture]] = {
    "tayangan": _listing_card,
    "organisasi": _organisation_card,
    "lokalitas": _place_card,
    "beranda": _home_card,
}


# --- embeds -------------------------------------------------------------------------------------------


@blueprint.get("/sisip/<any(kebutuhan,kampanye,penawaran,peluang):word>/<slug>")
@access("public")
def embedded_listing(word: str, slug: str) -> Response:  # noqa: ARG001
    """A listing as a card on somebody else's page: what, where, how far, and a link that opens beside that page."""
    read_only()
    i18n.use_language(request.args.get("bahasa", i18n.DEFAULT))
    whole = listings.find_whole(slug)
    if whole is None or whole.listing.state not in PUBLIC:
        return _gone()
    return _embed(kept_page("sharing/embed_listing.html", whole, lambda: _listing_words(whole)))


def _listing_words(whole: Whole) -> dict[str, Any]:
    state = listings_sharing.state_of(whole)
    meter = listings_sharing.meter_of(whole)
    return {
        "title": whole.listing.title,
        "kind": str(KIND_LABELS[whole.listing.kind]),
        "place": listings_sharing.place_of(whole.listing),
        "by": whole.organisation.name,
        "state": listings_sharing.state_words(whole),
        "shares": sharing.shares_of(*meter) if meter and state != State.frozen else None,
        "figures": () if state == State.frozen else listings_sharing.figures_of(whole),
        "href": sharing.absolute(listings_sharing.path_of(whole.listing)),
        "is_open": state == State.open,
    }


@blueprint.get("/sisip/lokalitas/<code>")
@access("public")
def embedded_place(code: str) -> Response:
    """A locality as a small panel on somebody else's page: the figures and the newest needs."""
    read_only()
    i18n.use_language(request.args.get("bahasa", i18n.DEFAULT))
    here = localities.find(code[:20])
    if here is None or not here.is_active:
        return _gone()
    total = queries.totals([here.code]).get(here.code, NOTHING)
    newest = tuple(queries.newest_in(here, (("need", "campaign"), 3))[0])
    return _embed(
        kept_page(
            "sharing/embed_place.html", (here.code, total, newest), lambda: _place_words(here, total, newest)
        )
    )


def _place_words(here: Place, total: Total, newest: tuple[Any, ...]) -> dict[str, Any]:
    return {
        "title": here.name,
        "figures": impact_sharing.figures_of(total),
        "rows": [(sharing.absolute(f"/{PATHS[one.kind]}/{one.slug}"), one.title) for one in newest],
        "href": sharing.absolute(f"/lokalitas/{here.code}"),
    }


def _gone() -> Response:
    answer = current_app.response_class(
        render_template("sharing/embed_gone.html", href=sharing.absolute("/"))
    )
    answer.status_code = 404
    return _embed(answer)


def _embed(answer: Response) -> Response:
    """Other sites may frame it; it is the only thing of ours they may frame. It asks for nothing and keeps nothing."""
    own = "" if settings().public_url.startswith("https://") else " 'self'"
    answer.headers["Content-Security-Policy"] = EMBED_CSP + own
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if "Cache-Control" not in answer.headers:
        answer.headers["Cache-Control"] = "public, max-age=300"
    return answer


# --- addresses, worker --------------------------------------------------------------------------------


@blueprint.get("/sitemap.xml")
@access("public")
def sitemap() -> Response:
    """The list of the lists of all public addresses."""
    read_only()
    return _xml(addresses.index())


@blueprint.get("/sitemap/<name>.xml")
@access("public")
def sitemap_part(name: str) -> Response:
    """One list of public addresses."""
    read_only()
    return _xml(addresses.part(name[:40]))


def _xml(body: bytes) -> Response:
    answer = current_app.response_class(body, mimetype="application/xml")
    answer.headers["Cache-Control"] = "public, max-age=3600"
    return answer


@blueprint.get("/robots.txt")
@access("public")
def robots() -> Response:
    """What search engines may walk through."""
    words = addresses.robots(is_open=settings().env != "demo")
    answer = current_app.response_class(words, mimetype="text/plain")
    answer.headers["Cache-Control"] = "public, max-age=86400"
    return answer


@blueprint.get("/sw.js")
@access("public")
def service_worker() -> Response:
    """Keeps the shell and the last public pages on the phone; a new one whenever a file of the shell changes."""
    asset = current_app.jinja_env.globals["asset"]
    shell = [*(asset(name) for name in SHELL), "/static/fonts/plus-jakarta-sans.woff2", "/luring"]  # type: ignore[operator]
    code = WORKER.read_text(encoding="utf-8")
    version = drawn.digest(shell, code, SHELL_VERSION)
    words = f"const VERSION = {json.dumps(version)}, SHELL = {json.dumps(shell)};\n{code}"
    answer = current_app.response_class(words, mimetype="text/javascript")
    answer.headers["Cache-Control"] = "no-cache"
    return answer
