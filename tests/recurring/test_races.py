"""Two clocks at once, and processes that die around the call: a month is charged once, and shown to need its guards."""

from __future__ import annotations

import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, func, select, text

from coevolve import config
from coevolve.kit import clock
from coevolve.kit.db import commit, session
from coevolve.payments import service as payments
from coevolve.payments.models import Outbox, Payment, PaymentState
from coevolve.recurring import service
from coevolve.recurring.models import MonthlyCharge
from coevolve.recurring.service import charging
from tests.conftest import Committed
from tests.factories import recurring as factory
from tests.invariants import assert_books_balance
from tests.payment_sandbox.server import Sandbox

ROOT = Path(__file__).resolve().parents[2]
UNGUARDED = (
    "ALTER TABLE monthly_charge DROP CONSTRAINT uq_monthly_charge_plan_id_month",
    "DROP INDEX uq_monthly_charge_open",
)


def due_now(sandbox: Sandbox) -> uuid.UUID:
    """A plan whose first month was the month before, and which is due."""
    plan_id = factory.running(sandbox, day=1).id
    session().execute(text("UPDATE monthly_charge SET month = month - interval '1 month'"))
    session().execute(text("UPDATE monthly_gift SET due_at = clock_timestamp() - interval '1 minute'"))
    commit()
    return plan_id


def charges() -> int:
    found = session().execute(select(func.count()).select_from(Outbox).where(Outbox.topic == "intent.create"))
    counted = int(found.scalar_one())
    session().rollback()
    return counted


def two_clocks(committed: Committed) -> None:
    """Two workers take the clock's turn at the same moment."""
    barrier = threading.Barrier(2)

    def turn() -> None:
        with committed.app.app_context():
            barrier.wait(20)
            try:
                service.charge_due()
                commit()
            finally:
                session().close()

    threads = [threading.Thread(target=turn) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


def meeting(real: Callable[..., uuid.UUID], *, new: bool) -> Callable[..., uuid.UUID]:
    """The token of a month's pledge, given only when both workers ask for it; `new`: another one for each."""
    barrier = threading.Barrier(2)

    def token(*given: Any) -> uuid.UUID:
        barrier.wait(20)
        return uuid.uuid4() if new else real(*given)

    return token


@pytest.mark.case(2)
def test_two_workers_charge_a_month_once(committed: Committed, sandbox: Sandbox) -> None:
    due_now(sandbox)
    two_clocks(committed)
    assert charges() == 1
    two_clocks(committed)
    assert charges() == 1
    assert payments.send_due() in (0, 1)
    assert_books_balance()


def test_the_unique_key_alone_is_enough_and_without_both_it_goes_wrong(
    committed: Committed, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = charging.month_token
    due_now(sandbox)
    with config.overridden(fault="skip-lock"):
        monkeypatch.setattr(charging, "month_token", meeting(real, new=True))
        two_clocks(committed)
        assert charges() == 1, "the month's key holds without a lock"
        session().execute(text("UPDATE monthly_gift SET due_at = clock_timestamp() - interval '1 minute'"))
        session().execute(text("UPDATE monthly_charge SET month = month - interval '1 month'"))
        session().execute(text("UPDATE monthly_charge SET ended_at = now() WHERE paid_at IS NULL"))
        commit()
        engine = create_engine(committed.settings.database_owner_url, poolclass=NullPool)
        with engine.begin() as owner:
            for statement in UNGUARDED:
                owner.execute(text(statement))
        monkeypatch.setattr(charging, "month_token", meeting(real, new=True))
        two_clocks(committed)
    assert charges() == 3, "control: neither lock nor key, and the giver pays twice"


@pytest.mark.case(26)
@pytest.mark.parametrize("point", ["payments.before_call", "payments.after_call"])
def test_killed_around_the_call_the_card_is_charged_once(
    committed: Committed, sandbox: Sandbox, point: str
) -> None:
    plan_id = due_now(sandbox)
    assert service.charge_due() == 1
    commit()
    row = session().execute(select(Outbox).where(Outbox.topic == "intent.create")).scalar_one()
    outbox_id, key = row.id, row.provider_key
    session().rollback()
    code = (
        "from coevolve.commands.ground import database_context\n"
        "with database_context():\n"
        "    from coevolve.payments import service\n"
        f"    service.send({outbox_id})\n"
    )
    environment = committed.environment | {
        "COEVOLVE_FAULT": point,
        "STRIPE_API_BASE": sandbox.url,
        "STRIPE_SECRET_KEY": sandbox.secret_key,
    }
    died = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=False, timeout=60)
    assert died.returncode == 9
    session().expire_all()
    row = session().get_one(Outbox, outbox_id)
    assert row.state == "unknown", "it may have happened"
    assert payments.send_due() == 0, "the dead one's lease stands"
    with clock.travel(clock.dt.timedelta(minutes=5)):
        assert payments.send_due() == 1
    session().expire_all()
    row = session().get_one(Outbox, outbox_id)
    assert (row.state, row.provider_key) == ("done", key)
    factory.settle()
    taken = select(Payment).join(MonthlyCharge, MonthlyCharge.pledge_id == Payment.reference_id)
    states = [one.state for one in session().execute(taken.where(MonthlyCharge.plan_id == plan_id)).scalars()]
    assert states == [PaymentState.captured, PaymentState.captured]
    assert len(sandbox.ask("GET", "/sandbox/dump")["payment_intent"]) == 2
    assert_books_balance()
