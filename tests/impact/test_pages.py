"""The public pages of impact: what they say, what they cost, what they refuse."""

from __future__ import annotations

import re
from typing import Any

import brotli
import pytest

from coevolve.impact import service
from coevolve.localities import queries as localities
from tests.factories import listings
from tests.statements import counted

WORDS = ("/tentang-data", "/biaya", "/bantuan", "/aksesibilitas", "/gaya")


def _text(response: Any) -> str:
    return str(response.get_data(as_text=True))


@pytest.fixture
def world(session: Any) -> list[Any]:
    """A few open listings in Timor Tengah Selatan, one in Semarang, rolled up."""
    made = [listings.open_need() for _ in range(3)]
    made.append(listings.open_campaign(title="Tangki air untuk kampung Semarang", locality_code="33.74"))
    service.roll_up()
    return made


def test_home_shows_the_newest_needs_and_the_map(client: Any, world: list[Any]) -> None:
    page = _text(client.get("/"))
    assert page.count('<li class="card">') == 3
    assert "Tangki air untuk kampung Semarang" in page
    assert page.count('href="/lokalitas/') == 38


def test_home_costs_two_statements_whatever_it_shows(client: Any, session: Any) -> None:
    localities.provinces()
    client.get("/")
    with counted() as empty:
        client.get("/")
    listings.open_need()
    service.roll_up()
    with counted() as one:
        client.get("/")
    for _ in range(4):
        listings.open_need()
    service.roll_up()
    with counted() as more:
        client.get("/")
    assert len(empty) == len(one) == len(more) == 2, more


def test_home_stays_within_its_budget(client: Any, world: list[Any]) -> None:
    client.get("/")
    assert len(brotli.compress(client.get("/").data, quality=4)) <= 20_000


def test_home_sets_no_cookie_and_carries_no_token(client: Any, world: list[Any]) -> None:
    for path in ("/", "/peta", "/lokalitas/53", *WORDS[:4]):
        answer = client.get(path)
        assert "Set-Cookie" not in answer.headers, path
        assert "csrf_token" not in _text(answer), path


def test_near_needs_come_first_once_a_place_is_chosen(client: Any, world: list[Any]) -> None:
    answer = client.post("/daerah", data={"provinsi": "53", "kabupaten": "53.02"})
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/"
    page = _text(client.get("/"))
    assert "Yang dibutuhkan di sekitar Kab. Timor Tengah Selatan" in page
    assert "Tangki air untuk kampung Semarang" not in page
    assert '<option value="53.02" selected>' in page
    assert client.post("/daerah", data={}).status_code == 303
    assert "Baru tayang" in _text(client.get("/"))


def test_a_place_of_another_province_means_the_province(client: Any, session: Any) -> None:
    client.post("/daerah", data={"provinsi": "33", "kabupaten": "53.02"})
    assert "di sekitar Jawa Tengah" in _text(client.get("/"))


@pytest.mark.parametrize("value", ["", "zz", "53.02.01", "\x00", "ID", "5" * 4000])
def test_an_unfit_place_is_ignored(client: Any, session: Any, value: str) -> None:
    assert client.post("/daerah", data={"provinsi": value}).status_code == 303
    assert client.get("/", query_string={"daerah": value.replace("\x00", "")}).status_code == 200
    assert "Baru tayang" in _text(client.get("/"))


def test_another_site_cannot_choose_a_place(client: Any, session: Any) -> None:
    answer = client.post("/daerah", data={"provinsi": "53"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_the_way_back_stays_on_this_host(client: Any, session: Any) -> None:
    answer = client.post("/daerah", data={"provinsi": "53", "kembali": "//evil.example/x"})
    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize("code", ["ID", "BNT", "53", "53.02", "53.02.01"])
def test_a_locality_of_every_level_has_its_page(client: Any, world: list[Any], code: str) -> None:
    page = _text(client.get(f"/lokalitas/{code}"))
    assert localities.get(code).name in page
    if code != "53.02.01":
        assert '<li class="card">' in page


def test_a_province_shows_its_kabupaten_as_tiles(client: Any, world: list[Any]) -> None:
    page = _text(client.get("/lokalitas/53"))
    drawn = page[page.index('<svg class="tiles') : page.index("</svg>", page.index('<svg class="tiles'))]
    assert len(re.findall("<a ", drawn)) == len(localities.children("53"))


def test_an_empty_place_says_what_to_do(client: Any, session: Any) -> None:
    service.roll_up()
    assert "Belum ada kegiatan di sini" in _text(client.get("/lokalitas/94"))


@pytest.mark.parametrize("code", ["00", "53.99", "x" * 300, "53.02.01.9999"])
def test_an_unknown_place_is_not_found(client: Any, session: Any, code: str) -> None:
    assert client.get(f"/lokalitas/{code}").status_code == 404


def test_a_locality_costs_the_same_for_few_and_many(client: Any, world: list[Any]) -> None:
    client.get("/lokalitas/53.02")
    with counted() as few:
        client.get("/lokalitas/53.02")
    for _ in range(4):
        listings.open_need()
        listings.open_offer()
    service.roll_up()
    with counted() as many:
        client.get("/lokalitas/53.02")
    assert len(few) == len(many) <= 8


@pytest.mark.parametrize("layer", ["kebutuhan", "penawaran", "peluang", "organisasi"])
def test_the_map_has_its_list(client: Any, world: list[Any], layer: str) -> None:
    page = _text(client.get(f"/peta?lapis={layer}"))
    for province in localities.provinces():
        assert page.count(f'href="/lokalitas/{province.code}"') == 2


def test_an_unknown_layer_is_not_found(client: Any, session: Any) -> None:
    assert client.get("/peta?lapis=rahasia").status_code == 404


@pytest.mark.parametrize("path", WORDS)
def test_pages_of_words_stand_in_both_languages(client: Any, session: Any, path: str) -> None:
    assert client.get(path).status_code == 200
    client.set_cookie("lang", "en")
    page = _text(client.get(path))
    assert '<html lang="en">' in page


def test_english_pages_hold_no_indonesian(client: Any, world: list[Any]) -> None:
    client.set_cookie("lang", "en")
    page = _text(client.get("/"))
    assert "Where you live" in page
    for word in ("Kebutuhan", "Jelajah", "Masuk", "Baru tayang"):
        assert word not in page, word
