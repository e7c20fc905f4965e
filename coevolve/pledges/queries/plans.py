"""Instalments: the plan of a promise, what is paid of it, what is due."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, text

from coevolve.kit.db import session
from coevolve.pledges.models import Instalment, PledgeLine


@dataclass(frozen=True, slots=True)
class Part:
    """One instalment as it stands: money fills the oldest day first."""

    id: uuid.UUID
    due_on: dt.date
    quantity: int
    paid: int

    @property
    def rest(self) -> int:
        """What is still to come of it."""
        return self.quantity - self.paid


def fill(parts: Sequence[tuple[uuid.UUID, dt.date, int]], received: int) -> list[Part]:
    """Lay what came over the parts, oldest first; what is more than the plan belongs to no part. Pure."""
    filled = []
    left = max(0, received)
    for key, due_on, quantity in sorted(parts, key=lambda part: part[1]):
        paid = min(quantity, left)
        left -= paid
        filled.append(Part(key, due_on, quantity, paid))
    return filled


def instalments_of(line_id: uuid.UUID) -> list[Instalment]:
    """The instalments of a line by day."""
    statement = (
        select(Instalment).where(Instalment.pledge_line_id == line_id).order_by(Instalment.due_on)
    ).execution_options(populate_existing=True)
    return list(session().execute(statement).scalars())


def plan_of(line: PledgeLine) -> list[Part]:
    """The plan of a line with what is paid of it; empty: no days were agreed."""
    rows = [(one.id, one.due_on, one.quantity) for one in instalments_of(line.id)]
    return fill(rows, line.received_quantity)


def due_now(parts: Sequence[Part], today: dt.date) -> int:
    """What a giver pays next: all that is past its day, else the next part."""
    past = sum(part.rest for part in parts if part.due_on <= today)
    return past or next((part.rest for part in parts if part.rest), 0)


@dataclass(frozen=True, slots=True)
class DuePart:
    """An instalment to remind of."""

    id: uuid.UUID
    pledge_id: uuid.UUID
    due_on: dt.date
    rest: int
    unit: str


_DUE = """
WITH near AS (
  SELECT DISTINCT i.pledge_line_id FROM pledge_instalment i
   WHERE i.due_on BETWEEN :oldest AND :until
), parts AS (
  SELECT i.id, i.due_on, l.pledge_id, l.unit, l.received_quantity, i.quantity,
         sum(i.quantity) OVER (PARTITION BY l.id ORDER BY i.due_on) AS upto
    FROM near n JOIN pledge_line l ON l.id = n.pledge_line_id
    JOIN pledge_instalment i ON i.pledge_line_id = l.id
    JOIN pledge p ON p.id = l.pledge_id AND p.state IN ('accepted', 'partly_delivered')
)
SELECT id, pledge_id, due_on, least(quantity, upto - received_quantity)::bigint AS rest, unit FROM parts
 WHERE upto > received_quantity AND due_on BETWEEN :oldest AND :until ORDER BY due_on, id LIMIT :limit
"""


def parts_due(*, oldest: dt.date, until: dt.date, limit: int = 1000) -> list[DuePart]:
    """Unpaid instalments of agreed promises whose day lies in the span, oldest first. One SQL."""
    values = {"oldest": oldest, "until": until, "limit": limit}
    return [DuePart(*row) for row in session().execute(text(_DUE), values)]
