"""Disasters declared by decree: declare, end, expire; the needs that belong to one stand first while it is in force."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from sqlalchemy import bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from coevolve.journal import service as journal
from coevolve.kit import clock, db
from coevolve.kit.errors import Forbidden, Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.moves import begin, move
from coevolve.kit.text import clean_line, refuse_nul
from coevolve.listings import queries
from coevolve.listings.finding_models import Disaster, DisasterState, DisasterStatus
from coevolve.listings.models import Kind, Listing
from coevolve.localities import queries as localities
from coevolve.people import queries as people
from coevolve.people.models import Person

PLACES_MOST = 20
DAYS_MOST = 400
SECTOR = "disaster"
DECLARERS = frozenset({"moderator", "admin"})

_MARK = text(
    """
    UPDATE listing l SET disaster_id = :id, is_urgent = true
     WHERE l.state = 'open' AND l.kind IN ('need', 'campaign') AND NOT l.is_urgent
       AND l.id IN (SELECT listing_id FROM listing_place WHERE sector = :sector
                     UNION ALL SELECT id FROM listing WHERE disaster_id = :id)
       AND (l.disaster_id = :id OR listing_codes(l) && :codes)
    """
).bindparams(bindparam("codes", type_=ARRAY(Text)))
_UNMARK = text("UPDATE listing SET is_urgent = false WHERE disaster_id = :id AND is_urgent")


def may_declare(person: Person) -> bool:
    """Whether this person may declare and end disasters."""
    return bool(DECLARERS & people.staff_roles(person.id))


def declare(
    *,
    by: Person,
    name: str,
    status: str,
    decree_number: str,
    decree_on: dt.date,
    issued_by: str,
    codes: Sequence[str],
    starts_on: dt.date,
    ends_on: dt.date,
    client_token: uuid.UUID | None = None,
) -> Disaster:
    """Write down the decree; the open needs that belong to it stand first at once. The same token declares once."""
    _require(by)
    if client_token is not None:
        made = db.session().execute(select(Disaster).where(Disaster.client_token == client_token))
        known = made.scalar_one_or_none()
        if known is not None:
            return known
    disaster = Disaster(
        name=_words(name, 5, 120, "name", lazy("Sebut bencana dan tempatnya, 5 sampai 120 karakter.")),
        status=_status(status),
        decree_number=_words(decree_number, 3, 120, "decree_number", lazy("Isi nomor keputusannya.")),
        decree_on=decree_on,
        issued_by=_words(issued_by, 3, 120, "issued_by", lazy("Isi siapa yang menetapkan.")),
        localities=_codes(codes),
        starts_on=starts_on,
        ends_on=ends_on,
        state=DisasterState.declared,
        declared_by=by.id,
        client_token=client_token,
    )
    _check_days(disaster)
    begin(disaster, by=by.id, cause=disaster.decree_number)
    journal.record(
        "disaster.declared",
        about=("disaster", disaster.id),
        by=by.id,
        data={"name": disaster.name, "decree": disaster.decree_number, "localities": disaster.localities},
        visibility="public",
    )
    _mark(disaster)
    return disaster


def end(*, disaster_id: uuid.UUID, by: Person) -> Disaster:
    """End it before its last day: another decree says so."""
    _require(by)
    disaster = db.lock(Disaster, disaster_id)
    if disaster.state != DisasterState.declared:
        return disaster
    _end(disaster, DisasterState.ended, by.id)
    return disaster


def turn_days() -> int:
    """The clock: expire what is past its last day, and put first what begins today; how many ended."""
    today = clock.today()
    rows = db.session().execute(select(Disaster).where(Disaster.state == DisasterState.declared))
    ended = 0
    for disaster in list(rows.scalars()):
        if disaster.ends_on < today:
            _end(db.lock(Disaster, disaster.id), DisasterState.expired, None)
            ended += 1
        else:
            _mark(disaster)
    return ended


def settle_urgency(listing: Listing) -> None:
    """When a need opens: does it belong to a disaster in force? By its own word, or by place and sector."""
    listing.is_urgent = False
    if listing.kind not in (Kind.need, Kind.campaign):
        return
    in_force = {found.id: found for found in queries.disasters_in_force()}
    if listing.disaster_id in in_force:
        listing.is_urgent = True
        return
    if SECTOR not in (listing.sector, *listing.more_sectors):
        return
    codes = {
        code
        for place in (listing.locality_code, *listing.more_localities)
        if place
        for code in localities.ancestor_codes(place)
    }
    for found in in_force.values():
        if codes & set(found.localities):
            listing.disaster_id, listing.is_urgent = found.id, True
            return


def _mark(disaster: Disaster) -> None:
    today = clock.today()
    if not disaster.starts_on <= today <= disaster.ends_on:
        return
    db.session().flush()
    values = {"id": disaster.id, "sector": SECTOR, "codes": list(disaster.localities)}
    db.session().execute(_MARK, values)
    db.session().expire_all()


def _end(disaster: Disaster, state: DisasterState, by: uuid.UUID | None) -> None:
    disaster.ended_at = clock.now()
    move(disaster, state, by=by)
    journal.record(f"disaster.{state}", about=("disaster", disaster.id), by=by, visibility="public")
    db.session().execute(_UNMARK, {"id": disaster.id})
    db.session().expire_all()


def _require(by: Person) -> None:
    if not may_declare(by):
        raise Forbidden("not_a_declarer", lazy("Hanya moderator dan admin yang menetapkan status bencana."))


def _words(typed: str, least: int, most: int, field: str, message: object) -> str:
    words = clean_line(refuse_nul(typed))
    if not least <= len(words) <= most:
        raise Invalid(field, message, field=field)
    return words


def _status(typed: str) -> str:
    if typed not in DisasterStatus.__members__:
        raise Invalid("status", lazy("Pilih satu."), field="status")
    return typed


def _codes(codes: Sequence[str]) -> list[str]:
    found = list(dict.fromkeys(codes))
    places = [localities.find(code) for code in found]
    known = [place.code for place in places if place is not None and place.is_active]
    if not 1 <= len(known) <= PLACES_MOST or len(known) != len(found):
        message = lazy("Sebutkan 1 sampai %(most)s daerah yang kami kenal.", most=PLACES_MOST)
        raise Invalid("localities", message, field="places")
    return known


def _check_days(disaster: Disaster) -> None:
    if disaster.ends_on < disaster.starts_on:
        raise Invalid("period", lazy("Tanggal selesai mendahului tanggal mulai."), field="ends_on")
    if disaster.ends_on < clock.today():
        raise Invalid("period_past", lazy("Masa berlakunya sudah lewat."), field="ends_on")
    if (disaster.ends_on - disaster.starts_on).days > DAYS_MOST:
        message = lazy("Masa berlaku paling lama %(days)s hari.", days=DAYS_MOST)
        raise Invalid("period_long", message, field="ends_on")
