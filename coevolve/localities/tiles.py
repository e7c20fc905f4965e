"""The tile map: one equal tile per place, laid out like the archipelago, keyed by official code.

The 38 provinces stand where a reader expects them, 13 abreast so that a tile is wide enough for a finger on a narrow
phone; the kabupaten and kota of a province are laid out from their points, each on a tile of its own. No borders are
drawn, so no boundary file is needed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

COLUMNS = 13
ROWS = 9
STEPS: tuple[int, int, int, int] = (1, 3, 6, 9)
"""From how many on a tile is one step darker."""
SIDE = 9
"""At most so many regency tiles abreast."""

PROVINCES: dict[str, tuple[int, int, str]] = {
    # code: column, row, name short enough for a tile
    "11": (0, 0, "Aceh"),
    "12": (1, 1, "Sumut"),
    "13": (1, 2, "Sumbar"),
    "14": (2, 2, "Riau"),
    "15": (2, 3, "Jambi"),
    "16": (2, 4, "Sumsel"),
    "17": (1, 3, "Bkulu"),
    "18": (2, 5, "Lampg"),
    "19": (3, 4, "Babel"),
    "21": (3, 1, "Kepri"),
    "31": (4, 6, "DKI"),
    "32": (4, 7, "Jabar"),
    "33": (5, 7, "Jateng"),
    "34": (5, 8, "DIY"),
    "35": (6, 7, "Jatim"),
    "36": (3, 7, "Banten"),
    "51": (7, 8, "Bali"),
    "52": (8, 8, "NTB"),
    "53": (9, 8, "NTT"),
    "61": (4, 2, "Kalbar"),
    "62": (4, 3, "Kalteng"),
    "63": (5, 3, "Kalsel"),
    "64": (5, 2, "Kaltim"),
    "65": (5, 1, "Kaltara"),
    "71": (8, 1, "Sulut"),
    "72": (7, 2, "Sulteng"),
    "73": (7, 4, "Sulsel"),
    "74": (8, 4, "Sultra"),
    "75": (7, 1, "Gtalo"),
    "76": (7, 3, "Sulbar"),
    "81": (9, 5, "Maluku"),
    "82": (9, 2, "Malut"),
    "91": (12, 3, "Papua"),
    "92": (11, 3, "Pabar"),
    "93": (12, 5, "Pasel"),
    "94": (11, 4, "Pateng"),
    "95": (12, 4, "Papeg"),
    "96": (10, 3, "PBD"),
}


class Point(NamedTuple):
    """A place to be laid out; without coordinates it goes where there is room."""

    code: str
    lat: float | None
    lng: float | None


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile as the map draws it."""

    code: str
    short: str
    name: str
    href: str
    column: int
    row: int
    count: int
    step: int
    is_city: bool = False


def step_of(count: int) -> int:
    """Which of the five colours a count has: 0, 1-2, 3-5, 6-8, 9 and more."""
    return sum(count >= least for least in STEPS)


def province_tiles(
    names: Mapping[str, str], counts: Mapping[str, int], steps: Sequence[int] | None = None
) -> list[Tile]:
    """The map of the country; `names` and `counts` by province code (a province without a count has 0)."""
    return [
        Tile(
            code, short, names.get(code, short), f"/lokalitas/{code}", column, row, counts.get(code, 0),
            step_in(counts.get(code, 0), steps or STEPS),
        )
        for code, (column, row, short) in PROVINCES.items()
    ]  # fmt: skip


def step_in(count: int, steps: Sequence[int]) -> int:
    """The same for other thresholds (a map of hundreds needs other steps than one of ones)."""
    return sum(count >= least for least in steps)


def thresholds(counts: Iterable[int]) -> tuple[int, int, int, int]:
    """Where colours change: 1, 3, 6, 9 while numbers are small; else by quarters of the places that have any."""
    some = sorted(count for count in counts if count > 0)
    if not some or some[-1] <= 14:
        return STEPS
    second, third, fourth = (some[len(some) * quarter // 4] for quarter in (1, 2, 3))
    second = max(second, 2)
    third = max(third, second + 1)
    return (1, second, third, max(fourth, third + 1))


def lay_out(points: Sequence[Point]) -> tuple[dict[str, tuple[int, int]], int, int]:
    """A tile for each place, near where it lies: code -> (column, row), and how many columns and rows there are.

    The places are stretched over a grid with some room to spare; each takes the free tile nearest to its point, those
    in the middle first. The same input always gives the same map.
    """
    if not points:
        return {}, 0, 0
    known = [point for point in points if point.lat is not None and point.lng is not None]
    west, east = _span([p.lng for p in known if p.lng is not None])
    south, north = _span([p.lat for p in known if p.lat is not None])
    ratio = min(2.2, max(0.6, (east - west) / (north - south)))
    room = len(points) * 1.5
    columns = max(1, min(SIDE, round(math.sqrt(room * ratio))))
    rows = max(1, math.ceil(room / columns))
    wish = {
        p.code: (
            ((p.lng if p.lng is not None else (west + east) / 2) - west) / (east - west) * (columns - 1),
            (north - (p.lat if p.lat is not None else (south + north) / 2)) / (north - south) * (rows - 1),
        )
        for p in points
    }
    middle = ((columns - 1) / 2, (rows - 1) / 2)
    free = {(column, row) for column in range(columns) for row in range(rows)}
    placed: dict[str, tuple[int, int]] = {}
    for code in sorted(wish, key=lambda code: (math.dist(wish[code], middle), code)):
        spot = min(free, key=lambda tile: (math.dist(tile, wish[code]), tile))
        free.remove(spot)
        placed[code] = spot
    return _trim(placed)


def _span(values: Sequence[float]) -> tuple[float, float]:
    if not values:
        return 0.0, 1.0
    low, high = min(values), max(values)
    return (low, high) if high - low > 0.01 else (low - 0.5, high + 0.5)


def _trim(placed: dict[str, tuple[int, int]]) -> tuple[dict[str, tuple[int, int]], int, int]:
    """Drop the columns and rows nobody stands in."""
    columns = sorted({column for column, _ in placed.values()})
    rows = sorted({row for _, row in placed.values()})
    at = {code: (columns.index(column), rows.index(row)) for code, (column, row) in placed.items()}
    return at, len(columns), len(rows)


def abbreviate(name: str) -> str:
    """A name short enough for a tile: 'Timor Tengah Selatan' -> 'TTS', 'Kupang' -> 'Kupang', 'Manggarai' -> 'Mangg'."""
    words = [word for word in name.replace("-", " ").split() if word[:1].isalpha()]
    if len(words) >= 3:
        return "".join(word[0] for word in words).upper()
    if len(words) == 2:
        return f"{words[0][:3]} {words[1][:1]}"
    return name if len(name) <= 6 else name[:5]
