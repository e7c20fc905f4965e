"""Writing a payment row so that a second click finds the first one's row and a reference is never used twice."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.exc import IntegrityError

from coevolve.config import settings
from coevolve.kit import moves
from coevolve.kit.db import session
from coevolve.kit.errors import Conflict, Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.money import Money, format_rupiah
from coevolve.payments.models import Payment
from coevolve.payments.queries import find_by_token

TRIES = 8

__all__ = ["check_gift", "find_by_token", "write"]


def check_gift(money: Money, *, is_rest: bool = False) -> None:
    """Refuse an amount that cannot be a gift: too small, too large, or not whole rupiah. Raises Invalid.

    The rest of a gift, or what a giver's credit holds, may be smaller than a gift on its own.
    """
    current = settings()
    if money.unit != "IDR":
        raise Invalid("unit", lazy("Dukungan uang diberikan dalam rupiah."), field="amount")
    if money.amount % 100:
        raise Invalid("sen", lazy("Jumlah dukungan ditulis dalam rupiah bulat, tanpa sen."), field="amount")
    smallest = 100 if is_rest else current.gift_min_minor
    if money.amount < smallest:
        least = format_rupiah(smallest)
        raise Invalid(
            "too_small", lazy("Jumlah dukungan paling sedikit %(least)s.", least=least), field="amount"
        )
    if money.amount > current.gift_max_minor:
        most = format_rupiah(current.gift_max_minor // 100 * 100)
        raise Invalid("too_large", lazy("Jumlah dukungan paling banyak %(most)s.", most=most), field="amount")


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
