"""A request on an offer that fulfils the asker's own need as well: the same promise stands in the need's books."""

from __future__ import annotations

import uuid

from coevolve.kit import db
from coevolve.kit.errors import Invalid
from coevolve.kit.i18n import lazy
from coevolve.ledger import accounts
from coevolve.ledger import queries as ledger_queries
from coevolve.ledger import service as ledger
from coevolve.listings.models import Kind, Listing, ListingLine, State
from coevolve.pledges import queries
from coevolve.pledges.models import Pledge, PledgeLine
from coevolve.pledges.policy import Party


def check(
    need_line_id: uuid.UUID, line: ListingLine, organisation_id: uuid.UUID, *, field: str | None
) -> None:
    """Refuse a need that is not the asker's own, not open, or counted in another unit."""
    need = db.session().get(ListingLine, need_line_id)
    listing = db.session().get(Listing, need.listing_id) if need is not None else None
    if (
        need is None
        or listing is None
        or listing.organisation_id != organisation_id
        or listing.kind not in {Kind.need, Kind.campaign}
        or listing.state != State.open
        or (need.kind, need.unit) != (line.kind, line.unit)
    ):
        raise Invalid(
            "need_unknown",
            lazy("Pilih kebutuhan Anda sendiri yang sedang tayang dan sama satuannya."),
            field=field,
        )


def promise(
    pledge: Pledge, line: PledgeLine, amount: int, party: Party, *, change: int | None = None
) -> None:
    """Count what was agreed towards the need too: no more than it still misses, nothing once it is closed."""
    if line.need_line_id is None:
        return
    need = db.get(ListingLine, line.need_line_id)
    if db.get(Listing, need.listing_id).state not in {State.open, State.paused}:
        return
    missing = queries.missing_of(queries.totals_for([need.listing_id])[need.id])
    counted = amount if missing is None else min(amount, missing)
    if counted <= 0:
        return
    line.need_hold_id = ledger.hold(
        key=f"pledge_line:{line.id}:need" + (f":{change}" if change is not None else ""),
        kind="pledge.accepted",
        debit_id=accounts.promises(need.id, line.unit, owner_kind="listing_line"),
        credit_id=accounts.promised_to(need.id, line.unit, owner_kind="listing_line"),
        amount=counted,
        unit=line.unit,
        source_kind="pledge",
        source_id=pledge.id,
        actor=str(party.person_id or "link"),
    )


def keep(pledge: Pledge, line: PledgeLine, fulfilment_id: uuid.UUID, kept: int) -> uuid.UUID | None:
    """Count what was kept as received by the need; the need's listing, if anything was counted."""
    if line.need_hold_id is None or line.need_line_id is None:
        return None
    counted = min(kept, ledger_queries.outstanding(line.need_hold_id))
    if counted <= 0:
        return None
    ledger.fulfil(
        key=f"pledge_fulfilment:{fulfilment_id}:need",
        kind="pledge.need_kept",
        pending_id=line.need_hold_id,
        amount=counted,
        unit=line.unit,
        source_kind="pledge",
        source_id=pledge.id,
    )
    return db.get(ListingLine, line.need_line_id).listing_id


def give_up(pledge: Pledge, line: PledgeLine) -> None:
    """Void what the need was still to get."""
    if line.need_hold_id is not None and ledger_queries.outstanding(line.need_hold_id) > 0:
        ledger.void(
            key=f"pledge_line:{line.id}:need_void:{line.need_hold_id}",
            pending_id=line.need_hold_id,
            source_kind="pledge",
            source_id=pledge.id,
            kind="pledge.given_up",
        )
