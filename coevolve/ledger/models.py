"""Tables of the books. A trigger and rights refuse UPDATE, DELETE and TRUNCATE on the append-only ones."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit.db import BigKey, Model

CASH = "cash"
COMMITMENT = "commitment"
#: Amounts stay below this, far inside 64 bits, so that sums of many rows cannot overflow either.
AMOUNT_LIMIT = 9_000_000_000_000_000


class Unit(Model):
    """What an amount counts: a currency in its minor unit, or a thing (X:KG, X:HOUR)."""

    __tablename__ = "ledger_unit"
    __table_args__ = (
        CheckConstraint("code ~ '^([A-Z]{3}|X:[A-Z0-9_]{1,24})$'", name="code"),
        CheckConstraint("exponent BETWEEN 0 AND 6", name="exponent"),
        CheckConstraint("kind IN ('currency', 'goods', 'time', 'facility')", name="kind"),
    )

    code: Mapped[str] = mapped_column(primary_key=True)
    exponent: Mapped[int] = mapped_column(SmallInteger)
    kind: Mapped[str]


class Account(BigKey, Model):
    """A place amounts move between. Code, unit, book, class and floor are fixed once written."""

    __tablename__ = "ledger_account"
    __table_args__ = (
        CheckConstraint("book IN ('cash', 'commitment')", name="book"),
        CheckConstraint("class IN ('asset', 'liability', 'income', 'expense', 'memo')", name="class"),
        CheckConstraint("book = 'commitment' OR unit !~ '^X:'", name="cash_is_money"),
        UniqueConstraint("id", "unit", "book"),
        Index("ix_ledger_account_owner_id", "owner_id", postgresql_where=text("owner_id IS NOT NULL")),
    )

    code: Mapped[str] = mapped_column(unique=True)
    unit: Mapped[str] = mapped_column(ForeignKey("ledger_unit.code"))
    book: Mapped[str]
    #: asset, liability, income, expense or memo
    kind_class: Mapped[str] = mapped_column("class")
    #: least balance (credits - debits) allowed; NULL: none
    floor: Mapped[int | None] = mapped_column(BigInteger)
    #: the organisation in whose bank the money lies; NULL: ours
    custodian_id: Mapped[uuid.UUID | None]
    owner_kind: Mapped[str | None]
    owner_id: Mapped[uuid.UUID | None]


class Posting(BigKey, Model):
    """Transfers written together under one key that names the object (``stripe:charge:ch_1:capture``)."""

    __tablename__ = "ledger_posting"
    __table_args__ = (
        Index(
            "uq_ledger_posting_reverses_id",
            "reverses_id",
            unique=True,
            postgresql_where=text("reverses_id IS NOT NULL"),
        ),
    )

    idempotency_key: Mapped[str] = mapped_column(unique=True)
    #: hash of the content, so that a key reused for other content is an error and never a silent no-op
    content_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    kind: Mapped[str]
    reverses_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("ledger_posting.id"))
    source_kind: Mapped[str]
    source_id: Mapped[uuid.UUID]
    #: when it happened (theirs); posted_at is when we wrote it
    effective_at: Mapped[dt.datetime]
    posted_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())
    actor: Mapped[str]


class Transfer(BigKey, Model):
    """One amount from the debited to the credited account; ``pending`` promises, ``fulfil`` and ``void`` settle it."""

    __tablename__ = "ledger_transfer"
    __table_args__ = (
        CheckConstraint("amount > 0 AND amount < 9000000000000000", name="amount"),
        CheckConstraint("phase IN ('single', 'pending', 'fulfil', 'void')", name="phase"),
        CheckConstraint("(phase IN ('fulfil', 'void')) = (pending_id IS NOT NULL)", name="pending"),
        CheckConstraint("debit_id <> credit_id", name="two_accounts"),
        UniqueConstraint("posting_id", "leg"),
        ForeignKeyConstraint(
            ["debit_id", "unit", "book"],
            ["ledger_account.id", "ledger_account.unit", "ledger_account.book"],
            name="fk_ledger_transfer_debit",
        ),
        ForeignKeyConstraint(
            ["credit_id", "unit", "book"],
            ["ledger_account.id", "ledger_account.unit", "ledger_account.book"],
            name="fk_ledger_transfer_credit",
        ),
        Index("ix_ledger_transfer_debit_id_id", "debit_id", "id"),
        Index("ix_ledger_transfer_credit_id_id", "credit_id", "id"),
        Index("ix_ledger_transfer_pending_id", "pending_id", postgresql_where=text("pending_id IS NOT NULL")),
        Index("uq_ledger_transfer_void", "pending_id", unique=True, postgresql_where=text("phase = 'void'")),
    )

    posting_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("ledger_posting.id"))
    leg: Mapped[int] = mapped_column(SmallInteger)
    debit_id: Mapped[int] = mapped_column(BigInteger)
    credit_id: Mapped[int] = mapped_column(BigInteger)
    unit: Mapped[str]
    book: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)
    phase: Mapped[str]
    pending_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("ledger_transfer.id"))
    #: spends the debited account's money on its purpose (disbursement, fee): lowers its balance, not what it received
    is_spending: Mapped[bool] = mapped_column(server_default=text("false"))


class Pending(Model):
    """Working counter of one pending transfer; outstanding = amount - fulfilled - voided. Recomputed by I4."""

    __tablename__ = "ledger_pending"
    __table_args__ = (
        CheckConstraint(
            "fulfilled >= 0 AND voided >= 0 AND fulfilled + voided <= amount", name="not_above_amount"
        ),
    )

    id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("ledger_transfer.id"), primary_key=True, autoincrement=False
    )
    amount: Mapped[int] = mapped_column(BigInteger)
    fulfilled: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    voided: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))


class Balance(Model):
    """Folded balance of an account with a floor; the exact one adds its open deltas. Recomputed by I2."""

    __tablename__ = "ledger_balance"
    __table_args__ = (
        CheckConstraint("held >= 0", name="held"),
        CheckConstraint("expected >= 0", name="expected"),
        CheckConstraint("balance - held >= floor", name="floor"),
    )

    account_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("ledger_account.id"), primary_key=True, autoincrement=False
    )
    balance: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    #: pending transfers that debit the account: already spoken for
    held: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    #: pending transfers that credit the account: promised, not here yet
    expected: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    #: debits that spent it on its purpose; received = balance + spent
    spent: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    floor: Mapped[int] = mapped_column(BigInteger)


class Delta(Model):
    """A credit to an account with a floor, not yet folded into its balance row.

    No foreign key: the transfer beside it has one. One index is enough: it is always asked for by its account.
    """

    __tablename__ = "ledger_delta"

    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=False), primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    expected: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    spent: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))


class Snapshot(Model):
    """Balance of an account up to and including transfer ``last_id``; written only when it had moved."""

    __tablename__ = "ledger_snapshot"

    account_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("ledger_account.id"), primary_key=True, autoincrement=False
    )
    last_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    day: Mapped[dt.date]
    balance: Mapped[int] = mapped_column(BigInteger)


class Seal(Model):
    """A day's rows of the books in id order under one hash, chained to the seal before; published."""

    __tablename__ = "ledger_seal"
    __table_args__ = (
        CheckConstraint("row_count >= 0", name="row_count"),
        CheckConstraint("first_id <= last_id + 1", name="ids"),
    )

    day: Mapped[dt.date] = mapped_column(primary_key=True)
    #: first and last transfer id covered; an empty day has first_id = last_id + 1
    first_id: Mapped[int] = mapped_column(BigInteger)
    last_id: Mapped[int] = mapped_column(BigInteger)
    row_count: Mapped[int] = mapped_column(BigInteger)
    previous_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())
