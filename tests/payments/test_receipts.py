"""Receipt numbers: in order, without gaps, whoever numbers and however often it fails."""

from __future__ import annotations

import threading
import uuid

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from coevolve.kit import clock
from coevolve.kit.db import commit, session
from coevolve.kit.money import rupiah
from coevolve.payments import queries, service
from coevolve.payments.models import Receipt
from tests.conftest import Committed
from tests.factories import payments as factory
from tests.invariants import assert_books_balance
from tests.payments.test_transfer import start


def write(year: int = 2026) -> Receipt:
    payment = start(rupiah(50_000))
    paid_at = clock.dt.datetime(year, 6, 1, tzinfo=clock.dt.UTC)
    return service.write_receipt(payment_id=payment.id, money=rupiah(50_000), paid_at=paid_at)


def numbers() -> list[int | None]:
    return list(session().execute(select(Receipt.number).order_by(Receipt.id)).scalars())


@pytest.mark.case(74)
def test_in_order_per_year(session: Session) -> None:
    factory.bank_account()
    old = [write(2025) for _ in range(2)]
    new = [write() for _ in range(3)]
    assert numbers() == [None] * 5
    assert service.number_receipts() == 5
    session.expire_all()
    assert [(one.year, one.number) for one in (*old, *new)] == [
        (2025, 1),
        (2025, 2),
        (2026, 1),
        (2026, 2),
        (2026, 3),
    ]
    assert queries.receipt_number(new[2]) == "CE/2026/000003"
    assert service.number_receipts() == 0
    assert_books_balance()


@pytest.mark.case(74)
def test_a_rolled_back_batch_leaves_no_gap(session: Session) -> None:
    factory.bank_account()
    write()
    session.commit()
    service.number_receipts()
    session.rollback()
    write()
    session.commit()
    service.number_receipts()
    assert numbers() == [1, 2]
    assert_books_balance()


def test_annulled_keeps_its_number(session: Session) -> None:
    factory.bank_account()
    first = write()
    service.number_receipts()
    service.annul_receipt(payment_id=first.payment_id, because="refunded")
    write()
    service.number_receipts()
    session.expire_all()
    assert numbers() == [1, 2]
    assert queries.receipt_of(first.payment_id) is None
    assert service.annul_receipt(payment_id=uuid.uuid4(), because="none") is None


def test_the_new_year_begins_in_jakarta(session: Session) -> None:
    factory.bank_account()
    payment = start(rupiah(50_000))
    eve = clock.dt.datetime(2026, 12, 31, 17, 30, tzinfo=clock.dt.UTC)
    receipt = service.write_receipt(payment_id=payment.id, money=rupiah(50_000), paid_at=eve)
    assert receipt.paid_on == clock.dt.date(2027, 1, 1)


@pytest.mark.case(74)
def test_sixteen_writers_and_four_numberers(committed: Committed) -> None:
    factory.bank_account()
    commit()
    troubles: list[BaseException] = []

    def run(work: object) -> None:
        try:
            with committed.app.app_context():
                work()  # type: ignore[operator]
        except BaseException as trouble:
            troubles.append(trouble)

    def writer() -> None:
        for _ in range(4):
            write()
            commit()

    def numberer() -> None:
        for _ in range(6):
            service.number_receipts()
            commit()

    works = [writer] * 5 + [numberer] * 3
    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    assert troubles == []
    service.number_receipts()
    commit()
    given = sorted(number for number in numbers() if number is not None)
    assert given == list(range(1, 21))
    assert_books_balance()
