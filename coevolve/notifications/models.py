"""Tables of notifications."""

from __future__ import annotations

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, func, text
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit.db import BigKey, Created, Model
from coevolve.kit.i18n import lazy
from coevolve.kit.moves import Machine

CHANNELS = ("site", "email")
CADENCES = ("now", "daily", "weekly", "off")


class MessageState(StrEnum):
    """queued: waits for a worker; sent: the mail server took it; delivered: on the person's page."""

    queued = "queued"
    sent = "sent"
    delivered = "delivered"
    given_up = "given_up"


MESSAGE = Machine(
    "message",
    {
        MessageState.queued: {MessageState.sent, MessageState.given_up},
        MessageState.sent: {MessageState.delivered, MessageState.given_up},
        MessageState.delivered: set(),
        MessageState.given_up: {MessageState.queued},
    },
    initial={MessageState.queued, MessageState.delivered},
)
"""There are millions of messages, so they move in sets and write no move_event; a trigger holds them to these moves.
A notice on the site begins as delivered. Staff may queue again what was given up."""


class Message(BigKey, Created, Model):
    """One notice of one kind to one person by one channel."""

    __tablename__ = "message"
    __table_args__ = (
        CheckConstraint("channel in ('site', 'email')", name="channel_known"),
        CheckConstraint("cadence in ('now', 'daily', 'weekly')", name="cadence_known"),
        CheckConstraint("state in ('queued', 'sent', 'delivered', 'given_up')", name="state_known"),
        CheckConstraint("(state = 'sent') <= (sent_at is not null)", name="sent_has_time"),
        CheckConstraint("read_at is null or channel = 'site'", name="read_on_site"),
        Index("uq_message_person_id_channel_dedupe_key", "person_id", "channel", "dedupe_key", unique=True),
        Index(
            "ix_message_due", "next_at", "id", postgresql_where=text("state = 'queued' and cadence = 'now'")
        ),
        Index(
            "ix_message_digest",
            "person_id",
            "next_at",
            postgresql_where=text("state = 'queued' and cadence <> 'now'"),
        ),
        Index("ix_message_person_id_id", "person_id", "id", postgresql_where=text("channel = 'site'")),
        Index(
            "ix_message_unread", "person_id", postgresql_where=text("channel = 'site' and read_at is null")
        ),
        Index("ix_message_given_up", "id", postgresql_where=text("state = 'given_up'")),
    )
    machine: ClassVar[Machine] = MESSAGE
    state_labels: ClassVar[dict[str, Any]] = {
        MessageState.queued: lazy("Menunggu dikirim"),
        MessageState.sent: lazy("Terkirim"),
        MessageState.delivered: lazy("Sampai"),
        MessageState.given_up: lazy("Tidak sampai"),
    }

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    for_organisation: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organisation.id"))
    """In whose name the person gets it (a member of a CSO), if in an organisation's."""
    kind: Mapped[str]
    about_kind: Mapped[str]
    about_id: Mapped[uuid.UUID]
    """The thing it is about, without a foreign key: it may stand in a higher domain."""
    channel: Mapped[str]
    cadence: Mapped[str]
    """now, or the digest it waits for."""
    state: Mapped[str] = mapped_column(server_default=text("'queued'"), default=MessageState.queued)
    data: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"), default=dict)
    """What its sentences are filled with: raw values, formatted for each reader."""
    dedupe_key: Mapped[str]
    """The same key for the same person and channel is the same notice, written once."""
    sent_at: Mapped[dt.datetime | None]
    read_at: Mapped[dt.datetime | None]
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"), default=0)
    next_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())
    """Not before this moment: the next try, or the hour of the digest."""
    leased_until: Mapped[dt.datetime | None]
    last_error: Mapped[str | None]


class NotificationPreference(Model):
    """How often a person wants a group of kinds by a channel. No row: the group's own default."""

    __tablename__ = "notification_preference"
    __table_args__ = (
        CheckConstraint("channel in ('site', 'email')", name="channel_known"),
        CheckConstraint("cadence in ('now', 'daily', 'weekly', 'off')", name="cadence_known"),
        CheckConstraint("kind_group <> 'all' or cadence = 'off'", name="all_only_stops"),
    )

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    kind_group: Mapped[str] = mapped_column(primary_key=True)
    """A group of kinds.GROUPS, or 'all' to pause a channel."""
    channel: Mapped[str] = mapped_column(primary_key=True)
    cadence: Mapped[str]
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())
