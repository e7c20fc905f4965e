"""What every use case asks first: the pledge locked, the right checked, the listing looked at."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from coevolve.kit import clock, db
from coevolve.kit.db import session
from coevolve.kit.errors import Conflict, Forbidden, InvalidMove, NotFound
from coevolve.kit.faults import skips_locks
from coevolve.kit.i18n import lazy
from coevolve.listings.models import Listing, ListingLine
from coevolve.listings.models import State as ListingState
from coevolve.pledges import policy
from coevolve.pledges.models import Pledge, PledgeFulfilment, PledgeLine
from coevolve.pledges.policy import Doer, Party


def locked(pledge_id: uuid.UUID, by: Doer, verb: str) -> tuple[Pledge, Party]:
    """The pledge, locked, for somebody who may do the verb; strangers learn nothing."""
    pledge = db.lock(Pledge, pledge_id)
    party = by if isinstance(by, Party) else policy.party_of(by, pledge)
    if party.is_stranger:
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    if not policy.allows(party, verb, pledge):
        raise Forbidden("pledge_forbidden", lazy("Langkah ini dilakukan oleh pihak lain."))
    return pledge, party


def locked_line(pledge_line_id: uuid.UUID, by: Doer, verb: str) -> tuple[Pledge, PledgeLine, Party]:
    """A line of a pledge, its pledge locked."""
    line = db.get(PledgeLine, pledge_line_id)
    pledge, party = locked(line.pledge_id, by, verb)
    session().refresh(line)
    return pledge, line, party


def locked_fulfilment(
    fulfilment_id: uuid.UUID, by: Doer, verb: str
) -> tuple[Pledge, PledgeLine, PledgeFulfilment, Party]:
    """A fulfilment, its pledge locked."""
    fulfilment = db.get(PledgeFulfilment, fulfilment_id)
    pledge, line, party = locked_line(fulfilment.pledge_line_id, by, verb)
    session().refresh(fulfilment)
    return pledge, line, fulfilment, party


def require_move(thing: Pledge | PledgeFulfilment, to: str) -> None:
    """Refuse a step before anything is written down that the state table would refuse anyway."""
    if not thing.machine.allows(thing.state, to):
        raise InvalidMove(
            "invalid_move", lazy("Langkah ini sudah tidak dapat dilakukan pada keadaan sekarang.")
        )


def open_listing(listing_id: uuid.UUID) -> Listing:
    """The listing, kept from changing state until the transaction ends; refuses one that takes no pledges.

    A shared lock: givers do not wait for each other, only for whoever closes the listing.
    """
    statement = (
        select(Listing)
        .where(Listing.id == listing_id)
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    )
    listing = session().execute(statement).scalar_one_or_none()
    if listing is None:
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    is_over = listing.closes_on is not None and listing.closes_on < clock.today()
    if listing.state != ListingState.open or is_over:
        raise Conflict("listing_closed", lazy("Halaman ini sedang tidak menerima dukungan."))
    return listing


def lock_lines(line_ids: set[uuid.UUID]) -> None:
    """Lock lines of a listing in one order for everybody: whoever agrees to a quantity waits for the one before."""
    if not skips_locks():
        statement = (
            select(ListingLine.id)
            .where(ListingLine.id.in_(line_ids))
            .order_by(ListingLine.id)
            .with_for_update()
        )
        session().execute(statement)


def lines_to_change(pledge_id: uuid.UUID) -> list[PledgeLine]:
    """The lines of a locked pledge, read afresh."""
    statement = (
        select(PledgeLine)
        .where(PledgeLine.pledge_id == pledge_id)
        .order_by(PledgeLine.id)
        .execution_options(populate_existing=True)
    )
    return list(session().execute(statement).scalars())
