"""Members write a listing: draft, sections, lines, and the submission to the moderators."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any, TypedDict, Unpack

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from coevolve.config import settings
from coevolve.journal import service as journal
from coevolve.kit import clock, db
from coevolve.kit.errors import Forbidden, Invalid, NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.moves import begin, move
from coevolve.kit.text import clean_line, clean_text, refuse_nul, unique_slug
from coevolve.listings import policy, queries
from coevolve.listings.models import (
    PERIODS,
    VALUATION_SOURCES,
    Kind,
    Listing,
    ListingLine,
    ListingSlug,
    State,
)
from coevolve.listings.sectors import CODES
from coevolve.listings.service.telling import tell_moderators
from coevolve.listings.units import CATEGORIES, UNITS
from coevolve.localities import queries as localities
from coevolve.organisations import queries as organisations
from coevolve.people.models import Person

QUANTITY_MOST = 1_000_000_000
MONEY_MOST_MINOR = 100_000_000_000_000
"""A line of more than Rp 1 triliun is a slip of the finger."""
PLACE_LEVELS = ("province", "regency", "district", "village")


SENTENCES = {"summary": 280, "legal_basis": 200, "planning_event": 200}
"""Fields of one line, with the most characters they hold."""


LINE_TEXTS = {"handover_place": 200, "conditions": 500}
SLOT_LEAST, SLOT_MOST = 15, 1440
"""Minutes."""


class Changes(TypedDict, total=False):
    """What `revise` may change; only the words that are given."""

    title: str
    summary: str
    story: str
    sector: str
    more_sectors: Sequence[str]
    locality_code: str
    more_localities: Sequence[str]
    disaster_id: uuid.UUID | None
    closes_on: dt.date | None
    legal_basis: str
    planning_event: str
    planning_on: dt.date | None


class LineWords(TypedDict, total=False):
    """What a line says besides its kind, category, label, unit and quantity."""

    min_useful_quantity: int | None
    is_required: bool
    needed_from: dt.date | None
    needed_until: dt.date | None
    handover_place: str
    people_reached: int | None
    unit_value: int | None
    valuation_source: str | None
    is_inexhaustible: bool
    radius_km: int | None
    per: str
    conditions: str
    slot_minutes: int | None


def create_draft(
    *,
    organisation_id: uuid.UUID,
    by: Person,
    kind: str,
    title: str,
    client_token: uuid.UUID | None = None,
    source_kind: str | None = None,
    source_id: uuid.UUID | None = None,
) -> Listing:
    """A new listing that only its members see. The same client token returns the draft already made with it."""
    organisation = organisations.get(organisation_id)
    if not policy.may_write_for(by, organisation_id):
        raise Forbidden(
            "not_a_writer", lazy("Hanya pemilik dan anggota yang boleh membuat tayangan organisasi ini.")
        )
    if client_token is not None:
        made = (
            db.session()
            .execute(select(Listing).where(Listing.client_token == client_token))
            .scalar_one_or_none()
        )
        if made is not None:
            if (made.organisation_id, made.created_by) != (organisation_id, by.id):
                raise NotFound("not_found", lazy("Tayangan ini tidak ada."))
            return made
    if kind not in policy.KINDS_FOR.get(organisation.kind, ()):
        raise Invalid("kind", lazy("Organisasi ini tidak dapat membuat tayangan jenis itu."), field="kind")
    listing = Listing(
        organisation_id=organisation_id,
        kind=Kind(kind),
        state=State.draft,
        title=_title(title),
        slug=unique_slug(title),
        created_by=by.id,
        client_token=client_token,
        source_kind=source_kind,
        source_id=source_id,
        revised_at=clock.now(),
    )
    begin(listing, by=by.id)
    _keep_slug(listing)
    journal.record(
        "listing.drafted", about=("listing", listing.id), by=by.id, for_organisation=organisation_id
    )
    return listing


def revise(*, listing_id: uuid.UUID, by: Person, **changes: Unpack[Changes]) -> Listing:
    """Change what a draft or a returned listing says; each section is saved alone, gaps are allowed until submit."""
    listing = _locked_for_writing(listing_id, by)
    if "title" in changes:
        title = _title(changes["title"])
        if title != listing.title:
            listing.title, listing.slug = title, unique_slug(title)
            _keep_slug(listing)
    if "story" in changes:
        listing.story = _limited(clean_text(refuse_nul(changes["story"])), 20_000, "story")
    _revise_where(listing, changes)
    if "closes_on" in changes:
        listing.closes_on = _closing_day(changes["closes_on"], localities.zone_of(listing.locality_code))
    if "planning_on" in changes:
        listing.planning_on = changes["planning_on"]
    for name, most in SENTENCES.items():
        if name in changes:
            setattr(listing, name, _limited(clean_line(refuse_nul(str(changes.get(name)))), most, name))
    listing.revised_at = clock.now()
    db.session().flush()
    return listing


def _revise_where(listing: Listing, changes: Changes) -> None:
    """Places, sectors and the disaster it belongs to; what is the main one is not named again."""
    if "sector" in changes:
        listing.sector = _known(changes["sector"], CODES, "sector", lazy("Pilih satu sektor dari daftar."))
    if "locality_code" in changes:
        listing.locality_code = _place(changes["locality_code"])
    if "more_sectors" in changes:
        listing.more_sectors = _more_sectors(changes["more_sectors"])
    if "more_localities" in changes:
        listing.more_localities = _more_places(changes["more_localities"])
    listing.more_sectors = [code for code in listing.more_sectors if code != listing.sector]
    listing.more_localities = [code for code in listing.more_localities if code != listing.locality_code]
    if "disaster_id" in changes:
        listing.disaster_id = _disaster(listing, changes["disaster_id"])


def put_line(
    *,
    listing_id: uuid.UUID,
    by: Person,
    kind: str,
    category: str,
    label: str,
    unit: str,
    quantity: int,
    line_id: uuid.UUID | None = None,
    **words: Unpack[LineWords],
) -> ListingLine:
    """Add a line, or change one. Money has unit IDR and a quantity in minor units; its value needs no source."""
    listing = _locked_for_writing(listing_id, by)
    _known(kind, policy.line_kinds_for(listing.kind), "kind", lazy("Jenis ini tidak dapat dipakai di sini."))
    _known(category, CATEGORIES[kind], "category", lazy("Pilih satu golongan dari daftar."))
    _known(unit, ("IDR",) if kind == "money" else UNITS[kind], "unit", lazy("Pilih satuan dari daftar."))
    _check_quantity(kind, quantity, words.get("min_useful_quantity"))
    _check_words(listing, kind, words)
    if words.get("is_inexhaustible"):
        words["per"] = "once"
    if line_id is None:
        line = _new_line(listing)
    else:
        line = queries.line(line_id)
        if line.listing_id != listing.id:
            raise NotFound("not_found", lazy("Baris ini tidak ada."))
    line.kind, line.category, line.unit, line.quantity = kind, category, unit, quantity
    line.label = _limited(clean_line(refuse_nul(label)), 120, "label")
    if not line.label:
        raise Invalid(
            "label", lazy("Sebutkan apa yang dimaksud, misalnya “Pipa HDPE 2 inci”."), field="label"
        )
    for name, value in words.items():
        most = LINE_TEXTS.get(name)
        setattr(
            line, name, value if most is None else _limited(clean_line(refuse_nul(str(value))), most, name)
        )
    if line.unit_value is None:
        line.valuation_source = None
    db.session().add(line)
    listing.revised_at = clock.now()
    db.session().flush()
    db.session().refresh(listing, ["kinds"])
    return line


def remove_line(*, listing_id: uuid.UUID, line_id: uuid.UUID, by: Person) -> None:
    """Take a line out; removing one that is gone already is no error (a second click)."""
    listing = _locked_for_writing(listing_id, by)
    db.session().execute(
        delete(ListingLine).where(ListingLine.id == line_id, ListingLine.listing_id == listing.id)
    )
    listing.revised_at = clock.now()
    db.session().flush()
    db.session().refresh(listing, ["kinds"])


def submit(*, listing_id: uuid.UUID, by: Person) -> Listing:
    """Hand the listing to the moderators. The organisation must be checked, and nothing may be missing."""
    listing = db.lock(Listing, listing_id)
    _require(by, "submit", listing)
    if not organisations.may_publish(organisations.get(listing.organisation_id)):
        raise Invalid(
            "organisation_unchecked",
            lazy("Organisasi Anda perlu diperiksa dahulu sebelum dapat mengirim tayangan."),
        )
    missing = policy.problems(
        listing, queries.lines_of(listing.id), today=clock.today(localities.zone_of(listing.locality_code))
    )
    if missing:
        raise Invalid("incomplete", missing[0].message, field=missing[0].field)
    listing.submitted_at, listing.submitted_by, listing.remarks = clock.now(), by.id, {}
    move(listing, State.in_review, by=by.id)
    journal.record(
        "listing.submitted", about=("listing", listing.id), by=by.id, for_organisation=listing.organisation_id
    )
    tell_moderators(listing)
    return listing


# --- checks -----------------------------------------------------------------------------------------


def _locked_for_writing(listing_id: uuid.UUID, by: Person) -> Listing:
    listing = db.lock(Listing, listing_id)
    _require(by, "revise", listing)
    return listing


def _require(by: Person, verb: str, listing: Listing) -> None:
    if policy.may(by, verb, listing):
        return
    if not policy.may(by, "see", listing):
        raise NotFound("not_found", lazy("Tayangan ini tidak ada."))
    raise Forbidden("listing_verb", lazy("Langkah ini tidak dapat Anda lakukan pada tayangan ini sekarang."))


def _title(typed: str) -> str:
    title = _limited(clean_line(refuse_nul(typed)), 120, "title")
    if len(title) < 8:
        raise Invalid("title", lazy("Tulis judul paling sedikit 8 karakter."), field="title")
    return title


def _limited(value: str, most: int, field: str) -> str:
    if len(value) > most:
        raise Invalid(
            "too_long", lazy("Terlalu panjang: paling banyak %(most)s karakter.", most=most), field=field
        )
    return value


def _known(value: str, known: Any, field: str, message: Any) -> str:
    if value not in known:
        raise Invalid("unknown_value", message, field=field)
    return value


def _place(code: str) -> str:
    place = localities.find(code)
    if place is None or not place.is_active or place.level not in PLACE_LEVELS:
        raise Invalid(
            "locality", lazy("Pilih provinsi, kabupaten, kota, atau kecamatan dari daftar."), field="locality"
        )
    return place.code


def _more_places(codes: Sequence[str]) -> list[str]:
    """Further places, each once."""
    found = list(dict.fromkeys(_place(code) for code in codes))
    if len(found) > policy.MORE_PLACES:
        message = lazy("Sebutkan paling banyak %(most)s tempat.", most=policy.MORE_PLACES + 1)
        raise Invalid("localities", message, field="more_localities")
    return found


def _more_sectors(codes: Sequence[str]) -> list[str]:
    """Further sectors, each once."""
    message = lazy("Pilih satu sektor dari daftar.")
    found = list(dict.fromkeys(_known(code, CODES, "more_sectors", message) for code in codes))
    if len(found) > policy.MORE_SECTORS:
        message = lazy("Pilih paling banyak %(most)s sektor tambahan.", most=policy.MORE_SECTORS)
        raise Invalid("sectors", message, field="more_sectors")
    return found


def _disaster(listing: Listing, disaster_id: uuid.UUID | None) -> uuid.UUID | None:
    """The disaster in force that a need says it belongs to."""
    if disaster_id is None:
        return None
    known = {found.id for found in queries.disasters_in_force()}
    if listing.kind not in (Kind.need, Kind.campaign) or disaster_id not in known:
        raise Invalid("disaster", lazy("Status bencana ini sudah tidak berlaku."), field="disaster")
    return disaster_id


def _closing_day(day: dt.date | None, zone: str) -> dt.date | None:
    if day is None:
        return None
    today = clock.today(zone)
    if day <= today:
        raise Invalid("closes_on", lazy("Pilih tanggal sesudah hari ini."), field="closes_on")
    if (day - today).days > settings().listing_most_days:
        message = lazy("Pilih tanggal dalam %(days)s hari ke depan.", days=settings().listing_most_days)
        raise Invalid("closes_on", message, field="closes_on")
    return day


def _check_quantity(kind: str, quantity: int, least: int | None) -> None:
    if kind == "money":
        if quantity <= 0 or quantity % 100 or quantity > MONEY_MOST_MINOR:
            raise Invalid("quantity", lazy("Isi jumlah rupiah yang wajar, tanpa sen."), field="quantity")
    elif not 0 < quantity <= QUANTITY_MOST:
        raise Invalid("quantity", lazy("Isi jumlah lebih dari nol."), field="quantity")
    if least is not None and not 0 < least <= quantity:
        message = lazy("Jumlah terkecil yang berguna tidak boleh melebihi jumlah seluruhnya.")
        raise Invalid("min_useful", message, field="min_useful_quantity")


def _check_words(listing: Listing, kind: str, words: LineWords) -> None:
    since, until = words.get("needed_from"), words.get("needed_until")
    if since and until and until < since:
        raise Invalid("period", lazy("Tanggal selesai mendahului tanggal mulai."), field="needed_until")
    value, source = words.get("unit_value"), words.get("valuation_source")
    if value is not None:
        if kind == "money" or not 0 < value <= MONEY_MOST_MINOR or value % 100:
            raise Invalid("unit_value", lazy("Isi nilai satu satuan dalam rupiah."), field="unit_value")
        if source not in VALUATION_SOURCES:
            raise Invalid(
                "valuation_source", lazy("Sebutkan dari mana nilai ini berasal."), field="valuation_source"
            )
    reached, radius = words.get("people_reached"), words.get("radius_km")
    if reached is not None and not 0 <= reached <= QUANTITY_MOST:
        raise Invalid("people_reached", lazy("Isi jumlah orang dengan angka."), field="people_reached")
    if radius is not None and not 1 <= radius <= 5_000:
        raise Invalid("radius_km", lazy("Isi jarak 1 sampai 5.000 kilometer."), field="radius_km")
    if words.get("is_inexhaustible") and listing.kind != Kind.standing_offer:
        raise Invalid(
            "is_inexhaustible",
            lazy("Hanya penawaran tetap yang dapat tidak habis."),
            field="is_inexhaustible",
        )
    _check_supply(listing, kind, words)


def _check_supply(listing: Listing, kind: str, words: LineWords) -> None:
    """How often an offer is there anew, and how its times are cut."""
    per, minutes = words.get("per", "once"), words.get("slot_minutes")
    _known(per, PERIODS, "per", lazy("Pilih satu dari daftar."))
    is_offer = listing.kind == Kind.standing_offer
    if per != "once" and (not is_offer or words.get("is_inexhaustible")):
        raise Invalid(
            "per", lazy("Jumlah per minggu atau bulan hanya untuk penawaran yang terbatas."), field="per"
        )
    if minutes is not None and (not is_offer or kind != "facility" or not SLOT_LEAST <= minutes <= SLOT_MOST):
        raise Invalid(
            "slot_minutes", lazy("Lama satu slot antara 15 menit dan 24 jam."), field="slot_minutes"
        )


def _new_line(listing: Listing) -> ListingLine:
    statement = select(func.count(), func.coalesce(func.max(ListingLine.position), 0)).where(
        ListingLine.listing_id == listing.id
    )
    number, last = db.session().execute(statement).one()
    if number >= policy.LINES_MOST:
        raise Invalid(
            "lines", lazy("Satu tayangan memuat paling banyak %(most)s baris.", most=policy.LINES_MOST)
        )
    return ListingLine(listing_id=listing.id, position=last + 1)


def _keep_slug(listing: Listing) -> None:
    """Remember every address the listing ever had, so that old links redirect."""
    db.session().execute(
        insert(ListingSlug).values(slug=listing.slug, listing_id=listing.id).on_conflict_do_nothing()
    )
