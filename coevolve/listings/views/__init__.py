"""Pages of listings: browse, the public pages, and the editor of members."""

from __future__ import annotations

from coevolve.listings.views import (
    acting,
    browsing,
    editing,
    feeds,
    files,
    hours,
    lines,
    news,
    pictures,
    sharing,
    showing,
    updates,
)
from coevolve.listings.views.door import blueprint

__all__ = [
    "acting",
    "blueprint",
    "browsing",
    "editing",
    "feeds",
    "files",
    "hours",
    "lines",
    "news",
    "pictures",
    "sharing",
    "showing",
    "updates",
]
