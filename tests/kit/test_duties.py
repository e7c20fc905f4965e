"""Moves, claims, slots, limits and messages: what keeps duties and states right when workers and clicks collide."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from coevolve.journal import service as journal
from coevolve.journal.models import JournalDue, JournalLine
from coevolve.kit import beats, clock, inbox, jobs, moves, rate
from coevolve.kit.db import commit
from coevolve.kit.db import session as current
from coevolve.kit.errors import InvalidMove, TooMany
from coevolve.people.models import PERSON, Person, PersonState
from tests.conftest import Committed, Job
from tests.factories import people

# --- moves ------------------------------------------------------------------------------------------


def test_each_move_is_an_event_in_order(session: Session) -> None:
    person = people.person()
    moves.move(person, PersonState.blocked, by=person.id, cause="test")
    moves.move(person, PersonState.active, by=person.id)
    events = moves.history(PERSON, person.id)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert [event.dst for event in events][-2:] == ["blocked", "active"]
    assert events[-2].cause == "test"


def test_a_move_that_is_not_in_the_table_is_refused(session: Session) -> None:
    person = people.person()
    with pytest.raises(InvalidMove):
        moves.move(person, PersonState.invited, by=None)
    assert person.state == PersonState.active


def test_the_database_refuses_an_edge_that_code_forgot(session: Session) -> None:
    person = people.person()
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(
            text(
                "INSERT INTO move_event (machine, object_id, seq, src, dst)"
                " VALUES ('person', :id, 99, 'erased', 'active')"
            ),
            {"id": person.id},
        )


def test_somebody_who_was_slower_is_told(committed: Committed) -> None:
    person = people.person()
    commit()
    key = person.id
    stale = current().get(Person, key)
    assert stale is not None
    assert stale.state == PersonState.active
    with committed.app.app_context():
        other = current().get(Person, key)
        moves.move(other, PersonState.blocked, by=None)
        commit()
    with pytest.raises(InvalidMove) as refusal:
        moves.move(stale, PersonState.blocked, by=None)
    assert refusal.value.code == "moved_meanwhile"


# --- claims -----------------------------------------------------------------------------------------


def _due(count: int) -> list[int]:
    for _ in range(count):
        journal.record("listing.opened", about=("listing", uuid.uuid4()), by=None)
    commit()
    return list(current().execute(select(JournalDue.journal_id).order_by(JournalDue.journal_id)).scalars())


def test_two_workers_never_claim_one_row(committed: Committed) -> None:
    rows = _due(40)
    claimed: list[list[int]] = []
    start = threading.Barrier(4)

    def work() -> None:
        with committed.app.app_context():
            start.wait()
            found = inbox.claim(JournalDue, where=JournalDue.attempts == 0, limit=15)
            claimed.append(found)
            commit()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = [row for found in claimed for row in found]
    assert len(taken) == len(set(taken))
    assert set(taken) <= set(rows)


def test_a_lease_ends_and_tries_are_counted_before_the_work(committed: Committed) -> None:
    (row,) = _due(1)
    everything = JournalDue.journal_id == row
    assert inbox.claim(JournalDue, where=everything, lease_seconds=60) == [row]
    commit()
    assert inbox.claim(JournalDue, where=everything) == []
    commit()
    with clock.travel(dt.timedelta(seconds=61)):
        assert inbox.claim(JournalDue, where=everything) == [row]
        commit()
    due = current().get(JournalDue, row)
    assert due is not None
    assert due.attempts == 2


def test_a_failing_row_comes_back_later_and_later(committed: Committed) -> None:
    (row,) = _due(1)
    due = current().get(JournalDue, row)
    assert due is not None
    waits = []
    for tries in (1, 4, 40):
        due.attempts = tries
        inbox.back_off(due, "it failed")
        waits.append((due.next_at - clock.now()).total_seconds())
    assert waits[0] < 10 < waits[1] < waits[2] <= 1.2 * inbox.MAX_BACKOFF_SECONDS
    assert due.last_error == "it failed"
    assert due.leased_until is None


# --- slots and limits -------------------------------------------------------------------------------


def test_a_scheduled_turn_is_taken_once(session: Session) -> None:
    noon = dt.datetime(2026, 11, 22, 5, 0, 10, tzinfo=dt.UTC)
    with clock.travel(noon):
        assert beats.take_slot("a.job", every_seconds=60)
        assert not beats.take_slot("a.job", every_seconds=60)
        assert beats.take_slot("b.job", every_seconds=60)
    with clock.travel(noon + dt.timedelta(seconds=60)):
        assert beats.take_slot("a.job", every_seconds=60)


def test_a_limit_refuses_and_says_when_to_come_again(session: Session) -> None:
    with clock.travel(dt.datetime(2026, 11, 22, 5, 0, 10, tzinfo=dt.UTC)):
        for _ in range(3):
            rate.hit("key", limit=3, window_seconds=300)
        with pytest.raises(TooMany) as refusal:
            rate.hit("key", limit=3, window_seconds=300)
        assert 0 < refusal.value.retry_after_seconds <= 300
        rate.hit("another key", limit=3, window_seconds=300)
    with clock.travel(dt.datetime(2026, 11, 22, 5, 6, tzinfo=dt.UTC)):
        assert rate.hit("key", limit=3, window_seconds=300) == 1


def test_a_refused_try_still_counts(committed: Committed) -> None:
    for _ in range(2):
        with pytest.raises(TooMany):
            rate.hit("key", limit=0, window_seconds=86_400 * 365)
        current().rollback()
    assert current().execute(select(rate.RateCounter.hits)).scalar_one() == 2


def test_the_broom_takes_old_counters_only(session: Session) -> None:
    rate.hit("old", limit=9, window_seconds=60)
    with clock.travel(dt.timedelta(hours=1)):
        rate.hit("new", limit=9, window_seconds=60)
        assert rate.sweep() == 1


# --- messages ---------------------------------------------------------------------------------------


def test_a_job_is_sent_after_the_commit_once(committed: Committed, jobs: list[Job]) -> None:
    from coevolve.kit.jobs import after_commit

    for _ in range(3):
        after_commit("journal.react", journal_id=7)
    assert jobs == []
    journal.record("person.seen", about=("person", uuid.uuid4()), by=None)
    commit()
    assert jobs == [Job("journal.react", {"journal_id": 7})]


def test_a_job_of_a_rolled_back_transaction_is_forgotten(committed: Committed, jobs: list[Job]) -> None:
    from coevolve.kit.jobs import after_commit

    journal.record("person.seen", about=("person", uuid.uuid4()), by=None)
    after_commit("journal.react", journal_id=7)
    current().rollback()
    commit()
    assert jobs == []


def test_a_broker_that_is_away_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Away:
        def send_task(self, *_: Any, **__: Any) -> None:
            raise ConnectionError("away")

    monkeypatch.setattr(jobs, "producer", Away)
    jobs.send("journal.sweep", {})


# --- the journal ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    ["UPDATE journal_line SET kind = 'x'", "DELETE FROM journal_line", "TRUNCATE journal_line CASCADE"],
)
def test_the_journal_cannot_be_rewritten(session: Session, statement: str) -> None:
    journal.record("person.seen", about=("person", uuid.uuid4()), by=None, data={"a": 1})
    with pytest.raises(DBAPIError), session.begin_nested():
        session.execute(text(statement))
    assert session.execute(
        select(JournalLine.data).where(JournalLine.kind == "person.seen")
    ).scalar_one() == {"a": 1}
