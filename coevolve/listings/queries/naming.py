"""Places named in words: the code that was meant, and the names offered while typing."""

from __future__ import annotations

from coevolve.kit.errors import Invalid
from coevolve.kit.i18n import lazy
from coevolve.listings.queries.asking import clean_words
from coevolve.localities import queries as localities


def place_code(text: str) -> str:
    """The code of the place that was typed: a code, a full name, or a name only one place has."""
    text = clean_words(text)
    place = localities.find(text) or localities.from_label(text)
    if place is not None:
        return place.code
    found = localities.search(text, 4, levels=("province", "regency", "district"))
    if len(found) == 1:
        return found[0].code
    if not found:
        raise Invalid(
            "locality", lazy("Tidak ada daerah dengan nama ini. Periksa ejaannya."), field="locality"
        )
    names = "; ".join(localities.path_label(place) for place in found[:3])
    message = lazy("Ada beberapa daerah yang mirip. Tulis lengkap, misalnya: %(names)s.", names=names)
    raise Invalid("locality", message, field="locality")


def known_places() -> list[str]:
    """Names offered while typing: all provinces and kabupaten/kota."""
    names = []
    for province in localities.provinces():
        names.append(localities.path_label(province))
        names += [localities.path_label(regency) for regency in localities.children(province.code)]
    return names
