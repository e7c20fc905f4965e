"""Days of months: the 31st, February, leap years, year ends."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coevolve.recurring import calendar

D = dt.date


@pytest.mark.parametrize(
    ("day", "after", "expected"),
    [
        (31, D(2026, 1, 31), D(2026, 2, 28)),
        (31, D(2026, 2, 28), D(2026, 3, 31)),
        (31, D(2026, 3, 31), D(2026, 4, 30)),
        (29, D(2027, 1, 29), D(2027, 2, 28)),
        (29, D(2028, 1, 29), D(2028, 2, 29)),
        (30, D(2028, 2, 1), D(2028, 2, 29)),
        (31, D(2100, 2, 1), D(2100, 2, 28)),
        (1, D(2026, 12, 31), D(2027, 1, 1)),
        (1, D(2026, 12, 1), D(2027, 1, 1)),
        (22, D(2026, 11, 21), D(2026, 11, 22)),
        (22, D(2026, 11, 22), D(2026, 12, 22)),
        (31, D(2026, 12, 31), D(2027, 1, 31)),
    ],
)
def test_the_next_day(day: int, after: dt.date, expected: dt.date) -> None:
    assert calendar.next_day(day, after=after) == expected


def test_a_month_that_is_taken_is_passed_over() -> None:
    assert calendar.next_day(28, after=D(2026, 11, 22), not_before=D(2026, 12, 1)) == D(2026, 12, 28)
    assert calendar.next_day(5, after=D(2027, 3, 9), not_before=D(2026, 12, 1)) == D(2027, 4, 5)


DATES = st.dates(D(2020, 1, 1), D(2090, 12, 31))


@given(day=st.integers(1, 31), after=DATES)
def test_every_month_has_its_day_once(day: int, after: dt.date) -> None:
    """Following from day to day never skips a month and never meets one twice."""
    first = calendar.next_day(day, after=after)
    second = calendar.next_day(day, after=first)
    assert after < first < second
    assert calendar.following(calendar.month_of(first)) == calendar.month_of(second)
    assert first == calendar.day_in(first, day)
    assert first.day == day or (first + dt.timedelta(days=1)).day == 1


def test_the_hour_is_jakartas() -> None:
    assert calendar.moment(D(2026, 11, 22), 9) == dt.datetime(2026, 11, 22, 2, tzinfo=dt.UTC)
