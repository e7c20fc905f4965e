"""What may be asked about notices."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, and_, func, select
from sqlalchemy.orm import aliased

from coevolve.config import settings
from coevolve.kit import i18n
from coevolve.kit.db import session
from coevolve.kit.i18n import gettext as _
from coevolve.notifications import kinds
from coevolve.notifications.models import (
    CHANNELS,
    STOPPED,
    AddressStanding,
    Message,
    MessageState,
    NotificationPreference,
    OrganisationAddress,
    OrganisationSwitch,
    PlacePreference,
    ReaderSetting,
    Subscription,
)
from coevolve.people.models import Person

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
    mail: str
    """What became of its mail, in a few words; empty when there was none."""


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


def notices_of(
    person_id: uuid.UUID,
    *,
    older_than: int | None = None,
    zone: str = "Asia/Jakarta",
    place_code: str | None = None,
) -> Notices:
    """The notices of a person on the site, in the language of this moment; each with what became of its mail."""
    mail = aliased(Message)
    statement = (
        select(
            Message.id,
            Message.kind,
            Message.data,
            Message.created_at,
            Message.read_at,
            mail.state.label("mail_state"),
            mail.cadence.label("mail_cadence"),
            mail.sent_at.label("mail_sent_at"),
            mail.last_error.label("mail_error"),
        )
        .outerjoin(
            mail,
            and_(
                mail.person_id == Message.person_id,
                mail.channel == "email",
                mail.dedupe_key == Message.dedupe_key,
            ),
        )
        .where(Message.person_id == person_id, Message.channel == "site")
        .order_by(Message.id.desc())
        .limit(PAGE + 1)
    )
    if older_than is not None:
        statement = statement.where(Message.id < older_than)
    if place_code is not None:
        statement = statement.where(Message.place_code == place_code)
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
        mail=_mail_words(row, zone),
    )


def _mail_words(row: Row[Any], zone: str) -> str:
    """The last state of a notice's mail, for its reader."""
    if row.mail_state is None:
        return ""
    if row.mail_state == MessageState.sent:
        return _("Surel terkirim %(when)s", when=i18n.datetime(row.mail_sent_at, zone))
    if row.mail_state == MessageState.given_up:
        if row.mail_error == STOPPED:
            return _("Surel tidak dikirim: Anda menghentikannya")
        return _("Surel tidak sampai")
    if row.mail_cadence != "now":
        return _("Surel menunggu ringkasan berikutnya")
    return _("Surel sedang dikirim")


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
        for channel in CHANNELS:
            standard[name, channel] = group.standard(channel)
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
        # What its reader stopped is no failure.
        .where(Message.state == MessageState.given_up, Message.last_error.is_distinct_from(STOPPED))
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


def place_preferences_of(person_id: uuid.UUID) -> dict[str, str]:
    """How often the person wants mail about places, where they said so: code -> cadence."""
    rows = session().execute(
        select(PlacePreference.locality_code, PlacePreference.cadence).where(
            PlacePreference.person_id == person_id
        )
    )
    return {row.locality_code: row.cadence for row in rows}


def quiet_hours_of(person_id: uuid.UUID) -> tuple[int, int]:
    """When the person wants no mail: their own hours, or those of the settings."""
    row = session().get(ReaderSetting, person_id)
    if row is not None:
        return row.quiet_from, row.quiet_until
    return settings().quiet_from_hour, settings().quiet_until_hour


@dataclass(frozen=True, slots=True)
class FollowedThing:
    """A thing a person hears of, by its last notice's words if any."""

    about_kind: str
    about_id: uuid.UUID
    reason: str


def followed_things(person_id: uuid.UUID, *, about_kind: str, limit: int = 100) -> list[FollowedThing]:
    """What a person subscribes to, newest first."""
    rows = session().execute(
        select(Subscription)
        .where(
            Subscription.person_id == person_id,
            Subscription.about_kind == about_kind,
            Subscription.ended_at.is_(None),
        )
        .order_by(Subscription.created_at.desc())
        .limit(limit)
    )
    return [FollowedThing(row.about_kind, row.about_id, row.reason) for row in rows.scalars()]


def switches_of(organisation_id: uuid.UUID) -> dict[tuple[str, str | uuid.UUID], bool]:
    """What the owners set: (group, role or member) -> whether they hear it."""
    rows = session().execute(
        select(OrganisationSwitch).where(OrganisationSwitch.organisation_id == organisation_id)
    )
    found: dict[tuple[str, str | uuid.UUID], bool] = {}
    for row in rows.scalars():
        target: str | uuid.UUID | None = row.person_id if row.role is None else row.role
        if target is not None:
            found[row.kind_group, target] = row.is_told
    return found


@dataclass(frozen=True, slots=True)
class SharedAddress:
    """A shared address as its page shows it."""

    email: str
    groups: tuple[str, ...]
    proven_at: dt.datetime | None
    is_unreachable: bool


def shared_address_of(organisation_id: uuid.UUID) -> SharedAddress | None:
    """The shared address of an organisation."""
    row = (
        session()
        .execute(
            select(OrganisationAddress, Person.email, AddressStanding.stopped_at)
            .join(Person, Person.id == OrganisationAddress.person_id)
            .outerjoin(
                AddressStanding,
                AddressStanding.address_hash == func.sha256(func.convert_to(Person.email, "UTF8")),
            )
            .where(OrganisationAddress.organisation_id == organisation_id)
        )
        .one_or_none()
    )
    if row is None:
        return None
    address = row.OrganisationAddress
    return SharedAddress(
        email=row.email or "",
        groups=tuple(address.groups),
        proven_at=address.proven_at,
        is_unreachable=row.stopped_at is not None,
    )
