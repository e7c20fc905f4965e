"""Every route says who may use it, and no form is taken without its token."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from flask import Flask
from flask_wtf.csrf import CSRFError
from werkzeug.routing import Rule

from coevolve import registry
from coevolve.kit.access import rule_of

WITHOUT_FORM_TOKEN = {"bahasa", "impact.remember_place"}
"""Posts outside of `api.py` that carry no token; each has another guard of its own, named here:

bahasa: refuses by Sec-Fetch-Site; anonymous pages set no cookie, so they have no token to give.
impact.remember_place: the same, and all it does is keep a place in a cookie.
"""


def test_every_route_has_an_access_rule(app: Flask) -> None:
    without = [
        name for name, view in app.view_functions.items() if name != "static" and rule_of(view) is None
    ]
    assert without == []


def test_every_address_is_indonesian_and_plain(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        fixed = "".join(part for is_dynamic, part in rule._trace if not is_dynamic)
        assert fixed == fixed.lower(), rule
        assert "_" not in fixed.partition("|")[2], rule


def test_every_post_of_a_page_needs_its_form_token(
    app: Flask, client: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    exempt = {module.__name__ for module in registry.modules("api")}
    taken = []
    for rule in _writing(app):
        view = app.view_functions[rule.endpoint]
        if view.__module__ in exempt or rule.endpoint in WITHOUT_FORM_TOKEN:
            continue
        request = app.test_request_context(_address(rule), method="POST", data={"a": "b"})
        with request, contextlib.suppress(CSRFError):
            app.extensions["csrf"].protect()
            taken.append(rule.endpoint)
    assert taken == []


def test_only_known_views_are_exempt_from_the_form_token(app: Flask) -> None:
    csrf = app.extensions["csrf"]
    apis = {module.__name__ for module in registry.modules("api")}
    known = {
        f"{app.view_functions[name].__module__}.{app.view_functions[name].__name__}"
        for name in WITHOUT_FORM_TOKEN
        if name in app.view_functions
    }
    assert set(csrf._exempt_views) <= known
    assert {
        blueprint.import_name if hasattr(blueprint, "import_name") else blueprint
        for blueprint in csrf._exempt_blueprints
    } <= (apis | {module.blueprint.name for module in registry.modules("api")})


def _writing(app: Flask) -> Iterator[Rule]:
    for rule in app.url_map.iter_rules():
        if (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}:
            yield rule


def _address(rule: Rule) -> str:
    sample = {"uuid": "01890000-0000-7000-8000-000000000000", "int": "1"}
    parts = []
    for is_dynamic, part in rule._trace:
        if part == "|":
            continue
        parts.append(
            sample.get(type(rule._converters[part]).__name__.lower().replace("converter", ""), "x")
            if is_dynamic
            else part
        )
    return "".join(parts)
