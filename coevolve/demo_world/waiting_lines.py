"""What finance finds this morning: lines that matched by themselves, proposals, questions, a case nearly due."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import select

from coevolve.kit import clock
from coevolve.kit.db import commit, session
from coevolve.kit.money import Money
from coevolve.payments.models import Payment, PaymentState
from coevolve.people import queries as people
from coevolve.reconciliation import queries, service

FINANCE = ("keuangan1@demo.example", "keuangan2@demo.example")


def tell() -> None:
    """Enter today's lines, let the stages look at them, leave the rest to whoever signs in. Commits."""
    found = [people.find_by_email(address) for address in FINANCE]
    officers = [one.id for one in found if one is not None]
    awaited = _awaited()
    if not officers or len(awaited) < 4:
        return
    off, parts, by_name, exact = awaited[:4]
    by = officers[0]
    half = parts.amount // 200 * 100
    _line(exact, exact.amount, exact.public_ref, by)
    _line(off, off.amount + 12_400, off.public_ref, by)
    _line(parts, half, f"{parts.public_ref} 1", by)
    _line(parts, parts.amount - half, f"{parts.public_ref} 2", by)
    _line(by_name, by_name.base_amount, "", by, payer=by_name.payer_norm)
    unknown = _line(exact, 1_234_500_00, "SETORAN TUNAI KCP SOE", by)
    commit()
    account_id = exact.bank_account_id
    service.match([account_id] if account_id else None, typed=True, seconds=None)
    case = service.set_aside(line_id=unknown, by=by)
    for one in queries.cases_about_line(case.line_id):
        service.take(case_id=one.id, by=by)
        service.set_due(case_id=one.id, by=by, due_on=clock.today() + dt.timedelta(days=1))
        service.add_note(case_id=one.id, by=by, body="Bank ditanya; slip setorannya sedang dicari.")
    commit()


def _awaited() -> list[Payment]:
    statement = (
        select(Payment)
        .where(
            Payment.provider == "bank_transfer",
            Payment.state.in_([PaymentState.awaiting, PaymentState.grace]),
            Payment.captured == 0,
            Payment.by_amount,
            Payment.created_on >= clock.today() - dt.timedelta(days=3),
        )
        .order_by(Payment.created_at, Payment.id)
        .limit(4)
    )
    return list(session().execute(statement).scalars())


def _line(payment: Payment, amount: int, words: str, by: uuid.UUID, payer: str | None = None) -> int:
    return service.enter_bank_line(
        bank_account_id=payment.bank_account_id or uuid.UUID(int=0),
        booked_on=clock.today(),
        money=Money(amount, payment.unit),
        words=f"TRSF E-BANKING CR {words} {payer or ''}".strip(),
        bank_ref=None,
        by=by,
        payer=payer,
    ).id
