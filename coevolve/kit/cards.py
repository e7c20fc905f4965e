"""The words of a card, prepared once: the loop in components/_cards.html only writes them down."""

from __future__ import annotations

from typing import NamedTuple

from markupsafe import Markup

from coevolve.kit.covers import cover_path


class Card(NamedTuple):
    """What a card shows. `bar` is ready markup (kit.cards.bar) or None; `words` says the same in words."""

    href: str
    title: str
    sector: str
    kind: str
    organisation: str
    place: str
    cover: str
    bar: Markup | None
    words: str


def bar(received: int, promised: int, goal: int, *, need: bool = False) -> Markup:
    """A thin two-layer meter as markup, the same as the macro `meter.bar` draws."""
    whole = max(goal, 1)
    first = min(received * 1000 // whole, 1000)
    both = min((received + promised) * 1000 // whole, 1000)
    parts = [f'<svg class="meter thin{" need" if need else ""}" aria-hidden="true">']
    if both > first:
        end = both / 10
        parts.append(
            f'<rect class="p" width="{end}%" height="100%"/><rect width="{end}%" height="100%" fill="url(#jj)"/>'
            f'<svg x="{end}%" overflow="visible"><rect class="e" x="-2" width="2" height="12"/></svg>'
        )
    if first:
        parts.append(f'<rect class="r" width="{first / 10}%" height="100%"/>')
    parts.append("</svg>")
    return Markup("".join(parts))  # noqa: S704 - made of numbers and the constants above


__all__ = ["Card", "bar", "cover_path"]
