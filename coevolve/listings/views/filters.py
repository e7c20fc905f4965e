"""The words of an address as one question, the same for list, map, feed and export; what makes no sense is said."""

from __future__ import annotations

import datetime as dt
import urllib.parse
import uuid
from dataclasses import dataclass, replace
from typing import Any

from flask import request

from coevolve.config import settings
from coevolve.kit import clock, i18n
from coevolve.kit.errors import Invalid
from coevolve.kit.i18n import _, lazy
from coevolve.listings import queries, sectors
from coevolve.listings.queries import Facets, Query, ShownDisaster
from coevolve.listings.queries.asking import DUE_MOST_DAYS
from coevolve.listings.queries.cards import KIND_LABELS, SUPPORT_LABELS, short_place
from coevolve.localities import queries as localities
from coevolve.localities.queries import Place

PATH = "/jelajah"
KINDS = {"kampanye": "campaign", "kebutuhan": "need", "penawaran": "standing_offer", "peluang": "opportunity"}
SUPPORTS = {"uang": "money", "barang": "goods", "keahlian": "time", "fasilitas": "facility"}
ORDERS = {"terbaru": "newest", "tenggat": "closing"}
GAPS = {"5": "small", "50": "some", "500": "much", "lebih": "most"}
LEVELS = {"2": 2, "3": 3}
DAYS = ("7", "30", "90")
VIEWS = ("daftar", "peta")
FILTERS = (
    "kata", "tempat", "sektor", "jenis", "macam", "kurang", "periksa", "tutup", "bencana", "urut", "tampil",
)  # fmt: skip
GAP_LABELS = {
    "small": lazy("sampai Rp 5 juta"),
    "some": lazy("Rp 5–50 juta"),
    "much": lazy("Rp 50–500 juta"),
    "most": lazy("lebih dari Rp 500 juta"),
}
LEVEL_LABELS = {2: lazy("Dokumen diperiksa"), 3: lazy("Dikunjungi atau ditinjau sejawat")}


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a filter: its words, where it leads, how many there are ('' for not counted), whether it is chosen."""

    text: str
    href: str
    count: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for."""

    typed: dict[str, str]
    """The values that make sense, as typed: links are made from them."""
    query: Query
    faults: tuple[str, ...]
    """What makes no sense, in sentences."""
    others: tuple[Place, ...] = ()
    """Places of the name that was typed, when there are several."""
    place_typed: str = ""
    """What was typed for a place that we do not know: kept in the field."""
    is_moved: bool = False
    """Whether the place was named in words; its code makes a better address."""

    @property
    def is_map(self) -> bool:
        """Whether the map is asked for instead of the list."""
        return self.typed.get("tampil") == "peta"

    def href(self, path: str = PATH, **changes: str) -> str:
        """The address of the same question with some values changed; a cursor never survives a change."""
        values = {name: value for name, value in {**self.typed, **changes}.items() if value}
        return f"{path}?{urllib.parse.urlencode(values)}" if values else path


def read() -> Asked:
    """The question in the address of this request."""
    typed = {name: request.args.get(name, "").replace("\x00", "") for name in FILTERS}
    faults: list[str] = []

    def one_of(name: str, known: dict[str, Any], nothing: Any) -> Any:
        value = typed[name]
        if not value:
            return nothing
        if value not in known:
            faults.append(_unknown(value))
            typed[name] = ""
            return nothing
        return known[value]

    words = typed["kata"] = queries.clean_words(typed["kata"])
    place, others, place_typed = _place(typed, faults)
    is_moved = place is not None and place.code != typed["tempat"]
    if place is not None:
        typed["tempat"] = place.code
    query = Query(
        words=words,
        place=place,
        sector=one_of("sektor", {code: code for code in sectors.CODES}, ""),
        kind=one_of("macam", KINDS, ""),
        support=one_of("jenis", SUPPORTS, ""),
        gap=one_of("kurang", GAPS, ""),
        level=one_of("periksa", LEVELS, 0),
        due=_due(typed, faults),
        disaster=_disaster(typed, faults),
        order=one_of("urut", ORDERS, "newest"),
        size=settings().page_size,
    )
    one_of("tampil", dict.fromkeys(VIEWS, ""), "")
    return Asked(
        typed, _with_cursor(query, faults), tuple(faults), tuple(others), place_typed, is_moved=is_moved
    )


def _unknown(value: str) -> str:
    return str(lazy("Saringan “%(value)s” tidak dikenal, jadi tidak dipakai.", value=value[:40]))


def _place(typed: dict[str, str], faults: list[str]) -> tuple[Place | None, list[Place], str]:
    """The place asked for by code or by name; several of one name are offered to choose from."""
    words = queries.clean_words(typed["tempat"])
    typed["tempat"] = words
    if not words:
        return None, [], ""
    place = localities.find(words) or localities.from_label(words)
    if place is not None:
        return place, [], ""
    alike = localities.search(words, 6)
    if len(alike) == 1:
        return alike[0], [], ""
    typed["tempat"] = ""
    if not alike:
        faults.append(str(lazy("Tempat “%(place)s” tidak kami kenal.", place=words[:60])))
    return None, alike, words


def _due(typed: dict[str, str], faults: list[str]) -> dt.date | None:
    """So many days from today, or a day."""
    value, today = typed["tutup"], clock.today()
    if not value:
        return None
    if value in DAYS:
        return today + dt.timedelta(days=int(value))
    try:
        day = dt.date.fromisoformat(value[:10]) if len(value) == 10 else None
    except ValueError:
        day = None
    typed["tutup"] = ""
    if day is None:
        faults.append(_unknown(value))
    elif not today <= day <= today + dt.timedelta(days=DUE_MOST_DAYS):
        message = _(
            "Tanggal %(day)s di luar jangkauan: pilih hari ini sampai %(last)s.",
            day=i18n.date(day),
            last=i18n.date(today + dt.timedelta(days=DUE_MOST_DAYS)),
        )
        faults.append(message)
    else:
        typed["tutup"] = value
        return day
    return None


def _disaster(typed: dict[str, str], faults: list[str]) -> uuid.UUID | None:
    if not typed["bencana"]:
        return None
    try:
        return uuid.UUID(typed["bencana"])
    except ValueError:
        faults.append(_unknown(typed["bencana"]))
        typed["bencana"] = ""
        return None


def _with_cursor(query: Query, faults: list[str]) -> Query:
    """The page asked for; an unknown one is the first."""
    after, before = request.args.get("sesudah", ""), request.args.get("sebelum", "")
    if not after and not before:
        return query
    try:
        asked = replace(query, cursor=queries.read_cursor(after or before, is_before=not after))
        queries.check_cursor(asked)
    except Invalid:
        faults.append(_("Halaman daftar ini tidak dikenal. Ini halaman pertamanya."))
        return query
    return asked


# --- words ----------------------------------------------------------------------------------------------------------


def title(query: Query) -> str:
    """What the list is, in words: 'Kampanye · Air dan sanitasi di Nusa Tenggara Timur'."""
    parts = [str(KIND_LABELS[query.kind])] if query.kind else []
    parts += [sectors.label(query.sector)] if query.sector else []
    what = " · ".join(parts) or _("Jelajah")
    return _("%(what)s di %(place)s", what=what, place=query.place.name) if query.place else what


def count_words(facets: Facets, shown: int, query: Query) -> str:
    """How many there are, capped: '1.000+ tayangan terbuka'."""
    total = max(facets.total, shown if query.cursor is None else 0)
    if facets.is_capped:
        return _("%(number)s+ tayangan terbuka", number=i18n.number(total))
    number = i18n.number(total) if total <= 1_000 else f"{i18n.number(1_000)}+"
    if total == 0:
        return _("Belum ada tayangan terbuka")
    return i18n.ngettext("%(number)s tayangan terbuka", "%(number)s tayangan terbuka", total, number=number)


def supports(asked: Asked, facets: Facets) -> list[Choice]:
    """The chips of the four kinds of support."""
    return [
        Choice(
            str(SUPPORT_LABELS[support]),
            asked.href(jenis="" if asked.query.support == support else word),
            i18n.number(facets.supports.get(support, 0)),
            asked.query.support == support,
        )
        for word, support in SUPPORTS.items()
    ]


def groups(asked: Asked, facets: Facets, below: list[Place]) -> list[tuple[str, list[Choice]]]:
    """The groups of the filter sheet, each value with its count, zeros too; fine filters are not counted."""
    query, number = asked.query, i18n.number

    def of(name: str, value: str, text: Any, count: str, *, is_on: bool) -> Choice:
        return Choice(str(text), asked.href(**{name: "" if is_on else value}), count, is_on)

    places = [
        of("tempat", place.code, place.name, number(facets.places.get(place.code, 0)), is_on=False)
        for place in below
    ]
    kinds = [
        of("macam", word, KIND_LABELS[kind], number(facets.kinds.get(kind, 0)), is_on=query.kind == kind)
        for word, kind in KINDS.items()
    ]
    fields = [
        of("sektor", code, label, number(facets.sectors.get(code, 0)), is_on=query.sector == code)
        for code, label in sectors.LABELS.items()
    ]
    gaps = [of("kurang", word, GAP_LABELS[gap], "", is_on=query.gap == gap) for word, gap in GAPS.items()]
    levels = [
        of("periksa", word, LEVEL_LABELS[level], "", is_on=query.level == level)
        for word, level in LEVELS.items()
    ]
    days = [of("tutup", word, _days(word), "", is_on=asked.typed["tutup"] == word) for word in DAYS]
    found = [
        (_("Tempat"), places),
        (_("Macam"), kinds),
        (_("Sektor"), fields),
        (_("Uang yang masih kurang"), gaps),
        (_("Tutup atau dibutuhkan dalam"), days),
        (_("Organisasi terperiksa"), levels),
    ]
    return [group for group in found if group[1]]


def _days(word: str) -> str:
    return i18n.ngettext("%(num)s hari", "%(num)s hari", int(word))


def orders(asked: Asked) -> list[Choice]:
    """The orders one may choose."""
    labels = {"newest": _("Terbaru"), "closing": _("Segera tutup")}
    return [
        Choice(
            labels[order],
            asked.href(urut="" if order == "newest" else word),
            "",
            asked.query.order == order,
        )
        for word, order in ORDERS.items()
    ]


def up(asked: Asked) -> list[tuple[str, str]]:
    """The way back up from a place."""
    if asked.query.place is None:
        return []
    chain = [step for step in localities.ancestors(asked.query.place.code)[:-1] if step.level != "country"]
    return [
        (_("Semua daerah"), asked.href(tempat="")),
        *((step.name, asked.href(tempat=step.code)) for step in chain),
    ]


def active(asked: Asked, disasters: list[ShownDisaster]) -> list[tuple[str, str]]:
    """What narrows the list, each with the address without it."""
    query = asked.query
    found = [(f"“{query.words}”", asked.href(kata=""))] if query.words else []
    if query.place:
        place = query.place
        name = (
            short_place(place.regency_code, place.province_code, place.code)
            if place.level == "regency"
            else place.name
        )
        found.append((name, asked.href(tempat="")))
    if query.disaster:
        names = {known.id: known.name for known in disasters}
        found.append((names.get(query.disaster, _("Bencana")), asked.href(bencana="")))
    if query.support:
        found.append((str(SUPPORT_LABELS[query.support]), asked.href(jenis="")))
    if query.kind:
        found.append((str(KIND_LABELS[query.kind]), asked.href(macam="")))
    if query.sector:
        found.append((sectors.label(query.sector), asked.href(sektor="")))
    if query.gap:
        found.append((_("kurang %(amount)s", amount=GAP_LABELS[query.gap]), asked.href(kurang="")))
    if query.due:
        found.append((_("paling lambat %(day)s", day=i18n.short_date(query.due)), asked.href(tutup="")))
    if query.level:
        found.append((str(LEVEL_LABELS[query.level]), asked.href(periksa="")))
    return found
