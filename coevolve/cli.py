"""The command `coevolve`. What it can do stands in `coevolve/commands/`, one file per subject."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from coevolve import commands
from coevolve.config import SettingsError

ROOT = Path(__file__).resolve().parents[1]
RUN_FOLDER = ".run"
OWN_GROUND = frozenset({"demo", "up", "test", "drill", "doctor", "prepare", "bench"})
"""Commands that bring their own servers, so a running demo is none of their business."""


class Found(click.Group):
    """A group that finds its commands in the modules of `coevolve.commands`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, sorted."""
        return sorted(set(super().list_commands(ctx)) | set(_commands()))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One command by name."""
        return super().get_command(ctx, cmd_name) or _commands().get(cmd_name)


def _commands() -> dict[str, click.Command]:
    return {command.name or "": command for command in _found()}


def _found() -> Iterator[click.Command]:
    for module in pkgutil.iter_modules(commands.__path__):
        offered = importlib.import_module(f"coevolve.commands.{module.name}")
        if hasattr(offered, "group"):
            yield offered.group
        yield from getattr(offered, "commands", ())


@click.command(cls=Found, context_settings={"help_option_names": ["-h", "--help"]})
def group() -> None:
    """Co-Evolve: crowdsourced resource mobilisation for civil society in Indonesia."""


def main() -> None:
    """Run the command line."""
    if not OWN_GROUND & set(sys.argv[1:2]):
        use_running_demo(os.environ)
    try:
        group()
    except SettingsError as trouble:
        click.secho("The settings do not fit:", fg="red", err=True)
        for words in str(trouble).split("; "):
            click.echo(f"  {words}", err=True)
        sys.exit(2)


def use_running_demo(environ: os._Environ[str]) -> None:
    """Let commands typed beside a running demo speak to it, unless the environment already names a database."""
    if environ.get("DATABASE_URL") or environ.get("COEVOLVE_ENV"):
        return
    told = Path(environ.get("COEVOLVE_RUN_FOLDER") or ROOT / RUN_FOLDER) / "environment.json"
    try:
        running = json.loads(told.read_text())
    except (OSError, ValueError):
        return
    if Path(f"/proc/{running['process']}").exists():
        environ.update(running["environment"])


if __name__ == "__main__":
    main()
