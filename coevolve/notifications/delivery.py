"""Sending what is due. An edge like a task: each letter that went out is its own transaction.

A worker leases a chunk of rows (FOR UPDATE SKIP LOCKED), so two workers never hold the same one; it stops before its
lease ends, so a slow mail server cannot make a second worker send again. A letter the server took is marked at once:
only a process killed between the server's answer and that commit can send it twice, under the same Message-ID.
"""

from __future__ import annotations

import datetime as dt
import smtplib
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, text, update

from coevolve.config import settings
from coevolve.kit import clock, inbox, mail
from coevolve.kit.db import commit, session
from coevolve.kit.faults import fault
from coevolve.notifications import attaching, kinds, letters
from coevolve.notifications.models import Message, MessageState
from coevolve.people.models import Person, PersonState

CHUNK = 500
LEASE_SECONDS = 120
BUDGET_SECONDS = 45
"""A turn ends after this, well before its lease and the task's time limit."""
DIGEST_PERSONS = 200
OUTAGE_SECONDS = 30
"""When the mail server is away, all wait this long; it is nobody's fault and costs no try."""
DIGEST_LOCK = 0x636F6576
SERVICE_CLOSING = 421

Post = Callable[[EmailMessage], None]


@dataclass(slots=True)
class Delivered:
    """What a turn did."""

    sent: int = 0
    put_off: int = 0
    given_up: int = 0


@dataclass(frozen=True, slots=True)
class _Due:
    """The rows of one letter and whom it goes to."""

    ids: tuple[int, ...]
    attempts: int
    messages: tuple[tuple[str, dict[str, Any]], ...]
    person_id: uuid.UUID
    email: str | None
    name: str
    language: str
    zone: str
    state: str
    is_digest: bool


def deliver(*, post: Post | None = None, chunk: int = CHUNK) -> Delivered:
    """Send the messages that are due now, chunk by chunk, until none is left or the turn is over."""
    waiting = (
        (Message.channel == "email") & (Message.state == MessageState.queued) & (Message.cadence == "now")
    )
    return _turn(lambda: inbox.claim(Message, where=waiting, limit=chunk, lease_seconds=LEASE_SECONDS), post)


def deliver_digests(*, post: Post | None = None, persons: int = DIGEST_PERSONS) -> Delivered:
    """Send the digests that are due: one letter per person with all that waits for it."""
    return _turn(lambda: _claim_digests(persons), post)


def _turn(claim: Callable[[], list[int]], post: Post | None) -> Delivered:
    done = Delivered()
    until = time.monotonic() + BUDGET_SECONDS
    while time.monotonic() < until:
        claimed = claim()
        commit()
        if not claimed:
            break
        due = _read(claimed)
        if post is not None:
            _send(due, post, until, done)
        elif not _send_over_smtp(due, until, done):
            break
    return done


def _send_over_smtp(due: list[_Due], until: float, done: Delivered) -> bool:
    """One conversation for the chunk; False when the server cannot be reached, and then all wait."""
    with ExitStack() as conversation:
        try:
            server = conversation.enter_context(mail.connection())
        except (OSError, smtplib.SMTPException) as trouble:
            _put_off((row for letter in due for row in letter.ids), repr(trouble), done)
            return False
        _send(due, lambda letter: mail.send(letter, server), until, done)
    return True


def _claim_digests(persons: int) -> list[int]:
    """Lease all due digest rows of some persons. One claimer at a time, so that no digest is cut in two."""
    if not session().execute(select(func.pg_try_advisory_xact_lock(DIGEST_LOCK))).scalar_one():
        return []
    moment = clock.now()
    waiting: ColumnElement[bool] = (
        (Message.channel == "email")
        & (Message.state == MessageState.queued)
        & (Message.cadence != "now")
        & (Message.next_at <= moment)
        & or_(Message.leased_until.is_(None), Message.leased_until < moment)
    )
    first = func.min(Message.next_at)
    whose = (
        select(Message.person_id).where(waiting).group_by(Message.person_id).order_by(first).limit(persons)
    )
    chosen = list(session().execute(whose).scalars())
    rows = session().execute(
        update(Message)
        .where(Message.person_id.in_(chosen), waiting)
        .values(leased_until=moment + dt.timedelta(seconds=LEASE_SECONDS), attempts=Message.attempts + 1)
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    )
    return list(rows.scalars())


def _read(claimed: list[int]) -> list[_Due]:
    """The letters of these rows: one each, or one per person for digests. One statement."""
    rows = (
        session()
        .execute(
            select(
                Message.id,
                Message.attempts,
                Message.kind,
                Message.data,
                Message.cadence,
                Message.person_id,
                Person.email,
                Person.name,
                Person.language,
                Person.zone,
                Person.state,
            )
            .join(Person, Person.id == Message.person_id)
            .where(Message.id.in_(claimed), Message.state == MessageState.queued)
            .order_by(Message.id)
        )
        .all()
    )
    commit()
    grouped: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        grouped[row.id if row.cadence == "now" else row.person_id].append(row)
    return [
        _Due(
            ids=tuple(row.id for row in group),
            attempts=max(row.attempts for row in group),
            messages=tuple((row.kind, row.data) for row in group),
            person_id=group[0].person_id,
            email=group[0].email,
            name=group[0].name,
            language=group[0].language,
            zone=group[0].zone,
            state=group[0].state,
            is_digest=group[0].cadence != "now",
        )
        for group in grouped.values()
    ]


def _send(due: list[_Due], post: Post, until: float, done: Delivered) -> None:
    """Send letter after letter; what one letter suffers stops no other, but a server that is gone stops all."""
    for number, letter in enumerate(due):
        if time.monotonic() >= until:
            _put_off((row for rest in due[number:] for row in rest.ids), None, done, seconds=0)
            return
        if letter.email is None or letter.state not in (PersonState.active, PersonState.invited):
            _give_up(letter, "the person is blocked or gone", done)
            continue
        try:
            post(_written(letter))
        except mail.MailRefused as refusal:
            _give_up(letter, str(refusal), done)
        except Exception as trouble:
            if _server_is_gone(trouble):
                _put_off((row for rest in due[number:] for row in rest.ids), repr(trouble), done)
                return
            # A bad row or a refused letter: it waits or is given up, the others go on.
            _back_off(letter, repr(trouble), done)
        else:
            fault("notifications.after_send")
            _mark_sent(letter, done)


def _server_is_gone(trouble: Exception) -> bool:
    """Whether the fault is the connection's, not this letter's (smtplib's refusals are OSErrors too)."""
    if isinstance(trouble, smtplib.SMTPResponseException):
        return trouble.smtp_code == SERVICE_CLOSING
    if isinstance(trouble, smtplib.SMTPException):
        return isinstance(trouble, smtplib.SMTPServerDisconnected)
    return isinstance(trouble, OSError)


def _written(letter: _Due) -> EmailMessage:
    who: dict[str, Any] = {
        "person_id": letter.person_id,
        "to": letter.email,
        "name": letter.name,
        "language": letter.language,
        "zone": letter.zone,
    }
    known = [(kind, data) for kind, data in letter.messages if kind in kinds.KINDS]
    if not known:
        raise LookupError(f"unknown kind of notice: {letter.messages[0][0]}")
    key = f"message-{letter.ids[0]}"
    if letter.is_digest:
        return letters.digest(key=key, messages=known, **who)
    kind, data = known[0]
    written = letters.notice(key=key, kind=kind, data=data, **who)
    attaching.add_to(written, kind=kind, data=data, language=letter.language)
    return written


# A mark that a crash of the database loses would only repeat one letter, so it need not wait for the disk.
_MARK_SENT = text(
    """
    WITH quick AS (SELECT set_config('synchronous_commit', 'off', true))
    UPDATE message SET state = 'sent', sent_at = :moment, leased_until = NULL, last_error = NULL
    FROM quick WHERE id = ANY(:ids) AND state = 'queued'
    """
)


def _mark_sent(letter: _Due, done: Delivered) -> None:
    session().execute(_MARK_SENT, {"ids": list(letter.ids), "moment": clock.now()})
    commit()
    done.sent += 1


def _give_up(letter: _Due, why: str, done: Delivered) -> None:
    _set(letter.ids, state=MessageState.given_up, leased_until=None, last_error=why[:2000])
    done.given_up += 1


def _back_off(letter: _Due, error: str, done: Delivered) -> None:
    """Wait longer at each try; after the last one give up, to be seen on the staff's page."""
    if letter.attempts >= settings().mail_tries:
        _give_up(letter, error, done)
        return
    wait = min(inbox.MAX_BACKOFF_SECONDS, 5 * 2 ** max(0, letter.attempts - 1))
    _set(
        letter.ids,
        next_at=clock.now() + dt.timedelta(seconds=wait),
        leased_until=None,
        last_error=error[:2000],
    )
    done.put_off += 1


def _put_off(ids: Iterable[int], error: str | None, done: Delivered, seconds: int = OUTAGE_SECONDS) -> None:
    """Give rows back untried."""
    rows = tuple(ids)
    changes: dict[str, Any] = {
        "leased_until": None,
        "attempts": Message.attempts - 1,
        "next_at": clock.now() + dt.timedelta(seconds=seconds),
    }
    if error is not None:
        changes["last_error"] = error[:2000]
    _set(rows, **changes)
    done.put_off += len(rows)


def _set(ids: Iterable[int], **changes: Any) -> None:
    session().execute(
        update(Message)
        .where(Message.id.in_(list(ids)), Message.state == MessageState.queued)
        .values(**changes)
        .execution_options(synchronize_session=False)
    )
    commit()
