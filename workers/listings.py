"""Work of listings: the clock ends, pauses and reminds; counts are folded."""

from __future__ import annotations

from coevolve.listings import service
from workers.app import task


@task("listings.expire")
def expire() -> None:
    """End what is past its last day."""
    service.expire_due()


@task("listings.pause_unconfirmed")
def pause_unconfirmed() -> None:
    """Pause what nobody re-confirmed; remind those whose day comes near."""
    service.pause_unconfirmed()
    service.remind_unconfirmed()


@task("listings.fold_facets")
def fold_facets() -> None:
    """Fold the counts of the browse page."""
    service.fold_facets()


@task("listings.gauge_gaps")
def gauge_gaps() -> None:
    """Let the filter by missing money follow the books."""
    service.gauge_gaps()


@task("listings.turn_disasters")
def turn_disasters() -> None:
    """End disasters past their last day; put first what begins today."""
    service.turn_days()
