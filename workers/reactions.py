"""What follows from what: one visible table. Each reaction is idempotent, for it may run twice."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Protocol

from coevolve.matching import service as matching
from coevolve.notifications import service as notifications
from coevolve.pledges import service as pledges
from coevolve.recurring import service as recurring


class Reaction(Protocol):
    """Something that follows from a journal line."""

    def __call__(self, *, about_id: uuid.UUID, journal_id: int) -> object:
        """Do it, in one transaction, harmless when done before."""


REACTIONS: dict[str, list[Reaction | Callable[..., object]]] = {
    "listing.closed": [pledges.cancel_of_closed, matching.expire_of],
    "listing.expired": [pledges.cancel_of_expired, matching.expire_of],
    "listing.fulfilled": [matching.expire_of],
    "listing.opened": [matching.find_supporters],
    "listing.update_published": [pledges.tell_givers],
    "person.confirmed": [pledges.join_all],
    "person.erased": [
        notifications.forget_reader,
        pledges.forget_giver,
        recurring.forget_giver,
        matching.forget_person,
    ],
    "person.password_reset": [pledges.join_all],
    "pledge.offered": [matching.note_pledge],
    "pledge.requested": [matching.note_pledge],
}
