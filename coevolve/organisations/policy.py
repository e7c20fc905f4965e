"""Who may do what for an organisation. Asked at every use: a right ends with the membership it hangs from."""

from __future__ import annotations

import uuid
from typing import Protocol

from sqlalchemy import select

from coevolve.kit import db
from coevolve.organisations.models import Kind, Membership, Organisation, Role, State

EVERYONE = frozenset({Role.owner, Role.finance, Role.member})
WRITERS = frozenset({Role.owner, Role.member})
MONEY = frozenset({Role.owner, Role.finance})
OWNERS = frozenset({Role.owner})

ROLES: dict[str, frozenset[Role]] = {
    "see": EVERYONE,
    "write": WRITERS,
    "edit": WRITERS,
    "submit": OWNERS,
    "publish": OWNERS,
    "pause": OWNERS,
    "close": OWNERS,
    "file_claim": OWNERS,
    "manage_members": OWNERS,
    "refuse": OWNERS,
    "answer_pledges": WRITERS,
    "confirm_receipt": EVERYONE,
    "give": MONEY,
    "see_donors": MONEY,
    "touch_money": MONEY,
}
"""Verb -> the roles it is open to."""

STATES: dict[str, frozenset[State]] = {
    "publish": frozenset({State.checked}),
    "pause": frozenset({State.checked}),
    "close": frozenset({State.checked}),
    "answer_pledges": frozenset({State.checked}),
    "give": frozenset({State.checked}),
    "touch_money": frozenset({State.checked}),
    "submit": frozenset({State.draft, State.returned}),
    "edit": frozenset({State.draft, State.returned, State.checked}),
    "write": frozenset({State.draft, State.in_review, State.returned, State.checked}),
    "file_claim": frozenset({State.draft, State.returned, State.checked}),
}
"""Verb -> the states in which it is possible at all; a verb not here is possible in any."""

WITH_SECOND_FACTOR = frozenset(
    {
        "submit",
        "publish",
        "pause",
        "close",
        "file_claim",
        "manage_members",
        "see_donors",
        "touch_money",
        "give",
    }
)
"""Verbs whose pages ask for a fresh code (`@access(..., step_up=True)`)."""


class HasId(Protocol):
    """Anyone with a key: a Person, or a stand-in."""

    id: uuid.UUID


def allows(role: str | None, state: str, verb: str) -> bool:
    """Whether a role may do the verb while the organisation is in this state. Pure."""
    if role is None or Role(role) not in ROLES[verb]:
        return False
    return verb not in STATES or State(state) in STATES[verb]


def may(person: HasId | None, verb: str, organisation: Organisation) -> bool:
    """Whether the person may do the verb for the organisation now: by a live membership, read afresh."""
    if verb not in ROLES:
        raise ValueError(verb)
    if person is None or person.id is None:
        return False
    role = db.session().execute(
        select(Membership.role).where(
            Membership.person_id == person.id,
            Membership.organisation_id == organisation.id,
            Membership.until.is_(None),
        )
    )
    return allows(role.scalar_one_or_none(), organisation.state, verb)


def is_public(organisation: Organisation) -> bool:
    """Whether the organisation's page is for everybody; frozen ones stay, with a neutral notice."""
    return organisation.state in {State.checked, State.frozen}


def may_publish(organisation: Organisation) -> bool:
    """Whether listings of the organisation may go public."""
    return organisation.state == State.checked


def is_agency(organisation: Organisation) -> bool:
    """Whether its members are officers, bound to its area."""
    return organisation.kind == Kind.government_agency
