"""The browse page: one query object for list, map, feed, export and counts; keyset pages both ways; no OFFSET.

Two statements make the page: the walk (`walking`: an index of `listing_place`, or the slabs of `listing_search`)
joined with what a card shows and what has come, and the counts (`counting`: `listing_facet` with its unfolded rest;
for words and fine filters the newest thousand hits).
"""

from __future__ import annotations

from coevolve.kit import reads
from coevolve.listings.queries.asking import Query
from coevolve.listings.queries.counting import Facets, asks_counts
from coevolve.listings.queries.walking import Page, asks_page
from coevolve.localities.queries import Place


def browse(query: Query) -> Page:
    """One page of open listings; one statement."""
    return reads.answer(asks_page(query))


def browse_and_count(query: Query, below: list[Place] | None = None) -> tuple[Page, Facets]:
    """The page and the counts beside it; two statements in one trip."""
    return reads.together(asks_page(query), asks_counts(query, below))


def facets(query: Query, below: list[Place] | None = None) -> Facets:
    """The counts beside the list; one statement. Exact (folded + unfolded) unless words or fine filters are asked."""
    return reads.answer(asks_counts(query, below))
