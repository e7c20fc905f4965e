"""A monthly gift from its first money on: month after month, resting, going on, ending."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from coevolve.kit import clock
from coevolve.kit.errors import Conflict, Invalid
from coevolve.listings import service as listing_service
from coevolve.listings.models import Listing
from coevolve.notifications.models import Message
from coevolve.payments import queries as payment_queries
from coevolve.payments import service as payment_service
from coevolve.payments.models import Outbox, Payment, PaymentState
from coevolve.pledges import queries as pledge_queries
from coevolve.pledges.models import Pledge, PledgeState
from coevolve.recurring import queries, service
from coevolve.recurring.models import MonthlyGift, MonthlyState
from tests.conftest import Committed  # noqa: F401
from tests.factories import listings, organisations, people
from tests.factories import recurring as factory
from tests.invariants import assert_books_balance
from tests.payment_sandbox.server import Sandbox
from tests.recurring.months import (
    INTENT,
    Work,
    a_month_later,
    captured,
    due_on,
    journal,
    months,
    on,
    owner_of,
    told,
    turn,
)


@pytest.fixture(autouse=True)
def _world(session: Session, sandbox: Sandbox) -> None:
    """Every test here has the database and the provider."""


# --- beginning ---------------------------------------------------------------------------------------


def test_the_first_money_starts_it_and_keeps_the_card(session: Session, sandbox: Sandbox) -> None:
    plan = factory.pending()
    assert (plan.state, plan.card_ref, plan.due_at) == (MonthlyState.pending, None, None)
    assert captured(session, plan) == 0
    page = factory.card_page(plan, day=31)
    sandbox.pay(str(page.provider_ref))
    factory.settle()
    session.refresh(plan)
    assert (plan.state, plan.card_last4, plan.failures) == (MonthlyState.active, "4242", 0)
    assert plan.customer_ref and plan.customer_ref.startswith("cus_")
    [first] = months(session, plan)
    assert first.paid_at is not None
    assert first.month == clock.today().replace(day=1)
    assert due_on(plan) > clock.today()
    assert due_on(plan).month != clock.today().month
    assert journal(session, plan) == ["charged", "started"]
    message = session.execute(select(Message).where(Message.kind == "payment.received")).scalars().first()
    assert message is not None
    assert {"pause_path", "stop_path", "next_on"} <= set(message.data)


def test_an_unpaid_beginning_is_in_no_counter_and_ends_by_itself(session: Session, work_off: Work) -> None:
    plan = factory.pending()
    totals = pledge_queries.totals_for([plan.listing_id])[plan.listing_id]
    assert (totals.received, totals.promised) == (0, 0)
    factory.card_page(plan)
    with on(clock.today() + dt.timedelta(days=40)):
        factory.settle()
        from workers.pledges import lapse

        session.execute(Payment.__table__.update().values(state="expired").where(Payment.state == "awaiting"))
        lapse()
        turn(work_off)
    session.refresh(plan)
    assert plan.state == MonthlyState.stopped
    assert service.stop(plan_id=plan.id, by=None).state == MonthlyState.stopped


def test_a_double_click_makes_one_plan(session: Session) -> None:
    listing, giver, token = listings.open_campaign(), people.person(), uuid.uuid4()
    first = factory.pending(listing, by=giver, client_token=token)
    assert factory.pending(listing, by=giver, client_token=token).id == first.id
    assert session.scalar(select(func.count()).select_from(MonthlyGift)) == 1
    assert session.scalar(select(func.count()).select_from(Pledge)) == 1


def test_a_second_card_page_closes_the_first(session: Session, sandbox: Sandbox, work_off: Work) -> None:
    plan = factory.pending()
    first, second = factory.card_page(plan), factory.card_page(plan)
    work_off()
    session.refresh(first)
    assert first.state == PaymentState.cancelled
    with pytest.raises(AssertionError):
        sandbox.pay(str(first.provider_ref))
    sandbox.pay(str(second.provider_ref))
    factory.settle()
    assert captured(session, plan) == 10_000_000


def test_only_campaigns_and_sums_that_may_go_by_themselves(session: Session) -> None:
    with pytest.raises(Invalid):
        factory.pending(listings.open_need())
    with pytest.raises(Invalid):
        factory.pending(whole=9_000)
    plan = factory.pending()
    for day in (0, 32, -1):
        with pytest.raises(Invalid):
            service.pay_first(plan_id=plan.id, client_token=uuid.uuid4(), day=day)


# --- month after month --------------------------------------------------------------------------------


def test_every_month_is_a_gift_of_its_own(session: Session, sandbox: Sandbox, work_off: Work) -> None:
    plan = factory.running(sandbox)
    for _ in range(3):
        with a_month_later(plan):
            turn(work_off)
            turn(work_off)
        session.refresh(plan)
        assert plan.state == MonthlyState.active
    charges = months(session, plan)
    assert len(charges) == 4
    assert all(one.paid_at for one in charges)
    assert captured(session, plan) == 4 * 10_000_000
    states = {session.get_one(Pledge, one.pledge_id).state for one in charges}
    assert states == {PledgeState.confirmed}
    totals = pledge_queries.totals_for([plan.listing_id])[plan.listing_id]
    assert totals.received == 4 * 10_000_000
    assert told(session, plan).count("payment.received") == 4
    assert len({payment_queries.receipt_of(p.id).id for c in charges for p in queries.payments_of(c)}) == 4  # type: ignore[union-attr]
    assert_books_balance()


def test_before_its_day_nothing_is_charged(session: Session, sandbox: Sandbox, work_off: Work) -> None:
    plan = factory.running(sandbox)
    with on(due_on(plan) - dt.timedelta(days=1), hour=23):
        turn(work_off)
    with on(due_on(plan), hour=8):
        turn(work_off)
    assert len(months(session, plan)) == 1


def test_after_a_long_rest_one_month_is_charged(session: Session, sandbox: Sandbox, work_off: Work) -> None:
    plan = factory.running(sandbox, day=5)
    first = months(session, plan)[0].month
    later = (first + dt.timedelta(days=32 * 4)).replace(day=20)
    with on(later):
        for _ in range(3):
            turn(work_off)
    session.refresh(plan)
    charged = [one.month for one in months(session, plan)]
    assert charged == [first, later.replace(day=1)], "no month is caught up"
    assert due_on(plan) == (later.replace(day=1) + dt.timedelta(days=32)).replace(day=5)


def test_down_over_the_end_of_a_month_its_day_is_waited_for(
    session: Session, sandbox: Sandbox, work_off: Work
) -> None:
    plan = factory.running(sandbox, day=28)
    missed = due_on(plan)
    after = (missed + dt.timedelta(days=32)).replace(day=3)
    with on(after):
        turn(work_off)
    session.refresh(plan)
    assert len(months(session, plan)) == 1
    assert due_on(plan) == after.replace(day=28)


# --- the giver's word ----------------------------------------------------------------------------------


def test_pause_and_resume(session: Session, sandbox: Sandbox, work_off: Work) -> None:
    plan = factory.running(sandbox)
    day = due_on(plan)
    service.pause(plan_id=plan.id, by=None)
    service.pause(plan_id=plan.id, by=None)
    with on(day):
        turn(work_off)
    assert len(months(session, plan)) == 1
    with on(day + dt.timedelta(days=2)):
        service.resume(plan_id=plan.id, by=None)
        service.resume(plan_id=plan.id, by=None)
        turn(work_off)
        assert len(months(session, plan)) == 1, "a passed day is not caught up"
    session.refresh(plan)
    assert due_on(plan) > day + dt.timedelta(days=20)
    assert told(session, plan)[-2:] == ["monthly.paused", "monthly.resumed"]


def test_stop_forgets_the_card(session: Session, sandbox: Sandbox, work_off: Work) -> None:
    plan = factory.running(sandbox)
    card = plan.card_ref
    service.stop(plan_id=plan.id, by=None)
    work_off()
    session.refresh(plan)
    assert (plan.state, plan.card_ref, plan.customer_ref) == (MonthlyState.stopped, None, None)
    methods = {one["id"]: one for one in sandbox.ask("GET", "/sandbox/dump")["payment_method"]}
    assert methods[card]["customer"] is None
    for verb in (service.pause, service.resume):
        with pytest.raises(Conflict):
            verb(plan_id=plan.id, by=None)
    with on(clock.today() + dt.timedelta(days=45)):
        turn(work_off)
    assert captured(session, plan) == 10_000_000


def test_stopped_before_the_call_nothing_is_charged(
    session: Session, sandbox: Sandbox, work_off: Work
) -> None:
    plan = factory.running(sandbox)
    with a_month_later(plan):
        assert service.charge_due() == 1
        service.stop(plan_id=plan.id, by=None)
        work_off()
        factory.settle()
    assert captured(session, plan) == 10_000_000
    assert months(session, plan)[-1].ended_at is not None
    assert sandbox.truth("call", INTENT) == []


def test_paused_while_the_call_may_be_out_its_outcome_is_booked(
    session: Session, sandbox: Sandbox, work_off: Work, jobs: list[Any]
) -> None:
    plan = factory.running(sandbox)
    with a_month_later(plan):
        assert service.charge_due() == 1
        session.commit()
        jobs.clear()
        row = session.execute(select(Outbox).where(Outbox.topic == "intent.create")).scalar_one()
        sandbox.chaos({"mode": "act_then_cut", "on": INTENT, "count": 1})
        payment_service.send(row.id)
        session.refresh(row)
        assert row.state == "unknown"
        service.pause(plan_id=plan.id, by=None)
        with clock.travel(clock.now() - dt.datetime.now(dt.UTC) + dt.timedelta(minutes=5)):
            payment_service.send_due()
            turn(work_off)
    session.refresh(plan)
    assert plan.state == MonthlyState.paused
    assert captured(session, plan) == 2 * 10_000_000
    assert months(session, plan)[-1].paid_at is not None
    assert_books_balance()


# --- the listing ----------------------------------------------------------------------------------------


def test_a_listing_that_rests_charges_nobody_and_one_that_opens_again_goes_on(
    session: Session, sandbox: Sandbox, work_off: Work
) -> None:
    plan = factory.running(sandbox)
    listing = session.get_one(Listing, plan.listing_id)
    owner = owner_of(listing)
    listing_service.pause(listing_id=listing.id, by=owner)
    day = due_on(plan)
    with on(day):
        turn(work_off)
        session.refresh(plan)
        assert (plan.state, plan.paused_because) == (MonthlyState.paused, "listing")
        assert told(session, plan)[-1] == "monthly.paused"
        with pytest.raises(Conflict):
            service.resume(plan_id=plan.id, by=None)
        listing_service.resume(listing_id=listing.id, by=owner)
        turn(work_off)
        session.refresh(plan)
        assert plan.state == MonthlyState.active
        assert due_on(plan) > day + dt.timedelta(days=2)
        assert told(session, plan)[-1] == "monthly.resumed"
        listing_service.pause(listing_id=listing.id, by=owner)
        turn(work_off)
        service.pause(plan_id=plan.id, by=None)
        listing_service.resume(listing_id=listing.id, by=owner)
        turn(work_off)
    session.refresh(plan)
    assert plan.state == MonthlyState.paused, "the giver's own word stays"
    assert captured(session, plan) == 10_000_000


def test_a_closed_listing_charges_nobody_even_before_the_sweep(session: Session, sandbox: Sandbox) -> None:
    plan = factory.running(sandbox)
    listing = session.get_one(Listing, plan.listing_id)
    listing_service.close(listing_id=listing.id, by=owner_of(listing))
    with a_month_later(plan):
        assert service.charge_due() == 0
    session.refresh(plan)
    assert plan.paused_because == "listing"


def test_who_left_the_company_charges_its_card_no_more(
    session: Session, sandbox: Sandbox, work_off: Work
) -> None:
    company = organisations.company()
    plan = factory.running(sandbox, by=organisations.owner_of(company), for_organisation_id=company.id)
    assert plan.giver_organisation_id == company.id
    with a_month_later(plan):
        turn(work_off)
    session.refresh(plan)
    assert captured(session, plan) == 2 * 10_000_000
    company.state = "frozen"
    session.commit()
    with a_month_later(plan):
        turn(work_off)
    session.refresh(plan)
    assert plan.paused_because == "rights"
    assert captured(session, plan) == 2 * 10_000_000


def test_erased_givers_stop(session: Session, sandbox: Sandbox) -> None:
    plan = factory.running(sandbox, is_name_public=True)
    assert service.forget_giver(about_id=plan.giver_person_id, journal_id=1) == 1
    session.refresh(plan)
    assert (plan.state, plan.public_name, plan.card_last4) == (MonthlyState.stopped, "", "")
