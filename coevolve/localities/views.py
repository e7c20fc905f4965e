"""Choosing a place without JavaScript: by its name, or step by step down the tree."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import Blueprint, Response, request

from coevolve.kit.access import access
from coevolve.kit.pages import is_htmx, local_path, page
from coevolve.kit.text import clean_line
from coevolve.localities import queries
from coevolve.localities.queries import Place

blueprint = Blueprint("localities", __name__)

NAMES = frozenset({"tempat", "lokalitas", "locality_code"})
"""Under which name a page may want the code back."""


@blueprint.get("/lokalitas/cari")
@access("public")
def choose() -> Response:
    """Find a place and go back with its code; `kembali` is the page that asked, `nama` the field."""
    words = clean_line(request.args.get("kata"))[:80]
    inside = queries.find(clean_line(request.args.get("induk"))[:20])
    back = local_path(request.args.get("kembali"), "/jelajah")
    asked = request.args.get("nama", "tempat")
    name = asked if asked in NAMES else "tempat"
    found = queries.search(words, 20) if words else _below(inside)
    rows = [
        {
            "label": queries.path_label(place),
            "href": with_place(back, name, place.code),
            "inside": _step(place, back, name) if _has_more(place) else None,
        }
        for place in found
    ]
    trail = (
        [(place.name, _step(place, back, name)) for place in queries.ancestors(inside.code)] if inside else []
    )
    template = "localities/_found.html" if is_htmx() else "localities/choose.html"
    return page(template, words=words, rows=rows, inside=inside, trail=trail, back=back, name=name)


def with_place(path: str, name: str, code: str) -> str:
    """The page to go back to, with the chosen code in its address."""
    parts = urlsplit(path)
    kept = [(key, value) for key, value in parse_qsl(parts.query) if key not in (name, "sesudah", "sebelum")]
    return urlunsplit(("", "", parts.path, urlencode([*kept, (name, code)]), ""))


def _below(inside: Place | None) -> list[Place]:
    return queries.children(inside.code) if inside else queries.provinces()


def _has_more(place: Place) -> bool:
    return place.level in ("country", "region", "province", "regency") and bool(queries.children(place.code))


def _step(place: Place, back: str, name: str) -> str:
    return "/lokalitas/cari?" + urlencode({"induk": place.code, "kembali": back, "nama": name})
