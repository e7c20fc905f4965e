"""How ties between places are called."""

from __future__ import annotations

from typing import Any

from coevolve.kit.i18n import lazy

KINDS: dict[str, Any] = {
    "sister": lazy("Daerah bersaudara"),
    "shared_need": lazy("Kebutuhan bersama"),
    "learning": lazy("Saling belajar"),
}
