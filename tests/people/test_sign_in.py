"""Signing in and out: one answer for every refusal, sessions that end everywhere, few tries."""

from __future__ import annotations

import datetime as dt
import statistics
import time

import pytest

from coevolve.config import overridden
from coevolve.kit import clock, db
from coevolve.kit.errors import Invalid, TooMany
from coevolve.people import queries, service, web
from coevolve.people.models import LoginSession, Stage
from tests.factories import people

PASSWORD = people.PASSWORD


def cookie_of(client):
    """The secret in the browser's session cookie."""
    found = client.get_cookie(web.cookie_name())
    return found.value if found else None


def enter(client, person, password=PASSWORD, **more):
    return client.post("/masuk", data={"email": person.email, "password": password, **more})


def test_in_and_out(client, session):
    person = people.person()
    response = enter(client, person, ke="/akun")
    assert (response.status_code, response.location) == (303, "/akun")
    assert client.get("/akun").status_code == 200
    out = client.post("/keluar")
    assert out.headers["Clear-Site-Data"] == '"cache"'
    assert client.get("/akun").location.startswith("/masuk?ke=")


def test_a_cookie_copied_before_sign_out_is_worth_nothing_after(app, client, session):
    person = people.person()
    enter(client, person)
    thief = app.test_client()
    thief.set_cookie(web.cookie_name(), cookie_of(client))
    assert thief.get("/akun").status_code == 200
    client.post("/keluar")
    assert thief.get("/akun").status_code == 303


def test_the_cookie_is_the_only_copy_of_its_secret(client, session):
    enter(client, people.person())
    row = session.query(LoginSession).one()
    assert cookie_of(client).encode() not in row.token_hash
    assert len(cookie_of(client)) >= 43


def test_flags_of_the_cookie(client, session):
    header = "\n".join(enter(client, people.person()).headers.getlist("Set-Cookie"))
    assert "HttpOnly" in header and "SameSite=Lax" in header
    with overridden(public_url="https://contoh.id"):
        assert web.cookie_name().startswith("__Host-")
        secure = enter(client, people.person(), ke="/akun")
        assert all("Secure" in line for line in secure.headers.getlist("Set-Cookie") if "__Host-" in line)


def test_every_refusal_reads_the_same(client, session):
    active, blocked, invited = people.person(), people.person(), people.guest()
    service.block(person_id=blocked.id, by=people.moderator().id, reason="penipuan")
    tries = [
        (active.email, "bukan kata sandi ini"),
        (blocked.email, PASSWORD),
        (invited.email, PASSWORD),
        ("tidak-ada@contoh.example", PASSWORD),
        (active.email, PASSWORD + "x"),
        (active.email, "x" * 900),
    ]
    bodies = set()
    for email, password in tries:
        response = client.post("/masuk", data={"email": email, "password": password})
        assert response.status_code == 422
        bodies.add(response.text.replace(email, "-"))
    assert len(bodies) == 1


def test_known_and_unknown_cost_the_same_time(session):
    known = people.person()
    spans = {known.email: [], "tidak-ada@contoh.example": []}
    for number in range(12):
        for email, seen in spans.items():
            began = time.perf_counter()
            with pytest.raises(Invalid):
                service.sign_in(email=email, password="salah sekali ini", address="a", device=f"d{number}")
            seen.append(time.perf_counter() - began)
    one, other = (statistics.median(seen) for seen in spans.values())
    assert abs(one - other) / max(one, other) < 0.35


def test_ten_tries_in_five_minutes_for_an_account_and_for_an_address(client, session):
    person = people.person()
    codes = [enter(client, person, "bukan ini juga").status_code for _ in range(12)]
    assert codes[:10] == [422] * 10
    refused = enter(client, person)
    assert "Terlalu banyak percobaan" in refused.text
    other = people.person()
    assert "Terlalu banyak percobaan" in enter(client, other).text, "the address is spent, too"


def test_the_owner_still_gets_in_from_a_browser_that_was_in_before(app, client, session):
    person = people.person()
    enter(client, person)
    client.post("/keluar")
    for number in range(11):
        with pytest.raises((Invalid, TooMany)):
            service.sign_in(email=person.email, password="salah sekali ini", address=f"10.0.0.{number}")
    stranger = app.test_client()
    assert enter(stranger, person).status_code == 422
    assert enter(client, person).status_code == 303


def test_a_device_cookie_is_for_its_own_account_only(app, client, session):
    enter(client, people.person())
    other = people.person()
    with app.test_request_context(
        headers={"Cookie": f"{web.device_cookie_name()}={client.get_cookie(web.device_cookie_name()).value}"}
    ):
        assert web.known_device(other.email) is None


def test_right_passwords_are_not_counted(session):
    person = people.person()
    for _ in range(15):
        service.sign_in(email=person.email, password=PASSWORD, address="10.1.1.1")


def test_a_new_secret_at_each_sign_in(client, session):
    person = people.person()
    enter(client, person)
    first = cookie_of(client)
    client.post("/keluar")
    enter(client, person)
    assert cookie_of(client) != first


@pytest.mark.parametrize(("is_staff", "idle", "absolute"), [(False, 14 * 24, 90 * 24), (True, 3, 12)])
def test_idle_and_absolute_limits(session, is_staff, idle, absolute):
    person = people.moderator() if is_staff else people.person()
    token = service.start_session(person_id=person.id)
    with clock.travel(dt.timedelta(hours=idle, minutes=-1)):
        assert queries.find_signed_in(token) is not None
    with clock.travel(dt.timedelta(hours=idle, minutes=1)):
        assert queries.find_signed_in(token) is None
    session.query(LoginSession).update({"seen_at": clock.now() + dt.timedelta(hours=absolute)})
    session.expire_all()
    with clock.travel(dt.timedelta(hours=absolute, minutes=1)):
        assert queries.find_signed_in(token) is None


def test_whatever_touches_the_ways_in_ends_other_sessions(session):
    person, admin = people.person(), people.admin()
    here = service.start_session(person_id=person.id)
    this = queries.find_signed_in(here).login

    def another():
        return service.start_session(person_id=person.id)

    copied = another()
    service.change_password(person=person, current=PASSWORD, password="burung kenari kuning 8", keep=this.id)
    session.expire_all()
    assert queries.find_signed_in(copied) is None and queries.find_signed_in(here) is not None
    copied = another()
    service.end_others(person_id=person.id, but=this.id)
    assert queries.find_signed_in(copied) is None and queries.find_signed_in(here) is not None
    service.grant_role(person_id=person.id, role="moderator", by=admin.id)
    assert queries.find_signed_in(here) is None
    copied = another()
    service.revoke_role(person_id=person.id, role="moderator", by=admin.id)
    assert queries.find_signed_in(copied) is None
    copied = another()
    service.block(person_id=person.id, by=people.moderator().id, reason="uji")
    assert queries.find_signed_in(copied) is None


def test_half_a_sign_in_opens_nothing(client, session):
    person = people.staff("moderator")
    response = enter(client, person, ke="/akun")
    assert response.location == "/masuk/kode?ke=%2Fakun"
    assert client.get("/akun").location.startswith("/masuk/kode?ke=")
    half = cookie_of(client)
    done = client.post("/masuk/kode", data={"code": people.next_code(person), "ke": "/akun"})
    assert done.location == "/akun"
    assert cookie_of(client) != half
    assert client.get("/akun").status_code == 200
    assert queries.find_signed_in(half) is None


def test_the_list_of_sessions_and_ending_them(app, client, session):
    person = people.person()
    enter(client, person)
    other = app.test_client()
    enter(other, person)
    page = client.get("/akun/sesi")
    assert "Sesi ini" in page.text and "Akhiri semua sesi lain" in page.text
    client.post("/akun/sesi/akhiri-lain")
    assert other.get("/akun").status_code == 303
    assert client.get("/akun").status_code == 200


def test_nobody_ends_anothers_session(app, client, session):
    mine, theirs = people.person(), people.person()
    enter(client, mine)
    token = service.start_session(person_id=theirs.id)
    login = queries.find_signed_in(token).login
    client.post(f"/akun/sesi/{login.id}/akhiri")
    assert queries.find_signed_in(token) is not None


@pytest.mark.parametrize(
    "bad", ["//jahat.id", "/\\jahat.id", "https:jahat.id", "javascript:alert(1)", "/%09/jahat", "\t//x"]
)
def test_onward_addresses_stay_here(client, session, bad):
    location = enter(client, people.person(), ke=bad).location
    assert location.startswith("/") and not location.startswith(("//", "/\\"))


def test_a_visitors_page_reads_no_session_and_writes_nothing(client, session):
    assert "Set-Cookie" not in client.get("/organisasi").headers


def test_use_is_noted_at_most_once_a_minute(client, session):
    person = people.person()
    enter(client, person)
    row = session.query(LoginSession).one()
    first = row.seen_at
    client.get("/akun")
    session.refresh(row)
    assert row.seen_at == first
    with clock.travel(dt.timedelta(minutes=2)):
        client.get("/akun")
    session.refresh(row)
    assert row.seen_at > first


def test_sessions_past_their_limits_are_swept(session):
    person = people.person()
    service.start_session(person_id=person.id, stage=Stage.full)
    with clock.travel(dt.timedelta(days=15)):
        assert service.sweep() >= 1
    assert db.session().query(LoginSession).filter_by(person_id=person.id).count() == 0
