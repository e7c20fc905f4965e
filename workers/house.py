"""Work of the house itself: the canary that shows the workers work, and the broom."""

from __future__ import annotations

from coevolve.kit import beats, rate
from workers.app import task


@task("house.canary")
def canary() -> None:
    """Celery can be alive yet idle after a Redis reset; this row says that tasks really run."""
    beats.beat("canary")


@task("house.clean")
def clean() -> None:
    """Remove rate counters and slots of past days."""
    rate.sweep()
    beats.sweep()
