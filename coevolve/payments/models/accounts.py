"""Bank accounts donors transfer to."""

from __future__ import annotations

import uuid

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit.db import Created, Model, UuidKey


class BankAccount(UuidKey, Created, Model):
    """An account of the platform that donors transfer to. Its particulars stand in versions, which are never edited."""

    __tablename__ = "payment_bank_account"

    unit: Mapped[str] = mapped_column(ForeignKey("ledger_unit.code"))
    is_receiving: Mapped[bool] = mapped_column(server_default=text("true"), default=True)
    """Whether donors are shown this account."""


class BankAccountVersion(UuidKey, Created, Model):
    """The particulars of an account from a day on; the newest one counts."""

    __tablename__ = "payment_bank_account_version"
    __table_args__ = (
        UniqueConstraint("bank_account_id", "version"),
        CheckConstraint("account_number ~ '^[0-9]{5,24}$'", name="number_digits"),
    )

    bank_account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment_bank_account.id"))
    version: Mapped[int] = mapped_column(SmallInteger)
    bank_name: Mapped[str]
    account_number: Mapped[str]
    holder: Mapped[str]
    """The name on the account, as the bank has it."""
    added_by: Mapped[uuid.UUID | None]
