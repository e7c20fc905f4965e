"""The clock of matching."""

from __future__ import annotations

from coevolve.matching import service as matching
from workers.app import task


@task("matching.expire")
def expire() -> None:
    """End suggestions of which nothing can come any more."""
    matching.expire_due()
