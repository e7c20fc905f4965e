"""Who may do what with a pledge. The giver's side and the receiver's side each have their verbs."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from coevolve.organisations import policy as organisation_policy
from coevolve.organisations import queries as organisations
from coevolve.people import queries as people
from coevolve.people.models import Person
from coevolve.pledges.models import Pledge, PledgeState

GIVER_VERBS = frozenset({"hand_over", "no_show", "pay"})
MONEY_VERBS = frozenset({"change", "bill", "approve"})
"""For an organisation's pledge: its owners and finance alone; who offered never approves."""
RECEIVER_VERBS = frozenset({"receive", "confirm", "contest"})
LINK_VERBS = frozenset(
    {"see", "schedule", "hand_over", "pay", "change", "withdraw", "receive", "confirm", "contest"}
)
"""What a signed link may do without sign-in; answering an offer is for members."""


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody seen from one pledge: on which side, with which rights there."""

    person_id: uuid.UUID | None = None
    is_giver: bool = False
    is_receiver: bool = False
    may_answer: bool = False
    """Answers offers for the receiver (owner or member of a checked organisation)."""
    may_give: bool = False
    """Moves the giver's money: the giver itself, or an owner or finance member of the giving organisation."""
    is_staff: bool = False
    is_link: bool = False

    @property
    def is_stranger(self) -> bool:
        """Whether the pledge does not exist for this person."""
        return not (self.is_giver or self.is_receiver or self.is_staff)


Doer = Person | Party


def party_of(person: Person | None, pledge: Pledge) -> Party:
    """How this person stands to this pledge now."""
    if person is None:
        return Party()
    receiver = organisations.get(pledge.receiver_organisation_id)
    role = organisations.role_in(person.id, receiver.id)
    is_unproven = pledge.is_guest and pledge.joined_at is None
    is_giver = (
        pledge.giver_organisation_id is None and pledge.giver_person_id == person.id and not is_unproven
    )
    may_give = is_giver
    if pledge.giver_organisation_id is not None:
        given_by = organisations.get(pledge.giver_organisation_id)
        seat = organisations.role_in(person.id, given_by.id)
        is_giver = seat is not None
        may_give = organisation_policy.allows(seat, given_by.state, "give")
    is_known = not pledge.needs_approval or pledge.approved_at is not None
    return Party(
        person_id=person.id,
        is_giver=is_giver,
        may_give=may_give,
        is_receiver=role is not None and is_known,
        may_answer=is_known and organisation_policy.allows(role, receiver.state, "answer_pledges"),
        is_staff=bool(people.staff_roles(person.id) & {"moderator", "finance"}),
    )


def party_by_link(side: str) -> Party:
    """Whoever holds a signed link of one side."""
    return Party(
        is_giver=side == "giver", may_give=side == "giver", is_receiver=side == "receiver", is_link=True
    )


def allows(party: Party, verb: str, pledge: Pledge) -> bool:
    """Whether the party may do the verb; the state table is asked by the mover. Pure."""
    if party.is_stranger or (party.is_link and verb not in LINK_VERBS):
        return False
    if verb in MONEY_VERBS:
        return party.may_give and (verb != "approve" or party.person_id != pledge.giver_person_id)
    if verb in {"accept", "decline"}:
        # Who sits on both sides answers for neither.
        return party.is_giver and not party.is_receiver if pledge.is_request else party.may_answer
    if verb == "withdraw":
        if pledge.is_request and pledge.state == PledgeState.requested:
            return party.may_answer
        return party.is_giver or (pledge.is_request and party.may_answer)
    sides = {
        "see": True,
        "schedule": party.is_giver or party.is_receiver,
        "cancel_booking": party.is_giver or party.is_receiver,
        **dict.fromkeys(GIVER_VERBS, party.is_giver),
        **dict.fromkeys(RECEIVER_VERBS, party.is_receiver),
    }
    return sides.get(verb, False)


def may(person: Person | None, verb: str, pledge: Pledge) -> bool:
    """Whether the person may do the verb with the pledge now."""
    return allows(party_of(person, pledge), verb, pledge)


def sees_giver(party: Party, pledge: Pledge, *, is_money_only: bool) -> bool:
    """Whether name and contact of the giver are shown to this party."""
    if party.is_giver:
        return True
    if party.is_receiver:
        return pledge.shares_identity or not is_money_only
    return party.is_staff
