"""The words of cards, tiles and places, prepared once in Python so that templates only write them down."""

from __future__ import annotations

import functools
from typing import Any

from coevolve.impact.queries import Found, Seated
from coevolve.kit.cards import Card, bar
from coevolve.kit.covers import cover_path
from coevolve.kit.i18n import date, gettext, lazy, number
from coevolve.kit.money import short_rupiah
from coevolve.listings import sectors, units
from coevolve.localities import queries as localities
from coevolve.localities.queries import Place

KINDS: dict[str, tuple[str, Any]] = {
    "need": ("kebutuhan", lazy("Kebutuhan")),
    "campaign": ("kampanye", lazy("Kampanye")),
    "standing_offer": ("penawaran", lazy("Penawaran")),
    "opportunity": ("peluang", lazy("Peluang kemitraan")),
}
"""Kind of listing -> the first word of its address, and its name."""

ORGANISATION_KINDS: dict[str, Any] = {
    "cso": lazy("Organisasi masyarakat sipil"),
    "community_group": lazy("Kelompok warga"),
    "company": lazy("Perusahaan"),
    "business_association": lazy("Asosiasi usaha"),
    "philanthropy": lazy("Filantropi"),
    "digital_provider": lazy("Penyedia layanan digital"),
    "government_agency": lazy("Instansi pemerintah"),
}


def short_place(place: Place | None) -> str:
    """'Kab. Alor, Nusa Tenggara Timur': where something is, short enough for a card."""
    if place is None:
        return ""
    regency = localities.find(place.regency_code) if place.regency_code else None
    province = localities.find(place.province_code) if place.province_code else None
    names = [shorten(step.name) for step in (regency, province) if step is not None]
    return ", ".join(names) or place.name


def shorten(name: str) -> str:
    """Kabupaten as Kab.: the type is always said, since 26 names are both a kabupaten and a kota."""
    return f"Kab. {name.removeprefix('Kabupaten ')}" if name.startswith("Kabupaten ") else name


@functools.cache
def unit_words() -> dict[str, Any]:
    """Unit code -> its word."""
    return {code: word for group in units.UNITS.values() for code, word in group.items()}


def card_of(found: Found) -> Card:
    """A listing as a card."""
    path, kind = KINDS[found.kind]
    drawn = None
    if found.kind in ("standing_offer", "opportunity"):
        words = gettext("Berlaku sampai %(day)s", day=date(found.closes_on))
    elif found.goal:
        drawn = bar(found.received, found.promised, found.goal)
        words = gettext(
            "%(received)s diterima dari %(goal)s",
            received=short_rupiah(found.received),
            goal=short_rupiah(found.goal),
        )
    elif found.line_label:
        drawn = bar(found.line_received, found.line_promised, found.line_goal, need=True)
        words = gettext(
            "%(label)s: %(received)s dari %(goal)s %(unit)s diterima",
            label=found.line_label,
            received=number(found.line_received),
            goal=number(found.line_goal),
            unit=str(unit_words().get(found.line_unit or "", "")),
        )
    else:
        words = gettext("Berlaku sampai %(day)s", day=date(found.closes_on))
    return Card(
        href=f"/{path}/{found.slug}",
        title=found.title,
        sector=sectors.label(found.sector),
        kind=str(kind),
        organisation=found.organisation,
        place=short_place(localities.find(found.locality_code)),
        cover=cover_path(found.sector, found.slug),
        bar=drawn,
        words=words,
    )


def seated_words(seated: Seated) -> str:
    """What an organisation is and where it sits, in one line."""
    kind = str(ORGANISATION_KINDS.get(seated.kind, ""))
    return f"{kind} · {short_place(localities.find(seated.home_locality_code))}"
