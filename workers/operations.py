"""The house watching itself."""

from __future__ import annotations

from coevolve.operations import service
from workers.app import task


@task("operations.watch")
def watch() -> None:
    """Look for faults; tell the admins of new ones."""
    service.watch()


@task("operations.sweep")
def sweep() -> None:
    """Forget what is long over."""
    service.sweep()
