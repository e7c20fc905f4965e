"""Sending notices."""

from __future__ import annotations

from coevolve.notifications import attaching, channels, delivery, digests, texting
from coevolve.reconciliation import papers
from workers.app import task

attaching.give("payment.received", papers.receipt_attachment)


@task("notifications.deliver")
def deliver() -> None:
    """Send what is due now; also the sweep that finds what no message announced."""
    delivery.deliver()
    for name in channels.connected():
        texting.deliver(name)


@task("notifications.digest")
def digest() -> None:
    """Gather and send the digests whose morning has come."""
    digests.deliver()
