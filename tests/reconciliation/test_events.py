"""Events that come early, late, twice, never, or that nobody can read: the money is booked once all the same."""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session
from stripe import WebhookSignature

from coevolve.kit import clock
from coevolve.kit.db import commit, session
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.ledger.models import Posting
from coevolve.notifications.models import Message
from coevolve.payments import service
from coevolve.payments.gateways import gateway
from coevolve.payments.models import Inbox, Payment, PaymentState
from coevolve.payments.provider import FoundPayment
from coevolve.payments.service.arriving import keep
from coevolve.reconciliation import service as reconciliation
from coevolve.reconciliation.models import Case
from coevolve.reconciliation.service.settlement import settle_payment
from tests.conftest import Committed
from tests.factories import payments as factory
from tests.invariants import assert_books_balance
from tests.payment_sandbox.server import Sandbox

GOOD = 1_000


def opened(**over: Any) -> Payment:
    """A card payment whose page is open."""
    payment = factory.checkout(**over)
    commit()
    outbox_id = service.outbox_id_of(payment.id)
    assert outbox_id is not None
    return service.send(outbox_id)


def events() -> list[Any]:
    """Every event the provider has, oldest first."""
    return list(gateway().list_events(since=clock.now() - dt.timedelta(hours=2)))


def deliver(hints: list[Any]) -> None:
    for hint in hints:
        keep(hint, provider="stripe", via="push")
        reconciliation.work_off()


def count(model: Any, *where: Any) -> int:
    return int(session().execute(select(func.count()).select_from(model).where(*where)).scalar_one())


def cases() -> list[str]:
    return sorted(session().execute(select(Case.kind)).scalars())


def assert_paid_once(payment: Payment) -> None:
    session().refresh(payment)
    assert (payment.state, payment.captured) == (PaymentState.captured, 50_000_000)
    assert count(Posting, Posting.kind == "payment.captured", Posting.source_id == payment.id) == 1
    thanks = (Message.kind == "payment.received", Message.about_id == payment.reference_id)
    assert count(Message, *thanks, Message.channel == "email") == 1
    assert count(Inbox, Inbox.state == "new") == 0
    service.number_receipts()
    assert_books_balance()


@pytest.mark.case(5)
def test_an_older_failure_changes_nothing_and_a_newer_success_wins(
    session: Session, sandbox: Sandbox
) -> None:
    payment = opened()
    ref = payment.provider_ref or ""
    assert sandbox.pay(ref, card="4000000000000002") == "declined"
    failures = events()
    old = gateway().fetch(ref)
    assert isinstance(old, FoundPayment)
    deliver(failures[:1])
    assert payment.state == PaymentState.awaiting, "a declined card may be tried again"
    assert sandbox.pay(ref) == "paid"
    successes = [hint for hint in events() if hint.event_id not in {one.event_id for one in failures}]
    deliver(successes)
    deliver(failures)
    settle_payment(payment, dataclasses.replace(old, status="failed"))
    assert_paid_once(payment)


@pytest.mark.case(8)
def test_an_event_before_our_own_commit_waits_and_then_fits(committed: Committed, sandbox: Sandbox) -> None:
    ids: list[Any] = []
    written, go = threading.Event(), threading.Event()

    def give() -> None:
        with committed.app.app_context():
            ids.append(factory.checkout().id)
            written.set()
            go.wait(30)
            commit()

    giving = threading.Thread(target=give)
    giving.start()
    assert written.wait(60)
    sandbox.unknown_payment(amount=50_000_000, currency="idr", metadata={"payment_id": str(ids[0])})
    deliver(events())
    assert set(session().execute(select(Inbox.state)).scalars()) == {"new"}
    assert all(
        "UnknownPayment" in str(word) for word in session().execute(select(Inbox.last_error)).scalars()
    )
    session().rollback()
    go.set()
    giving.join(60)
    session().execute(text("UPDATE payment_inbox SET next_at = now() - interval '1 second'"))
    commit()
    reconciliation.work_off()
    assert_paid_once(session().get_one(Payment, ids[0]))
    assert cases() == []


@pytest.mark.case(13)
def test_redelivered_while_its_first_copy_is_worked_on(
    session: Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = opened()
    sandbox.pay(payment.provider_ref or "")
    [hint] = [one for one in events() if one.event_type == "charge.succeeded"]
    event_id = keep(hint, provider="stripe", via="push")
    real, taken = gateway().fetch, []

    def fetch(ref: str) -> Any:
        assert keep(hint, provider="stripe", via="push") == event_id, "the same row"
        taken.append(reconciliation.work_off(event_id=event_id, limit=1))
        return real(ref)

    monkeypatch.setattr(gateway(), "fetch", fetch)
    assert reconciliation.work_off(event_id=event_id) == 1
    assert set(taken) == {0}, "nobody works on it twice at once"
    assert_paid_once(payment)


@pytest.mark.case(16)
def test_words_nobody_knows_are_a_case_and_no_error(
    session: Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = opened()
    sandbox.pay(payment.provider_ref or "")
    deliver(events())
    [charge] = [hint.object_ref for hint in events() if hint.event_type == "charge.succeeded"]
    sandbox.refund(charge, 1_000_000)
    sandbox.dispute(charge, amount=2_000_000)
    real = gateway().fetch

    def fetch(ref: str) -> Any:
        found = real(ref)
        [one] = found.charges
        strange = dataclasses.replace(
            one,
            refunds=tuple(dataclasses.replace(refund, state="reconsidered") for refund in one.refunds),
            disputes=tuple(dataclasses.replace(dispute, state="appeal_pondered") for dispute in one.disputes),
        )
        return dataclasses.replace(found, status="quantum", charges=(strange,))

    monkeypatch.setattr(gateway(), "fetch", fetch)
    deliver(events())
    assert cases() == ["unknown_word", "unknown_word"]
    session.refresh(payment)
    assert (payment.captured, payment.refunded, payment.disputed) == (50_000_000, 0, 0)
    assert count(Inbox, Inbox.state == "new") == 0
    assert_books_balance()


@pytest.mark.case(17)
def test_lost_beyond_30_days_is_found_in_the_provider_s_own_account(
    session: Session, sandbox: Sandbox, work_off: Callable[[], Any]
) -> None:
    payment = opened()
    sandbox.pay(payment.provider_ref or "")
    sandbox.unknown_payment(amount=7_500_000, currency="idr")
    # Given up on our side, so that nothing asks about it any more; and its events are beyond the provider's list.
    service.cancel(payment_id=payment.id, by=None, cause="nobody came back")
    commit()
    days = 40
    sandbox.advance(days * 86_400)
    with clock.travel(dt.timedelta(days=days)):
        assert service.poll_events() == 0
        assert service.poll_open() == 0
        work_off()
        assert payment.captured == 0
        [row] = reconciliation.compare_provider_transactions()
        assert row.theirs == row.ours + row.explained
        session.refresh(payment)
        assert (payment.state, payment.captured) == (PaymentState.captured_late, 50_000_000)
        assert cases() == ["late", "unknown_charge"]
        assert ledger.balance(accounts.unidentified()) == 7_500_000
        assert_books_balance()


@pytest.mark.case(18)
@pytest.mark.timeout(120)
def test_one_poisonous_event_before_a_thousand_good_ones(
    session: Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    payments = [opened() for _ in range(3)]
    for payment in payments:
        sandbox.pay(payment.provider_ref or "")
    good = events()
    real = gateway().fetch

    def fetch(ref: str) -> Any:
        if ref == "ch_poison":
            raise ValueError("no such shape")
        return real(ref)

    monkeypatch.setattr(gateway(), "fetch", fetch)
    keep(
        dataclasses.replace(good[0], event_id="evt_poison", object_ref="ch_poison"),
        provider="stripe",
        via="push",
    )
    for number in range(GOOD):
        hint = good[number % len(good)]
        keep(dataclasses.replace(hint, event_id=f"evt_good_{number}"), provider="stripe", via="push")
    while reconciliation.work_off(limit=GOOD):
        pass
    assert count(Inbox, Inbox.state == "done") == GOOD
    poison = session.execute(select(Inbox).where(Inbox.event_id == "evt_poison")).scalar_one()
    assert (poison.state, poison.attempts, "ValueError" in (poison.last_error or "")) == ("new", 1, True)
    for hours in range(1, 60, 4):
        with clock.travel(dt.timedelta(hours=hours)):
            reconciliation.work_off()
    assert poison.state == "dead"
    assert cases() == ["dead_event"]
    for payment in payments:
        assert_paid_once(payment)


@pytest.mark.case(19)
def test_the_poll_and_the_webhook_are_one_notice(
    client: FlaskClient, session: Session, sandbox: Sandbox, work_off: Callable[[], Any]
) -> None:
    payment = opened()
    sandbox.pay(payment.provider_ref or "")
    hints = events()
    assert service.poll_events() >= len(hints)
    for hint in hints:
        body = hint.raw.decode()
        header = WebhookSignature.generate_signature_header(body, sandbox.webhook_secret)
        assert (
            client.post("/webhook/stripe", data=body, headers={"Stripe-Signature": header}).status_code == 200
        )
    assert count(Inbox) == len(hints)
    work_off()
    with clock.travel(dt.timedelta(minutes=12)):
        service.poll_events()
        service.poll_open()
        reconciliation.compare_provider_transactions()
        work_off()
    assert_paid_once(payment)


def test_events_of_one_payment_are_finished_by_one_look(
    session: Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment, other = opened(), opened()
    for one in (payment, other):
        sandbox.pay(one.provider_ref or "")
    hints = events()
    real, asked = gateway().fetch, []

    def fetch(ref: str) -> Any:
        asked.append(ref)
        found = real(ref)
        if len(asked) == 1:
            # It came while we were looking: the picture may be older than what it tells.
            keep(dataclasses.replace(hints[0], event_id="evt_late"), provider="stripe", via="push")
        return found

    monkeypatch.setattr(gateway(), "fetch", fetch)
    for hint in hints:
        keep(hint, provider="stripe", via="push")
    while reconciliation.work_off():
        pass
    assert len(asked) == 3, "one look per payment, and one for the event that came in between"
    assert_paid_once(payment)
    assert_paid_once(other)
