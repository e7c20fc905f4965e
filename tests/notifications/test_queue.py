"""Writing notices: by preference, once, in one statement."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from coevolve.kit import clock
from coevolve.kit.errors import Invalid
from coevolve.kit.i18n import in_language
from coevolve.notifications import kinds, queries, service
from coevolve.notifications.models import MESSAGE, Message, MessageState
from tests.conftest import Job
from tests.factories import people
from tests.statements import counted

DATA = {"title": "Air bersih", "path": "/kebutuhan/air", "amount_minor": 7_500_000}


def tell(kind: str, *who: Any, key: str = "k", data: dict[str, Any] | None = None) -> int:
    return service.queue(
        kind=kind,
        person_ids=[person.id for person in who],
        about=("listing", uuid.uuid4()),
        data=data or DATA,
        dedupe_key=key,
    )


def messages(session: Session) -> list[Message]:
    session.expire_all()
    return list(session.scalars(select(Message).order_by(Message.id)))


def test_a_notice_is_on_the_site_at_once_and_waits_for_the_mail(session: Session, jobs: list[Job]) -> None:
    ratna = people.person()
    assert tell("payment.received", ratna) == 2
    session.commit()
    by_channel = {row.channel: row for row in messages(session)}
    assert by_channel["site"].state == MessageState.delivered
    assert (by_channel["email"].state, by_channel["email"].cadence) == (MessageState.queued, "now")
    assert "notifications.deliver" in [job.name for job in jobs]


def test_the_same_key_is_told_once(session: Session) -> None:
    ratna, budi = people.person(), people.person()
    assert tell("payment.received", ratna) == 2
    assert tell("payment.received", ratna, budi) == 2
    assert tell("payment.received", ratna, key="another") == 2
    assert len(messages(session)) == 6


def test_the_number_of_statements_does_not_grow_with_the_persons(session: Session) -> None:
    few, many = [people.person() for _ in range(2)], [people.person() for _ in range(40)]
    with counted() as for_few:
        tell("payment.received", *few)
    with counted() as for_many:
        assert tell("payment.received", *many, key="2") == 80
    assert len(for_few) == len(for_many) == 1


def test_nobody_to_tell_is_no_statement(session: Session) -> None:
    with counted() as none:
        assert tell("payment.received") == 0
    assert none == []


def test_preferences_are_obeyed(session: Session) -> None:
    quiet, weekly, nothing = people.person(), people.person(), people.person()
    service.prefer(person_id=quiet.id, wishes={("money", "email"): "off"})
    service.prefer(person_id=weekly.id, wishes={("money", "email"): "weekly"})
    service.prefer(person_id=nothing.id, wishes={("money", "email"): "off", ("money", "site"): "off"})
    tell("payment.received", quiet, weekly, nothing)
    found = Counter((row.person_id, row.channel, row.cadence) for row in messages(session))
    assert set(found) == {
        (quiet.id, "site", "now"),
        (weekly.id, "site", "now"),
        (weekly.id, "email", "weekly"),
    }


def test_a_pause_stops_mails_of_all_groups_and_ends(session: Session) -> None:
    ratna = people.person()
    service.stop(person_id=ratna.id)
    tell("payment.received", ratna)
    assert [row.channel for row in messages(session)] == ["site"]
    assert queries.is_paused(ratna.id)
    service.resume(person_id=ratna.id)
    tell("payment.received", ratna, key="2")
    assert [row.channel for row in messages(session)].count("email") == 1


def test_stopping_a_group_drops_what_waits_there_and_nothing_else(session: Session) -> None:
    ratna = people.person()
    tell("payment.received", ratna)
    tell("pledge.accepted", ratna, key="2")
    service.stop(person_id=ratna.id, group="money")
    service.stop(person_id=ratna.id, group="money")
    states = {row.kind: row.state for row in messages(session) if row.channel == "email"}
    assert states == {"payment.received": MessageState.given_up, "pledge.accepted": MessageState.queued}


def test_matches_wait_for_the_morning_of_the_reader(session: Session) -> None:
    jakarta, jayapura = people.person(), people.person(zone="Asia/Jayapura")
    odd = people.person(zone="Asia/Nowhere")
    with clock.travel(dt.datetime(2026, 11, 22, 0, 30, tzinfo=dt.UTC)):  # 07.30 WIB, 09.30 WIT
        tell("listing.opened", jakarta, jayapura, odd)
    due = {row.person_id: row.next_at for row in messages(session) if row.channel == "email"}
    assert due[jakarta.id].astimezone(ZoneInfo("Asia/Jakarta")).isoformat() == "2026-11-23T07:00:00+07:00"
    assert due[jayapura.id].astimezone(ZoneInfo("Asia/Jayapura")).isoformat() == "2026-11-23T07:00:00+09:00"
    assert due[odd.id] == due[jakarta.id]


def test_a_weekly_digest_waits_for_monday(session: Session) -> None:
    ratna = people.person()
    service.prefer(person_id=ratna.id, wishes={("matches", "email"): "weekly"})
    with clock.travel(dt.datetime(2026, 11, 22, 0, 30, tzinfo=dt.UTC)):  # a Sunday
        tell("listing.opened", ratna)
    row = next(row for row in messages(session) if row.channel == "email")
    assert row.next_at == dt.datetime(2026, 11, 23, 0, 0, tzinfo=dt.UTC)


def test_a_guest_gets_mail_only_and_the_blocked_nothing(session: Session) -> None:
    guest, blocked = people.guest(), people.person()
    session.execute(text("update person set state = 'blocked' where id = :id"), {"id": blocked.id})
    assert tell("payment.received", guest, blocked) == 1
    assert [(row.person_id, row.channel) for row in messages(session)] == [(guest.id, "email")]


@pytest.mark.parametrize(
    ("group", "channel", "cadence"),
    [
        ("money", "email", "hourly"),
        ("nothing", "email", "now"),
        ("money", "pigeon", "now"),
        ("money", "site", "daily"),
    ],
)
def test_unknown_preferences_are_refused(session: Session, group: str, channel: str, cadence: str) -> None:
    with pytest.raises(Invalid):
        service.prefer(person_id=people.person().id, wishes={(group, channel): cadence})


def test_the_database_holds_messages_to_their_moves(session: Session) -> None:
    ratna = people.person()
    tell("payment.received", ratna)
    refused = [("email", "delivered"), ("site", "queued"), ("site", "sent")]
    for channel, state in refused:
        with pytest.raises(DBAPIError), session.begin_nested():
            session.execute(
                update(Message).where(Message.channel == channel).values(state=state, sent_at=clock.now())
            )
    assert MESSAGE.allows("given_up", "queued")


def test_the_same_message_cannot_be_written_twice_by_hand(session: Session) -> None:
    tell("payment.received", people.person())
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(
            text(
                "insert into message (person_id, kind, about_kind, about_id, channel, cadence, dedupe_key)"
                " select person_id, kind, about_kind, about_id, channel, cadence, dedupe_key from message"
            )
        )


def test_what_was_given_up_is_seen_and_queued_again(session: Session) -> None:
    tell("payment.received", people.person())
    session.execute(
        update(Message)
        .where(Message.channel == "email")
        .values(state="given_up", attempts=12, last_error="550 no")
    )
    [failure] = queries.given_up()
    assert (failure.error, failure.attempts) == ("550 no", 12)
    assert failure.subject == "Rp 75.000 untuk Air bersih sudah kami terima"
    assert service.requeue(message_ids=[failure.id]) == 1
    assert queries.given_up() == []


# --- words ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(kinds.KINDS))
@pytest.mark.parametrize("language", ["id", "en"])
def test_every_kind_speaks_even_without_data(kind: str, language: str) -> None:
    with in_language(language):
        filled = kinds.words({})
        assert kinds.subject(kind, filled)
        assert kinds.sentence(kind, filled)
    assert kinds.KINDS[kind].group in kinds.GROUPS


def test_kinds_are_in_order() -> None:
    assert list(kinds.KINDS) == sorted(kinds.KINDS)


def test_values_are_formatted_for_the_reader() -> None:
    data = {
        "amount_minor": 7_512_300,
        "expires_at": "2026-11-22T13:40:00+00:00",
        "closes_on": "2026-11-22",
        "reason": {"id": "Anda mengikuti Bali.", "en": "You follow Bali."},
        "count": 1200,
        "nothing": None,
        "odd_at": "tomorrow",
    }
    filled = kinds.words(data, "Asia/Makassar")
    assert filled["amount"] == "Rp\xa075.123"
    assert filled["expires"] == "22 November 2026, 21.40 WITA"
    assert filled["closes"] == "22 November 2026"
    assert filled["reason"] == "Anda mengikuti Bali."
    assert filled["count"] == "1.200"
    assert filled["missing"] == ""
    assert filled["nothing"] == ""
    assert filled["odd"] == "tomorrow"
    with in_language("en"):
        assert kinds.words(data)["reason"] == "You follow Bali."


@pytest.mark.parametrize("path", ["https://evil.example", "//evil.example", "/\\evil.example", 7, None, ""])
def test_a_button_leads_to_our_own_host(path: object) -> None:
    assert kinds.path("payment.received", {"path": path}) == kinds.KINDS["payment.received"].path
