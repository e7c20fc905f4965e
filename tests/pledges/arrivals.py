"""Money that comes for pledges, booked as reconciliation books it."""

from __future__ import annotations

import itertools
from typing import Any

from coevolve.kit import clock, db
from coevolve.kit.db import uuid7
from coevolve.kit.money import rupiah
from coevolve.ledger import accounts
from coevolve.payments.models import Payment
from coevolve.pledges import queries, service
from coevolve.pledges.models import Pledge
from coevolve.reconciliation.models import Case
from coevolve.reconciliation.service.booking import Arrival, book, settlement_of

_count = itertools.count(1)


def arrives(payment: Payment, whole: int | None = None, *, sen: int = 0) -> Payment:
    """So much money comes for a payment by card; all of it unless said otherwise."""
    money = rupiah(whole) if whole is not None else rupiah(payment.amount // 100)
    if sen:
        money = type(money)(money.amount + sen)
    settlement = settlement_of(payment)
    payment = db.lock(Payment, payment.id)
    arrival = Arrival(
        key=f"stripe:charge:ch_{next(_count)}_{payment.id}:capture",
        from_account=accounts.provider_clearing("stripe", "", "IDR"),
        money=money,
        at=clock.now(),
    )
    book(payment, settlement, arrival)
    return payment


def pays(pledge: Pledge, whole: int | None = None, **over: Any) -> Payment:
    """The giver pays by card, and the money comes."""
    amount = None if whole is None else rupiah(whole).amount
    payment = service.pay(pledge_id=pledge.id, method="checkout", client_token=uuid7(), amount=amount, **over)
    return arrives(payment)


def cases() -> list[str]:
    """The kinds of open cases."""
    rows = db.session().query(Case).filter(Case.state.not_in(["resolved", "written_off"]))
    return sorted(case.kind for case in rows)


def line_of(pledge: Pledge) -> Any:
    """The line of money, fresh."""
    line = queries.money_line_of(pledge.id)
    db.session().refresh(line)
    return line
