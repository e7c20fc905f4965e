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
RECEIVER_VERBS = frozenset({"receive", "confirm", "contest"})
LINK_VERBS = frozenset({"see", "schedule", "hand_over", "pay", "withdraw", "receive", "confirm", "contest"})
"""What a signed link may do without sign-in; answering an offer is for members."""


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody seen from one pledge: on which side, with which rights there."""

    person_id: uuid.UUID | None = None
    is_giver: bool = False
    is_receiver: bool = False
    may_answer: bool = False
    """Answers offers for the receiver (owner or member of a checked organisation)."""
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
    is_giver = pledge.giver_organisation_id is None and pledge.giver_person_id == person.id
    if pledge.giver_organisation_id is not None:
        is_giver = organisations.role_in(person.id, pledge.giver_organisation_id) is not None
    return Party(
        person_id=person.id,
        is_giver=is_giver,
        is_receiver=role is not None,
        may_answer=organisation_policy.allows(role, receiver.state, "answer_pledges"),
        is_staff=bool(people.staff_roles(person.id) & {"moderator", "finance"}),
    )


def party_by_link(side: str) -> Party:
    """Whoever holds a signed link of one side."""
    return Party(is_giver=side == "giver", is_receiver=side == "receiver", is_link=True)


def allows(party: Party, verb: str, pledge: Pledge) -> bool:
    """Whether the party may do the verb; the state table is asked by the mover. Pure."""
    if party.is_stranger or (party.is_link and verb not in LINK_VERBS):
        return False
    if verb == "see":
        return True
    if verb in {"accept", "decline"}:
        return party.is_giver if pledge.is_request else party.may_answer
    if verb == "withdraw":
        asked = pledge.is_request and pledge.state == PledgeState.requested
        return party.may_answer if asked else party.is_giver
    if verb == "schedule":
        return party.is_giver or party.is_receiver
    if verb in GIVER_VERBS:
        return party.is_giver
    return verb in RECEIVER_VERBS and party.is_receiver


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
