"""The migrations are one chain that goes up, down and up again, and makes just what the models say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coevolve.commands import database
from coevolve.embedded.postgres import OWNER_ROLE
from tests.conftest import TEMPLATE, Ground


@pytest.fixture
def empty(ground: Ground, worker_name: str) -> Iterator[str]:
    """A database with nothing in it."""
    name = f"empty_{worker_name}"
    ground.server.drop_database(name)
    ground.server.create_database(name)
    yield ground.server.url(name, role=OWNER_ROLE)
    ground.server.drop_database(name)


def test_there_is_one_head() -> None:
    assert len(database.heads()) == 1


def test_up_down_and_up_again(empty: str) -> None:
    database.upgrade(empty)
    database.downgrade(empty)
    assert _left_over(empty) == []
    database.upgrade(empty)


def test_tables_and_models_agree(ground: Ground) -> None:
    assert database.differences(ground.server.url(TEMPLATE, role=OWNER_ROLE)) == []


def _left_over(url: str) -> list[str]:
    import sqlalchemy as sa

    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        found = connection.execute(
            sa.text(
                "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                "WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm', 'S') "
                "AND c.relname <> 'alembic_version' "
                "UNION ALL SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
                "WHERE n.nspname = 'public' AND NOT EXISTS "
                "(SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
            )
        )
        return [str(row[0]) for row in found]
