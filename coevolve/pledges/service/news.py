"""An update reaches everybody who gave to a listing or promised to: the reaction to `listing.update_published`."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import literal, not_, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql import ColumnElement

from coevolve.listings import queries as listings
from coevolve.notifications import service as notifications
from coevolve.organisations.models import Membership
from coevolve.pledges.models import AGREED, Pledge
from coevolve.pledges.queries import unproven
from coevolve.pledges.service.telling import ANSWERERS


def tell_givers(*, about_id: uuid.UUID, journal_id: int) -> int:
    """Tell every giver and follower once, as each prefers; nobody when the update was hidden meanwhile.

    A guest whose address nobody has proven hears by mail only: on the site it would be in somebody else's list.
    """
    del journal_id
    update = listings.shown_update(about_id)
    if update is None:
        return 0
    data = {
        "title": update.listing,
        "update": update.title,
        "organisation": update.organisation,
        "path": update.path,
    }
    told = 0
    gave = Pledge.listing_id == update.listing_id, Pledge.state.in_([str(state) for state in sorted(AGREED)])
    for givers, channels in (
        (_people(data, *gave, not_(unproven())), None),
        (_people(data, *gave, unproven()), ("email",)),
    ):
        told += notifications.queue_from_select(
            kind="listing.update",
            people=givers,
            about=("listing", update.listing_id),
            dedupe_key=f"listing.update:{update.id}",
            channels=channels,
        )
    # The same key: whoever gave and follows too hears once.
    return told + notifications.tell_subscribers(
        kind="listing.update_followed",
        about=("listing", update.listing_id),
        data=data,
        dedupe_key=f"listing.update:{update.id}",
    )


def _people(data: dict[str, Any], *which: ColumnElement[bool]) -> Any:
    """The persons who gave, and those who answer for the organisations that gave; each once."""
    persons = select(Pledge.giver_person_id.label("person_id")).where(
        *which, Pledge.giver_person_id.is_not(None)
    )
    members = (
        select(Membership.person_id.label("person_id"))
        .join(Pledge, Pledge.giver_organisation_id == Membership.organisation_id)
        .where(
            *which,
            Membership.role.in_(ANSWERERS),
            Membership.until.is_(None),
        )
    )
    found = persons.union(members).subquery("gave")
    return select(found.c.person_id, literal(data, JSONB()).label("data"))
