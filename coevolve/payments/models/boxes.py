"""What goes to providers and what comes from them: outbox, inbox, cursors."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit.db import BigKey, Claim, Model


class Inbox(BigKey, Claim, Model):
    """What a provider told us, kept for ever as it came. An event is a hint; we believe the fetched object."""

    __tablename__ = "payment_inbox"
    __table_args__ = (
        UniqueConstraint("provider", "account", "event_id"),
        CheckConstraint("state IN ('new', 'done', 'ignored', 'dead')", name="state_known"),
        CheckConstraint("via IN ('push', 'poll', 'replay')", name="via_known"),
        Index("ix_payment_inbox_due", "next_at", postgresql_where=text("state = 'new'")),
        Index("ix_payment_inbox_object", "object_ref", postgresql_where=text("state = 'new'")),
    )

    provider: Mapped[str]
    account: Mapped[str] = mapped_column(server_default=text("''"), default="")
    event_id: Mapped[str]
    event_type: Mapped[str]
    object_ref: Mapped[str | None]
    livemode: Mapped[bool]
    provider_created: Mapped[dt.datetime | None]
    received_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())
    raw: Mapped[bytes]
    sha256: Mapped[bytes]
    via: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'new'"), default="new")


class Outbox(BigKey, Claim, Model):
    """A call to a provider: its intent and its key are committed before it goes out."""

    __tablename__ = "payment_outbox"
    __table_args__ = (
        CheckConstraint("state IN ('due', 'unknown', 'sent', 'done', 'dead')", name="state_known"),
        Index("ix_payment_outbox_due", "next_at", postgresql_where=text("state IN ('due', 'unknown')")),
        Index("ix_payment_outbox_payment_id", "payment_id"),
    )

    topic: Mapped[str]
    """checkout.create or checkout.expire."""
    dedupe_key: Mapped[str] = mapped_column(unique=True)
    payment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payment.id"))
    payload: Mapped[dict[str, Any]]
    provider_key: Mapped[uuid.UUID] = mapped_column(server_default=func.gen_random_uuid())
    """The idempotency key: the same on every try."""
    first_sent_at: Mapped[dt.datetime | None]
    state: Mapped[str] = mapped_column(server_default=text("'due'"), default="due")
    """unknown: committed just before the call, so it may have happened."""
    result: Mapped[dict[str, Any] | None]


class Cursor(Model):
    """How far a poll of a provider has read; moved by the poll only, so that a later push cannot hide a gap."""

    __tablename__ = "payment_cursor"

    provider: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(primary_key=True)
    read_until: Mapped[dt.datetime]
