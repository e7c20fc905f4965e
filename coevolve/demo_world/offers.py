"""A company's standing offer that lives: a room with its calendar, hours by the month, kits that are never used up."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from coevolve.kit import clock
from coevolve.kit.db import uuid7
from coevolve.listings import queries as listing_queries
from coevolve.listings import service as listings
from coevolve.listings.models import Kind, Listing, ListingLine
from coevolve.listings.slots import Slot
from coevolve.organisations import queries as organisations
from coevolve.organisations.models import Organisation
from coevolve.people import queries as people
from coevolve.people.models import Person
from coevolve.pledges import queries as pledge_queries
from coevolve.pledges import service as pledges
from coevolve.pledges.models import Pledge, PledgeFulfilment
from coevolve.pledges.service import Wish

DAY = dt.timedelta(days=1)
BEGAN = 20 * DAY
"""How long ago the offer opened."""
LINES: tuple[dict[str, Any], ...] = (
    {
        "kind": "facility",
        "category": "room",
        "label": "Ruang pelatihan lantai 2, 40 kursi, proyektor",
        "unit": "X:SLOT_HOUR",
        "quantity": 16,
        "per": "week",
        "slot_minutes": 240,
        "handover_place": "Jl. Gajah Mada 12, Soe",
        "conditions": "Ada penanggung jawab, ruang kembali bersih, tidak untuk kegiatan politik.",
    },
    {
        "kind": "time",
        "category": "finance",
        "label": "Akuntan: menyusun laporan keuangan OMS",
        "unit": "X:HOUR",
        "quantity": 10,
        "per": "month",
        "min_useful_quantity": 2,
        "handover_place": "Di kantor OMS, atau daring",
        "radius_km": 60,
    },
    {
        "kind": "goods",
        "category": "books",
        "label": "Modul cetak “Keuangan sederhana untuk kelompok”",
        "unit": "X:BOOK",
        "quantity": 50,
        "is_inexhaustible": True,
    },
)
WEEKDAYS = range(1, 6)
MORNING, NOON, EVENING = 8 * 60, 12 * 60, 17 * 60


def tell(accounts: dict[str, uuid.UUID]) -> None:
    """Open the offer, let a CSO ask, book, use; one request waits for its answer."""
    hendra, yuliana, first, second = (
        people.get(accounts[f"{name}@demo.example"])
        for name in ("perusahaan", "oms", "moderator1", "moderator2")
    )
    moderators = (first, second)
    company, cso = _owned(hendra), _owned(yuliana)
    with clock.travel(-BEGAN):
        offer = _open(company, cso, hendra, moderators)
    room, hours, kits = listing_queries.lines_of(offer.id)
    with clock.travel(-BEGAN + 3 * DAY):
        used = _asks(
            offer, room, cso, yuliana, "Pelatihan kader air bersih, 32 peserta", slots=_free(offer, room, 1)
        )
        pledges.accept(pledge_id=used.id, by=hendra)
    booking = _bookings(used)[0]
    ended = booking.slot.upper if booking.slot is not None else clock.now()
    with clock.travel(min(ended, clock.now() - DAY)):
        pledges.hand_over(
            fulfilment_id=booking.id, by=hendra, evidence="Dipakai 32 peserta, ruang kembali bersih."
        )
        pledges.confirm(fulfilment_id=booking.id, by=yuliana)
    taken = _asks(offer, room, cso, yuliana, "Rapat kerja tahunan", slots=_free(offer, room, 2))
    pledges.accept(pledge_id=taken.id, by=hendra)
    skill = _asks(offer, hours, cso, yuliana, "Laporan keuangan program air", quantity=4)
    pledges.accept(pledge_id=skill.id, by=hendra)
    _asks(offer, kits, cso, yuliana, "Dibagikan kepada 12 kelompok", quantity=24)
    _asks(offer, room, cso, yuliana, "Lokakarya bersama pemerintah desa", slots=_free(offer, room, 1))


def _owned(person: Person) -> Organisation:
    return next(seat.organisation for seat in organisations.memberships_of(person.id) if seat.role == "owner")


def _open(company: Organisation, cso: Organisation, by: Person, moderators: tuple[Person, Person]) -> Listing:
    draft = listings.create_draft(
        organisation_id=company.id,
        by=by,
        kind=Kind.standing_offer,
        title="Ruang pelatihan, jam akuntan, dan modul keuangan untuk OMS",
    )
    listings.revise(
        listing_id=draft.id,
        by=by,
        summary="Kantor kami terbuka untuk pelatihan OMS, dan akuntan kami membantu menyusun laporan.",
        story="Ruang pelatihan kami sering kosong pada pagi hari. Akuntan kami menyisihkan sepuluh jam setiap bulan.",
        sector="education",
        locality_code=cso.home_locality_code or "",
        closes_on=clock.today() + 150 * DAY,
    )
    for words in LINES:
        listings.put_line(listing_id=draft.id, by=by, **words)
    room = listing_queries.lines_of(draft.id)[0]
    for opens, closes in ((MORNING, NOON), (NOON + 60, EVENING)):
        listings.add_hours(line_id=room.id, by=by, weekdays=WEEKDAYS, opens=opens, closes=closes)
    listings.close_days(
        line_id=room.id, by=by, first_on=clock.today() + 25 * DAY, note="Rapat internal perusahaan"
    )
    listings.submit(listing_id=draft.id, by=by)
    return listings.open_(listing_id=draft.id, by=moderators[0], seconded_by=moderators[1].id)


def _free(offer: Listing, room: ListingLine, count: int) -> list[Slot]:
    """The next free times of one week, the soonest first."""
    calendar = listing_queries.calendar_of(offer, room)
    if calendar is None:
        raise RuntimeError("the room has no hours")
    monday = clock.today(calendar.zone)
    monday += (7 - monday.weekday()) * DAY
    taken = pledge_queries.bookings_of([room.id], clock.now(), clock.now() + 30 * DAY)[room.id]
    return pledge_queries.free_slots(calendar, monday, 5, now=clock.now(), bookings=taken)[:count]


def _asks(
    offer: Listing,
    line: ListingLine,
    cso: Organisation,
    by: Person,
    purpose: str,
    *,
    quantity: int = 1,
    slots: list[Slot] | None = None,
) -> Pledge:
    wish = Wish(line_id=line.id, quantity=quantity, starts=tuple(slot.starts_at for slot in slots or ()))
    return pledges.request(
        listing_id=offer.id,
        by=by,
        for_organisation_id=cso.id,
        lines=[wish],
        client_token=uuid7(),
        message=purpose,
        contact="0812 3700 4512",
    )


def _bookings(pledge: Pledge) -> list[PledgeFulfilment]:
    (line,) = pledge_queries.lines_of(pledge.id)
    return pledge_queries.fulfilments_of([line.id])[line.id]
