"""Why something matches, in plain words for the person who reads it."""

from __future__ import annotations

from coevolve.kit.i18n import LANGUAGES, gettext, in_language
from coevolve.listings import sectors, units
from coevolve.listings.queries.cards import PATHS
from coevolve.localities.queries import Place


def listing_path(kind: str, slug: str) -> str:
    """The address of a listing's page."""
    return f"/{PATHS[kind]}/{slug}"


def in_all_languages(sentence: str, **values: object) -> dict[str, str]:
    """A sentence in every language, to be kept with a row; values that are lazy are translated too."""
    found = {}
    for code in LANGUAGES:
        with in_language(code):
            found[code] = gettext(sentence, **{name: str(value) for name, value in values.items()})
    return found


def interest_reason(place: Place, sector: str | None, *, by_organisation: bool) -> dict[str, str]:
    """'Anda mengikuti bidang Air dan sanitasi di Nusa Tenggara Timur.'"""
    name = place.name
    if sector is None and by_organisation:
        return in_all_languages("Organisasi Anda mengikuti %(place)s.", place=name)
    if sector is None:
        return in_all_languages("Anda mengikuti %(place)s.", place=name)
    label = sectors.LABELS[sector]
    if by_organisation:
        return in_all_languages(
            "Organisasi Anda mengikuti bidang %(sector)s di %(place)s.", sector=label, place=name
        )
    return in_all_languages("Anda mengikuti bidang %(sector)s di %(place)s.", sector=label, place=name)


def pairing_reason(kind: str, category: str, place: Place) -> dict[str, str]:
    """'Keduanya tentang peralatan air, dan sama-sama di Nusa Tenggara Timur.'"""
    label = units.CATEGORIES[kind][category]
    return in_all_languages(
        "Keduanya tentang %(category)s, dan sama-sama di %(place)s.", category=label, place=place.name
    )
