"""Digests: one letter a morning, near and new first, nothing missed; whatever clocks, beats and workers do."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import threading
import uuid
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import literal, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from coevolve import config
from coevolve.embedded.mail_catcher import Mailbox
from coevolve.kit import clock
from coevolve.notifications import delivery, digests, queries, service
from coevolve.notifications.models import Digest, DigestState, Message, MessageState
from coevolve.people.models import Person
from tests.conftest import _empty_broker
from tests.factories import people
from tests.statements import counted

TTS, NTT = "53.02", "53"
SUNDAY = dt.datetime(2026, 11, 22, 0, 30, tzinfo=dt.UTC)  # 07.30 WIB
MONDAY = dt.datetime(2026, 11, 23, 0, 1, tzinfo=dt.UTC)  # 07.01 WIB
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def tell(
    *who: Any, key: str = "k", place: str | None = TTS, kind: str = "listing.opened", **data: Any
) -> int:
    data = {"title": f"Kebutuhan {key}", "organisation": "Yayasan", "path": "/kebutuhan/air", **data}
    found = select(Person.id.label("person_id"), literal(data, JSONB()).label("data")).where(
        Person.id.in_([person.id for person in who])
    )
    if place:
        found = found.add_columns(literal(place).label("place_code"))
    return service.queue_from_select(
        kind=kind, people=found, about=("listing", uuid.uuid4()), dedupe_key=key, channels=("email",)
    )


def plain(letter: EmailMessage) -> str:
    part = letter.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def states(session: Session) -> list[str]:
    session.expire_all()
    return list(session.scalars(select(Message.state).order_by(Message.id)))


def test_near_and_new_come_first_and_the_rest_is_counted(session: Session) -> None:
    ratna = people.person()
    with clock.travel(SUNDAY):
        for number in range(6):
            tell(ratna, key=f"jauh {number}", place=NTT)
        for number in range(4):
            tell(ratna, key=f"dekat {number}")
        tell(ratna, key="tawaran", kind="listing.opened.offer")
    sent: list[EmailMessage] = []
    with clock.travel(MONDAY), config.overridden(digest_shown=6):
        digests.deliver(post=sent.append)
    [letter] = sent
    words = plain(letter)
    assert letter["Subject"].startswith("11 kabar dari Kabupaten Timor Tengah Selatan")
    assert "4 kebutuhan, 1 penawaran" in words or "1 penawaran, 4 kebutuhan" in words
    order = [words.index(f"Kebutuhan dekat {number}") for number in (3, 2, 1, 0)]
    assert order == sorted(order)
    assert words.index("Kebutuhan dekat 0") < words.index("Kebutuhan jauh 5")
    assert "Kebutuhan jauh 0" not in words
    assert "6 kebutuhan" in words
    assert "dan 5 lagi: http://localhost/notifikasi?tempat=53" in words
    assert states(session) == [MessageState.sent] * 11


def test_weekly_and_daily_news_of_one_morning_are_one_letter(session: Session) -> None:
    ratna = people.person()
    service.prefer_place(person_id=ratna.id, locality_code=NTT, cadence="weekly")
    with clock.travel(SUNDAY):
        tell(ratna, key="harian")
        tell(ratna, key="mingguan", place=NTT)
    sent: list[EmailMessage] = []
    with clock.travel(MONDAY):
        digests.deliver(post=sent.append)
    assert len(sent) == 1
    assert "Kebutuhan harian" in plain(sent[0])
    assert "Kebutuhan mingguan" in plain(sent[0])


def test_each_zone_has_its_own_morning(session: Session) -> None:
    zones = {"Asia/Jakarta": 0, "Asia/Makassar": -1, "Asia/Jayapura": -2, "UTC": 7}
    who = {zone: people.person(zone=zone) for zone in zones}
    with clock.travel(dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC)):
        tell(*who.values())
    for hours in range(-3, 9):
        sent: list[EmailMessage] = []
        with clock.travel(MONDAY + hours * HOUR):
            digests.deliver(post=sent.append)
        awake = [who[zone].email for zone, offset in zones.items() if offset == hours]
        assert [letter["To"].addresses[0].addr_spec for letter in sent] == awake


@pytest.mark.parametrize("jump", [-2 * DAY, -HOUR, HOUR, 3 * DAY, 400 * DAY])
def test_a_clock_that_jumps_doubles_and_loses_no_digest(session: Session, jump: dt.timedelta) -> None:
    ratna = people.person()
    with clock.travel(SUNDAY):
        tell(ratna, key="satu")
    sent: list[EmailMessage] = []
    for moment in (MONDAY, MONDAY + jump, MONDAY + HOUR):
        with clock.travel(moment):
            digests.deliver(post=sent.append)
            tell(ratna, key=f"pada {moment:%d %H}")
    for days in range(1, 403 if jump > 4 * DAY else 9):
        if days < 9 or days > 398:
            with clock.travel(MONDAY + days * DAY):
                digests.deliver(post=sent.append)
    told = [line for letter in sent for line in plain(letter).splitlines() if line.startswith("- Kebutuhan")]
    assert len(told) == len(set(told))
    assert set(states(session)) == {MessageState.sent}
    assert len(told) == len(states(session))


def test_what_comes_after_the_days_digest_waits_for_the_next(session: Session) -> None:
    ratna = people.person()
    with clock.travel(SUNDAY):
        tell(ratna, key="satu")
    sent: list[EmailMessage] = []
    with clock.travel(MONDAY):
        digests.deliver(post=sent.append)
        tell(ratna, key="dua")
        session.execute(update(Message).where(Message.dedupe_key == "dua").values(next_at=MONDAY))
        digests.deliver(post=sent.append)
    assert len(sent) == 1
    with clock.travel(MONDAY + DAY):
        digests.deliver(post=sent.append)
    assert "Kebutuhan dua" in plain(sent[1])


def test_what_the_reader_stops_between_queue_and_letter_is_left_out(session: Session) -> None:
    ratna, budi = people.person(), people.person()
    with clock.travel(SUNDAY):
        tell(ratna, budi, key="dekat")
        tell(ratna, budi, key="jauh", place=NTT)
    with clock.travel(MONDAY):
        digests.gather()
        service.prefer_place(person_id=ratna.id, locality_code=NTT, cadence="off")
        service.stop(person_id=budi.id)
        sent: list[EmailMessage] = []
        digests.deliver(post=sent.append)
    [letter] = sent
    assert letter["To"].addresses[0].addr_spec == ratna.email
    assert "jauh" not in plain(letter)
    left_out = session.scalars(select(Message).where(Message.state == MessageState.given_up)).all()
    assert {(row.person_id, row.dedupe_key) for row in left_out} == {
        (ratna.id, "jauh"),
        (budi.id, "dekat"),
        (budi.id, "jauh"),
    }


def test_another_wish_moves_what_waits(session: Session) -> None:
    ratna = people.person()
    with clock.travel(SUNDAY):
        tell(ratna, key="satu")
        service.prefer(person_id=ratna.id, wishes={("matches", "email"): "weekly"})
        row = session.scalars(select(Message)).one()
        session.refresh(row)
        assert (row.cadence, row.next_at) == ("weekly", dt.datetime(2026, 11, 23, tzinfo=dt.UTC))
        service.prefer(person_id=ratna.id, wishes={("matches", "email"): "now"})
        assert delivery.deliver(post=lambda _letter: None).sent == 1


def test_a_line_that_cannot_be_written_stops_no_other(session: Session) -> None:
    ratna, budi = people.person(), people.person()
    with clock.travel(SUNDAY):
        tell(ratna, key="baik")
        tell(ratna, key="buruk")
        tell(budi, key="lain")
    session.execute(update(Message).where(Message.dedupe_key == "buruk").values(kind="never.heard_of"))
    sent: list[EmailMessage] = []
    with clock.travel(MONDAY):
        assert digests.deliver(post=sent.append).sent == 2
    letter = next(one for one in sent if ratna.email in one["To"])
    assert "Kebutuhan baik" in plain(letter)
    assert "dan 1 lagi" in plain(letter)


def test_the_stop_link_of_a_digest_stops_all_its_groups(session: Session, client: Any) -> None:
    ratna = people.person()
    service.prefer_place(person_id=ratna.id, locality_code=TTS, cadence="daily")
    with clock.travel(SUNDAY):
        tell(ratna, key="satu")
        tell(ratna, key="dua", kind="followed.fulfilled", place=None)
    sent: list[EmailMessage] = []
    with clock.travel(MONDAY):
        digests.deliver(post=sent.append)
    assert sent[0]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = sent[0]["List-Unsubscribe"].strip("<>").removeprefix("http://localhost")
    assert client.post(address, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    wishes = queries.preferences_of(ratna.id)
    assert {wishes["matches", "email"], wishes["following", "email"]} == {"off"}
    assert wishes["money", "email"] == "now"
    with clock.travel(MONDAY):
        assert tell(ratna, key="tiga") == 0


@pytest.mark.parametrize("size", [50])
def test_gathering_and_reading_cost_the_same_for_any_number_of_readers(session: Session, size: int) -> None:
    few, many = readers(session, 5), readers(session, size)
    costs = []
    for who in (few, many):
        with clock.travel(SUNDAY):
            news_for(session, who)
        with clock.travel(MONDAY), counted() as gathering:
            assert digests.gather() == 3 * len(who)
        with clock.travel(MONDAY):
            claimed = list(session.scalars(select(Digest.id).where(Digest.state == DigestState.queued)))
            with counted() as reading:
                assert len(digests._read(claimed)) == len(who)
        session.execute(text("update digest set state = 'given_up'"))
        costs.append((len(gathering), len(reading)))
    assert costs == [(3, 3), (3, 3)]


@pytest.mark.parametrize("size", [1_000, 10_000])
def test_gathering_is_three_statements_at(session: Session, size: int) -> None:
    """One lock, two statements; every message in a digest, one digest a reader."""
    with clock.travel(SUNDAY):
        news_for(session, readers(session, size))
    with clock.travel(MONDAY), counted() as gathering:
        assert digests.gather() == 3 * size
    assert len(gathering) == 3
    assert session.execute(text("select count(*), count(distinct person_id) from digest")).one() == (
        size,
        size,
    )
    with clock.travel(MONDAY):
        assert digests.gather() == 0


def readers(session: Session, count: int) -> list[uuid.UUID]:
    """So many people, in one statement."""
    return list(
        session.execute(
            text(
                "INSERT INTO person (id, email, name, state, email_proven_at) SELECT gen_random_uuid(),"
                " gen_random_uuid() || '@contoh.example', 'Pembaca', 'active', clock_timestamp()"
                " FROM generate_series(1, :count) RETURNING id"
            ),
            {"count": count},
        ).scalars()
    )


def news_for(session: Session, who: list[uuid.UUID]) -> None:
    for number in range(3):
        service.queue(
            kind="listing.opened",
            person_ids=who,
            about=("listing", uuid.uuid4()),
            data={"title": f"Kebutuhan {number}", "path": "/kebutuhan/air"},
            dedupe_key=f"news:{number}:{who[0]}",
            channels=("email",),
        )


def test_two_beats_and_a_killed_worker_send_each_digest_once(committed: Any, mailbox: Mailbox) -> None:
    """Two processes at once, the first killed in the midst of its chunk: one in doubt, none twice, none forgotten."""
    from coevolve.kit.db import commit
    from coevolve.kit.db import session as now

    with committed.app.app_context():
        who = [people.person() for _ in range(12)]
        tell(*who, key="satu")
        now().execute(update(Message).values(next_at=clock.now() - dt.timedelta(minutes=1)))
        commit()
    _empty_broker(committed.settings.redis_url)  # every nudge is lost; the rows are not
    send = (
        "from coevolve.app import create_app\nfrom coevolve.notifications import digests\n"
        "with create_app().app_context():\n    digests.deliver(persons=4)\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", send],
        env={**committed.environment, "COEVOLVE_FAULT": "notifications.after_send:3"},
        check=False,
        timeout=60,
    )
    assert killed.returncode == 9

    def beat() -> None:
        with committed.app.app_context():
            digests.deliver(persons=4)

    with clock.travel(dt.timedelta(seconds=121)):
        beats = [threading.Thread(target=beat) for _ in range(2)]
        for thread in beats:
            thread.start()
        for thread in beats:
            thread.join()
    addresses = [letter.to[0] for letter in mailbox.newest()]
    assert len(addresses) == len(set(addresses)) == 12
    with committed.app.app_context():
        found = now().execute(text("select state, count(*) from digest group by 1 order by 1")).all()
        assert [tuple(row) for row in found] == [("given_up", 1), ("sent", 11)]
        told = now().execute(text("select state, count(*) from message group by 1 order by 1")).all()
        assert [tuple(row) for row in told] == [("given_up", 1), ("sent", 11)]
