"""Rows of the browse page as cards: every word and address prepared, so that the template only writes them down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from markupsafe import Markup

from coevolve.kit import clock, i18n
from coevolve.kit.cards import Card, bar, cover_path
from coevolve.kit.i18n import _, lazy
from coevolve.kit.money import short_rupiah
from coevolve.kit.photos import photo_path
from coevolve.listings import sectors
from coevolve.listings.queries.disasters import ShownDisaster
from coevolve.listings.queries.walking import Row
from coevolve.listings.units import unit_label
from coevolve.localities import queries as localities

PATHS = {"need": "kebutuhan", "campaign": "kampanye", "standing_offer": "penawaran", "opportunity": "peluang"}
"""The first word of a listing's public address."""

KIND_LABELS = {
    "need": lazy("Kebutuhan"),
    "campaign": lazy("Kampanye"),
    "standing_offer": lazy("Penawaran"),
    "opportunity": lazy("Peluang kemitraan"),
}
STATUS_LABELS = {
    "alert": lazy("Siaga darurat"),
    "emergency": lazy("Tanggap darurat"),
    "transition": lazy("Transisi ke pemulihan"),
}
"""The status of a disaster, as its decree names it."""
SUPPORT_LABELS = {
    "money": lazy("Uang"),
    "goods": lazy("Barang"),
    "time": lazy("Keahlian"),
    "facility": lazy("Fasilitas"),
}


def cards(rows: Iterable[Row]) -> list[Card]:
    """The cards of a page, in the order of the rows."""
    today = clock.today()
    labels = {code: sectors.label(code) for code in sectors.CODES}
    kinds = {kind: str(label) for kind, label in KIND_LABELS.items()}
    urgent = _("Bencana")
    return [
        Card(
            href=f"/{PATHS[row.kind]}/{row.slug}",
            title=row.title,
            sector=labels[row.sector],
            kind=f"{kinds[row.kind]} · {urgent}" if row.is_urgent else kinds[row.kind],
            organisation=row.organisation,
            place=several(
                short_place(row.regency_code, row.province_code, row.locality_code), row.more_places
            ),
            cover=photo_path(row.cover, 360) if row.cover else cover_path(row.sector, row.id),
            bar=meter,
            words=words,
        )
        for row in rows
        for meter, words in [_meter(row, today)]
    ]


def short_place(regency_code: str | None, province_code: str | None, locality_code: str) -> str:
    """A place for a card: 'Kab. Timor Tengah Selatan, Nusa Tenggara Timur'. Reads the tree in memory only."""
    regency, province = localities.find(regency_code), localities.find(province_code)
    if regency is None or province is None:
        alone = province or localities.find(locality_code)
        return alone.name if alone else ""
    return f"{regency.name.replace('Kabupaten ', 'Kab. ', 1)}, {province.short_name}"


def several(place: str, more: int) -> str:
    """The main place of a listing, and that it names others too."""
    return _("%(place)s dan %(num)s tempat lain", place=place, num=more) if more else place


def days_left(closes_on: dt.date, today: dt.date) -> str:
    """How long it is still open, in words; the last day counts."""
    days = (closes_on - today).days
    if days < 0:
        return _("berakhir")
    return (
        i18n.ngettext("%(num)s\u00a0hari\u00a0lagi", "%(num)s\u00a0hari\u00a0lagi", days)
        if days
        else _("hari terakhir")
    )


def disaster_words(disaster: ShownDisaster) -> str:
    """'Tanggap darurat sampai 30 November 2026 · Keputusan Bupati ..., 12 November 2026'."""
    return _(
        "%(status)s sampai %(last)s · %(decree)s, %(day)s, %(by)s",
        status=STATUS_LABELS[disaster.status],
        last=i18n.date(disaster.ends_on),
        decree=disaster.decree_number,
        day=i18n.short_date(disaster.decree_on),
        by=disaster.issued_by,
    )


def _meter(row: Row, today: dt.date) -> tuple[Markup | None, str]:
    """The bar and the words of a card: money first; else the first thing asked for or offered."""
    left = days_left(row.closes_on, today)
    if row.goal and row.kind == "opportunity":
        return None, f"{_('Nilai %(amount)s', amount=short_rupiah(row.goal))} · {left}"
    if row.goal:
        words = _(
            "%(received)s dari %(goal)s", received=short_rupiah(row.received), goal=short_rupiah(row.goal)
        )
        return bar(row.received, row.promised, row.goal), f"{words} · {left}"
    if not row.lines:
        return None, left
    unit = unit_label(row.unit or "")
    more = _(" dan %(num)s lainnya", num=row.lines - 1) if row.lines > 1 else ""
    if row.kind in ("standing_offer", "opportunity"):
        return None, f"{i18n.number(row.quantity)} {unit} {row.label}{more} · {left}"
    words = _(
        "%(received)s dari %(goal)s %(unit)s %(label)s",
        received=i18n.number(row.received),
        goal=i18n.number(row.quantity),
        unit=unit,
        label=row.label,
    )
    return bar(row.received, row.promised, row.quantity, need=True), f"{words}{more} · {left}"
