"""`coevolve totp`, `grant-role`, `seed-actors`: accounts from the command line."""

from __future__ import annotations

import json

import click

from coevolve.config import settings


@click.command("totp")
@click.argument("email")
def totp(email: str) -> None:
    """Print the code the authenticator app of EMAIL shows now (demo and tests only: there is no phone)."""
    if settings().is_production:
        raise click.ClickException(
            "only in the demo and in tests: in production the code is on the person's phone"
        )
    from coevolve.app import create_app
    from coevolve.people import queries, service

    with create_app().app_context():
        person = queries.find_by_email(email)
        if person is None or not queries.has_second_factor(person.id):
            raise click.ClickException(f"{email} has no authenticator app here")
        click.echo(service.current_code(person=person))


@click.command("grant-role")
@click.argument("email")
@click.argument("role", type=click.Choice(["moderator", "finance", "admin"]))
def grant_role(email: str, role: str) -> None:
    """Give the account EMAIL a staff ROLE: how the first admin comes to be."""
    from coevolve.app import create_app
    from coevolve.kit.db import commit
    from coevolve.people import queries, service

    with create_app().app_context():
        person = queries.find_by_email(email)
        if person is None:
            raise click.ClickException(f"nobody has the address {email}")
        service.grant_role(person_id=person.id, role=role, by=None)
        commit()
    click.echo(f"{email} is {role} now; every session of the account has ended")


@click.command("seed-actors")
@click.option("--json", "as_json", is_flag=True, help="One JSON array instead of lines.")
def seed_actors(*, as_json: bool) -> None:
    """Make the fourteen actors of the access tests (COEVOLVE_ENV=test only); repeating it changes nothing."""
    if settings().env != "test":
        raise click.ClickException("only with COEVOLVE_ENV=test: these accounts have known passwords")
    from coevolve.app import create_app
    from coevolve.commands import actors
    from coevolve.kit.db import commit

    with create_app().app_context():
        made = actors.seed()
        commit()
    if as_json:
        click.echo(json.dumps(made, indent=2))
    else:
        for actor in made:
            click.echo("  ".join(f"{name}={value}" for name, value in actor.items() if value))


commands = [totp, grant_role, seed_actors]
