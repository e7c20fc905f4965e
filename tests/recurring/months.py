"""Months that go by, and what can be seen of a plan: shared by the tests of monthly gifts."""

from __future__ import annotations

import contextlib
import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from coevolve.journal.models import JournalLine
from coevolve.kit import clock
from coevolve.kit.db import commit
from coevolve.listings.models import Listing
from coevolve.notifications.models import Message
from coevolve.organisations import queries as organisation_queries
from coevolve.payments import service as payment_service
from coevolve.payments.models import Payment
from coevolve.people.models import Person
from coevolve.recurring import queries, service
from coevolve.recurring.models import MonthlyCharge, MonthlyGift
from tests.conftest import Committed  # noqa: F401
from tests.factories import organisations
from tests.factories import recurring as factory
from tests.payment_sandbox.server import Sandbox

INTENT = "POST /v1/payment_intents"
Work = Callable[[], list[str]]


@contextlib.contextmanager
def on(day: dt.date, hour: int = 10) -> Iterator[None]:
    """That day in Jakarta."""
    with clock.travel(dt.datetime(day.year, day.month, day.day, hour - 7, tzinfo=dt.UTC)):
        yield


def due_on(plan: MonthlyGift) -> dt.date:
    assert plan.due_at is not None
    return (plan.due_at + dt.timedelta(hours=7)).date()


def turn(work_off: Work) -> None:
    """The clock's turn, and all that workers do after it."""
    from workers.recurring import charge

    charge()
    work_off()
    factory.settle()
    work_off()


def months(session: Session, plan: MonthlyGift) -> list[MonthlyCharge]:
    session.expire_all()
    return sorted(queries.months_of(plan.id), key=lambda one: one.month)


def captured(session: Session, plan: MonthlyGift) -> int:
    """How much money its campaign has of it."""
    pledges = select(MonthlyCharge.pledge_id).where(MonthlyCharge.plan_id == plan.id)
    statement = select(func.coalesce(func.sum(Payment.captured), 0)).where(Payment.reference_id.in_(pledges))
    return int(session.execute(statement).scalar_one())


def told(session: Session, plan: MonthlyGift) -> list[str]:
    statement = (
        select(Message.kind)
        .where(Message.person_id == plan.giver_person_id, Message.channel == "email")
        .order_by(Message.id)
    )
    return list(session.execute(statement).scalars())


def journal(session: Session, plan: MonthlyGift) -> list[str]:
    statement = select(JournalLine.kind).where(JournalLine.about_id == plan.id).order_by(JournalLine.id)
    return [kind.removeprefix("monthly_gift.") for kind in session.execute(statement).scalars()]


def owner_of(listing: Listing) -> Person:
    return organisations.owner_of(organisation_queries.get(listing.organisation_id))


def decline(sandbox: Sandbox, plan: MonthlyGift, code: str) -> None:
    sandbox.ask("POST", f"/sandbox/payment_methods/{plan.card_ref}/answer", {"decline": code})


def a_month_later(plan: MonthlyGift) -> Any:
    return on(due_on(plan))


def leave_card(sandbox: Sandbox, plan: MonthlyGift, **how: Any) -> None:
    """The giver leaves another card on the provider's page."""
    with clock.travel(dt.timedelta()):
        outbox_id = service.change_card(plan_id=plan.id, client_token=uuid.uuid4())
        payment_service.send(outbox_id)
    assert payment_service.setup_url(outbox_id)
    newest = sandbox.ask("GET", "/sandbox/dump")["checkout.session"][-1]
    assert newest["mode"] == "setup"
    assert sandbox.pay(newest["id"], **how) == "paid"
    payment_service.look_at(newest["id"], why="event", slot="1")
    commit()
    factory.settle()
