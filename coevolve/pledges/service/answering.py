"""Yes or no: accepting locks the lines and writes the promise into the books; declining gives a reason."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Mapping

from coevolve.config import settings
from coevolve.kit import clock, db, moves
from coevolve.kit.errors import Conflict, Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.text import clean_text
from coevolve.listings.models import Kind, Listing, ListingLine
from coevolve.listings.models import State as ListingState
from coevolve.pledges import queries
from coevolve.pledges.models import Pledge, PledgeLine, PledgeState
from coevolve.pledges.policy import Doer, Party
from coevolve.pledges.service import asking, bookings, needs, planning, progress, telling
from coevolve.pledges.service.offering import check_missing
from coevolve.pledges.service.promising import hold_of
from coevolve.pledges.service.requesting import check_supply

REASON_MOST = 500


def accept(
    *,
    pledge_id: uuid.UUID,
    by: Doer,
    quantities: Mapping[uuid.UUID, int] | None = None,
    slots: Collection[uuid.UUID] | None = None,
) -> Pledge:
    """Say yes, to all or to less: `quantities` by pledge line; what is not named is taken as offered.

    Of a facility's times that were asked for, those in `slots` are booked (None: all), the others are free again.

    Never more than is missing (money may exceed), never less than helps unless it fills the rest. Money paid at once
    needs no answer and is left alone.
    """
    pledge, party = asking.locked(pledge_id, by, "accept")
    undecided = _undecided(pledge)
    if pledge.state not in {PledgeState.offered, PledgeState.requested} or not undecided:
        raise Conflict("already_answered", lazy("Tawaran ini sudah dijawab."))
    listing = db.get(Listing, pledge.listing_id)
    if listing.state not in {ListingState.open, ListingState.paused}:
        raise Conflict("listing_closed", lazy("Halaman ini sedang tidak menerima dukungan."))
    wanted = {line.id: (quantities or {}).get(line.id, line.quantity) for line in undecided}
    asked = bookings.asked_of([line.id for line in undecided])
    wanted |= {line_id: bookings.chosen(rows, slots) for line_id, rows in asked.items()}
    if not any(wanted.values()):
        raise Invalid("nothing_accepted", lazy("Isi jumlah yang disepakati, atau tolak tawaran ini."))
    asking.lock_lines({line.line_id for line in undecided})
    totals = queries.totals_for([pledge.listing_id])
    for line in undecided:
        _check(line, wanted[line.id], totals)
    for line in sorted(undecided, key=lambda line: line.line_id):
        _agree(pledge, line, wanted[line.id], party)
    _answered(pledge, party)
    for rows in asked.values():
        bookings.settle(rows, slots, by=party.person_id)
    if pledge.is_request:
        pledge.lapses_at = bookings.lapses_at(undecided)
    _fit_plan(pledge, undecided, wanted)
    moves.move(pledge, PledgeState.accepted, by=party.person_id)
    lines = asking.lines_to_change(pledge.id)
    telling.record(pledge, "accepted", party.person_id, data={"quantities": _facts(lines)})
    if pledge.is_request:
        telling.tell_receiver(pledge, "accepted", lines)
    else:
        telling.tell_giver(pledge, "accepted", lines)
    progress.advance(pledge, by=party.person_id)
    return pledge


def _fit_plan(pledge: Pledge, lines: list[PledgeLine], wanted: Mapping[uuid.UUID, int]) -> None:
    """The days of money promised for later, for what was agreed."""
    for line in lines:
        if line.kind == "money" and wanted[line.id]:
            planning.refit(pledge, line, wanted[line.id])
            pledge.lapses_at = planning.latest(pledge, line)


def decline(*, pledge_id: uuid.UUID, by: Doer, reason: str) -> Pledge:
    """Say no, with a reason. Money of the same pledge that has come already stays given."""
    pledge, party = asking.locked(pledge_id, by, "decline")
    undecided = _undecided(pledge)
    if not undecided and pledge.is_pay_now:
        raise Conflict("money_is_given", lazy("Uang yang dibayar langsung tidak perlu dijawab."))
    said = clean_text(reason)
    if not said:
        raise Invalid("reason_missing", lazy("Tulis alasannya, agar pemberi mengerti."), field="reason")
    if len(said) > REASON_MOST:
        raise Invalid("too_long", lazy("Paling banyak %(most)s huruf.", most=REASON_MOST), field="reason")
    asking.require_move(pledge, PledgeState.declined)
    pledge.reason = said
    _answered(pledge, party)
    for rows in bookings.asked_of([line.id for line in undecided]).values():
        bookings.settle(rows, (), by=party.person_id)
    lines = asking.lines_to_change(pledge.id)
    if any(line.received_quantity for line in lines):
        for line in undecided:
            line.accepted_quantity = 0
        moves.move(pledge, PledgeState.accepted, by=party.person_id, cause="declined in part")
        progress.advance(pledge, by=party.person_id)
    else:
        moves.move(pledge, PledgeState.declined, by=party.person_id)
        progress.close_payments(pledge, by=party.person_id)
    telling.record(pledge, "declined", party.person_id, data={"reason": said})
    if pledge.is_request:
        telling.tell_receiver(pledge, "declined", undecided, reason=said)
    else:
        telling.tell_giver(pledge, "declined", undecided, reason=said)
    return pledge


def _undecided(pledge: Pledge) -> list[PledgeLine]:
    """The lines that wait for an answer: all but money paid at once."""
    return [
        line
        for line in asking.lines_to_change(pledge.id)
        if line.accepted_quantity is None and not (line.kind == "money" and pledge.is_pay_now)
    ]


def _check(line: PledgeLine, quantity: int, totals: Mapping[uuid.UUID, queries.Totals]) -> None:
    field = f"quantity-{line.id}"
    if not 0 <= quantity <= line.quantity:
        raise Invalid("more_than_offered", lazy("Isi jumlah antara 0 dan yang ditawarkan."), field=field)
    if not quantity or line.kind == "money":
        return
    about = db.get(ListingLine, line.line_id)
    if db.get(Listing, about.listing_id).kind == Kind.standing_offer:
        check_supply(quantity, about, line.period_on, totals, field=field)
    else:
        check_missing(quantity, about, totals[line.line_id], field=field)


def _agree(pledge: Pledge, line: PledgeLine, quantity: int, party: Party) -> None:
    """Agree to a quantity of one line and write the promise into the commitment book."""
    line.accepted_quantity = quantity
    if quantity == 0:
        return
    line.hold_id = hold_of(pledge, line, quantity, party)
    needs.promise(pledge, line, quantity, party)


def _answered(pledge: Pledge, party: Party) -> None:
    pledge.answered_at = clock.now()
    pledge.lapses_at = clock.now() + dt.timedelta(days=settings().pledge_lapse_days)
    if pledge.is_request:
        pledge.giver_person_id = pledge.giver_person_id or party.person_id
    else:
        pledge.receiver_person_id = pledge.receiver_person_id or party.person_id


def _facts(lines: list[PledgeLine]) -> dict[str, str]:
    return {str(line.line_id): f"{line.accepted_quantity or 0} {line.unit}" for line in lines}
