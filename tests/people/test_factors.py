"""The second factor: codes once, fresh codes for weighty steps, recovery codes hashed."""

from __future__ import annotations

import datetime as dt

import pyotp
import pytest

from coevolve.kit import clock, db
from coevolve.kit.errors import Conflict, Invalid, TooMany
from coevolve.people import queries, service, web
from coevolve.people.models import RecoveryCode, SecondFactor, Stage
from tests.factories import people


def test_a_code_works_once(session):
    person = people.person()
    service.enrol_totp(person=person)
    code = service.current_code(person=person)
    service.check_totp(person_id=person.id, code=code)
    with pytest.raises(Invalid):
        service.check_totp(person_id=person.id, code=code)


def test_no_older_code_after_a_newer(session):
    person = people.person()
    secret = service.enrol_totp(person=person)
    totp, now = pyotp.TOTP(secret), int(clock.now().timestamp())
    service.check_totp(person_id=person.id, code=totp.at(now))
    with pytest.raises(Invalid):
        service.check_totp(person_id=person.id, code=totp.at(now - 30))
    service.check_totp(person_id=person.id, code=totp.at(now + 30))


@pytest.mark.parametrize("seconds", [-90, 90, 3600])
def test_codes_of_another_time_are_refused(session, seconds):
    person = people.person()
    secret = service.enrol_totp(person=person)
    with pytest.raises(Invalid):
        service.check_totp(
            person_id=person.id, code=pyotp.TOTP(secret).at(int(clock.now().timestamp()) + seconds)
        )


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "abcdef", "000000 ' or 1=1", "１２３４５６", "\x00"]
)
def test_what_is_no_code(session, code):
    person = people.staff("finance")
    token = service.start_session(person_id=person.id, stage=Stage.half)
    login = queries.find_signed_in(token).login
    with pytest.raises(Invalid):
        service.prove_factor(login_id=login.id, code=code)


def test_five_tries_in_five_minutes_whatever_the_browser(session):
    person = people.staff("finance")
    for _ in range(5):
        login = queries.find_signed_in(service.start_session(person_id=person.id, stage=Stage.half)).login
        with pytest.raises(Invalid):
            service.prove_factor(login_id=login.id, code="000000")
    login = queries.find_signed_in(service.start_session(person_id=person.id, stage=Stage.half)).login
    with pytest.raises(TooMany):
        service.prove_factor(login_id=login.id, code=people.next_code(person))


def test_setting_it_up_through_the_browser(client, session):
    person = people.person()
    client.post("/masuk", data={"email": person.email, "password": people.PASSWORD})
    assert client.post("/akun/aplikasi-kode", data={"current": "bukan ini"}).status_code == 422
    assert session.get(SecondFactor, person.id) is None
    assert client.post("/akun/aplikasi-kode", data={"current": people.PASSWORD}).status_code == 303
    page = client.get("/akun/aplikasi-kode")
    secret = session.get(SecondFactor, person.id).secret
    assert "<svg" in page.text and secret[:4] in page.text
    assert not queries.has_second_factor(person.id)
    assert client.post("/akun/aplikasi-kode", data={"code": "000000"}).status_code == 422
    before = client.get_cookie(web.cookie_name()).value
    done = client.post("/akun/aplikasi-kode", data={"code": pyotp.TOTP(secret).now()})
    assert done.status_code == 200 and done.text.count("<code>") == 10
    assert client.get_cookie(web.cookie_name()).value != before
    assert queries.has_second_factor(person.id)
    assert client.get("/akun").status_code == 200
    with pytest.raises(Conflict):
        service.start_totp(person=person)


def test_recovery_codes_are_hashed_and_work_once(session):
    person = people.staff("finance")
    codes = service.renew_recovery_codes(person=person)
    assert len(set(codes)) == 10
    stored = [row.code_hash for row in session.query(RecoveryCode).filter_by(person_id=person.id)]
    assert not any(code.encode() in kept for code in codes for kept in stored)

    def login():
        return queries.find_signed_in(service.start_session(person_id=person.id, stage=Stage.half)).login

    service.prove_factor(login_id=login().id, code=codes[0].upper().replace("-", " "))
    with pytest.raises(Invalid):
        service.prove_factor(login_id=login().id, code=codes[0])
    assert queries.recovery_codes_left(person.id) == 9
    other = people.staff("finance")
    mine = queries.find_signed_in(service.start_session(person_id=other.id, stage=Stage.half)).login
    with pytest.raises(Invalid):
        service.prove_factor(login_id=mine.id, code=codes[1])


def test_step_up_is_asked_again_after_ten_minutes(client, session, sign_in):
    person = people.person()
    sign_in(client, person)
    assert client.post("/akun/kode-cadangan").status_code == 200
    with clock.travel(dt.timedelta(minutes=11)):
        assert client.post("/akun/kode-cadangan").location.startswith("/akun/kode?ke=")
        answer = client.post("/akun/kode", data={"code": people.next_code(person), "ke": "/akun/keamanan"})
        assert answer.location == "/akun/keamanan"
        assert client.post("/akun/kode-cadangan").status_code == 200


def test_step_up_without_an_app_leads_to_setting_one_up(client, session, sign_in):
    sign_in(client, people.person(), fresh=False)
    assert client.post("/akun/kode-cadangan").location.startswith("/akun/aplikasi-kode?ke=")


def test_taking_the_app_away_needs_a_fresh_code_and_closes_what_needs_one(client, session, sign_in):
    person = people.moderator()
    sign_in(client, person)
    with clock.travel(dt.timedelta(minutes=11)):
        client.post("/akun/aplikasi-kode/lepas")
        assert queries.has_second_factor(person.id)
    client.post("/akun/aplikasi-kode/lepas")
    assert not queries.has_second_factor(person.id)
    assert queries.recovery_codes_left(person.id) == 0


def test_a_reset_keeps_the_second_factor(client, session):
    person = people.staff("finance")
    from coevolve.people.models import Purpose

    mail = service.request_mail(purpose=Purpose.reset, email=person.email)
    token = service.letter(mail).context["link"].rpartition("/")[2]
    session.flush()
    answer = client.post(f"/sandi-baru/{token}", data={"password": "perahu layar putih 31"})
    assert answer.location == "/masuk"
    entered = client.post("/masuk", data={"email": person.email, "password": "perahu layar putih 31"})
    assert entered.location.startswith("/masuk/kode")


def test_codes_are_counted_per_person_in_the_database(session):
    person = people.person()
    service.enrol_totp(person=person)
    assert db.get(SecondFactor, person.id).last_step == 0
    service.check_totp(person_id=person.id, code=service.current_code(person=person))
    assert db.get(SecondFactor, person.id).last_step > 0
