"""References survive reading aloud, typing and what banks do to text; wrong ones are not taken for somebody else's."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coevolve.payments.models import REF_SHAPE
from coevolve.payments.references import ALPHABET, check_symbol, find_reference, is_reference, new_reference

bodies = st.text(alphabet=ALPHABET, min_size=8, max_size=8)


def ref_of(body: str) -> str:
    return f"CE{body}{check_symbol(body)}"


def test_shape() -> None:
    for _ in range(200):
        reference = new_reference()
        assert re.fullmatch(REF_SHAPE, reference)
        assert is_reference(reference)


@given(body=bodies, place=st.integers(0, 8), other=st.sampled_from(ALPHABET))
def test_every_single_wrong_symbol_is_noticed(body: str, place: int, other: str) -> None:
    right = ref_of(body)
    symbols = list(right)
    if symbols[2 + place] == other:
        return
    symbols[2 + place] = other
    assert not is_reference("".join(symbols))


@pytest.mark.case(56)
@given(bodies)
def test_found_in_what_banks_write(body: str) -> None:
    right = ref_of(body)
    spaced = " ".join(right)
    for text in (
        f"TRSF E-BANKING CR 0710/FTSCY/WS95031 {right} SITI RAHAYU",
        f"transfer {right.lower()}",
        f"TRF {right[:5]} {right[5:]}",
        f"{right[:4]}-{right[4:8]}-{right[8:]}",
        f"A\n{right[:6]}\n{right[6:]} B",
        spaced,
        right.replace("0", "O").replace("1", "I"),
        right.replace("1", "L"),
    ):
        assert find_reference(text) in {right, None}
    assert find_reference(f"TRSF {right} BUDI") == right
    assert find_reference(right.replace("0", "O").replace("1", "I")) == right


def test_two_different_references_are_none() -> None:
    one, other = ref_of("ABCDEFGH"), ref_of("23456789")
    assert find_reference(f"{one} {other}") is None
    assert find_reference(f"{one} {one}") == one


@pytest.mark.parametrize(
    "text", ["", "CE", "CE123", "CEABCDEFGH", "transfer untuk sumur", "CE" * 50, "CEUUUUUUUUU"]
)
def test_nothing_to_find(text: str) -> None:
    assert find_reference(text) is None


def test_long_text_is_quick() -> None:
    assert find_reference("C E " * 5000) is None
