"""The short page cache: the same for all visitors, never a word of it from or to somebody in particular."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from coevolve import config
from coevolve.kit import shared_pages
from coevolve.kit.shared_pages import MARK, SharedPages
from tests.factories import listings, people
from tests.statements import counted


class Time:
    """The clock of the cache, moved by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Time:
    time = Time()
    monkeypatch.setattr(shared_pages, "time", time)
    return time


@pytest.fixture
def pages(app: Flask, clock: Time) -> Iterator[SharedPages]:
    found = app.wsgi_app
    assert isinstance(found, SharedPages)
    found.forget()
    with config.overridden(page_seconds=2):
        yield found
    found.forget()


@pytest.fixture
def bare(app: Flask, session: Session) -> FlaskClient:
    """A browser whose cookies the test writes itself."""
    return app.test_client(use_cookies=False)


def _path(need: Any) -> str:
    return f"/kebutuhan/{need.slug}"


def test_asked_once_in_two_seconds_and_then_anew(
    client: FlaskClient, session: Session, pages: SharedPages, clock: Time
) -> None:
    need = listings.open_need()
    first = {path: client.get(path) for path in ("/", "/jelajah", "/jelajah?sektor=water", _path(need))}
    assert len(pages) == 4
    need.title = "Sumur bor untuk dusun yang lain"
    session.commit()
    clock.now += 1.9
    with counted() as seen:
        again = {path: client.get(path) for path in first}
    assert seen == []
    for path, answer in again.items():
        assert (answer.status_code, answer.data) == (200, first[path].data)
        assert answer.headers["ETag"] == first[path].headers["ETag"]
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert {"Cookie", "HX-Request"} <= {one.strip() for one in answer.headers["Vary"].split(",")}
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Content-Security-Policy"] == first[path].headers["Content-Security-Policy"]
    clock.now += 0.2
    for path in ("/", "/jelajah", _path(need)):
        assert need.title in client.get(path).text


def test_a_browser_that_has_the_page_is_told_so(
    client: FlaskClient, session: Session, pages: SharedPages, clock: Time
) -> None:
    need = listings.open_need()
    etag = client.get(_path(need)).headers["ETag"]
    for _ in ("kept", "made anew, and still the same"):
        answer = client.get(_path(need), headers={"If-None-Match": etag})
        assert (answer.status_code, answer.data) == (304, b"")
        assert answer.headers["ETag"] == etag
        assert answer.headers["Cache-Control"] == "private, no-cache"
        clock.now += 5
    need.title = "Sumur bor untuk dusun yang lain"
    session.commit()
    answer = client.get(_path(need), headers={"If-None-Match": etag})
    assert answer.status_code == 200
    assert answer.headers["ETag"] != etag


def test_who_is_signed_in_neither_gets_a_kept_page_nor_makes_one(
    app: Flask, session: Session, sign_in: Callable[..., None], pages: SharedPages
) -> None:
    need = listings.open_need()
    member, visitor = app.test_client(), app.test_client()
    sign_in(member, people.person())
    for path in ("/", "/jelajah", _path(need)):
        mine = member.get(path)
        assert "/keluar" in mine.text
        assert mine.headers["Cache-Control"] == "no-store"
        assert "ETag" not in mine.headers
        assert len(pages) == 0
        theirs = visitor.get(path)
        assert len(pages) == 1
        assert "/keluar" not in theirs.text
        etag = theirs.headers["ETag"]
        after = member.get(path, headers={"If-None-Match": etag})
        assert (after.status_code, "/keluar" in after.text) == (200, True)
        assert visitor.get(path).data == theirs.data
        pages.forget()


def test_languages_are_apart(bare: FlaskClient, pages: SharedPages) -> None:
    for language in ("id", "en", "id", "en"):
        answer = bare.get("/jelajah", headers={"Cookie": f"lang={language}"})
        assert f'<html lang="{language}">' in answer.text
    assert '<html lang="id">' in bare.get("/jelajah").text
    assert len(pages) == 2


@pytest.mark.parametrize(
    "headers",
    [
        {"Cookie": "daerah=33"},
        {"Cookie": "lang=en; daerah=33"},
        {"Cookie": "lang=xx"},
        {"Cookie": "coevolve-state=x"},
        {"Cookie": "coevolve-device=x"},
        {"HX-Request": "true"},
        {"Authorization": "Basic eDp5"},
        {"Range": "bytes=0-10"},
    ],
)
def test_a_request_with_anything_of_its_own_is_not_shared(
    bare: FlaskClient, pages: SharedPages, headers: dict[str, str]
) -> None:
    alone = bare.get("/jelajah", headers=headers)
    assert alone.status_code == 200
    assert "ETag" not in alone.headers
    assert len(pages) == 0
    whole = bare.get("/jelajah")
    again = bare.get("/jelajah", headers=headers)
    assert again.data == alone.data
    assert "ETag" not in again.headers
    assert bare.get("/jelajah").data == whole.data


def test_the_place_a_visitor_chose_is_theirs_alone(bare: FlaskClient, pages: SharedPages) -> None:
    chosen = re.compile(r'<option value="33" selected>')
    assert not chosen.search(bare.get("/").text)
    assert chosen.search(bare.get("/", headers={"Cookie": "daerah=33"}).text)
    assert not chosen.search(bare.get("/").text)


def test_only_pages_made_for_visitors_are_kept(client: FlaskClient, pages: SharedPages) -> None:
    for path in (
        "/masuk",
        "/daftar",
        "/healthz",
        "/readyz",
        "/kebutuhan/tidak-ada",
        "/jelajah?sektor=x",
        "/dasbor",
    ):
        client.get(path)
    client.head("/jelajah")
    client.post("/bahasa", data={"ke": "en"})
    assert len(pages) == 0


def test_switched_off(client: FlaskClient, session: Session, pages: SharedPages) -> None:
    with config.overridden(page_seconds=0):
        assert "ETag" not in client.get("/jelajah").headers
        with counted() as seen:
            client.get("/jelajah")
    assert seen
    assert len(pages) == 0


# --- the middleware alone --------------------------------------------------------------------------------------------


def _ask(app: SharedPages, path: str = "/", **environ: Any) -> tuple[str, dict[str, str], Iterable[bytes]]:
    told: list[Any] = []
    body = app(
        {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "HTTP_HOST": "h", **environ},
        lambda status, headers, *_: told.extend((status, dict(headers))),
    )
    return told[0], told[1], body


def _app(*headers: tuple[str, str], status: str = "200 OK", mark: bool = True, size: int = 10) -> SharedPages:
    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if mark:
            environ[MARK] = True
        start(status, list(headers))
        return (b"x" * size for _ in range(1))

    return SharedPages(answer)


def test_what_must_not_be_kept_is_not(settings: config.Settings, clock: Time) -> None:
    with config.overridden(page_seconds=2):
        control = _app()
        _ask(control)
        assert len(control) == 1
        for one in (
            _app(("Set-Cookie", "a=b")),
            _app(("Cache-Control", "no-store")),
            _app(status="404 NOT FOUND"),
            _app(status="302 FOUND"),
            _app(mark=False),
        ):
            _, headers, body = _ask(one)
            assert b"".join(body) == b"x" * 10
            assert "ETag" not in headers
            assert len(one) == 0


def test_a_stream_is_passed_on_unread(settings: config.Settings) -> None:
    read = []

    def lines() -> Iterator[bytes]:
        for number in range(3):
            read.append(number)
            yield b"line\n"

    def answer(_environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        start("200 OK", [])
        return lines()

    with config.overridden(page_seconds=2):
        _, _, body = _ask(SharedPages(answer))
        assert read == []
        assert b"".join(body) == b"line\n" * 3


def test_there_is_an_end_to_what_is_kept(settings: config.Settings, clock: Time) -> None:
    app = _app(size=1_000)
    with config.overridden(page_seconds=2, kept_pages_bytes=10_500):
        for number in range(500):
            _ask(app, f"/{number}")
            _ask(app, "/", QUERY_STRING=f"x={number}")
        assert len(app) == 10
        clock.now += 10
        for _ in range(30):
            _ask(app, "/499")
        assert len(app) == 10, "a page made anew takes the place of its own"
