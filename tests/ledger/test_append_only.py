"""The books are append-only twice: by right of the app's role, and by trigger for everybody."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from coevolve.kit.money import EXPONENTS
from coevolve.ledger.models import Unit
from coevolve.listings.units import UNITS
from tests.conftest import Committed
from tests.invariants import assert_books_balance

CHANGES = ("UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE")
TABLES = ("ledger_posting", "ledger_transfer")


def dsn(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


@pytest.fixture(params=["app", "owner"])
def connection(request: pytest.FixtureRequest, committed: Committed) -> Iterator[psycopg.Connection]:
    settings = committed.settings
    url = settings.database_url if request.param == "app" else settings.database_owner_url
    with psycopg.connect(dsn(url)) as made:
        yield made


@pytest.mark.case(40)
def test_update_delete_truncate_are_refused(connection: psycopg.Connection, committed: Committed) -> None:
    for table in TABLES:
        for change in CHANGES:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(change.format(table))
            connection.rollback()
    assert_books_balance(of="ledger")


def test_the_app_may_not_switch_the_guard_off(committed: Committed) -> None:
    with psycopg.connect(dsn(committed.settings.database_url)) as connection:
        for table in TABLES:
            granted = connection.execute(
                "SELECT privilege_type FROM information_schema.role_table_grants"
                " WHERE table_name = %s AND grantee = 'coevolve_app' ORDER BY 1",
                [table],
            ).fetchall()
            assert [row[0] for row in granted] == ["INSERT", "SELECT"]
        for attempt in (
            "ALTER TABLE ledger_transfer DISABLE TRIGGER ALL",
            "SET session_replication_role = replica",
            "DROP TRIGGER ledger_transfer_append_only ON ledger_transfer",
            "LOCK TABLE ledger_transfer IN EXCLUSIVE MODE",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(attempt)
            connection.rollback()


def test_the_triggers_exist(session: Session) -> None:
    rows = session.execute(
        text(
            "SELECT tgrelid::regclass::text, tgtype FROM pg_trigger WHERE tgname LIKE 'ledger_%_append_only'"
        )
    ).all()
    # 2 before | 8 delete | 16 update | 32 truncate; no 1: once per statement
    assert sorted((name, kind) for name, kind in rows) == [(table, 58) for table in TABLES]


def test_raw_rows_that_mix_units_are_refused_by_the_database(committed: Committed) -> None:
    with psycopg.connect(dsn(committed.settings.database_url)) as connection:
        ids = [
            connection.execute(
                "INSERT INTO ledger_account (code, unit, book, class) VALUES (%s, %s, %s, 'memo') RETURNING id",
                [code, unit, book],
            ).fetchone()[0]  # type: ignore[index]
            for code, unit, book in (("a", "IDR", "cash"), ("b", "USD", "cash"), ("c", "IDR", "commitment"))
        ]
        posting = connection.execute(
            "INSERT INTO ledger_posting (idempotency_key, content_sha256, kind, source_kind, source_id,"
            " effective_at, actor) VALUES ('k', '', 'x', 'x', gen_random_uuid(), now(), 'x') RETURNING id"
        ).fetchone()[0]  # type: ignore[index]
        connection.commit()
        insert = (
            "INSERT INTO ledger_transfer (posting_id, leg, debit_id, credit_id, unit, book, amount, phase)"
            " VALUES (%s, 0, %s, %s, 'IDR', 'cash', 5, 'single')"
        )
        for other in ids[1:]:
            with pytest.raises(psycopg.errors.ForeignKeyViolation):
                connection.execute(insert, [posting, ids[0], other])
            connection.rollback()
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(
                "INSERT INTO ledger_account (code, unit, book, class) VALUES ('d', 'X:KG', 'cash', 'memo')"
            )


def test_units_agree_with_money_and_with_the_forms(session: Session) -> None:
    units = {unit.code: unit for unit in session.query(Unit)}
    assert {code: unit.exponent for code, unit in units.items() if unit.kind == "currency"} == EXPONENTS
    for kind, codes in UNITS.items():
        for code in codes:
            assert (units[code].kind, units[code].exponent) == (kind, 0)


def test_the_migration_names_every_unit() -> None:
    path = Path(__file__).parents[2] / "migrations/versions/0003_ledger.py"
    spec = importlib.util.spec_from_file_location("m0003", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert EXPONENTS == module.CURRENCIES
