"""How things of people are called."""

from __future__ import annotations

import re
from typing import Any

from coevolve.kit.i18n import gettext as _
from coevolve.kit.i18n import lazy

STAFF_ROLES: dict[str, Any] = {
    "moderator": lazy("Moderator"),
    "finance": lazy("Staf keuangan"),
    "admin": lazy("Admin"),
}
LANGUAGES = (("id", "Bahasa Indonesia"), ("en", "English"))
ZONES = (
    ("Asia/Jakarta", lazy("WIB (Jakarta, Medan, Pontianak)")),
    ("Asia/Makassar", lazy("WITA (Makassar, Denpasar, Kupang)")),
    ("Asia/Jayapura", lazy("WIT (Jayapura, Ambon, Ternate)")),
    ("UTC", lazy("UTC (waktu dunia)")),
)
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
)
_LAST_BROWSERS = (("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
)


def browser(agent: str) -> str:
    """What a browser calls itself, in a few words people know."""
    name = next((shown for mark, shown in (*_BROWSERS, *_LAST_BROWSERS) if f"{mark}/" in agent), "")
    system = next((shown for mark, shown in _SYSTEMS if mark in agent), "Linux" if "Linux" in agent else "")
    if name and system:
        return _("%(browser)s di %(system)s", browser=name, system=system)
    return name or system or re.split(r"[/ ]", agent)[0] or _("Peramban tidak dikenal")
