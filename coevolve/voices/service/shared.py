"""What the use cases of voices share: the listing, texts within their limits, and word to people."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from coevolve.kit.errors import Invalid, NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.text import clean_line, clean_text, refuse_nul
from coevolve.listings import queries as listings
from coevolve.listings.models import PUBLIC, Listing
from coevolve.listings.queries.cards import PATHS
from coevolve.notifications import service as notifications

NOT_HERE = lazy("Halaman atau data ini tidak ada.")


def listing_of(listing_id: uuid.UUID) -> Listing:
    """The listing, or NotFound."""
    found = listings.find(listing_id)
    if found is None:
        raise NotFound("not_found", NOT_HERE)
    return found


def public_listing(listing_id: uuid.UUID) -> Listing:
    """A listing that everybody can see; others are not there."""
    found = listing_of(listing_id)
    if found.state not in PUBLIC:
        raise NotFound("not_found", NOT_HERE)
    return found


def path_of(listing: Listing) -> str:
    """The public address of a listing."""
    return f"/{PATHS[listing.kind]}/{listing.slug}"


def line(text: str | None, *, field: str, most: int) -> str:
    """One line that must say something."""
    return _within(refuse_nul(clean_line(text)), field, most)


def body(text: str | None, *, field: str, most: int) -> str:
    """Several lines that must say something."""
    return _within(refuse_nul(clean_text(text)), field, most)


def _within(words: str, field: str, most: int) -> str:
    if not words:
        raise Invalid("empty", lazy("Isi bagian ini."), field=field)
    if len(words) > most:
        raise Invalid(
            "too_long", lazy("Terlalu panjang: paling banyak %(max)d karakter.", max=most), field=field
        )
    return words


def tell(
    kind: str,
    person_ids: Iterable[uuid.UUID],
    *,
    about: tuple[str, uuid.UUID],
    listing: Listing,
    path: str,
    key: str,
    for_organisation: uuid.UUID | None = None,
    **data: Any,
) -> None:
    """Queue one notice to each person."""
    notifications.queue(
        kind=kind,
        person_ids=person_ids,
        about=about,
        data={"title": listing.title, "path": path, **data},
        dedupe_key=f"{kind}:{key}",
        for_organisation=for_organisation,
    )
