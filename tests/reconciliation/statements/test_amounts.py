"""Amounts and dates of bank files: read exactly as declared, or refused."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coevolve.reconciliation.statements.amounts import AmountForm, parse_amount
from coevolve.reconciliation.statements.dates import DateForm, find_period, parse_date
from coevolve.reconciliation.statements.profiles import ENGLISH, INDONESIAN
from coevolve.reconciliation.statements.reasons import Unsure
from tests.reconciliation.statements.banks import Told, bca, codes, english, read

NBSP = "\u00a0"


@pytest.mark.case(49)
@pytest.mark.parametrize(
    ("text", "form", "minor"),
    [
        ("500.000", INDONESIAN, 50_000_000),
        ("500.000", ENGLISH, None),
        ("1.500.000", INDONESIAN, 150_000_000),
        ("1.500.000", ENGLISH, None),
        ("1,500,000", ENGLISH, 150_000_000),
        ("1,500,000", INDONESIAN, None),
        ("Rp1.500.000", INDONESIAN, 150_000_000),
        (f"Rp{NBSP}1.500.000,00", INDONESIAN, 150_000_000),
        ("(500,000.00)", ENGLISH, -50_000_000),
        ("500,000.00 DB", ENGLISH, -50_000_000),
        ("500,000.00 CR", ENGLISH, 50_000_000),
        ("150.000,-", INDONESIAN, 15_000_000),
        ("1.500.000,00 CR", INDONESIAN, 150_000_000),
        ("-1.234,56", INDONESIAN, -123_456),
        ("1.234,56-", INDONESIAN, -123_456),
        ("1.234,5", INDONESIAN, None),
        ("1.50", INDONESIAN, None),
        ("150.00", INDONESIAN, None),
        ("15.0000", INDONESIAN, None),
        ("1.500,000", INDONESIAN, None),
        (f"{NBSP}500.000{NBSP}", INDONESIAN, 50_000_000),
        ("500 000", INDONESIAN, None),
        ("５００.０００", INDONESIAN, None),
        ("٥٠٠", INDONESIAN, None),
        ("−500", INDONESIAN, None),
        ("-500 DB", INDONESIAN, None),
        ("(500) CR", ENGLISH, None),
        ("500 XX", INDONESIAN, None),
        ("USD 500.00", ENGLISH, None),
        ("1e6", ENGLISH, None),
        ("=1+1", ENGLISH, None),
        ("0500", ENGLISH, None),
        (".00", ENGLISH, None),
        (".00", AmountForm(decimal=".", group=",", may_start_with_decimal=True), 0),
        ("", ENGLISH, None),
        ("99999999999999", ENGLISH, None),
        (500000, INDONESIAN, 50_000_000),
        (500123.45, INDONESIAN, 50_012_345),
        (0.1 + 0.2, INDONESIAN, None),
        (float("nan"), INDONESIAN, None),
        (True, INDONESIAN, None),
    ],
)
def test_an_amount_is_read_as_declared_or_refused(text: object, form: AmountForm, minor: int | None) -> None:
    if minor is None:
        with pytest.raises(Unsure):
            parse_amount(text, form)
    else:
        assert parse_amount(text, form) == minor


@given(st.integers(min_value=-89_999_999_999_999, max_value=89_999_999_999_999), st.booleans())
def test_what_is_written_by_the_form_is_read_back(whole: int, is_indonesian: bool) -> None:
    written = english(abs(whole))
    form = ENGLISH
    if is_indonesian:
        written, form = written.translate(str.maketrans(",.", ".,")), INDONESIAN
    assert parse_amount(f"-{written}" if whole < 0 else written, form) == whole * 100


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_unsure(text: str) -> None:
    for form in (ENGLISH, INDONESIAN):
        try:
            assert isinstance(parse_amount(text, form), int)
        except Unsure:
            continue


@pytest.mark.case(49)
def test_one_unsure_cell_refuses_the_file_and_is_named() -> None:
    lines = [Told(dt.date(2026, 1, day), 150_000, f"DONASI {day}") for day in range(1, 6)]
    good = bca(lines)
    reading = read(good.replace('"150,000.00",CR,"1,450,000.00"', '"150.000",CR,"1,450,000.00"'))
    [reason] = reading.reasons
    assert (reason.code, reason.row, reason.column, reason.cell) == (
        "amount_two_faced",
        10,
        "4 (Jumlah)",
        "150.000",
    )
    assert codes(read(good)) == []
    assert codes(read(good.replace('"150,000.00",CR,"1,450,000.00"', '"0.00",CR,"1,450,000.00"'))) == [
        "zero_line"
    ]


D = dt.date
NO_YEAR = DateForm(order="dmy", years=frozenset({"none", "4"}))
NEW_YEAR = (D(2025, 12, 15), D(2026, 1, 14))


@pytest.mark.case(50)
@pytest.mark.parametrize(
    ("text", "period", "day"),
    [
        ("31/12", NEW_YEAR, D(2025, 12, 31)),
        ("01/01", NEW_YEAR, D(2026, 1, 1)),
        ("14/01", NEW_YEAR, D(2026, 1, 14)),
        ("15/01", NEW_YEAR, None),
        ("01/02", NEW_YEAR, None),
        ("31/12", None, None),
        ("31/12/2025", None, D(2025, 12, 31)),
        ("29/02", (D(2024, 2, 1), D(2024, 2, 29)), D(2024, 2, 29)),
        ("29/02", (D(2025, 2, 1), D(2025, 2, 28)), None),
        ("29/02/2025", None, None),
        ("29/02", (D(2023, 12, 1), D(2024, 3, 1)), D(2024, 2, 29)),
        ("05/01", (D(2025, 1, 1), D(2026, 1, 31)), None),
        ("12/31", NEW_YEAR, None),
        ("31/12/25", None, None),
        ("３１/12", NEW_YEAR, None),
        ("31-12 10:15", NEW_YEAR, D(2025, 12, 31)),
    ],
)
def test_a_day_without_year_takes_it_from_the_period(
    text: str, period: tuple[D, D] | None, day: D | None
) -> None:
    if day is None:
        with pytest.raises(Unsure):
            parse_date(text, NO_YEAR, period)
    else:
        assert parse_date(text, NO_YEAR, period) == day


@pytest.mark.parametrize(
    ("text", "form", "day"),
    [
        ("03 August 2026 11:27:10", DateForm(), D(2026, 8, 3)),
        ("3 Agustus 2026", DateForm(), D(2026, 8, 3)),
        ("03-Mei-26", DateForm(years=frozenset({"2"})), D(2026, 5, 3)),
        ("2026-08-03 00:00:00.000", DateForm(order="ymd"), D(2026, 8, 3)),
        ("20260803", DateForm(order="ymd"), D(2026, 8, 3)),
        ("03/08/2026", DateForm(order="ymd"), None),
        ("08/03/2026", DateForm(order="mdy"), D(2026, 8, 3)),
        ("13/03/2026", DateForm(order="mdy"), None),
        ("03/08/0026", DateForm(), None),
        ("", DateForm(), None),
    ],
)
def test_days_in_the_declared_order_only(text: str, form: DateForm, day: D | None) -> None:
    if day is None:
        with pytest.raises(Unsure):
            parse_date(text, form, None)
    else:
        assert parse_date(text, form, None) == day


@given(st.text(max_size=24))
def test_any_text_is_a_day_or_unsure(text: str) -> None:
    for order in ("dmy", "mdy", "ymd"):
        try:
            parse_date(text, DateForm(order=order, years=frozenset({"none", "2", "4"})), NEW_YEAR)
        except Unsure:
            continue


@pytest.mark.case(50)
def test_a_statement_over_new_year() -> None:
    lines = [Told(D(2025, 12, 31), 250_000, "TAHUN LAMA"), Told(D(2026, 1, 1), 300_000, "TAHUN BARU")]
    reading = read(bca(lines, begin=D(2025, 12, 15), end=D(2026, 1, 14)))
    assert codes(reading) == []
    assert [entry.booked_on for entry in reading.entries] == [D(2025, 12, 31), D(2026, 1, 1)]
    assert codes(read(bca(lines, begin=D(2024, 12, 15), end=D(2026, 1, 14)))) == ["date_two_years"] * 2


def test_periods_in_words() -> None:
    assert find_period("Periode : 01/12/2025 - 31/01/2026", NO_YEAR) == (D(2025, 12, 1), D(2026, 1, 31))
    assert find_period("Periode 1 Agustus 2026 s/d 31 Agustus 2026", NO_YEAR) == (
        D(2026, 8, 1),
        D(2026, 8, 31),
    )
    assert find_period("Periode : 31/01/2026 - 01/12/2025", NO_YEAR) is None
    assert find_period("Periode : Januari 2026", NO_YEAR) is None
