"""Receipts: written with the capture, numbered afterwards in order, annulled and never deleted."""

from __future__ import annotations

import datetime as dt
import uuid
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from coevolve.kit import clock
from coevolve.kit.clock import JAKARTA
from coevolve.kit.db import get, session
from coevolve.kit.jobs import after_commit
from coevolve.kit.money import Money
from coevolve.payments.models import Payment, Receipt, ReceiptCounter
from coevolve.payments.references import new_code

PLATFORM = "CE"
"""The issuer of receipts for money that the platform itself holds."""


def write_receipt(
    *, payment_id: uuid.UUID, money: Money, paid_at: dt.datetime, issuer: str = PLATFORM
) -> Receipt:
    """Write the receipt of a capture, without its number. One live receipt per payment is a fact of the database."""
    receipt = Receipt(
        payment_id=payment_id,
        issuer=issuer,
        code=new_code(),
        unit=money.unit,
        amount=money.amount,
        paid_on=paid_at.astimezone(ZoneInfo(JAKARTA)).date(),
    )
    session().add(receipt)
    session().flush()
    after_commit("payments.number_receipts")
    return receipt


def annul_receipt(*, payment_id: uuid.UUID, because: str) -> Receipt | None:
    """Annul the live receipt of a payment whose money went back; its number stays taken."""
    statement = (
        select(Receipt)
        .where(Receipt.payment_id == payment_id, Receipt.annulled_at.is_(None))
        .with_for_update()
    )
    receipt = session().execute(statement).scalar_one_or_none()
    if receipt is not None:
        receipt.annulled_at, receipt.annulled_because = clock.now(), because
        session().flush()
    return receipt


def correct_receipt(*, payment_id: uuid.UUID, by_amount: int, because: str) -> Receipt | None:
    """Replace the live receipt by one for what still counts; nothing left: it is only annulled. The one that lives.

    A later correction upwards finds no live receipt and writes one: money that had gone back is here again.
    """
    old = annul_receipt(payment_id=payment_id, because=because)
    left = (old.amount if old else 0) + by_amount
    if left <= 0:
        return None
    payment = get(Payment, payment_id)
    return write_receipt(
        payment_id=payment_id,
        money=Money(left, payment.unit),
        paid_at=payment.captured_at or clock.now(),
        issuer=old.issuer if old else _last_issuer(payment_id),
    )


def _last_issuer(payment_id: uuid.UUID) -> str:
    statement = (
        select(Receipt.issuer).where(Receipt.payment_id == payment_id).order_by(Receipt.id.desc()).limit(1)
    )
    return session().execute(statement).scalar_one_or_none() or PLATFORM


def number_receipts(limit: int = 1000) -> int:
    """Give waiting receipts the next numbers of their issuer and year, without gaps; returns how many.

    Only this takes the counter's lock, so captures never queue behind one another for a number; a rolled back batch
    rolls its numbers back too.
    """
    given = 0
    waiting = (
        session().execute(select(Receipt.issuer).where(Receipt.number.is_(None)).distinct()).scalars().all()
    )
    for issuer in sorted(waiting):
        given += _number(issuer, limit)
    return given


def _number(issuer: str, limit: int) -> int:
    years = session().execute(
        text(
            "SELECT DISTINCT extract(year FROM paid_on)::int FROM payment_receipt"
            " WHERE issuer = :issuer AND number IS NULL"
        ),
        {"issuer": issuer},
    )
    given = 0
    for year in sorted(years.scalars()):
        session().execute(
            insert(ReceiptCounter).values(issuer=issuer, year=year, last=0).on_conflict_do_nothing()
        )
        counter = (
            session()
            .execute(
                select(ReceiptCounter)
                .where(ReceiptCounter.issuer == issuer, ReceiptCounter.year == year)
                .with_for_update()
                .execution_options(populate_existing=True)
            )
            .scalar_one()
        )
        numbered = (
            session()
            .execute(
                text(
                    """
                UPDATE payment_receipt AS r SET year = :year, number = n.number
                FROM (
                    SELECT id, :last + row_number() OVER (ORDER BY id) AS number FROM (
                        SELECT id FROM payment_receipt
                        WHERE issuer = :issuer AND number IS NULL AND extract(year FROM paid_on)::int = :year
                        ORDER BY id LIMIT :limit
                    ) AS waiting
                ) AS n
                WHERE r.id = n.id RETURNING r.id
                """
                ),
                {"issuer": issuer, "year": year, "last": counter.last, "limit": limit},
            )
            .all()
        )
        counter.last += len(numbered)
        given += len(numbered)
    session().flush()
    return given
