"""Sending what is due. An edge like a task: what each letter becomes is written down at once.

A worker leases a chunk of rows (FOR UPDATE SKIP LOCKED), so two workers never hold the same one, and stops before its
lease ends. **A letter goes out at most once**: its row is committed as `sending` before the mail server sees it, and as
`sent` after. A worker that dies in between leaves one letter in doubt; it is given up as such, shown to staff, and not
repeated, for its notice stands on the site whatever becomes of the mail. What the server refused for now, or never
saw, waits and is tried again.
"""

from __future__ import annotations

import datetime as dt
import smtplib
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from sqlalchemy import BigInteger, Text, and_, bindparam, case, cast, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from coevolve.config import settings
from coevolve.kit import clock, inbox, mail
from coevolve.kit.db import commit, session
from coevolve.kit.faults import fault
from coevolve.notifications import attaching, bounces, kinds, letters
from coevolve.notifications.models import (
    STOPPED,
    AddressStanding,
    Message,
    MessageState,
    NotificationPreference,
    PlacePreference,
    ReaderSetting,
)
from coevolve.notifications.service import planning, standing
from coevolve.people.models import Person, PersonState

CHUNK = 500
LEASE_SECONDS = 120
BUDGET_SECONDS = 45
"""A turn ends after this, well before its lease and the task's time limit."""
OUTAGE_SECONDS = 30
"""When the mail server is away, all wait this long; it is nobody's fault and costs no try."""
SERVICE_CLOSING = 421
DOUBT = "in doubt: the worker ended while the letter was being handed over; it is not sent again by itself"
UNREACHABLE = "mail to this address comes back"
GONE = "the person is blocked or gone"

Post = Callable[[EmailMessage], None]


class BadLetter(Exception):
    """The letter could not be written: trying again would not help."""


@dataclass(slots=True)
class Delivered:
    """What a turn did."""

    sent: int = 0
    put_off: int = 0
    given_up: int = 0


@dataclass(frozen=True, slots=True)
class Reader:
    """To whom, and what holds for them now."""

    person_id: uuid.UUID
    email: str | None
    name: str
    language: str
    zone: str
    state: str
    quiet_from: int
    quiet_until: int
    is_unreachable: bool

    def refusal(self) -> str | None:
        """Why nothing goes to this person at all."""
        if self.email is None or self.state not in (PersonState.active, PersonState.invited):
            return GONE
        return UNREACHABLE if self.is_unreachable else None

    def wakes_at(self, moment: dt.datetime) -> dt.datetime | None:
        """When their quiet hours end, if it is quiet there now."""
        return planning.quiet_until(
            moment, zone_name=self.zone, begins=self.quiet_from, ends=self.quiet_until
        )

    def address(self) -> dict[str, Any]:
        """What letters ask of a reader."""
        return {
            "person_id": self.person_id,
            "to": self.email,
            "name": self.name,
            "language": self.language,
            "zone": self.zone,
        }


@dataclass(frozen=True, slots=True)
class Letter:
    """One row that becomes one letter."""

    id: int
    attempts: int
    reader: Reader
    write: Callable[[], EmailMessage]
    waits_not: bool = False
    is_wanted: bool = True
    is_always: bool = False


@dataclass(slots=True)
class Rows:
    """The states of one table's rows, changed so that a crash leaves at most one letter in doubt."""

    model: Any
    done: Delivered
    taken: list[int] = field(default_factory=list)
    """Letters the server took, not yet written down."""

    def begin(self, number: int) -> bool:
        """Write down what was taken, and that this one is being handed over; False: it is no longer ours to send."""
        begun = session().execute(
            _MARKS[self.model.__tablename__],
            {"begin": [number], "taken": self.taken, "moment": clock.now(), "doubt": DOUBT},
        )
        has_begun = number in set(begun.scalars())
        commit()
        self.taken.clear()
        return has_begun

    def finish(self) -> None:
        """Write down the last ones."""
        if self.taken:
            session().execute(
                _MARKS[self.model.__tablename__],
                {"begin": [], "taken": self.taken, "moment": clock.now(), "doubt": DOUBT},
            )
            commit()
            self.taken.clear()

    def took(self, number: int) -> None:
        """The server has it."""
        self.taken.append(number)
        self.done.sent += 1

    def give_up(self, number: int, why: str) -> None:
        """It will not be sent, and why."""
        self._set((number,), state=MessageState.given_up, leased_until=None, last_error=why[:2000])
        self.done.given_up += 1

    def back_off(self, number: int, attempts: int, error: str) -> None:
        """Wait longer at each try; after the last one give up, to be seen on the staff's page."""
        if attempts >= settings().mail_tries:
            self.give_up(number, error)
            return
        wait = min(inbox.MAX_BACKOFF_SECONDS, 5 * 2 ** max(0, attempts - 1))
        self._set(
            (number,),
            state=MessageState.queued,
            next_at=clock.now() + dt.timedelta(seconds=wait),
            leased_until=None,
            last_error=error[:2000],
        )
        self.done.put_off += 1

    def put_off(self, numbers: Iterable[int], error: str | None, until: dt.datetime) -> None:
        """Give rows back untried."""
        chosen = tuple(numbers)
        changes: dict[str, Any] = {
            "state": MessageState.queued,
            "leased_until": None,
            "attempts": self.model.attempts - 1,
            "next_at": until,
        }
        if error is not None:
            changes["last_error"] = error[:2000]
        self._set(chosen, **changes)
        self.done.put_off += len(chosen)

    def _set(self, numbers: Sequence[int], **changes: Any) -> None:
        session().execute(
            update(self.model)
            .where(
                self.model.id.in_(numbers),
                self.model.state.in_((MessageState.queued, MessageState.sending)),
            )
            .values(**changes)
            .execution_options(synchronize_session=False)
        )
        commit()


def _mark(table: str) -> Any:
    return text(
        f"""
        UPDATE {table} SET
            state = CASE WHEN id = ANY(:begin) THEN 'sending' ELSE 'sent' END,
            sent_at = CASE WHEN id = ANY(:begin) THEN sent_at ELSE :moment END,
            leased_until = CASE WHEN id = ANY(:begin) THEN leased_until END,
            last_error = NULL
        WHERE id = ANY(CAST(:begin AS bigint[]) || CAST(:taken AS bigint[])) AND (
            id = ANY(:begin) AND state = 'queued' AND leased_until > :moment
            OR id = ANY(:taken) AND (state = 'sending' OR state = 'given_up' AND last_error = :doubt)
        )
        RETURNING id
        """
    ).bindparams(
        bindparam("begin", type_=ARRAY(BigInteger)),
        bindparam("taken", type_=ARRAY(BigInteger)),
    )


_MARKS = {table: _mark(table) for table in ("message", "digest")}


def deliver(*, post: Post | None = None, chunk: int = CHUNK) -> Delivered:
    """Send the mails that are due now, chunk by chunk, until none is left or the turn is over."""
    waiting = (
        (Message.channel == "email") & (Message.state == MessageState.queued) & (Message.cadence == "now")
    )
    settle_doubts(Message, "email")
    return turn(
        Message,
        claim=lambda: inbox.claim(Message, where=waiting, limit=chunk, lease_seconds=LEASE_SECONDS),
        read=_read,
        post=post,
    )


def settle_doubts(model: Any, channel: str, *, is_idempotent: bool = False) -> None:
    """Rows whose worker died while handing them over: given up as in doubt, or tried again where that is harmless."""
    after = (
        {"state": MessageState.queued}
        if is_idempotent
        else {"state": MessageState.given_up, "last_error": DOUBT}
    )
    session().execute(
        update(model)
        .where(
            model.state == MessageState.sending, model.channel == channel, model.leased_until < clock.now()
        )
        .values(leased_until=None, **after)
        .execution_options(synchronize_session=False)
    )
    commit()


def turn(
    model: Any,
    *,
    claim: Callable[[], list[int]],
    read: Callable[[list[int]], list[Letter]],
    post: Post | None,
) -> Delivered:
    """Claim, read and send chunk after chunk."""
    done = Delivered()
    until = time.monotonic() + BUDGET_SECONDS
    while time.monotonic() < until:
        claimed = claim()
        commit()
        if not claimed:
            break
        due = read(claimed)
        rows = Rows(model, done)
        if post is not None:
            _send(due, post, until, rows)
        elif not _send_over_smtp(due, until, rows):
            break
    return done


def _send_over_smtp(due: list[Letter], until: float, rows: Rows) -> bool:
    """One conversation for the chunk; False when the server cannot be reached, and then all wait."""
    with ExitStack() as conversation:
        try:
            server = conversation.enter_context(mail.connection())
        except (OSError, smtplib.SMTPException) as trouble:
            rows.put_off((letter.id for letter in due), repr(trouble), _after_outage())
            return False
        _send(due, lambda letter: mail.send(letter, server, sender=bounces.sender_of(letter)), until, rows)
    return True


def _after_outage() -> dt.datetime:
    return clock.now() + dt.timedelta(seconds=OUTAGE_SECONDS)


def _read(claimed: list[int]) -> list[Letter]:
    """The letters of these messages, with what their readers want now. One statement."""
    rows = (
        session()
        .execute(
            select(Message.id, Message.attempts, Message.kind, Message.data, wanted(), *reader_columns())
            .join(Person, Person.id == Message.person_id)
            .outerjoin(ReaderSetting, ReaderSetting.person_id == Message.person_id)
            .where(Message.id.in_(claimed), Message.state == MessageState.queued)
            .order_by(Message.id)
        )
        .all()
    )
    commit()
    found = []
    for row in rows:
        told = kinds.KINDS.get(row.kind)
        found.append(
            Letter(
                id=row.id,
                attempts=row.attempts,
                reader=reader_of(row),
                write=_writer(row.id, row.kind, row.data, reader_of(row)),
                waits_not=told is not None and (told.is_prompt or told.is_always),
                is_wanted=row.is_wanted,
                is_always=told is not None and told.is_always,
            )
        )
    return found


def reader_columns() -> list[Any]:
    """What is read of every reader: one statement for a chunk."""
    begins, ends = planning.quiet_hours()
    return [
        Person.id.label("reader_id"),
        Person.email,
        Person.name,
        Person.language,
        Person.zone,
        Person.state.label("person_state"),
        begins.label("quiet_from"),
        ends.label("quiet_until"),
        select(AddressStanding.stopped_at)
        .where(AddressStanding.address_hash == planning.hash_of(Person.email))
        .scalar_subquery()
        .is_not(None)
        .label("is_unreachable"),
    ]


def reader_of(row: Any) -> Reader:
    """The reader in a row with those columns."""
    return Reader(
        person_id=row.reader_id,
        email=row.email,
        name=row.name,
        language=row.language,
        zone=row.zone,
        state=row.person_state,
        quiet_from=row.quiet_from,
        quiet_until=row.quiet_until,
        is_unreachable=row.is_unreachable,
    )


def wanted() -> Any:
    """Whether the reader still wants a message of this kind, about this place, by this channel."""
    said, here, stop = (
        aliased(NotificationPreference),
        aliased(PlacePreference),
        aliased(NotificationPreference),
    )
    group = case(
        *[(Message.kind.in_(names), cast(name, Text)) for name, names in _kinds_by_group().items()],
        else_=None,
    )
    by_place = (
        select(here.cadence)
        .where(
            here.person_id == Message.person_id,
            here.locality_code == Message.place_code,
            here.channel == Message.channel,
        )
        .scalar_subquery()
    )
    by_group = (
        select(said.cadence)
        .where(said.person_id == Message.person_id, said.kind_group == group, said.channel == Message.channel)
        .scalar_subquery()
    )
    paused = (
        select(stop.cadence)
        .where(stop.person_id == Message.person_id, stop.kind_group == "all", stop.channel == Message.channel)
        .scalar_subquery()
    )
    always = Message.kind.in_([name for name, kind in kinds.KINDS.items() if kind.is_always])
    return or_(
        always, and_(func.coalesce(by_place, by_group, "now") != "off", func.coalesce(paused, "now") != "off")
    ).label("is_wanted")


def _kinds_by_group() -> dict[str, list[str]]:
    return {
        group: [name for name, kind in kinds.KINDS.items() if kind.group == group] for group in kinds.GROUPS
    }


def _writer(number: int, kind: str, data: dict[str, Any], reader: Reader) -> Callable[[], EmailMessage]:
    def write() -> EmailMessage:
        if kind not in kinds.KINDS:
            raise BadLetter(f"unknown kind of notice: {kind}")
        try:
            written = letters.notice(key=f"message-{number}", kind=kind, data=data, **reader.address())
        except Exception as trouble:
            raise BadLetter(f"the letter could not be written: {trouble!r}") from trouble
        attaching.add_to(written, kind=kind, data=data, language=reader.language)
        return written

    return write


def _send(due: list[Letter], post: Post, until: float, rows: Rows) -> None:
    """Send letter after letter; what one letter suffers stops no other, but a server that is gone stops all."""
    moment = clock.now()
    for place, letter in enumerate(due):
        if time.monotonic() >= until:
            rows.finish()
            rows.put_off((rest.id for rest in due[place:]), None, clock.now())
            return
        trouble = _send_one(letter, post, rows, moment)
        if trouble is not None:
            rows.finish()
            rows.put_off((rest.id for rest in due[place:]), repr(trouble), _after_outage())
            return
    rows.finish()


def _send_one(letter: Letter, post: Post, rows: Rows, moment: dt.datetime) -> Exception | None:
    """One letter; returns the trouble that is the server's, for then the others need not be tried."""
    written = _written(letter, rows, moment)
    if written is None or not rows.begin(letter.id):
        return None
    fault("notifications.before_send")
    try:
        post(written)
    except mail.MailRefused as trouble:
        rows.give_up(letter.id, str(trouble))
        if bounces.blames_the_address(str(trouble)):
            _note_refusal(letter.reader, str(trouble))
    except Exception as trouble:
        if _server_is_gone(trouble):
            return trouble
        rows.back_off(letter.id, letter.attempts, repr(trouble))
    else:
        fault("notifications.after_send")
        rows.took(letter.id)
    return None


def _written(letter: Letter, rows: Rows, moment: dt.datetime) -> EmailMessage | None:
    """The letter, if it is to go now; else its row says why not."""
    refusal = letter.reader.refusal()
    if refusal is not None and not (letter.is_always and refusal == UNREACHABLE):
        rows.give_up(letter.id, refusal)
        return None
    if not letter.is_wanted:
        rows.give_up(letter.id, STOPPED)
        return None
    wakes = None if letter.waits_not else letter.reader.wakes_at(moment)
    if wakes is not None:
        rows.put_off((letter.id,), None, wakes)
        return None
    try:
        return letter.write()
    except BadLetter as trouble:
        rows.give_up(letter.id, str(trouble))
    except Exception as trouble:
        # Its paper could not be made now: it waits, the others go on.
        rows.back_off(letter.id, letter.attempts, repr(trouble))
    return None


def _note_refusal(reader: Reader, says: str) -> None:
    """The address is refused for good: no further mail goes there, and its reader sees so on the site."""
    standing.note(address=reader.email or "", cause="refused", says=says)
    standing.tell_stopped(person_id=reader.person_id, address=reader.email or "")
    commit()


def _server_is_gone(trouble: Exception) -> bool:
    """Whether the fault is the connection's, not this letter's (smtplib's refusals are OSErrors too)."""
    if isinstance(trouble, smtplib.SMTPResponseException):
        return trouble.smtp_code == SERVICE_CLOSING
    if isinstance(trouble, smtplib.SMTPException):
        return isinstance(trouble, smtplib.SMTPServerDisconnected)
    return isinstance(trouble, OSError)


__all__ = ["Delivered", "Letter", "Reader", "deliver", "settle_doubts", "turn"]
