"""Processes die, messages are lost, events come at once: the books end the same, with one receipt and one mail.

A real Celery worker on a real broker; the row's lease is moved back by hand where a test would otherwise wait for it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
import sqlalchemy as sa
from sqlalchemy import func, select, text
from stripe import WebhookSignature

from coevolve import registry
from coevolve.app import sqlalchemy_url
from coevolve.kit import jobs as kit_jobs
from coevolve.kit.db import commit, db, session
from coevolve.kit.invariants import check
from coevolve.ledger.models import Posting
from coevolve.notifications.models import Message
from coevolve.payments import service
from coevolve.payments.gateways import gateway
from coevolve.payments.models import Inbox, Payment, PaymentState, Receipt
from coevolve.pledges import queries as pledges
from coevolve.reconciliation import service as reconciliation
from coevolve.reconciliation.service import booking, settlement
from tests.conftest import Committed
from tests.factories import payments as factory
from tests.invariants import assert_books_balance
from tests.payment_sandbox.server import Sandbox

BLOCKED = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _real_jobs(committed: Committed, sandbox: Sandbox) -> Iterator[None]:
    """Real commits, the provider, and a producer that speaks to this test's broker."""
    kit_jobs.producer.cache_clear()
    yield
    kit_jobs.producer.cache_clear()


def environment(committed: Committed, sandbox: Sandbox, **more: str) -> dict[str, str]:
    return committed.environment | {
        "STRIPE_API_BASE": sandbox.url,
        "STRIPE_SECRET_KEY": sandbox.secret_key,
        "STRIPE_WEBHOOK_SECRET": sandbox.webhook_secret,
        **more,
    }


@contextmanager
def worker(
    committed: Committed, sandbox: Sandbox, log: Path, **more: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A Celery worker with one child, watching the queue of money."""
    command = [sys.executable, "-m", "celery", "--app", "workers.app", "worker", "--queues", "money"]
    command += ["--concurrency", "1", "--without-gossip", "--without-mingle", "--loglevel", "WARNING"]
    with log.open("ab") as words:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(committed, sandbox, **more),
            stdout=words,
            stderr=words,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)


def until(what: Callable[[], Any], seconds: float = 40) -> Any:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        session().rollback()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("it never came")


def paid() -> Payment:
    """A card payment that the provider has, and that we do not know of yet."""
    payment = factory.checkout()
    commit()
    outbox_id = service.outbox_id_of(payment.id)
    assert outbox_id
    return service.send(outbox_id)


def post_events(committed: Committed, sandbox: Sandbox, times: int = 1) -> None:
    """The provider's events, signed, to our webhook."""
    hints = list(gateway().list_events(since=_an_hour_ago()))
    for hint in hints:
        body = hint.raw.decode()
        header = WebhookSignature.generate_signature_header(body, sandbox.webhook_secret)
        for _ in range(times):
            answer = committed.client().post(
                "/webhook/stripe", data=body, headers={"Stripe-Signature": header}
            )
            assert answer.status_code == 200


def count(model: Any, *where: Any) -> int:
    found = session().execute(select(func.count()).select_from(model).where(*where)).scalar_one()
    session().rollback()
    return found


def captured() -> int:
    return count(Posting, Posting.kind == "payment.captured")


def broker_of(committed: Committed) -> redis.Redis:
    return redis.Redis(
        unix_socket_path=committed.settings.redis_url.removeprefix("unix://").partition("?")[0]
    )


def queued(committed: Committed) -> int:
    """Messages that wait for a worker of money."""
    with broker_of(committed) as broker:
        return int(broker.llen("money"))


def end_leases() -> None:
    session().execute(
        text("UPDATE payment_inbox SET leased_until = NULL, next_at = now() - interval '1 second'")
    )
    commit()


def assert_once(payment_id: Any) -> None:
    service.number_receipts()
    commit()
    assert session().get_one(Payment, payment_id).state == PaymentState.captured
    assert captured() == 1
    assert count(Receipt) == 1
    assert count(Message, Message.kind == "payment.received", Message.channel == "email") == 1
    assert count(Inbox, Inbox.state == "new") == 0
    assert check(registry.invariants()) == []
    session().rollback()


@pytest.mark.case(11)
@pytest.mark.parametrize(
    "point",
    [
        "reconciliation.fetched",
        "reconciliation.before_commit",
        "reconciliation.after_commit",
    ],
)
def test_the_child_dies_at(committed: Committed, sandbox: Sandbox, tmp_path: Path, point: str) -> None:
    payment_id = paid().id
    sandbox.pay(session().get_one(Payment, payment_id).provider_ref or "")
    commit()
    booked = point == "reconciliation.after_commit"
    with worker(committed, sandbox, tmp_path / "worker.log", COEVOLVE_FAULT=point):
        post_events(committed, sandbox)
        until(lambda: captured() if booked else count(Inbox, Inbox.attempts > 0))
        time.sleep(0.5)
    assert captured() == int(booked), "all of it or nothing"
    assert count(Receipt) == int(booked)
    # Control: what was not committed still waits under its lease; one look at the payment finishes all its events.
    assert booked or count(Inbox, Inbox.state == "new") > 0
    end_leases()
    reconciliation.work_off()
    assert count(Inbox, Inbox.state == "new") == 0
    assert_once(payment_id)
    assert_books_balance()


@pytest.mark.case(11)
def test_kill_9_while_it_waits_inside_the_transaction(
    committed: Committed, sandbox: Sandbox, tmp_path: Path
) -> None:
    payment = paid()
    payment_id, pledge_id = payment.id, payment.reference_id
    sandbox.pay(payment.provider_ref or "")
    commit()
    with worker(committed, sandbox, tmp_path / "worker.log") as process, db.engine.connect() as holder:
        kit_jobs.send("payments.number_receipts", {})
        until(lambda: queued(committed) == 0)
        holder.execute(text("SELECT id FROM pledge WHERE id = :id FOR UPDATE"), {"id": pledge_id})
        post_events(committed, sandbox)
        until(lambda: session().execute(text(BLOCKED)).scalar_one())
        children = subprocess.run(
            ["pgrep", "--parent", str(process.pid)], capture_output=True, text=True, check=True
        ).stdout.split()
        for child in children:
            os.kill(int(child), signal.SIGKILL)
        holder.rollback()
        time.sleep(0.5)
        assert captured() == 0, "what was not committed has not happened"
        # Control: the killed one's lease still stands; only when it ends does the living worker's sweep take over.
        kit_jobs.send("payments.sweep", {})
        end_leases()
        kit_jobs.send("payments.sweep", {})
        until(lambda: count(Inbox, Inbox.state == "new") == 0)
    assert_once(payment_id)
    assert_books_balance()


@pytest.mark.case(12)
def test_flushall_before_the_task(committed: Committed, sandbox: Sandbox, tmp_path: Path) -> None:
    payment_id = paid().id
    sandbox.pay(session().get_one(Payment, payment_id).provider_ref or "")
    commit()
    post_events(committed, sandbox)
    assert queued(committed) > 0
    with broker_of(committed) as broker:
        broker.flushall()
    with worker(committed, sandbox, tmp_path / "worker.log"):
        time.sleep(3)
        assert captured() == 0, "control: without the sweep the lost message would be a lost duty"
        kit_jobs.send("payments.sweep", {})
        until(lambda: captured() == 1)
        until(lambda: count(Inbox, Inbox.state == "new") == 0)
    assert_once(payment_id)
    assert_books_balance()


def together(committed: Committed, works: list[Callable[[], Any]]) -> list[BaseException]:
    """Run all at once, each in a thread with a session of its own; returns what went wrong."""
    troubles: list[BaseException] = []
    barrier = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> None:
        try:
            with committed.app.app_context():
                barrier.wait(20)
                work()
        except BaseException as trouble:
            troubles.append(trouble)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    return troubles


@pytest.mark.case(1, 2)
def test_one_event_fifty_times_over_four_connections(committed: Committed, sandbox: Sandbox) -> None:
    payment_id = paid().id
    sandbox.pay(session().get_one(Payment, payment_id).provider_ref or "")
    commit()
    [hint] = [
        one for one in gateway().list_events(since=_an_hour_ago()) if one.event_type == "charge.succeeded"
    ]
    body = hint.raw.decode()
    header = WebhookSignature.generate_signature_header(body, sandbox.webhook_secret)
    answers: list[int] = []

    def post() -> None:
        for _ in range(12):
            answer = committed.client().post(
                "/webhook/stripe", data=body, headers={"Stripe-Signature": header}
            )
            answers.append(answer.status_code)

    assert together(committed, [post] * 4) == []
    assert set(answers) == {200}
    assert count(Inbox) == 1
    assert together(committed, [reconciliation.work_off] * 4) == []
    assert_once(payment_id)
    assert_books_balance()


def _an_hour_ago() -> Any:
    found = session().execute(select(func.now() - text("interval '1 hour'"))).scalar_one()
    session().rollback()
    return found


@pytest.mark.case(2)
def test_different_events_of_one_charge_at_once(committed: Committed, sandbox: Sandbox) -> None:
    payment_id = paid().id
    sandbox.pay(session().get_one(Payment, payment_id).provider_ref or "")
    commit()
    post_events(committed, sandbox, times=2)
    ids = list(session().execute(select(Inbox.id).where(Inbox.state == "new")).scalars())
    session().rollback()
    assert len(ids) >= 3
    works = [
        lambda event_id=event_id: reconciliation.work_off(event_id=event_id, limit=1) for event_id in ids
    ]
    assert together(committed, works) == []
    end_leases()
    reconciliation.work_off()
    assert_once(payment_id)
    assert_books_balance()


def test_two_calls_at_once_are_one_call(committed: Committed, sandbox: Sandbox) -> None:
    payment = factory.checkout()
    commit()
    outbox_id = service.outbox_id_of(payment.id)
    assert outbox_id
    session().rollback()
    assert together(committed, [lambda: service.send(outbox_id)] * 4) == []
    pages = [line for line in sandbox.truth() if line["what"] == "call" and "checkout/sessions" in str(line)]
    assert len(pages) <= 1 or len({str(line.get("key")) for line in pages}) == 1
    session().expire_all()
    assert session().get_one(Payment, payment.id).state == PaymentState.awaiting


# --- controls: the same without the protection goes wrong, so the tests above show something ------------------------

_DIES_WHILE_SETTLING = """
import os, sys
from workers.app import context
with context().app_context():
    from coevolve.kit.db import commit
    from coevolve.reconciliation import service
    from coevolve.reconciliation.service import booking
    write = booking._post
    def write_and_die(*args):
        write(*args)
        if sys.argv[1] == "in two":
            commit()
        os._exit(9)
    booking._post = write_and_die
    service.work_off()
"""


@pytest.mark.parametrize("transactions", ["in one", "in two"])
def test_settling_in_two_transactions_would_leave_half_of_it(
    committed: Committed, sandbox: Sandbox, transactions: str
) -> None:
    payment_id = paid().id
    sandbox.pay(session().get_one(Payment, payment_id).provider_ref or "")
    commit()
    post_events(committed, sandbox)
    ended = subprocess.run(
        [sys.executable, "-c", _DIES_WHILE_SETTLING, transactions],
        cwd=ROOT,
        env=environment(committed, sandbox),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 9, ended.stderr.decode()[-2000:]
    broken = {offence.code for offence in check(registry.invariants())}
    session().rollback()
    if transactions == "in one":
        assert (captured(), broken) == (0, set())
        end_leases()
        reconciliation.work_off()
        assert_once(payment_id)
    else:
        assert captured() == 1, "the money is in the books ..."
        assert count(Receipt) == 0
        assert session().get_one(Payment, payment_id).captured == 0, "... and nothing else knows of it"
        assert broken, "which the self-check sees"


def test_without_the_unique_event_a_doubled_webhook_is_two(committed: Committed, sandbox: Sandbox) -> None:
    payment_id = paid().id
    sandbox.pay(session().get_one(Payment, payment_id).provider_ref or "")
    commit()
    post_events(committed, sandbox, times=2)
    once = count(Inbox)
    session().execute(text("DELETE FROM payment_inbox"))
    commit()
    owner = sa.create_engine(sqlalchemy_url(committed.settings.database_owner_url), poolclass=sa.NullPool)
    with owner.begin() as connection:
        connection.exec_driver_sql(
            "ALTER TABLE payment_inbox DROP CONSTRAINT uq_payment_inbox_provider_account_event_id"
        )
    post_events(committed, sandbox, times=2)
    assert count(Inbox) == 2 * once


@pytest.mark.parametrize("locked", [True, False])
def test_without_the_row_lock_two_workers_book_one_charge(
    committed: Committed, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    payment_id = paid().id
    sandbox.pay(session().get_one(Payment, payment_id).provider_ref or "")
    commit()
    post_events(committed, sandbox)
    ids = list(session().execute(select(Inbox.id).where(Inbox.state == "new").limit(2)).scalars())
    session().rollback()
    meeting = threading.Barrier(2)
    tries: list[BaseException | None] = []

    def book(*args: Any) -> int:
        with contextlib.suppress(threading.BrokenBarrierError):
            meeting.wait(1.5)
        try:
            posting_id = booking.book(*args)
        except Exception as trouble:
            tries.append(trouble)
            raise
        tries.append(None)
        return posting_id

    monkeypatch.setattr(settlement, "book", book)
    if not locked:
        unlocked = lambda payment: pledges.settlement_of(payment.reference_id, lock=False)  # noqa: E731
        monkeypatch.setattr(settlement, "settlement_of", unlocked)
        monkeypatch.setattr(settlement, "lock", lambda model, key: session().get_one(model, key))
    works = [
        lambda event_id=event_id: reconciliation.work_off(event_id=event_id, limit=1) for event_id in ids
    ]
    assert together(committed, works) == []
    if locked:
        assert tries == [None]
    else:
        assert len(tries) == 2, "both thought the money was theirs to book"
        assert tries.count(None) == 1, "the key of the posting and the edge of the state let only one through"
    monkeypatch.undo()
    end_leases()
    reconciliation.work_off()
    assert_once(payment_id)


@pytest.mark.case(26)
@pytest.mark.parametrize("point", ["payments.before_call", "payments.after_call"])
def test_death_around_the_call(committed: Committed, sandbox: Sandbox, point: str) -> None:
    """The process dies round the call to the provider: the same key finds the same card page, and only one exists."""
    payment = factory.checkout()
    payment_id = payment.id
    commit()
    outbox_id = service.outbox_id_of(payment_id)
    commit()
    program = f"from workers.app import celery; celery.tasks['payments.send'].run(outbox_id={outbox_id})"
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment(committed, sandbox, COEVOLVE_FAULT=point),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 9, ended.stderr.decode()[-2000:]
    row = session().execute(text("SELECT state, provider_key FROM payment_outbox")).one()
    assert row.state == "unknown", "from the commit before the call on, it may have happened"
    session().execute(
        text("UPDATE payment_outbox SET leased_until = NULL, next_at = now() - interval '1 second'")
    )
    commit()
    assert service.send_due() == 1
    session().expire_all()
    assert session().get_one(Payment, payment_id).state == PaymentState.awaiting
    assert session().execute(text("SELECT provider_key FROM payment_outbox")).scalar_one() == row.provider_key
    session().rollback()
    dump = str(sandbox.ask("GET", "/sandbox/dump"))
    assert dump.count("'client_reference_id'") == 1
    assert_books_balance()
