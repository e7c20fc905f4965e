"""What these pages share: the blueprint, who reads, how a few typed words are taken."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import Blueprint
from werkzeug.wrappers import Response

from coevolve.kit.db import commit, session
from coevolve.kit.errors import DomainError, NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.pages import actor, flash_success, form_refusal, see_other
from coevolve.listings import queries as listings
from coevolve.listings.models import Listing
from coevolve.organisations import queries as organisations
from coevolve.organisations.models import Organisation
from coevolve.people.models import Person

blueprint = Blueprint("matching", __name__)

BIG = 9_223_372_036_854_775_807
NOT_FOUND = lazy("Halaman atau data ini tidak ada.")


LISTING = "/dasbor/<slug>/listing/<uuid:listing_id>"
"""A listing on the desk of its organisation, as the editor has it."""


def my_listing(slug: str, listing_id: uuid.UUID) -> tuple[Organisation, Listing, str]:
    """A listing of an organisation where the reader has a seat, and the address of its desk."""
    organisation = organisations.find_by_slug(slug)
    listing = listings.find(listing_id)
    if (
        organisation is None
        or organisations.role_in(me().id, organisation.id) is None
        or listing is None
        or listing.organisation_id != organisation.id
    ):
        raise NotFound("not_found", NOT_FOUND)
    return organisation, listing, f"/dasbor/{slug}/listing/{listing.id}"


def me() -> Person:
    """The signed-in person (the guard has seen to it)."""
    person: Person | None = actor()
    if person is None:
        raise NotFound("not_found", NOT_FOUND)
    return person


def done_with(form: Any, step: Callable[[], object], words: Any, path: str) -> Response | None:
    """Do what a form asks, say so and go on; None when it was refused, with the sentence beside its field."""
    if not form.validate_on_submit():
        return None
    try:
        step()
    except NotFound:
        raise
    except DomainError as refusal:
        session().rollback()
        form_refusal(form, refusal)
        return None
    commit()
    flash_success(words)
    return see_other(path)
