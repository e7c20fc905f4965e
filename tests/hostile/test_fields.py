"""No field of any form, filled with anything, gives a 500 or comes back as live HTML."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException

from coevolve.kit import rate
from coevolve.people.models import Person
from tests.factories import listings, organisations, payments, people, pledges
from tests.hostile.forms import Form, Reader

SCRIPT = "<script>alert(1)</script>\"'><svg/onload=alert(2)>"
HOSTILE = (
    SCRIPT,
    "'; DROP TABLE person; --",
    "{{ 7*7 }}${7*7}%(x)s %s {0}",
    "\x00",
    "\ud800",
    "a\r\nBcc: semua@contoh.example",
    "../../etc/passwd",
    "\u202enoitasilagel\u2066",
    "👩‍👩‍👧‍👦" * 40,
    "-1",
    "1e400",
    "9223372036854775808",
    "75.000,50",
    "٣",
    "NaN",
    "0001-01-01",
    "99999-12-31",
    "x" * 20_000,
    "=HYPERLINK(1)",
)
START = (
    "/",
    "/jelajah",
    "/organisasi",
    "/dasbor",
    "/akun",
    "/notifikasi",
    "/moderasi",
    "/keuangan",
    "/daftar",
    "/masuk",
)
START = (
    *START,
    "/lupa-sandi",
    "/peta",
    "/lokalitas/53.02",
    "/dasbor/dukungan",
    "/dasbor/kecocokan",
    "/akun/minat",
)
LEAVING = ("/keluar",)
PAGES_PER_ROUTE = 2
STRIDE = int(os.environ.get("COEVOLVE_HOSTILE_STRIDE", "8"))
"""Each field meets every eighth string; over all forms each string is met many times. The drill takes every one."""


@pytest.fixture
def stage(session: Session, monkeypatch: pytest.MonkeyPatch) -> dict[str, Person | None]:
    """A CSO with things in every state, and one person of each kind."""
    monkeypatch.setattr(rate, "hit", lambda *_args, **_limits: 1)
    payments.bank_account()
    body = organisations.organisation()
    owner = organisations.owner_of(body)
    listings.draft(organisation=body)
    listings.submitted(organisation=body)
    need = listings.open_need(organisation=body)
    campaign = listings.open_campaign(organisation=body)
    listings.open_opportunity()
    giver = people.person()
    pledges.offered(need, by=giver)
    pledges.accepted(need, by=giver, quantity=20)
    payments.transfer()
    organisations.submitted()
    company = organisations.company()
    listings.open_offer(organisation=company)
    assert campaign.slug
    return {
        "nobody": None,
        "giver": giver,
        "owner": owner,
        "company": organisations.owner_of(company),
        "officer": organisations.owner_of(organisations.agency()),
        "moderator": people.moderator(),
        "finance": people.finance(),
        "admin": people.admin(),
    }


def _route(app: Flask, path: str) -> str | None:
    try:
        endpoint, _ = app.url_map.bind("localhost").match(urlsplit(path).path)
    except HTTPException:
        return None
    return str(endpoint)


def _crawl(app: Flask, client: FlaskClient) -> Iterator[tuple[str, str]]:
    """Pages within reach of links, two of each route."""
    waiting, seen, per_route = list(START), set(), {}
    while waiting:
        path = waiting.pop(0)
        route = _route(app, path)
        if (
            route is None
            or path in seen
            or path.startswith(LEAVING)
            or per_route.get(route, 0) >= PAGES_PER_ROUTE
        ):
            continue
        seen.add(path)
        per_route[route] = per_route.get(route, 0) + 1
        response = client.get(path)
        assert response.status_code < 500, f"GET {path}: {response.status_code}"
        if response.status_code == 200 and response.mimetype == "text/html":
            waiting += Reader(response.text).links
            yield path, response.text


def _forms(app: Flask, client: FlaskClient) -> dict[Any, tuple[str, Form]]:
    found: dict[Any, tuple[str, Form]] = {}
    for path, html in _crawl(app, client):
        for form in Reader(html).forms:
            action = form.action or path
            if not action.startswith(LEAVING):
                found.setdefault((_route(app, action), *form.shape()), (action, form))
    return found


def _send(client: FlaskClient, action: str, form: Form, values: dict[str, str]) -> Any:
    encoded = {name: value.encode("utf-8", "surrogatepass") for name, value in values.items()}
    if form.method == "get":
        return client.get(urlsplit(action).path, query_string=encoded)
    return client.post(action, data=encoded)


@pytest.mark.timeout(600 * 8 // STRIDE)
@pytest.mark.parametrize(
    "who", ["nobody", "giver", "owner", "company", "officer", "moderator", "finance", "admin"]
)
def test_no_field_gives_a_500(
    app: Flask, stage: dict[str, Person | None], session: Session, sign_in: Callable[..., None], who: str
) -> None:
    client = app.test_client()
    person = stage[who]
    if person is not None:
        sign_in(client, person)
    forms = _forms(app, client)
    assert len(forms) >= 3
    for action, form in forms.values():
        fields = [one for one in form.fields if one.kind not in {"submit", "button"}]
        for number, one in enumerate(fields):
            for text in HOSTILE[number % STRIDE :: STRIDE]:
                point = session.begin_nested()
                response = _send(client, action, form, form.values() | {one.name: text})
                told = f"{form.method} {action} {one.name}={text[:40]!r}: {response.status_code}"
                assert response.status_code < 500, told
                assert SCRIPT not in response.text, told
                if point.is_active:
                    point.rollback()
