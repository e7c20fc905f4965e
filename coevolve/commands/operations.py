"""Telling the house what only its operator knows."""

from __future__ import annotations

import click

from coevolve.commands.ground import database_context
from coevolve.kit.db import commit
from coevolve.operations import service


@click.command("backed-up")
def backed_up() -> None:
    """A backup was made and read back: run it at the end of the backup's script; an alarm counts from here."""
    with database_context():
        service.note_backup()
        commit()
    click.echo("noted")


commands = [backed_up]
