"""The open book: what came into each fund, what left it, and the seals that prove nobody changed it afterwards."""

from __future__ import annotations

from typing import Any

from flask import request
from werkzeug.wrappers import Response as BaseResponse

from coevolve.kit import checks, i18n
from coevolve.kit.access import access
from coevolve.kit.errors import NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.money import Money, format_rupiah
from coevolve.kit.pages import page
from coevolve.kit.tables import csv_file
from coevolve.ledger import queries
from coevolve.ledger.views.door import blueprint
from coevolve.ledger.words import FLOWS, flow_of
from coevolve.listings import queries as listings
from coevolve.listings.models import PUBLIC
from coevolve.listings.queries.cards import PATHS
from coevolve.localities import queries as localities
from coevolve.organisations import queries as organisations

ROWS = 50
UNIT = "IDR"


@blueprint.get("/buku")
@access("public")
def books() -> BaseResponse:
    """All funds together, what the provider took, and the daily seals."""
    return page(
        "ledger/books.html",
        check=checks.last(),
        funds=queries.all_funds(UNIT),
        hands=queries.sum_of("in_hands", UNIT),
        fees=-queries.sum_of("fee_expense", UNIT),
        seals=[(one.day, one.row_count, one.sha256.hex()) for one in queries.seals()],
    )


@blueprint.get("/buku/segel.csv")
@access("public")
def seals() -> BaseResponse:
    """Every seal, for whoever keeps a copy to compare with later."""
    head = ("day", "first_id", "last_id", "row_count", "previous_sha256", "sha256")
    rows = (
        (
            one.day.isoformat(),
            one.first_id,
            one.last_id,
            one.row_count,
            one.previous_sha256.hex(),
            one.sha256.hex(),
        )
        for one in queries.seals(limit=10_000)
    )
    return csv_file("segel", head, rows)


@blueprint.get("/buku/<slug>")
@access("public")
def fund(slug: str) -> BaseResponse:
    """The fund of one campaign: its sums, and every movement behind them."""
    listing = _listing(slug)
    account = _fund_account(listing)
    before = request.args.get("sesudah", type=int)
    if before is not None and not 0 < before < 2**63:
        before = None
    shown = queries.movements(account, limit=ROWS + 1, before_id=before) if account else []
    flows = _sums(account)
    zone = localities.zone_of(listing.locality_code)
    return page(
        "ledger/fund.html",
        check=checks.last(),
        listing=listing,
        organisation=organisations.get(listing.organisation_id),
        path=f"/{PATHS[listing.kind]}/{listing.slug}",
        sums=[(label, i18n.number(count), format_rupiah(amount)) for label, amount, count in flows],
        balance=sum(amount for _label, amount, _count in flows),
        lines=[
            (i18n.datetime(one.at, zone), FLOWS[_flow(one)], format_rupiah(one.amount))
            for one in shown[:ROWS]
        ],
        more=shown[ROWS - 1].id if len(shown) > ROWS else None,
        is_later_page=before is not None,
    )


@blueprint.get("/buku/<slug>.csv")
@access("public")
def fund_rows(slug: str) -> BaseResponse:
    """Every movement of the fund, newest first; the columns are explained on the page."""
    account = _fund_account(_listing(slug))
    head = ("id", "at", "kind", "kind_label", "amount_idr")
    rows = (
        (one.id, one.at, _flow(one), FLOWS[_flow(one)], Money(one.amount, one.unit))
        for one in (queries.all_movements(account) if account else ())
    )
    return csv_file(f"buku-{slug}", head, rows)


def _listing(slug: str) -> Any:
    found = listings.find_by_slug(slug)
    if found is None or found.state not in PUBLIC:
        raise NotFound("listing_not_found", lazy("Tayangan ini tidak ada, atau belum tayang."))
    return found


def _fund_account(listing: Any) -> int | None:
    return queries.find_account(f"fund:{listing.id}:{UNIT}")


def _flow(movement: queries.Movement) -> str:
    return flow_of(movement.other_account.partition(":")[0], movement.source_kind, movement.amount)


def _sums(account: int | None) -> list[tuple[Any, int, int]]:
    """Words, signed sum and number of rows per kind of movement, in the order of FLOWS."""
    found: dict[str, list[int]] = {}
    for flow in queries.flows(account) if account else ():
        total = found.setdefault(flow_of(flow.other_kind, flow.source_kind, flow.amount), [0, 0])
        total[0] += flow.amount
        total[1] += flow.count
    return [(label, *found[kind]) for kind, label in FLOWS.items() if kind in found]
