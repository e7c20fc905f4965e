"""What the pages of statements show: accounts with their statements, one statement's lines and what became of them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text

from coevolve.kit.db import get, session
from coevolve.payments.queries import AccountShown
from coevolve.reconciliation.models import BankProfile, BankStatement, Line, StatementFile
from coevolve.reconciliation.statements import joining
from coevolve.reconciliation.statements.profiles import ANY_TABLE
from coevolve.reconciliation.statements.reasons import Unreadable
from coevolve.reconciliation.statements.tables import Table, as_text, read_table
from coevolve.reconciliation.statements.words import label_of

SAMPLE_ROWS = 14
SAMPLE_BYTES = 3_000_000
"""A larger file is not read for a preview: its result is seen once it is read by a worker."""


@dataclass(frozen=True, kw_only=True)
class AccountStatements:
    """One account and how far its statements reach."""

    account: AccountShown
    profile: BankProfile | None
    label: str
    balance: int | None
    until: dt.date | None
    statements: Sequence[BankStatement]


def statement(statement_id: uuid.UUID) -> BankStatement:
    """One statement."""
    return get(BankStatement, statement_id)


def by_account(accounts: Sequence[AccountShown], *, limit: int = 12) -> list[AccountStatements]:
    """Each account with its latest statements, its profile and the end of its chain."""
    found = []
    for account in accounts:
        profile = profile_of_account(account.id)
        _first, last = joining.chain_ends(account.id)
        found.append(
            AccountStatements(
                account=account,
                profile=profile,
                label=label_of(profile.code) if profile else "",
                balance=last.balance if last else None,
                until=last.on if last else None,
                statements=latest(account.id, limit=limit),
            )
        )
    return found


def profile_of_account(bank_account_id: uuid.UUID) -> BankProfile | None:
    """How an account's files are read now."""
    rows = (
        select(BankProfile)
        .where(BankProfile.bank_account_id == bank_account_id)
        .order_by(BankProfile.id.desc())
        .limit(1)
    )
    return session().execute(rows).scalar_one_or_none()


def latest(bank_account_id: uuid.UUID, *, limit: int = 12) -> list[BankStatement]:
    """The statements of an account, the latest handed in first."""
    rows = (
        select(BankStatement)
        .where(BankStatement.bank_account_id == bank_account_id)
        .order_by(BankStatement.id.desc())
        .limit(limit)
    )
    return list(session().execute(rows).scalars())


def lines_of(statement_id: uuid.UUID, *, limit: int = 50) -> list[Line]:
    """The first lines that a statement brought, in the bank's order."""
    rows = select(Line).where(Line.statement_id == statement_id).order_by(Line.seq, Line.id).limit(limit)
    return list(session().execute(rows).scalars())


def outcome(statement_id: uuid.UUID) -> dict[str, list[Any]]:
    """What became of the lines a statement brought: by state, and by the rule that matched them."""
    states = session().execute(
        text(
            "SELECT state, count(*) AS lines, sum(amount)::bigint AS amount FROM recon_line"
            " WHERE statement_id = :id GROUP BY state ORDER BY count(*) DESC, state"
        ),
        {"id": statement_id},
    )
    rules = session().execute(
        text(
            "SELECT a.rule, count(*) AS lines, sum(a.amount)::bigint AS amount FROM recon_allocation a"
            " JOIN recon_line l ON l.id = a.line_id"
            " WHERE l.statement_id = :id AND a.undone_at IS NULL GROUP BY a.rule ORDER BY count(*) DESC, a.rule"
        ),
        {"id": statement_id},
    )
    return {"states": list(states.mappings()), "rules": list(rules.mappings())}


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The first rows of a file whose columns wait to be chosen."""

    rows: list[tuple[int, list[str]]]
    width: int
    is_small: bool
    why: Unreadable | None = None


def sample(statement_id: uuid.UUID, *, most_rows: int) -> Sample:
    """The first rows of a waiting file, as they lie in it."""
    content = get(StatementFile, statement_id).content
    try:
        table: Table = read_table(content, ANY_TABLE, most_rows=most_rows)
    except Unreadable as why:
        return Sample(rows=[], width=0, is_small=False, why=why)
    first = [row for row in table.rows if not row.is_blank()][:SAMPLE_ROWS]
    width = max((len(row.cells) for row in table.rows[:200]), default=0)
    return Sample(
        rows=[(number_of(table, row.number), [as_text(cell) for cell in row.cells]) for row in first],
        width=width,
        is_small=len(content) <= SAMPLE_BYTES,
    )


def number_of(table: Table, line: int) -> int:
    """Which row of the table begins at a line of the file (they differ when texts hold line breaks)."""
    return next(place for place, row in enumerate(table.rows, start=1) if row.number == line)
