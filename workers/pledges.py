"""The clock of pledges."""

from __future__ import annotations

from coevolve.pledges import service as pledges
from workers.app import task


@task("pledges.lapse")
def lapse() -> None:
    """End promises whose time is over."""
    pledges.lapse_due()


@task("pledges.remind")
def remind() -> None:
    """Tell of instalments that are near, due or overdue."""
    pledges.remind_due()


@task("pledges.remind_bookings")
def remind_bookings() -> None:
    """Tell both sides of bookings and hand-overs of the next day."""
    pledges.remind_soon()
