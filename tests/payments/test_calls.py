"""Calls to the provider that go wrong: an answer lost, a key forgotten, other parameters, too many at once."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from coevolve.kit import clock
from coevolve.payments import service
from coevolve.payments.models import Outbox, Payment, PaymentState
from coevolve.payments.service import checkout
from coevolve.reconciliation import service as reconciliation
from coevolve.reconciliation.models import Case
from tests.factories import payments as factory
from tests.invariants import assert_books_balance
from tests.payment_sandbox.server import Sandbox

CREATE = "POST /v1/checkout/sessions"


@pytest.fixture(autouse=True)
def _world(session: Session, sandbox: Sandbox) -> None:
    """Every test here has the database and the provider."""


def rows_of(session: Session, payment: Payment) -> list[Outbox]:
    return list(
        session.execute(select(Outbox).where(Outbox.payment_id == payment.id).order_by(Outbox.id)).scalars()
    )


def pages(sandbox: Sandbox, payment: Payment) -> list[Any]:
    """Card pages that really exist at the provider for a payment."""
    found = sandbox.ask("GET", "/sandbox/dump")["checkout.session"]
    return [one for one in found if (one.get("metadata") or {}).get("payment_id") == str(payment.id)]


def keys_sent(sandbox: Sandbox) -> list[str]:
    """The idempotency keys of the calls that opened a page, as the provider received them."""
    return [line["idempotency_key"] for line in sandbox.truth("call", CREATE)]


def send(payment: Payment) -> Payment:
    outbox_id = service.outbox_id_of(payment.id)
    assert outbox_id is not None
    return service.send(outbox_id)


def later(minutes: float) -> Any:
    return clock.travel(dt.timedelta(minutes=minutes))


@pytest.mark.case(22)
@pytest.mark.parametrize("acted", [True, False])
def test_a_key_that_may_be_forgotten_is_never_sent_again(
    session: Session, sandbox: Sandbox, acted: bool
) -> None:
    payment = factory.checkout()
    sandbox.chaos({"mode": "act_then_cut" if acted else "cut", "on": CREATE, "count": 1})
    send(payment)
    sent = keys_sent(sandbox)
    # The provider has forgotten the key by now: to send it again would open a second page.
    sandbox.advance(25 * 3600)
    with later(25 * 60):
        assert service.send_due() == 1
    assert keys_sent(sandbox) == sent, "no second call, under whatever key"
    session.refresh(payment)
    assert len(pages(sandbox, payment)) == int(acted)
    if acted:
        assert payment.provider_ref == pages(sandbox, payment)[0]["id"], "found by our own id"
        assert rows_of(session, payment)[0].state == "done"
    else:
        assert payment.state == PaymentState.failed
        assert reconciliation.open_cases_of_dead_calls() == 1
        assert list(session.execute(select(Case.kind)).scalars()) == ["dead_call"]
    assert_books_balance()


@pytest.mark.case(23)
def test_a_key_with_other_parameters_is_an_error_that_a_person_sees(
    session: Session, sandbox: Sandbox
) -> None:
    first, second = factory.checkout(), factory.checkout()
    send(first)
    [used] = rows_of(session, first)
    [row] = rows_of(session, second)
    row.provider_key = used.provider_key
    session.commit()
    after = send(second)
    assert after.state == PaymentState.failed, "no page, and none of somebody else's"
    assert after.provider_ref is None
    assert (row.state, "idempotent" in (row.last_error or "")) == ("dead", True)
    assert reconciliation.open_cases_of_dead_calls() == 1
    assert pages(sandbox, second) == []
    assert_books_balance()


@pytest.mark.case(27)
def test_too_many_calls_wait_longer_each_time_and_not_all_alike(session: Session, sandbox: Sandbox) -> None:
    payments = [factory.checkout() for _ in range(6)]
    sandbox.chaos({"mode": "http_429", "on": CREATE})
    waits: list[list[float]] = [[], [], []]
    passed = 0.0
    for attempt in range(3):
        with later(passed):
            for payment in payments:
                send(payment)
            for payment in payments:
                [row] = rows_of(session, payment)
                assert (row.state, row.first_sent_at) == ("due", None), "nothing happened"
                waits[attempt].append((row.next_at - clock.now()).total_seconds())
        passed += 2
    assert all(len({round(wait, 1) for wait in some}) > 1 for some in waits), "spread, not all at once again"
    assert sum(waits[0]) < sum(waits[1]) < sum(waits[2])
    sandbox.chaos()
    with later(60):
        assert service.send_due() == 6
    assert {payment.state for payment in payments} == {PaymentState.awaiting}
    assert len(set(keys_sent(sandbox))) == 6, "each its own key, from the first try to the last"
    assert_books_balance()


@pytest.mark.case(27)
def test_calls_about_one_payment_keep_their_order(session: Session, sandbox: Sandbox) -> None:
    payment = factory.checkout()
    sandbox.chaos({"mode": "http_429", "on": CREATE, "count": 1})
    send(payment)
    [first] = rows_of(session, payment)
    later_one = Outbox(
        topic=checkout.EXPIRE,
        dedupe_key=f"test:{uuid.uuid4()}",
        payment_id=payment.id,
        payload={"ref": "cs_test_nobody"},
        next_at=clock.now(),
    )
    session.add(later_one)
    session.commit()
    service.send(later_one.id)
    assert (later_one.state, later_one.attempts) == ("due", 0), "it does not overtake the call that waits"
    with later(1):
        assert service.send_due() == 1
        assert (first.state, later_one.state) == ("done", "due")
        assert service.send_due() == 1
    assert later_one.state == "done"
    assert_books_balance()


@pytest.mark.case(27)
def test_busy_after_a_lost_answer_does_not_make_the_key_new(session: Session, sandbox: Sandbox) -> None:
    payment = factory.checkout()
    sandbox.chaos(
        {"mode": "act_then_cut", "on": CREATE, "count": 1}, {"mode": "http_429", "on": CREATE, "count": 1}
    )
    send(payment)
    [row] = rows_of(session, payment)
    began = row.first_sent_at
    with later(1):
        assert service.send_due() == 1
    assert (row.state, row.first_sent_at) == ("unknown", began), "the first try may have had its effect"
    with later(5):
        assert service.send_due() == 1
    assert len(pages(sandbox, payment)) == 1
    assert_books_balance()
