"""Members keep the calendar of a facility they offer: opening hours and closed days, also while the offer is open."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from coevolve.kit import clock, db
from coevolve.kit.errors import Conflict, Forbidden, Invalid, NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.text import clean_line, refuse_nul
from coevolve.listings import policy, queries
from coevolve.listings.models import Closure, Kind, Listing, ListingLine, Opening
from coevolve.listings.slots import DAY_MINUTES
from coevolve.localities import queries as localities
from coevolve.people.models import Person

OPENINGS_MOST = 50
CLOSURES_MOST = 100
CLOSED_DAYS_MOST = 366
NOTE_MOST = 120


def add_hours(
    *,
    line_id: uuid.UUID,
    by: Person,
    weekdays: Collection[int],
    opens: int,
    closes: int,
    valid_from: dt.date | None = None,
    valid_until: dt.date | None = None,
) -> list[Opening]:
    """Say that a facility may be used on these weekdays (1 is Monday) between two times of the day."""
    _listing, line = _mine(line_id, by)
    days = sorted(set(weekdays))
    if not days or not all(1 <= day <= 7 for day in days):
        raise Invalid("weekday", lazy("Pilih paling sedikit satu hari."), field="weekdays")
    if not 0 <= opens < closes <= DAY_MINUTES:
        raise Invalid("hours", lazy("Jam tutup harus sesudah jam buka."), field="closes")
    if line.slot_minutes is not None and closes - opens < line.slot_minutes:
        raise Invalid(
            "hours_short",
            lazy("Terlalu pendek: satu slot lamanya %(minutes)s menit.", minutes=line.slot_minutes),
            field="closes",
        )
    if valid_from is not None and valid_until is not None and valid_until < valid_from:
        raise Invalid("valid", lazy("Tanggal akhir mendahului tanggal awal."), field="valid_until")
    number = db.session().execute(select(func.count()).where(Opening.line_id == line.id)).scalar_one()
    if number + len(days) > OPENINGS_MOST:
        raise Invalid("openings", lazy("Jam buka sudah terlalu banyak. Hapus yang tidak dipakai."))
    made = [
        Opening(
            line_id=line.id,
            weekday=day,
            opens=opens,
            closes=closes,
            valid_from=valid_from,
            valid_until=valid_until,
        )
        for day in days
    ]
    try:
        with db.session().begin_nested():
            db.session().add_all(made)
            db.session().flush()
    except IntegrityError as collision:
        if "ex_listing_opening_hours" not in str(collision):
            raise
        raise Conflict(
            "hours_overlap",
            lazy("Jam ini bertumpuk dengan jam buka lain pada hari yang sama."),
            field="opens",
        ) from None
    return made


def remove_hours(*, line_id: uuid.UUID, opening_id: uuid.UUID, by: Person) -> None:
    """Take an opening out; bookings in it stay. Removing one that is gone already is no error."""
    _listing, line = _mine(line_id, by)
    db.session().execute(delete(Opening).where(Opening.id == opening_id, Opening.line_id == line.id))


def close_days(
    *,
    line_id: uuid.UUID,
    by: Person,
    first_on: dt.date | None,
    last_on: dt.date | None = None,
    note: str = "",
) -> Closure:
    """Say that a facility cannot be used on some days; bookings already made stay until one side cancels them."""
    listing, line = _mine(line_id, by)
    if first_on is None:
        raise Invalid("closed_on", lazy("Isi tanggal tutupnya."), field="first_on")
    until = last_on or first_on
    if until < first_on:
        raise Invalid("closed_on", lazy("Tanggal akhir mendahului tanggal awal."), field="last_on")
    if until < clock.today(localities.zone_of(listing.locality_code)):
        raise Invalid(
            "closed_past", lazy("Tanggal ini sudah lewat."), field="last_on" if last_on else "first_on"
        )
    if (until - first_on).days >= CLOSED_DAYS_MOST:
        raise Invalid("closed_long", lazy("Paling lama satu tahun sekali tutup."), field="last_on")
    said = clean_line(refuse_nul(note))
    if len(said) > NOTE_MOST:
        raise Invalid(
            "too_long",
            lazy("Terlalu panjang: paling banyak %(most)s karakter.", most=NOTE_MOST),
            field="note",
        )
    number = db.session().execute(select(func.count()).where(Closure.line_id == line.id)).scalar_one()
    if number >= CLOSURES_MOST:
        raise Invalid("closures", lazy("Hari tutup sudah terlalu banyak. Hapus yang sudah lewat."))
    made = Closure(line_id=line.id, first_on=first_on, last_on=until, note=said)
    db.session().add(made)
    db.session().flush()
    return made


def reopen_days(*, line_id: uuid.UUID, closure_id: uuid.UUID, by: Person) -> None:
    """Take closed days out; removing some that are gone already is no error."""
    _listing, line = _mine(line_id, by)
    db.session().execute(delete(Closure).where(Closure.id == closure_id, Closure.line_id == line.id))


def _mine(line_id: uuid.UUID, by: Person) -> tuple[Listing, ListingLine]:
    """A facility on offer, its listing locked, for a member who may keep its calendar."""
    line = queries.line(line_id)
    listing = db.lock(Listing, line.listing_id)
    if not policy.may(by, "keep_calendar", listing):
        if not policy.may(by, "see", listing):
            raise NotFound("not_found", lazy("Tayangan ini tidak ada."))
        raise Forbidden(
            "listing_verb", lazy("Langkah ini tidak dapat Anda lakukan pada tayangan ini sekarang.")
        )
    if listing.kind != Kind.standing_offer or line.kind != "facility":
        raise Invalid("not_a_facility", lazy("Hanya fasilitas yang ditawarkan yang mempunyai jam buka."))
    return listing, line
