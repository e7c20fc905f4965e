"""Background work of voices."""

from __future__ import annotations

from coevolve.voices import service
from workers.app import task


@task("voices.lapse")
def lapse() -> None:
    """Requests to officials that nobody answered in time end."""
    service.lapse_due()
