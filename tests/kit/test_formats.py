"""The same figures and days as Babel writes, without asking it for each."""

from __future__ import annotations

import datetime as dt

import pytest
from babel.dates import format_date
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from coevolve.kit import i18n, money

LOCALES = {"id": "id_ID", "en": "en_GB"}
WHOLE = st.integers(min_value=-(10**18), max_value=10**18)


@pytest.mark.parametrize("language", i18n.LANGUAGES)
@given(value=WHOLE)
def test_whole_numbers(language: str, value: int) -> None:
    with i18n.in_language(language):
        assert i18n.number(value) == format_decimal(value, locale=LOCALES[language])


@pytest.mark.parametrize("language", i18n.LANGUAGES)
@given(value=st.integers(min_value=0, max_value=10**15))
def test_amounts(language: str, value: int) -> None:
    with i18n.in_language(language):
        dotted = format_decimal(value, locale="id_ID")
        assert money.format_rupiah(value * 100) == f"Rp{money.NBSP}{dotted}"
        assert money.typed_rupiah(value * 100) == dotted
        whole = format_decimal(value, locale=LOCALES[language])
        comma = "," if language == "id" else "."
        assert money.format_money(money.Money(value * 100 + 5, "USD")) == f"USD{money.NBSP}{whole}{comma}05"


@pytest.mark.parametrize("language", i18n.LANGUAGES)
@given(day=st.dates())
def test_days(language: str, day: dt.date) -> None:
    with i18n.in_language(language):
        assert i18n.date(day) == format_date(day, "d MMMM y", locale=LOCALES[language])
        assert i18n.short_date(day) == format_date(day, "d MMM y", locale=LOCALES[language])
