"""Writing a payment row so that a second click finds the first one's row and a reference is never used twice."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from coevolve.config import settings
from coevolve.kit import moves
from coevolve.kit.db import session
from coevolve.kit.errors import Conflict, Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.money import Money, format_rupiah
from coevolve.payments.models import Payment

TRIES = 8


def check_gift(money: Money) -> None:
    """Refuse an amount that cannot be a gift: too small, too large, or not whole rupiah. Raises Invalid."""
    current = settings()
    if money.unit != "IDR":
        raise Invalid("unit", lazy("Dukungan uang diberikan dalam rupiah."), field="amount")
    if money.amount % 100:
        raise Invalid("sen", lazy("Jumlah dukungan ditulis dalam rupiah bulat, tanpa sen."), field="amount")
    if money.amount < current.gift_min_minor:
        least = format_rupiah(current.gift_min_minor)
        raise Invalid(
            "too_small", lazy("Jumlah dukungan paling sedikit %(least)s.", least=least), field="amount"
        )
    if money.amount > current.gift_max_minor:
        most = format_rupiah(current.gift_max_minor // 100 * 100)
        raise Invalid("too_large", lazy("Jumlah dukungan paling banyak %(most)s.", most=most), field="amount")


def find_by_token(reference_kind: str, reference_id: uuid.UUID, client_token: uuid.UUID) -> Payment | None:
    """The payment that an earlier click of the same form made."""
    statement = select(Payment).where(
        Payment.reference_kind == reference_kind,
        Payment.reference_id == reference_id,
        Payment.client_token == client_token,
    )
    return session().execute(statement).scalar_one_or_none()


def write(make: Callable[[], Payment], *, cause: str) -> Payment:
    """Insert a payment made by `make`; on a collision (reference, sum, double click) look again or try anew."""
    for _attempt in range(TRIES):
        payment = make()
        # Read before the attempt: a failed insert leaves the object without a readable state.
        token = (payment.reference_kind, payment.reference_id, payment.client_token)
        try:
            with session().begin_nested():
                moves.begin(payment, by=None, cause=cause)
        except IntegrityError as collision:
            first = find_by_token(*token)
            if first is not None:
                return first
            if "uq_payment_public_ref" in str(collision) or "payment_expectation" in str(collision):
                continue
            raise
        return payment
    raise Conflict("no_free_code", lazy("Sedang ramai. Coba sekali lagi sebentar lagi."))
