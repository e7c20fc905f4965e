"""Finding a place by its name, on pages without JavaScript."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from coevolve.localities import queries, service
from coevolve.localities.views import with_place


@pytest.fixture(autouse=True)
def _loaded(session: Session) -> None:
    service.ensure_loaded()


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("bandung", "Kabupaten Bandung, Jawa Barat"),
        ("kota bandung", "Kota Bandung, Jawa Barat"),
        ("Kab. Bandung", "Kabupaten Bandung, Jawa Barat"),
        ("SURABAYA", "Kota Surabaya, Jawa Timur"),
        ("surabya", "Kota Surabaya, Jawa Timur"),
        ("ntt", "Nusa Tenggara Timur"),
        ("jogja", "Kota Yogyakarta, DI Yogyakarta"),
        ("sabah", "Sabah, Malaysia"),
    ],
)
def test_the_first_is_what_people_mean(typed: str, first: str) -> None:
    assert queries.path_label(queries.search(typed)[0]) == first


@pytest.mark.parametrize("typed", ["", " ", "%", "\\", "_", "' or 1=1 --", "\u202e", "x" * 5000, "zzzzqqqq"])
def test_odd_words_find_nothing_and_break_nothing(typed: str) -> None:
    assert queries.search(typed, 5) == []


def test_closed_codes_are_not_found() -> None:
    assert all(place.is_active for place in queries.search("merauke", 20))


def test_a_full_name_is_understood_and_an_ambiguous_one_is_not() -> None:
    place = queries.from_label("kota bandung,  jawa barat")
    assert place is not None
    assert place.code == "32.73"
    assert queries.from_label("Bandung") is None
    sleman = queries.from_label("Sleman")
    assert sleman is not None
    assert sleman.code == "34.04"


@pytest.mark.parametrize(
    "typed",
    [
        "Kecamatan Amfoang Utara, Kabupaten Kupang, Nusa Tenggara Timur",
        "kecamatan amfoang utara, kabupaten kupang",
        "Amfoang Utara, Kabupaten Kupang, Nusa Tenggara Timur",
    ],
)
def test_what_a_refusal_proposes_is_understood(typed: str) -> None:
    found = queries.from_label(typed)
    assert found is not None and found.name == "Kecamatan Amfoang Utara"
    assert queries.from_label("Kecamatan Amfoang Utara, Kabupaten Belu") is None
    assert queries.from_label("Kecamatan Tidak Ada, Kabupaten Kupang") is None


def test_choosing_step_by_step(client: FlaskClient) -> None:
    first = client.get("/lokalitas/cari?kembali=/jelajah%3Fsektor%3Dwater")
    assert first.status_code == 200
    assert "/jelajah?sektor=water&amp;tempat=53" in first.text
    assert "induk=53" in first.text
    second = client.get("/lokalitas/cari?induk=53.02&kembali=/jelajah")
    assert "tempat=53.02.01" in second.text
    assert "Kecamatan Kota Soe" in second.text


def test_searching_by_name(client: FlaskClient) -> None:
    answer = client.get("/lokalitas/cari?kata=kota+bandung&kembali=/akun/minat")
    assert "/akun/minat?tempat=32.73" in answer.text
    assert "<html" not in client.get("/lokalitas/cari?kata=soe", headers={"HX-Request": "true"}).text


@pytest.mark.parametrize(
    "back", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_it_never_leads_elsewhere(client: FlaskClient, back: str) -> None:
    answer = client.get("/lokalitas/cari", query_string={"kembali": back, "kata": "bandung"})
    assert answer.status_code == 200
    assert "/jelajah?tempat=32.73" in answer.text
    assert 'href="http' not in answer.text
    assert 'href="//' not in answer.text
    assert 'href="javascript' not in answer.text


def test_the_code_replaces_the_one_before_and_ends_the_cursor() -> None:
    assert (
        with_place("/jelajah?tempat=11&kata=air&sesudah=x", "tempat", "53") == "/jelajah?kata=air&tempat=53"
    )


@pytest.mark.parametrize(
    "query", ["induk=zz", "induk=53.02.01", "kata=%00", "nama=password", "induk=" + "9" * 300]
)
def test_odd_addresses_are_answered(client: FlaskClient, query: str) -> None:
    assert client.get(f"/lokalitas/cari?{query}").status_code in (200, 400)
