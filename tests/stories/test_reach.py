"""Passing a page on, and reading it where there is no signal: on the phone stays what is public, and nothing else."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.factories import listings
from tests.stories.cast import Cast, new_word
from tests.stories.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stories"), pytest.mark.timeout(300)]
KEPT = """async () => {
  const found = [];
  for (const name of await caches.keys())
    for (const asked of await (await caches.open(name)).keys()) found.push(new URL(asked.url).pathname);
  return found;
}"""
LOST = "ERR_INTERNET_DISCONNECTED"


def test_shared_embedded_and_read_without_a_signal(visitors: Callable[..., Visitor], cast: Cast) -> None:
    place = cast.place()
    body = cast.organisation("cso", "Yayasan Mata Air", place=place.code)
    titles = [f"Tangki air “{new_word()}” & pipa <desa>" for _ in range(2)]
    paths = [
        cast.open_listing(body, "need", title, place=place.code, lines=(listings.goods(),))
        for title in titles
    ]
    reader = visitors(javascript=True, phone=True)
    _shared(reader, paths[0], titles[0])
    _embedded(reader, paths[0], titles[0])
    _read_offline(reader, paths, titles)
    _signed_in(reader, cast, paths, titles)


def _shared(reader: Visitor, path: str, title: str) -> None:
    """The page says what it is to whoever gets its address; its data is no script to the browser."""
    reader.go(path)
    reader.check_page("share-page")
    head = reader.page.content()
    card = re.findall(r'property="og:image" content="([^"]+)"', head)[0]
    answer = reader.page.request.get(card)
    assert (answer.status, answer.headers["content-type"]) == (200, "image/jpeg")
    assert len(answer.body()) <= 300_000
    assert (
        reader.page.evaluate(
            "JSON.parse(document.querySelector('[type=\"application/ld+json\"]').text)['@graph'][0].name"
        )
        == title
    )
    link = reader.page.get_by_role("link", name="Bagikan lewat WhatsApp").last.get_attribute("href")
    assert parse_qs(urlsplit(html.unescape(link or "")).query)["text"][0].startswith(title)


def _embedded(reader: Visitor, path: str, title: str) -> None:
    reader.go(path)
    reader.follow("Sematkan di situs Anda")
    frame = reader.page.frame_locator("iframe.embed")
    frame.get_by_role("heading", name=title).wait_for()
    assert frame.get_by_role("link", name="Lihat dan dukung").get_attribute("target") == "_blank"
    reader.check_page("embed-code")


def _read_offline(reader: Visitor, paths: list[str], titles: list[str]) -> None:
    reader.page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    reader.go("/")
    reader.page.wait_for_function("navigator.serviceWorker.controller !== null")
    reader.go(paths[0])
    reader.waits_quietly(lambda: paths[0] in reader.page.evaluate(KEPT))
    reader.context.set_offline(True)
    reader.go(paths[0])
    reader.sees(titles[0])
    reader.go(paths[1])
    reader.sees("Sedang luring")
    reader.picture("offline")
    reader.context.set_offline(False)
    reader.pardon(LOST)


def _signed_in(reader: Visitor, cast: Cast, paths: list[str], titles: list[str]) -> None:
    """What a signed-in person looked at is not on the phone afterwards."""
    reader.sign_in(cast.person("Rahasia Sekali"))
    for path in ("/dasbor", paths[1], "/organisasi"):
        reader.go(path)
    reader.page.wait_for_timeout(300)
    kept = reader.page.evaluate(KEPT)
    assert paths[0] in kept
    assert not {"/dasbor", "/masuk", paths[1], "/organisasi"} & set(kept)
    reader.context.set_offline(True)
    for path in ("/dasbor", paths[1]):
        reader.go(path)
        reader.sees("Sedang luring")
        reader.sees_not(titles[1], "Rahasia Sekali")
    reader.context.set_offline(False)
    reader.pardon(LOST)
