"""Flat scenes for things without a photo: one for each sector, in four lights and both ways round, of few shapes.

A page may inline a scene (`scene`) or point an <img> at the same drawing as a file (`cover_path`); the files under
static/covers are written by `write_files` and a test compares them with what this module draws.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

from markupsafe import Markup

FOLDER = Path(__file__).resolve().parent.parent / "static" / "covers"
LIGHTS = 4
VARIANTS = 2 * LIGHTS
"""Every light, and every light mirrored."""
ONE_WAY = frozenset({"digital"})
"""Scenes that would read wrongly in a mirror."""

_LIGHT = (
    # sky, sun, far hill, near hill, ground: morning, noon, late afternoon, dusk
    ("#f6dfb0", "#f2b233", "#d9a05b", "#b3733a", "#5c7c48"),
    ("#dbe5f4", "#f2b233", "#a9bf92", "#74976a", "#45724f"),
    ("#f4cfae", "#df7f3a", "#c98556", "#94553a", "#5d6a3e"),
    ("#353f86", "#fbf7f0", "#6d76bd", "#4d559f", "#2a6258"),
)
_HILLS = (
    ("M0 190C80 110 170 110 260 150S400 190 450 130 560 110 640 160V360H0z", "M0 250C120 170 230 190 330 220S540 220 640 170V360H0z"),
    ("M0 150C90 120 150 60 230 110S380 210 470 160 590 90 640 120V360H0z", "M0 220C110 240 190 180 300 200S520 250 640 200V360H0z"),
    ("M0 200C60 190 120 130 200 150S330 80 420 100 560 190 640 170V360H0z", "M0 240C140 190 220 240 340 215S560 180 640 225V360H0z"),
)  # fmt: skip
_GROUND = (
    "M0 300C160 250 300 280 420 290S580 290 640 262V360H0z",
    "M0 280C150 300 280 262 400 270S560 300 640 290V360H0z",
)


def _house(x: int, y: int, size: int, roof: str = "#a5281b") -> str:
    """A small house whose floor's left corner is at x, y."""
    wide, tall = size, size * 6 // 10
    return (
        f'<path d="M{x} {y}v-{tall}h{wide}v{tall}z" fill="#fbf7f0"/>'
        f'<path d="M{x - size // 8} {y - tall + 3}l{wide // 2 + size // 8}-{size // 2}'
        f' {wide // 2 + size // 8} {size // 2}" fill="none" stroke="{roof}" stroke-width="9"/>'
        f'<path d="M{x} {y - tall + 2}l{wide // 2}-{size * 45 // 100} {wide // 2} {size * 45 // 100}z" fill="#fbf7f0"/>'
        f'<path d="M{x + wide * 2 // 5} {y}v-{tall // 2}h{wide // 5}v{tall // 2}z" fill="#6f4420"/>'
    )


def _tree(x: int, y: int, size: int, leaf: str = "#1c6b4a") -> str:
    """A round tree standing at x, y."""
    return (
        f'<path d="M{x} {y}v-{size}" stroke="#6f4420" stroke-width="{max(4, size // 7)}"/>'
        f'<circle cx="{x}" cy="{y - size}" r="{size // 2}" fill="{leaf}"/>'
    )


def _palm(x: int, y: int, size: int) -> str:
    """A coconut palm standing at x, y."""
    top = y - size
    leaf = size * 2 // 5
    return (
        f'<path d="M{x} {y}q{size // 8}-{size // 2} {size // 10}-{size}" fill="none" stroke="#6f4420" stroke-width="6"/>'
        f'<path d="M{x + size // 10} {top}q-{leaf}-14-{leaf} 22m{leaf}-22q{leaf}-14 {leaf} 22m-{leaf}-22q-8-{leaf}-{leaf}-20'
        f'm{leaf} 20q8-{leaf} {leaf}-20" fill="none" stroke="#1c6b4a" stroke-width="8" stroke-linecap="round"/>'
    )


def _person(x: int, y: int, cloth: str, skin: str = "#8a5a34") -> str:
    """A person standing at x, y."""
    return f'<path d="M{x - 14} {y}v-26a14 14 0 0 1 28 0v26z" fill="{cloth}"/><circle cx="{x}" cy="{y - 52}" r="11" fill="{skin}"/>'


def _water() -> str:
    return (
        '<path d="M112 206v-52M188 206v-52M112 180h76" stroke="#6f4420" stroke-width="7"/>'
        '<path d="M96 84h108v72H96z" fill="#1d2350"/><path d="M88 76h124v14H88z" fill="#2c3576"/>'
        '<path d="M108 126q12-9 24 0t24 0 24 0" fill="none" stroke="#8fb0ec" stroke-width="5"/>'
        '<path d="M204 146C270 146 250 240 330 262S430 284 470 284" fill="none" stroke="#2f6fc0" stroke-width="11" stroke-linecap="round"/>'
        + _house(450, 300, 70)
        + _house(548, 306, 52)
        + '<path d="M392 300v-30h22" fill="none" stroke="#1d2350" stroke-width="7"/>'
        '<path d="M414 284q9 13 0 17-9-4 0-17" fill="#2f6fc0"/>'
    )


def _education() -> str:
    windows = "".join(f'<path d="M{x} 232h38v30h-38z" fill="#8fb0ec"/>' for x in (226, 280, 392, 446))
    return (
        '<path d="M200 216h300v88H200z" fill="#fbf7f0"/><path d="M180 220l36-58h268l36 58z" fill="#a5281b"/>'
        '<path d="M200 284h300v20H200z" fill="#e4dccd"/>'
        + windows
        + '<path d="M334 240h42v64h-42z" fill="#6f4420"/>'
        '<path d="M128 306V112" stroke="#fbf7f0" stroke-width="6"/>'
        '<path d="M131 114h62v20h-62z" fill="#c8102e"/><path d="M131 134h62v20h-62z" fill="#fff"/>'
        + _person(244, 330, "#c8102e")
        + _person(288, 336, "#1d2350", "#6b4226")
        + _tree(560, 304, 74)
    )


def _health() -> str:
    return (
        '<path d="M190 176h240v130H190z" fill="#fbf7f0"/><path d="M176 164h268v22H176z" fill="#1c6b4a"/>'
        '<path d="M430 226h90v80h-90z" fill="#e4dccd"/><path d="M424 216h104v14H424z" fill="#1c6b4a"/>'
        '<path d="M296 198h28v20h20v28h-20v20h-28v-20h-20v-28h20z" fill="#1c6b4a"/>'
        '<path d="M210 222h36v30h-36zm164 0h36v30h-36z" fill="#8fb0ec"/><path d="M290 276h40v30h-40zm164-22h40v52h-40z" fill="#2c3576"/>'
        + _tree(140, 308, 70)
        + _person(560, 324, "#f2b233")
        + '<path d="M574 306q14 2 12 18h-14z" fill="#c8102e"/><circle cx="580" cy="298" r="8" fill="#8a5a34"/>'
    )


def _food() -> str:
    rows = (
        ("M0 250C150 200 330 236 640 190V360H0z", "#7fa05a"),
        ("M0 280C170 232 360 268 640 226V360H0z", "#b9b94f"),
        ("M0 308C180 270 380 300 640 262V360H0z", "#5c8a4a"),
        ("M0 334C190 306 400 330 640 300V360H0z", "#c9bd55"),
    )
    stalks = "".join(
        f'<path d="M{x} 352q-4-34 12-62m-12 62q8-26-8-50" fill="none" stroke="#f2b233" stroke-width="4"/>'
        f'<path d="M{x + 12} 290q10 8 6 22-10-8-6-22" fill="#f2b233"/>'
        for x in (60, 100, 148, 196)
    )
    return (
        "".join(f'<path d="{path}" fill="{fill}"/>' for path, fill in rows)
        + '<path d="M430 250v-46h92v46" fill="#b3733a"/><path d="M412 208q64-30 64-104 0 74 64 104z" fill="#6f4420"/>'
        '<path d="M436 250v26m80-26v26" stroke="#6f4420" stroke-width="7"/><path d="M462 220h28v30h-28z" fill="#3f2712"/>'
        + stalks
    )


def _livelihood() -> str:
    awning = "".join(
        f'<path d="M{190 + 44 * i} 150h44v34a22 22 0 0 1-44 0z" fill="{("#f2b233", "#fbf7f0")[i % 2]}"/>'
        for i in range(6)
    )
    fruit = "".join(
        f'<circle cx="{x}" cy="{y}" r="13" fill="{fill}"/>'
        for x, y, fill in (
            (228, 246, "#a5281b"), (254, 246, "#a5281b"), (241, 226, "#c8102e"),
            (304, 246, "#d99412"), (330, 246, "#d99412"), (317, 226, "#f2b233"),
            (382, 246, "#1c6b4a"), (408, 246, "#1c6b4a"), (395, 226, "#4f9a68"),
        )
    )  # fmt: skip
    return (
        '<path d="M202 306V160m240 146V160" stroke="#6f4420" stroke-width="9"/>'
        + fruit
        + '<path d="M190 256h264v50H190z" fill="#94553a"/><path d="M190 256h264v12H190z" fill="#6f4420"/>'
        + awning
        + '<path d="M182 138h280v16H182z" fill="#a5281b"/>'
        + _person(520, 322, "#2c3576")
        + '<path d="M536 300h34l-6 24h-22z" fill="#d9a05b"/>'
        + _palm(110, 306, 150)
    )


def _environment() -> str:
    def mangrove(x: int, y: int, size: int) -> str:
        return (
            f'<path d="M{x} {y - size}v{size // 2}q-4 {size // 3}-{size // 3} {size // 2}m{size // 3}-{size // 2}'
            f'q4 {size // 3} {size // 3} {size // 2}m-{size // 3}-{size // 2}v{size // 2}" fill="none" stroke="#6f4420" stroke-width="6"/>'
            f'<path d="M{x - size // 2} {y - size * 4 // 5}a{size // 3} {size // 3} 0 0 1 {size // 5}-{size // 2}'
            f'a{size // 3} {size // 3} 0 0 1 {size * 3 // 5} 0a{size // 3} {size // 3} 0 0 1 {size // 5} {size // 2}z" fill="#1c6b4a"/>'
        )

    seedlings = "".join(
        f'<path d="M{x} 344v-26m0 10q-14-2-14-16 14 0 14 16 0-16 14-20 2 16-14 20" fill="#4f9a68" stroke="#1c6b4a" stroke-width="3"/>'
        for x in (430, 490, 550, 606)
    )
    return (
        mangrove(150, 300, 130)
        + mangrove(290, 296, 100)
        + mangrove(388, 290, 72)
        + '<path d="M0 296q40-10 80 0t80 0 80 0 80 0 80 0 80 0 80 0 80 0V360H0z" fill="#2f6fc0"/>'
        '<path d="M0 322q40-10 80 0t80 0 80 0 80 0 80 0 80 0 80 0 80 0V360H0z" fill="#2547b8"/>'
        '<path d="M380 360q120-50 260-40v40z" fill="#6f4420"/>' + seedlings
    )


def _disaster() -> str:
    boxes = "".join(
        f'<path d="M{x} {y}h40v32h-40z" fill="#d9a05b"/><path d="M{x + 16} {y}h8v32h-8z" fill="#94553a"/>'
        for x, y in ((470, 278), (514, 278), (492, 246))
    )
    return (
        '<path d="M40 250L150 96q14-14 36 0l116 154z" fill="#6f4420"/><path d="M150 96q14-14 36 0l24 32-22-8-18 14-20-14-20 6z" fill="#a5281b"/>'
        '<path d="M168 84c-30-10-10-34-30-46s20-34 44-20 40-12 56 6-8 34-28 30-22 30-42 30" fill="#e4dccd" opacity=".9"/>'
        '<path d="M230 306l110-136 110 136z" fill="#fbf7f0"/><path d="M230 306l110-136v136z" fill="#f2b233"/>'
        '<path d="M312 306l28-66 28 66z" fill="#1d2350"/><path d="M340 170v-40" stroke="#1d2350" stroke-width="5"/>'
        '<path d="M342 132h40l-10 12 10 12h-40z" fill="#a5281b"/>' + boxes + _person(592, 326, "#2c3576")
    )


def _inclusion() -> str:
    return (
        '<path d="M96 172h200v130H96z" fill="#fbf7f0"/><path d="M76 176l120-76 120 76z" fill="#2c3576"/>'
        '<path d="M214 214h62v74h-62z" fill="#6f4420"/><path d="M124 206h56v42h-56z" fill="#8fb0ec"/>'
        '<path d="M206 286h90l150 30v12H206z" fill="#d9a05b"/>'
        '<path d="M300 262l150 30m-150-30v26m75-12v30m75-14v26" fill="none" stroke="#1d2350" stroke-width="5"/>'
        '<circle cx="512" cy="306" r="26" fill="none" stroke="#1d2350" stroke-width="7"/>'
        '<path d="M508 300v-36q2-14 16-10l4 22 26 6 8 28" fill="none" stroke="#a5281b" stroke-width="15" stroke-linejoin="round" stroke-linecap="round"/>'
        '<circle cx="514" cy="232" r="14" fill="#6b4226"/>'
        + _person(446, 334, "#1c6b4a")
        + _person(586, 330, "#f2b233", "#6b4226")
    )


def _governance() -> str:
    posts = "".join(
        f'<path d="M{x} 190v112" stroke="#6f4420" stroke-width="11"/>' for x in (178, 258, 382, 462)
    )
    people = "".join(
        _person(x, 306, cloth, skin)
        for x, cloth, skin in ((220, "#2c3576", "#8a5a34"), (292, "#1c6b4a", "#6b4226"), (348, "#a5281b", "#8a5a34"), (420, "#f2b233", "#6b4226"))
    )  # fmt: skip
    return (
        '<path d="M110 196l80-44h260l80 44z" fill="#a5281b"/><path d="M190 154l74-72h112l74 72z" fill="#8a2116"/>'
        '<path d="M264 82h112l-10-14h-92z" fill="#f2b233"/><path d="M132 194h376v12H132z" fill="#f2b233"/>'
        + posts
        + people
        + '<path d="M238 284h164v12H238z" fill="#6f4420"/><path d="M140 302h360v16H140z" fill="#fbf7f0"/><path d="M116 318h408v16H116z" fill="#e4dccd"/>'
    )


def _culture() -> str:
    band = "".join(
        f'<path d="M{176 + 48 * i} 176l24-30 24 30-24 30z" fill="{("#f2b233", "#fbf7f0")[i % 2]}"/>'
        f'<path d="M{190 + 48 * i} 176l10-13 10 13-10 13z" fill="#a5281b"/>'
        for i in range(6)
    )
    fringe = "".join(f"M{182 + 16 * i} 258v26" for i in range(18))
    return (
        '<path d="M150 324V92m340 232V92" stroke="#6f4420" stroke-width="11"/><path d="M134 96h372" stroke="#6f4420" stroke-width="11" stroke-linecap="round"/>'
        '<path d="M176 100h288v158H176z" fill="#1d2350"/><path d="M176 112h288v14H176zm0 114h288v14H176z" fill="#a5281b"/>'
        + band
        + '<path d="M176 132h288v6H176zm0 82h288v6H176z" fill="#f2b233"/>'
        f'<path d="{fringe}" stroke="#1d2350" stroke-width="4"/>'
        '<circle cx="568" cy="272" r="44" fill="#d99412"/><circle cx="568" cy="272" r="32" fill="#f2b233"/><circle cx="568" cy="272" r="11" fill="#6f4420"/>'
        '<path d="M516 330V214h104v116" fill="none" stroke="#6f4420" stroke-width="8"/>'
    )


def _housing() -> str:
    return (
        _house(84, 304, 120)
        + '<path d="M276 304v-86h132v86" fill="none" stroke="#d9a05b" stroke-width="10"/>'
        '<path d="M262 222l80-66 80 66M342 160v144M276 262h132" fill="none" stroke="#d9a05b" stroke-width="9"/>'
        '<path d="M276 304v-40h62v40z" fill="#a5281b"/><path d="M280 284h54m-36-18v18m20 0v18" stroke="#fbf7f0" stroke-width="3"/>'
        '<path d="M436 308l-30-120m48 120l-30-120m-14 32h22m-14 30h22m-12 30h22" stroke="#1d2350" stroke-width="5"/>'
        + _person(506, 322, "#f2b233")
        + '<path d="M492 268a14 14 0 0 1 28 0z" fill="#2c3576"/>'
        + _tree(580, 300, 84)
        + '<path d="M214 320h40v-16h-40zm8-16h40v-14h-40z" fill="#94553a"/>'
    )


def _digital() -> str:
    return (
        '<path d="M150 300l38-196 38 196M164 230h48m-56 38h64m-48-76h32" fill="none" stroke="#1d2350" stroke-width="7"/>'
        '<circle cx="188" cy="98" r="10" fill="#a5281b"/>'
        '<path d="M156 130a44 44 0 0 1 0-64m64 64a44 44 0 0 0 0-64m-86 86a74 74 0 0 1 0-108m108 108a74 74 0 0 0 0-108" fill="none" stroke="#fbf7f0" stroke-width="7" stroke-linecap="round"/>'
        '<path d="M316 170h196a10 10 0 0 1 10 10v118H306V180a10 10 0 0 1 10-10" fill="#1d2350"/><path d="M322 186h184v98H322z" fill="#fbf7f0"/>'
        '<path d="M286 298h256l18 22H268z" fill="#2c3576"/>'
        '<path d="M340 262v-22m26 22v-38m26 38v-28m26 28v-50" stroke="#1c6b4a" stroke-width="14"/><circle cx="468" cy="224" r="22" fill="#f2b233"/>'
        '<path d="M458 224l8 8 14-16" fill="none" stroke="#1d2350" stroke-width="5"/>'
        + _person(590, 330, "#a5281b")
    )


_SCENES: dict[str, tuple[Callable[[], str], int, int]] = {
    "water": (_water, 0, 0),
    "education": (_education, 1, 1),
    "health": (_health, 2, 0),
    "food": (_food, 0, 1),
    "livelihood": (_livelihood, 1, 0),
    "environment": (_environment, 2, 1),
    "disaster": (_disaster, 2, 0),
    "inclusion": (_inclusion, 0, 1),
    "governance": (_governance, 1, 0),
    "culture": (_culture, 0, 1),
    "housing": (_housing, 1, 1),
    "digital": (_digital, 2, 0),
}
SECTORS = tuple(_SCENES)


def variant_of(seed: object) -> int:
    """Which variant a thing is shown in: always the same for the same seed."""
    return crc32(str(seed).encode()) % VARIANTS


@functools.cache
def drawing(sector: str, variant: int) -> str:
    """The shapes of a scene on 640 x 360, without the svg element around them."""
    light = variant % LIGHTS
    shapes = _shapes(sector, light)
    return (
        shapes
        if variant < LIGHTS or sector in ONE_WAY
        else f'<g transform="matrix(-1 0 0 1 640 0)">{shapes}</g>'
    )


def _shapes(sector: str, light: int) -> str:
    objects, hills, ground = _SCENES.get(sector, _SCENES["housing"])
    sky, sun, far, near, floor = _LIGHT[light]
    sun_x = (500, 420, 560, 96)[light] if sector not in {"disaster", "water", "digital"} else 540
    return (
        f'<path d="M0 0h640v360H0z" fill="{sky}"/><circle cx="{sun_x}" cy="{86 if light != 1 else 64}" r="42" fill="{sun}"/>'
        f'<path d="{_HILLS[hills][0]}" fill="{far}"/><path d="{_HILLS[hills][1]}" fill="{near}"/>'
        f'<path d="{_GROUND[ground]}" fill="{floor}"/>{objects()}'
    )


def scene(sector: str, seed: object) -> Markup:
    """An inline scene for one page; decoration, hidden from readers of the page's words."""
    return Markup(  # noqa: S704 - made of the constants above
        '<svg class="cover" viewBox="0 0 640 360" preserveAspectRatio="xMidYMid slice" aria-hidden="true">'
        f"{drawing(sector, variant_of(seed))}</svg>"
    )


def file_of(sector: str, variant: int) -> str:
    """The same scene as a file."""
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="640" height="360" viewBox="0 0 640 360">{drawing(sector, variant)}</svg>\n'


def cover_path(sector: str, seed: object) -> str:
    """Where the file of a scene is served; for <img> in lists of cards, fetched once and kept."""
    return f"/static/covers/{sector if sector in _SCENES else 'housing'}-{variant_of(seed)}.svg"


def write_files(folder: Path = FOLDER) -> int:
    """Write every variant of every scene; returns how many."""
    folder.mkdir(parents=True, exist_ok=True)
    for sector in SECTORS:
        for variant in range(VARIANTS):
            (folder / f"{sector}-{variant}.svg").write_text(file_of(sector, variant), encoding="utf-8")
    return len(SECTORS) * VARIANTS
