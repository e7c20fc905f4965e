"""Pages of listings: browse, the public pages, and the editor of members."""

from __future__ import annotations

from coevolve.listings.views import browsing, editing, showing
from coevolve.listings.views.door import blueprint

__all__ = ["blueprint", "browsing", "editing", "showing"]
