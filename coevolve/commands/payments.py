"""`coevolve payments ...`: our bank account, an event once more, the polls and the comparison by hand."""

from __future__ import annotations

import click


@click.group("payments")
def group() -> None:
    """Money coming in: our bank account, an event once more, polls and the comparison by hand."""


@group.command("add-account")
@click.option("--bank", required=True, help="The bank's name as donors know it.")
@click.option("--number", required=True, help="The account number, 5 to 24 digits.")
@click.option("--holder", required=True, help="The name on the account.")
def add_account(bank: str, number: str, holder: str) -> None:
    """Add an account that donors transfer to."""
    from coevolve.app import create_app
    from coevolve.kit.db import commit
    from coevolve.kit.errors import DomainError
    from coevolve.payments import service

    with create_app().app_context():
        try:
            account = service.add_bank_account(bank_name=bank, account_number=number, holder=holder)
        except DomainError as refusal:
            raise click.ClickException(str(refusal.message)) from refusal
        commit()
        click.echo(f"{bank} {number} receives transfers now (account {account.id})")


@group.command("replay-event")
@click.argument("event_id", type=int)
def replay_event(event_id: int) -> None:
    """Settle the event of inbox row EVENT_ID once more: harmless when it was settled before."""
    from coevolve.app import create_app
    from coevolve.kit.db import commit
    from coevolve.kit.errors import NotFound
    from coevolve.payments import service
    from coevolve.reconciliation import service as reconciliation

    with create_app().app_context():
        try:
            row = service.replay(event_id=event_id)
        except NotFound as none:
            raise click.ClickException(f"the inbox has no row {event_id}") from none
        commit()
        reconciliation.work_off(event_id=event_id, limit=1)
        click.echo(f"event {event_id} is {row.state}")


@group.command("poll")
def poll() -> None:
    """Ask the provider for events that never came, and settle them."""
    from coevolve.app import create_app
    from coevolve.payments import service
    from coevolve.reconciliation import service as reconciliation

    with create_app().app_context():
        found = service.poll_events()
        settled = reconciliation.work_off(limit=1000)
        click.echo(f"{found} new events, {settled} taken up")


@group.command("compare")
def compare() -> None:
    """Compare our books with the provider's transactions and balance."""
    from coevolve.app import create_app
    from coevolve.kit.money import Money
    from coevolve.reconciliation import service

    with create_app().app_context():
        for row in service.compare_provider_transactions():
            difference = Money(row.theirs - row.ours - row.explained, row.unit)
            click.echo(
                f"{row.unit}: provider {Money(row.theirs, row.unit)}, books {Money(row.ours, row.unit)}, "
                f"difference {difference}"
            )
