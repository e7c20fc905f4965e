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

    def standard(self, channel: str) -> str:
        """How often by a channel until the person says otherwise; texts to a phone only on request."""
        return {"site": self.site, "email": self.email}.get(channel, "off")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of notice. `path` is where its button leads when the data carry no `path`."""

    group: str
    subject: Any
    sentence: Any
    button: Any
    path: str = "/dasbor"
    channels: tuple[str, ...] = ("site", "email", "whatsapp", "sms")
    is_prompt: bool = False
    """The answer to what the reader is doing right now (how to pay, it arrived): quiet hours do not hold it back."""
    is_always: bool = False
    """About the way to the reader itself: no preference, pause or bad standing of an address stops it."""
    noun: str = "news"
    """As what a digest counts them (kinds.counted)."""
