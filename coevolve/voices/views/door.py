"""What these pages share."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint

from coevolve.kit.db import session
from coevolve.kit.errors import DomainError, NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.pages import actor, form_refusal
from coevolve.listings import queries as listings
from coevolve.listings.models import PUBLIC, Listing
from coevolve.listings.queries.cards import PATHS
from coevolve.organisations import queries as organisations
from coevolve.organisations.models import Organisation
from coevolve.people.models import Person

blueprint = Blueprint("voices", __name__)
NOT_FOUND = lazy("Halaman atau data ini tidak ada.")


def me() -> Person:
    """The signed-in person (the guard has seen to it)."""
    person: Person | None = actor()
    if person is None:
        raise NotFound("not_found", NOT_FOUND)
    return person


def shown_listing(slug: str) -> Listing:
    """The public listing of an address."""
    found = listings.find_by_slug(slug)
    if found is None or found.state not in PUBLIC:
        raise NotFound("not_found", NOT_FOUND)
    return found


def my_organisation(slug: str) -> tuple[Organisation, str]:
    """The organisation of a desk and my role in it; for others it is not there."""
    organisation = organisations.find_by_slug(slug)
    role = organisations.role_in(me().id, organisation.id) if organisation else None
    if organisation is None or role is None:
        raise NotFound("not_found", NOT_FOUND)
    return organisation, role


def my_listing(slug: str, listing_id: uuid.UUID) -> tuple[Organisation, Listing, str]:
    """A listing of a desk of mine."""
    organisation, role = my_organisation(slug)
    listing = listings.find(listing_id)
    if listing is None or listing.organisation_id != organisation.id:
        raise NotFound("not_found", NOT_FOUND)
    return organisation, listing, role


def path_of(listing: Listing) -> str:
    """The public address of a listing."""
    return f"/{PATHS[listing.kind]}/{listing.slug}"


def refused(form: Any, refusal: DomainError) -> None:
    """Undo what was begun, and put the sentence beside its field."""
    session().rollback()
    form_refusal(form, refusal)
