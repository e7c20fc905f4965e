"""The calendar of a facility on offer, week by week, and the calendar files of both sides."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from flask import make_response, request
from werkzeug.wrappers import Response

from coevolve.config import settings
from coevolve.kit import clock, i18n
from coevolve.kit.access import access
from coevolve.kit.errors import NotFound
from coevolve.kit.i18n import _, lazy
from coevolve.kit.pages import actor, page
from coevolve.listings import queries as listings
from coevolve.listings.models import PUBLIC, Listing, ListingLine, State
from coevolve.listings.queries.cards import PATHS
from coevolve.listings.slots import Calendar, Slot, at
from coevolve.organisations import policy as organisation_policy
from coevolve.organisations import queries as organisations
from coevolve.pledges import calendar_file, queries
from coevolve.pledges.models import FulfilmentState
from coevolve.pledges.queries import Booking
from coevolve.pledges.views.door import blueprint, private, seen

WEEKS_AHEAD = 53
SHOWN_BACK = dt.timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Cell:
    """One slot as the calendar shows it: `free` may be asked for; the others say in words why not."""

    text: str
    value: str
    state: str
    words: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a week."""

    name: str
    date: str
    is_today: bool
    closed: str
    cells: list[Cell]


@blueprint.get("/penawaran/<slug>/kalender/<uuid:line_id>")
@access("public")
def calendar(slug: str, line_id: uuid.UUID) -> Response:
    """A week of one facility: what is free, asked for, taken, closed."""
    listing, line, found = _facility(slug, line_id)
    today = clock.today(found.zone)
    this_week = today - dt.timedelta(days=today.weekday())
    first = _week(request.args.get("minggu", ""), this_week) or _first_free(found, this_week)
    days, free = week_of(found, line, first)
    last = this_week + dt.timedelta(weeks=WEEKS_AHEAD)
    base = f"/penawaran/{listing.slug}/kalender/{line.id}?minggu="
    is_open = listing.state == State.open
    return page(
        "pledges/calendar.html",
        listing=listing,
        line=line,
        organisation=organisations.get(listing.organisation_id),
        path=f"/{PATHS[listing.kind]}/{listing.slug}",
        days=days,
        has_free=free > 0 and is_open,
        free=free,
        week=f"{i18n.short_date(first)} – {i18n.short_date(first + dt.timedelta(days=6))}",
        first=first.isoformat(),
        previous=base + (first - dt.timedelta(weeks=1)).isoformat() if first > this_week else None,
        next=base + (first + dt.timedelta(weeks=1)).isoformat() if first < last else None,
        zone_name=i18n.zone_name(found.zone),
        is_open=is_open,
    )


def _facility(slug: str, line_id: uuid.UUID) -> tuple[Listing, ListingLine, Calendar]:
    listing = listings.find_by_slug(slug)
    missing = NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    if listing is None or listing.state not in PUBLIC or listing.state == State.frozen:
        raise missing
    line = next((one for one in listings.lines_of(listing.id) if one.id == line_id), None)
    found = listings.calendar_of(listing, line) if line is not None else None
    if line is None or found is None:
        raise missing
    return listing, line, found


def _week(text: str, this_week: dt.date) -> dt.date | None:
    """The Monday that was asked for, within what is shown; None: none was."""
    try:
        day = dt.date.fromisoformat(text[:10])
    except ValueError:
        return None
    monday = day - dt.timedelta(days=day.weekday())
    return min(max(monday, this_week), this_week + dt.timedelta(weeks=WEEKS_AHEAD))


def _first_free(found: Calendar, this_week: dt.date) -> dt.date:
    """The first week from now on in which something may still be asked for."""
    now, until = clock.now(), this_week + dt.timedelta(weeks=9)
    taken = queries.bookings_of([found.line_id], now, at(until, 0, found.zone))[found.line_id]
    free = queries.free_slots(found, this_week, 63, now=now, bookings=taken)
    if not free:
        return this_week
    day = free[0].starts_at.astimezone(ZoneInfo(found.zone)).date()
    return day - dt.timedelta(days=day.weekday())


def week_of(found: Calendar, line: ListingLine, first: dt.date) -> tuple[list[Day], int]:
    """Seven days of a facility from a Monday on, and how many of their slots are free."""
    since, until = at(first, 0, found.zone), at(first + dt.timedelta(days=7), 0, found.zone)
    bookings = queries.bookings_of([line.id], since, until)[line.id]
    seats = _seats()
    now, today = clock.now(), clock.today(found.zone)
    days, free = [], 0
    for step in range(7):
        day = first + dt.timedelta(days=step)
        closed = found.closed_on(day)
        cells = [
            _cell(slot, queries.taken_by(slot, bookings), found.zone, now, seats)
            for slot in found.slots_on(day)
        ]
        free += sum(cell.state == "free" for cell in cells)
        days.append(
            Day(
                name=i18n.weekday(day),
                date=i18n.short_date(day),
                is_today=day == today,
                closed="" if closed is None else (closed.note or _("Tutup")),
                cells=cells,
            )
        )
    return days, free


def value_of(slot: Slot) -> str:
    """A slot as addresses and forms name it."""
    return f"{slot.starts_at:%Y%m%dT%H%MZ}"


def _cell(
    slot: Slot, taken: Booking | None, zone: str, now: dt.datetime, seats: frozenset[uuid.UUID]
) -> Cell:
    text = i18n.hours(slot.starts_at, slot.ends_at, zone)
    if taken is not None:
        is_mine = bool({taken.receiver_organisation_id, taken.giver_organisation_id} & seats)
        words = _("diminta") if taken.state == FulfilmentState.asked else _("terisi")
        return Cell(text, "", "taken", words, f"/dukungan/{taken.pledge_id}" if is_mine else "")
    if slot.starts_at <= now:
        return Cell(text, "", "past", _("sudah lewat"))
    return Cell(text, value_of(slot), "free", _("bebas"))


def _seats() -> frozenset[uuid.UUID]:
    person = actor()
    if person is None:
        return frozenset()
    return frozenset(seat.organisation_id for seat in organisations.memberships_of(person.id))


# --- calendar files -------------------------------------------------------------------------------------


@blueprint.get("/dukungan/<uuid:pledge_id>/kalender.ics")
@access("public")
def pledge_file(pledge_id: uuid.UUID) -> Response:
    """The times of one pledge as a calendar file, for both sides."""
    pledge, _party = seen(pledge_id)
    return _file(queries.events_of(pledge_id=pledge.id), f"dukungan-{pledge.id.hex[:8]}")


@blueprint.get("/dasbor/<slug>/dukungan/kalender.ics")
@access("signed_in")
def organisation_file(slug: str) -> Response:
    """All times an organisation gives or has got, from a month ago on."""
    organisation = organisations.get_by_slug(slug)
    if not organisation_policy.may(actor(), "see", organisation):
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    events = queries.events_of(organisation_id=organisation.id, since=clock.now() - SHOWN_BACK)
    return _file(events, organisation.slug)


def _file(events: list[queries.Event], name: str) -> Response:
    base = settings().public_url.rstrip("/")
    rows = [
        calendar_file.Row(
            uid=f"{event.id}@{base.partition('://')[2].partition('/')[0].partition(':')[0]}",
            starts_at=event.starts_at,
            ends_at=event.ends_at,
            title=event.label,
            text=_("%(title)s. Pemberi: %(giver)s. Penerima: %(receiver)s.", **_names(event)),
            place=event.place,
            url=f"{base}/dukungan/{event.pledge_id}",
            is_firm=event.state != FulfilmentState.asked,
        )
        for event in events
    ]
    response = make_response(calendar_file.written(rows, now=clock.now()))
    response.headers["Content-Type"] = "text/calendar; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.ics"'
    return private(response)


def _names(event: queries.Event) -> dict[str, Any]:
    return {"title": event.title, "giver": event.giver, "receiver": event.receiver}
