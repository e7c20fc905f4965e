"""The words of cards and rows, prepared once in Python so that templates only write them down."""

from __future__ import annotations

from typing import Any

from coevolve.impact.queries import Found, Seated
from coevolve.kit import clock
from coevolve.kit.cards import Card, bar
from coevolve.kit.covers import cover_path
from coevolve.kit.i18n import gettext, lazy, number
from coevolve.kit.money import short_rupiah
from coevolve.listings import sectors
from coevolve.listings.queries.cards import KIND_LABELS, PATHS, days_left, short_place
from coevolve.listings.units import unit_label
from coevolve.localities import queries as localities
from coevolve.organisations.words import KINDS

LEVELS: dict[str, Any] = {
    "country": lazy("Negara"),
    "region": lazy("Wilayah kepulauan"),
    "province": lazy("Provinsi"),
    "regency": lazy("Kabupaten atau kota"),
    "district": lazy("Kecamatan"),
    "village": lazy("Desa atau kelurahan"),
}
"""What a place of this level is called."""


def place_of(code: str) -> str:
    """'Kab. Alor, Nusa Tenggara Timur': where something is, short enough for a card."""
    place = localities.find(code)
    if place is None:
        return ""
    regency = place.code if place.level == "regency" else place.regency_code
    province = place.code if place.level == "province" else place.province_code
    return short_place(regency, province, place.code)


def shorten(name: str) -> str:
    """Kabupaten as Kab.: the type is always said, since 26 names are both a kabupaten and a kota."""
    return f"Kab. {name.removeprefix('Kabupaten ')}" if name.startswith("Kabupaten ") else name


def card_of(found: Found) -> Card:
    """A listing as a card, in the words of the browse page."""
    drawn, words = None, ""
    if found.goal:
        drawn = bar(found.received, found.promised, found.goal)
        words = gettext(
            "%(received)s dari %(goal)s", received=short_rupiah(found.received), goal=short_rupiah(found.goal)
        )
    elif found.line_label and found.kind in ("standing_offer", "opportunity"):
        words = f"{number(found.line_goal)} {unit_label(found.line_unit or '')} {found.line_label}"
    elif found.line_label:
        drawn = bar(found.line_received, found.line_promised, found.line_goal, need=True)
        words = gettext(
            "%(received)s dari %(goal)s %(unit)s %(label)s",
            received=number(found.line_received),
            goal=number(found.line_goal),
            unit=unit_label(found.line_unit or ""),
            label=found.line_label,
        )
    left = days_left(found.closes_on, clock.today())
    return Card(
        href=f"/{PATHS[found.kind]}/{found.slug}",
        title=found.title,
        sector=sectors.label(found.sector),
        kind=str(KIND_LABELS[found.kind]),
        organisation=found.organisation,
        place=place_of(found.locality_code),
        cover=cover_path(found.sector, found.id),
        bar=drawn,
        words=f"{words} · {left}" if words else left,
    )


def seated_words(seated: Seated) -> str:
    """What an organisation is and where it sits, in one line."""
    return f"{KINDS.get(seated.kind, '')} · {place_of(seated.home_locality_code)}"
