"""Units and accounts: made on first use, never changed."""

from __future__ import annotations

import uuid

from sqlalchemy import select, text

from coevolve.kit.db import session
from coevolve.ledger.errors import mixed
from coevolve.ledger.models import Account


def ensure_unit(code: str, *, exponent: int = 0, kind: str = "thing") -> str:
    """Make sure a unit exists; a unit never changes once written."""
    session().execute(
        text(
            "INSERT INTO ledger_unit (code, exponent, kind) VALUES (:code, :exponent, :kind) ON CONFLICT DO NOTHING"
        ),
        {"code": code, "exponent": exponent, "kind": kind},
    )
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
    wanted = (unit, book, kind_class, floor)
    found = _find_account(code)
    if found is None:
        created = (
            session()
            .execute(
                text(
                    'INSERT INTO ledger_account (code, unit, book, "class", floor, custodian_id, owner_kind, owner_id)'
                    " VALUES (:code, :unit, :book, :kind_class, :floor, :custodian_id, :owner_kind, :owner_id)"
                    " ON CONFLICT (code) DO NOTHING RETURNING id"
                ),
                {
                    "code": code,
                    "unit": unit,
                    "book": book,
                    "kind_class": kind_class,
                    "floor": floor,
                    "custodian_id": custodian_id,
                    "owner_kind": owner_kind,
                    "owner_id": owner_id,
                },
            )
            .scalar()
        )
        if created is not None:
            if floor is not None:
                session().execute(
                    text("INSERT INTO ledger_balance (account_id, floor) VALUES (:id, :floor)"),
                    {"id": created, "floor": floor},
                )
            return int(created)
        found = _find_account(code)
    if found is None or found[1:] != wanted:
        raise mixed()
    return found[0]


def _find_account(code: str) -> tuple[int, str, str, str, int | None] | None:
    row = (
        session()
        .execute(
            select(Account.id, Account.unit, Account.book, Account.kind_class, Account.floor).where(
                Account.code == code
            )
        )
        .one_or_none()
    )
    return None if row is None else (row[0], row[1], row[2], row[3], row[4])
