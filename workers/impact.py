"""Background work of impact."""

from __future__ import annotations

from coevolve.impact import service
from workers.app import task


@task("impact.roll_up")
def roll_up() -> None:
    """Compute the totals of all places again."""
    service.roll_up()
