"""How a pledge ends before it is kept: withdrawn by who began it, lapsed by the clock, cancelled with its listing."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from coevolve.kit import clock, db, moves
from coevolve.kit.db import session
from coevolve.kit.errors import Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.text import clean_text
from coevolve.listings.models import Kind, Listing
from coevolve.payments import queries as payment_queries
from coevolve.payments.models import OPEN as PAYMENT_OPEN
from coevolve.pledges import queries
from coevolve.pledges.models import OPEN, Pledge, PledgeState
from coevolve.pledges.policy import Doer
from coevolve.pledges.service import asking, progress, telling

REASON_MOST = 500


def withdraw(*, pledge_id: uuid.UUID, by: Doer, reason: str = "") -> Pledge:
    """Take back an offer (or a request), or the rest of what was agreed; what came stays given."""
    pledge, party = asking.locked(pledge_id, by, "withdraw")
    said = clean_text(reason)
    if len(said) > REASON_MOST:
        raise Invalid("too_long", lazy("Paling banyak %(most)s huruf.", most=REASON_MOST), field="reason")
    asking.require_move(pledge, PledgeState.withdrawn)
    is_unheard = pledge.state == PledgeState.awaiting_approval
    pledge.reason = said
    _end(pledge, PledgeState.withdrawn, by=party.person_id, cause=said)
    lines = asking.lines_to_change(pledge.id)
    if pledge.is_request and not party.is_giver:
        telling.tell_giver(pledge, "withdrawn", lines, reason=said)
    elif not is_unheard and not _is_unpaid(pledge):
        telling.tell_receiver(pledge, "withdrawn", lines, reason=said)
    return pledge


def lapse_due(*, limit: int = 100) -> int:
    """End pledges whose time is over. Money that may still come (a payment under way) is waited for."""
    now = clock.now()
    due = (
        select(Pledge.id)
        .where(Pledge.state.in_(OPEN), Pledge.lapses_at <= now)
        .order_by(Pledge.lapses_at, Pledge.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    lapsed = 0
    for pledge_id in list(session().execute(due).scalars()):
        pledge = db.lock(Pledge, pledge_id)
        is_unheard = pledge.state == PledgeState.awaiting_approval
        if any(payment.state in PAYMENT_OPEN for payment in payment_queries.of("pledge", pledge_id)):
            continue
        _end(pledge, PledgeState.lapsed, by=None, cause="nothing happened in time")
        lines = asking.lines_to_change(pledge.id)
        telling.tell_giver(pledge, "lapsed", lines)
        if not is_unheard and not _is_unpaid(pledge):
            telling.tell_receiver(pledge, "lapsed", lines)
        lapsed += 1
    return lapsed


def cancel_for_listing(*, listing_id: uuid.UUID, limit: int = 500) -> int:
    """The listing closed: unanswered offers end and what was agreed is given up. Money under way runs its course.

    Of an offer that closed only what nobody answered ends: what the giver agreed to stays agreed.
    """
    is_offer = db.get(Listing, listing_id).kind == Kind.standing_offer
    ends = {PledgeState.requested} if is_offer else OPEN
    statement = (
        select(Pledge.id)
        .where(Pledge.listing_id == listing_id, Pledge.state.in_(ends))
        .order_by(Pledge.id)
        .limit(limit)
    )
    cancelled = 0
    for pledge_id in list(session().execute(statement).scalars()):
        pledge = db.lock(Pledge, pledge_id)
        if pledge.state not in ends:
            continue
        _end(pledge, PledgeState.cancelled, by=None, cause="the listing closed")
        tell = telling.tell_receiver if pledge.is_request else telling.tell_giver
        tell(pledge, "cancelled", asking.lines_to_change(pledge.id))
        cancelled += 1
    return cancelled


def cancel_of_closed(*, about_id: uuid.UUID, journal_id: int) -> int:  # noqa: ARG001 - reactions get both
    """Reaction to a listing that closed."""
    return cancel_for_listing(listing_id=about_id)


def cancel_of_expired(*, about_id: uuid.UUID, journal_id: int) -> int:  # noqa: ARG001 - reactions get both
    """Reaction to a listing whose days are over: requests on an offer that nobody answered end."""
    if db.get(Listing, about_id).kind != Kind.standing_offer:
        return 0
    return cancel_for_listing(listing_id=about_id)


def _end(pledge: Pledge, to: PledgeState, *, by: uuid.UUID | None, cause: str) -> None:
    moves.move(pledge, to, by=by, cause=cause[:200])
    progress.give_up_rest(pledge, by=by)
    telling.record(pledge, str(to), by, data={"cause": cause} if cause else None)


def _is_unpaid(pledge: Pledge) -> bool:
    """Whether the receiver never saw it: a gift of money that was never paid."""
    statement = select(Pledge.id).where(Pledge.id == pledge.id, queries.unpaid())
    return session().execute(statement).first() is not None


def end_unpaid(*, pledge_id: uuid.UUID, cause: str) -> bool:
    """End a gift of money that was never paid, without a word: whoever asks tells the giver. False: it stays."""
    pledge = db.lock(Pledge, pledge_id)
    if pledge.state not in OPEN or not _is_unpaid(pledge):
        return False
    _end(pledge, PledgeState.lapsed, by=None, cause=cause)
    return True
