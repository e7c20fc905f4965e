"""Words of the tests of pledges."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from coevolve.journal.models import JournalLine
from coevolve.kit import invariants
from coevolve.notifications.models import Message
from tests.ledger.conftest import statements


def broken() -> list[str]:
    """Codes of the invariants of ledger and pledges that do not hold now."""
    from coevolve.ledger.invariants import INVARIANTS as LEDGER
    from coevolve.pledges.invariants import INVARIANTS as PLEDGES

    return [violation.code for violation in invariants.check([*LEDGER, *PLEDGES])]


def told(session: Session, kind: str) -> list[Message]:
    """The messages of one kind."""
    return list(session.execute(select(Message).where(Message.kind == kind)).scalars())


def journal(session: Session, about_id: object) -> list[str]:
    """What the journal says happened to a thing, in order."""
    statement = select(JournalLine.kind).where(JournalLine.about_id == about_id).order_by(JournalLine.id)
    return list(session.execute(statement).scalars())


@pytest.fixture
def session(session: Session) -> Iterator[Session]:
    """The session of the test; every story ends with the invariants of the books."""
    yield session
    session.flush()
    assert broken() == []


__all__ = ["broken", "journal", "statements", "told"]
