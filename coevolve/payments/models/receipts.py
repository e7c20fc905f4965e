"""Receipts and their numbers."""

from __future__ import annotations

import datetime as dt
import uuid

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


class Receipt(UuidKey, Created, Model):
    """The receipt of a captured payment. The row is written with the capture; a worker gives numbers in order."""

    __tablename__ = "payment_receipt"
    __table_args__ = (
        UniqueConstraint("issuer", "year", "number"),
        CheckConstraint("(number IS NULL) = (year IS NULL)", name="number_with_year"),
        CheckConstraint("amount > 0", name="amount_positive"),
        Index(
            "uq_payment_receipt_live", "payment_id", unique=True, postgresql_where=text("annulled_at IS NULL")
        ),
        Index("ix_payment_receipt_unnumbered", "issuer", "id", postgresql_where=text("number IS NULL")),
    )

    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment.id"))
    issuer: Mapped[str]
    year: Mapped[int | None] = mapped_column(SmallInteger)
    number: Mapped[int | None]
    code: Mapped[str] = mapped_column(unique=True)
    """For the verification page: random, tells nothing."""
    unit: Mapped[str] = mapped_column(ForeignKey("ledger_unit.code"))
    amount: Mapped[int]
    paid_on: Mapped[dt.date]
    annulled_at: Mapped[dt.datetime | None]
    annulled_because: Mapped[str | None]


class ReceiptCounter(Model):
    """The last number given per issuer and year; only the numbering worker locks it."""

    __tablename__ = "payment_receipt_counter"

    issuer: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    last: Mapped[int] = mapped_column(server_default=text("0"), default=0)
