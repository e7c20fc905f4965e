"""Bank transfers: a sum of one's own, kept until it is safe to use again."""

from __future__ import annotations

import threading
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from coevolve import config
from coevolve.kit import clock
from coevolve.kit.errors import Invalid
from coevolve.kit.money import Money, rupiah
from coevolve.payments import service
from coevolve.payments.models import Payment, PaymentState
from coevolve.payments.references import is_reference
from tests.conftest import Committed
from tests.factories import payments as factory
from tests.invariants import assert_books_balance

SUM = rupiah(100_000)


def start(money: Money = SUM, **over: object) -> Payment:
    said: dict[str, object] = {
        "reference_kind": "pledge",
        "reference_id": uuid.uuid4(),
        "money": money,
        "client_token": uuid.uuid4(),
        "payer_name": "Siti Rahayu",
    }
    return service.start_bank_transfer(**said | over)  # type: ignore[arg-type]


def test_a_sum_of_its_own(session: Session) -> None:
    factory.bank_account()
    payment = start()
    assert payment.state == PaymentState.awaiting
    assert payment.unique_code and 1 <= payment.unique_code <= 999
    assert payment.amount == 10_000_000 + payment.unique_code * 100 == payment.expected_amount
    session.refresh(payment)
    assert payment.base_amount == 10_000_000
    assert payment.by_amount
    assert payment.payer_norm == "SITI RAHAYU"
    assert is_reference(payment.public_ref)
    assert payment.expires_at and payment.hold_until and payment.expires_at < payment.hold_until


def test_without_an_account_of_ours(session: Session) -> None:
    with pytest.raises(Invalid) as refusal:
        start()
    assert refusal.value.code == "no_bank_account"


def test_double_click(session: Session) -> None:
    factory.bank_account()
    reference, token = uuid.uuid4(), uuid.uuid4()
    first = start(reference_id=reference, client_token=token)
    assert start(reference_id=reference, client_token=token).id == first.id


@pytest.mark.case(64)
def test_999_codes_taken_then_the_reference_alone(session: Session) -> None:
    factory.bank_account()
    seen = {start().expected_amount for _ in range(999)}
    assert len(seen) == 999
    last = start()
    assert (last.unique_code, last.by_amount, last.amount) == (None, False, 10_000_000)
    other = start(rupiah(250_000))
    assert other.unique_code is not None
    assert_books_balance()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(base=st.integers(10_000, 10_400))
def test_neighbouring_sums_never_meet(session: Session, base: int) -> None:
    factory.bank_account()
    for _ in range(4):
        start(rupiah(base))
    twice = (
        select(Payment.expected_amount)
        .where(Payment.state.in_(("awaiting", "grace")))
        .group_by(Payment.expected_amount)
        .having(func.count() > 1)
    )
    assert session.execute(twice).all() == []


@pytest.mark.case(65)
def test_grace_then_expired_and_the_sum_rests(session: Session) -> None:
    factory.bank_account()
    payment = start()
    hours = config.settings().transfer_hours
    with clock.travel(clock.dt.timedelta(hours=hours, minutes=1)):
        assert service.expire_due() == []
        session.refresh(payment)
        assert payment.state == PaymentState.grace
        others = {start().expected_amount for _ in range(200)}
        assert payment.expected_amount not in others
    with clock.travel(clock.dt.timedelta(hours=hours + config.settings().transfer_grace_hours, minutes=1)):
        assert [one.id for one in service.expire_due()] == [payment.id]
        session.refresh(payment)
        assert payment.state == PaymentState.expired
        assert service.expire_due() == []
        rested = {start().expected_amount for _ in range(300)}
        assert payment.expected_amount not in rested, "a sum rests before somebody else gets it"
    assert_books_balance()


def test_cancelled_frees_the_reservation(session: Session) -> None:
    factory.bank_account()
    payment = start()
    service.cancel(payment_id=payment.id, by=None, cause="withdrawn")
    session.refresh(payment)
    assert payment.state == PaymentState.cancelled


def test_a_wrong_account_number(session: Session) -> None:
    for number in ("", "12", "12a45678", "1" * 25, "１２３４５６７８"):
        with pytest.raises(Invalid):
            service.add_bank_account(bank_name="Bank", account_number=number, holder="Yayasan")


def test_sixteen_at_once_get_sixteen_sums(committed: Committed) -> None:
    from coevolve.kit.db import commit

    factory.bank_account()
    commit()
    sums: list[int] = []
    troubles: list[BaseException] = []
    barrier = threading.Barrier(8)

    def giver() -> None:
        try:
            with committed.app.app_context():
                barrier.wait(20)
                for _ in range(2):
                    payment = start(rupiah(50_000))
                    sums.append(payment.expected_amount)
                    commit()
        except BaseException as trouble:
            troubles.append(trouble)

    threads = [threading.Thread(target=giver) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert troubles == []
    assert len(set(sums)) == len(sums) == 16
