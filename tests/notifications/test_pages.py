"""The reader's pages: news, preferences, stop links; the staff's list of failures; the demo's mail reader."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from coevolve import config
from coevolve.embedded.mail_catcher import Mailbox
from coevolve.notifications import delivery, links, queries, service
from coevolve.notifications.models import Message, MessageState
from tests.factories import people
from tests.statements import counted


def tell(*who: Any, key: str = "k", kind: str = "payment.received") -> None:
    service.queue(
        kind=kind,
        person_ids=[person.id for person in who],
        about=("listing", uuid.uuid4()),
        data={"title": "Air <b>bersih</b>", "path": "/kebutuhan/air", "amount_minor": 7_500_000},
        dedupe_key=key,
    )


def test_visitors_are_asked_to_sign_in(client: FlaskClient) -> None:
    for path in ("/notifikasi", "/notifikasi/preferensi", "/notifikasi/1", "/notifikasi/gagal"):
        assert client.get(path).status_code in (302, 303)


def test_the_page_shows_news_and_escapes_it(client: FlaskClient, sign_in: Callable[..., None]) -> None:
    ratna = people.person()
    sign_in(client, ratna)
    assert "Belum ada kabar" in client.get("/notifikasi").text
    tell(ratna)
    answer = client.get("/notifikasi")
    assert "Air &lt;b&gt;bersih" in answer.text
    assert queries.unread_count(ratna.id) == 1


def test_opening_a_notice_marks_it_and_leads_on(client: FlaskClient, sign_in: Callable[..., None]) -> None:
    ratna, budi = people.person(), people.person()
    sign_in(client, ratna)
    tell(ratna, budi)
    own = queries.notices_of(ratna.id).rows[0].id
    answer = client.get(f"/notifikasi/{own}")
    assert answer.status_code == 303
    assert answer.location == "/kebutuhan/air"
    assert queries.unread_count(ratna.id) == 0
    foreign = queries.notices_of(budi.id).rows[0].id
    assert client.get(f"/notifikasi/{foreign}").status_code == 404
    assert queries.unread_count(budi.id) == 1


def test_all_at_once(client: FlaskClient, sign_in: Callable[..., None]) -> None:
    ratna = people.person()
    sign_in(client, ratna)
    for number in range(3):
        tell(ratna, key=str(number))
    assert client.post("/notifikasi/dibaca").status_code == 303
    assert queries.unread_count(ratna.id) == 0


def test_older_news_are_a_page_away(client: FlaskClient, sign_in: Callable[..., None]) -> None:
    ratna = people.person()
    for number in range(35):
        tell(ratna, key=str(number))
    sign_in(client, ratna)
    first = queries.notices_of(ratna.id)
    assert len(first.rows) == 30
    assert first.older_than is not None
    assert len(queries.notices_of(ratna.id, older_than=first.older_than).rows) == 5
    assert client.get(f"/notifikasi?sebelum={first.older_than}").status_code == 200
    for odd in ("x", "-1", "9" * 40, "1.5", "²"):
        assert client.get(f"/notifikasi?sebelum={odd}").status_code == 200


def test_the_page_costs_the_same_for_one_and_for_thirty(
    client: FlaskClient, sign_in: Callable[..., None]
) -> None:
    ratna = people.person()
    sign_in(client, ratna)
    tell(ratna, key="first")
    client.get("/notifikasi")
    with counted() as for_one:
        client.get("/notifikasi")
    for number in range(30):
        tell(ratna, key=str(number))
    with counted() as for_thirty:
        client.get("/notifikasi")
    assert len(for_one) == len(for_thirty)


def test_preferences_are_kept(client: FlaskClient, sign_in: Callable[..., None]) -> None:
    ratna = people.person()
    sign_in(client, ratna)
    page = client.get("/notifikasi/preferensi")
    assert "Tugas staf" not in page.text
    answer = client.post("/notifikasi/preferensi", data={"matches-email": "weekly", "money-site": "off"})
    assert answer.status_code == 303
    wishes = queries.preferences_of(ratna.id)
    assert wishes["matches", "email"] == "weekly"
    assert wishes["money", "site"] == "off"
    client.post("/notifikasi/preferensi", data={"matches-email": "weekly", "jeda": "ya"})
    assert queries.is_paused(ratna.id)
    client.post("/notifikasi/preferensi", data={"matches-email": "weekly"})
    assert not queries.is_paused(ratna.id)
    assert client.post("/notifikasi/preferensi", data={"matches-email": "sometimes"}).status_code == 422


# --- the stop link -------------------------------------------------------------------------------------------------


def test_the_link_stops_mails_without_signing_in(client: FlaskClient, session: Session) -> None:
    ratna = people.person()
    path = f"/berhenti/{links.stop_token(ratna.id, 'money')}"
    assert client.get(path).status_code == 200
    assert queries.preferences_of(ratna.id)["money", "email"] == "now"
    answer = client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert queries.preferences_of(ratna.id)["money", "email"] == "off"
    assert client.post(path).status_code == 200
    tell(ratna)
    assert [row.channel for row in session.scalars(select(Message))] == ["site"]


def test_the_link_can_stop_everything(client: FlaskClient) -> None:
    ratna = people.person()
    assert client.post(f"/berhenti/{links.stop_token(ratna.id, 'money')}/semua").status_code == 200
    assert queries.is_paused(ratna.id)


def test_the_address_in_a_mail_is_that_link(client: FlaskClient, mailbox: Mailbox) -> None:
    ratna = people.person()
    tell(ratna)
    delivery.deliver()
    address = mailbox.newest()[0].message["List-Unsubscribe"].strip("<>")
    assert client.post(address.removeprefix(config.settings().public_url)).status_code == 200
    assert queries.preferences_of(ratna.id)["money", "email"] == "off"


@pytest.mark.parametrize("token", ["x", "WyJ4Iiwi.eQ", "a.b.c", "%00", "." * 300])
def test_forged_links_are_unknown(client: FlaskClient, token: str) -> None:
    assert client.get(f"/berhenti/{token}").status_code in (400, 404)
    assert client.post(f"/berhenti/{token}").status_code in (400, 404)


def test_a_signed_link_of_nobody_is_unknown(client: FlaskClient) -> None:
    assert client.post(f"/berhenti/{links.stop_token(uuid.uuid4(), 'money')}").status_code == 404


def test_the_link_is_signed_for_one_person_and_group() -> None:
    ratna = uuid.uuid4()
    token = links.stop_token(ratna, "money")
    assert links.read_stop_token(token) == (ratna, ("money",))
    with config.overridden(secret_key="another key, also long enough for anyone"):
        assert links.stop_token(ratna, "money") != token


# --- failures ------------------------------------------------------------------------------------------------------


def test_admins_see_what_was_given_up_and_try_again(
    client: FlaskClient, session: Session, sign_in: Callable[..., None]
) -> None:
    tell(people.person())
    session.execute(
        update(Message).where(Message.channel == "email").values(state="given_up", last_error="550 <unknown>")
    )
    ratna = people.person()
    sign_in(client, ratna)
    assert client.get("/notifikasi/gagal").status_code == 403
    sign_in(client, people.admin())
    assert "550 &lt;unknown&gt;" in client.get("/notifikasi/gagal").text
    [failure] = queries.given_up()
    assert client.post("/notifikasi/gagal", data={"id": [str(failure.id), "x", "9" * 15]}).status_code == 303
    states = session.scalars(select(Message.state).where(Message.channel == "email")).all()
    assert states == [MessageState.queued]


# --- the demo's mail reader ----------------------------------------------------------------------------------------


def test_caught_mails_can_be_read(client: FlaskClient, mailbox: Mailbox) -> None:
    ratna = people.person(email="ratna@contoh.example")
    tell(ratna)
    delivery.deliver()
    with config.overridden(data_dir=str(_as_demo(mailbox))):
        listed = client.get("/surat?ke=ratna@contoh.example")
        key = mailbox.newest()[0].key
        assert f"/surat/{key}" in listed.text
        assert "Belum ada surat" in client.get("/surat?ke=lain@contoh.example").text
        one = client.get(f"/surat/{key}")
        assert 'href="http://localhost/kebutuhan/air"' in one.text
        assert "&lt;b&gt;" in one.text or "<b>bersih" not in one.text
        html = client.get(f"/surat/{key}/tampilan")
        assert "script-src" not in html.headers["Content-Security-Policy"]
        assert "default-src 'none'" in html.headers["Content-Security-Policy"]
        assert client.get(f"/surat/{uuid.uuid4()}").status_code == 404
        assert client.get("/surat/../../etc/passwd").status_code == 404


def _as_demo(mailbox: Mailbox) -> Any:
    """The demo keeps its mails in the folder `mails` of its data."""
    folder = mailbox.folder.parent / "as-demo"
    folder.mkdir(exist_ok=True)
    link = folder / "mails"
    if not link.exists():
        link.symlink_to(mailbox.folder)
    return folder


def test_the_mail_reader_is_for_the_demo_only(client: FlaskClient) -> None:
    with config.overridden(env="production"):
        assert client.get("/surat").status_code == 404
        assert client.get(f"/surat/{uuid.uuid4()}").status_code == 404
