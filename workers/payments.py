"""Background work of payments: what providers told us, calls that are due, polls, deadlines, receipt numbers."""

from __future__ import annotations

from coevolve.payments import service as payments
from coevolve.reconciliation import service as reconciliation
from workers.app import task


@task("payments.settle")
def settle(event_id: int) -> None:
    """Settle one event, if nobody is at it."""
    reconciliation.work_off(event_id=event_id, limit=1)


@task("payments.send")
def send(outbox_id: int) -> None:
    """Make one call to a provider."""
    payments.send(outbox_id)


@task("payments.sweep")
def sweep() -> None:
    """Take up events and calls whose message was lost, deadlines that passed, receipts without a number."""
    reconciliation.work_off(limit=100)
    payments.send_due()
    reconciliation.undo_refused_refunds()
    reconciliation.expire_transfers()
    payments.number_receipts()


@task("payments.number_receipts")
def number_receipts() -> None:
    """Give waiting receipts their numbers."""
    payments.number_receipts()


@task("payments.poll_events")
def poll_events() -> None:
    """Ask the provider for events that never came."""
    payments.poll_events()


@task("payments.poll_open")
def poll_open() -> None:
    """Ask anew about card payments and refunds that stay open; look for money that came after its campaign closed."""
    payments.poll_open()
    payments.poll_refunds()
    reconciliation.reopen_late_rounds()


@task("payments.undo_refused")
def undo_refused() -> None:
    """Put the money of refunds that the provider refused back where it was."""
    reconciliation.undo_refused_refunds()


@task("payments.refund_rounds")
def refund_rounds() -> None:
    """Go on with giving back every gift of campaigns that were closed so."""
    reconciliation.work_rounds()
