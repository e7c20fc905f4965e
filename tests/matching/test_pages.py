"""Pages of interests and matches, without JavaScript."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from coevolve.kit.db import get as session_get
from coevolve.listings.models import Listing
from coevolve.matching import queries, service
from coevolve.matching.models import Interest, Match, MatchState
from coevolve.organisations import queries as body_queries
from coevolve.organisations.models import Organisation
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


# --- a listing's own page, one pairing, while typing, refusals --------------------------------------------------------


def desk(listing: Listing) -> str:
    return f"/dasbor/{session_get(Organisation, listing.organisation_id).slug}/listing/{listing.id}"


def test_a_cso_sees_what_fits_its_need_and_writes(client: FlaskClient, sign_in: Callable[..., None]) -> None:
    offer = listings.open_offer(title="Pipa sisa proyek")
    need = listings.open_need()
    peer = listings.open_need(title="Pipa untuk dusun sebelah")
    service.find_supporters(about_id=need.id, journal_id=1)
    owner = listings.owner_of(need)
    sign_in(client, owner)
    page = client.get(f"{desk(need)}/cocok").text
    assert "Pipa sisa proyek" in page
    assert "Pipa untuk dusun sebelah" in page
    [pair] = queries.pairs_of(owner.id)
    path = f"/dasbor/kecocokan/pasangan/{pair.id}"
    one = client.get(path).text
    assert pair.reason in one
    assert "/minta/" in one
    assert client.post(path, data={"langkah": "hubungi", "teks": ""}).status_code == 422
    assert client.post(path, data={"langkah": "hubungi", "teks": "Boleh kami ambil?"}).status_code == 303
    assert "Boleh kami ambil?" in client.get(path).text
    assert client.post(f"{path}/singkirkan", data={"alasan": "gold"}).status_code == 422
    sign_in(client, listings.owner_of(offer))
    assert "Boleh kami ambil?" in client.get(path).text
    sign_in(client, people.person())
    assert client.get(path).status_code == 404
    assert client.get(f"{desk(need)}/cocok").status_code == 404
    sign_in(client, owner)
    ask = f"{desk(need)}/ajak/{peer.id}"
    assert client.get(ask).status_code == 200
    assert client.post(ask, data={"teks": "Beli bersama?"}).status_code == 303
    [made] = queries.invitations_of(need.id)
    sign_in(client, listings.owner_of(peer))
    invitation = f"/dasbor/kecocokan/ajakan/{made.id}"
    assert "Beli bersama?" in client.get(invitation).text
    assert client.post(invitation, data={"jawaban": "ya", "teks": "Boleh."}).status_code == 303
    assert client.post(invitation, data={"jawaban": "ya", "teks": "Boleh."}).status_code in (409, 422)


def test_what_fits_is_shown_while_typing(client: FlaskClient, sign_in: Callable[..., None]) -> None:
    listings.open_offer(title="Pipa sisa proyek")
    draft = listings.draft(lines=())
    sign_in(client, listings.owner_of(draft))
    path = f"{desk(draft)}/saran"
    typed = f"{path}?kind=goods&category=water_equipment&unit=X:METRE&quantity=500"
    fragment = client.get(typed, headers={"HX-Request": "true"}).text
    assert "Pipa sisa proyek" in fragment
    assert "<html" not in fragment
    assert "<html" in client.get(typed).text
    for odd in (
        "",
        "?kind=gold",
        "?kind=goods&category=x",
        f"{'?kind=goods&category=books&quantity=' + '9' * 40}",
    ):
        assert "Pipa sisa proyek" not in client.get(path + odd).text
    assert "/saran?kind=goods" in client.get(f"{desk(draft)}/kebutuhan/baru/goods").text
    sign_in(client, people.person())
    assert client.get(typed).status_code == 404


def test_an_owner_says_whose_support_is_refused(client: FlaskClient, sign_in: Callable[..., None]) -> None:
    cso, firm = organisations.organisation(), organisations.company()
    path = f"/dasbor/{cso.slug}/penolakan"
    sign_in(client, organisations.owner_of(cso))
    assert client.post(path, data={"ditolak": ["tobacco", "company"], "usaha": []}).status_code == 303
    assert body_queries.refusals_of(cso.id) == ["company", "tobacco"]
    assert body_queries.refuses(cso.id, firm.id)
    assert not body_queries.refuses(firm.id, cso.id)
    assert client.post(path, data={"ditolak": ["gold"]}).status_code == 422
    sign_in(client, organisations.member(cso))
    assert client.get(path).status_code in (403, 404)
