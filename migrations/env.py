"""How Alembic runs our migrations: as the owner role, one transaction each, never waiting long for a lock.

A caller may hand over an open connection in `config.attributes["connection"]`; otherwise the URL is
`config.attributes["url"]`, else DATABASE_OWNER_URL (or the file named by DATABASE_OWNER_URL_FILE), else DATABASE_URL.
"""

from __future__ import annotations

import os

from alembic import context
from sqlalchemy import Connection, create_engine, pool

from coevolve import registry
from coevolve.commands import database
from coevolve.kit.db import Model

LOCK_TIMEOUT = "4s"
STATEMENT_TIMEOUT = "60s" if os.environ.get("COEVOLVE_ENV") in {"demo", "test"} else "5s"

registry.import_models()


def _url() -> str:
    return str(context.config.attributes.get("url") or database.owner_url())


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Model.metadata,
        transaction_per_migration=True,
        compare_type=True,
        render_as_batch=False,
    )
    with context.begin_transaction():
        context.run_migrations()


def _online() -> None:
    given = context.config.attributes.get("connection")
    if given is not None:
        _migrate(given)
        return
    options = f"-c lock_timeout={LOCK_TIMEOUT} -c statement_timeout={STATEMENT_TIMEOUT}"
    engine = create_engine(_url(), poolclass=pool.NullPool, connect_args={"options": options})
    with engine.connect() as connection:
        _migrate(connection)


def _offline() -> None:
    """Write the SQL instead of running it (for squawk, and for people who want to read it)."""
    context.configure(
        dialect_name="postgresql",
        target_metadata=Model.metadata,
        transaction_per_migration=True,
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
    )
    for name, value in (("lock_timeout", LOCK_TIMEOUT), ("statement_timeout", STATEMENT_TIMEOUT)):
        context.get_context().impl.static_output(f"SET {name} = '{value}';")
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    _offline()
else:
    _online()
