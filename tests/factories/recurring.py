"""Monthly gifts for tests, made by the real use cases and the payment sandbox."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from coevolve.kit import clock
from coevolve.kit.db import commit, session
from coevolve.kit.money import rupiah
from coevolve.listings.models import Listing
from coevolve.payments import service as payments
from coevolve.payments.models import Payment
from coevolve.people.models import Person
from coevolve.reconciliation import service as reconciliation
from coevolve.recurring import queries, service
from coevolve.recurring.models import MonthlyGift
from tests.factories import listings, people
from tests.payment_sandbox.server import Sandbox


def pending(
    listing: Listing | None = None, *, by: Person | None = None, whole: int = 100_000, **over: Any
) -> MonthlyGift:
    """A plan that waits for its first money."""
    where = listing or listings.open_campaign(closes_on=clock.today() + dt.timedelta(days=360))
    guest = over.get("guest")
    return service.begin(
        listing_id=where.id,
        by=None if guest else by or people.person(),
        money=rupiah(whole),
        client_token=over.pop("client_token", uuid.uuid4()),
        **over,
    )


def card_page(plan: MonthlyGift, *, day: int | None = None) -> Payment:
    """The card page of the first month, open at the provider."""
    payment = service.pay_first(plan_id=plan.id, client_token=uuid.uuid4(), day=day)
    commit()
    outbox_id = payments.outbox_id_of(payment.id)
    assert outbox_id is not None
    return payments.send(outbox_id)


def settle() -> None:
    """What the provider has to say is heard and settled."""
    payments.poll_events()
    reconciliation.work_off(limit=200)
    commit()
    session().expire_all()


def running(
    sandbox: Sandbox, *, day: int | None = None, card: str = "4242424242424242", **over: Any
) -> MonthlyGift:
    """A plan whose first month is paid and whose card is kept."""
    plan = pending(**over)
    page = card_page(plan, day=day)
    assert sandbox.pay(str(page.provider_ref), card=card, approve=True) == "paid"
    settle()
    return queries.get(plan.id)
