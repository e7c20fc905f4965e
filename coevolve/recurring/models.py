"""Tables of monthly gifts: the plan, and each of its months."""

from __future__ import annotations

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit.db import Created, Model, UuidKey
from coevolve.kit.moves import Machine
from coevolve.recurring import words


class MonthlyState(StrEnum):
    """Where a monthly gift stands."""

    pending = "pending"
    active = "active"
    past_due = "past_due"
    paused = "paused"
    stopped = "stopped"


S = MonthlyState
CHARGED = (S.active, S.past_due)
"""States in which the clock charges the card."""

MONTHLY_GIFT = Machine(
    "monthly_gift",
    {
        S.pending: {S.active, S.stopped},
        S.active: {S.past_due, S.paused, S.stopped},
        S.past_due: {S.active, S.paused, S.stopped},
        S.paused: {S.active, S.stopped},
        S.stopped: set(),
    },
    initial={S.pending},
)
"""Giver: pause, resume, stop. Books: active with the first money, past_due when a bank says no. Clock: paused when the
card fails again and again or the listing takes no gifts; stopped when the first money never comes."""


class MonthlyGift(UuidKey, Created, Model):
    """A plan: the same sum to the same listing on the same day of every month, from a card that the provider keeps."""

    __tablename__ = "monthly_gift"
    __table_args__ = (
        CheckConstraint("state IN ('pending','active','past_due','paused','stopped')", name="state"),
        CheckConstraint("unit = 'IDR' AND amount > 0 AND mod(amount, 100) = 0", name="whole_rupiah"),
        CheckConstraint("day BETWEEN 1 AND 31", name="day"),
        CheckConstraint("state IN ('pending','stopped') OR card_ref IS NOT NULL", name="card"),
        CheckConstraint("(card_ref IS NULL) = (customer_ref IS NULL)", name="card_of_customer"),
        CheckConstraint("due_at IS NULL OR state IN ('active','past_due')", name="due"),
        CheckConstraint("paused_because IS NULL OR state = 'paused'", name="paused"),
        CheckConstraint("paused_because IN ('giver','card','listing','rights')", name="paused_because"),
        CheckConstraint("failures >= 0", name="failures"),
        CheckConstraint(
            "length(public_name) <= 120 AND length(guest_name) <= 120 AND length(card_last4) <= 4",
            name="texts",
        ),
        UniqueConstraint("client_token"),
        Index("ix_monthly_gift_due_at", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index("ix_monthly_gift_giver_person_id", "giver_person_id", "created_at"),
        Index("ix_monthly_gift_giver_organisation_id", "giver_organisation_id", "created_at"),
        Index("ix_monthly_gift_listing_id", "listing_id"),
        Index(
            "ix_monthly_gift_waiting",
            "created_at",
            postgresql_where=text("state = 'pending' OR paused_because = 'listing'"),
        ),
    )
    machine: ClassVar[Machine] = MONTHLY_GIFT
    state_labels: ClassVar[dict[str, Any]] = words.STATES

    listing_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing.id"))
    giver_person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    """Who gives, or acts for the organisation that gives; a guest's row stands in people too."""
    giver_organisation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organisation.id"))
    state: Mapped[str]
    unit: Mapped[str] = mapped_column(ForeignKey("ledger_unit.code"))
    amount: Mapped[int]
    """Each month, in minor units; whole rupiah."""
    day: Mapped[int] = mapped_column(SmallInteger)
    """Of the month; in a shorter month its last."""
    is_guest: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    """Begun without signing in; its giver acts by signed links."""
    guest_name: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """The name a guest typed, for the receipts."""
    is_name_public: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    shares_identity: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    public_name: Mapped[str] = mapped_column(server_default=text("''"), default="")
    language: Mapped[str] = mapped_column(server_default=text("'id'"), default="id")
    client_token: Mapped[uuid.UUID]
    """Comes with the form: a double click finds the same plan."""
    customer_ref: Mapped[str | None]
    card_ref: Mapped[str | None]
    """The provider's names for giver and card; the number itself never comes here."""
    card_brand: Mapped[str] = mapped_column(server_default=text("''"), default="")
    card_last4: Mapped[str] = mapped_column(server_default=text("''"), default="")
    due_at: Mapped[dt.datetime | None]
    """When the clock charges next, or tries again."""
    failures: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"), default=0)
    """Charges in a row that a bank refused."""
    paused_because: Mapped[str | None]


class MonthlyCharge(UuidKey, Created, Model):
    """One month of a plan: its pledge, which is paid once, however many tries that takes."""

    __tablename__ = "monthly_charge"
    __table_args__ = (
        CheckConstraint("extract(day FROM month) = 1", name="month"),
        CheckConstraint("tries >= 0", name="tries"),
        CheckConstraint("paid_at IS NULL OR ended_at IS NULL", name="paid_or_ended"),
        UniqueConstraint("plan_id", "month"),
        UniqueConstraint("pledge_id"),
        Index(
            "uq_monthly_charge_open",
            "plan_id",
            unique=True,
            postgresql_where=text("paid_at IS NULL AND ended_at IS NULL"),
        ),
    )

    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("monthly_gift.id"))
    month: Mapped[dt.date]
    """The first of the month in which it is charged. No month of a plan is charged twice: a fact of the database."""
    pledge_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pledge.id"))
    tries: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"), default=0)
    """Charges without anybody at the keyboard, each a payment of its own; never two at once."""
    last_failure: Mapped[str | None]
    """The provider's word for why the last try failed."""
    failed_payment_id: Mapped[uuid.UUID | None]
    """The last payment whose failure was counted, so that none counts twice."""
    paid_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    """Given up, unpaid."""
