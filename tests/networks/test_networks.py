"""Networks and links: who may tie places, what is refused, what everybody sees, what matching reads."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from coevolve.kit.errors import Conflict, DomainError, Forbidden, Invalid, InvalidMove, NotFound
from coevolve.networks import queries, service
from coevolve.networks.models import LinkState, Network
from coevolve.notifications.models import Message
from coevolve.people.models import Person
from tests.factories import organisations, people

ALOR, KUPANG, BANDUNG = "53.05", "53.01", "32.04"


@pytest.fixture
def admin(session: Session) -> Person:
    return people.staff("admin")


@pytest.fixture
def officer(session: Session) -> Person:
    """An officer of an agency in Alor."""
    person = people.person()
    organisations.agency(owner=person, home_locality_code=ALOR)
    return person


@pytest.fixture
def network(admin: Person) -> Network:
    made = service.found(name="Pesisir Tangguh", purpose="Bersama menjaga *pesisir*.", by=admin)
    for code in (ALOR, KUPANG):
        service.put_locality(network_id=made.id, code=code, by=admin)
    return made


def _near(session: Session, code: str) -> set[tuple[str, str]]:
    rows = session.execute(
        text("SELECT other_code, how FROM locality_near WHERE code = :code"), {"code": code}
    )
    return {(other, how) for other, how in rows}


def test_a_network_makes_its_places_near_until_it_ends(
    session: Session, network: Network, admin: Person
) -> None:
    assert (KUPANG, "network") in _near(session, ALOR)
    assert [line.name for line in queries.of_place("53.05.01")] == ["Pesisir Tangguh"], (
        "a kecamatan lies in it too"
    )
    service.take_locality(network_id=network.id, code=KUPANG, by=admin)
    assert _near(session, ALOR) == set()
    service.put_locality(network_id=network.id, code=KUPANG, by=admin)
    service.dissolve(network_id=network.id, by=admin)
    assert _near(session, ALOR) == set()
    assert queries.of_place(ALOR) == []
    with pytest.raises(InvalidMove):
        service.put_locality(network_id=network.id, code=BANDUNG, by=admin)


def test_what_a_network_refuses(session: Session, network: Network, admin: Person) -> None:
    for call, code in (
        (lambda: service.found(name="pesisir TANGGUH", purpose="x", by=admin), Conflict),
        (lambda: service.found(name="ab", purpose="x", by=admin), Invalid),
        (lambda: service.found(name="Yang lain", purpose=" ", by=admin), Invalid),
        (lambda: service.put_locality(network_id=network.id, code=ALOR, by=admin), Conflict),
        (lambda: service.put_locality(network_id=network.id, code="99.99", by=admin), Invalid),
        (lambda: service.put_locality(network_id=network.id, code="ID", by=admin), Invalid),
        (lambda: service.put_organisation(network_id=network.id, slug="tidak-ada", by=admin), Invalid),
        (lambda: service.take_locality(network_id=network.id, code=BANDUNG, by=admin), NotFound),
        (lambda: service.found(name="Tanpa hak", purpose="x", by=people.moderator()), Forbidden),
    ):
        with pytest.raises(code):
            call()


def test_an_organisation_joins_once_and_leaves(session: Session, network: Network, admin: Person) -> None:
    member = organisations.organisation(home_locality_code=ALOR)
    service.put_organisation(network_id=network.id, slug=member.slug, by=admin)
    with pytest.raises(Conflict):
        service.put_organisation(network_id=network.id, slug=member.slug, by=admin)
    assert [one.id for one, _ in queries.organisations_of(network.id)] == [member.id]
    assert [line.name for line in queries.of_organisation(member.id)] == ["Pesisir Tangguh"]
    service.take_organisation(network_id=network.id, organisation_id=member.id, by=admin)
    assert queries.organisations_of(network.id) == []


def _propose(by: Person, code: str = ALOR, other: str = BANDUNG, kind: str = "learning") -> Any:
    return service.propose_link(code=code, other=other, kind=kind, evidence="Surat 12/2026", by=by)


def test_a_link_is_proposed_decided_and_told(session: Session, admin: Person, officer: Person) -> None:
    link = _propose(officer, other="MY-12")
    assert (link.a_code, link.b_code) == (ALOR, "MY-12"), "places abroad are ordinary places"
    assert queries.ties_of(ALOR) == []
    service.activate_link(link_id=link.id, by=admin)
    (tie,) = queries.ties_of(ALOR)
    assert (tie.other.code, tie.kind) == ("MY-12", "learning")
    assert ("MY-12", "link") in _near(session, ALOR) and (ALOR, "link") in _near(session, "MY-12")
    service.end_link(link_id=link.id, reason="Program selesai.", by=admin)
    assert queries.ties_of(ALOR) == [] and _near(session, ALOR) == set()
    kinds = {
        (message.kind, message.person_id)
        for message in session.query(Message).filter(Message.about_id == link.id, Message.channel == "site")
    }
    assert kinds == {
        ("network.link_proposed", admin.id),
        ("network.activated", officer.id),
        ("network.ended", officer.id),
    }
    with pytest.raises(InvalidMove):
        service.activate_link(link_id=link.id, by=admin)


def test_what_a_link_refuses(session: Session, admin: Person, officer: Person) -> None:
    refused: list[tuple[type[DomainError], dict[str, Any]]] = [
        (Forbidden, {"by": officer, "code": KUPANG}),
        (Forbidden, {"by": people.person()}),
        (Invalid, {"by": officer, "other": "53.05.01"}),
        (Invalid, {"by": officer, "other": "53"}),
        (Invalid, {"by": officer, "other": ALOR}),
        (Invalid, {"by": officer, "kind": "war"}),
    ]
    for error, given in refused:
        with pytest.raises(error):
            _propose(**given)
    link = _propose(officer)
    with pytest.raises(Conflict):
        _propose(admin, code=BANDUNG, other=ALOR)
    with pytest.raises(Invalid):
        service.decline_link(link_id=link.id, reason="  ", by=admin)
    with pytest.raises(Forbidden):
        service.activate_link(link_id=link.id, by=officer)
    service.decline_link(link_id=link.id, reason="Belum ada surat.", by=admin)
    assert _propose(officer).state == LinkState.proposed, "a declined tie may be proposed anew"


def test_the_database_refuses_a_tie_that_ended_before_it_began(session: Session, officer: Person) -> None:
    link = _propose(officer)
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(text("UPDATE locality_link SET since = '2026-01-02' WHERE id = :id"), {"id": link.id})


def test_everybody_sees_networks_and_officers_propose(
    client: FlaskClient, session: Session, sign_in: Any, network: Network, admin: Person, officer: Person
) -> None:
    assert "Pesisir Tangguh" in client.get("/jejaring").text
    shown = client.get(f"/jejaring/{network.slug}").text
    assert "Kabupaten Alor" in shown and "<em>pesisir</em>" in shown
    assert client.get("/jejaring/tidak-ada").status_code == 404
    place = client.get(f"/lokalitas/{ALOR}").text
    assert "Pesisir Tangguh" in place and "/hubungan" not in place
    sign_in(client, people.person())
    assert client.get(f"/lokalitas/{ALOR}/hubungan").status_code == 403
    sign_in(client, officer)
    assert f"/lokalitas/{ALOR}/hubungan" in client.get(f"/lokalitas/{ALOR}").text
    typed = {"other": "Kabupaten Bandung", "kind": "sister", "evidence": "Nota kesepahaman 3 Mei 2026"}
    refused = client.post(f"/lokalitas/{ALOR}/hubungan", data=typed | {"other": "Kota Antah Berantah"})
    assert refused.status_code == 422 and "Nota kesepahaman 3 Mei 2026" in refused.text
    assert client.post(f"/lokalitas/{ALOR}/hubungan", data=typed).status_code == 303
    sign_in(client, admin)
    (link,) = queries.links([LinkState.proposed])
    assert "Nota kesepahaman" in client.get("/moderasi/jejaring").text
    assert client.post(f"/moderasi/jejaring/hubungan/{link.id}/setujui").status_code == 303
    assert "Daerah bersaudara" in client.get(f"/lokalitas/{ALOR}").text
    assert (
        client.post(f"/moderasi/jejaring/hubungan/{link.id}/akhiri", data={"reason": ""}).status_code == 422
    )
    assert (
        client.post(f"/moderasi/jejaring/hubungan/{link.id}/akhiri", data={"reason": "x"}).status_code == 303
    )


def test_admins_keep_networks_on_one_page(
    client: FlaskClient, session: Session, sign_in: Any, network: Network, admin: Person
) -> None:
    sign_in(client, admin)
    page = f"/moderasi/jejaring/{network.slug}"
    assert (
        client.post("/moderasi/jejaring", data={"name": "Pesisir tangguh", "purpose": "x"}).status_code == 422
    )
    assert client.post(page, data={"aksi": "daerah", "place": "Kabupaten Bandung"}).status_code == 303
    assert client.post(page, data={"aksi": "daerah", "place": "Kabupaten Bandung"}).status_code == 422
    ambiguous = client.post(page, data={"aksi": "daerah", "place": "Bandung"})
    assert ambiguous.status_code == 422 and "Kota Bandung" in ambiguous.text
    assert client.post(page, data={"aksi": "lepas-daerah", "kode": BANDUNG}).status_code == 303
    assert client.post(page, data={"aksi": "lepas-organisasi", "id": "x"}).status_code == 404
    assert client.post(page, data={"aksi": "apa"}).status_code == 404
    assert (
        client.post(page, data={"aksi": "ubah", "name": "Pesisir Kuat", "purpose": "Baru"}).status_code == 303
    )
    assert client.post(page, data={"aksi": "akhiri"}).status_code == 303
    assert "sudah berakhir" in client.get(f"/jejaring/{network.slug}").text
    sign_in(client, people.moderator())
    assert client.get("/moderasi/jejaring").status_code in {403, 404}
