"""Reads about listings: rows, pages of the browse page, counts."""

from __future__ import annotations

from coevolve.listings.queries.browsing import Cursor, Facets, Page, Query, browse, facets, read_cursor
from coevolve.listings.queries.rows import (
    Goal,
    find,
    find_by_slug,
    get,
    goal_of,
    has_opened_campaign,
    in_review,
    line,
    lines_of,
    look_alikes,
    of_organisation,
)

__all__ = [
    "Cursor",
    "Facets",
    "Goal",
    "Page",
    "Query",
    "browse",
    "facets",
    "find",
    "find_by_slug",
    "get",
    "goal_of",
    "has_opened_campaign",
    "in_review",
    "line",
    "lines_of",
    "look_alikes",
    "of_organisation",
    "read_cursor",
]
