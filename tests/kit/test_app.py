"""The application's own promises: hosts, headers, languages, refusals, health."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from flask.testing import FlaskClient


def test_every_page_carries_the_headers(client: FlaskClient) -> None:
    headers = client.get("/masuk").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"]
    assert headers["X-Request-Id"]
    assert "Cookie" in headers["Vary"]


def test_an_unknown_host_is_refused(client: FlaskClient) -> None:
    assert client.get("/masuk", headers={"Host": "evil.example"}).status_code == 400


def test_a_route_without_a_rule_is_closed(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgotten() -> str:
        return "open to all"

    monkeypatch.setitem(app.view_functions, "people.sign_in", forgotten)
    assert client.get("/masuk").status_code == 403


@pytest.mark.parametrize(
    "path", ["/tidak-ada", "/kampanye/tidak-ada", "/organisasi/tidak-ada", "/lokalitas/99.99"]
)
def test_what_is_not_there_is_a_designed_404(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert "<h1" in response.text


@pytest.mark.parametrize(
    "path", ["/%00", "/jelajah?kata=%00", "/jelajah?kata=%ff%fe", "/lokalitas/%f0%28%8c"]
)
def test_unreadable_addresses_are_no_500(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code in {200, 400, 404}


def test_a_program_gets_json(client: FlaskClient) -> None:
    response = client.get("/tidak-ada", headers={"Accept": "application/json"})
    assert response.status_code == 404
    assert response.get_json()["error"]["code"] == "not_found"


def test_the_language_is_remembered_and_only_from_here(client: FlaskClient) -> None:
    refused = client.post("/bahasa", data={"ke": "en"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert refused.status_code == 403
    chosen = client.post("/bahasa", data={"ke": "en", "kembali": "//evil.example"})
    assert chosen.status_code == 303
    assert chosen.headers["Location"] == "/"
    assert 'lang="en"' in client.get("/masuk").text
    client.post("/bahasa", data={"ke": "xx"})
    assert 'lang="id"' in client.get("/masuk").text


def test_too_large_a_body_is_refused(client: FlaskClient) -> None:
    response = client.post("/masuk", data={"email": "x" * 1_100_000})
    assert response.status_code == 413
    many = {f"field{number}": "x" for number in range(500)}
    assert client.post("/masuk", data=many, content_type="multipart/form-data").status_code == 413


def test_health(client: FlaskClient) -> None:
    assert client.get("/healthz").get_json() == {"status": "ok"}
    ready = client.get("/readyz")
    assert ready.status_code == 200
    told = json.loads(ready.text)
    assert told["database"] is True
    assert {"payment_inbox", "payment_outbox", "message", "journal_due"} <= set(told["oldest_due_seconds"])


def test_a_wrong_method_is_refused(client: FlaskClient) -> None:
    response = client.delete("/masuk")
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]
