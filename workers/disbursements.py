"""Work of disbursements: the clock makes reports late, and reminds before it does."""

from __future__ import annotations

from coevolve.disbursements import service
from workers.app import task


@task("disbursements.refresh_late")
def refresh_late() -> None:
    """Listings whose report is late leave search; those whose report is there come back."""
    service.refresh_late()


@task("disbursements.remind")
def remind() -> None:
    """Ask for reports some days before they are due, and on the day."""
    service.remind()
