"""Instalments: nothing is lost in splitting, money fills the oldest day, the rest may be laid anew."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from coevolve.kit import clock
from coevolve.kit.errors import Conflict, Forbidden, Invalid
from coevolve.kit.money import rupiah
from coevolve.pledges import queries, service
from coevolve.pledges.models import Pledge, PledgeState
from coevolve.pledges.queries import fill
from coevolve.pledges.service import Plan, planning
from tests.factories import listings, people, pledges
from tests.invariants import assert_books_balance
from tests.pledges.arrivals import arrives, cases, line_of, pays
from tests.pledges.conftest import told

S = PledgeState


def soon(days: int = 10) -> dt.date:
    return clock.today() + dt.timedelta(days=days)


def promised(whole: int = 1_200_000, count: int = 12, *, first_on: dt.date | None = None) -> Pledge:
    """A person's accepted promise in parts."""
    pledge = pledges.gift(
        whole=whole, is_pay_now=False, plan=Plan(first_on=first_on or soon(), count=count), by=people.person()
    )
    return service.accept(pledge_id=pledge.id, by=pledges.receiver_of(pledge))


def parts(pledge: Pledge) -> list[tuple[int, int]]:
    """Quantity and what is paid of it, in rupiah."""
    return [(part.quantity // 100, part.paid // 100) for part in queries.plan_of(line_of(pledge))]


@pytest.mark.case(46)
def test_a_hundred_in_three_and_a_promise_in_three(session: Session) -> None:
    assert service.split(100, 3) == [33, 33, 34]
    assert service.split(100, 3, step=10) == [30, 30, 40]
    pledge = promised(whole=100_000, count=3)
    assert parts(pledge) == [(33_333, 0), (33_333, 0), (33_334, 0)]
    totals = queries.totals_for([pledge.listing_id])[pledge.listing_id]
    assert (totals.received, totals.promised) == (0, rupiah(100_000).amount)
    for whole in (33_333, 33_333, 33_334):
        pays(pledge, whole)
    assert pledge.state == S.confirmed
    totals = queries.totals_for([pledge.listing_id])[pledge.listing_id]
    assert (totals.received, totals.promised) == (rupiah(100_000).amount, 0)
    assert_books_balance()


@given(amount=st.integers(1, 8_999_999_999_999_999), count=st.integers(1, 24), step=st.sampled_from([1, 100]))
def test_splitting_loses_and_makes_nothing(amount: int, count: int, step: int) -> None:
    if amount < count * step:
        with pytest.raises(ValueError, match="cannot be split"):
            service.split(amount, count, step=step)
        return
    found = service.split(amount, count, step=step)
    assert (len(found), sum(found)) == (count, amount)
    assert len(set(found[:-1])) <= 1
    assert all(part % step == 0 for part in found[:-1])
    assert found[-1] >= max(found[:-1], default=0) - step + 1
    assert min(found) > 0


@given(
    quantities=st.lists(st.integers(1, 10_000), min_size=1, max_size=24),
    payments=st.lists(st.integers(-3_000, 20_000), max_size=30),
)
def test_money_fills_the_oldest_part_first_whatever_comes_or_goes(
    quantities: list[int], payments: list[int]
) -> None:
    began = dt.date(2026, 1, 31)
    plan = [
        (uuid.uuid4(), began + dt.timedelta(days=30 * number), quantity)
        for number, quantity in enumerate(quantities)
    ]
    received = 0
    for payment in payments:
        received = max(0, received + payment)
        filled = fill(list(reversed(plan)), received)
        assert sum(part.paid for part in filled) == min(received, sum(quantities))
        assert all(0 <= part.paid <= part.quantity for part in filled)
        open_parts = [part.rest > 0 for part in filled]
        assert open_parts == sorted(open_parts), "no later part is paid before an older one"
        due = queries.due_now(filled, began)
        assert (due == 0) == (received >= sum(quantities))


def test_the_days_of_a_plan_are_the_same_day_of_each_month() -> None:
    assert planning.days(Plan(first_on=dt.date(2027, 10, 31), count=5)) == [
        dt.date(2027, 10, 31),
        dt.date(2027, 11, 30),
        dt.date(2027, 12, 31),
        dt.date(2028, 1, 31),
        dt.date(2028, 2, 29),
    ]


def test_payments_fill_the_oldest_part_and_never_enlarge_the_promise(session: Session) -> None:
    pledge = promised()
    pays(pledge, 250_000)
    assert parts(pledge)[:4] == [(100_000, 100_000), (100_000, 100_000), (100_000, 50_000), (100_000, 0)]
    assert pledge.state == S.partly_delivered
    with pytest.raises(Invalid) as refusal:
        pays(pledge, 1_000_000)
    assert refusal.value.code == "more_than_rest"
    first = service.pay(pledge_id=pledge.id, method="checkout", client_token=uuid.uuid4())
    pays(pledge, 950_000)
    assert pledge.state == S.confirmed
    arrives(first)
    assert line_of(pledge).received_quantity == rupiah(1_200_000).amount
    assert cases() == ["twice"]
    assert told(session, "payment.credited")
    assert_books_balance()


def test_the_rest_is_laid_anew_and_what_is_paid_stays(session: Session) -> None:
    pledge = promised(whole=600_000, count=6)
    pays(pledge, 150_000)
    giver = pledges.giver_of(pledge)
    service.change_plan(pledge_id=pledge.id, by=giver, plan=Plan(first_on=soon(40), count=2))
    assert [paid for _, paid in parts(pledge)] == [100_000, 50_000, 0, 0]
    assert [quantity for quantity, _ in parts(pledge)] == [100_000, 50_000, 225_000, 225_000]
    assert told(session, "pledge.changed")
    with pytest.raises(Invalid):
        service.change_plan(pledge_id=pledge.id, by=giver, plan=Plan(first_on=soon(), count=25))
    with pytest.raises(Invalid):
        service.change_plan(pledge_id=pledge.id, by=giver, plan=Plan(first_on=soon(-1), count=1))
    plan = Plan(first_on=soon(), count=1)
    with pytest.raises(Forbidden):
        service.change_plan(pledge_id=pledge.id, by=pledges.receiver_of(pledge), plan=plan)
    pays(pledge)
    with pytest.raises(Conflict):
        service.change_plan(pledge_id=pledge.id, by=giver, plan=Plan(first_on=soon(), count=1))
    assert_books_balance()


def test_accepting_less_lays_the_plan_over_less(session: Session) -> None:
    pledge = pledges.gift(whole=900_000, is_pay_now=False, plan=Plan(first_on=soon(), count=3))
    line = pledges.the_line(pledge)
    service.accept(
        pledge_id=pledge.id, by=pledges.receiver_of(pledge), quantities={line.id: rupiah(500_000).amount}
    )
    assert [quantity for quantity, _ in parts(pledge)] == [166_666, 166_666, 166_668]
    pays(pledge)
    assert pledge.state == S.confirmed, "what was agreed came; the offer was more"
    assert line_of(pledge).received_quantity == rupiah(500_000).amount
    assert_books_balance()


def test_cancelling_frees_the_rest(session: Session) -> None:
    pledge = promised()
    pays(pledge, 300_000)
    service.withdraw(pledge_id=pledge.id, by=pledges.giver_of(pledge))
    totals = queries.totals_for([pledge.listing_id])[pledge.listing_id]
    assert (totals.received, totals.promised) == (rupiah(300_000).amount, 0)
    assert_books_balance()


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        (lambda: Plan(first_on=soon(-1), count=2), "day_past"),
        (lambda: Plan(first_on=soon(400), count=2), "day_far"),
        (lambda: Plan(first_on=soon(), count=25), "too_many_parts"),
        (lambda: Plan(first_on=soon(), count=0), "too_many_parts"),
        (lambda: Plan(first_on=soon(), count=12), "parts_too_small"),
    ],
)
def test_plans_nobody_could_keep(session: Session, plan: object, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        pledges.gift(whole=100_000, is_pay_now=False, plan=plan())  # type: ignore[operator]
    assert refusal.value.code == code


def test_reminders_come_before_on_and_after_the_day_and_once(session: Session) -> None:
    pledge = promised(whole=400_000, count=2, first_on=soon(5))

    def kinds() -> list[str]:
        names = ("due_soon", "due", "overdue", "overdue_receiver")
        return [name for name in names for _ in told(session, f"pledge.{name}")]

    service.remind_due()
    assert kinds() == []
    with clock.travel(dt.timedelta(days=3)):
        service.remind_due()
        service.remind_due()
        assert kinds() == ["due_soon"] * 2, "on the site and by mail, once"
    with clock.travel(dt.timedelta(days=5)):
        service.remind_due()
    with clock.travel(dt.timedelta(days=7)):
        service.remind_due()
        service.remind_due()
        assert kinds().count("due") == kinds().count("overdue") == kinds().count("overdue_receiver") == 2
    pays(pledge, 200_000)
    before = len(kinds())
    with clock.travel(dt.timedelta(days=9)):
        assert service.remind_due() == 0
    assert len(kinds()) == before, "what is paid is not spoken of"


def test_a_promise_with_a_plan_does_not_lapse_before_its_last_day(session: Session) -> None:
    pledge = promised(whole=600_000, count=6)
    with clock.travel(dt.timedelta(days=60)):
        assert service.lapse_due() == 0
    with clock.travel(dt.timedelta(days=260)):
        assert service.lapse_due() == 1
    assert pledge.state == S.lapsed
    assert_books_balance()


def test_a_person_promises_and_the_campaign_counts_it_after_the_yes(session: Session) -> None:
    campaign = listings.open_campaign()
    pledge = pledges.gift(campaign, whole=300_000, is_pay_now=False)
    totals = queries.totals_for([campaign.id])[campaign.id]
    assert totals.promised == 0
    assert told(session, "pledge.offered")
    service.accept(pledge_id=pledge.id, by=pledges.receiver_of(pledge))
    assert queries.totals_for([campaign.id])[campaign.id].promised == rupiah(300_000).amount
    assert queries.supporters_of(campaign.id).count == 1
