"""Sending short texts to phones: a chunk at a time, through whatever provider is connected for the channel."""

from __future__ import annotations

import datetime as dt
import functools
import json
import time
from typing import Any

from sqlalchemy import BigInteger, Text, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from coevolve.config import settings
from coevolve.kit import clock, i18n, inbox
from coevolve.kit.db import commit, session
from coevolve.kit.faults import fault
from coevolve.notifications import channels, kinds
from coevolve.notifications.delivery import (
    BUDGET_SECONDS,
    CHUNK,
    GONE,
    LEASE_SECONDS,
    OUTAGE_SECONDS,
    Delivered,
    Rows,
    reader_columns,
    reader_of,
    settle_doubts,
    wanted,
)
from coevolve.notifications.models import STOPPED, Message, MessageState, ReaderSetting
from coevolve.people.models import Person, PersonState

_BEGIN = text(
    """
    UPDATE message SET state = 'sending'
    WHERE id = ANY(:numbers) AND state = 'queued' AND leased_until > :moment RETURNING id
    """
).bindparams(bindparam("numbers", type_=ARRAY(BigInteger)))
_END = text(
    """
    UPDATE message SET state = told.state, last_error = told.error, leased_until = NULL,
        sent_at = CASE told.state WHEN 'sent' THEN CAST(:moment AS timestamptz) ELSE message.sent_at END,
        next_at = CASE told.state WHEN 'queued'
            THEN CAST(:moment AS timestamptz) + least(5 * 2 ^ greatest(message.attempts - 1, 0), :longest)
                * interval '1 second'
            ELSE message.next_at END
    FROM unnest(:numbers, :states, :errors) AS told(id, state, error)
    WHERE message.id = told.id AND message.state = 'sending'
    """
).bindparams(
    bindparam("numbers", type_=ARRAY(BigInteger)),
    bindparam("states", type_=ARRAY(Text)),
    bindparam("errors", type_=ARRAY(Text)),
)


def deliver(name: str, *, chunk: int = CHUNK) -> Delivered:
    """Send what is due by one connected channel, chunk by chunk; the same few statements whatever a chunk holds."""
    provider = channels.channel(name)
    settle_doubts(Message, name, is_idempotent=provider.is_idempotent)
    waiting = (Message.channel == name) & (Message.state == MessageState.queued) & (Message.cadence == "now")
    done = Delivered()
    until = time.monotonic() + BUDGET_SECONDS
    while time.monotonic() < until:
        claimed = inbox.claim(Message, where=waiting, limit=chunk, lease_seconds=LEASE_SECONDS)
        commit()
        if not claimed or not _send(claimed, provider, done):
            break
    return done


def _send(claimed: list[int], provider: channels.Channel, done: Delivered) -> bool:
    """One chunk; False when the provider is away, and then all wait."""
    rows, moment = Rows(Message, done), clock.now()
    due: dict[int, channels.Text] = {}
    tries: dict[int, int] = {}
    for row in _read(claimed):
        reader = reader_of(row)
        told = kinds.KINDS.get(row.kind)
        if row.phone is None or reader.state != PersonState.active:
            rows.give_up(row.id, GONE)
        elif not row.is_wanted:
            rows.give_up(row.id, STOPPED)
        elif told is None:
            rows.give_up(row.id, f"unknown kind of notice: {row.kind}")
        elif not told.is_prompt and (wakes := reader.wakes_at(moment)) is not None:
            rows.put_off((row.id,), None, wakes)
        else:
            try:
                words = written(row.kind, json.dumps(row.data, sort_keys=True), row.language, row.zone)
            except Exception as trouble:  # a bad row stops no other
                rows.give_up(row.id, f"the text could not be written: {trouble!r}")
                continue
            due[row.id], tries[row.id] = channels.Text(row.phone, words, f"message-{row.id}"), row.attempts
    if not due:
        return True
    begun = set(session().execute(_BEGIN, {"numbers": list(due), "moment": moment}).scalars())
    commit()
    fault("notifications.before_send")
    numbers = [number for number in due if number in begun]
    try:
        answers = provider.send([due[number] for number in numbers])
    except OSError as trouble:
        rows.put_off(numbers, repr(trouble), clock.now() + dt.timedelta(seconds=OUTAGE_SECONDS))
        return False
    fault("notifications.after_send")
    states = [_after(answer, tries[number]) for number, answer in zip(numbers, answers, strict=True)]
    session().execute(
        _END,
        {
            "numbers": numbers,
            "states": states,
            "errors": [None if answer is None else repr(answer)[:2000] for answer in answers],
            "moment": clock.now(),
            "longest": inbox.MAX_BACKOFF_SECONDS,
        },
    )
    commit()
    done.sent += states.count("sent")
    done.given_up += states.count("given_up")
    done.put_off += states.count("queued")
    return True


def _after(answer: Exception | None, attempts: int) -> str:
    """What becomes of a text by its provider's answer."""
    if answer is None:
        return "sent"
    if isinstance(answer, channels.TextRefused) or attempts >= settings().mail_tries:
        return "given_up"
    return "queued"


def _read(claimed: list[int]) -> list[Any]:
    rows = (
        session()
        .execute(
            select(
                Message.id,
                Message.attempts,
                Message.kind,
                Message.data,
                Person.phone,
                wanted(),
                *reader_columns(),
            )
            .join(Person, Person.id == Message.person_id)
            .outerjoin(ReaderSetting, ReaderSetting.person_id == Message.person_id)
            .where(Message.id.in_(claimed), Message.state == MessageState.queued)
            .order_by(Message.id)
        )
        .all()
    )
    commit()
    return list(rows)


@functools.lru_cache(maxsize=2_000)
def written(kind: str, data: str, language: str, zone: str) -> str:
    """A text: one sentence and the address of its page. The same fact to many readers is written once."""
    told: dict[str, Any] = json.loads(data)
    with i18n.in_language(language):
        sentence = kinds.sentence(kind, kinds.words(told, zone)).replace("\xa0", " ")
    return f"Co-Evolve: {sentence}\n{settings().public_url.rstrip('/')}{kinds.path(kind, told)}"


__all__ = ["deliver", "written"]
