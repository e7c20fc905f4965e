"""Names that must not be mistaken for each other.

The skeleton follows the idea of UTS 39: letters that look alike become one, what does not show is dropped. We carry
only the look-alikes of Latin letters met here (Cyrillic, Greek, digits); it is a guard, not the whole standard.
"""

from __future__ import annotations

import unicodedata

from coevolve.kit.errors import Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.text import clean_line, refuse_nul

_LOOKS_LIKE = str.maketrans(
    "авекмнорстухіјѕԁɡαβεικνορτυχօ0|",
    "abekmhopctyxijsdgabeikvoptuxool",
)
_SAME = str.maketrans({"1": "l", "i": "l", "5": "s"})


def skeleton(name: str) -> str:
    """One key for all names that look like this one."""
    plain = unicodedata.normalize("NFKD", name.casefold()).translate(_LOOKS_LIKE)
    kept = "".join(ch for ch in plain if ch.isalnum())
    return kept.translate(_SAME).replace("rn", "m").replace("vv", "w")


def normal_name(text: str, *, field: str = "name") -> str:
    """An organisation's name as we keep it; refuses names that mix alphabets or carry an address."""
    name = clean_line(refuse_nul(text))
    if not 3 <= len(name) <= 140 or not any(ch.isalpha() for ch in name):
        raise Invalid("name_length", lazy("Isi nama organisasi, 3 sampai 140 karakter."), field=field)
    if "://" in name or "www." in name.lower():
        raise Invalid("name_link", lazy("Nama tidak boleh memuat alamat situs."), field=field)
    scripts = {unicodedata.name(ch, "?").split()[0] for ch in name if ch.isalpha()}
    if "LATIN" in scripts and scripts & {"CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"}:
        message = lazy("Nama ini mencampur huruf yang tampak sama. Tulis dengan huruf Latin saja.")
        raise Invalid("name_mixed", message, field=field)
    return name
