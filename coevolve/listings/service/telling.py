"""Word to the members of the organisation when something is decided about their listing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coevolve.kit.moves import history
from coevolve.listings.models import MACHINE, Listing
from coevolve.listings.queries.cards import PATHS
from coevolve.notifications import service as notifications
from coevolve.organisations import queries as organisations
from coevolve.people import queries as people


def tell_members(
    listing: Listing, kind: str, *, text: str = "", remarks: Mapping[str, str] | None = None, dedupe: str = ""
) -> None:
    """Queue one notice per member for this move; the number of the move makes a repeated call harmless."""
    organisation = organisations.get(listing.organisation_id)
    reason = " ".join([text, *(remarks or {}).values()]).strip()
    data: dict[str, Any] = {
        "title": listing.title,
        "organisation": organisation.name,
        "path": editor_path(listing, organisation.slug) if kind in TO_EDITOR else path_of(listing),
        "reason": reason[:600],
    }
    if listing.reconfirm_by is not None:
        data["until_on"] = listing.reconfirm_by.isoformat()
    notifications.queue(
        kind=kind,
        person_ids=[member.id for member in organisations.members_of(listing.organisation_id)],
        about=("listing", listing.id),
        data=data,
        dedupe_key=f"{kind}:{listing.id}:{dedupe or len(history(MACHINE, listing.id))}",
        for_organisation=listing.organisation_id,
    )
    tell_followers(listing, kind)


FOLLOWED = {
    "listing.closed": "followed.ended",
    "listing.expired": "followed.ended",
    "listing.fulfilled": "followed.fulfilled",
}


def tell_followers(listing: Listing, kind: str) -> None:
    """Who follows the listing hears how it ended; its members know by their own notice."""
    if kind in FOLLOWED:
        notifications.tell_subscribers(
            kind=FOLLOWED[kind],
            about=("listing", listing.id),
            data={"title": listing.title, "path": path_of(listing)},
            dedupe_key=f"{kind}:{listing.id}",
        )


def tell_moderators(listing: Listing) -> None:
    """Queue word to the moderators that something waits; each round once."""
    notifications.queue(
        kind="moderation.waiting",
        person_ids=[person.id for person in people.staff_with("moderator")],
        about=("listing", listing.id),
        data={"title": listing.title, "path": f"/moderasi/tayangan/{listing.id}"},
        dedupe_key=f"moderation.waiting:{listing.id}:{len(history(MACHINE, listing.id))}",
    )


TO_EDITOR = frozenset({"listing.returned", "listing.rejected", "listing.paused", "listing.reconfirm"})
"""Notices whose button leads to the editor, for there is something to do or to read there."""


def path_of(listing: Listing) -> str:
    """The public address of a listing."""
    return f"/{PATHS[listing.kind]}/{listing.slug}"


def editor_path(listing: Listing, organisation_slug: str) -> str:
    """Where members write the listing."""
    return f"/dasbor/{organisation_slug}/listing/{listing.id}"
