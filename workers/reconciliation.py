"""Background work of reconciliation: the comparison with the provider, and money that found no match."""

from __future__ import annotations

import uuid

from coevolve.reconciliation import service as reconciliation
from coevolve.reconciliation.service import statements
from coevolve.reconciliation.service.short import end_waiting_for_rest
from workers.app import task


@task("reconciliation.compare")
def compare() -> None:
    """Compare our books with the provider's transactions and balance."""
    reconciliation.compare_provider_transactions()


@task("reconciliation.read_payouts")
def read_payouts() -> None:
    """Read what finished payouts of the provider are made of."""
    reconciliation.read_payouts()


@task("reconciliation.end_waiting")
def end_waiting() -> None:
    """Stop waiting for the rest of transfers that came short, and ask their givers what they wish."""
    end_waiting_for_rest()


@task("reconciliation.set_aside")
def set_aside() -> None:
    """Keep bank money that waited too long, and calls that were given up, with a case."""
    reconciliation.set_aside_old()
    reconciliation.open_cases_of_dead_calls()


@task("reconciliation.read_statements")
def read_statements(statement_id: str | None = None) -> None:
    """Read the bank's file that was just handed in, or those that still wait."""
    statements.read_waiting(statement_id=uuid.UUID(statement_id) if statement_id else None)


@task("reconciliation.match")
def match(bank_account_id: str | None = None, typed: str = "") -> None:
    """Match the lines of an account (of all) and post what is sure; what takes too long goes on in the next turn."""
    reconciliation.match([uuid.UUID(bank_account_id)] if bank_account_id else None, typed=bool(typed))


@task("reconciliation.post")
def post() -> None:
    """Post matched lines that still wait."""
    reconciliation.post_due(seconds=40.0)
