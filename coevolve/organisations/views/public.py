"""What everybody may see: the list of organisations and the page of one."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from flask import request
from werkzeug.wrappers import Response

from coevolve.kit import i18n
from coevolve.kit.access import access
from coevolve.kit.errors import NotFound
from coevolve.kit.i18n import gettext as _
from coevolve.kit.pages import actor, page
from coevolve.kit.text import clean_line
from coevolve.listings import queries as listings
from coevolve.listings import sectors
from coevolve.listings.queries.cards import KIND_LABELS, PATHS
from coevolve.localities import queries as localities
from coevolve.organisations import policy, queries, words
from coevolve.organisations.models import Organisation
from coevolve.organisations.queries import Checked, TrustCard
from coevolve.organisations.sharing import shared_of
from coevolve.organisations.views.door import NOT_FOUND, blueprint, place_label


@blueprint.get("/organisasi")
@access("public")
def directory() -> Response:
    """Checked organisations by name, with search and filters in the address."""
    kind = request.args.get("jenis", "")
    place = localities.find(clean_line(request.args.get("tempat"))[:20])
    typed = clean_line(request.args.get("kata"))[:80]
    found = queries.directory(
        words=typed,
        kind=kind if kind in words.KINDS else "",
        place=place.code if place is not None else "",
        after=_cursor(request.args.get("sesudah")),
    )
    kept = {name: value for name, value in request.args.items() if name != "sesudah" and value}
    rows = [
        {
            "href": f"/organisasi/{row.slug}",
            "name": row.name,
            "kind": words.KINDS[row.kind],
            "place": place_label(row.home_locality_code),
            "summary": row.summary,
            "level": words.LEVELS[row.level],
            "is_frozen": row.state == "frozen",
        }
        for row in found.rows
    ]
    return page(
        "organisations/directory.html",
        rows=rows,
        total=found.total,
        next=f"/organisasi?{urlencode({**kept, 'sesudah': found.next})}" if found.next else None,
        kinds=words.KINDS,
        kind=kind,
        typed=typed,
        place=place,
        place_name=place_label(place.code) if place is not None else "",
        back=f"/organisasi?{urlencode({k: v for k, v in kept.items() if k != 'tempat'})}",
    )


def _cursor(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        return None


@blueprint.get("/organisasi/<slug>")
@access("public")
def profile(slug: str) -> Response:
    """The public page: who they are, what was checked and what was not, what is open."""
    organisation = queries.get_by_slug(slug)
    is_member = policy.may(actor(), "see", organisation)
    if not policy.is_public(organisation) and not is_member:
        raise NotFound("not_found", NOT_FOUND)
    card = queries.trust_card(organisation)
    shown = [
        {
            "href": f"/{PATHS[listing.kind]}/{listing.slug}",
            "title": listing.title,
            "kind": KIND_LABELS[listing.kind],
            "closes_on": listing.closes_on,
        }
        for listing in listings.of_organisation(organisation.id)
        if listing.state == "open"
    ]
    chain = [
        (step.name, f"/lokalitas/{step.code}")
        for step in localities.ancestors(organisation.home_locality_code)
    ]
    return page(
        "organisations/profile.html",
        organisation=organisation,
        kind=words.KINDS[organisation.kind],
        place=place_label(organisation.home_locality_code),
        sectors=[sectors.label(code) for code in organisation.sectors if sectors.label(code)],
        listings=shown,
        updates=listings.updates_of(organisation_id=organisation.id),
        chain=chain,
        is_member=is_member,
        shared=shared_of(organisation, card) if policy.is_public(organisation) else None,
        **trust(card, organisation),
    )


def trust(card: TrustCard, organisation: Organisation) -> dict[str, Any]:
    """The trust card in words."""
    zone = localities.zone_of(organisation.home_locality_code)
    newest = card.newest
    return {
        "level": card.level,
        "level_words": words.LEVELS[card.level],
        "checked_words": _("Diperiksa %(when)s", when=i18n.date(newest, zone)) if newest else "",
        "checked": [(words.SUBJECTS[line.subject], _line(line)) for line in card.checked],
        "lapsed": [(words.SUBJECTS[line.subject], _line(line)) for line in card.lapsed],
        "unchecked": [words.SUBJECTS[subject] for subject in card.unchecked],
    }


def _line(line: Checked) -> str:
    when, method = i18n.date(line.checked_on), words.METHODS[line.method]
    if line.expires_on is None:
        return _("%(when)s oleh moderator, %(method)s", when=when, method=method)
    until = i18n.date(line.expires_on)
    return _(
        "%(when)s oleh moderator, %(method)s; berlaku sampai %(until)s", when=when, method=method, until=until
    )
