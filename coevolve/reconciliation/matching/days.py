"""A day of our bank accounts in figures, and the lines behind each figure."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_, select, text

from coevolve.kit.db import session
from coevolve.payments.models import BankAccount
from coevolve.reconciliation.models import Line, LineState

WAITING = (LineState.unmatched, LineState.proposed, LineState.review)


@dataclass(frozen=True, kw_only=True)
class AccountDay:
    """One day of one account, or of all: what the bank says, what of it is explained. Minor units."""

    account_id: uuid.UUID | None
    came: int = 0
    went: int = 0
    matched: int = 0
    """Of what came: booked for what it paid."""
    waiting: int = 0
    """Of what came: not yet known, or left out with a reason."""
    booked: int = 0
    """Net sum of all lines in the books, unidentified money included."""
    lines: int = 0
    lines_matched: int = 0
    lines_waiting: int = 0
    lines_outside: int = 0
    """Lines whose money is not (wholly) in the books yet."""
    ignored: int = 0
    """Net sum of lines left out with a reason."""
    own: int = 0
    """Of it, what an organisation spent from its own bank: its own matter, so explained."""

    @property
    def difference(self) -> int:
        """What the bank says less what the books say."""
        return self.came - self.went - self.booked - self.own

    @property
    def unexplained(self) -> int:
        """Money that is neither booked nor shown as waiting: never anything but nil."""
        return self.came - self.matched - self.waiting


@dataclass(frozen=True, kw_only=True)
class Day:
    """One day of our bank accounts and the provider, in minor units of one currency."""

    on: dt.date
    unit: str
    total: AccountDay
    accounts: list[AccountDay]
    by_card: int

    @property
    def came(self) -> int:
        """What came in by bank."""
        return self.total.came

    @property
    def matched(self) -> int:
        """What of it is explained."""
        return self.total.matched

    @property
    def waiting(self) -> int:
        """What of it waits for a person."""
        return self.total.waiting

    @property
    def lines(self) -> int:
        """How many lines of money in or out."""
        return self.total.lines

    @property
    def lines_waiting(self) -> int:
        """How many of them wait."""
        return self.total.lines_waiting

    @property
    def difference(self) -> int:
        """The bank less the books."""
        return self.total.difference


_DAY = """
WITH l AS (
  SELECT l.bank_account_id, l.amount, l.allocated, l.state,
      l.state = 'ignored' AND l.reason IS NOT DISTINCT FROM 'own_spending' AS is_own, l.allocated - coalesce((
      SELECT sum(a.amount) FROM recon_allocation a
       WHERE a.line_id = l.id AND a.target_kind = 'unidentified' AND a.undone_at IS NULL), 0) AS known
    FROM recon_line l
   WHERE l.booked_on = :on AND l.unit = :unit AND l.bank_account_id = ANY(CAST(:accounts AS uuid[]))
)
SELECT bank_account_id AS account_id,
    coalesce(sum(amount) FILTER (WHERE amount > 0), 0)::bigint AS came,
    coalesce(-sum(amount) FILTER (WHERE amount < 0), 0)::bigint AS went,
    coalesce(sum(known) FILTER (WHERE amount > 0), 0)::bigint AS matched,
    coalesce(sum(amount - known) FILTER (WHERE amount > 0), 0)::bigint AS waiting,
    coalesce(sum(allocated), 0)::bigint AS booked,
    count(*) AS lines,
    count(*) FILTER (WHERE known = amount) AS lines_matched,
    count(*) FILTER (WHERE known <> amount AND state <> 'ignored') AS lines_waiting,
    count(*) FILTER (WHERE allocated <> amount AND NOT is_own) AS lines_outside,
    coalesce(sum(amount) FILTER (WHERE state = 'ignored'), 0)::bigint AS ignored,
    coalesce(sum(amount) FILTER (WHERE is_own), 0)::bigint AS own
  FROM l GROUP BY GROUPING SETS ((), (bank_account_id)) ORDER BY bank_account_id NULLS FIRST
"""

_BY_CARD = """
SELECT coalesce(sum(captured), 0)::bigint FROM payment
 WHERE provider = 'stripe' AND unit = :unit AND captured > 0
   AND captured_at >= (CAST(:on AS date)::timestamp AT TIME ZONE 'Asia/Jakarta')
   AND captured_at < ((CAST(:on AS date) + 1)::timestamp AT TIME ZONE 'Asia/Jakarta')
"""


FIGURES = (
    "came",
    "went",
    "matched",
    "waiting",
    "booked",
    "lines",
    "lines_matched",
    "lines_waiting",
    "lines_outside",
    "ignored",
    "own",
)


Accounts = Collection[uuid.UUID] | None
"""Bank accounts to look at; None: the platform's own, never an organisation's."""


def within(accounts: Accounts) -> ColumnElement[bool]:
    """The condition that a line is of these accounts."""
    if accounts is not None:
        return Line.bank_account_id.in_(accounts)
    return Line.bank_account_id.in_(select(BankAccount.id).where(BankAccount.organisation_id.is_(None)))


def day(on: dt.date, unit: str = "IDR", *, of: Accounts = None) -> Day:
    """What came into these accounts on a day, in all and per account, and how much of it is explained."""
    ours = select(BankAccount.id).where(BankAccount.organisation_id.is_(None))
    accounts = list(session().execute(ours).scalars()) if of is None else list(of)
    values = {"on": on, "unit": unit, "accounts": accounts}
    rows = [
        AccountDay(account_id=row["account_id"], **{key: int(row[key]) for key in FIGURES})
        for row in session().execute(text(_DAY), values).mappings()
    ]
    by_card = session().execute(text(_BY_CARD), {"on": on, "unit": unit}).scalar_one() if of is None else 0
    return Day(on=on, unit=unit, total=rows[0], accounts=rows[1:], by_card=int(by_card))


FILTERS: dict[str, ColumnElement[bool]] = {
    "masuk": Line.amount > 0,
    "keluar": Line.amount < 0,
    "cocok": Line.state == LineState.matched,
    "belum": Line.state.in_([*WAITING, LineState.partly]),
    "usulan": Line.state == LineState.proposed,
    "selisih": and_(
        Line.allocated != Line.amount,
        or_(Line.state != LineState.ignored, Line.reason.is_distinct_from("own_spending")),
    ),
}
"""What the page of lines can be narrowed to; each figure of a day opens one of these."""


def lines_of(
    *,
    of: Accounts = None,
    on: dt.date | None = None,
    account_id: uuid.UUID | None = None,
    narrowed: str = "",
    waiting: bool = False,
    before_id: int | None = None,
    limit: int = 30,
) -> list[Line]:
    """Lines of these bank accounts, newest first."""
    statement = select(Line).where(within(of)).order_by(Line.id.desc()).limit(limit)
    if on is not None:
        statement = statement.where(Line.booked_on == on)
    if account_id is not None:
        statement = statement.where(Line.bank_account_id == account_id)
    if narrowed in FILTERS:
        statement = statement.where(FILTERS[narrowed])
    if waiting:
        statement = statement.where(Line.state.in_(WAITING))
    if before_id is not None:
        statement = statement.where(Line.id < before_id)
    return list(session().execute(statement).scalars())


def queue(
    *,
    of: Accounts = None,
    account_id: uuid.UUID | None = None,
    after: int | None = None,
    limit: int = 30,
) -> list[Line]:
    """Lines of these accounts that wait for a person: proposals before open questions, the oldest day first."""
    statement = select(Line).where(
        within(of),
        or_(
            Line.state.in_([LineState.proposed, LineState.review]),
            and_(Line.state == LineState.partly, Line.reason.is_not(None)),
        ),
    )
    if account_id is not None:
        statement = statement.where(Line.bank_account_id == account_id)
    if after is not None:
        statement = statement.where(Line.id > after)
    rows = session().execute(statement.order_by(Line.id).limit(limit)).scalars()
    return list(rows)
