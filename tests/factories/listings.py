"""Listings for tests, made by the real use cases."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import uuid
from typing import Any

from PIL import Image, ImageDraw

from coevolve.kit import clock, db
from coevolve.kit.money import rupiah
from coevolve.listings import service
from coevolve.listings.models import Kind, Listing, ListingLine
from coevolve.listings.news_models import ListingPhoto, ListingUpdate
from coevolve.organisations.models import Organisation
from coevolve.people.models import Person
from tests.factories import organisations, people

PLACE = "53.02"
STORY = (
    "Setiap pagi warga berjalan dua kilometer ke mata air, lalu pulang memikul dua puluh liter. Pada musim kering "
    "mereka mengulanginya tiga kali. Jalur pipa sudah dipetakan dan pengelola sudah dipilih dalam musyawarah desa."
)
_count = itertools.count(1)


def draft(
    *,
    kind: str = Kind.need,
    organisation: Organisation | None = None,
    by: Person | None = None,
    lines: tuple[dict[str, Any], ...] | None = None,
    **over: Any,
) -> Listing:
    """A draft with everything filled in, ready to be submitted."""
    owner = organisation or (
        organisations.agency() if kind == Kind.opportunity else organisations.organisation()
    )
    who = by or organisations.owner_of(owner)
    number = next(_count)
    made = service.create_draft(
        organisation_id=owner.id,
        by=who,
        kind=kind,
        title=over.pop("title", f"Air bersih untuk dusun nomor {number}"),
        client_token=over.pop("client_token", None),
    )
    changes: dict[str, Any] = {
        "summary": "Pipa dan bak penampung untuk empat puluh keluarga.",
        "story": STORY,
        "sector": "water",
        "locality_code": PLACE,
        "closes_on": clock.today() + dt.timedelta(days=60),
        **({"legal_basis": "Peraturan Bupati 12/2026"} if kind == Kind.opportunity else {}),
        **over,
    }
    service.revise(listing_id=made.id, by=who, **changes)
    for line in (goods(),) if lines is None else lines:
        service.put_line(listing_id=made.id, by=who, **line)
    return made


def goods(quantity: int = 800, **over: Any) -> dict[str, Any]:
    """A line of pipes."""
    return {
        "kind": "goods",
        "category": "water_equipment",
        "label": "Pipa HDPE 2 inci",
        "unit": "X:METRE",
        "quantity": quantity,
        **over,
    }


def money(whole: int = 10_000_000, **over: Any) -> dict[str, Any]:
    """A line of the budget, in whole rupiah."""
    return {
        "kind": "money",
        "category": "materials",
        "label": "Pipa dan sambungan",
        "unit": "IDR",
        "quantity": rupiah(whole).amount,
        **over,
    }


def hours(quantity: int = 24, **over: Any) -> dict[str, Any]:
    """A line of skilled time."""
    return {
        "kind": "time",
        "category": "engineering",
        "label": "Teknisi pompa surya",
        "unit": "X:HOUR",
        "quantity": quantity,
        **over,
    }


def room(quantity: int = 4, **over: Any) -> dict[str, Any]:
    """A line of a facility."""
    return {
        "kind": "facility",
        "category": "vehicle",
        "label": "Truk angkut material",
        "unit": "X:VEHICLE_DAY",
        "quantity": quantity,
        **over,
    }


def submitted(**over: Any) -> Listing:
    """A listing that waits for a moderator."""
    made = draft(**over)
    by = over.get("by") or organisations.owner_of(_owner(made))
    return service.submit(listing_id=made.id, by=by)


def opened(*, moderators: tuple[Person, Person] | None = None, **over: Any) -> Listing:
    """An open listing, approved by two moderators where that is needed."""
    made = submitted(**over)
    first, second = moderators or (people.moderator(), people.moderator())
    return service.open_(listing_id=made.id, by=first, seconded_by=second.id)


def open_need(**over: Any) -> Listing:
    """An open need with one line of goods, unless told otherwise."""
    return opened(kind=Kind.need, **over)


def open_campaign(**over: Any) -> Listing:
    """An open campaign of Rp 10.000.000 and some pipes, unless told otherwise."""
    over.setdefault("lines", (money(), goods()))
    return opened(kind=Kind.campaign, **over)


def open_offer(**over: Any) -> Listing:
    """An open standing offer of a company."""
    over.setdefault("organisation", organisations.company())
    return opened(kind=Kind.standing_offer, **over)


def open_opportunity(**over: Any) -> Listing:
    """An open partnership opportunity of an agency."""
    return opened(
        kind=Kind.opportunity, organisation=over.pop("organisation", None) or organisations.agency(), **over
    )


def told(listing: Listing, *, by: Person | None = None, publish: bool = True, **over: Any) -> ListingUpdate:
    """An update on a listing, published unless told otherwise."""
    who = by or owner_of(listing)
    words: Any = {
        "title": "Pipa terpasang sampai dusun",
        "text": "Empat puluh batang pipa sudah terpasang, dan air mengalir sejak pagi ini.",
        **over,
    }
    made = service.write_update(listing_id=listing.id, by=who, client_token=uuid.uuid4(), **words)
    return service.publish_update(update_id=made.id, by=who) if publish else made


def picture(
    number: int = 0, *, size: tuple[int, int] = (900, 600), kind: str = "JPEG", **save: Any
) -> io.BytesIO:
    """A photo as phones make them: each number another picture."""
    drawn = Image.new("RGB", size, (200, 180, 120))
    pen = ImageDraw.Draw(drawn)
    wide, tall = size
    for one in range(9):
        left = (one * 131 + number * 197) % wide
        top = (one * 71 + number * 113) % tall
        shade = ((one * 40 + number * 17) % 256, (one * 23) % 256, (number * 61) % 256)
        pen.ellipse((left, top, left + wide // 4, top + tall // 3), fill=shade)
    sink = io.BytesIO()
    drawn.save(sink, kind, **save)
    sink.seek(0)
    return sink


def photo(listing: Listing, number: int = 0, *, by: Person | None = None, **over: Any) -> ListingPhoto:
    """A photo of a draft."""
    return service.add_photo(
        listing_id=listing.id,
        by=by or owner_of(listing),
        photo=over.pop("photo", None) or picture(number),
        name="IMG_0001.jpg",
        alt=over.pop("alt", f"Warga memasang pipa di lereng, foto {number}"),
    )


def lines_of(listing: Listing) -> list[ListingLine]:
    """Its lines."""
    from coevolve.listings import queries

    return queries.lines_of(listing.id)


def owner_of(listing: Listing) -> Person:
    """The person who began its organisation."""
    return organisations.owner_of(_owner(listing))


def _owner(listing: Listing) -> Organisation:
    return db.get(Organisation, listing.organisation_id)
