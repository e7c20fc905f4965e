"""Do the books hold (`self-check`), may this go live (`check-deploy`), can this machine run it (`doctor`)?"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from coevolve.commands.ground import database_context


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what, whether it is well, and what to do or what was seen."""

    what: str
    is_well: bool
    words: str = ""


# --- the books ----------------------------------------------------------------------------------------


@click.command("self-check")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
def self_check(as_json: bool) -> None:
    """Run the one list of what must always hold; exit 1 when something does not."""
    from coevolve import registry
    from coevolve.kit import invariants
    from coevolve.kit.db import session

    with database_context():
        rules = registry.invariants()
        found = invariants.check(rules)
        session().rollback()
    if as_json:
        report = {"checked": [rule.code for rule in rules], "violations": [asdict(one) for one in found]}
        click.echo(json.dumps(report, ensure_ascii=False, indent=1, default=str))
    else:
        for one in found:
            click.secho(f"✗ {one.code}: {one.says}", fg="red")
            for row in one.rows:
                click.echo(f"    {json.dumps(row, ensure_ascii=False, default=str)}")
        click.echo(f"{len(rules) - len(found)} of {len(rules)} rules hold")
    sys.exit(1 if found else 0)


# --- a deployment -------------------------------------------------------------------------------------


@click.command("check-deploy")
def check_deploy() -> None:
    """Look at this deployment's settings, database, broker and mail server; exit 1 when one is unsafe."""
    findings = list(_settings())
    if len(findings) > 1 and findings[0].is_well:
        findings += [*_database(), *_broker(), *_mail()]
    _tell(findings)


def _settings() -> Iterator[Finding]:
    from coevolve.config import Settings, SettingsError, install

    try:
        settings = install(Settings.from_environment())
    except SettingsError as trouble:
        for words in str(trouble).split("; "):
            yield Finding("settings", False, words)
        return
    yield Finding("settings are complete", True)
    yield Finding("COEVOLVE_ENV", settings.is_production, f"is {settings.env}")
    yield Finding("FLASK_DEBUG", not os.environ.get("FLASK_DEBUG"), "must not be set")
    is_live = settings.stripe_secret_key.startswith(("sk_live_", "rk_live_"))
    yield Finding("Stripe key", is_live, "is a live key" if is_live else "is not a live key")
    yield Finding(
        "COEVOLVE_PROXY_HOPS",
        settings.proxy_hops >= 1,
        f"is {settings.proxy_hops}; a proxy must stand in front",
    )
    yield Finding(
        "the owner's database URL",
        not settings.database_owner_url,
        "belongs to the migrations only, not to web, worker or beat",
    )
    yield Finding("SECRET_KEY", len(set(settings.secret_key)) >= 12, "must be random")
    folder = Path(settings.data_dir) if settings.data_dir else None
    may_write = folder is not None and folder.is_dir() and os.access(folder, os.W_OK)
    yield Finding("COEVOLVE_DATA_DIR", may_write, "must be a folder the app may write to (files handed in)")


def _database() -> Iterator[Finding]:
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    from coevolve.commands import database
    from coevolve.kit.db import session

    try:
        with database_context(statement_timeout_ms=10_000):

            def ask(words: str) -> Any:
                return session().execute(text(words)).scalar_one()

            version = int(ask("SHOW server_version_num"))
            yield Finding("PostgreSQL 15 or newer", version >= 150_000, str(version))
            yield Finding("its fsync", ask("SHOW fsync") == "on")
            yield Finding("its synchronous_commit", ask("SHOW synchronous_commit") != "off")
            is_super = ask("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
            yield Finding("the app's role is no superuser", not is_super)
            owned = ask(
                "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user"
            )
            yield Finding("the app's role owns no table", owned == 0, f"it owns {owned}")
            for table in ("ledger_posting", "ledger_transfer", "journal_line"):
                for right in ("UPDATE", "DELETE", "TRUNCATE"):
                    may = ask(f"SELECT has_table_privilege(current_user, '{table}', '{right}')")
                    if may:
                        yield Finding(f"{table} is append-only", False, f"the app's role may {right}")
            head = database.heads()[0]
            stored = ask("SELECT version_num FROM alembic_version")
            yield Finding("migrations", stored == head, f"at {stored}, newest {head}")
    except SQLAlchemyError as trouble:
        yield Finding("the database", False, str(trouble).splitlines()[0])


def _broker() -> Iterator[Finding]:
    import redis

    from coevolve.kit.jobs import broker

    try:
        with contextlib.closing(broker()) as server:
            told: dict[str, Any] = dict(server.config_get("maxmemory-policy", "appendonly"))  # type: ignore[arg-type]
            policy, appends = told.get("maxmemory-policy"), told.get("appendonly")
            yield Finding("the broker never evicts", policy == "noeviction", f"maxmemory-policy {policy}")
            yield Finding("the broker writes to disk", appends == "yes", f"appendonly {appends}")
    except redis.RedisError as trouble:
        yield Finding("the broker", False, str(trouble))


def _mail() -> Iterator[Finding]:
    from coevolve.kit import mail

    try:
        with mail.connection() as server:
            code, _ = server.noop()
        yield Finding("the mail server answers", code == 250)
    except OSError as trouble:
        yield Finding("the mail server", False, str(trouble))


# --- a machine ----------------------------------------------------------------------------------------


@click.command("doctor")
def doctor() -> None:
    """Say what this machine has and lacks for `./run demo` and `./run test`."""
    _tell(list(_machine()))


def _machine() -> Iterator[Finding]:
    from coevolve.commands.browser import find_browser
    from coevolve.embedded import postgres, valkey

    yield Finding("Python", sys.version_info >= (3, 11), sys.version.split()[0])
    try:
        folder = postgres.bin_folder()
        yield Finding(
            "PostgreSQL",
            postgres.major_version(folder) >= 15,
            f"{postgres.major_version(folder)} in {folder}",
        )
        postgres.run_as_user()
        yield Finding(
            "PostgreSQL may run", True, "as root, in a user namespace" if os.geteuid() == 0 else "as you"
        )
    except postgres.PostgresUnavailable as trouble:
        yield Finding("PostgreSQL", False, str(trouble))
    try:
        yield Finding("Valkey", True, str(valkey.binary()))
    except valkey.ValkeyUnavailable as trouble:
        yield Finding("Valkey", False, str(trouble))
    setpriv = shutil.which("setpriv")
    yield Finding(
        "setpriv", setpriv is not None, setpriv or "leftovers of a killed demo end at its next start only"
    )
    browser = find_browser()
    yield Finding(
        "a browser for the browser tests", browser is not None, browser or "install chromium, or set CHROMIUM"
    )
    free = shutil.disk_usage(Path(__file__)).free // 2**20
    yield Finding("disk", free > 1500, f"{free} MB free")


def _tell(findings: list[Finding]) -> None:
    for one in findings:
        mark = click.style("✓", fg="green") if one.is_well else click.style("✗", fg="red")
        click.echo(f"{mark} {one.what}" + (f": {one.words}" if one.words else ""))
    sys.exit(0 if all(one.is_well for one in findings) else 1)


commands = [self_check, check_deploy, doctor]
