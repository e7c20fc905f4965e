"""The house watching itself: failures counted once, alarms opened, told and ended, and trying again."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from coevolve.kit import beats, checks, clock, rate
from coevolve.kit.errors import InvalidMove, NotFound
from coevolve.kit.jobs import CANARY, QUEUES
from coevolve.ledger.models import Seal
from coevolve.notifications.models import Message
from coevolve.operations import alarms, queries, service, words
from coevolve.operations.models import JobFailure
from tests.conftest import Job
from tests.factories import people


def _fail(job: str = "matching.find", **arguments: Any) -> None:
    try:
        raise RuntimeError("the world is odd")
    except RuntimeError as trouble:
        service.note_failure(job=job, arguments=arguments, trouble=trouble)


def _codes() -> set[str]:
    return {alarm.code for alarm in queries.open_alarms()}


@pytest.fixture
def well(session: Session) -> None:
    """Every queue's canary sang just now, and the books were looked at."""
    for queue in QUEUES:
        beats.beat(f"{CANARY}.{queue}")
    checks.look([])


def test_the_same_failure_is_one_row(session: Session) -> None:
    _fail(about_id="7")
    _fail(about_id="7")
    _fail(about_id="8")
    rows = queries.open_failures()
    assert sorted((row.arguments["about_id"], row.times) for row in rows) == [("7", 2), ("8", 1)]
    assert all("the world is odd" in row.error and "_fail" in row.error for row in rows)


def test_trying_again_sends_the_job_with_its_arguments(session: Session, jobs: list[Job]) -> None:
    admin = people.staff("admin")
    _fail("journal.react", journal_id=41)
    service.retry_failure(failure_id=queries.open_failures()[0].id, by=admin)
    session.commit()
    assert ("journal.react", {"journal_id": 41}) in [(job.name, job.ids) for job in jobs]
    assert queries.open_failures() == []
    with pytest.raises(InvalidMove):
        service.set_failure_aside(failure_id=session.scalars(select(JobFailure.id)).one(), by=admin)
    _fail("journal.react", journal_id=41)
    assert [row.times for row in queries.open_failures()] == [1]


def test_a_quiet_house_has_no_alarm(well: None, session: Session) -> None:
    assert service.watch() == 0
    assert {line.standing for line in queries.board()} == {"well"}


def test_an_alarm_is_told_once_and_ends_by_itself(well: None, session: Session) -> None:
    admin = people.staff("admin")
    with clock.travel(clock.now() + dt.timedelta(minutes=4)):
        for queue in set(QUEUES) - {"mail"}:
            beats.beat(f"{CANARY}.{queue}")
        checks.look([])
        service.watch()
        service.watch()
        assert _codes() == {"queue_silent:mail"}
        told = session.scalars(
            select(Message).where(Message.kind == "house.alarm", Message.channel == "email")
        )
        assert [message.person_id for message in told] == [admin.id]
        beats.beat(f"{CANARY}.mail")
        service.watch()
        assert _codes() == set()
        assert [alarm.code for alarm in queries.past_alarms()] == ["queue_silent:mail"]


def test_a_row_that_waits_too_long_is_seen(well: None, session: Session) -> None:
    person = people.person()
    session.execute(
        text(
            "INSERT INTO message (person_id, kind, about_kind, about_id, channel, cadence, dedupe_key, next_at)"
            " VALUES (:person, 'listing.closed', 'listing', :person, 'email', 'now', 'x', :since)"
        ),
        {"person": person.id, "since": clock.now() - dt.timedelta(minutes=6)},
    )
    service.watch()
    assert _codes() == {"duty_late:message"}
    mail = next(line for line in queries.board() if line.name == "mail")
    assert (mail.standing, mail.duties[0].due) == ("late", 1)
    assert queries.report()["oldest_due_seconds"]["message"] > 300
    assert queries.report()["alarms"] == ["duty_late:message"]


def test_broken_books_a_missing_seal_and_forged_events_are_seen(well: None, session: Session) -> None:
    session.add(checks.SelfCheck(at=clock.now(), rules=1, broken=["I1"], took_ms=1))
    session.add(
        Seal(
            day=clock.today() - dt.timedelta(days=4),
            first_id=1,
            last_id=0,
            row_count=0,
            previous_sha256=b"",
            sha256=b"x",
        )
    )
    for _ in range(alarms.REFUSALS + 1):
        rate.hit(alarms.WEBHOOK_REFUSED, limit=1_000, window_seconds=alarms.WINDOW_SECONDS)
    session.flush()
    service.watch()
    assert _codes() == {"self_check", "no_seal", "webhook_refused"}


def test_refused_events_at_the_door_are_counted(client: FlaskClient, session: Session) -> None:
    before = rate.count(alarms.WEBHOOK_REFUSED, window_seconds=alarms.WINDOW_SECONDS)
    assert (
        client.post("/webhook/stripe", data=b"{}", headers={"Stripe-Signature": "t=1,v1=00"}).status_code
        == 400
    )
    assert rate.count(alarms.WEBHOOK_REFUSED, window_seconds=alarms.WINDOW_SECONDS) == before + 1


def test_a_job_that_keeps_failing_is_an_alarm_until_it_is_set_aside(well: None, session: Session) -> None:
    admin = people.staff("admin")
    for _ in range(alarms.FAILING_TIMES):
        _fail("impact.roll_up")
    service.watch()
    assert _codes() == {"job_failing:impact.roll_up"}
    service.set_failure_aside(failure_id=queries.open_failures()[0].id, by=admin)
    service.watch()
    assert _codes() == set()


def test_a_failure_that_does_not_come_back_is_forgotten(well: None, session: Session) -> None:
    _fail()
    with clock.travel(clock.now() + dt.timedelta(hours=25)):
        service.watch()
        assert queries.open_failures() == []


def test_every_rule_names_a_runbook_that_is_there() -> None:
    from pathlib import Path

    import coevolve

    folder = Path(coevolve.__file__).parent / "runbooks"
    assert {rule.runbook for rule in alarms.RULES.values()} <= {path.stem for path in folder.glob("*.md")}


def test_given_up_mail_is_listed_and_tried_again(session: Session, jobs: list[Job]) -> None:
    person = people.person()
    session.execute(
        text(
            "INSERT INTO account_mail (id, purpose, email, attempts, last_error)"
            " VALUES (:id, 'reset', :email, 99, 'mailbox full')"
        ),
        {"id": uuid.uuid4(), "email": person.email},
    )
    from coevolve.operations.duties import duty

    mails = duty("account_mail")
    assert mails is not None
    (letter,) = queries.letters(mails)
    assert letter.error == "mailbox full"
    service.retry_letter(name="account_mail", key=letter.id)
    session.commit()
    assert queries.letters(mails) == []
    assert "people.send_mails" in [job.name for job in jobs]
    for name, key in (
        ("account_mail", letter.id),
        ("payment_outbox", "1"),
        ("nothing", "1"),
        ("message", "x"),
    ):
        with pytest.raises(NotFound):
            service.retry_letter(name=name, key=key)


def test_only_staff_see_the_page_and_only_admins_mend(
    client: FlaskClient, session: Session, sign_in: Any
) -> None:
    _fail("matching.find", about_id="1")
    failure = queries.open_failures()[0]
    assert client.get("/sistem").status_code in {302, 303, 404}
    sign_in(client, people.moderator())
    shown = client.get("/sistem").text
    assert "matching.find" in shown and "Coba lagi" not in shown
    assert client.post(f"/sistem/kegagalan/{failure.id}").status_code in {403, 404}
    sign_in(client, people.staff("admin"))
    assert "Coba lagi" in client.get("/sistem").text
    assert client.post(f"/sistem/kegagalan/{failure.id}", data={"aksi": "sisihkan"}).status_code == 303
    assert client.post("/sistem/kegagalan/999999").status_code == 404
    assert client.post("/sistem/menyerah/account_mail/nonsense").status_code == 404


def test_somebody_says_that_they_are_at_it(client: FlaskClient, session: Session, sign_in: Any) -> None:
    for _ in range(alarms.FAILING_TIMES):
        _fail("impact.roll_up")
    service.watch()
    alarm = next(one for one in queries.open_alarms() if one.code.startswith("job_failing"))
    assert "impact.roll_up" in words.alarm_title(alarm)
    finance = people.staff("finance", name="Bu Ratna")
    sign_in(client, finance)
    assert client.post(f"/sistem/gangguan/{alarm.id}").status_code == 303
    assert "Bu Ratna" in client.get("/sistem").text
