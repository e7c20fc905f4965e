"""What becomes of suggestions by themselves: a pledge arrives, a listing ends, a person leaves."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import or_, select, text, update

from coevolve.kit import clock
from coevolve.kit.db import session
from coevolve.listings.models import Listing, State
from coevolve.matching.models import LIVE, Interest, Match, MatchNote, MatchState, Pairing
from coevolve.pledges.models import Pledge

ENDED = (State.fulfilled, State.closed, State.expired, State.rejected)
BATCH = 5_000
LOOK_BACK_DAYS = 3
"""The clock looks at listings that ended so lately; the reaction to the end itself has done them before."""
M = MatchState


def note_pledge(*, about_id: uuid.UUID, journal_id: int) -> int:  # noqa: ARG001 - what every reaction gets
    """A pledge arrived: the matches and pairings it came of are pledged. Harmless when run again."""
    pledge = session().get(Pledge, about_id)
    if pledge is None:
        return 0
    who: list[Any] = []
    if pledge.giver_person_id is not None and (not pledge.is_guest or pledge.joined_at is not None):
        who.append(Match.person_id == pledge.giver_person_id)
    if pledge.giver_organisation_id is not None:
        who.append(Match.for_organisation == pledge.giver_organisation_id)
    done = 0
    if who:
        done += _set(
            Match, M.pledged, Match.listing_id == pledge.listing_id, or_(*who), Match.state != M.pledged
        )
    if pledge.giver_organisation_id is not None:
        # Given on the need by those who offer, or asked on the offer by those in need.
        offers = select(Listing.id).where(
            Listing.organisation_id == pledge.giver_organisation_id, Listing.kind == "standing_offer"
        )
        needs = select(Listing.id).where(
            Listing.organisation_id == pledge.receiver_organisation_id, Listing.kind != "standing_offer"
        )
        done += _set(
            Pairing,
            M.pledged,
            or_(
                (Pairing.need_id == pledge.listing_id) & Pairing.offer_id.in_(offers),
                (Pairing.offer_id == pledge.listing_id) & Pairing.need_id.in_(needs),
            ),
            Pairing.state != M.pledged,
        )
    return done


def expire_of(*, about_id: uuid.UUID, journal_id: int) -> int:  # noqa: ARG001 - what every reaction gets
    """A listing ended: nothing more can come of what was suggested about it."""
    listing = session().get(Listing, about_id)
    if listing is None or listing.state not in ENDED:
        return 0
    return _expire(about_id)


def _expire(listing_id: uuid.UUID) -> int:
    live = [str(state) for state in LIVE]
    return _set(Match, M.expired, Match.listing_id == listing_id, Match.state.in_(live)) + _set(
        Pairing,
        M.expired,
        or_(Pairing.need_id == listing_id, Pairing.offer_id == listing_id),
        Pairing.state.in_(live),
    )


def expire_due() -> int:
    """The clock: pairings past their last day, and whatever of lately ended listings is still alive."""
    live = [str(state) for state in LIVE]
    due = (
        select(Pairing.id)
        .where(Pairing.ends_on < clock.today(), Pairing.state.in_(live))
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    done = _set(Pairing, M.expired, Pairing.id.in_(due))
    since = clock.now() - dt.timedelta(days=LOOK_BACK_DAYS)
    ended = session().scalars(
        select(Listing.id).where(Listing.ended_at > since, Listing.state.in_([str(state) for state in ENDED]))
    )
    return done + sum(_expire(listing_id) for listing_id in ended.all())


def forget_person(*, about_id: uuid.UUID, journal_id: int) -> None:  # noqa: ARG001 - what every reaction gets
    """A person left: nothing is followed any more, and their notes lose their words."""
    session().execute(
        update(Interest).where(Interest.person_id == about_id, Interest.is_active).values(is_active=False)
    )
    session().execute(update(MatchNote).where(MatchNote.person_id == about_id).values(text="…"))
    session().execute(text("DELETE FROM match_dislike WHERE person_id = :person"), {"person": about_id})


def _set(model: Any, state: MatchState, *where: Any) -> int:
    done = session().execute(
        update(model)
        .where(*where)
        .values(state=state, changed_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    return int(getattr(done, "rowcount", 0))
