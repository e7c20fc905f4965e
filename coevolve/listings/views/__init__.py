"""Pages of listings: browse, the public pages, and the editor of members."""

from __future__ import annotations

from coevolve.listings.views import acting, browsing, editing, hours, lines, showing
from coevolve.listings.views.door import blueprint

__all__ = ["acting", "blueprint", "browsing", "editing", "hours", "lines", "showing"]
