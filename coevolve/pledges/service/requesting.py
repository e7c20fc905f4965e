"""A CSO asks for something of a standing offer: a quantity, a part of a week or month, or times of a facility."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from coevolve.config import settings
from coevolve.kit import clock, i18n
from coevolve.kit.errors import Conflict, Forbidden, Invalid
from coevolve.kit.i18n import lazy
from coevolve.listings import queries as listings
from coevolve.listings.models import Kind, Listing, ListingLine
from coevolve.listings.slots import Calendar, Slot, period_end, period_of, quantity_of
from coevolve.localities import queries as localities
from coevolve.organisations import policy as organisation_policy
from coevolve.organisations import queries as organisations
from coevolve.organisations.models import Organisation
from coevolve.people.models import Person
from coevolve.pledges import queries
from coevolve.pledges.models import Pledge, PledgeState
from coevolve.pledges.service import asking, bookings, needs, telling
from coevolve.pledges.service.offering import (
    CONTACT_MOST,
    MESSAGE_MOST,
    NAME_MOST,
    Wish,
    begin,
    check_quantity,
    clicked_before,
    limited,
    new_lines,
    wished_of,
)

SLOTS_MOST = 20
"""How many times of one facility one request may ask for."""


def request(
    *,
    listing_id: uuid.UUID,
    by: Person,
    for_organisation_id: uuid.UUID,
    lines: Sequence[Wish],
    client_token: uuid.UUID,
    message: str = "",
    contact: str = "",
) -> Pledge:
    """A CSO asks; the giver answers. Times that are asked for are nobody else's until then.

    Of an offer by week or month the wish names the period; of a facility with a calendar the slots, which then make
    the quantity. The same token finds the same request.
    """
    found = clicked_before(client_token, listing_id)
    if found is not None:
        return found
    listing = asking.open_listing(listing_id)
    receiver = _asker(listing, by, for_organisation_id)
    known = {line.id: line for line in listings.lines_of(listing_id)}
    wished, slots = _wishes(lines, known, listing, receiver.id)
    pledge = Pledge(
        listing_id=listing_id,
        giver_organisation_id=listing.organisation_id,
        receiver_organisation_id=receiver.id,
        receiver_person_id=by.id,
        state=PledgeState.requested,
        is_request=True,
        is_name_public=True,
        shares_identity=True,
        public_name=organisations.get(listing.organisation_id).name[:NAME_MOST],
        message=limited(message, MESSAGE_MOST, "message"),
        contact=limited(contact, CONTACT_MOST, "contact"),
        client_token=client_token,
        lapses_at=_lapses(slots),
    )
    pledge, is_new = begin(pledge, new_lines(wished, known), by=by.id)
    if is_new:
        made = asking.lines_to_change(pledge.id)
        for line in made:
            if line.line_id in slots:
                field = next((one.field for one in wished if one.line_id == line.line_id), None)
                bookings.ask(line, slots[line.line_id], by=by.id, field=field)
        telling.tell_giver(pledge, "requested", made)
    return pledge


def _asker(listing: Listing, by: Person, organisation_id: uuid.UUID) -> Organisation:
    """The organisation that asks, if it may and the person acts for it."""
    if listing.kind != Kind.standing_offer:
        raise Invalid("not_an_offer", lazy("Halaman ini bukan penawaran."))
    receiver = organisations.get(organisation_id)
    if not organisation_policy.may(by, "answer_pledges", receiver):
        raise Forbidden("not_your_organisation", lazy("Anda tidak bertindak untuk organisasi ini."))
    if receiver.id == listing.organisation_id:
        raise Invalid("own_listing", lazy("Organisasi Anda sendiri yang menawarkan ini."))
    if organisations.refuses(receiver.id, listing.organisation_id):
        raise Conflict(
            "refused_giver", lazy("Organisasi Anda menolak pemberi seperti ini. Ubah penolakannya dahulu.")
        )
    if queries.open_requests_of(receiver.id) >= settings().open_pledges_limit:
        raise Conflict("too_many_open", lazy("Masih banyak permintaan Anda yang belum dijawab."))
    return receiver


def _wishes(
    lines: Sequence[Wish], known: dict[uuid.UUID, ListingLine], listing: Listing, organisation_id: uuid.UUID
) -> tuple[list[Wish], dict[uuid.UUID, list[Slot]]]:
    """What is wished for, each checked; and the slots by line."""
    calendars = listings.calendars_of(listing, list(known.values()))
    wished: list[Wish] = []
    slots: dict[uuid.UUID, list[Slot]] = {}
    for typed in wished_of(lines, known):
        wish, line, calendar = typed, known[typed.line_id], calendars.get(typed.line_id)
        if line.kind == "money":
            raise Invalid("money_on_request", lazy("Penawaran dana dibicarakan langsung."), field=wish.field)
        if calendar is not None:
            slots[line.id] = _slots(wish, calendar)
            wish = _by_slots(wish, line, calendar, slots[line.id])
        if wish.need_line_id is not None:
            needs.check(wish.need_line_id, line, organisation_id, field=wish.field)
        wished.append(_checked(wish, line, listing))
    return wished, slots


def check_supply(
    quantity: int,
    line: ListingLine,
    period_on: dt.date | None,
    totals: Mapping[uuid.UUID, queries.Totals],
    *,
    field: str | None,
) -> None:
    """Refuse more than is free (in that week or month), and less than the giver gives at once."""
    left = queries.missing_of(totals[line.id]) if period_on is None else queries.free_in(line, period_on)
    free = line.quantity if left is None else left
    if free == 0:
        raise Invalid("nothing_free", lazy("Tidak ada lagi yang bebas. Pilih yang lain."), field=field)
    if quantity > free:
        raise Invalid(
            "more_than_free", lazy("Yang masih bebas hanya %(free)s.", free=i18n.number(free)), field=field
        )
    least = min(line.min_useful_quantity or 1, free)
    if quantity < least:
        raise Invalid(
            "less_than_useful",
            lazy("Paling sedikit %(least)s sekali minta.", least=i18n.number(least)),
            field=field,
        )


def _checked(wish: Wish, line: ListingLine, listing: Listing) -> Wish:
    """The wish with its period, or the refusal of what the giver could never give."""
    today = clock.today(localities.zone_of(listing.locality_code))
    if line.needed_until is not None and line.needed_until < today:
        raise Invalid("offer_over", lazy("Masa penawaran bagian ini sudah lewat."), field=wish.field)
    check_quantity(wish, line)
    totals = queries.totals_for([listing.id])
    if line.per == "once":
        check_supply(wish.quantity, line, None, totals, field=wish.field)
        return replace(wish, period_on=None)
    period_on = period_of(line.per, wish.period_on or max(today, line.needed_from or today))
    if period_on is None or not _holds(period_on, line, listing, today):
        raise Invalid("period_out", lazy("Penawaran ini tidak berlaku pada masa itu."), field=wish.field)
    check_supply(wish.quantity, line, period_on, totals, field=wish.field)
    return replace(wish, period_on=period_on)


def _holds(period_on: dt.date, line: ListingLine, listing: Listing, today: dt.date) -> bool:
    """Whether an offer is there in a week or month: not past, and within its own days."""
    last = period_end(line.per, period_on)
    until = line.needed_until or listing.closes_on
    return (
        last >= today
        and (line.needed_from is None or last >= line.needed_from)
        and (until is None or period_on <= until)
    )


def _slots(wish: Wish, calendar: Calendar) -> list[Slot]:
    """The slots of the calendar that are asked for; each still to come."""
    if not wish.starts:
        raise Invalid(
            "slots_missing", lazy("Pilih paling sedikit satu waktu dari kalender."), field=wish.field
        )
    if len(set(wish.starts)) > SLOTS_MOST:
        raise Invalid(
            "slots_many",
            lazy("Paling banyak %(most)s waktu sekali minta.", most=SLOTS_MOST),
            field=wish.field,
        )
    found = []
    for start in sorted(set(wish.starts)):
        slot = calendar.slot_at(start)
        if slot is None:
            raise Invalid("slot_unknown", lazy("Waktu ini tidak ada di kalender."), field=wish.field)
        if slot.starts_at <= clock.now():
            raise Invalid("slot_past", lazy("Waktu ini sudah lewat. Pilih waktu lain."), field=wish.field)
        found.append(slot)
    return found


def _by_slots(wish: Wish, line: ListingLine, calendar: Calendar, slots: list[Slot]) -> Wish:
    """The wish with the quantity and the period its slots come to."""
    days = [slot.starts_at.astimezone(ZoneInfo(calendar.zone)).date() for slot in slots]
    if len({period_of(line.per, day) for day in days}) > 1:
        message = (
            lazy("Pilih waktu dalam satu minggu saja; minggu lain diminta tersendiri.")
            if line.per == "week"
            else lazy("Pilih waktu dalam satu bulan saja; bulan lain diminta tersendiri.")
        )
        raise Invalid("two_periods", message, field=wish.field)
    quantity = sum(quantity_of(slot, line.unit) for slot in slots)
    if quantity > line.quantity:
        raise Invalid(
            "more_than_free",
            lazy("Paling banyak %(most)s sekali minta.", most=i18n.number(line.quantity)),
            field=wish.field,
        )
    return replace(
        wish, quantity=quantity, period_on=days[0], available_from=days[0], available_until=days[-1]
    )


def _lapses(slots: Mapping[uuid.UUID, list[Slot]]) -> dt.datetime:
    """When an unanswered request ends: after the usual days, at the latest when its first time begins."""
    usual = clock.now() + dt.timedelta(days=settings().pledge_lapse_days)
    return min([usual, *(slot.starts_at for times in slots.values() for slot in times)])
