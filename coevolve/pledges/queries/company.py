"""What a giving organisation asks: its rule, its invoices, its month."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, text

from coevolve.kit import db
from coevolve.kit.db import session
from coevolve.pledges.models import GivingRule, Invoice


def rule_of(organisation_id: uuid.UUID) -> GivingRule | None:
    """What the organisation's owner laid down about its giving, if anything."""
    return session().get(GivingRule, organisation_id)


def invoice(invoice_id: uuid.UUID) -> Invoice:
    """One invoice; NotFound if there is none."""
    return db.get(Invoice, invoice_id)


def invoices_of(pledge_id: uuid.UUID) -> list[Invoice]:
    """The invoices of a pledge, newest first."""
    statement = (
        select(Invoice).where(Invoice.pledge_id == pledge_id).order_by(Invoice.created_at.desc(), Invoice.id)
    )
    return list(session().execute(statement).scalars())


@dataclass(frozen=True, slots=True)
class MonthRow:
    """One line of a pledge that moved in the month: what was promised then, and what came or was counted."""

    pledge_id: uuid.UUID
    on: dt.date
    what: str
    """promised or received."""
    kind: str
    unit: str
    label: str
    quantity: int
    title: str
    receiver: str
    locality_code: str
    locality: str
    reference: str
    purchase_order: str


@dataclass(frozen=True, slots=True)
class Sum:
    """A total of one kind and unit at one place."""

    locality: str
    kind: str
    unit: str
    promised: int
    received: int


@dataclass(frozen=True, slots=True)
class CompanyMonth:
    """What an organisation gave in a month. Money, and each unit of the rest, stand apart and are never summed."""

    first: dt.date
    rows: Sequence[MonthRow]
    sums: Sequence[Sum]


_MONTH = """
WITH moved AS (
  SELECT p.id AS pledge_id, l.id AS line_id, coalesce(p.answered_at, p.created_at) AS at, 'promised' AS what,
         l.accepted_quantity AS quantity, '' AS reference
    FROM pledge p JOIN pledge_line l ON l.pledge_id = p.id
   WHERE p.giver_organisation_id = :organisation AND l.accepted_quantity > 0
     AND p.state IN ('accepted', 'partly_delivered', 'delivered', 'confirmed')
     AND NOT (l.kind = 'money' AND p.is_pay_now)
  UNION ALL
  SELECT p.id, l.id, coalesce(f.happened_at, f.created_at), 'received',
         CASE f.state WHEN 'returned' THEN -f.quantity_received ELSE f.quantity_received END,
         coalesce(y.public_ref, '')
    FROM pledge p JOIN pledge_line l ON l.pledge_id = p.id JOIN pledge_fulfilment f ON f.pledge_line_id = l.id
    LEFT JOIN payment y ON y.id = f.payment_id
   WHERE p.giver_organisation_id = :organisation AND f.quantity_received > 0
     AND f.state IN ('accepted', 'partly_accepted', 'confirmed', 'returned')
)
SELECT m.pledge_id, (m.at AT TIME ZONE 'Asia/Jakarta')::date AS day, m.what, l.kind, l.unit, n.label,
       m.quantity::bigint, g.title, o.name, coalesce(g.regency_code, g.province_code, g.locality_code, ''),
       coalesce(k.name, ''), m.reference, p.purchase_order
  FROM moved m JOIN pledge p ON p.id = m.pledge_id JOIN pledge_line l ON l.id = m.line_id
  JOIN listing_line n ON n.id = l.line_id JOIN listing g ON g.id = p.listing_id
  JOIN organisation o ON o.id = p.receiver_organisation_id
  LEFT JOIN locality k ON k.code = coalesce(g.regency_code, g.province_code, g.locality_code)
 WHERE m.at >= (CAST(:first AS timestamp) AT TIME ZONE 'Asia/Jakarta')
   AND m.at < (CAST(:next AS timestamp) AT TIME ZONE 'Asia/Jakarta')
 ORDER BY day, m.at, m.pledge_id, n.position
"""


def month_of(organisation_id: uuid.UUID, first: dt.date) -> CompanyMonth:
    """What an organisation promised and what came of it in the month that begins on a day. One SQL."""
    values = {"organisation": organisation_id, "first": first, "next": next_month(first)}
    rows = [MonthRow(*row) for row in session().execute(text(_MONTH), values)]
    sums: dict[tuple[str, str, str], list[int]] = {}
    for row in rows:
        pair = sums.setdefault((row.locality, row.kind, row.unit), [0, 0])
        pair[row.what == "received"] += row.quantity
    return CompanyMonth(first, rows, [Sum(*key, *pair) for key, pair in sorted(sums.items())])


def months_of(organisation_id: uuid.UUID, today: dt.date, *, most: int = 12) -> list[dt.date]:
    """The months to choose from, newest first: from now back to the first pledge, a year at most."""
    statement = text(
        "SELECT (min(created_at) AT TIME ZONE 'Asia/Jakarta')::date FROM pledge"
        " WHERE giver_organisation_id = :organisation"
    )
    began = session().execute(statement, {"organisation": organisation_id}).scalar() or today
    months = [today.replace(day=1)]
    while len(months) < most and months[-1] > began:
        months.append((months[-1] - dt.timedelta(days=1)).replace(day=1))
    return months


def next_month(first: dt.date) -> dt.date:
    """The first day of the month after."""
    return (first.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
