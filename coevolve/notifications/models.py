"""Tables of notifications."""

from __future__ import annotations

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, func, text
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit.db import BigKey, Claim, Created, Model
from coevolve.kit.i18n import lazy
from coevolve.kit.moves import Machine

CHANNELS = ("site", "email", "whatsapp", "sms")
TEXT_CHANNELS = ("whatsapp", "sms")
"""Short texts to a phone, through a provider that the operator connects (channels.py)."""
CADENCES = ("now", "daily", "weekly", "off")
STOPPED = "stopped by the reader"
"""The last error of what was given up because its reader stopped it."""


class MessageState(StrEnum):
    """queued: waits for a worker; sending: handed over, no answer yet; sent: taken; delivered: on the person's page."""

    queued = "queued"
    sending = "sending"
    sent = "sent"
    delivered = "delivered"
    given_up = "given_up"


MESSAGE = Machine(
    "message",
    {
        MessageState.queued: {MessageState.sending, MessageState.sent, MessageState.given_up},
        MessageState.sending: {MessageState.sent, MessageState.queued, MessageState.given_up},
        MessageState.sent: {MessageState.delivered, MessageState.given_up},
        MessageState.delivered: set(),
        MessageState.given_up: {MessageState.queued, MessageState.sent},
    },
    initial={MessageState.queued, MessageState.delivered},
)
"""There are millions of messages, so they move in sets and write no move_event; a trigger holds them to these moves.
A notice on the site begins as delivered. Staff may queue again what was given up. A row whose worker died while it was
sending is given up as in doubt; should that worker live after all, its yes makes the row sent."""


class DigestState(StrEnum):
    """As of a message, but a digest is never on the site."""

    queued = "queued"
    sending = "sending"
    sent = "sent"
    given_up = "given_up"


DIGEST = Machine(
    "digest",
    {
        DigestState.queued: {DigestState.sending, DigestState.given_up},
        DigestState.sending: {DigestState.sent, DigestState.queued, DigestState.given_up},
        DigestState.sent: set(),
        DigestState.given_up: {DigestState.queued, DigestState.sent},
    },
    initial={DigestState.queued},
)
"""Digests move in sets, as messages do, held to these moves by the same trigger."""


class Message(BigKey, Created, Model):
    """One notice of one kind to one person by one channel."""

    __tablename__ = "message"
    __table_args__ = (
        CheckConstraint("channel in ('site', 'email', 'whatsapp', 'sms')", name="channel_known"),
        CheckConstraint("cadence in ('now', 'daily', 'weekly')", name="cadence_known"),
        CheckConstraint(
            "state in ('queued', 'sending', 'sent', 'delivered', 'given_up')", name="state_known"
        ),
        CheckConstraint("(state = 'sent') <= (sent_at is not null)", name="sent_has_time"),
        CheckConstraint("read_at is null or channel = 'site'", name="read_on_site"),
        Index("uq_message_person_id_channel_dedupe_key", "person_id", "channel", "dedupe_key", unique=True),
        Index(
            "ix_message_due", "next_at", "id", postgresql_where=text("state = 'queued' and cadence = 'now'")
        ),
        Index(
            "ix_message_digest",
            "next_at",
            postgresql_where=text("state = 'queued' and cadence <> 'now' and digest_id is null"),
        ),
        Index(
            "ix_message_in_digest",
            "digest_id",
            postgresql_where=text("state = 'queued' and digest_id is not null"),
        ),
        Index("ix_message_sending", "leased_until", postgresql_where=text("state = 'sending'")),
        Index("ix_message_waiting", "person_id", postgresql_where=text("state = 'queued'")),
        Index("ix_message_person_id_id", "person_id", "id", postgresql_where=text("channel = 'site'")),
        Index(
            "ix_message_unread", "person_id", postgresql_where=text("channel = 'site' and read_at is null")
        ),
        Index("ix_message_given_up", "id", postgresql_where=text("state = 'given_up'")),
    )
    machine: ClassVar[Machine] = MESSAGE
    state_labels: ClassVar[dict[str, Any]] = {
        MessageState.queued: lazy("Menunggu dikirim"),
        MessageState.sending: lazy("Sedang dikirim"),
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
    place_code: Mapped[str | None]
    """The followed place by which the person hears of it: digests group by it; it may have its own cadence."""
    digest_id: Mapped[int | None] = mapped_column(ForeignKey("digest.id"))
    """The digest it goes out in, once that is gathered."""
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
        CheckConstraint("channel in ('site', 'email', 'whatsapp', 'sms')", name="channel_known"),
        CheckConstraint("cadence in ('now', 'daily', 'weekly', 'off')", name="cadence_known"),
        CheckConstraint("kind_group <> 'all' or cadence = 'off'", name="all_only_stops"),
    )

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    kind_group: Mapped[str] = mapped_column(primary_key=True)
    """A group of kinds.GROUPS, or 'all' to pause a channel."""
    channel: Mapped[str] = mapped_column(primary_key=True)
    cadence: Mapped[str]
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())


class Digest(BigKey, Created, Claim, Model):
    """One letter for all that waited: at most one per person, channel and day of the reader's own calendar."""

    __tablename__ = "digest"
    __table_args__ = (
        CheckConstraint("channel = 'email'", name="channel_known"),
        CheckConstraint("state in ('queued', 'sending', 'sent', 'given_up')", name="state_known"),
        CheckConstraint("(state = 'sent') <= (sent_at is not null)", name="sent_has_time"),
        Index("uq_digest_person_id_channel_slot_on", "person_id", "channel", "slot_on", unique=True),
        Index("ix_digest_due", "next_at", "id", postgresql_where=text("state = 'queued'")),
        Index("ix_digest_sending", "leased_until", postgresql_where=text("state = 'sending'")),
    )
    machine: ClassVar[Machine] = DIGEST
    state_labels: ClassVar[dict[str, Any]] = {
        DigestState.queued: lazy("Menunggu dikirim"),
        DigestState.sending: lazy("Sedang dikirim"),
        DigestState.sent: lazy("Terkirim"),
        DigestState.given_up: lazy("Tidak sampai"),
    }

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    channel: Mapped[str]
    slot_on: Mapped[dt.date]
    """The morning it belongs to, in the reader's zone. A clock that jumps back finds it taken."""
    state: Mapped[str] = mapped_column(server_default=text("'queued'"), default=DigestState.queued)
    sent_at: Mapped[dt.datetime | None]


class PlacePreference(Model):
    """How often a person wants mail about a place they follow. No row: as the group of the kind says."""

    __tablename__ = "place_preference"
    __table_args__ = (
        CheckConstraint("channel = 'email'", name="channel_known"),
        CheckConstraint("cadence in ('now', 'daily', 'weekly', 'off')", name="cadence_known"),
    )

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    locality_code: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    cadence: Mapped[str]
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())


class ReaderSetting(Model):
    """When a person wants quiet. No row: the settings' own hours."""

    __tablename__ = "reader_setting"
    __table_args__ = (
        CheckConstraint("quiet_from between 0 and 23 and quiet_until between 0 and 23", name="hours"),
    )

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    quiet_from: Mapped[int] = mapped_column(SmallInteger)
    """Full hours of the person's own zone; the same hour twice means never quiet."""
    quiet_until: Mapped[int] = mapped_column(SmallInteger)
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())


class Subscription(Created, Model):
    """A person wants to hear what becomes of one thing: a listing they follow, a question they asked."""

    __tablename__ = "subscription"
    __table_args__ = (
        CheckConstraint("reason in ('follow', 'asked', 'reported', 'commented')", name="reason_known"),
        Index("ix_subscription_about", "about_kind", "about_id", postgresql_where=text("ended_at is null")),
    )

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    about_kind: Mapped[str] = mapped_column(primary_key=True)
    about_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    """Without a foreign key: it may stand in a higher domain."""
    reason: Mapped[str]
    ended_at: Mapped[dt.datetime | None]


class OrganisationSwitch(BigKey, Model):
    """Whether a role, or one member, hears a group of kinds in the organisation's name. No row: yes."""

    __tablename__ = "organisation_switch"
    __table_args__ = (
        CheckConstraint("num_nonnulls(role, person_id) = 1", name="one_target"),
        CheckConstraint("role in ('owner', 'finance', 'member')", name="role_known"),
        Index(
            "uq_organisation_switch_target",
            "organisation_id",
            "kind_group",
            "role",
            "person_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    kind_group: Mapped[str]
    role: Mapped[str | None]
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    """One member; wins over the role."""
    is_told: Mapped[bool]
    changed_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())


class OrganisationAddress(Created, Model):
    """A shared address of an organisation that gets mail of some groups, beside its members."""

    __tablename__ = "organisation_address"

    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    """The row of that address: a guest, who has no page and hears by mail only."""
    groups: Mapped[list[str]] = mapped_column(server_default=text("'[]'::jsonb"), default=list)
    set_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    proven_at: Mapped[dt.datetime | None]
    """When a link sent there came back; before that nothing else is sent."""


class AddressStanding(Model):
    """What mail servers and readers said of an address. No row: nothing bad is known."""

    __tablename__ = "address_standing"
    __table_args__ = (
        CheckConstraint("cause in ('refused', 'bounced', 'full', 'complaint')", name="cause_known"),
    )

    address_hash: Mapped[bytes] = mapped_column(primary_key=True)
    """SHA-256 of the address: a person who changes theirs begins anew, and one who leaves leaves nothing."""
    cause: Mapped[str]
    says: Mapped[str]
    """The status, and the server's words without the address."""
    times: Mapped[int] = mapped_column(server_default=text("1"), default=1)
    """How often in a row it could not be reached for now; a few times make a stop."""
    seen_at: Mapped[dt.datetime]
    stopped_at: Mapped[dt.datetime | None]
    """Since when no notices go there; proving the address removes the row."""
