"""What a person does with a suggestion."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from sqlalchemy import update

from coevolve.kit import clock
from coevolve.kit.db import get, session
from coevolve.kit.errors import NotFound
from coevolve.kit.i18n import lazy
from coevolve.listings.models import Listing
from coevolve.matching.models import Match, MatchState, Pairing
from coevolve.organisations import queries as organisations


def mark_seen(*, match_ids: Iterable[int], person_id: uuid.UUID) -> int:
    """Remember that the person has seen these suggestions."""
    return _change(list(match_ids), person_id, {MatchState.suggested}, MatchState.seen)


def dismiss(*, match_id: int, person_id: uuid.UUID) -> None:
    """Put a suggestion away; it is not suggested again. Repeating it changes nothing."""
    _change([match_id], person_id, {MatchState.suggested, MatchState.seen}, MatchState.dismissed)


def restore(*, match_id: int, person_id: uuid.UUID) -> None:
    """Take a dismissed suggestion back."""
    _change([match_id], person_id, {MatchState.dismissed}, MatchState.seen)


def _change(ids: list[int], person_id: uuid.UUID, src: set[MatchState], dst: MatchState) -> int:
    done = session().execute(
        update(Match)
        .where(
            Match.id.in_(ids), Match.person_id == person_id, Match.state.in_([str(state) for state in src])
        )
        .values(state=dst, changed_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    return int(getattr(done, "rowcount", 0))


def dismiss_pairing(*, pairing_id: int, person_id: uuid.UUID) -> None:
    """Say for one's organisation that a need and an offer do not fit; both sides lose sight of the pairing."""
    pairing = get(Pairing, pairing_id)
    sides = [get(Listing, key).organisation_id for key in (pairing.need_id, pairing.offer_id)]
    if not any(organisations.role_in(person_id, side) for side in sides):
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    pairing.dismissed_at = pairing.dismissed_at or clock.now()
