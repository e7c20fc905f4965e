"""What everybody may see: each accepted receipt of a listing, by line of its budget; and the same as a file."""

from __future__ import annotations

from typing import Any

from flask import redirect
from werkzeug.wrappers import Response

from coevolve.disbursements import queries
from coevolve.disbursements.views.door import blueprint
from coevolve.kit.access import access
from coevolve.kit.errors import NotFound
from coevolve.kit.i18n import _, lazy
from coevolve.kit.money import Money
from coevolve.kit.pages import page
from coevolve.kit.tables import csv_file
from coevolve.listings import queries as listings
from coevolve.listings.models import PUBLIC, Listing
from coevolve.listings.queries.cards import PATHS
from coevolve.organisations import queries as organisations


def _listing(word: str, slug: str) -> Listing:
    listing = listings.find_by_slug(slug)
    if listing is None or listing.state not in PUBLIC or PATHS[listing.kind] != word:
        raise NotFound("listing_not_found", lazy("Tayangan ini tidak ada, atau belum tayang."))
    return listing


@blueprint.get("/<any(kebutuhan,kampanye):word>/<slug>/pemakaian")
@access("public")
def spending(word: str, slug: str) -> Any:
    """Planned, given, spent and proven, line by line, then every receipt."""
    listing = _listing(word, slug)
    if listing.slug != slug:
        return redirect(f"/{word}/{listing.slug}/pemakaian", code=301)
    lines = queries.budget_of(listing.id)
    given = queries.disbursed_by_line(listing.id)
    return page(
        "disbursements/spending.html",
        listing=listing,
        organisation=organisations.get(listing.organisation_id),
        path=f"/{word}/{listing.slug}",
        lines=lines,
        given=given,
        planned=sum(line.quantity for line in lines),
        disbursed=sum(given.values()),
        spent=sum(line.spent for line in lines),
        hands=queries.in_hands_of([listing.id]).get(listing.id, 0),
        unreported=queries.own_left_of(listing.id),
        receipts=sum(line.receipts for line in lines),
        rows=queries.spent_rows(listing.id),
        reports=queries.accepted_reports(listing.id),
    )


@blueprint.get("/<any(kebutuhan,kampanye):word>/<slug>/pemakaian.csv")
@access("public")
def spending_file(word: str, slug: str) -> Response:
    """Every accepted receipt as a file."""
    listing = _listing(word, slug)
    return csv_file(
        f"pemakaian-{listing.slug}",
        [
            _("Baris anggaran"),
            _("Tanggal nota"),
            _("Untuk membayar apa"),
            _("Jumlah"),
            _("Mata uang"),
            _("Diperiksa"),
        ],
        [
            [row.line, row.spent_on, row.what, Money(row.amount, "IDR"), "IDR", row.accepted_at]
            for row in queries.spent_rows(listing.id, limit=10_000)
        ],
    )
