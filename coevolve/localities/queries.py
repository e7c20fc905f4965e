"""What may be asked about places. The tree down to the kecamatan is kept in memory (8,000 rows); villages are read.

The memory of a process stays right: a load in the same process drops it, and other processes look at the newest load
at most every `localities_check_seconds`.
"""

from __future__ import annotations

import datetime as dt
import math
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import case, func, or_, select, text

from coevolve.config import settings
from coevolve.kit.db import session
from coevolve.kit.errors import NotFound
from coevolve.kit.i18n import lazy
from coevolve.localities.gazetteer import search_form
from coevolve.localities.models import LEVELS, Locality, LocalityLoad, LocalityNeighbour, LocalitySuccession

DEFAULT_ZONE = "Asia/Jakarta"
NEAREST = 6
"""So many nearest places stand in for neighbours while none are imported."""
KIND_WORDS = {
    "kabupaten": "kabupaten",
    "kab": "kabupaten",
    "kota": "kota",
    "kecamatan": "kecamatan",
    "kec": "kecamatan",
    "distrik": "distrik",
    "desa": "desa",
    "kelurahan": "kelurahan",
    "kel": "kelurahan",
    "provinsi": "provinsi",
    "prov": "provinsi",
}

SPELLINGS = {
    "babel": "kepulauan bangka belitung",
    "diy": "di yogyakarta",
    "dki": "dki jakarta",
    "jabar": "jawa barat",
    "jateng": "jawa tengah",
    "jatim": "jawa timur",
    "jogja": "yogyakarta",
    "jogjakarta": "yogyakarta",
    "kalbar": "kalimantan barat",
    "kalsel": "kalimantan selatan",
    "kaltara": "kalimantan utara",
    "kalteng": "kalimantan tengah",
    "kaltim": "kalimantan timur",
    "kepri": "kepulauan riau",
    "malut": "maluku utara",
    "ntb": "nusa tenggara barat",
    "ntt": "nusa tenggara timur",
    "sulbar": "sulawesi barat",
    "sulsel": "sulawesi selatan",
    "sulteng": "sulawesi tengah",
    "sultra": "sulawesi tenggara",
    "sulut": "sulawesi utara",
    "sumbar": "sumatera barat",
    "sumsel": "sumatera selatan",
    "sumut": "sumatera utara",
    "tts": "timor tengah selatan",
    "ttu": "timor tengah utara",
}
"""Short forms that people type for names."""


@dataclass(frozen=True, slots=True)
class Place:
    """One locality as others see it; immutable, so that it may be kept and shared."""

    code: str
    level: str
    kind: str
    name: str
    short_name: str
    parent_code: str | None
    country_code: str
    region_code: str | None
    province_code: str | None
    regency_code: str | None
    timezone: str
    lat: float | None
    lng: float | None
    is_active: bool
    valid_from: dt.date | None
    valid_to: dt.date | None


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A place beside another; `is_estimate` when only the distance between two towns is known."""

    place: Place
    kind: str
    km: float
    is_estimate: bool


@dataclass(slots=True)
class _Tree:
    version: int
    checked_at: float
    places: dict[str, Place] = field(default_factory=dict)
    children: dict[str | None, list[Place]] = field(default_factory=lambda: defaultdict(list))
    by_label: dict[str, str] = field(default_factory=dict)


_COLUMNS = tuple(getattr(Locality, name) for name in Place.__slots__)
_tree: _Tree | None = None


def get(code: str) -> Place:
    """The place with this code; NotFound if there is none."""
    place = find(code)
    if place is None:
        raise NotFound("locality_not_found", lazy("Lokalitas ini tidak ada."))
    return place


def find(code: str | None) -> Place | None:
    """The place with this code, or None."""
    if not code:
        return None
    tree = _current()
    place = tree.places.get(code)
    if place is not None or code.count(".") != 3 or len(code) > 20:
        return place
    row = session().execute(select(*_COLUMNS).where(Locality.code == code)).one_or_none()
    return Place(*row) if row else None


def many(codes: Iterable[str]) -> dict[str, Place]:
    """The places with these codes; unknown codes are left out. One statement at most (for villages)."""
    wanted = set(codes)
    tree = _current()
    found = {code: tree.places[code] for code in wanted if code in tree.places}
    missing = [code for code in wanted if code not in found and code.count(".") == 3]
    if missing:
        rows = session().execute(select(*_COLUMNS).where(Locality.code.in_(missing)))
        found.update({row[0]: Place(*row) for row in rows})
    return found


def ancestors(code: str) -> list[Place]:
    """The chain from the country down to the place itself."""
    chain: list[Place] = []
    place: Place | None = get(code)
    while place is not None:
        chain.append(place)
        place = find(place.parent_code)
    return chain[::-1]


def ancestor_codes(code: str) -> list[str]:
    """The codes of the chain, the country first and the place itself last."""
    return [place.code for place in ancestors(code)]


def children(code: str) -> list[Place]:
    """The places directly below, by name. Below a kecamatan: its villages, if they are loaded."""
    place = find(code)
    if place is None:
        return []
    if place.level == "district":
        rows = session().execute(
            select(*_COLUMNS)
            .where(Locality.parent_code == code, Locality.is_active)
            .order_by(Locality.short_name, Locality.code)
        )
        return [Place(*row) for row in rows]
    return list(_current().children.get(code, ()))


def countries() -> list[Place]:
    """All countries, Indonesia first."""
    return sorted(_current().children.get(None, ()), key=lambda place: (place.code != "ID", place.name))


def regions(country: str = "ID") -> list[Place]:
    """The island regions (abroad: first-level regions), in the order of their provinces' codes."""
    order = ["SUM", "JAW", "BNT", "KAL", "SUL", "MAL", "PAP"]
    found = [place for place in children(country) if place.level == "region"]
    return sorted(
        found, key=lambda place: (order.index(place.code) if place.code in order else 99, place.name)
    )


def provinces(region: str | None = None) -> list[Place]:
    """The Indonesian provinces, or those of one region, by code."""
    found = [p for r in regions() if region in (None, r.code) for p in children(r.code)]
    return sorted(found, key=lambda place: place.code)


def zone_of(code: str | None) -> str:
    """The IANA time zone of a place; Jakarta's when the place is unknown."""
    place = find(code)
    return place.timezone if place else DEFAULT_ZONE


def path_label(place: Place | Locality | str, *, until: str = "province") -> str:
    """The full name, narrow to wide: 'Kecamatan Kota Soe, Kabupaten Timor Tengah Selatan, Nusa Tenggara Timur'.

    `until` names the widest level shown; a place that is wider than that is shown by its own name.
    """
    code = place if isinstance(place, str) else place.code
    chain = ancestors(code)
    last = chain[-1]
    names = [step.name for step in chain if LEVELS.index(step.level) >= LEVELS.index(until)]
    if last.country_code != "ID" and last.level != "country":
        names = [get(last.country_code).name, *names]
    return ", ".join(names[::-1]) if names else last.name


def from_label(text: str) -> Place | None:
    """The place whose full name was typed or picked from a datalist, if exactly one has it.

    Below the kabupaten the name must say where it lies: "Kecamatan Amfoang Utara, Kabupaten Kupang".
    """
    tree = _current()
    code = tree.by_label.get(search_form(text))
    if code:
        return tree.places[code]
    name, comma, _where = text.partition(",")
    if not comma:
        return None
    wanted = search_form(text)
    named = [place for place in search(name, 50) if wanted in _full_names(place)]
    return named[0] if len(named) == 1 else None


def _full_names(place: Place) -> set[str]:
    """How a place may be written in full: up to its kabupaten or up to its province, kind said or not."""
    wholes = {path_label(place, until="regency"), path_label(place)}
    return {
        search_form(name)
        for whole in wholes
        for name in (whole, whole.removeprefix(place.kind.title() + " "))
    }


def search(text: str, limit: int = 10, *, levels: Iterable[str] | None = None) -> list[Place]:
    """Places whose name is like the text, best first; a leading 'kota' or 'kabupaten' narrows to that kind."""
    words = [SPELLINGS.get(word, word) for word in search_form(text[:80]).split()]
    kind = KIND_WORDS.get(words[0]) if len(words) > 1 else None
    likes = [(" ".join(words[1:]), kind), (" ".join(words), None)] if kind else [(" ".join(words), None)]
    found: dict[str, Place] = {}
    for like, wanted_kind in likes:
        if like and len(found) < limit:
            found.update({place.code: place for place in _search(like, wanted_kind, limit, levels)})
    return list(found.values())[:limit]


def _search(like: str, kind: str | None, limit: int, levels: Iterable[str] | None) -> list[Place]:
    column = Locality.search_text
    depth = case(*((Locality.level == level, rank) for rank, level in enumerate(LEVELS)), else_=9)
    starts = column.like(like.replace("%", "") + "%")
    statement = (
        select(*_COLUMNS)
        .where(Locality.is_active, or_(starts, column.bool_op("%")(like)))
        .order_by(
            (column == like).desc(), starts.desc(), func.similarity(column, like).desc(), depth, Locality.code
        )
        .limit(limit)
    )
    if kind:
        statement = statement.where(Locality.kind == kind)
    if levels:
        statement = statement.where(Locality.level.in_(list(levels)))
    return [Place(*row) for row in session().execute(statement)]


def successors(code: str) -> list[Place]:
    """The places that followed a code; the place itself while it is in use."""
    rows = session().execute(select(LocalitySuccession.new_code).where(LocalitySuccession.old_code == code))
    found = [place for place in (find(row[0]) for row in rows) if place]
    itself = find(code)
    if itself and itself.is_active:
        found = [itself, *(place for place in found if place.code != code)]
    return found


def current(code: str) -> Place:
    """The place a record with an old code belongs to today (only a plain change of code is followed)."""
    place = get(code)
    if place.is_active:
        return place
    found = successors(code)
    return found[0] if len(found) == 1 else place


def neighbours(code: str) -> list[Neighbour]:
    """The places beside one: those imported, else the nearest points at the same level, marked as an estimate."""
    rows = session().execute(
        select(LocalityNeighbour).where(
            or_(LocalityNeighbour.a_code == code, LocalityNeighbour.b_code == code)
        )
    )
    found = []
    for row in rows.scalars():
        other = find(row.b_code if row.a_code == code else row.a_code)
        if other:
            found.append(Neighbour(other, row.kind, row.km, is_estimate=False))
    return sorted(found, key=lambda n: (n.kind, n.place.code)) if found else _nearest(get(code))


def _nearest(place: Place) -> list[Neighbour]:
    if place.lat is None or place.lng is None:
        return []
    others = [
        Neighbour(other, "point", km, is_estimate=True)
        for other in _current().places.values()
        if other.level == place.level and other.code != place.code and other.is_active
        for km in [distance_km(place, other)]
        if km is not None
    ]
    return sorted(others, key=lambda n: n.km)[:NEAREST]


@dataclass(frozen=True, slots=True)
class Near:
    """A kabupaten or kota close to another: by a border (land, sea), a network, a link, or only by distance (point)."""

    place: Place
    how: str
    km: float | None


def near(code: str | None, *, within_km: float) -> list[Near]:
    """What is close to a kabupaten or kota, nearest first: what the view of nearness says, then what its point says."""
    place = find(code)
    if place is None:
        return []
    said = {
        row.other_code: row.how
        for row in session().execute(
            text("SELECT other_code, how FROM locality_near WHERE code = :code ORDER BY other_code, how"),
            {"code": place.code},
        )
    }
    found = []
    for other in _current().places.values():
        if other.level != "regency" or not other.is_active or other.code == place.code:
            continue
        km = distance_km(place, other)
        if other.code in said or (km is not None and km <= within_km):
            found.append(Near(other, said.get(other.code, "point"), km))
    return sorted(found, key=lambda one: (one.km if one.km is not None else within_km, one.place.code))


@dataclass(frozen=True, slots=True)
class Before:
    """A code that meant a place before another did. `until`: the day it ceased to mean it; None: out of use."""

    code: str
    now_code: str
    until: dt.date | None


def before(codes: Iterable[str]) -> list[Before]:
    """What these places, or the places they were split from, were called before, back to the beginning."""
    rows = session().execute(
        text(
            """
            WITH RECURSIVE older AS (
                SELECT old_code, new_code AS now_code, happened_on
                FROM locality_succession WHERE new_code = ANY(:codes)
                UNION
                SELECT step.old_code, older.now_code, least(step.happened_on, older.happened_on)
                FROM older JOIN locality_succession step ON step.new_code = older.old_code
            )
            SELECT older.old_code, min(older.now_code) AS now_code,
                CASE WHEN place.is_active THEN max(older.happened_on) END AS until
            FROM older JOIN locality place ON place.code = older.old_code
            WHERE older.old_code <> ALL(:codes) GROUP BY older.old_code, place.is_active ORDER BY older.old_code
            """
        ),
        {"codes": list(codes)},
    )
    return [Before(*row) for row in rows]


def distance_km(one: Place, other: Place) -> float | None:
    """The distance between the points of two places, on a sphere; None when a point is missing."""
    if one.lat is None or one.lng is None or other.lat is None or other.lng is None:
        return None
    lat_a, lat_b = math.radians(one.lat), math.radians(other.lat)
    across = math.radians(other.lng - one.lng)
    half = math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(across / 2) ** 2
    return 6371.0 * 2 * math.asin(math.sqrt(half))


def counts() -> dict[str, int]:
    """How many places in use there are in Indonesia, by level (villages: as loaded)."""
    rows = session().execute(
        select(Locality.level, func.count())
        .where(Locality.is_active, Locality.country_code == "ID")
        .group_by(Locality.level)
    )
    return {row[0]: row[1] for row in rows}


def forget() -> None:
    """Drop the memory of this process; the next question reads the tree again."""
    global _tree
    _tree = None


def _current() -> _Tree:
    """The tree, read again when another process has loaded since."""
    global _tree
    now = time.monotonic()
    if _tree is not None and now - _tree.checked_at < settings().localities_check_seconds:
        return _tree
    version = session().execute(select(func.coalesce(func.max(LocalityLoad.id), 0))).scalar_one()
    if _tree is not None and _tree.version == version:
        _tree.checked_at = now
        return _tree
    tree = _read(version, now)
    if tree.places:
        _tree = tree
    return tree


def _read(version: int, now: float) -> _Tree:
    tree = _Tree(version=version, checked_at=now)
    rows = session().execute(select(*_COLUMNS).where(Locality.level != "village").order_by(Locality.code))
    for row in rows:
        place = Place(*row)
        tree.places[place.code] = place
    for place in tree.places.values():
        if place.is_active:
            tree.children[place.parent_code].append(place)
    for below in tree.children.values():
        below.sort(key=lambda place: (place.short_name, place.kind, place.code))
    _label(tree)
    return tree


def _label(tree: _Tree) -> None:
    """Remember the full names of provinces and kabupaten/kota, and plain names that only one of them has."""
    plain: dict[str, list[str]] = defaultdict(list)
    for place in tree.places.values():
        if not place.is_active or place.level not in ("province", "regency") or place.country_code != "ID":
            continue
        whole = place.name
        if place.level == "regency" and place.parent_code:
            whole = f"{place.name}, {tree.places[place.parent_code].name}"
        tree.by_label[search_form(whole)] = place.code
        for name in {search_form(place.name), search_form(place.short_name)}:
            plain[name].append(place.code)
    for name, codes in plain.items():
        if len(codes) == 1:
            tree.by_label.setdefault(name, codes[0])
