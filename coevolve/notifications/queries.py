"""What may be asked about notices."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select

from coevolve.kit.db import session
from coevolve.notifications import kinds
from coevolve.notifications.models import Message, MessageState, NotificationPreference

PAGE = 30
COUNTED = 99
"""The bar counts no further than this."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice as the person's page shows it."""

    id: int
    sentence: str
    path: str
    button: str
    created_at: dt.datetime
    is_read: bool


@dataclass(frozen=True, slots=True)
class Notices:
    """A page of notices, newest first; `older_than` leads to the next one."""

    rows: list[Notice]
    older_than: int | None


@dataclass(frozen=True, slots=True)
class Failure:
    """A mail that was given up."""

    id: int
    kind: str
    subject: str
    attempts: int
    error: str
    created_at: dt.datetime


def unread_count(person_id: uuid.UUID) -> int:
    """How many notices on the site the person has not opened, at most COUNTED + 1."""
    some = (
        select(Message.id)
        .where(Message.person_id == person_id, Message.channel == "site", Message.read_at.is_(None))
        .limit(COUNTED + 1)
        .subquery()
    )
    return int(session().execute(select(func.count()).select_from(some)).scalar_one())


def notices_of(person_id: uuid.UUID, *, older_than: int | None = None, zone: str = "Asia/Jakarta") -> Notices:
    """The notices of a person on the site, in the language of this moment."""
    statement = (
        select(Message.id, Message.kind, Message.data, Message.created_at, Message.read_at)
        .where(Message.person_id == person_id, Message.channel == "site")
        .order_by(Message.id.desc())
        .limit(PAGE + 1)
    )
    if older_than is not None:
        statement = statement.where(Message.id < older_than)
    rows = session().execute(statement).all()
    shown = [_notice(row, zone) for row in rows[:PAGE] if row.kind in kinds.KINDS]
    return Notices(shown, rows[PAGE - 1].id if len(rows) > PAGE else None)


def _notice(row: Row[Any], zone: str) -> Notice:
    filled = kinds.words(row.data, zone)
    return Notice(
        id=row.id,
        sentence=kinds.sentence(row.kind, filled),
        path=kinds.path(row.kind, row.data),
        button=str(kinds.KINDS[row.kind].button),
        created_at=row.created_at,
        is_read=row.read_at is not None,
    )


def find_notice(notice_id: int, *, person_id: uuid.UUID) -> Message | None:
    """A person's own notice on the site."""
    return (
        session()
        .execute(
            select(Message).where(
                Message.id == notice_id, Message.person_id == person_id, Message.channel == "site"
            )
        )
        .scalar_one_or_none()
    )


def preferences_of(person_id: uuid.UUID) -> dict[tuple[str, str], str]:
    """How often the person wants each group by each channel, defaults included: (group, channel) -> cadence."""
    said = {
        (row.kind_group, row.channel): row.cadence
        for row in session().execute(
            select(
                NotificationPreference.kind_group,
                NotificationPreference.channel,
                NotificationPreference.cadence,
            ).where(NotificationPreference.person_id == person_id)
        )
    }
    standard: dict[tuple[str, str], str] = {}
    for name, group in kinds.GROUPS.items():
        standard[name, "site"] = group.site
        standard[name, "email"] = group.email
    return {**standard, **said}


def is_paused(person_id: uuid.UUID, channel: str = "email") -> bool:
    """Whether the person has stopped everything by this channel."""
    return preferences_of(person_id).get(("all", channel)) == "off"


def given_up(limit: int = 100) -> list[Failure]:
    """The newest mails that were given up, with the last error."""
    rows = session().execute(
        select(
            Message.id, Message.kind, Message.data, Message.attempts, Message.last_error, Message.created_at
        )
        .where(Message.state == MessageState.given_up)
        .order_by(Message.id.desc())
        .limit(limit)
    )
    return [
        Failure(
            id=row.id,
            kind=row.kind,
            subject=kinds.subject(row.kind, kinds.words(row.data)) if row.kind in kinds.KINDS else row.kind,
            attempts=row.attempts,
            error=row.last_error or "",
            created_at=row.created_at,
        )
        for row in rows
    ]
