"""A bank that says no, another card, and a provider whose answers are lost."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from coevolve import config
from coevolve.kit import clock
from coevolve.kit.errors import Conflict
from coevolve.notifications.models import Message
from coevolve.payments import gateways
from coevolve.payments import service as payment_service
from coevolve.payments.models import Outbox
from coevolve.pledges.models import Pledge, PledgeState
from coevolve.recurring import service
from coevolve.recurring.models import MonthlyState
from tests.conftest import Committed  # noqa: F401
from tests.factories import recurring as factory
from tests.invariants import assert_books_balance
from tests.payment_sandbox.server import Sandbox
from tests.recurring.months import (
    INTENT,
    Work,
    a_month_later,
    captured,
    decline,
    due_on,
    journal,
    leave_card,
    months,
    on,
    told,
    turn,
)


@pytest.fixture(autouse=True)
def _world(session: Session, sandbox: Sandbox) -> None:
    """Every test here has the database and the provider."""


# --- a bank that says no -----------------------------------------------------------------------------


def test_fails_is_tried_twice_more_then_rests(session: Session, sandbox: Sandbox, work_off: Work) -> None:
    plan = factory.running(sandbox)
    decline(sandbox, plan, "insufficient_funds")
    day = due_on(plan)
    with on(day):
        turn(work_off)
        turn(work_off)
    session.refresh(plan)
    assert (plan.state, plan.failures, due_on(plan)) == (
        MonthlyState.past_due,
        1,
        day + dt.timedelta(days=3),
    )
    assert told(session, plan).count("monthly.failed") == 1
    assert "payment.expired" not in told(session, plan)
    message = session.execute(select(Message).where(Message.kind == "monthly.failed")).scalars().first()
    assert message is not None
    assert message.data["reason"]["id"] == "Saldo atau batas kartunya tidak cukup."
    for days in (3, 7):
        with on(day + dt.timedelta(days=days)):
            turn(work_off)
        session.refresh(plan)
    assert (plan.state, plan.paused_because, plan.due_at) == (MonthlyState.paused, "card", None)
    assert told(session, plan).count("monthly.failed") == 2
    assert told(session, plan).count("monthly.paused") == 1
    charge = months(session, plan)[-1]
    assert (charge.tries, charge.paid_at) == (3, None)
    assert charge.ended_at is not None
    assert session.get_one(Pledge, charge.pledge_id).state == PledgeState.lapsed
    assert captured(session, plan) == 10_000_000
    assert journal(session, plan)[-4:] == ["failed", "failed", "failed", "paused"]
    with pytest.raises(Conflict):
        service.resume(plan_id=plan.id, by=None)
    with on(day + dt.timedelta(days=60)):
        turn(work_off)
    assert len(months(session, plan)) == 2
    assert_books_balance()


def test_a_later_try_that_goes_well_ends_the_trouble(
    session: Session, sandbox: Sandbox, work_off: Work
) -> None:
    plan = factory.running(sandbox, card="4000002760003184")
    day = due_on(plan)
    with on(day):
        turn(work_off)
    session.refresh(plan)
    assert plan.state == MonthlyState.past_due
    decline(sandbox, plan, "")
    with on(day + dt.timedelta(days=3)):
        turn(work_off)
    session.refresh(plan)
    assert (plan.state, plan.failures) == (MonthlyState.active, 0)
    assert months(session, plan)[-1].tries == 2
    assert captured(session, plan) == 2 * 10_000_000
    assert due_on(plan) > day + dt.timedelta(days=20)


def test_another_card_is_charged_at_once_when_the_last_try_failed(
    session: Session, sandbox: Sandbox, work_off: Work
) -> None:
    plan = factory.running(sandbox, card="4000000000000341")
    with a_month_later(plan):
        turn(work_off)
        session.refresh(plan)
        assert plan.state == MonthlyState.past_due
        leave_card(sandbox, plan)
        turn(work_off)
        turn(work_off)
    session.refresh(plan)
    assert (plan.state, plan.card_last4) == (MonthlyState.active, "4242")
    assert captured(session, plan) == 2 * 10_000_000


def test_another_card_lets_a_rested_gift_go_on(session: Session, sandbox: Sandbox, work_off: Work) -> None:
    plan = factory.running(sandbox, card="4000000000000341")
    day = due_on(plan)
    for days in (0, 3, 7):
        with on(day + dt.timedelta(days=days)):
            turn(work_off)
    session.refresh(plan)
    assert plan.paused_because == "card"
    with on(day + dt.timedelta(days=8)):
        leave_card(sandbox, plan)
        session.refresh(plan)
        assert (plan.state, plan.paused_because) == (MonthlyState.active, None)
        assert due_on(plan).replace(day=1) > day.replace(day=1), "the month that failed is not caught up"
    with a_month_later(plan):
        turn(work_off)
    assert captured(session, plan) == 2 * 10_000_000


def test_the_providers_refusal_counts_as_a_failure(
    session: Session, sandbox: Sandbox, work_off: Work
) -> None:
    plan = factory.running(sandbox)
    plan.card_ref = "pm_nobody"
    session.commit()
    with a_month_later(plan):
        turn(work_off)
        turn(work_off)
        session.refresh(plan)
        assert (plan.state, plan.failures) == (MonthlyState.past_due, 1)


# --- trouble around the call -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        {"mode": "act_then_timeout", "seconds": 2},
        {"mode": "http_500_after", "remembered": False},
        {"mode": "http_429"},
    ],
    ids=lambda fault: fault["mode"],
)
@pytest.mark.case(21)
def test_a_lost_answer_is_asked_for_with_the_same_key(
    session: Session, sandbox: Sandbox, work_off: Work, fault: dict[str, Any]
) -> None:
    plan = factory.running(sandbox)
    sandbox.chaos({"on": INTENT, "count": 1, **fault})
    with a_month_later(plan):
        with config.overridden(stripe_timeout_seconds=1):
            gateways.forget()
            turn(work_off)
        gateways.forget()
        row = session.execute(select(Outbox).where(Outbox.topic == "intent.create")).scalar_one()
        key = row.provider_key
        with clock.travel(clock.now() - dt.datetime.now(dt.UTC) + dt.timedelta(minutes=5)):
            payment_service.send_due()
            turn(work_off)
    session.refresh(row)
    assert row.provider_key == key
    assert captured(session, plan) == 2 * 10_000_000
    assert len(sandbox.ask("GET", "/sandbox/dump")["payment_intent"]) == 2
    assert_books_balance()


@pytest.mark.case(22)
def test_a_key_too_old_is_looked_up_never_sent_again(
    session: Session, sandbox: Sandbox, work_off: Work, jobs: list[Any]
) -> None:
    plan = factory.running(sandbox)
    with a_month_later(plan):
        service.charge_due()
        session.commit()
        jobs.clear()
        row = session.execute(select(Outbox).where(Outbox.topic == "intent.create")).scalar_one()
        sandbox.chaos({"mode": "act_then_cut", "on": INTENT, "count": 1})
        payment_service.send(row.id)
        row.first_sent_at = dt.datetime.now(dt.UTC) - dt.timedelta(hours=25)
        row.next_at = row.first_sent_at
        session.commit()
        payment_service.send_due()
        turn(work_off)
    assert captured(session, plan) == 2 * 10_000_000
    assert len(sandbox.ask("GET", "/sandbox/dump")["payment_intent"]) == 2
    assert_books_balance()


@pytest.mark.case(1)
def test_a_doubled_event_charges_and_thanks_once(session: Session, sandbox: Sandbox, work_off: Work) -> None:
    plan = factory.running(sandbox)
    with a_month_later(plan):
        turn(work_off)
        for event in sandbox.ask("GET", "/sandbox/dump")["event"]:
            payment_service.look_at(event["data"]["object"]["id"], why="test", slot=event["id"])
        turn(work_off)
    assert captured(session, plan) == 2 * 10_000_000
    assert told(session, plan).count("payment.received") == 2
    assert journal(session, plan).count("charged") == 2
    assert_books_balance()
