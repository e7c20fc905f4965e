"""What follows from fulfilments: the pledge's state, the rest given up, the listing fulfilled."""

from __future__ import annotations

import uuid

from sqlalchemy import func, select

from coevolve.kit import db, moves
from coevolve.kit.db import session
from coevolve.ledger import queries as ledger_queries
from coevolve.ledger import service as ledger
from coevolve.listings import service as listings
from coevolve.listings.models import Kind, Listing
from coevolve.listings.models import State as ListingState
from coevolve.payments import queries as payment_queries
from coevolve.payments import service as payments
from coevolve.payments.models import OPEN as PAYMENT_OPEN
from coevolve.pledges import queries
from coevolve.pledges.models import (
    AGREED,
    SENT,
    FulfilmentState,
    Pledge,
    PledgeFulfilment,
    PledgeLine,
    PledgeState,
)
from coevolve.pledges.service import asking, needs


def advance(pledge: Pledge, *, by: uuid.UUID | None, lines: list[PledgeLine] | None = None) -> None:
    """Move a pledge to the state its lines (read afresh, if they are not given) say; steps may be skipped."""
    if pledge.state not in AGREED:
        return
    to = state_of(asking.lines_to_change(pledge.id) if lines is None else lines)
    if to is None and pledge.state == PledgeState.delivered:
        to = PledgeState.partly_delivered  # what came was refused: it is still to come
    if to is not None and to != pledge.state and pledge.machine.allows(pledge.state, to):
        moves.move(pledge, to, by=by)


def state_of(lines: list[PledgeLine]) -> PledgeState | None:
    """What the agreed lines of a pledge add up to; None: nothing was sent yet."""
    agreed = [line for line in lines if line.accepted_quantity]
    under_way = _under_way([line.id for line in agreed if line.kind != "money"])
    kept = [line.received_quantity for line in agreed]
    asked = [line.accepted_quantity or 0 for line in agreed]
    sent = [line.received_quantity + under_way.get(line.id, 0) for line in agreed]
    if all(have >= want for have, want in zip(kept, asked, strict=True)):
        return PledgeState.confirmed
    if all(have >= want for have, want in zip(sent, asked, strict=True)):
        return PledgeState.delivered
    return PledgeState.partly_delivered if any(sent) else None


def _under_way(line_ids: list[uuid.UUID]) -> dict[uuid.UUID, int]:
    """What the giver says is done and the receiver has not counted, by line; money is there or it is not."""
    if not line_ids:
        return {}
    session().flush()
    statement = (
        select(PledgeFulfilment.pledge_line_id, func.sum(PledgeFulfilment.quantity_sent))
        .where(PledgeFulfilment.pledge_line_id.in_(line_ids), PledgeFulfilment.state.in_(SENT))
        .group_by(PledgeFulfilment.pledge_line_id)
    )
    return {row[0]: int(row[1]) for row in session().execute(statement)}


def give_up_rest(pledge: Pledge, *, by: uuid.UUID | None) -> None:
    """Void what is outstanding, cancel what was only planned, close what was to be paid."""
    lines = asking.lines_to_change(pledge.id)
    for line in sorted(lines, key=lambda line: line.hold_id or 0):
        if line.hold_id is not None and ledger_queries.outstanding(line.hold_id) > 0:
            ledger.void(
                key=void_key(line),
                pending_id=line.hold_id,
                source_kind="pledge",
                source_id=pledge.id,
                kind="pledge.given_up",
            )
        needs.give_up(pledge, line)
    planned = select(PledgeFulfilment).where(
        PledgeFulfilment.pledge_line_id.in_([line.id for line in lines]),
        PledgeFulfilment.state.in_(
            [FulfilmentState.scheduled, FulfilmentState.asked, FulfilmentState.booked]
        ),
    )
    for fulfilment in session().execute(planned).scalars():
        moves.move(fulfilment, FulfilmentState.cancelled, by=by, cause="the pledge ended")
    close_payments(pledge, by=by)


def void_key(line: PledgeLine) -> str:
    """Names the giving up of the promise a line has now; a changed promise is another."""
    return f"pledge_line:{line.id}:void:{line.hold_id}"


def close_payments(pledge: Pledge, *, by: uuid.UUID | None) -> None:
    """Cancel payments that wait for money; money that comes all the same is kept as the giver's credit."""
    for payment in payment_queries.of("pledge", pledge.id):
        if payment.state in PAYMENT_OPEN and payment.captured == 0:
            payments.cancel(payment_id=payment.id, by=by, cause="the pledge ended")


def fulfil_listing(listing_id: uuid.UUID) -> None:
    """Say that a need or campaign is fulfilled once nothing is still to come of any line."""
    listing = db.get(Listing, listing_id)
    if listing.state != ListingState.open or listing.kind not in {Kind.need, Kind.campaign}:
        return
    totals = queries.totals_for([listing_id]).values()
    if totals and not any(one.still_to_come for one in totals):
        listings.fulfil_met(listing_id=listing_id, missing=0)
