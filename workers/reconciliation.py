"""Background work of reconciliation: the comparison with the provider, and money that found no match."""

from __future__ import annotations

from coevolve.reconciliation import service as reconciliation
from workers.app import task


@task("reconciliation.compare")
def compare() -> None:
    """Compare our books with the provider's transactions and balance."""
    reconciliation.compare_provider_transactions()


@task("reconciliation.set_aside")
def set_aside() -> None:
    """Keep bank money that waited too long, and calls that were given up, with a case."""
    reconciliation.set_aside_old()
    reconciliation.open_cases_of_dead_calls()
