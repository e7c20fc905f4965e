"""Payment references in what banks make of a giver's words (case 56)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coevolve.payments.references import ALPHABET, PREFIX, check_symbol, find_reference, new_reference

BODY = "0A1Z9K2M"
REF = f"{PREFIX}{BODY}{check_symbol(BODY)}"
TAIL = REF[2:]


@pytest.mark.case(56)
@pytest.mark.parametrize(
    "text",
    [
        f"DONASI {REF} BUDI",
        f"donasi {REF.lower()} budi",
        f"CE {TAIL[:3]} {TAIL[3:6]} {TAIL[6:]}",
        f"TRSF CE{TAIL[:4]}\n{TAIL[4:]} 500000",
        f"CE.{TAIL[:4]}-{TAIL[4:]}",
        f"CE,{TAIL[:4]},{TAIL[4:]}",
        f"C E {' '.join(TAIL)}",
        f"CE{TAIL.replace('0', 'O').replace('1', 'I')}",
        f"CE{TAIL.replace('0', 'o').replace('1', 'l')}",
        f"CE{TAIL[1:]}",
        f"BERITA:{REF}/500123",
        f"{REF} {REF}",
    ],
)
def test_a_reference_survives_the_bank(text: str) -> None:
    assert find_reference(text) == REF


@pytest.mark.case(56)
@pytest.mark.parametrize(
    "text", [REF[:10], REF[:6], f"{REF[:9]} 12", f"CE{TAIL[2:]}", "CERITA ANAK BANGSA", "", "CE"]
)
def test_a_cut_one_is_never_taken_for_another(text: str) -> None:
    assert find_reference(text) is None


@pytest.mark.case(56)
def test_two_different_ones_are_no_answer() -> None:
    other = new_reference()
    assert find_reference(f"{REF} {other}") is None


@given(st.text(alphabet=ALPHABET, min_size=8, max_size=8), st.integers(0, 8), st.sampled_from(ALPHABET))
def test_a_wrong_symbol_is_noticed(body: str, at: int, other: str) -> None:
    whole = body + check_symbol(body)
    changed = whole[:at] + other + whole[at + 1 :]
    found = find_reference(PREFIX + changed)
    assert found == (PREFIX + whole if changed == whole else None)


@given(st.integers(0, 2), st.text(alphabet="23456789ABC", min_size=6, max_size=6))
def test_zeros_lost_at_the_head_come_back(zeros: int, rest: str) -> None:
    body = "0" * zeros + rest + "7" * (2 - zeros)
    whole = PREFIX + body + check_symbol(body)
    shortened = PREFIX + whole[2:].lstrip("0")
    is_readable = sum(ch.isdigit() for ch in shortened) >= 3 or not zeros
    assert find_reference(f"DONASI {shortened}") == (whole if is_readable else None)
