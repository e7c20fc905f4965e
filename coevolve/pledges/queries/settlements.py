"""What booking money must know of the pledge it is for."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import and_, select

from coevolve.kit import db
from coevolve.kit.db import session
from coevolve.listings.models import Listing
from coevolve.listings.models import State as ListingState
from coevolve.organisations.models import Organisation
from coevolve.people.models import Person
from coevolve.pledges.models import OPEN, Pledge, PledgeLine, PledgeState
from coevolve.pledges.queries.rows import get, goal_of, money_line_of

MONEY_COMES_WHILE = frozenset({ListingState.open, ListingState.paused, ListingState.fulfilled})
"""States of a listing in which money already under way still goes to it."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What booking a payment must know of the pledge it pays."""

    pledge_id: uuid.UUID
    listing_id: uuid.UUID
    organisation_id: uuid.UUID
    giver_person_id: uuid.UUID | None
    """Whom mails go to. Rights follow `owner_person_id`."""
    giver_organisation_id: uuid.UUID | None
    organisation_name: str
    """Whose listing it is, or who asked on a standing offer."""
    title: str
    takes_money: bool
    room: int = 0
    """How much more the pledge takes; what comes beyond it (but for a transfer's own code) is the giver's credit."""
    is_unproven: bool = False
    """A guest's gift whose address nobody has proven: in nobody's lists, its credit under the pledge itself."""
    is_complete: bool = False
    """All that was agreed has come."""

    @property
    def owner_person_id(self) -> uuid.UUID | None:
        """Whose gift it is; nobody's while a guest's address is unproven."""
        return None if self.is_unproven else self.giver_person_id


def settlement_of(pledge_id: uuid.UUID, *, lock: bool = False) -> Settlement:
    """The pledge a payment pays for; with `lock`, its row is held until the transaction ends."""
    pledge = db.lock(Pledge, pledge_id) if lock else get(pledge_id)
    # Only now, for until the lock was there, somebody else may have written.
    statement = (
        select(Listing.state, Listing.title, Organisation.name, PledgeLine)
        .select_from(Pledge)
        .join(Listing, Listing.id == Pledge.listing_id)
        .join(Organisation, Organisation.id == Pledge.receiver_organisation_id)
        .outerjoin(PledgeLine, and_(PledgeLine.pledge_id == Pledge.id, PledgeLine.kind == "money"))
        .where(Pledge.id == pledge_id)
        .execution_options(populate_existing=True)
    )
    listing_state, title, organisation_name, line = session().execute(statement).one()
    room = room_for(pledge, listing_state, line)
    return Settlement(
        pledge_id=pledge.id,
        listing_id=pledge.listing_id,
        organisation_id=pledge.receiver_organisation_id,
        giver_person_id=pledge.giver_person_id,
        giver_organisation_id=pledge.giver_organisation_id,
        organisation_name=organisation_name,
        title=title,
        takes_money=room > 0,
        room=room,
        is_unproven=is_unproven(pledge),
        is_complete=pledge.state == PledgeState.confirmed,
    )


def takes_money(pledge: Pledge, listing: Listing) -> bool:
    """Whether money for this pledge goes to its listing: both are alive and the gift is not complete."""
    return room_of(pledge, listing) > 0


def room_of(pledge: Pledge, listing: Listing) -> int:
    """How much more money a pledge takes now."""
    return room_for(pledge, listing.state, money_line_of(pledge.id))


def room_for(pledge: Pledge, listing_state: str, line: PledgeLine | None) -> int:
    """The same, from its line of money and the state of its listing."""
    alive = pledge.state in OPEN and pledge.state != PledgeState.awaiting_approval
    if not alive or listing_state not in MONEY_COMES_WHILE or line is None:
        return 0
    return max(0, goal_of(line) - line.received_quantity)


def is_unproven(pledge: Pledge) -> bool:
    """Whether a guest gave it under an address that nobody has proven since."""
    return pledge.is_guest and pledge.joined_at is None


def name_on_receipt(pledge_id: uuid.UUID) -> str:
    """The name papers are made out to: the organisation, what a guest typed, or the person; empty once erased."""
    pledge = get(pledge_id)
    if pledge.giver_organisation_id is not None:
        return db.get(Organisation, pledge.giver_organisation_id).name
    if pledge.is_guest and (pledge.guest_name or is_unproven(pledge)):
        return pledge.guest_name
    return db.get(Person, pledge.giver_person_id).name if pledge.giver_person_id is not None else ""
