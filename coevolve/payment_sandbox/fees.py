"""What the provider keeps: invented but fixed tariffs, all in integers, in the currency of settlement (IDR at first).

2.9 % + Rp 2.000 for a card of the country, 1.5 % more for a foreign one, Rp 4.000 flat for pay-later; another currency
is exchanged at a fixed rate less 2 %. Halves are rounded up. A refund gives no fee back; a dispute costs Rp 150.000.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from coevolve.payment_sandbox.errors import StripeError

RATES = {
    "idr": Fraction(1),
    "usd": Fraction(16_250),
    "sgd": Fraction(12_100),
    "eur": Fraction(17_600),
    "aud": Fraction(10_700),
    "jpy": Fraction(10_800),
}
"""Rupiah sen for one minor unit; a yen has no smaller unit, so it is worth 100 times its price in sen."""
EXCHANGE_MARGIN = Fraction(2, 100)
DOMESTIC = Fraction(29, 1000)
FOREIGN = Fraction(44, 1000)
FIXED = 200_000
PAY_LATER_FLAT = 400_000
DISPUTE_FEE = 15_000_000
SMALLEST = {"idr": 800_000, "jpy": 50}
SMALLEST_OTHER = 50
LARGEST = {"idr": 99_999_999_999_899}
LARGEST_OTHER = 99_999_999


@dataclass(frozen=True)
class Settled:
    """An amount as it reaches the balance."""

    amount: int
    exchange_rate: float | None


def half_up(value: Fraction) -> int:
    sign = -1 if value < 0 else 1
    return sign * int(abs(value) + Fraction(1, 2))


@dataclass(frozen=True)
class Balance:
    """The currency the balance is kept in, and the rates of the day."""

    currency: str
    rates: Mapping[str, Fraction]

    def settle(self, amount: int, currency: str) -> Settled:
        """Minor units of the charge's currency as minor units of the balance."""
        if currency == self.currency:
            return Settled(amount, None)
        rate = self.rates[currency] / self.rates[self.currency] * (1 - EXCHANGE_MARGIN)
        return Settled(half_up(amount * rate), float(rate))

    def tariff(self, amount: int) -> int:
        """A tariff that is written in rupiah, in the currency of the balance."""
        return half_up(amount / self.rates[self.currency])

    def card_fee(self, settled: int, country: str) -> int:
        return half_up(settled * (DOMESTIC if country == "ID" else FOREIGN)) + self.tariff(FIXED)


def check_amount(amount: int, currency: str, param: str) -> None:
    """Refuses what Stripe would: a currency it does not know here, too little, too much."""
    if currency not in RATES:
        raise StripeError(
            f"Invalid currency: {currency}. The payment sandbox knows {', '.join(sorted(RATES))}", param=param
        )
    if amount < SMALLEST.get(currency, SMALLEST_OTHER):
        raise StripeError("The total is below the smallest amount", code="amount_too_small", param=param)
    if amount > LARGEST.get(currency, LARGEST_OTHER):
        raise StripeError("The total is above the largest amount", code="amount_too_large", param=param)
