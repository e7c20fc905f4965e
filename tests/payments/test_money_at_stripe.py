"""Amounts go to Stripe and come back unchanged; rupiah count in hundredths there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coevolve.kit.errors import Invalid
from coevolve.kit.money import EXPONENTS, Money, rupiah
from coevolve.payments import stripe_words
from coevolve.payments.service.writing import check_gift
from coevolve.payments.stripe_words import from_stripe, to_stripe


def test_half_a_million_rupiah() -> None:
    assert to_stripe(rupiah(500_000)) == (50_000_000, "idr")
    assert from_stripe(50_000_000, "idr") == rupiah(500_000)


def test_our_table_covers_our_units() -> None:
    assert set(stripe_words.EXPONENTS) == set(EXPONENTS)


@pytest.mark.case(47)
@given(amount=st.integers(0, 10**15), unit=st.sampled_from(sorted(EXPONENTS)))
def test_there_and_back(amount: int, unit: str) -> None:
    money = Money(amount, unit)
    assert from_stripe(*to_stripe(money)) == money


def test_an_unknown_currency_is_an_error() -> None:
    with pytest.raises(KeyError):
        from_stripe(100, "xau")


@pytest.mark.case(47)
@pytest.mark.parametrize(
    ("money", "code"),
    [
        (rupiah(9_999), "too_small"),
        (rupiah(0), "too_small"),
        (Money(-5_000_000), "too_small"),
        (Money(1_000_050), "sen"),
        (rupiah(1_000_000_000_000), "too_large"),
        (Money(5_000, "USD"), "unit"),
    ],
)
def test_no_gift(money: Money, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check_gift(money)
    assert refusal.value.code == code


def test_least_and_most() -> None:
    check_gift(rupiah(10_000))
    check_gift(rupiah(999_999_999_998))
