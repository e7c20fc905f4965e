"""A bank whose lines the tests write."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from sqlalchemy import select

from coevolve.kit import clock
from coevolve.kit.db import session
from coevolve.kit.money import Money
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.payments import service as payment_service
from coevolve.payments.models import Payment
from coevolve.people.models import Person
from coevolve.pledges import queries as pledges
from coevolve.reconciliation import service
from coevolve.reconciliation.models import Allocation, Case, Line
from coevolve.reconciliation.service.posting import Matched
from tests.factories import payments as factory
from tests.factories import people
from tests.invariants import assert_books_balance

_numbers = itertools.count(1)
_finance: dict[str, Person] = {}


def line(money: Money | int, words: str = "TRSF E-BANKING", *, payer: str | None = None, **over: Any) -> Line:
    """A line of the statement: rupiah as a number, or exact money."""
    amount = money if isinstance(money, Money) else Money(money * 100)
    said: dict[str, Any] = {
        "bank_account_id": factory.bank_account().id,
        "booked_on": clock.today(),
        "money": Money(abs(amount.amount), amount.unit),
        "words": f"{words} {payer or ''}".strip(),
        "bank_ref": f"T{next(_numbers):06d}",
        "by": people.finance().id,
        "is_outgoing": amount.amount < 0,
        "payer": payer,
    }
    return service.enter_bank_line(**said | over)


def whole(payment: Payment, *, off: int = 0) -> Money:
    """What a payment awaits, some rupiah off."""
    return Money(payment.amount + off * 100, payment.unit)


def name_of(payment: Payment) -> str:
    """The giver's name as our records have it."""
    return payment.payer_norm or ""


def run() -> Matched:
    """All stages and all postings."""
    session().flush()
    return service.match([factory.bank_account().id], typed=True, seconds=None)


def state(line: Line) -> tuple[str, str | None]:
    """Where a line stands and why."""
    session().refresh(line)
    return line.state, line.reason


def rules(line: Line) -> list[str]:
    """By which rules it is matched or proposed now."""
    statement = select(Allocation.rule).where(
        Allocation.line_id == line.id,
        Allocation.undone_at.is_(None),
        Allocation.target_kind != "unidentified",
    )
    return sorted(session().execute(statement).scalars())


def fresh(payment: Payment) -> Payment:
    """The payment as it is now."""
    session().refresh(payment)
    return payment


def fund_of(payment: Payment) -> int:
    """What the fund of its listing holds."""
    return ledger.balance(accounts.fund(pledges.get(payment.reference_id).listing_id))


def in_bank() -> int:
    """What our bank account holds by the books."""
    return -ledger.balance(accounts.bank(factory.bank_account().id))


def kinds() -> list[str]:
    """Kinds of the cases that are open."""
    open_ones = select(Case.kind).where(Case.state.not_in(["resolved", "written_off"]))
    return sorted(session().execute(open_ones).scalars())


def expire(payment: Payment, *, ago: dt.timedelta = dt.timedelta(hours=1)) -> None:
    """Let the payment's deadline, its grace and all have passed so long ago; then the clock's job runs."""
    hold = (payment.hold_until or clock.now()) - (payment.expires_at or clock.now())
    payment.hold_until = clock.now() - ago
    payment.expires_at = payment.hold_until - hold
    session().flush()
    service.expire_transfers()
    session().refresh(payment)


def books_balance() -> None:
    """Every rule of the books, receipts numbered as the worker would."""
    payment_service.number_receipts()
    assert_books_balance()
