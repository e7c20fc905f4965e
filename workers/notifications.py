"""Sending notices."""

from __future__ import annotations

from coevolve.notifications import attaching, delivery
from coevolve.reconciliation import papers
from workers.app import task

attaching.give("payment.received", papers.receipt_attachment)


@task("notifications.deliver")
def deliver() -> None:
    """Send what is due now; also the sweep that finds what no message announced."""
    delivery.deliver()


@task("notifications.digest")
def digest() -> None:
    """Send the daily and weekly digests whose hour has come."""
    delivery.deliver_digests()
