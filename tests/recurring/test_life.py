"""A monthly gift from its first money on: charged month after month, failing, resting, going on, ending."""

from __future__ import annotations

import contextlib
import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from coevolve import config
from coevolve.journal.models import JournalLine
from coevolve.kit import clock
from coevolve.kit.db import commit
from coevolve.kit.errors import Conflict, Invalid
from coevolve.listings import service as listing_service
from coevolve.listings.models import Listing
from coevolve.notifications.models import Message
from coevolve.organisations import queries as organisation_queries
from coevolve.payments import gateways
from coevolve.payments import queries as payment_queries
from coevolve.payments import service as payment_service
from coevolve.payments.models import Outbox, Payment, PaymentState
from coevolve.people.models import Person
from coevolve.pledges import queries as pledge_queries
from coevolve.pledges.models import Pledge, PledgeState
from coevolve.recurring import queries, service
from coevolve.recurring.models import MonthlyCharge, MonthlyGift, MonthlyState
from tests.conftest import Committed  # noqa: F401
from tests.factories import listings, organisations, people
from tests.factories import recurring as factory
from tests.invariants import assert_books_balance
from tests.payment_sandbox.server import Sandbox

INTENT = "POST /v1/payment_intents"
Work = Callable[[], list[str]]


@pytest.fixture(autouse=True)
def _world(session: Session, sandbox: Sandbox) -> Iterator[None]:
    """Every test here has the database and the provider, and ends with books that balance."""
    yield
    assert_books_balance()


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


# --- trouble around the call -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        {"mode": "act_then_timeout", "seconds": 3},
        {"mode": "act_then_cut"},
        {"mode": "http_500_after", "remembered": False},
        {"mode": "cut"},
        {"mode": "http_503"},
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
