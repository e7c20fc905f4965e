"""Changing and ending an account; form tokens; the commands."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from coevolve.config import overridden
from coevolve.kit.errors import Conflict, Forbidden, Invalid
from coevolve.kit.moves import history
from coevolve.people import queries, service, words
from coevolve.people.models import PERSON, AccountMail, Consent, Person, PersonState, Purpose
from tests.factories import people

GOOD = "burung kenari kuning 8"


def link_of(mail):
    return service.letter(mail).context["link"].rpartition("/")[2]


def test_profile_through_the_browser(client, session, sign_in):
    person = people.person()
    sign_in(client, person)
    filled = {"name": "Ni Made", "phone": "0812 3456 7890", "language": "en", "zone": "Asia/Makassar"}
    assert client.post("/akun", data=filled).location == "/akun"
    session.refresh(person)
    assert (person.name, person.phone, person.language, person.zone) == (
        "Ni Made",
        "+6281234567890",
        "en",
        "Asia/Makassar",
    )
    assert client.get("/akun").headers["Content-Language"] == "en"
    for wrong in ({"phone": "12"}, {"name": " "}, {"language": "fr"}, {"zone": "Mars/Olympus"}):
        answer = client.post("/akun", data={**filled, **wrong})
        assert answer.status_code == 422, wrong
    session.refresh(person)
    assert person.phone == "+6281234567890"


def test_fields_nobody_offered_change_nothing(client, session, sign_in):
    person = people.person()
    sign_in(client, person)
    extra = {"state": "blocked", "email": "x@y.id", "is_admin": "1", "role": "admin", "email_proven_at": ""}
    filled = {"name": "Ni Made", "phone": "", "language": "id", "zone": "Asia/Jakarta"}
    before = person.email
    client.post("/akun", data={**filled, **extra})
    session.refresh(person)
    assert (person.state, person.email) == (PersonState.active, before)
    assert queries.staff_roles(person.id) == frozenset()


def test_a_password_needs_the_old_one(client, session, sign_in):
    person = people.person()
    sign_in(client, person, fresh=False)
    path, field = "/akun/keamanan/sandi", {"sandi-current": people.PASSWORD, "sandi-password": GOOD}
    assert client.post(path, data={**field, "sandi-current": "bukan ini"}).status_code == 422
    assert client.post(path, data={**field, "sandi-password": "pendek"}).status_code == 422
    assert client.post(path, data=field).status_code == 303
    assert client.get("/akun").status_code == 200
    told = session.query(AccountMail).filter_by(purpose="password_changed").one()
    assert told.email == person.email
    client.post("/keluar")
    assert client.post("/masuk", data={"email": person.email, "password": GOOD}).status_code == 303


def test_another_address_is_proven_first_and_the_old_one_told(session):
    person = people.person()
    here = queries.find_signed_in(service.start_session(person_id=person.id)).login
    before = person.email
    service.ask_email_change(person=person, email="baru@contoh.example")
    mail = session.query(AccountMail).filter_by(purpose="change_email").one()
    assert person.email == before
    token = link_of(mail)
    session.flush()
    with pytest.raises(Forbidden):
        service.confirm_email_change(person=people.person(), token=token, keep=here.id)
    service.confirm_email_change(person=person, token=token, keep=here.id)
    assert person.email == "baru@contoh.example"
    assert session.query(AccountMail).filter_by(purpose="email_changed").one().email == before
    with pytest.raises(Forbidden):
        service.confirm_email_change(person=person, token=token, keep=here.id)


def test_an_address_somebody_has_is_not_told_to_the_asker(session):
    person, other = people.person(), people.person()
    service.ask_email_change(person=person, email=other.email)
    mail = session.query(AccountMail).filter_by(purpose="change_email").one()
    assert service.letter(mail) is None
    with pytest.raises(Invalid):
        service.ask_email_change(person=person, email=person.email)


def test_whoever_has_an_app_needs_a_fresh_code_for_another_address(client, session, sign_in):
    person = people.person()
    sign_in(client, person, fresh=False)
    filled = {"surel-email": "lain@contoh.example", "surel-current": people.PASSWORD}
    assert client.post("/akun/keamanan/surel", data={**filled, "surel-current": "bukan"}).status_code == 422
    assert client.post("/akun/keamanan/surel", data=filled).location == "/akun/keamanan"
    service.enrol_totp(person=person)
    assert client.post("/akun/keamanan/surel", data=filled).location.startswith("/akun/kode?ke=")


def test_reset_ends_all_sessions_and_works_once(session):
    person = people.person()
    copied = service.start_session(person_id=person.id)
    token = link_of(service.request_mail(purpose=Purpose.reset, email=person.email))
    session.flush()
    with pytest.raises(Invalid):
        service.reset_password(token=token, password="pendek")
    service.reset_password(token=token, password=GOOD)
    assert queries.find_signed_in(copied) is None
    with pytest.raises(Forbidden):
        service.reset_password(token=token, password=GOOD + "x")


def test_a_link_for_one_thing_opens_no_other(session):
    person = people.person()
    token = link_of(service.request_mail(purpose=Purpose.reset, email=person.email))
    session.flush()
    with pytest.raises(Forbidden):
        service.confirm_email(token=token, name="Siapa Saja", password=GOOD, agrees=True)


def test_links_lead_to_links_in_our_own_house(session):
    mail = service.request_mail(purpose=Purpose.reset, email=people.person().email)
    with overridden(public_url="https://co-evolve.example/"):
        assert service.letter(mail).context["link"].startswith("https://co-evolve.example/sandi-baru/")


def test_every_link_has_its_page(app):
    from coevolve.people.service.mails import PATH_OF

    rules = {rule.rule for rule in app.url_map.iter_rules()}
    assert all(f"{path}<token>" in rules for path in PATH_OF.values())


def test_consent_is_noted_and_withdrawn(session):
    person = people.person()
    service.give_consent(person_id=person.id, purpose="story", version="1")
    service.give_consent(person_id=person.id, purpose="story", version="1")
    service.withdraw_consent(person_id=person.id, purpose="story")
    rows = session.query(Consent).filter_by(person_id=person.id, purpose="story").all()
    assert len(rows) == 1 and rows[0].withdrawn_at is not None
    service.give_consent(person_id=person.id, purpose="story", version="2")


def test_erasing_empties_what_is_personal(session):
    person = people.person(phone="+6281234567890")
    token = service.start_session(person_id=person.id)
    service.request_mail(purpose=Purpose.reset, email=person.email)
    service.erase(person_id=person.id, by=person.id)
    session.expire_all()
    row = session.get(Person, person.id)
    assert (row.state, row.email, row.name, row.phone, row.password_hash) == ("erased", None, "", None, None)
    assert queries.find_signed_in(token) is None
    assert session.query(AccountMail).count() == 0
    with pytest.raises(Forbidden):
        service.erase(person_id=people.moderator().id, by=None)


def test_moves_are_kept(session):
    person, moderator = people.person(), people.moderator()
    service.block(person_id=person.id, by=moderator.id, reason="surat palsu")
    service.unblock(person_id=person.id, by=moderator.id)
    assert [(event.dst, event.cause) for event in history(PERSON, person.id)] == [
        ("invited", ""),
        ("active", ""),
        ("blocked", "surat palsu"),
        ("active", ""),
    ]


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (
            "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537 Chrome/131.0 Mobile Safari/537",
            "Chrome di Android",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/133.0", "Firefox di Windows"),
        ("curl/8.1", "curl"),
        ("", "Peramban tidak dikenal"),
    ],
)
def test_browsers_are_named_in_words(agent, said):
    assert words.browser(agent) == said


FORMS = [
    "/daftar",
    "/masuk",
    "/lupa-sandi",
    "/keluar",
    "/masuk/kode",
    "/akun",
    "/akun/kode",
    "/akun/keamanan/sandi",
    "/akun/keamanan/surel",
    "/akun/aplikasi-kode",
    "/akun/aplikasi-kode/lepas",
    "/akun/kode-cadangan",
    "/akun/sesi/akhiri-lain",
]


@pytest.fixture
def guarded(app):
    """The app as it is outside tests: forms need their token."""
    app.config["WTF_CSRF_ENABLED"] = True
    yield app
    app.config["WTF_CSRF_ENABLED"] = False


@pytest.mark.parametrize("path", FORMS)
def test_no_form_without_its_token(guarded, client, session, sign_in, path):
    sign_in(client, people.person())
    assert client.post(path, data={}).status_code == 400
    assert client.post(path, data={"csrf_token": "bukan.token.kami"}).status_code == 400


def test_anothers_token_is_worth_nothing(guarded, client, session):
    page = guarded.test_client().get("/masuk").text
    stolen = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page).group(1)
    client.get("/masuk")
    person = people.person()
    filled = {"email": person.email, "password": people.PASSWORD, "csrf_token": stolen}
    assert client.post("/masuk", data=filled).status_code == 400
    own = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/masuk").text).group(1)
    assert client.post("/masuk", data={**filled, "csrf_token": own}).status_code == 303
    assert client.post("/keluar", data={"csrf_token": own}).status_code == 400, "a new one after signing in"


def test_only_one_of_two_who_take_the_same_address(session):
    first, second = people.person(), people.person()
    for person in (first, second):
        service.ask_email_change(person=person, email="rebutan@contoh.example")
    mails = session.query(AccountMail).filter_by(purpose="change_email").all()
    tokens = {mail.person_id: link_of(mail) for mail in mails}
    session.flush()
    logins = {
        p.id: queries.find_signed_in(service.start_session(person_id=p.id)).login.id for p in (first, second)
    }
    service.confirm_email_change(person=first, token=tokens[first.id], keep=logins[first.id])
    session.flush()
    with pytest.raises(Conflict):
        service.confirm_email_change(person=second, token=tokens[second.id], keep=logins[second.id])


def test_totp_is_printed_in_demo_and_tests_only(app, session, monkeypatch):
    from coevolve.commands import people as command

    monkeypatch.setattr("coevolve.app.create_app", lambda: app)
    person = people.staff("finance")
    session.commit()
    told = CliRunner().invoke(command.totp, [person.email])
    assert told.output.strip() == service.current_code(person=person)
    assert CliRunner().invoke(command.totp, ["tidak-ada@contoh.example"]).exit_code == 1
    with overridden(env="production"):
        refused = CliRunner().invoke(command.totp, [person.email])
    assert refused.exit_code == 1
    with overridden(env="production"):
        assert CliRunner().invoke(command.seed_actors, ["--json"]).exit_code == 1
    with overridden(env="demo"):
        assert CliRunner().invoke(command.seed_actors, ["--json"]).exit_code == 1


def test_actors_and_roles_from_the_command_line(app, session, monkeypatch):
    import json

    from coevolve.commands import people as command

    monkeypatch.setattr("coevolve.app.create_app", lambda: app)
    told = CliRunner().invoke(command.seed_actors, ["--json"])
    assert told.exit_code == 0, told.output
    assert len(json.loads(told.output)) == 14
    person = people.person()
    session.commit()
    assert CliRunner().invoke(command.grant_role, [person.email, "admin"]).exit_code == 0
    session.expire_all()
    assert queries.staff_roles(person.id) == {"admin"}
    assert CliRunner().invoke(command.grant_role, ["tidak-ada@contoh.example", "admin"]).exit_code == 1
