"""Units and accounts: made on first use, never changed."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import astuple, dataclass

from sqlalchemy import text

from coevolve.kit.db import session
from coevolve.ledger.errors import mixed


@dataclass(frozen=True, slots=True)
class AccountSpec:
    """An account as it should be."""

    code: str
    unit: str
    book: str
    kind_class: str
    floor: int | None = None
    custodian_id: uuid.UUID | None = None
    owner_kind: str | None = None
    owner_id: uuid.UUID | None = None


def ensure_unit(code: str, *, exponent: int = 0, kind: str = "goods") -> str:
    """Make sure a unit exists; a unit never changes once written."""
    statement = "INSERT INTO ledger_unit (code, exponent, kind) VALUES (:code, :exponent, :kind) ON CONFLICT DO NOTHING"
    session().execute(text(statement), {"code": code, "exponent": exponent, "kind": kind})
    return code


def ensure_account(
    code: str,
    *,
    unit: str,
    book: str,
    kind_class: str,
    floor: int | None = None,
    custodian_id: uuid.UUID | None = None,
    owner_kind: str | None = None,
    owner_id: uuid.UUID | None = None,
) -> int:
    """The id of the account of this name, made on first use. Another unit, book, class or floor is an error."""
    return ensure(AccountSpec(code, unit, book, kind_class, floor, custodian_id, owner_kind, owner_id))


def ensure(spec: AccountSpec) -> int:
    """As `ensure_account`, from a spec."""
    with session().no_autoflush:  # an account depends on nothing that waits to be written
        row = session().execute(_FIND, {"code": spec.code}).one_or_none()
    if row is None:
        return open_accounts([spec])[spec.code]
    if tuple(row)[1:] != (spec.unit, spec.book, spec.kind_class, spec.floor):
        raise mixed()
    return int(row[0])


_FIND = text('SELECT id, unit, book, "class", floor FROM ledger_account WHERE code = :code')


def open_accounts(specs: Iterable[AccountSpec]) -> dict[str, int]:
    """Make many accounts at once, in order of name so that two who do so cannot wait for each other; code -> id."""
    ordered = sorted(set(specs), key=lambda spec: spec.code)
    if not ordered:
        return {}
    columns = [list(column) for column in zip(*(astuple(spec) for spec in ordered), strict=True)]
    names = ("codes", "units", "books", "classes", "floors", "custodians", "owner_kinds", "owner_ids")
    given = dict(zip(names, columns, strict=True))
    session().execute(text(_OPEN), given)
    rows = session().execute(
        text('SELECT code, id, unit, book, "class", floor FROM ledger_account WHERE code = ANY(:codes)'),
        {"codes": given["codes"]},
    )
    found = {row[0]: row for row in rows}
    for spec in ordered:
        if tuple(found[spec.code])[2:] != (spec.unit, spec.book, spec.kind_class, spec.floor):
            raise mixed()
    return {code: int(row[1]) for code, row in found.items()}


_OPEN = """
WITH opened AS (
  INSERT INTO ledger_account (code, unit, book, "class", floor, custodian_id, owner_kind, owner_id)
  SELECT * FROM unnest(CAST(:codes AS text[]), CAST(:units AS text[]), CAST(:books AS text[]),
    CAST(:classes AS text[]), CAST(:floors AS bigint[]), CAST(:custodians AS uuid[]),
    CAST(:owner_kinds AS text[]), CAST(:owner_ids AS uuid[]))
  ON CONFLICT (code) DO NOTHING RETURNING id, floor
)
INSERT INTO ledger_balance (account_id, floor) SELECT id, floor FROM opened WHERE floor IS NOT NULL
"""
