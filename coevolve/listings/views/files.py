"""The bytes of photos and documents, for whoever may see the page they are on."""

from __future__ import annotations

import re
import uuid
from typing import Any

from flask import Response, make_response

from coevolve.config import settings
from coevolve.kit import photos
from coevolve.kit.access import access
from coevolve.kit.errors import NotFound
from coevolve.kit.pages import actor, file_answer
from coevolve.kit.reads import read_only
from coevolve.listings import policy, queries
from coevolve.listings.queries.news import SHOWN_STATES
from coevolve.listings.views.door import NOT_FOUND, blueprint
from coevolve.organisations import queries as organisations

NAME = re.compile(r"([0-9a-f]{32})-((?:360|720|1280)\.(?:avif|webp)|720\.jpg)")


@blueprint.get("/foto/<name>")
@access("public")
def photo(name: str) -> Response:
    """One size of a photo. Its address holds the hash of the picture: what was sent once is not asked for again."""
    read_only()
    read = NAME.fullmatch(name)
    if read is None:
        raise NotFound("not_found", NOT_FOUND)
    key, part = read.groups()
    uses = queries.photo_uses(key)
    if not uses.is_public and not _may_see_one(uses.listing_ids):
        raise NotFound("not_found", NOT_FOUND)
    response = _sent(key, part)
    response.mimetype = photos.TYPES[part.rpartition(".")[2]]
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = (
        "public, max-age=31536000, immutable" if uses.is_public else "private, no-store"
    )
    return response


def _may_see_one(listing_ids: tuple[uuid.UUID, ...]) -> bool:
    """Whether the reader is a member of an organisation that uses the photo, or a moderator."""
    person = actor()
    if person is None or not listing_ids:
        return False
    if policy.is_moderator(person):
        return True
    return any(
        organisations.role_in(person.id, queries.get(listing_id).organisation_id) is not None
        for listing_id in listing_ids
    )


def _sent(key: str, part: str) -> Response:
    """By the proxy when it knows the folder; else from disk."""
    inner = settings().photo_accel
    if inner:
        response = make_response(b"")
        response.headers["X-Accel-Redirect"] = inner + photos.inner_path(key, part)
        return response
    try:
        return make_response(photos.path_of(key, part).read_bytes())
    except FileNotFoundError:
        raise NotFound("not_found", NOT_FOUND) from None


@blueprint.get("/dokumen/<uuid:document_id>")
@access("public")
def document(document_id: uuid.UUID) -> Any:
    """A document to save: for everybody when it and its listing are public, else for members and moderators."""
    found = queries.find_document(document_id)
    if found is None:
        raise NotFound("not_found", NOT_FOUND)
    row, stored = found
    listing = queries.get(row.listing_id)
    organisation = organisations.get(listing.organisation_id)
    is_public = row.is_public and listing.state in SHOWN_STATES and organisation.state != "frozen"
    if not is_public and not _may_see_one((listing.id,)):
        raise NotFound("not_found", NOT_FOUND)
    return file_answer(stored)
