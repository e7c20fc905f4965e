"""Why something matches, in plain words for the person who reads it."""

from __future__ import annotations

from typing import Any

from coevolve.kit.i18n import LANGUAGES, in_language, lazy
from coevolve.listings import sectors, units
from coevolve.listings.queries.cards import PATHS
from coevolve.localities.queries import Place

FOLLOWS_PLACE = lazy("Anda mengikuti %(place)s.")
FOLLOWS_SECTOR = lazy("Anda mengikuti bidang %(sector)s di %(place)s.")
BODY_FOLLOWS_PLACE = lazy("Organisasi Anda mengikuti %(place)s.")
BODY_FOLLOWS_SECTOR = lazy("Organisasi Anda mengikuti bidang %(sector)s di %(place)s.")
BOTH_ABOUT = lazy("Keduanya tentang %(category)s, dan sama-sama di %(place)s.")


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


def interest_reason(place: Place, sector: str | None, *, by_organisation: bool) -> dict[str, str]:
    """'Anda mengikuti bidang Air dan sanitasi di Nusa Tenggara Timur.'"""
    if sector is None:
        return in_all_languages(BODY_FOLLOWS_PLACE if by_organisation else FOLLOWS_PLACE, place=place.name)
    sentence = BODY_FOLLOWS_SECTOR if by_organisation else FOLLOWS_SECTOR
    return in_all_languages(sentence, sector=sectors.LABELS[sector], place=place.name)


def pairing_reason(kind: str, category: str, place: Place) -> dict[str, str]:
    """'Keduanya tentang Peralatan air, dan sama-sama di Nusa Tenggara Timur.'"""
    return in_all_languages(BOTH_ABOUT, category=units.CATEGORIES[kind][category], place=place.name)
