"""Working off the inbox: claim and commit, ask the provider with no transaction open, settle and commit.

This is the edge of background work, called by tasks, sweeps and commands, so it ends its transactions itself. One event
that cannot be settled backs off by itself and blocks nobody.
"""

from __future__ import annotations

import datetime as dt
import logging

from sqlalchemy import func, select, text, update

from coevolve.kit import clock, inbox
from coevolve.kit.db import commit, get, lock, session
from coevolve.kit.faults import fault
from coevolve.kit.money import Money
from coevolve.payments.gateways import gateway
from coevolve.payments.models import Inbox, Outbox, Payment
from coevolve.payments.provider import FoundPayment, ProviderError
from coevolve.reconciliation.service.cases import open_case
from coevolve.reconciliation.service.settlement import UnknownPayment, settle

log = logging.getLogger(__name__)

TRIES = 12
LEASE_SECONDS = 90
TURN = dt.timedelta(seconds=35)
"""One turn takes no longer, well within a task's time limit, even when the provider hangs."""


def work_off(*, event_id: int | None = None, limit: int = 50) -> int:
    """Settle one event, or all that are due; returns how many were taken up."""
    where = Inbox.state == "new"
    if event_id is not None:
        where = where & (Inbox.id == event_id)
    taken, began = 0, clock.now()
    while taken < limit and clock.now() - began < TURN:
        # One at a time: the lease of a second row must not run while the first one waits for the provider.
        claimed = inbox.claim(Inbox, where=where, limit=1, lease_seconds=LEASE_SECONDS)
        commit()
        if not claimed:
            break
        fault("reconciliation.claimed")
        _settle_one(claimed[0])
        taken += 1
    return taken


def _settle_one(event_id: int) -> None:
    row = get(Inbox, event_id)
    provider, object_ref = row.provider, row.object_ref
    last_id = session().execute(select(func.max(Inbox.id))).scalar_one()
    commit()
    try:
        found = gateway(provider).fetch(object_ref) if object_ref else None
        fault("reconciliation.fetched")
        state = settle(event_id=event_id, found=found)
        if state == "done" and isinstance(found, FoundPayment):
            _finish_siblings(event_id, found, last_id=last_id)
        fault("reconciliation.before_commit")
        commit()
        fault("reconciliation.after_commit")
    except Exception as trouble:
        session().rollback()
        _put_back(event_id, trouble)
        commit()


def _finish_siblings(event_id: int, found: FoundPayment, *, last_id: int) -> None:
    """Events about the same payment that were here before we looked: the picture says all that they could.

    Their numbers were drawn before the fetch began. Rows in somebody's hands are left to him.
    """
    names = [found.checkout_ref, found.intent_ref]
    for charge in found.charges:
        names += [charge.ref, *(one.ref for one in charge.refunds), *(one.ref for one in charge.disputes)]
    same = (
        select(Inbox.id)
        .where(
            Inbox.state == "new",
            Inbox.id <= last_id,
            Inbox.id != event_id,
            Inbox.provider == found.provider,
            Inbox.account == found.account,
            Inbox.object_ref.in_([name for name in names if name]),
        )
        .with_for_update(skip_locked=True)
    )
    ids = list(session().execute(same).scalars())
    if ids:
        session().execute(
            update(Inbox)
            .where(Inbox.id.in_(ids))
            .values(state="done", leased_until=None)
            .execution_options(synchronize_session=False)
        )


def _put_back(event_id: int, trouble: Exception) -> None:
    row = lock(Inbox, event_id)
    if row.state != "new":
        return
    is_patient = isinstance(trouble, UnknownPayment | ProviderError)
    if not is_patient:
        log.error(
            "event not settled", exc_info=trouble, extra={"event_id": event_id, "attempts": row.attempts}
        )
    inbox.back_off(row, f"{type(trouble).__name__}: {trouble}")
    if row.attempts >= TRIES and not is_patient:
        row.state = "dead"
        open_case(
            kind="dead_event", subject=("inbox", row.id), data={"event": row.event_id, "type": row.event_type}
        )
    session().flush()


def open_cases_of_dead_calls() -> int:
    """Every call to a provider that was given up has a case; returns how many cases are new."""
    dead = session().execute(
        select(Outbox).where(
            Outbox.state == "dead",
            text(
                "NOT EXISTS (SELECT 1 FROM recon_case c WHERE c.kind = 'dead_call' AND c.subject_kind = 'outbox'"
                " AND c.subject_id = payment_outbox.id::text)"
            ),
        )
    )
    rows = list(dead.scalars())
    for row in rows:
        payment = get(Payment, row.payment_id) if row.payment_id else None
        open_case(
            kind="dead_call",
            subject=("outbox", row.id),
            payment_id=row.payment_id,
            difference=Money(payment.amount, payment.unit) if payment else None,
            data={"topic": row.topic, "error": row.last_error or ""},
        )
    return len(rows)
