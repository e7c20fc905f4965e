"""Why something matches, in plain words for the person who reads it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from coevolve.kit.i18n import LANGUAGES, in_language, lazy, number, short_date
from coevolve.kit.money import format_rupiah
from coevolve.listings import sectors, units
from coevolve.listings.queries.cards import PATHS
from coevolve.localities import queries as localities
from coevolve.localities.queries import Place

if TYPE_CHECKING:
    from coevolve.matching.queries.candidates import Candidate

FOLLOWS_PLACE = lazy("Anda mengikuti %(place)s.")
FOLLOWS_SECTOR = lazy("Anda mengikuti bidang %(sector)s di %(place)s.")
BODY_FOLLOWS_PLACE = lazy("Organisasi Anda mengikuti %(place)s.")
BODY_FOLLOWS_SECTOR = lazy("Organisasi Anda mengikuti bidang %(sector)s di %(place)s.")
BESIDE = lazy("%(now)s berada di dekatnya.")
BEFORE = lazy("Dahulu %(now)s termasuk di dalamnya.")
ASKS_KINDS = lazy("Yang dicari: %(kinds)s, seperti yang mungkin Anda berikan.")
HAS_KINDS = lazy("Yang ditawarkan: %(kinds)s.")
DISASTER = lazy("Wilayah ini sedang tanggap darurat: %(name)s.")
KIND_WORDS = {
    "money": lazy("uang"),
    "goods": lazy("barang"),
    "time": lazy("keahlian"),
    "facility": lazy("fasilitas"),
}

HOW = {
    "regency": lazy("Sama-sama di %(place)s"),
    "land": lazy("Di %(place)s, tetangga daerah Anda"),
    "sea": lazy("Di %(place)s, seberang laut daerah Anda"),
    "network": lazy("Di %(place)s, satu jejaring dengan daerah Anda"),
    "link": lazy("Di %(place)s, daerah mitra Anda"),
    "province": lazy("Sama-sama di %(place)s"),
    "region": lazy("Sama-sama di wilayah %(place)s"),
    "wide": lazy("Di %(place)s, masih dalam jangkauannya"),
}
AWAY_IN = lazy("Sekitar %(km)s km dari Anda, di %(place)s")
OFFERS = lazy("%(where)s, menawarkan %(amount)s %(label)s")
NEEDS = lazy("%(where)s, membutuhkan %(amount)s %(label)s")
UNTIL = lazy("%(said)s sampai %(day)s")
IS_ENDLESS = lazy("%(where)s, menawarkan %(label)s dan tidak habis diberikan")
ENOUGH = lazy("Jumlahnya cukup.")
PART = lazy("Jumlahnya sekitar %(percent)s persen dari yang dicari.")
ALIKE = lazy("Segolongan (%(category)s); pastikan jenisnya sesuai.")
ALL = lazy("Jumlah yang Anda tawarkan cukup.")
OWN_PART = lazy("Jumlah yang Anda tawarkan sekitar %(percent)s persen dari itu.")
ALSO = lazy("Juga cocok: %(labels)s.")
AND = lazy("dan")


def listing_path(kind: str, slug: str) -> str:
    """The address of a listing's page."""
    return f"/{PATHS[kind]}/{slug}"


def in_all_languages(sentence: Any, **values: Any) -> dict[str, str]:
    """A sentence in every language, to be kept with a row; values that are lazy are translated too."""
    found = {}
    for code in LANGUAGES:
        with in_language(code):
            found[code] = str(sentence) % {name: str(value) for name, value in values.items()}
    return found


# --- followers ------------------------------------------------------------------------------------------------------


def follows(place: Place, sector: str | None, *, by_organisation: bool, now: Place | None, how: str) -> str:
    """'Anda mengikuti bidang Air dan sanitasi di Kabupaten Kupang. Kabupaten Belu berada di dekatnya.'"""
    if sector is None:
        said = str(BODY_FOLLOWS_PLACE if by_organisation else FOLLOWS_PLACE) % {"place": place.name}
    else:
        sentence = BODY_FOLLOWS_SECTOR if by_organisation else FOLLOWS_SECTOR
        said = str(sentence) % {"sector": str(sectors.LABELS[sector]), "place": place.name}
    if now is None:
        return said
    return f"{said} {str(BEFORE if how == 'before' else BESIDE) % {'now': now.name}}"


def kinds_wanted(kinds: Sequence[str], *, is_offer: bool) -> str:
    """' Yang dicari: barang dan keahlian, seperti yang mungkin Anda berikan.'"""
    if not kinds:
        return ""
    said = str(HAS_KINDS if is_offer else ASKS_KINDS) % {"kinds": listed(KIND_WORDS[kind] for kind in kinds)}
    return f" {said}"


def listed(things: Iterable[Any]) -> str:
    """'barang, keahlian dan fasilitas'"""
    names = [str(thing) for thing in things]
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {AND} {names[-1]}"


# --- pairs ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """A line as a reason names it."""

    label: str
    kind: str
    unit: str
    quantity: int
    is_inexhaustible: bool
    until_on: dt.date | None


def told(lines: Sequence[Candidate]) -> list[Told]:
    """Lines of others as a reason names them; without a last day of their own they end with their listing."""
    return [
        Told(
            one.label,
            one.kind,
            one.unit,
            one.quantity,
            one.is_inexhaustible,
            min(one.until_on or one.closes_on, one.closes_on),
        )
        for one in lines
    ]


def pair_reasons(
    lines: Sequence[Candidate], own: Sequence[Told], place: Place, *, asks: bool
) -> dict[str, Any]:
    """Why, told to both sides: {"need": {"id": ..., "en": ...}, "offer": {...}}.

    `lines` are the others' lines, `own` ours in the same order; `place` is ours.
    """
    other = localities.find(lines[0].locality_code) or place
    said: dict[str, dict[str, str]] = {"need": {}, "offer": {}}
    for code in LANGUAGES:
        with in_language(code):
            # What we read is about their line and their place, and the other way round.
            ours = _pair_reason(lines[0], told(lines), other, is_offer=asks)
            theirs = _pair_reason(lines[0], own, place, is_offer=not asks)
        said["need"][code], said["offer"][code] = (ours, theirs) if asks else (theirs, ours)
    return said


def pair_reason(one: Candidate, place: Place, *, asks: bool) -> str:
    """The same for one pair of lines, to our side, in the reader's language."""
    other = localities.find(one.locality_code) or place
    return _pair_reason(one, told([one]), other, is_offer=asks)


def _pair_reason(best: Candidate, lines: Sequence[Told], there: Place, *, is_offer: bool) -> str:
    where, first = _where(best, there), lines[0]
    if first.is_inexhaustible and is_offer:
        said = str(IS_ENDLESS) % {"where": where, "label": first.label}
    else:
        amount = _amount(first.kind, first.unit, first.quantity)
        said = str(OFFERS if is_offer else NEEDS) % {"where": where, "amount": amount, "label": first.label}
    if first.until_on is not None:
        said = str(UNTIL) % {"said": said, "day": short_date(first.until_on)}
    sentences = [f"{said}."]
    if best.covers is not None and not (first.is_inexhaustible and is_offer):
        if best.covers >= 1:
            sentences.append(str(ENOUGH if is_offer else ALL))
        elif best.covers >= 0.01:
            sentences.append(
                str(PART if is_offer else OWN_PART) % {"percent": number(round(best.covers * 100))}
            )
    if not best.is_named_alike:
        category = units.category_label(best.kind, best.category)
        sentences.append(str(ALIKE) % {"category": category})
    if len(lines) > 1:
        sentences.append(str(ALSO) % {"labels": listed(line.label for line in lines[1:4])})
    return " ".join(sentences)


def _where(best: Candidate, there: Place) -> str:
    km = None if best.km is None else max(1, round(best.km))
    if best.how == "regency":
        return str(HOW["regency"]) % {"place": _named(there, "regency_code").name}
    if best.how in ("land", "sea", "network", "link"):
        return str(HOW[best.how]) % {"place": _named(there, "regency_code").name}
    if km is not None:
        return str(AWAY_IN) % {"km": number(km), "place": _named(there, "regency_code").name}
    if best.how == "province":
        return str(HOW["province"]) % {"place": _named(there, "province_code").name}
    if best.how == "region":
        return str(HOW["region"]) % {"place": _named(there, "region_code").name}
    return str(HOW["wide"]) % {"place": _named(there, "province_code").name}


def _named(place: Place, level: str) -> Place:
    return localities.find(getattr(place, level)) or place


def _amount(kind: str, unit: str, quantity: int) -> str:
    if kind == "money":
        return format_rupiah(quantity)
    return f"{number(quantity)} {units.unit_label(unit)}"
