"""What comes back: bounces and complaints stop an address, its reader sees so and mends it; forgeries do nothing."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from coevolve import config
from coevolve.kit import mail
from coevolve.notifications import bounces, delivery, queries, service
from coevolve.notifications.models import Message, MessageState
from coevolve.notifications.service import standing
from tests.factories import people

SECRET = "a secret between the mail server and us, long enough"
DATA = {"title": "Air bersih", "path": "/kebutuhan/air", "amount_minor": 7_500_000, "organisation": "Yayasan"}


def tell(*who: Any, kind: str = "pledge.accepted", key: str = "k", **more: Any) -> int:
    return service.queue(
        kind=kind,
        person_ids=[person.id for person in who],
        about=("listing", uuid.uuid4()),
        data=DATA,
        dedupe_key=key,
        **more,
    )


def rows(session: Session, channel: str = "email") -> list[Message]:
    session.expire_all()
    return list(session.scalars(select(Message).where(Message.channel == channel).order_by(Message.id)))


def sent_to(session: Session, who: Any, **more: Any) -> Message:
    """A letter that went out."""
    tell(who, **more)
    delivery.deliver(post=lambda _letter: None)
    return rows(session)[-1]


def dsn(mark: str, *, status: str = "5.1.1", action: str = "failed") -> bytes:
    """A delivery status notification as mail servers write them."""
    return f"""From: MAILER-DAEMON@mx.contoh.example
To: bounces+{mark}@co-evolve.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I'm sorry to have to inform you.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.contoh.example

Final-Recipient: rfc822; ratna@contoh.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} <ratna@contoh.example>: no such user

--b
Content-Type: text/rfc822-headers

Subject: Disepakati
--b--
""".encode()


def arf(mark: str) -> bytes:
    """A feedback report: somebody pressed "spam"."""
    return f"""From: feedback@contoh.example
To: abuse@co-evolve.example
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: message/feedback-report

Feedback-Type: abuse
Version: 1
Original-Mail-From: <bounces+{mark}@co-evolve.example>

--b--
""".encode()


def hand_over(client: FlaskClient, raw: bytes, kind: str = "message/rfc822", *, at: int | None = None) -> Any:
    with config.overridden(mail_webhook_secret=SECRET):
        return client.post(
            "/webhook/mail",
            data=raw,
            headers={
                "Content-Type": kind,
                "Coevolve-Signature": bounces.sign(raw, int(time.time()) if at is None else at),
            },
        )


def test_a_bounce_stops_the_address_and_says_so(
    client: FlaskClient, session: Session, sign_in: Callable[..., None]
) -> None:
    ratna = people.person(email="ratna@contoh.example")
    letter = sent_to(session, ratna)
    answer = hand_over(client, dsn(bounces.mark("m", letter.id)))
    assert (answer.status_code, answer.text) == (200, "stopped\n")
    session.expire_all()
    assert letter.state == MessageState.given_up
    found = standing.of_person(ratna.id)
    assert found is not None
    assert "ratna@" not in found.says
    assert tell(ratna, key="next") == 1, "the site only"
    sign_in(client, ratna)
    for path in ("/notifikasi", "/notifikasi/preferensi"):
        assert "Surel tidak sampai kepada Anda" in client.get(path).text
    assert "Surel kami kembali dari alamat Anda" in client.get("/notifikasi").text


def test_proving_the_address_mends_it(
    client: FlaskClient, session: Session, sign_in: Callable[..., None]
) -> None:
    ratna = people.person(email="ratna@contoh.example")
    standing.note(address=ratna.email, cause="bounced", says="5.1.1")
    sign_in(client, ratna)
    assert client.post("/notifikasi/alamat").status_code == 303
    sent: list[EmailMessage] = []
    delivery.deliver(post=sent.append)
    [letter] = sent
    body = letter.get_body(("plain",))
    assert body is not None
    path = next(word for word in body.get_content().split() if "/alamat/" in word).removeprefix(
        "http://localhost"
    )
    assert client.get(path).status_code == 200
    assert standing.of_person(ratna.id) is not None, "a scanner that opens the link proves nothing"
    assert client.post(path).status_code == 200
    assert standing.of_person(ratna.id) is None
    assert tell(ratna) == 2
    for number in range(2, 7):
        answer = client.post("/notifikasi/alamat")
        assert answer.status_code == (303 if number <= config.settings().mail_proofs_a_day else 429)
    with config.overridden(secret_key="another key, also long enough for anyone"):
        assert client.post(path).status_code == 404


def test_another_address_begins_anew(session: Session) -> None:
    ratna = people.person(email="salah@contoh.example")
    standing.note(address="Salah@contoh.example ", cause="bounced", says="5.1.1")
    assert tell(ratna, key="1") == 1
    ratna.email = "benar@contoh.example"
    session.flush()
    assert tell(ratna, key="2") == 2


def test_a_full_mailbox_is_given_three_chances(client: FlaskClient, session: Session) -> None:
    ratna = people.person(email="ratna@contoh.example")
    answers = [
        hand_over(
            client, dsn(bounces.mark("m", sent_to(session, ratna, key=str(number)).id), status="5.2.2")
        ).text
        for number in range(3)
    ]
    assert answers == ["noted\n", "noted\n", "stopped\n"]


def test_a_complaint_stops_all_mail(client: FlaskClient, session: Session) -> None:
    ratna = people.person(email="ratna@contoh.example")
    letter = sent_to(session, ratna)
    assert hand_over(client, arf(bounces.mark("m", letter.id))).text == "stopped\n"
    session.expire_all()
    assert letter.state == MessageState.sent
    assert queries.is_paused(ratna.id)


def test_a_provider_may_say_it_in_json(client: FlaskClient, session: Session) -> None:
    letter = sent_to(session, people.person())
    told = {"event": "bounce", "mark": bounces.mark("m", letter.id), "status": "5.1.1", "says": "unknown"}
    assert hand_over(client, json.dumps(told).encode(), "application/json").text == "stopped\n"


@pytest.mark.parametrize(
    ("status", "action", "outcome"),
    [
        ("5.7.1", "failed", "ignored"),
        ("4.4.1", "delayed", "ignored"),
        ("2.1.5", "delivered", "ignored"),
        ("4.4.7", "failed", "noted"),
    ],
)
def test_what_says_nothing_of_the_address_stops_nothing(
    client: FlaskClient, session: Session, status: str, action: str, outcome: str
) -> None:
    ratna = people.person()
    letter = sent_to(session, ratna)
    raw = dsn(bounces.mark("m", letter.id), status=status, action=action)
    assert hand_over(client, raw).text == f"{outcome}\n"
    assert standing.of_person(ratna.id) is None


def test_forged_reports_are_refused(client: FlaskClient, session: Session) -> None:
    ratna = people.person()
    letter = sent_to(session, ratna)
    true = dsn(bounces.mark("m", letter.id))
    assert hand_over(client, dsn(f"m{letter.id}-{'0' * 24}")).status_code == 400, "a mark nobody signed"
    assert hand_over(client, true, at=int(time.time()) - 400).status_code == 400, "an old one"
    assert client.post("/webhook/mail", data=true).status_code == 400, "no signature, no secret"
    for odd in (
        b"",
        b"{}",
        b"[1]",
        b'{"event":"bounce"}',
        b"\xff\xfe",
        b"Content-Type: multipart/report\n\n",
    ):
        for kind in ("application/json", "message/rfc822"):
            assert hand_over(client, odd, kind).status_code == 400
    assert standing.of_person(ratna.id) is None


def test_an_address_refused_while_sending_gets_no_more(session: Session) -> None:
    ratna, spammy = people.person(), people.person()
    tell(ratna, spammy)

    def post(letter: EmailMessage) -> None:
        code = b"5.1.1 no such user" if str(ratna.email) in letter["To"] else b"5.7.1 looks like spam"
        raise mail.MailRefused(str({str(letter["To"]): (550, code)}))

    assert delivery.deliver(post=post).given_up == 2
    assert standing.of_person(ratna.id) is not None
    assert standing.of_person(spammy.id) is None


def test_each_letter_has_an_envelope_of_its_own(session: Session) -> None:
    sent: list[EmailMessage] = []
    tell(people.person())
    delivery.deliver(post=sent.append)
    assert bounces.sender_of(sent[0]) is None
    with config.overridden(mail_return_path="bounces@co-evolve.example"):
        [row] = rows(session)
        assert bounces.sender_of(sent[0]) == f"bounces+{bounces.mark('m', row.id)}@co-evolve.example"
