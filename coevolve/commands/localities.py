"""`coevolve localities ...`: load the tree of places, add villages, import or forget neighbours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from coevolve.localities.service import Loaded


@click.group("localities")
def group() -> None:
    """Places: load the tree, add villages, import or forget neighbours."""


@group.command("load")
@click.option(
    "--villages", metavar="PROVINCE|all", help="Add the villages of a province (its code), or of all."
)
def load_command(villages: str | None) -> None:
    """Load the tree down to the kecamatan; repeating it changes nothing."""
    from coevolve.app import create_app
    from coevolve.kit.db import commit
    from coevolve.kit.errors import Invalid
    from coevolve.localities import service

    with create_app().app_context():
        _tell("places", service.load())
        if villages:
            try:
                _tell("villages", service.load_villages(None if villages == "all" else villages))
            except Invalid as refusal:
                raise click.ClickException(f"{villages!r} is no province's code (nor 'all')") from refusal
        commit()


@group.command("import-neighbours")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_command(file: Path) -> None:
    """Import pairs from FILE: a CSV with code_a, code_b, relation (land or sea), shared_border_km, gap_km."""
    from coevolve.app import create_app
    from coevolve.kit.db import commit
    from coevolve.localities import service

    with create_app().app_context():
        done = service.import_neighbours(file)
        commit()
    click.echo(f"{done.pairs} pairs from {file.name}")
    for line in done.refused:
        click.echo(f"refused, line {line}", err=True)


@group.command("forget-neighbours")
@click.argument("source")
def forget_command(source: str) -> None:
    """Undo an import: remove the pairs that came from the file named SOURCE."""
    from coevolve.app import create_app
    from coevolve.kit.db import commit
    from coevolve.localities import service

    with create_app().app_context():
        gone = service.forget_neighbours(source)
        commit()
    click.echo(f"{gone} pairs removed")


def _tell(what: str, done: Loaded) -> None:
    click.echo(
        f"{what}: {done.offered} read, {done.changed} added or changed, {done.closed} closed ({done.seconds:.1f} s)"
    )
