"""Words of the ledger's tests."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from coevolve.kit import invariants
from coevolve.kit.db import uuid7
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.ledger.invariants import INVARIANTS


class Books:
    """A fund, a bank, a provider and promises, with short verbs."""

    def __init__(self) -> None:
        self.listing_id = uuid7()
        self.source_id = uuid7()
        self.fund = accounts.fund(self.listing_id)
        self.bank = accounts.bank(uuid.uuid5(uuid.NAMESPACE_DNS, "bank"))
        self.clearing = accounts.provider_clearing("stripe", "acct_1")
        self.refunds = accounts.refunds_payable()
        self.promises = accounts.promises(self.listing_id, "IDR", owner_kind="listing")
        self.promised_to = accounts.promised_to(self.listing_id, "IDR", owner_kind="listing")

    def post(self, key: str, debit_id: int, credit_id: int, amount: int, *, is_spending: bool = False) -> int:
        """One transfer in the cash book."""
        transfer = ledger.Transfer(
            debit_id=debit_id, credit_id=credit_id, amount=amount, is_spending=is_spending
        )
        return ledger.post(
            key=key, kind="gift", transfers=[transfer], source_kind="test", source_id=self.source_id
        )

    def give(self, key: str, amount: int) -> int:
        """Money arrives at the bank for the fund."""
        return self.post(key, self.bank, self.fund, amount)

    def spend(self, key: str, amount: int) -> int:
        """Money leaves the fund for its purpose."""
        return self.post(key, self.fund, self.bank, amount, is_spending=True)

    def promise(self, key: str, amount: int) -> int:
        """A promise of money to the listing."""
        return ledger.hold(
            key=key,
            kind="promise",
            debit_id=self.promises,
            credit_id=self.promised_to,
            amount=amount,
            unit="IDR",
            source_kind="test",
            source_id=self.source_id,
        )

    def reserve(self, key: str, amount: int) -> int:
        """A disbursement is proposed: the fund's money is held."""
        return ledger.hold(
            key=key,
            kind="disbursement",
            debit_id=self.fund,
            credit_id=self.bank,
            amount=amount,
            unit="IDR",
            book="cash",
            is_spending=True,
            source_kind="test",
            source_id=self.source_id,
        )

    def fulfil(self, key: str, pending_id: int, amount: int) -> int:
        """A part of a promise or reservation becomes real."""
        return ledger.fulfil(
            key=key, pending_id=pending_id, amount=amount, source_kind="test", source_id=self.source_id
        )

    def void(self, key: str, pending_id: int) -> int:
        """The rest is given up."""
        return ledger.void(key=key, pending_id=pending_id, source_kind="test", source_id=self.source_id)


@pytest.fixture
def books(session: object) -> Books:
    """Fresh books inside the test's transaction."""
    return Books()


@pytest.fixture
def statements(session: Session) -> Iterator[list[str]]:
    """SQL statements as they are executed."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


def broken() -> list[str]:
    """Codes of the ledger's invariants that do not hold now."""
    return [violation.code for violation in invariants.check(INVARIANTS)]


__all__ = ["Books", "books", "broken", "statements"]
