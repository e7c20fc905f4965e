"""One pledge and what belongs to it."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select

from coevolve.kit import db
from coevolve.kit.db import session
from coevolve.listings.models import ListingLine
from coevolve.pledges.models import Pledge, PledgeFulfilment, PledgeLine


def get(pledge_id: uuid.UUID) -> Pledge:
    """One pledge; NotFound if there is none."""
    return db.get(Pledge, pledge_id)


def find_by_token(client_token: uuid.UUID) -> Pledge | None:
    """The pledge that an earlier click of the same form made."""
    return session().execute(select(Pledge).where(Pledge.client_token == client_token)).scalar_one_or_none()


def lines_of(pledge_id: uuid.UUID) -> list[PledgeLine]:
    """The lines of a pledge, in the listing's order."""
    statement = (
        select(PledgeLine)
        .join(ListingLine, ListingLine.id == PledgeLine.line_id)
        .where(PledgeLine.pledge_id == pledge_id)
        .order_by(ListingLine.position, PledgeLine.id)
    )
    return list(session().execute(statement).scalars())


def fulfilments_of(line_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[PledgeFulfilment]]:
    """Hand-overs, shifts, bookings and payments by pledge line, oldest first."""
    found: dict[uuid.UUID, list[PledgeFulfilment]] = defaultdict(list)
    statement = (
        select(PledgeFulfilment)
        .where(PledgeFulfilment.pledge_line_id.in_(line_ids))
        .order_by(PledgeFulfilment.created_at, PledgeFulfilment.id)
    )
    for row in session().execute(statement).scalars():
        found[row.pledge_line_id].append(row)
    return found


def money_line_of(pledge_id: uuid.UUID) -> PledgeLine | None:
    """The line of money in a pledge, if it has one."""
    statement = select(PledgeLine).where(PledgeLine.pledge_id == pledge_id, PledgeLine.kind == "money")
    return session().execute(statement).scalar_one_or_none()


def goal_of(line: PledgeLine) -> int:
    """What a line comes to: as agreed, or as offered while nobody answered. More never belongs to the pledge."""
    return line.quantity if line.accepted_quantity is None else line.accepted_quantity
