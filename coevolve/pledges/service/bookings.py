"""Times of facilities on offer: asked for, booked, given back; and what is told the day before."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError

from coevolve.config import settings
from coevolve.kit import clock, db, moves
from coevolve.kit.db import session
from coevolve.kit.errors import Conflict, Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.text import clean_text
from coevolve.ledger import queries as ledger_queries
from coevolve.ledger import service as ledger
from coevolve.listings.models import ListingLine
from coevolve.listings.slots import Slot, period_end, quantity_of
from coevolve.pledges import queries
from coevolve.pledges.models import FulfilmentState, Pledge, PledgeFulfilment, PledgeLine, PledgeState
from coevolve.pledges.policy import Doer, Party
from coevolve.pledges.service import asking, needs, progress, telling
from coevolve.pledges.service.promising import hold_of

F = FulfilmentState
REASON_MOST = 500
SOON = dt.timedelta(hours=24)


def ask(line: PledgeLine, slots: Sequence[Slot], *, by: uuid.UUID | None, field: str | None) -> None:
    """Keep times for a request until it is answered; whoever asks second is refused."""
    place = db.get(ListingLine, line.line_id).handover_place
    try:
        with session().begin_nested():
            for slot in slots:
                row = PledgeFulfilment(
                    pledge_line_id=line.id,
                    kind="facility",
                    state=F.asked,
                    quantity_sent=quantity_of(slot, line.unit),
                    slot=Range(slot.starts_at, slot.ends_at, bounds="[)"),
                    facility_id=line.line_id,
                    place=place,
                    happened_at=slot.starts_at,
                )
                moves.begin(row, by=by)
            session().flush()
    except IntegrityError as collision:
        if "ex_pledge_fulfilment_slot" not in str(collision):
            raise
        raise Conflict(
            "slot_taken", lazy("Waktu ini baru saja diambil orang lain. Pilih waktu lain."), field=field
        ) from None


def asked_of(line_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[PledgeFulfilment]]:
    """The times that wait for an answer, by pledge line, soonest first."""
    statement = (
        select(PledgeFulfilment)
        .where(PledgeFulfilment.pledge_line_id.in_(line_ids), PledgeFulfilment.state == F.asked)
        .order_by(PledgeFulfilment.happened_at, PledgeFulfilment.id)
        .execution_options(populate_existing=True)
    )
    found: dict[uuid.UUID, list[PledgeFulfilment]] = {}
    for row in session().execute(statement).scalars():
        found.setdefault(row.pledge_line_id, []).append(row)
    return found


def chosen(asked: Sequence[PledgeFulfilment], slots: Collection[uuid.UUID] | None) -> int:
    """How much the chosen times come to; a time that has begun cannot be chosen any more."""
    taken = [row for row in asked if slots is None or row.id in slots]
    if any(row.slot.lower <= clock.now() for row in taken if row.slot is not None):
        raise Conflict(
            "slot_past", lazy("Waktu yang diminta sudah lewat. Tolak, atau pilih waktu yang masih ada.")
        )
    return sum(row.quantity_sent for row in taken)


def settle(
    asked: Sequence[PledgeFulfilment], slots: Collection[uuid.UUID] | None, *, by: uuid.UUID | None
) -> None:
    """Book the times that were agreed to, free the others."""
    for row in asked:
        is_taken = slots is None or row.id in slots
        moves.move(row, F.booked if is_taken else F.cancelled, by=by)


def lapses_at(lines: Sequence[PledgeLine]) -> dt.datetime:
    """When an agreed request ends if nothing happens: some time after its last day."""
    patience = dt.timedelta(days=settings().pledge_lapse_days)
    ends = [clock.now()]
    for line in lines:
        if line.period_on is not None:
            last = period_end(db.get(ListingLine, line.line_id).per, line.period_on)
            ends.append(dt.datetime.combine(last, dt.time(), tzinfo=dt.UTC))
        if line.available_until is not None:
            ends.append(dt.datetime.combine(line.available_until, dt.time(), tzinfo=dt.UTC))
    return max(ends) + patience


def cancel_booking(*, fulfilment_id: uuid.UUID, by: Doer, reason: str = "") -> PledgeFulfilment:
    """One side gives a booked time back before it begins; it is free for others at once."""
    pledge, line, fulfilment, party = asking.locked_fulfilment(fulfilment_id, by, "cancel_booking")
    said = clean_text(reason)
    if len(said) > REASON_MOST:
        raise Invalid("too_long", lazy("Paling banyak %(most)s huruf.", most=REASON_MOST), field="reason")
    if fulfilment.state != F.booked or not pledge.is_request:
        raise Conflict("not_booked", lazy("Waktu ini tidak sedang dipesan."))
    if fulfilment.slot is not None and fulfilment.slot.lower <= clock.now():
        raise Conflict("slot_begun", lazy("Waktunya sudah mulai, jadi tidak dapat dibatalkan lagi."))
    fulfilment.evidence = said or fulfilment.evidence
    moves.move(fulfilment, F.cancelled, by=party.person_id, cause=said[:200])
    number = telling.record(
        pledge, "booking_cancelled", party.person_id, data={"fulfilment": str(fulfilment.id), "reason": said}
    )
    tell = telling.tell_receiver if party.is_giver else telling.tell_giver
    tell(pledge, "booking_cancelled", [line], key=str(fulfilment.id), reason=said, **_when(fulfilment))
    release(pledge, line, fulfilment.quantity_sent, party, number)
    return fulfilment


def release(pledge: Pledge, line: PledgeLine, quantity: int, party: Party, number: int) -> None:
    """Less is agreed than before: the promise is written anew for its rest; with nothing left the request ends."""
    if line.hold_id is not None and ledger_queries.outstanding(line.hold_id) > 0:
        ledger.void(
            key=progress.void_key(line),
            pending_id=line.hold_id,
            source_kind="pledge",
            source_id=pledge.id,
            kind="pledge.changed",
        )
    needs.give_up(pledge, line)
    line.accepted_quantity = max(line.received_quantity, (line.accepted_quantity or 0) - quantity)
    rest = line.accepted_quantity - line.received_quantity
    line.hold_from = line.received_quantity
    line.hold_id = hold_of(pledge, line, rest, party, change=number) if rest else None
    if rest:
        needs.promise(pledge, line, rest, party, change=number)
    session().flush()
    if any(one.accepted_quantity for one in asking.lines_to_change(pledge.id)):
        progress.advance(pledge, by=party.person_id)
    else:
        moves.move(pledge, PledgeState.cancelled, by=party.person_id, cause="every time was given back")
        progress.give_up_rest(pledge, by=party.person_id)
        telling.record(pledge, "cancelled", party.person_id)


def remind_soon(*, limit: int = 1000) -> int:
    """Tell both sides of bookings and hand-overs that begin within a day; each once."""
    now = clock.now()
    told = 0
    for fulfilment in queries.soon(now, now + SOON, limit=limit):
        line = db.get(PledgeLine, fulfilment.pledge_line_id)
        pledge = db.get(Pledge, line.pledge_id)
        when = _when(fulfilment)
        for tell in (telling.tell_giver, telling.tell_receiver):
            tell(pledge, "soon", [line], key=str(fulfilment.id), **when)
        told += 1
    return told


def _when(fulfilment: PledgeFulfilment) -> dict[str, str]:
    """The time and place of a booking, for notices."""
    if fulfilment.slot is None:
        return {}
    return {"starts_at": fulfilment.slot.lower.isoformat(), "place": fulfilment.place}
