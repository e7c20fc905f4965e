"""The clock of monthly gifts."""

from __future__ import annotations

from coevolve.recurring import service as recurring
from workers.app import task


@task("recurring.charge")
def charge() -> None:
    """Let gifts rest or go on with their listings, charge who is due, follow what came of it."""
    recurring.pause_unlisted()
    recurring.resume_listed()
    recurring.follow_open()
    recurring.charge_due()
    recurring.end_unbegun()
