"""Bank accounts: the platform's, to which donors transfer, and those of organisations, to which money is paid out."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    SmallInteger,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit.db import Created, Model, UuidKey


class BankAccount(UuidKey, Created, Model):
    """A bank account. Its particulars stand in versions, which are never edited."""

    __tablename__ = "payment_bank_account"
    __table_args__ = (
        Index(
            "uq_payment_bank_account_organisation_id",
            "organisation_id",
            "unit",
            unique=True,
            postgresql_where=text("organisation_id IS NOT NULL AND claim_id IS NULL"),
        ),
        Index(
            "uq_payment_bank_account_receiving",
            "organisation_id",
            "unit",
            unique=True,
            postgresql_where=text("organisation_id IS NOT NULL AND is_receiving"),
        ),
        Index(
            "uq_payment_bank_account_claim_id",
            "claim_id",
            unique=True,
            postgresql_where=text("claim_id IS NOT NULL"),
        ),
        CheckConstraint(
            "organisation_id IS NULL OR NOT is_receiving OR claim_id IS NOT NULL",
            name="receiving_was_checked",
        ),
    )

    organisation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organisation.id"))
    """Whose it is; empty: the platform's."""
    unit: Mapped[str] = mapped_column(ForeignKey("ledger_unit.code"))
    is_receiving: Mapped[bool] = mapped_column(server_default=text("true"), default=True)
    """Whether donors are shown this account."""
    claim_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("verification_claim.id"))
    """Direct custody: the checked claim with which it was opened to donors. One bank account, one row: another
    number is another account, with books and statements of its own. Empty: ours, or what an organisation stated."""


class BankAccountVersion(UuidKey, Created, Model):
    """The particulars of an account from a day on. A trigger refuses to change or remove one."""

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
    note: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """Why the holder's name is not the organisation's, if it is not."""
    claim_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("verification_claim.id"))
    """What the organisation claims with it, and a moderator checks; empty for the platform's own."""
    added_by: Mapped[uuid.UUID | None]


class BankAccountApproval(Model):
    """The second yes to an organisation's account: three people have looked at it, one of them from outside staff."""

    __tablename__ = "payment_bank_account_approval"
    __table_args__ = (
        CheckConstraint(
            "stated_by <> checked_by AND stated_by <> seconded_by AND checked_by <> seconded_by",
            name="three_people",
        ),
    )

    version_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("payment_bank_account_version.id"), primary_key=True
    )
    stated_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    checked_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    seconded_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())
