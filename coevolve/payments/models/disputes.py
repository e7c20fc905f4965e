"""Disputes, in Stripe's words."""

from __future__ import annotations

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit.db import Created, Model, UuidKey
from coevolve.kit.moves import Machine
from coevolve.payments import words


class DisputeState(StrEnum):
    """Stripe's own words; a word not in this list opens a case."""

    warning_needs_response = "warning_needs_response"
    warning_under_review = "warning_under_review"
    warning_closed = "warning_closed"
    needs_response = "needs_response"
    under_review = "under_review"
    won = "won"
    lost = "lost"
    prevented = "prevented"


D = DisputeState
DISPUTE_HOLDS = (D.needs_response, D.under_review)
"""States in which the provider has taken the money until it decides."""
DISPUTE = Machine(
    "dispute",
    {
        D.warning_needs_response: {
            D.warning_under_review,
            D.warning_closed,
            D.needs_response,
            D.under_review,
            D.won,
            D.lost,
            D.prevented,
        },
        D.warning_under_review: {
            D.warning_closed,
            D.needs_response,
            D.under_review,
            D.won,
            D.lost,
            D.prevented,
        },
        D.warning_closed: {D.needs_response, D.under_review, D.won, D.lost},
        D.needs_response: {D.under_review, D.won, D.lost, D.prevented},
        D.under_review: {D.won, D.lost, D.prevented},
        D.won: {D.lost},
        D.lost: {D.won},
        D.prevented: set(),
    },
    initial=set(DisputeState),
)


class Dispute(UuidKey, Created, Model):
    """A giver's bank asks for the money back; the provider holds it until the question is decided."""

    __tablename__ = "payment_dispute"
    __table_args__ = (
        UniqueConstraint("provider", "account", "provider_ref"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("held >= 0 AND held <= amount", name="held_within"),
        Index("ix_payment_dispute_payment_id", "payment_id"),
    )
    machine: ClassVar[Machine] = DISPUTE
    state_labels: ClassVar[dict[str, Any]] = words.DISPUTES

    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment.id"))
    provider: Mapped[str]
    account: Mapped[str] = mapped_column(server_default=text("''"), default="")
    provider_ref: Mapped[str]
    unit: Mapped[str] = mapped_column(ForeignKey("ledger_unit.code"))
    amount: Mapped[int]
    state: Mapped[str]
    reason: Mapped[str | None]
    held: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    """How much is held aside for it now."""
    holds: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"), default=0)
    """How often it was held aside: a lost dispute that was won before is held anew."""
    hold_posting_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_posting.id"))
    """The posting that holds it now or held it last; the way back is its mirror."""
    gift: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    """How much of what is held had counted as a gift; the rest lay as the giver's credit."""
    pledge_back: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    """How much of it the pledge gave back because it was lost."""
    due_at: Mapped[dt.datetime | None]
    """Until when the provider takes our answer."""
    evidence: Mapped[str | None]
    """What finance found and answered, in its own words."""
    evidence_by: Mapped[uuid.UUID | None]
    evidence_at: Mapped[dt.datetime | None]
