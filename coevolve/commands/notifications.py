"""`coevolve notifications`: digests of another day (demo and tests), and mail that came back, from a pipe."""

from __future__ import annotations

import datetime as dt
import sys
from typing import BinaryIO

import click

from coevolve.config import settings


@click.group("notifications")
def group() -> None:
    """Digests and returned mail."""


@group.command()
@click.option("--as-of", "moment", required=True, help="A moment with its offset: 2026-11-23T08:00:00+07:00.")
def digest(moment: str) -> None:
    """Gather and send digests as of another moment (demo and tests only: nobody's time really passes)."""
    if settings().is_production:
        raise click.ClickException("only in the demo and in tests")
    try:
        wanted = dt.datetime.fromisoformat(moment)
    except ValueError as wrong:
        raise click.ClickException(f"not a moment: {moment}") from wrong
    if wanted.tzinfo is None:
        raise click.ClickException("say the offset too, as in 2026-11-23T08:00:00+07:00")
    from coevolve.app import create_app
    from coevolve.kit import clock
    from coevolve.notifications import digests

    with create_app().app_context(), clock.travel(wanted):
        done = digests.deliver()
    click.echo(f"{done.sent} digests sent, {done.put_off} put off, {done.given_up} given up")


@group.command()
@click.argument("report", type=click.File("rb"), default="-")
def returned(report: BinaryIO) -> None:
    """Take one returned mail (a delivery status or a feedback report, whole), as a mail server pipes it in."""
    from coevolve.app import create_app
    from coevolve.kit.db import commit
    from coevolve.notifications import bounces, reports

    with create_app().app_context():
        try:
            outcome = reports.take(bounces.read(report.read(), "message/rfc822"))
        except bounces.BadReport as refusal:
            click.echo(f"not understood: {refusal}", err=True)
            sys.exit(65)  # EX_DATAERR: the mail server keeps it
        commit()
    click.echo(outcome)
