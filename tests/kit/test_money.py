"""Money: what is read, what is refused, how it is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coevolve.kit import i18n, money
from coevolve.kit.errors import Invalid
from coevolve.kit.money import Money, parse_quantity, parse_rupiah, rupiah


@pytest.mark.parametrize(
    ("typed", "whole"),
    [
        ("75000", 75_000),
        ("75.000", 75_000),
        (" 10.000 ", 10_000),
        ("1.500.000", 1_500_000),
        ("0", 0),
    ],
)
def test_reads_whole_rupiah(typed: str, whole: int) -> None:
    assert parse_rupiah(typed) == rupiah(whole)


REFUSED = [
    "", " ", "75.000,50", "-1", "+5", "1e5", "1E400", "NaN", "Infinity", "75,000", "7.50", "75.00", "1_000", "0x10",
    "Rp 75.000", "1,5 juta", "500rb", "9223372036854775808", "9" * 20, "\uff17\uff15", "\u0667\u0665",
    "1 0", "1\u00a0000", "true",
    "75.000.00", ".75", "75.", "0.5", "75000\x00", "½",
]  # fmt: skip


@pytest.mark.parametrize("typed", REFUSED)
def test_refuses_everything_else_at_the_field(typed: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_rupiah(typed, field="amount")
    assert refusal.value.field == "amount"
    assert str(refusal.value.message)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1,5 juta", "1.500.000"),
        ("500rb", "500.000"),
        ("Rp 75.000", "75.000"),
        ("75,000", "75.000"),
        ("2 m", "2.000.000.000"),
    ],
)
def test_proposes_the_number_meant(typed: str, meant: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_rupiah(typed)
    assert meant in str(refusal.value.message)


@given(st.integers(min_value=0, max_value=89_999_999_999_999))
def test_what_is_shown_in_a_field_reads_back(whole: int) -> None:
    assert parse_rupiah(money.typed_rupiah(whole * 100)) == rupiah(whole)


@given(st.text(max_size=40))
def test_never_reads_money_out_of_noise(text: str) -> None:
    try:
        read = parse_rupiah(text)
    except Invalid:
        return
    assert text.strip().replace(".", "").isascii()
    assert read.amount == int(text.strip().replace(".", "")) * 100


def test_formats_in_both_languages() -> None:
    assert money.format_rupiah(6_845_000_000) == "Rp\u00a068.450.000"
    assert money.format_rupiah(6_845_000_050) == "Rp\u00a068.450.000,50"
    assert money.short_rupiah(6_845_999_900) == "Rp\u00a068,4\u00a0juta"
    assert money.short_rupiah(2_500_000) == "Rp\u00a025\u00a0rb"
    assert money.short_rupiah(129_999_999_900) == "Rp\u00a01,2\u00a0miliar"
    with i18n.in_language("en"):
        assert money.format_rupiah(6_845_000_000) == "Rp\u00a068.450.000"
        assert money.short_rupiah(6_845_999_900) == "Rp\u00a068.4\u00a0m"
        assert money.format_money(Money(123_456, "USD")) == "USD\u00a01,234.56"


@pytest.mark.parametrize(
    ("minor", "words"),
    [
        (0, "nol rupiah"),
        (1_100, "sebelas rupiah"),
        (100_000, "seribu rupiah"),
        (50_012_300, "lima ratus ribu seratus dua puluh tiga rupiah"),
        (201_101_150, "dua juta sebelas ribu sebelas rupiah lima puluh sen"),
        (100_000_000_000_000, "satu triliun rupiah"),
    ],
)
def test_spells_amounts_for_receipts(minor: int, words: str) -> None:
    assert money.spell_rupiah(minor) == words


def test_units_do_not_mix() -> None:
    with pytest.raises(ValueError, match="do not mix"):
        Money(1, "IDR") + Money(1, "USD")
    with pytest.raises(ValueError, match="do not mix"):
        assert Money(1, "IDR") < Money(1, "X:KG")
    with pytest.raises(TypeError):
        Money(1.5)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Money(True)


@given(
    st.integers(0, 10**15),
    st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any),
)
def test_split_loses_nothing(amount: int, weights: list[int]) -> None:
    parts = money.split(amount, weights)
    assert sum(parts) == amount
    total = sum(weights)
    assert all(
        abs(part * total - amount * weight) < total for part, weight in zip(parts, weights, strict=True)
    )


@pytest.mark.parametrize("typed", ["", "0", "-3", "1,5", "1e3", "12345678901", "٣", "3 buah", "1.23"])
def test_quantities_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        parse_quantity(typed, field="quantity")


def test_quantities_read() -> None:
    assert parse_quantity("1.200") == 1200
    assert parse_quantity("340") == 340
