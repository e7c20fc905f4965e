"""What a kind of notice and a group of kinds are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Group:
    """Kinds that a person prefers together, with what holds until the person says otherwise."""

    label: Any
    hint: Any
    site: str
    email: str
    staff_only: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of notice. `path` is where its button leads when the data carry no `path`."""

    group: str
    subject: Any
    sentence: Any
    button: Any
    path: str = "/dasbor"
    channels: tuple[str, ...] = ("site", "email")
