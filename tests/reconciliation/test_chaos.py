"""Many gifts under trouble of every kind at once; in the end the books are what the provider's truth file says."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from coevolve import registry
from coevolve.kit import clock
from coevolve.kit.invariants import check
from coevolve.kit.money import rupiah
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.notifications.models import Message
from coevolve.payments import service
from coevolve.payments.gateways import gateway
from coevolve.payments.models import Inbox, Payment, PaymentState, Receipt
from coevolve.payments.provider import ProviderError
from coevolve.payments.service.arriving import keep
from coevolve.reconciliation import service as reconciliation
from tests.factories import listings, people
from tests.factories import payments as factory
from tests.payment_sandbox.server import Sandbox

GIFTS = 25
TROUBLE = [
    {"mode": "http_500", "probability": 0.08, "remembered": False, "on": "*"},
    {"mode": "http_429", "probability": 0.08, "on": "*"},
    {"mode": "act_then_cut", "probability": 0.1},
    {"mode": "cut", "probability": 0.08, "on": "*"},
    {"mode": "garbage_after", "probability": 0.05},
]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [1, 2])
def test_books_are_the_truth(
    session: Session, sandbox: Sandbox, work_off: Callable[[], Any], seed: int
) -> None:
    chance = random.Random(seed)
    listing = listings.open_campaign(lines=(listings.money(100_000_000),))
    giver = people.person()
    sandbox.chaos(*TROUBLE)
    gifts = [
        factory.checkout(listing=listing, by=giver, money=rupiah(chance.randint(10, 900) * 1_000))
        for _ in range(GIFTS)
    ]
    for gift in gifts:
        outbox_id = service.outbox_id_of(gift.id)
        assert outbox_id
        service.send(outbox_id)
    for minutes in (1, 3, 6, 12, 25):
        with clock.travel(clock.dt.timedelta(minutes=minutes)):
            service.send_due(limit=100)
    refs = {
        gift.provider_ref: gift for gift in session.execute(select(Payment)).scalars() if gift.provider_ref
    }
    given_up = 0
    for ref in refs:
        if chance.random() < 0.2:
            given_up += 1
            continue
        sandbox.pay(ref)
    refund_some(sandbox, chance)
    deliver_badly(chance)
    for minutes in (30, 40, 60, 120, 300):
        with clock.travel(clock.dt.timedelta(minutes=minutes)):
            reconciliation.work_off(limit=1000)
            try_poll(service.poll_events)
            reconciliation.work_off(limit=1000)
    sandbox.chaos()
    with clock.travel(clock.dt.timedelta(hours=10)):
        service.poll_events()
        reconciliation.work_off(limit=1000)
        [row] = reconciliation.compare_provider_transactions()
        service.number_receipts()
    assert_true(session, listing.id)
    assert row.theirs == row.ours + row.explained
    assert given_up > 0


def refund_some(sandbox: Sandbox, chance: random.Random) -> None:
    for line in sandbox.truth():
        charge = line.get("id") or line.get("charge")
        if str(charge).startswith("ch_") and chance.random() < 0.3:
            sandbox.refund(str(charge), chance.choice([None, 500_000]))


def deliver_badly(chance: random.Random) -> None:
    """A fifth of the events twice, a fifth lost, all in a wild order."""
    hints = []
    for _ in range(20):
        with contextlib.suppress(ProviderError):
            hints = list(gateway().list_events(since=clock.now() - clock.dt.timedelta(hours=2)))
            break
    mixed = [hint for hint in hints if chance.random() > 0.2]
    mixed += [hint for hint in hints if chance.random() < 0.2]
    chance.shuffle(mixed)
    for hint in mixed:
        keep(hint, provider="stripe", via="push")
        if chance.random() < 0.5:
            reconciliation.work_off(limit=2)


def try_poll(poll: Callable[[], int]) -> None:
    with contextlib.suppress(ProviderError):
        poll()


def assert_true(session: Session, listing_id: Any) -> None:
    stripe = gateway().client.v1  # type: ignore[attr-defined]
    charges = [row for row in listed(stripe.charges.list({"limit": 100})) if row["status"] == "succeeded"]
    received = sum(row["amount_captured"] - row["amount_refunded"] for row in charges)
    assert ledger.balance(accounts.fund(listing_id)) == received
    paid = select(func.count()).where(Payment.state == PaymentState.captured)
    assert session.execute(paid).scalar_one() == len(charges) > 0
    thanks = select(func.count()).where(Message.kind == "payment.received", Message.channel == "email")
    assert session.execute(thanks).scalar_one() == len(charges)
    live = select(func.count()).where(Receipt.annulled_at.is_(None))
    kept = [row for row in charges if row["amount_refunded"] < row["amount_captured"]]
    assert session.execute(live).scalar_one() == len(kept)
    per_gift = "SELECT count(*) FROM ledger_posting WHERE kind = 'payment.captured' GROUP BY source_id"
    assert set(session.execute(text(per_gift)).scalars()) == {1}
    pages = [row["client_reference_id"] for row in listed(stripe.checkout.sessions.list({"limit": 100}))]
    assert len(pages) == len(set(pages)), "one card page per gift, whatever happened to the calls"
    assert session.execute(select(func.count()).where(Inbox.state.in_(("new", "dead")))).scalar_one() == 0
    assert [one.code for one in check(registry.invariants())] == []


def listed(rows: Any) -> list[dict[str, Any]]:
    return [row.to_dict() for row in rows.data]
