"""Changing, cancelling and renewing without staff; money that comes short, over, twice or late."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from coevolve.kit import clock
from coevolve.kit.db import uuid7
from coevolve.kit.errors import Conflict, Invalid, NotFound
from coevolve.kit.money import rupiah
from coevolve.ledger import accounts
from coevolve.ledger import queries as ledger
from coevolve.listings import service as listing_service
from coevolve.payments import queries as payment_queries
from coevolve.payments import service as payments
from coevolve.pledges import queries, service
from coevolve.pledges.models import Pledge, PledgeState
from coevolve.reconciliation.service import deadlines
from coevolve.reconciliation.service.short import end_waiting_for_rest
from tests.factories import listings, people, pledges
from tests.factories import payments as payment_factory
from tests.invariants import assert_books_balance
from tests.pledges.arrivals import arrives, cases, line_of, pays
from tests.pledges.conftest import told

S = PledgeState
SignIn = Callable[..., None]


def totals(pledge: Pledge) -> tuple[int, int]:
    found = queries.totals_for([pledge.listing_id])[pledge.listing_id]
    return found.received // 100, found.promised // 100


def change(pledge: Pledge, whole: int) -> Pledge:
    return service.change_amount(
        pledge_id=pledge.id, by=pledges.giver_of(pledge), amount=rupiah(whole).amount
    )


def test_a_promise_is_lowered_and_raised_and_the_books_follow(session: Session) -> None:
    pledge = pledges.promised_money(whole=5_000_000)
    change(pledge, 3_000_000)
    assert totals(pledge) == (0, 3_000_000)
    pays(pledge, 1_000_000)
    change(pledge, 8_000_000)
    assert totals(pledge) == (1_000_000, 7_000_000)
    assert told(session, "pledge.changed")
    with pytest.raises(Invalid) as refusal:
        change(pledge, 500_000)
    assert refusal.value.code == "less_than_came"
    change(pledge, 1_000_000)
    assert (pledge.state, totals(pledge)) == (S.confirmed, (1_000_000, 0))
    with pytest.raises(Conflict):
        change(pledge, 2_000_000)
    assert_books_balance()


def test_lowered_and_raised_to_the_same_again(session: Session) -> None:
    pledge = pledges.promised_money(whole=5_000_000)
    for whole in (4_000_000, 5_000_000, 4_000_000, 5_000_000, 5_000_000):
        change(pledge, whole)
    pays(pledge, 2_000_000)
    service.withdraw(pledge_id=pledge.id, by=pledges.giver_of(pledge))
    assert totals(pledge) == (2_000_000, 0)
    assert_books_balance()


@hypothesis_settings(
    max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["pay", "change"]), st.integers(1, 40).map(lambda tenths: tenths * 50_000)),
        max_size=8,
    )
)
def test_whatever_the_giver_does_the_promise_adds_up(session: Session, steps: list[tuple[str, int]]) -> None:
    pledge = pledges.promised_money(whole=1_000_000)
    goal, came = 1_000_000, 0
    for what, whole in steps:
        if pledge.state == S.confirmed:
            break
        if what == "pay":
            paid = min(whole, goal - came)
            pays(pledge, paid)
            came += paid
        elif whole < came:
            with pytest.raises(Invalid):
                change(pledge, whole)
        else:
            change(pledge, whole)
            goal = whole
        assert totals(pledge) == (came, goal - came)
        assert (pledge.state == S.confirmed) == (came >= goal)
    assert_books_balance()


def test_the_amount_is_fixed_while_a_payment_waits(session: Session) -> None:
    payment_factory.bank_account()
    pledge = pledges.gift(whole=500_000, method="bank_transfer")
    (payment,) = payment_queries.of("pledge", pledge.id)
    giver = pledges.giver_of(pledge)
    with pytest.raises(Conflict) as refusal:
        change(pledge, 300_000)
    assert refusal.value.code == "payment_waits"
    other = pledges.gift(whole=100_000)
    with pytest.raises(NotFound):
        service.cancel_payment(pledge_id=other.id, payment_id=payment.id, by=pledges.giver_of(other))
    service.cancel_payment(pledge_id=pledge.id, payment_id=payment.id, by=giver)
    change(pledge, 300_000)
    second = service.pay(pledge_id=pledge.id, method="bank_transfer", client_token=uuid7())
    assert second.base_amount == rupiah(300_000).amount
    assert pledge.state == S.offered
    with pytest.raises(Conflict):
        service.cancel_payment(pledge_id=pledge.id, payment_id=payment.id, by=giver)


def test_an_expired_transfer_is_renewed_with_a_new_code_on_the_same_pledge(session: Session) -> None:
    payment_factory.bank_account()
    pledge = pledges.gift(whole=500_000, method="bank_transfer")
    (first,) = payment_queries.of("pledge", pledge.id)
    with clock.travel(dt.timedelta(days=5)):
        payments.expire_due()
        deadlines.expire_transfers()
        assert (first.state, pledge.state) == ("expired", S.offered)
        second = service.pay(pledge_id=pledge.id, method="bank_transfer", client_token=uuid7())
        assert second.unique_code != first.unique_code
        arrives(second)
        assert pledge.state == S.confirmed
        arrives(first)
    assert (first.state, cases()) == ("captured_late", ["twice"])
    assert_books_balance()


@pytest.mark.case(58)
def test_too_little_in_parts_too_much_paid_before_and_cancelled(session: Session) -> None:
    payment_factory.bank_account()
    under = pledges.gift(whole=500_000, method="bank_transfer")
    (payment,) = payment_queries.of("pledge", under.id)
    arrives(payment, 200_000)
    assert (under.state, cases()) == (S.partly_delivered, ["short"])
    assert payment.expected_amount == payment.amount - rupiah(200_000).amount
    arrives(payment, (payment.amount - payment.captured) // 100)
    assert (under.state, cases()) == (S.confirmed, []), "the rest came: nobody need ask"
    arrives(payment, 100_000)
    assert cases() == ["over"], "what is above is the giver's credit"
    cancelled = pledges.gift(whole=300_000, method="bank_transfer")
    (waiting,) = payment_queries.of("pledge", cancelled.id)
    service.withdraw(pledge_id=cancelled.id, by=pledges.giver_of(cancelled))
    arrives(waiting)
    assert (waiting.state, cancelled.state) == ("captured_late", S.withdrawn)
    over = pledges.gift(whole=400_000, method="bank_transfer")
    (much,) = payment_queries.of("pledge", over.id)
    arrives(much, 450_000)
    credit = accounts.donor_credit(pledges.giver_of(over).id)
    assert over.state == S.confirmed
    assert ledger.balance(credit) == rupiah(450_000).amount - much.amount
    assert totals(over)[0] == much.amount // 100
    assert_books_balance()


def test_a_short_gift_is_waited_for_then_its_giver_chooses(session: Session) -> None:
    payment_factory.bank_account()
    pledge = pledges.gift(whole=500_000, method="bank_transfer")
    (payment,) = payment_queries.of("pledge", pledge.id)
    arrives(payment, 200_000)
    assert end_waiting_for_rest() == 0
    with clock.travel(dt.timedelta(days=6)):
        assert (end_waiting_for_rest(), end_waiting_for_rest()) == (1, 0)
    assert told(session, "payment.rest_missing")
    assert pledge.state == S.partly_delivered
    change(pledge, 200_000)
    assert pledge.state == S.confirmed
    assert not queries.settlement_of(pledge.id).takes_money
    assert_books_balance()


def test_a_short_gift_is_completed_by_a_second_payment_and_a_third_is_credit(session: Session) -> None:
    pledge = pledges.gift(whole=500_000)
    first = service.pay(pledge_id=pledge.id, method="checkout", client_token=uuid7())
    arrives(first, 480_000)
    second = service.pay(pledge_id=pledge.id, method="checkout", client_token=uuid7())
    assert second.amount == rupiah(20_000).amount
    arrives(first, 20_000)
    assert pledge.state == S.confirmed
    arrives(second)
    assert sorted(cases()) == ["twice"]
    assert line_of(pledge).received_quantity == rupiah(500_000).amount
    assert_books_balance()


@pytest.mark.case(60)
def test_money_an_hour_after_the_deadline_with_the_bank_offline(session: Session) -> None:
    payment_factory.bank_account()
    pledge = pledges.gift(whole=500_000, method="bank_transfer")
    (payment,) = payment_queries.of("pledge", pledge.id)
    with clock.travel(dt.timedelta(hours=25)):
        deadlines.expire_transfers()
        assert payment.state == "grace"
        assert queries.settlement_of(pledge.id).takes_money
        arrives(payment)
    assert (payment.state, pledge.state, cases()) == ("captured", S.confirmed, [])
    assert_books_balance()


def test_money_after_the_listing_closed_is_credit_and_the_pledge_stays_as_it_was(session: Session) -> None:
    campaign = listings.open_campaign()
    pledge = pledges.gift(campaign, whole=500_000, method="checkout")
    (payment,) = payment_queries.of("pledge", pledge.id)
    listing_service.close(listing_id=campaign.id, by=listings.owner_of(campaign))
    service.cancel_for_listing(listing_id=campaign.id)
    arrives(payment)
    assert (payment.state, pledge.state, cases()) == ("captured_late", S.cancelled, ["late"])
    assert payment_queries.receipts_of("pledge", pledge.id) == [], (
        "money that reached no listing has no receipt"
    )
    assert_books_balance()


def test_a_person_s_pledge_is_not_changed_by_others(session: Session) -> None:
    pledge = pledges.gift(whole=500_000)
    with pytest.raises(NotFound):
        service.change_amount(pledge_id=pledge.id, by=people.person(), amount=rupiah(100_000).amount)
    with pytest.raises(Invalid):
        change(pledge, 5_000)


def test_an_expired_transfer_is_renewed_by_its_page_with_two_clicks_once(
    session: Session, client: FlaskClient
) -> None:
    payment_factory.bank_account()
    pledge = pledges.gift(whole=500_000, method="bank_transfer")
    (first,) = payment_queries.of("pledge", pledge.id)
    assert client.post(f"/bayar/{first.public_ref}/lagi").headers["Location"] == f"/bayar/{first.public_ref}"
    service.cancel_payment(pledge_id=pledge.id, payment_id=first.id, by=pledges.giver_of(pledge))
    session.commit()
    page = html.unescape(client.get(f"/bayar/{first.public_ref}").get_data(as_text=True))
    assert "Buat pembayaran baru" in page
    places = [client.post(f"/bayar/{first.public_ref}/lagi").headers["Location"] for _ in range(2)]
    _, second = payment_queries.of("pledge", pledge.id)
    assert places == [f"/bayar/{second.public_ref}"] * 2
    assert second.base_amount == rupiah(500_000).amount
    service.withdraw(pledge_id=pledge.id, by=pledges.giver_of(pledge))
    session.commit()
    assert (
        client.post(f"/bayar/{second.public_ref}/lagi").headers["Location"] == f"/bayar/{second.public_ref}"
    )
    assert len(payment_queries.of("pledge", pledge.id)) == 2


def test_changing_by_the_pages(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    giver = people.person()
    pledge = pledges.gift(whole=600_000, by=giver, is_pay_now=False)
    service.accept(pledge_id=pledge.id, by=pledges.receiver_of(pledge))
    session.commit()
    sign_in(client, giver)
    where = f"/dukungan/{pledge.id}"
    wrong = client.post(f"{where}/ubah", data={"ubah-amount": "lima ratus"})
    assert (wrong.status_code, 'value="lima ratus"' in wrong.get_data(as_text=True)) == (422, True)
    assert client.post(f"{where}/ubah", data={"ubah-amount": "300.000"}).status_code == 303
    plan = {"jadwal-first_on": "31/02/2027", "jadwal-parts": "3"}
    refused = client.post(f"{where}/jadwal", data=plan)
    assert (refused.status_code, 'id="jadwal-first_on-error"' in refused.get_data(as_text=True)) == (
        422,
        True,
    )
    day = clock.today() + dt.timedelta(days=20)
    assert client.post(f"{where}/jadwal", data=plan | {"jadwal-first_on": f"{day}"}).status_code == 303
    page = html.unescape(client.get(where).get_data(as_text=True))
    assert page.count("Belum dibayar") == 3
    pay = html.unescape(client.get(f"{where}/bayar").get_data(as_text=True))
    assert "Bagian berikutnya: Rp\u00a0100.000" in pay
    form = {"client_token": str(uuid7()), "method": "checkout", "part": "lain", "amount": "900.000"}
    assert client.post(f"{where}/bayar", data=form).status_code == 422
    assert client.post(f"{where}/bayar", data=form | {"part": "berikutnya"}).status_code == 303
    (payment,) = payment_queries.of("pledge", pledge.id)
    assert payment.amount == rupiah(100_000).amount
    assert "Jumlahnya tetap" in html.unescape(client.get(where).get_data(as_text=True))
    assert client.post(f"{where}/bayar/{payment.id}/batal").status_code == 303
    assert client.post(f"{where}/cukup").status_code == 422, "nothing came yet"
    with clock.travel(dt.timedelta(days=30)):
        sign_in(client, giver)
        late = html.unescape(client.get(where).get_data(as_text=True))
        assert "Lewat jatuh tempo: Rp\u00a0100.000" in late
        sign_in(client, pledges.receiver_of(pledge))
        assert "Lewat jatuh tempo" in html.unescape(client.get(where).get_data(as_text=True)), (
            "both sides see it"
        )
        assert client.post(f"{where}/ubah", data={"ubah-amount": "300.000"}).status_code in {403, 422}
