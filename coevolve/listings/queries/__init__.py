"""Reads about listings: rows, pages of the browse page, counts."""

from __future__ import annotations

from coevolve.listings.queries.browsing import (
    Cursor,
    Facets,
    Page,
    Query,
    browse,
    browse_and_count,
    clean_words,
    facets,
    read_cursor,
)
from coevolve.listings.queries.rows import (
    Goal,
    ShownLine,
    ShownListing,
    Whole,
    find,
    find_by_slug,
    find_whole,
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
    "ShownLine",
    "ShownListing",
    "Whole",
    "browse",
    "browse_and_count",
    "clean_words",
    "facets",
    "find",
    "find_by_slug",
    "find_whole",
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
