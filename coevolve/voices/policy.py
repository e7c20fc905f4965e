"""Who may speak about a listing."""

from __future__ import annotations

from coevolve.listings import policy as listing_policy
from coevolve.listings.models import EDITABLE, Kind, Listing, State
from coevolve.localities import queries as localities
from coevolve.organisations import queries as organisations
from coevolve.organisations.models import Organisation
from coevolve.organisations.models import State as OrganisationState
from coevolve.people.models import Person

JOINT_KINDS = frozenset({"cso", "community_group"})
"""Organisations that may ask jointly."""
BEFORE_THE_END = EDITABLE | {State.in_review, State.open, State.paused}


def may_write(person: Person, listing: Listing) -> bool:
    """Members who write for the organisation ask officials and answer questions."""
    return listing_policy.may_write_for(person, listing.organisation_id)


def may_lead(person: Person, listing: Listing) -> bool:
    """Owners of the leading organisation invite partners."""
    return organisations.role_in(person.id, listing.organisation_id) == "owner"


def may_attest(person: Person, listing: Listing) -> bool:
    """Officers of a checked agency whose area holds the listing's place, about what everybody can see."""
    if listing.state not in (State.open, State.paused) or listing.locality_code is None:
        return False
    if organisations.role_in(person.id, listing.organisation_id) is not None:
        return False
    around = set(localities.ancestor_codes(listing.locality_code))
    return not around.isdisjoint(organisations.areas_of(person.id))


def may_ask(person: Person, listing: Listing) -> bool:
    """Anybody signed in but the listing's own members, while it can be supported."""
    return (
        listing.state in (State.open, State.paused)
        and organisations.role_in(person.id, listing.organisation_id) is None
    )


def may_join(listing: Listing, partner: Organisation) -> bool:
    """A checked CSO or group other than the one that leads; needs and campaigns only."""
    return (
        listing.kind in (Kind.need, Kind.campaign)
        and listing.state in BEFORE_THE_END
        and partner.id != listing.organisation_id
        and partner.kind in JOINT_KINDS
        and partner.state == OrganisationState.checked
    )
