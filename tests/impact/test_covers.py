"""Scenes: one for each sector in four lights, small, and the same as the files that are served."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from coevolve.kit import cards, covers
from coevolve.listings import sectors


def test_every_sector_has_a_scene() -> None:
    assert set(covers.SECTORS) == set(sectors.CODES)


@pytest.mark.parametrize("sector", covers.SECTORS)
@pytest.mark.parametrize("variant", range(covers.VARIANTS))
def test_scenes_are_small_whole_and_served_as_drawn(sector: str, variant: int) -> None:
    drawn = covers.file_of(sector, variant)
    assert len(drawn.encode()) <= 2048
    ET.fromstring(drawn)
    assert (covers.FOLDER / f"{sector}-{variant}.svg").read_text(encoding="utf-8") == drawn


def test_the_same_seed_shows_the_same_variant() -> None:
    assert covers.cover_path("water", "a") == covers.cover_path("water", "a")
    assert len({covers.variant_of(number) for number in range(80)}) == covers.VARIANTS


def test_an_unknown_sector_still_has_a_scene() -> None:
    assert (covers.FOLDER / covers.cover_path("unheard-of", 1).rpartition("/")[2]).exists()
    assert "<path" in covers.scene("unheard-of", 1)


@pytest.mark.parametrize(
    ("received", "promised", "goal", "widths"),
    [
        (0, 0, 100, []),
        (50, 0, 100, ["50.0%"]),
        (50, 25, 100, ["75.0%", "75.0%", "50.0%"]),
        (150, 25, 100, ["100.0%"]),
        (80, 70, 100, ["100.0%", "100.0%", "80.0%"]),
        (1, 0, 0, ["100.0%"]),
    ],
)
def test_bars_never_overflow(received: int, promised: int, goal: int, widths: list[str]) -> None:
    drawn = ET.fromstring(str(cards.bar(received, promised, goal)))
    found = [rect.get("width") for rect in drawn.iter("rect") if "%" in str(rect.get("width"))]
    assert found == widths
