"""Who may tie places together."""

from __future__ import annotations

from coevolve.localities import queries as localities
from coevolve.organisations import queries as organisations
from coevolve.people import queries as people
from coevolve.people.models import Person


def may_manage(person: Person) -> bool:
    """Admins found networks and decide on links."""
    return "admin" in people.staff_roles(person.id)


def areas(person: Person) -> list[str]:
    """The localities an officer speaks for."""
    return organisations.areas_of(person.id)


def may_propose(person: Person, code: str, other: str) -> bool:
    """Admins, and officers of an agency whose area holds one of the two places."""
    if may_manage(person):
        return True
    own = set(areas(person))
    return any(not own.isdisjoint(localities.ancestor_codes(place)) for place in (code, other))
