"""The tile map: every place on a tile of its own, where a reader looks for it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from coevolve.localities import queries as localities
from coevolve.localities import tiles


def test_each_of_the_38_provinces_has_a_tile_of_its_own(session: Any) -> None:
    assert set(tiles.PROVINCES) == {place.code for place in localities.provinces()}
    spots = {(column, row) for column, row, _ in tiles.PROVINCES.values()}
    assert len(spots) == len(tiles.PROVINCES) == 38
    assert all(0 <= column < tiles.COLUMNS and 0 <= row < tiles.ROWS for column, row in spots)


def test_provinces_stand_as_in_the_archipelago(session: Any) -> None:
    """Far apart in longitude or latitude is far apart on the map, in the same direction."""
    points = {place.code: place for place in localities.provinces()}
    towns = {code: _middle(code) for code in points}
    for a, (lat_a, lng_a) in towns.items():
        for b, (lat_b, lng_b) in towns.items():
            if lng_a - lng_b > 10:
                assert tiles.PROVINCES[a][0] > tiles.PROVINCES[b][0], (points[a].name, points[b].name)
            if lat_a - lat_b > 7:
                assert tiles.PROVINCES[a][1] < tiles.PROVINCES[b][1], (points[a].name, points[b].name)


def _middle(code: str) -> tuple[float, float]:
    found = [(p.lat, p.lng) for p in localities.children(code) if p.lat is not None and p.lng is not None]
    return sum(lat for lat, _ in found) / len(found), sum(lng for _, lng in found) / len(found)


def test_names_fit_on_their_tiles() -> None:
    assert all(1 < len(short) <= 7 for _, _, short in tiles.PROVINCES.values())


def test_every_kabupaten_and_kota_has_a_tile_of_its_own(session: Any) -> None:
    seen = 0
    for province in localities.provinces():
        below = localities.children(province.code)
        layout, columns, rows = tiles.lay_out([tiles.Point(p.code, p.lat, p.lng) for p in below])
        assert set(layout) == {p.code for p in below}
        assert len(set(layout.values())) == len(below)
        assert all(0 <= column < columns <= tiles.SIDE and 0 <= row < rows for column, row in layout.values())
        seen += len(below)
    assert seen == 514


@given(
    some.lists(
        some.tuples(
            some.one_of(some.none(), some.floats(-11, 6)), some.one_of(some.none(), some.floats(95, 141))
        ),
        max_size=45,
    )
)
def test_any_points_are_laid_out_without_two_on_one_tile(
    points: list[tuple[float | None, float | None]],
) -> None:
    wanted = [tiles.Point(f"{number:02}", lat, lng) for number, (lat, lng) in enumerate(points)]
    layout, columns, rows = tiles.lay_out(wanted)
    assert len(set(layout.values())) == len(wanted)
    assert all(0 <= column < columns and 0 <= row < rows for column, row in layout.values())
    assert tiles.lay_out(wanted) == (layout, columns, rows)


@pytest.mark.parametrize(
    ("counts", "steps"),
    [
        ([], (1, 3, 6, 9)),
        ([0, 0], (1, 3, 6, 9)),
        ([1, 2, 14], (1, 3, 6, 9)),
        ([20, 20, 20, 20], (1, 20, 21, 22)),
        ([10, 20, 30, 40], (1, 20, 30, 40)),
    ],
)
def test_colours_follow_the_numbers(counts: list[int], steps: tuple[int, ...]) -> None:
    assert tiles.thresholds(counts) == steps
    assert tiles.step_in(0, steps) == 0
    assert tiles.step_in(10_000, steps) == 4


@given(some.lists(some.integers(0, 100_000), max_size=60))
def test_steps_always_rise(counts: list[int]) -> None:
    steps = tiles.thresholds(counts)
    assert steps[0] == 1
    assert list(steps) == sorted(set(steps))


def test_abbreviations() -> None:
    assert tiles.abbreviate("Timor Tengah Selatan") == "TTS"
    assert tiles.abbreviate("Kupang") == "Kupang"
    assert tiles.abbreviate("Sumba Timur") == "Sum T"
    assert tiles.abbreviate("Manggarai") == "Mangg"
