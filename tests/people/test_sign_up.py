"""From an address to an account: by a link, never saying who is known."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from coevolve.kit import clock, db
from coevolve.kit.errors import Forbidden, Invalid
from coevolve.people import passwords, queries, service
from coevolve.people.models import AccountMail, PersonState, Purpose
from tests.factories import people

GOOD = "tujuh gajah menari 9"


def link_for(email, **over):
    """The secret of the link a mail to this address would carry."""
    mail = service.request_mail(purpose=over.pop("purpose", Purpose.sign_up), email=email, **over)
    found = service.letter(mail)
    assert found is not None
    db.session().flush()
    return found.context["link"].rpartition("/")[2]


def test_a_link_makes_an_account_once(session):
    token = link_for("baru@contoh.example")
    person = service.confirm_email(token=token, name="Sri Wahyuni", password=GOOD, agrees=True)
    assert person.state == PersonState.active
    assert person.email_proven_at is not None
    assert [row.purpose for row in queries.consents_of(person.id)] == ["terms"]
    with pytest.raises(Forbidden):
        service.confirm_email(token=token, name="Sri Wahyuni", password=GOOD, agrees=True)


def test_the_secret_is_stored_only_as_a_hash(session):
    token = link_for("baru@contoh.example")
    row = session.query(AccountMail).one()
    assert row.token_hash is not None and token.encode() not in row.token_hash
    assert token not in str(row.data)


def test_a_link_grows_old(session):
    token = link_for("baru@contoh.example")
    with clock.travel(dt.timedelta(hours=25)), pytest.raises(Forbidden):
        service.confirm_email(token=token, name="Sri Wahyuni", password=GOOD, agrees=True)


def test_a_repeated_sending_voids_the_older_link(session):
    mail = service.request_mail(purpose=Purpose.sign_up, email="baru@contoh.example")
    first = service.letter(mail).context["link"].rpartition("/")[2]
    second = service.letter(mail).context["link"].rpartition("/")[2]
    session.flush()
    assert queries.find_link(first) is None
    assert queries.find_link(second) is not None


def test_terms_must_be_agreed_to(session):
    with pytest.raises(Invalid) as refusal:
        service.confirm_email(token=link_for("baru@contoh.example"), name="Sri", password=GOOD, agrees=False)
    assert refusal.value.field == "agrees"


@pytest.mark.parametrize(
    "email",
    [
        "",
        "a",
        "a@b",
        "a@@b.id",
        "a b@c.id",
        "a@b..id",
        "x" * 250 + "@b.id",
        "a@b.id\n"[:-1] + " c",
        "a@-b.id",
    ],
)
def test_addresses_that_cannot_be(session, email):
    with pytest.raises(Invalid):
        service.sign_up(email=email)


@pytest.mark.parametrize(
    "name", ["", "A", "x" * 121, "https://contoh.id", "www.contoh.id saya", "\u202e\u202e"]
)
def test_names_that_cannot_be(session, name):
    with pytest.raises(Invalid):
        service.confirm_email(token=link_for("baru@contoh.example"), name=name, password=GOOD, agrees=True)


def test_a_guests_gifts_wait_for_the_proof_of_the_address(session):
    guest = service.guest(email="Tamu@Contoh.example ", name="Bu Tamu")
    assert guest.state == PersonState.invited and guest.password_hash is None
    assert service.guest(email="tamu@contoh.example", name="Lain").id == guest.id
    token = link_for("tamu@contoh.example")
    person = service.confirm_email(token=token, name="Ibu Tamu", password=GOOD, agrees=True)
    assert person.id == guest.id and person.state == PersonState.active


def test_a_blocked_person_gives_nothing(session):
    person = people.person()
    service.block(person_id=person.id, by=people.moderator().id, reason="penipuan")
    with pytest.raises(Forbidden):
        service.guest(email=person.email, name="Siapa Saja")


def test_the_page_answers_known_and_unknown_alike(client, session):
    known = people.person()
    answers = []
    for email in (known.email, "tidak-ada@contoh.example"):
        for path in ("/daftar", "/lupa-sandi"):
            response = client.post(path, data={"email": email})
            answers.append((path, response.status_code, response.location, response.data))
    assert answers[:2] == answers[2:]
    rows = session.query(AccountMail).count()
    assert rows == 4


def test_what_the_mail_says_depends_on_who_has_the_address(session):
    known = people.person()
    mail = service.request_mail(purpose=Purpose.sign_up, email=known.email)
    assert service.letter(mail).template == "already_known"
    assert mail.token_hash is None
    unknown = service.request_mail(purpose=Purpose.reset, email="tidak-ada@contoh.example")
    assert service.letter(unknown) is None
    guest = service.guest(email="tamu@contoh.example", name="Bu Tamu")
    reset = service.request_mail(purpose=Purpose.reset, email=guest.email)
    assert service.letter(reset).template == "sign_up"


def test_few_mails_per_address_and_hour(client, session):
    for _ in range(5):
        assert client.post("/lupa-sandi", data={"email": "sama@contoh.example"}).status_code == 303
    assert client.post("/lupa-sandi", data={"email": "sama@contoh.example"}).status_code == 422


def test_the_whole_way_through_the_browser(client, session, work_off, mailbox):
    assert (
        client.post("/daftar", data={"email": "Dewi@Contoh.example", "ke": "/jelajah"}).location
        == "/daftar/terkirim"
    )
    assert "people.send_mails" in work_off()
    mail = mailbox.newest(to="dewi@contoh.example")[0]
    path = re.search(r"http://localhost(/daftar/[\w-]{40,})", mail.text).group(1)
    page = client.get(path)
    assert page.status_code == 200
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    wrong = client.post(path, data={"name": "Dewi", "password": "pendek", "agrees": "y"})
    assert wrong.status_code == 422 and "paling sedikit 12" in wrong.text
    done = client.post(path, data={"name": "Dewi Lestari", "password": GOOD, "agrees": "y"})
    assert (done.status_code, done.location) == (303, "/jelajah")
    assert client.get("/akun").status_code == 200
    assert client.get(path).status_code == 410


def test_a_foreign_address_to_go_on_to_is_dropped(client, session):
    client.post("/daftar", data={"email": "dewi@contoh.example", "ke": "https://jahat.example"})
    assert session.query(AccountMail).one().next_path == ""


@pytest.mark.parametrize(
    "password",
    [
        "pendek",
        "password1234",
        "Password!2026",
        "p@ssw0rd1234",
        "qwertyuiop123",
        "aaaaaaaaaaaa",
        "abcabcabcabc",
        "123456789012",
        "indonesia2026",
        "coevolve12345",
        "x" * 129,
        "sri wahyuni 1",
        "passwordpassword",
    ],
)
def test_passwords_refused(session, password):
    with pytest.raises(Invalid):
        passwords.refuse_weak(password, own=("Sri Wahyuni", "sri@contoh.example"))


@pytest.mark.parametrize(
    "password", [GOOD, "x7" * 3 + "kuda laut biru", "ꦱꦸꦒꦼꦁ ꦫꦮꦸꦃ ꦢꦼꦮꦶ", "a" * 20 + "b" * 20 + "cd" * 40]
)
def test_passwords_taken_whole(session, password):
    passwords.refuse_weak(password)
    stored = passwords.hash_(password)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.matches(stored, password)
    assert not passwords.matches(stored, password[:-1])


def test_staff_need_longer_ones(session):
    passwords.refuse_weak("ikan pari 777", is_staff=False)
    with pytest.raises(Invalid):
        passwords.refuse_weak("ikan pari 777", is_staff=True)


def test_every_leaked_password_is_refused():
    words = passwords.leaked()
    assert len(words) >= 10_000
    assert all(len(word) < 12 or passwords.is_guessable(word) for word in words)
    assert all(passwords.is_guessable(word.ljust(12, "1")) for word in list(words)[:2000] if word.isalpha())
