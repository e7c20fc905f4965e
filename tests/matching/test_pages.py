"""Pages of interests and matches, without JavaScript."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from coevolve.matching import queries, service
from coevolve.matching.models import Interest, Match, MatchState
from tests.factories import listings, organisations, people

FORM = {"jenis": ["goods", "time"], "sektor": "", "untuk": "saya"}


def test_visitors_are_asked_to_sign_in(client: FlaskClient) -> None:
    for path in ("/akun/minat", "/dasbor/kecocokan"):
        assert client.get(path).status_code in (302, 303)
    assert client.post("/ikuti", data={"tempat": "53"}).status_code in (302, 303)


def test_following_by_name(client: FlaskClient, sign_in: Callable[..., None]) -> None:
    person = people.person()
    sign_in(client, person)
    assert "Anda belum mengikuti apa pun" in client.get("/akun/minat").text
    answer = client.post("/akun/minat", data={**FORM, "tempat": "Kota Bandung, Jawa Barat"})
    assert answer.status_code == 303
    [row] = queries.interests_of(person.id)
    assert (row.place_code, row.kinds) == ("32.73", ("goods", "time"))
    assert "Kota Bandung, Jawa Barat" in client.get("/akun/minat").text


def test_an_ambiguous_name_is_answered_with_a_choice(
    client: FlaskClient, sign_in: Callable[..., None]
) -> None:
    person = people.person()
    sign_in(client, person)
    answer = client.post("/akun/minat", data={**FORM, "tempat": "Bandung"})
    assert answer.status_code == 422
    assert 'value="32.73"' in answer.text
    assert 'value="32.04"' in answer.text
    assert queries.interests_of(person.id) == []
    assert (
        client.post("/akun/minat", data={**FORM, "tempat": "Bandung", "pilihan": "32.04"}).status_code == 303
    )
    assert [row.place_code for row in queries.interests_of(person.id)] == ["32.04"]


def test_a_place_chosen_from_the_list_is_filled_in(client: FlaskClient, sign_in: Callable[..., None]) -> None:
    sign_in(client, people.person())
    answer = client.get("/akun/minat?tempat=53.02.01")
    assert "Kecamatan Kota Soe, Kabupaten Timor Tengah Selatan" in answer.text


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"tempat": ""}, "Tulis nama daerahnya"),
        ({"tempat": "zzzzzz"}, "tidak ditemukan"),
        ({"tempat": "x" * 500}, "Ada yang perlu diperbaiki"),
        ({"jenis": []}, "paling sedikit satu jenis"),
        ({"jenis": ["gold"]}, "Ada yang perlu diperbaiki"),
        ({"sektor": "gold"}, "Ada yang perlu diperbaiki"),
        ({"untuk": "00000000-0000-0000-0000-000000000000"}, "Ada yang perlu diperbaiki"),
        ({"paling_sedikit": "75.000,50"}, "Ada yang perlu diperbaiki"),
        ({"paling_sedikit": "-1"}, "Ada yang perlu diperbaiki"),
        ({"paling_sedikit": "9" * 30}, "Ada yang perlu diperbaiki"),
        ({"paling_sedikit": "200.000", "paling_banyak": "100.000"}, "melebihi"),
    ],
)
def test_wrong_input_is_said_and_kept(
    client: FlaskClient, sign_in: Callable[..., None], wrong: dict[str, object], words: str
) -> None:
    person = people.person()
    sign_in(client, person)
    answer = client.post("/akun/minat", data={**FORM, "tempat": "Nusa Tenggara Timur", **wrong})
    assert answer.status_code == 422
    assert words in answer.text
    assert queries.interests_of(person.id) == []


def test_members_follow_for_their_organisation_and_others_cannot_stop_it(
    client: FlaskClient, session: Session, sign_in: Callable[..., None]
) -> None:
    company = organisations.company()
    owner, stranger = organisations.owner_of(company), people.person()
    sign_in(client, owner)
    data = {**FORM, "tempat": "Bali", "untuk": str(company.id)}
    assert client.post("/akun/minat", data=data).status_code == 303
    [interest] = session.scalars(select(Interest)).all()
    assert interest.organisation_id == company.id
    sign_in(client, stranger)
    assert client.post(f"/akun/minat/{interest.id}/berhenti").status_code == 404
    assert client.post("/akun/minat", data=data).status_code == 422
    sign_in(client, organisations.member(company))
    assert client.post(f"/akun/minat/{interest.id}/berhenti").status_code == 303
    assert queries.interests_of(owner.id) == []


def test_the_follow_button(client: FlaskClient, sign_in: Callable[..., None]) -> None:
    person = people.person()
    sign_in(client, person)
    answer = client.post("/ikuti", data={"tempat": "53", "sektor": "water", "kembali": "/lokalitas/53"})
    assert answer.location == "/lokalitas/53"
    assert queries.interest_in(person.id, "53", "water")
    assert (
        client.post("/ikuti", data={"tempat": "53", "kembali": "https://evil.example"}).location
        == "/akun/minat"
    )
    assert client.post("/ikuti", data={"tempat": "zz"}).status_code == 422
    assert client.post("/akun/minat/999999/berhenti").status_code == 404


def test_matches_show_why_and_can_be_put_away(
    client: FlaskClient, session: Session, sign_in: Callable[..., None]
) -> None:
    person = people.person()
    service.follow(locality_code="53", person_id=person.id)
    need = listings.open_need(title="Air untuk <b>Oelbubuk</b>")
    service.find_supporters(about_id=need.id, journal_id=1)
    sign_in(client, person)
    page = client.get("/dasbor/kecocokan")
    assert "Anda mengikuti Nusa Tenggara Timur." in page.text
    assert "Air untuk &lt;b&gt;" in page.text
    match = session.scalars(select(Match)).one()
    assert match.state == MatchState.seen
    other = people.person()
    sign_in(client, other)
    client.post(f"/dasbor/kecocokan/{match.id}/singkirkan")
    assert session.scalars(select(Match.state)).one() == MatchState.seen
    sign_in(client, person)
    assert client.post(f"/dasbor/kecocokan/{match.id}/singkirkan").status_code == 303
    assert "Belum ada yang cocok" in client.get("/dasbor/kecocokan").text
    assert "Sarankan lagi" in client.get("/dasbor/kecocokan?lihat=disingkirkan").text
    client.post(f"/dasbor/kecocokan/{match.id}/kembalikan")
    assert session.scalars(select(Match.state)).one() == MatchState.seen


def test_pairings_are_for_members_only(client: FlaskClient, sign_in: Callable[..., None]) -> None:
    listings.open_offer(title="Pipa sisa proyek")
    need = listings.open_need()
    service.find_supporters(about_id=need.id, journal_id=1)
    owner = listings.owner_of(need)
    [pair] = queries.pairs_of(owner.id)
    sign_in(client, people.person())
    assert client.post(f"/dasbor/kecocokan/pasangan/{pair.id}/singkirkan").status_code == 404
    sign_in(client, owner)
    assert "Pipa sisa proyek" in client.get("/dasbor/kecocokan").text
    assert client.post(f"/dasbor/kecocokan/pasangan/{pair.id}/singkirkan").status_code == 303
    assert "Pipa sisa proyek" not in client.get("/dasbor/kecocokan").text
    assert "Sarankan lagi" in client.get("/dasbor/kecocokan?lihat=disingkirkan").text
    assert client.post(f"/dasbor/kecocokan/pasangan/{pair.id}/kembalikan").status_code == 303
    assert "Pipa sisa proyek" in client.get("/dasbor/kecocokan").text


def test_officers_see_the_opportunities_of_their_area(
    client: FlaskClient, sign_in: Callable[..., None]
) -> None:
    listings.open_opportunity(title="Swakelola sanitasi TTS", locality_code="53.02")
    listings.open_opportunity(title="Swakelola di Bali", locality_code="51.01")
    officer = organisations.owner_of(organisations.agency())
    sign_in(client, officer)
    page = client.get("/dasbor/kecocokan")
    assert "Swakelola sanitasi TTS" in page.text
    assert "Swakelola di Bali" not in page.text
    sign_in(client, people.person())
    assert "Peluang kemitraan di daerah Anda" not in client.get("/dasbor/kecocokan").text


@pytest.mark.parametrize("older", ["x", "-1", "9" * 40, "²", "1"])
def test_odd_cursors_are_answered(client: FlaskClient, sign_in: Callable[..., None], older: str) -> None:
    sign_in(client, people.person())
    assert client.get(f"/dasbor/kecocokan?sebelum={older}").status_code == 200
