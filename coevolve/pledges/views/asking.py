"""A CSO asks for something of a standing offer: quantities, a week or month, or times from a calendar."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from flask import request
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from coevolve.kit import clock, i18n, rate
from coevolve.kit.access import access
from coevolve.kit.db import commit, uuid7
from coevolve.kit.errors import DomainError, Invalid, NotFound
from coevolve.kit.i18n import _, lazy
from coevolve.kit.pages import actor, client_address, flash_success, form_page, page, see_other
from coevolve.listings import queries as listings
from coevolve.listings.models import PUBLIC, Kind, Listing, ListingLine, State
from coevolve.listings.slots import Calendar, Slot, at
from coevolve.listings.units import category_label, unit_label
from coevolve.localities import queries as localities
from coevolve.organisations import policy as organisation_policy
from coevolve.organisations import queries as organisations
from coevolve.people.models import Person
from coevolve.pledges import queries, service, words
from coevolve.pledges.forms import AskForm, asked_of, asking_of, start_of
from coevolve.pledges.queries import OwnNeed, Supply
from coevolve.pledges.service import Wish
from coevolve.pledges.views.calendars import value_of
from coevolve.pledges.views.door import blueprint, private, refused
from coevolve.pledges.views.giving import KIND_WORDS, TRIES, TRIES_SECONDS

SLOTS_OFFERED = 14
"""How many free times the form lists beside those already chosen; the calendar has all."""
DAYS_LOOKED = 63


@dataclass(frozen=True, slots=True)
class Offer:
    """Everything the form needs to know of an offer."""

    listing: Listing
    lines: list[ListingLine]
    calendars: dict[uuid.UUID, Calendar]
    supply: Supply
    totals: dict[uuid.UUID, queries.Totals]
    zone: str
    today: dt.date


@blueprint.route("/minta/<slug>", methods=["GET", "POST"])
@access("public")
def ask(slug: str) -> Response:
    """The form: what, how much or when, for what, on behalf of whom."""
    listing = listings.find_by_slug(slug)
    if listing is None or listing.kind != Kind.standing_offer or listing.state not in PUBLIC:
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    back = f"/penawaran/{listing.slug}"
    organisation = organisations.get(listing.organisation_id)
    if listing.state != State.open:
        return private(page("pledges/closed.html", listing=listing, organisation=organisation, back=back))
    person: Person | None = actor()
    offer = _offer(listing)
    form = asking_of(offer.lines, offer.calendars)()
    seats = _seats(person, listing)
    form.organisation.choices = [SelectChoice(str(code), name) for code, name in seats.items()]
    needs = queries.own_needs(seats, offer.lines)
    _choices(form, offer, needs, seats)
    if request.method == "GET":
        _prefill(form, offer, needs, person)
    elif seats and form.validate_on_submit():
        try:
            return _take(form, offer, person)
        except DomainError as refusal:
            refused(form, refusal)
            offer = _offer(listings.get(offer.listing.id))
            _choices(form, offer, needs, seats)
    return private(
        form_page(
            "pledges/ask.html",
            form,
            listing=listing,
            organisation=organisation,
            back=back,
            person=person,
            seats=seats,
            things=[_thing(form, line, offer) for line in offer.lines],
            sign_in=f"/masuk?ke=/minta/{listing.slug}",
        )
    )


def _offer(listing: Listing) -> Offer:
    lines = [line for line in listings.lines_of(listing.id) if line.kind != "money"]
    zone = localities.zone_of(listing.locality_code)
    today = clock.today(zone)
    return Offer(
        listing=listing,
        lines=lines,
        calendars=listings.calendars_of(listing, lines),
        supply=queries.supply_of(listing.id, today),
        totals=queries.totals_for([listing.id]),
        zone=zone,
        today=today,
    )


def _seats(person: Person | None, listing: Listing) -> dict[uuid.UUID, str]:
    """The checked organisations for which this person may ask."""
    if person is None:
        return {}
    return {
        seat.organisation_id: seat.organisation.name
        for seat in organisations.memberships_of(person.id)
        if seat.organisation_id != listing.organisation_id
        and organisation_policy.allows(seat.role, seat.organisation.state, "answer_pledges")
    }


def _choices(form: AskForm, offer: Offer, needs: Sequence[OwnNeed], seats: dict[uuid.UUID, str]) -> None:
    for line in offer.lines:
        key = line.id.hex
        fitting = [need for need in needs if (need.kind, need.unit) == (line.kind, line.unit)]
        form[f"need_{key}"].choices = [
            SelectChoice("", _("Tidak untuk kebutuhan tertentu")),
            *(SelectChoice(str(need.line_id), _need_words(need, seats)) for need in fitting),
        ]
        if f"period_{key}" in form:
            until = line.needed_until or offer.listing.closes_on
            periods = queries.periods_of(line, offer.supply, today=offer.today, last_on=until)
            form[f"period_{key}"].choices = [
                SelectChoice(
                    one.first_on.isoformat(),
                    words.free(
                        line.kind, line.unit, one.free, per=line.per, first_on=one.first_on, today=offer.today
                    ),
                )
                for one in periods
            ]
        if f"slots_{key}" in form:
            form[f"slots_{key}"].choices = _times(form, line, offer)


def _need_words(need: OwnNeed, seats: dict[uuid.UUID, str]) -> str:
    said = _(
        "%(title)s: %(label)s, masih kurang %(missing)s",
        title=need.title,
        label=need.label,
        missing=words.quantity(need.kind, need.unit, need.missing),
    )
    return said if len(seats) < 2 else f"{seats[need.organisation_id]} · {said}"


def _times(form: AskForm, line: ListingLine, offer: Offer) -> list[SelectChoice]:
    """The times one may tick: those chosen already, and the next free ones of the same week on."""
    found = offer.calendars[line.id]
    named = form[f"slots_{line.id.hex}"].data or request.args.getlist("waktu")
    starts = [start for one in named[:50] if (start := start_of(str(one))) is not None]
    chosen = [slot for start in sorted(set(starts)) if (slot := found.slot_at(start)) is not None]
    now = clock.now()
    first = min((slot.starts_at for slot in chosen), default=now)
    day = max(offer.today, first.astimezone(ZoneInfo(offer.zone)).date())
    day -= dt.timedelta(days=day.weekday())
    until = at(day + dt.timedelta(days=DAYS_LOOKED), 0, offer.zone)
    taken = queries.bookings_of([line.id], min(now, first), until)[line.id]
    free = queries.free_slots(found, day, DAYS_LOOKED, now=now, bookings=taken)
    near: dict[dt.datetime, Slot] = {slot.starts_at: slot for slot in [*free[:SLOTS_OFFERED], *chosen]}
    return [
        SelectChoice(value_of(slot), words.slot(slot.starts_at, slot.ends_at, offer.zone))
        for slot in sorted(near.values(), key=lambda one: one.starts_at)
    ]


def _prefill(form: AskForm, offer: Offer, needs: Sequence[OwnNeed], person: Person | None) -> None:
    form.client_token.data = str(uuid7())
    form.contact.data = (person.phone or "") if person is not None else ""
    wanted, need = request.args.get("baris", ""), request.args.get("kebutuhan", "")
    listing = request.args.get("untuk", "")
    for line in offer.lines:
        key = line.id.hex
        fitting = [one for one in needs if (one.kind, one.unit) == (line.kind, line.unit)]
        chosen = next(
            (one for one in fitting if need == str(one.line_id) or listing == str(one.listing_id)), None
        )
        form[f"need_{key}"].data = str(chosen.line_id) if chosen is not None else ""
        is_wanted = wanted == str(line.id) or (not wanted and (len(offer.lines) == 1 or chosen is not None))
        if f"slots_{key}" in form and is_wanted:
            form[f"slots_{key}"].data = request.args.getlist("waktu")[:50]


def _thing(form: AskForm, line: ListingLine, offer: Offer) -> dict[str, Any]:
    """One line in the form: what is free, its fields, and whether it is open from the start."""
    key = line.id.hex
    names = ("quantity", "period", "slots", "from", "until", "need", "note")
    fields = {name: form[f"{name}_{key}"] for name in names if f"{name}_{key}" in form}
    wanted = request.args.get("baris", "")
    left = queries.missing_of(offer.totals[line.id])
    typed = any(fields[name].data for name in ("quantity", "slots", "note") if name in fields)
    return {
        "line": line,
        "kind": str(KIND_WORDS[line.kind]),
        "category": category_label(line.kind, line.category),
        "unit": unit_label(line.unit),
        "supply": words.supply(
            line.kind, line.unit, line.quantity, line.per, is_inexhaustible=line.is_inexhaustible
        ),
        "free": words.free(line.kind, line.unit, left, today=offer.today) if left is not None else "",
        "is_gone": left == 0,
        "fields": fields,
        "has_needs": len(fields["need"].choices) > 1,
        "calendar": f"/penawaran/{offer.listing.slug}/kalender/{line.id}"
        if line.id in offer.calendars
        else "",
        "least": i18n.number(line.min_useful_quantity) if line.min_useful_quantity else "",
        "is_open": wanted == str(line.id) or typed or any(field.errors for field in fields.values()),
    }


def _take(form: AskForm, offer: Offer, person: Person | None) -> Response:
    """Write the request, then go to its page."""
    rate.hit(f"pledge:{person.id if person else client_address()}", limit=TRIES, window_seconds=TRIES_SECONDS)
    commit()
    choices: Any = form.organisation.choices or []
    seats = [str(choice.value) for choice in choices]
    chosen = form.organisation.data or (seats[0] if seats else "")
    if person is None or chosen not in seats:
        raise Invalid("organisation_unknown", lazy("Pilih salah satu organisasi Anda."), field="organisation")
    wishes = [Wish(**wish) for line in offer.lines if (wish := asked_of(form, line))]
    try:
        token = uuid.UUID(form.client_token.data or "")
    except ValueError:
        raise Invalid("token", lazy("Formulir ini sudah lama terbuka. Muat ulang halaman ini.")) from None
    pledge = service.request(
        listing_id=offer.listing.id,
        by=person,
        for_organisation_id=uuid.UUID(chosen),
        lines=wishes,
        client_token=token,
        message=form.message.data or "",
        contact=form.contact.data or "",
    )
    commit()
    flash_success(_("Permintaan Anda sudah terkirim. Pemberi akan menjawab lewat surel dan di sini."))
    return see_other(f"/dukungan/{pledge.id}")
