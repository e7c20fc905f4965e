"""Opening a card page: one intent however often it is tried, and never a false word about what happened."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from coevolve import config
from coevolve.kit import clock
from coevolve.kit.errors import Invalid
from coevolve.kit.money import Money, rupiah
from coevolve.payments import gateways, queries, service
from coevolve.payments.models import Outbox, Payment, PaymentState
from coevolve.payments.references import is_reference
from coevolve.reconciliation import service as reconciliation
from coevolve.reconciliation.models import Case
from tests.factories import payments as factory
from tests.invariants import assert_books_balance
from tests.payment_sandbox.server import Sandbox

CREATE = "POST /v1/checkout/sessions"


@pytest.fixture(autouse=True)
def _world(session: Session, sandbox: Sandbox) -> None:
    """Every test here has the database and the provider."""


def outbox_of(session: Session, payment: Payment) -> Outbox:
    return session.execute(select(Outbox).where(Outbox.payment_id == payment.id)).scalar_one()


def checkouts(sandbox: Sandbox, payment: Payment) -> list[Any]:
    """Card pages that really exist at the provider for a payment."""
    dump = sandbox.ask("GET", "/sandbox/dump")
    rows = dump["checkout.session"] if "checkout.session" in dump else dump.get("objects", dump)
    found = rows.values() if isinstance(rows, dict) else rows
    return [one for one in found if (one.get("metadata") or {}).get("payment_id") == str(payment.id)]


def send(payment: Payment) -> Payment:
    outbox_id = service.outbox_id_of(payment.id)
    assert outbox_id is not None
    return service.send(outbox_id)


def later(minutes: float) -> Any:
    return clock.travel(clock.dt.timedelta(minutes=minutes))


def test_intent_first_then_the_call(session: Session, sandbox: Sandbox) -> None:
    payment = factory.checkout()
    assert (payment.state, payment.provider_ref, payment.checkout_url) == (PaymentState.created, None, None)
    assert is_reference(payment.public_ref)
    row = outbox_of(session, payment)
    assert (row.state, row.first_sent_at) == ("due", None)
    assert row.payload["payer_email"]
    sent = send(payment)
    assert sent.state == PaymentState.awaiting
    assert sent.checkout_url and sent.checkout_url.startswith(sandbox.url)
    row = outbox_of(session, payment)
    assert row.state == "done"
    assert "payer_email" not in row.payload
    [page] = checkouts(sandbox, payment)
    assert page["amount_total"] == 50_000_000
    assert page["client_reference_id"] == payment.public_ref


def test_sent_twice_is_one_call(session: Session, sandbox: Sandbox) -> None:
    payment = factory.checkout()
    first = send(payment).provider_ref
    assert send(payment).provider_ref == first
    assert len(checkouts(sandbox, payment)) == 1


@pytest.mark.case(20)
def test_double_click_finds_the_same_payment(session: Session) -> None:
    reference, token = uuid.uuid4(), uuid.uuid4()
    said: dict[str, Any] = {
        "reference_kind": "pledge",
        "reference_id": reference,
        "money": rupiah(25_000),
        "client_token": token,
        "payer_email": None,
        "description": "Sumur",
    }
    first = service.start_checkout(**said)
    assert service.start_checkout(**said).id == first.id
    assert service.start_checkout(**said | {"client_token": uuid.uuid4()}).id != first.id
    assert session.execute(select(func.count()).select_from(Payment)).scalar_one() == 2
    assert_books_balance()


@pytest.mark.parametrize("money", [rupiah(9_000), Money(1_000_050), Money(5_000, "USD"), Money(-1_000_000)])
def test_no_payment_of_a_wrong_sum(money: Money) -> None:
    with pytest.raises(Invalid):
        service.start_checkout(
            reference_kind="pledge",
            reference_id=uuid.uuid4(),
            money=money,
            client_token=uuid.uuid4(),
            payer_email=None,
            description="Sumur",
        )


@pytest.mark.case(21)
@pytest.mark.parametrize(
    "fault",
    [
        {"mode": "act_then_timeout", "seconds": 4},
        {"mode": "act_then_cut"},
        {"mode": "http_500_after", "remembered": False},
        {"mode": "garbage_after"},
        {"mode": "cut"},
        {"mode": "hang", "seconds": 4},
        {"mode": "http_500", "remembered": False},
        {"mode": "http_503"},
        {"mode": "http_429"},
        {"mode": "http_409"},
        {"mode": "garbage"},
    ],
    ids=lambda fault: fault["mode"],
)
def test_trouble_then_the_same_key(session: Session, sandbox: Sandbox, fault: dict[str, Any]) -> None:
    payment = factory.checkout()
    key = outbox_of(session, payment).provider_key
    sandbox.chaos({"on": CREATE, "count": 1, **fault})
    with config.overridden(stripe_timeout_seconds=1):
        gateways.forget()
        after = send(payment)
    assert after.state == PaymentState.created, "never a false 'failed'"
    row = outbox_of(session, payment)
    assert row.state in {"unknown", "due"}
    assert row.provider_key == key
    gateways.forget()
    assert service.send_due() == 0, "it waits before it tries again"
    with later(5):
        assert service.send_due() == 1
    session.refresh(payment)
    assert payment.state == PaymentState.awaiting
    assert len(checkouts(sandbox, payment)) == 1
    keys = {line.get("key") or line.get("idempotency_key") for line in sandbox.truth() if "key" in line}
    assert str(key) in {str(one) for one in keys} or keys == set()
    assert_books_balance()


@pytest.mark.case(24)
def test_a_saved_error_gets_a_new_key_only_after_a_look(session: Session, sandbox: Sandbox) -> None:
    payment = factory.checkout()
    key = outbox_of(session, payment).provider_key
    sandbox.chaos({"mode": "http_500", "on": CREATE, "count": 1})
    send(payment)
    for minutes in (1, 3, 8, 20, 45):
        with later(minutes):
            service.send_due()
    row = outbox_of(session, payment)
    assert row.provider_key != key
    with later(55):
        service.send_due()
    session.refresh(payment)
    assert payment.state in {PaymentState.awaiting, PaymentState.failed}
    assert len(checkouts(sandbox, payment)) <= 1
    assert_books_balance()


@pytest.mark.case(24)
def test_acted_then_saved_error_is_found_by_looking(session: Session, sandbox: Sandbox) -> None:
    payment = factory.checkout()
    sandbox.chaos({"mode": "http_500_after", "on": CREATE, "count": 1})
    send(payment)
    for minutes in (1, 3, 8, 20, 40):
        with later(minutes):
            service.send_due()
    session.refresh(payment)
    assert payment.state == PaymentState.awaiting
    [page] = checkouts(sandbox, payment)
    assert page["id"] == payment.provider_ref
    assert_books_balance()


def test_a_key_too_old_is_never_sent_again(session: Session, sandbox: Sandbox) -> None:
    payment = factory.checkout()
    sandbox.chaos({"mode": "cut", "on": CREATE})
    send(payment)
    sandbox.chaos()
    with later(25 * 60):
        service.send_due()
    session.refresh(payment)
    assert payment.state == PaymentState.failed
    assert outbox_of(session, payment).state == "dead"
    assert checkouts(sandbox, payment) == []
    assert reconciliation.open_cases_of_dead_calls() == 1
    assert reconciliation.open_cases_of_dead_calls() == 0
    assert list(session.execute(select(Case.kind)).scalars()) == ["dead_call"]


def test_a_refused_order_says_so(session: Session, sandbox: Sandbox) -> None:
    payment = factory.checkout()
    row = outbox_of(session, payment)
    row.payload = row.payload | {"expires_at": int(clock.now().timestamp()) + 60}
    session.commit()
    assert send(payment).state == PaymentState.failed
    assert outbox_of(session, payment).state == "dead"


def test_cancelled_before_it_was_sent_is_never_sent(session: Session, sandbox: Sandbox) -> None:
    payment = factory.checkout()
    service.cancel(payment_id=payment.id, by=None, cause="withdrawn")
    assert send(payment).state == PaymentState.cancelled
    assert checkouts(sandbox, payment) == []


def test_cancelling_closes_the_page(session: Session, sandbox: Sandbox, work_off: Any) -> None:
    payment = send(factory.checkout())
    service.cancel(payment_id=payment.id, by=None, cause="withdrawn")
    assert "payments.send" in work_off()
    [page] = checkouts(sandbox, payment)
    assert page["status"] == "expired"
    assert queries.get(payment.id).state == PaymentState.cancelled
