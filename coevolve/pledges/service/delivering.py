"""Hand-overs, shifts and bookings: the giver says it is done, the receiver counts; both sides confirm."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError

from coevolve.kit import clock, i18n, moves
from coevolve.kit.db import session
from coevolve.kit.errors import Conflict, Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.text import clean_line, clean_text
from coevolve.ledger import service as ledger
from coevolve.pledges.models import (
    SENT,
    FulfilmentState,
    Pledge,
    PledgeFulfilment,
    PledgeLine,
    PledgeState,
)
from coevolve.pledges.policy import Doer, Party
from coevolve.pledges.service import asking, bookings, needs, progress, telling

F = FulfilmentState
DONE = {"goods": F.handed_over, "time": F.performed, "facility": F.used}
"""The giver's move, by kind."""
EVIDENCE_MOST = 1000
PLACE_MOST = 300
SLOT_MOST_DAYS = 366


def schedule(
    *,
    pledge_line_id: uuid.UUID,
    by: Doer,
    quantity: int,
    starts_at: dt.datetime | None = None,
    ends_at: dt.datetime | None = None,
    place: str = "",
) -> PledgeFulfilment:
    """Plan a hand-over or a shift, or book a facility (which needs its time; two bookings never overlap)."""
    pledge, line, party = asking.locked_line(pledge_line_id, by, "schedule")
    fulfilment = _plan(
        pledge, line, party, quantity=quantity, starts_at=starts_at, ends_at=ends_at, place=place
    )
    telling.record(pledge, "scheduled", party.person_id, data=_facts(fulfilment, line))
    return fulfilment


def hand_over(
    *,
    by: Doer,
    fulfilment_id: uuid.UUID | None = None,
    pledge_line_id: uuid.UUID | None = None,
    quantity: int | None = None,
    evidence: str = "",
    starts_at: dt.datetime | None = None,
    ends_at: dt.datetime | None = None,
) -> PledgeFulfilment:
    """The giver's confirmation: handed over, performed, used. Of a plan, or (by line) without one."""
    if fulfilment_id is not None:
        pledge, line, fulfilment, party = asking.locked_fulfilment(fulfilment_id, by, "hand_over")
    elif pledge_line_id is not None:
        pledge, line, party = asking.locked_line(pledge_line_id, by, "hand_over")
        fulfilment = _plan(pledge, line, party, quantity=quantity or 0, starts_at=starts_at, ends_at=ends_at)
    else:
        raise ValueError("name a plan or a line")
    _require_agreed(pledge)
    asking.require_move(fulfilment, DONE[line.kind])
    seen = _limited(evidence, EVIDENCE_MOST, "evidence")
    if quantity is not None and quantity != fulfilment.quantity_sent:
        _check_rest(line, quantity, except_id=fulfilment.id)
        fulfilment.quantity_sent = quantity
    fulfilment.evidence = seen
    fulfilment.happened_at = clock.now()
    moves.move(fulfilment, DONE[line.kind], by=party.person_id)
    progress.advance(pledge, by=party.person_id)
    telling.record(pledge, "handed_over", party.person_id, data=_facts(fulfilment, line))
    telling.tell_receiver(pledge, "handed_over", [line], key=str(fulfilment.id))
    return fulfilment


def receive(
    *, fulfilment_id: uuid.UUID, by: Doer, quantity: int | None = None, evidence: str = ""
) -> PledgeFulfilment:
    """Goods came and were counted; whether they are kept is the next step."""
    pledge, line, fulfilment, party = asking.locked_fulfilment(fulfilment_id, by, "receive")
    counted = fulfilment.quantity_sent if quantity is None else quantity
    if counted < 0:
        raise Invalid("quantity_range", lazy("Isi jumlah dengan angka, paling sedikit 0."), field="counted")
    asking.require_move(fulfilment, F.received)
    seen = _limited(evidence, EVIDENCE_MOST, "evidence")
    fulfilment.quantity_received = counted
    fulfilment.evidence = seen or fulfilment.evidence
    moves.move(fulfilment, F.received, by=party.person_id)
    telling.record(
        pledge, "received", party.person_id, data=_facts(fulfilment, line) | {"counted": str(counted)}
    )
    return fulfilment


def confirm(
    *, fulfilment_id: uuid.UUID, by: Doer, quantity: int | None = None, evidence: str = ""
) -> PledgeFulfilment:
    """The receiver's confirmation: so much was good and is kept. Only this is posted to the books."""
    pledge, line, fulfilment, party = asking.locked_fulfilment(fulfilment_id, by, "confirm")
    counted = fulfilment.quantity_received if fulfilment.state == F.received else fulfilment.quantity_sent
    kept = counted if quantity is None else quantity
    seen = _limited(evidence, EVIDENCE_MOST, "evidence")
    rest = (line.accepted_quantity or 0) - line.received_quantity
    if not 0 <= kept <= min(counted, rest):
        raise Invalid(
            "more_than_agreed",
            lazy("Isi jumlah antara 0 dan %(most)s.", most=i18n.number(min(counted, rest))),
            field="kept",
        )
    if fulfilment.kind == "goods" and fulfilment.state == F.handed_over:
        fulfilment = receive(fulfilment_id=fulfilment_id, by=by, evidence=evidence)
    moves.move(fulfilment, _verdict(fulfilment, kept), by=party.person_id)
    fulfilment.quantity_received = kept
    fulfilment.evidence = seen or fulfilment.evidence
    if kept and line.hold_id is not None:
        fulfilment.posting_id = ledger.fulfil(
            key=f"pledge_fulfilment:{fulfilment.id}:kept",
            kind="pledge.kept",
            pending_id=line.hold_id,
            amount=kept,
            unit=line.unit,
            source_kind="pledge",
            source_id=pledge.id,
            effective_at=fulfilment.happened_at,
            actor=str(party.person_id or "link"),
        )
        line.received_quantity += kept
    need_listing = needs.keep(pledge, line, fulfilment.id, kept) if kept else None
    session().flush()
    progress.advance(pledge, by=party.person_id)
    telling.record(pledge, "kept", party.person_id, data=_facts(fulfilment, line) | {"kept": str(kept)})
    happened = "confirmed" if pledge.state == PledgeState.confirmed else "received"
    if happened == "confirmed":
        telling.record(pledge, "confirmed", party.person_id)
    telling.tell_giver(pledge, happened, [line], key=str(fulfilment.id))
    progress.fulfil_listing(pledge.listing_id)
    if need_listing is not None:
        progress.fulfil_listing(need_listing)
    return fulfilment


def contest(*, fulfilment_id: uuid.UUID, by: Doer, reason: str) -> PledgeFulfilment:
    """The receiver says that a shift did not happen as told; nothing is posted until they agree."""
    pledge, line, fulfilment, party = asking.locked_fulfilment(fulfilment_id, by, "contest")
    said = clean_text(reason)
    if not said:
        raise Invalid("reason_missing", lazy("Tulis apa yang berbeda."), field="reason")
    said = _limited(said, EVIDENCE_MOST, "reason")
    asking.require_move(fulfilment, F.contested)
    fulfilment.evidence = said
    moves.move(fulfilment, F.contested, by=party.person_id)
    telling.record(pledge, "contested", party.person_id, data=_facts(fulfilment, line) | {"reason": said})
    telling.tell_giver(pledge, "contested", [line], key=str(fulfilment.id), reason=said)
    return fulfilment


def no_show(*, fulfilment_id: uuid.UUID, by: Doer) -> PledgeFulfilment:
    """The giver says that nobody came to use the facility; its time is free again."""
    pledge, line, fulfilment, party = asking.locked_fulfilment(fulfilment_id, by, "no_show")
    if pledge.is_request and fulfilment.slot is not None and fulfilment.slot.lower > clock.now():
        raise Conflict("slot_ahead", lazy("Waktunya belum tiba. Batalkan pesanannya bila tidak jadi."))
    moves.move(fulfilment, F.no_show, by=party.person_id)
    number = telling.record(pledge, "no_show", party.person_id, data=_facts(fulfilment, line))
    if pledge.is_request:
        telling.tell_receiver(pledge, "no_show", [line], key=str(fulfilment.id))
        bookings.release(pledge, line, fulfilment.quantity_sent, party, number)
    else:
        progress.advance(pledge, by=party.person_id)
    return fulfilment


# --- parts --------------------------------------------------------------------------------------------------------


def _plan(
    pledge: Pledge,
    line: PledgeLine,
    party: Party,
    *,
    quantity: int,
    starts_at: dt.datetime | None,
    ends_at: dt.datetime | None,
    place: str = "",
) -> PledgeFulfilment:
    if line.kind == "money":
        raise Invalid("money_is_paid", lazy("Uang dibayar, bukan diserahkan."))
    _require_agreed(pledge)
    _check_rest(line, quantity)
    fulfilment = PledgeFulfilment(
        pledge_line_id=line.id,
        kind=line.kind,
        state=F.booked if line.kind == "facility" else F.scheduled,
        quantity_sent=quantity,
        slot=_slot(line, starts_at, ends_at),
        facility_id=_facility(pledge, line),
        place=_limited(clean_line(place), PLACE_MOST, "place"),
        happened_at=starts_at,
    )
    try:
        with session().begin_nested():
            moves.begin(fulfilment, by=party.person_id)
    except IntegrityError as collision:
        if "ex_pledge_fulfilment_slot" not in str(collision):
            raise
        raise Conflict(
            "slot_taken", lazy("Waktu ini sudah dipesan. Pilih waktu lain."), field="starts_at"
        ) from None
    return fulfilment


def _facility(pledge: Pledge, line: PledgeLine) -> uuid.UUID | None:
    """What a booking takes: the offered thing itself, or the giver's own promise on a need."""
    if line.kind != "facility":
        return None
    return line.line_id if pledge.is_request else line.id


def _slot(
    line: PledgeLine, starts_at: dt.datetime | None, ends_at: dt.datetime | None
) -> Range[dt.datetime] | None:
    if starts_at is None and ends_at is None and line.kind != "facility":
        return None
    if starts_at is None or (ends_at is None and line.kind == "facility"):
        raise Invalid("slot_missing", lazy("Isi dari kapan sampai kapan."), field="starts_at")
    ends_at = ends_at or starts_at + dt.timedelta(hours=1)
    if not starts_at < ends_at <= starts_at + dt.timedelta(days=SLOT_MOST_DAYS):
        raise Invalid("slot_order", lazy("Waktu selesai harus sesudah waktu mulai."), field="ends_at")
    return Range(starts_at, ends_at, bounds="[)")


def _require_agreed(pledge: Pledge) -> None:
    if pledge.state not in {PledgeState.accepted, PledgeState.partly_delivered}:
        raise Conflict("not_agreed", lazy("Dukungan ini belum disepakati atau sudah selesai."))


def _check_rest(line: PledgeLine, quantity: int, *, except_id: uuid.UUID | None = None) -> None:
    """Planned, sent and kept together never exceed what was agreed."""
    statement = select(func.coalesce(func.sum(PledgeFulfilment.quantity_sent), 0)).where(
        PledgeFulfilment.pledge_line_id == line.id,
        PledgeFulfilment.state.in_([*SENT, F.scheduled, F.booked]),
        PledgeFulfilment.id != (except_id or uuid.UUID(int=0)),
    )
    rest = (
        (line.accepted_quantity or 0)
        - line.received_quantity
        - int(session().execute(statement).scalar_one())
    )
    if not 0 < quantity <= rest:
        if rest <= 0:
            raise Invalid("nothing_left", lazy("Semua yang disepakati sudah diatur."), field="quantity")
        raise Invalid(
            "quantity_range",
            lazy("Isi jumlah antara 1 dan %(most)s.", most=i18n.number(rest)),
            field="quantity",
        )


def _verdict(fulfilment: PledgeFulfilment, kept: int) -> FulfilmentState:
    if fulfilment.kind != "goods":
        return F.confirmed
    if kept == 0:
        return F.rejected
    return F.accepted if kept == fulfilment.quantity_sent else F.partly_accepted


def _facts(fulfilment: PledgeFulfilment, line: PledgeLine) -> dict[str, str]:
    return {
        "fulfilment": str(fulfilment.id),
        "line": str(line.line_id),
        "sent": f"{fulfilment.quantity_sent} {line.unit}",
    }


def _limited(typed: str, most: int, field: str) -> str:
    cleaned = clean_text(typed)
    if len(cleaned) > most:
        raise Invalid("too_long", lazy("Paling banyak %(most)s huruf.", most=most), field=field)
    return cleaned
