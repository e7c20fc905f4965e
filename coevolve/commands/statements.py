"""`coevolve statements ...`: hand in a bank's file from the terminal and watch it being read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


@click.group("statements")
def group() -> None:
    """Bank statements as files."""


@group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--account", "number", required=True, help="The account's number, as it stands on the finance page."
)
@click.option(
    "--profile", "code", help="How the bank writes its files; needed once per account (see `profiles`)."
)
@click.option("--by", "email", help="E-mail of the finance officer on whose behalf the file is handed in.")
def import_(file: Path, number: str, code: str | None, email: str | None) -> None:
    """Read FILE, a statement of one of our accounts; it is accepted or refused whole."""
    from coevolve.commands.ground import database_context
    from coevolve.config import settings
    from coevolve.kit.errors import DomainError

    with file.open("rb") as opened:
        content = opened.read(settings().statement_max_bytes + 1)
    with database_context():
        try:
            statement, is_new = _hand_in(file.name, content, number, code, email)
        except DomainError as refusal:
            raise click.ClickException(str(refusal.message)) from refusal
        if not is_new:
            click.echo(f"this file was handed in before, on {statement.created_at:%Y-%m-%d %H:%M} UTC")
        _read(statement.id)
        if not _tell(statement.id):
            raise SystemExit(1)


def _hand_in(name: str, content: bytes, number: str, code: str | None, email: str | None) -> tuple[Any, bool]:
    from coevolve.kit.db import commit
    from coevolve.kit.errors import NotFound
    from coevolve.payments import queries as payments
    from coevolve.people import queries as people
    from coevolve.reconciliation.service import statements

    digits = "".join(ch for ch in number if ch.isdigit())
    account = next((one for one in payments.bank_accounts() if one.account_number == digits), None)
    if account is None:
        raise NotFound("no_bank_account", f"we have no account {number}")
    person = people.find_by_email(email) if email else None
    if email and (person is None or "finance" not in people.staff_roles(person.id)):
        raise NotFound("no_officer", f"{email} is no finance officer")
    found = statements.upload_statement(
        bank_account_id=account.id,
        file_name=name,
        content=content,
        code=code,
        by=person.id if person else None,
    )
    commit()
    return found


def _read(statement_id: Any) -> None:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from coevolve.reconciliation.service import statements

    columns = (TextColumn("{task.description:<8}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, transient=True) as progress:
        bar = progress.add_task("waiting", total=None)

        def tick(stage: str, done: int, total: int) -> None:
            progress.update(bar, description=stage, completed=done, total=total or None)

        statements.read_waiting(statement_id=statement_id, tick=tick)


def _tell(statement_id: Any) -> bool:
    """What came of it; whether it is accepted."""
    from rich.console import Console
    from rich.table import Table

    from coevolve.kit.i18n import in_language
    from coevolve.kit.money import Money
    from coevolve.reconciliation.statements import shown
    from coevolve.reconciliation.statements.words import say_note, say_reason

    found, console = shown.statement(statement_id), Console()
    with in_language("en"):
        if found.state == "refused":
            table = Table("row", "column", "cell", "why", title=f"refused: {found.file_name}")
            for reason in found.reasons:
                row = str(reason["row"] or "file")
                table.add_row(row, reason["column"], reason["cell"], say_reason(reason))
            console.print(table)
            return False
        if found.profile_id is None:
            console.print("its columns wait to be chosen on the finance page")
            return True
        if found.opening is None or found.closing is None:
            console.print(f"it is {found.state}; a worker reads it now")
            return True
        table = Table("opening", "in", "out", "closing", title=f"{found.state}: {found.file_name}")
        sums = (found.opening, found.came, found.went, found.closing)
        table.add_row(*(str(Money(amount, found.unit)) for amount in sums))
        table.add_row("", f"{found.came_count} lines", f"{found.went_count} lines", "")
        console.print(table)
        console.print(
            f"{found.new_count} new, {found.known_count} known before, {found.claimed_count} entered by hand before, "
            f"{found.pending_count} not booked yet"
        )
        for note in found.notes:
            console.print(say_note(note))
    return True


@group.command("profiles")
def profiles() -> None:
    """The forms that are declared. None comes from a bank: what does not fit is refused."""
    from coevolve.reconciliation.statements.profiles import PROFILES

    for code, profile in PROFILES.items():
        click.echo(f"{code:<12} {profile.label}")
