"""Tables of finding: the slim rows that browsing walks, the counts beside them, declared disasters, known words."""

from __future__ import annotations

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit.db import BigKey, Created, Model, UuidKey
from coevolve.kit.i18n import lazy
from coevolve.kit.moves import Machine

GAPS: dict[str, int] = {"small": 1, "some": 2, "much": 3, "most": 4}
"""Bands of the money still missing: up to Rp 5 million, 50 million, 500 million, and more."""

_NEWEST = (text("opened_at DESC"), text("listing_id DESC"))
_CLOSING = ("closes_on", "listing_id")
_CARRIED = ("sector", "kind", "kinds", "gap", "level", "due_on", "disaster_id")


def _walk(name: str, *by: str, order: tuple[Any, ...] = _NEWEST, where: str = "") -> Index:
    """An index in the order of a page; it carries what other filters look at, so that skipping costs no table row."""
    return Index(
        f"ix_listing_place_{name}",
        *by,
        *order,
        postgresql_include=[column for column in _CARRIED if column not in by],
        postgresql_where=text(where) if where else None,
    )


class ListingPlace(Model):
    """The slim rows of an open listing, one per place and sector: what browsing filters and sorts by.

    They exist only while the listing is open. Each level of place has an index alone, with the sector and with the
    kind, newest first, so that every page is a short walk down an index. The rows of one listing stand side by side in
    each of them (all have its moment and its key), so a walk skips what it has seen by looking at its neighbour.
    """

    __tablename__ = "listing_place"
    __table_args__ = (
        _walk("newest"),
        _walk("sector", "sector"),
        _walk("kind", "kind"),
        _walk("closing", order=_CLOSING),
        *(
            index
            for level in ("region", "province", "regency")
            for index in (
                _walk(level, f"{level}_code"),
                _walk(f"{level}_sector", f"{level}_code", "sector"),
                _walk(f"{level}_kind", f"{level}_code", "kind"),
                _walk(f"{level}_closing", f"{level}_code", order=_CLOSING),
            )
        ),
        _walk("district", "district_code"),
        _walk("abroad", "country_code", where="country_code <> 'ID'"),
        _walk("urgent", where="disaster_id IS NOT NULL"),
    )

    listing_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("listing.id", ondelete="CASCADE"), primary_key=True
    )
    locality_code: Mapped[str] = mapped_column(primary_key=True)
    sector: Mapped[str] = mapped_column(primary_key=True)
    country_code: Mapped[str]
    region_code: Mapped[str | None]
    province_code: Mapped[str | None]
    regency_code: Mapped[str | None]
    district_code: Mapped[str | None]
    kind: Mapped[str]
    kinds: Mapped[int] = mapped_column(SmallInteger)
    opened_at: Mapped[dt.datetime]
    closes_on: Mapped[dt.date]
    due_on: Mapped[dt.date]
    """The day it closes, or the first day something is needed by, whichever comes first."""
    gap: Mapped[int] = mapped_column(SmallInteger)
    """How much money is missing, in bands (GAPS); 0 when none is asked for. Follows the books within a minute."""
    level: Mapped[int] = mapped_column(SmallInteger)
    """How far its organisation is verified."""
    disaster_id: Mapped[uuid.UUID | None]
    """The disaster it belongs to, while that is in force."""


class ListingSearch(Model):
    """The slim row of an open listing that word search walks, by slab of opening order, newest slab first.

    `tsv` holds the stems of its words and, as marked lexemes, every filter of the browse page ('p:53.02', 's:water',
    'k:need', 'b:2', 'g:3', 'v:2', 'c:2026-12', 'd:<disaster>'), so that one index answers words and filters together.
    """

    __tablename__ = "listing_search"
    __table_args__ = (
        Index(
            "ix_listing_search_words",
            "slab",
            "tsv",
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
        ),
    )

    listing_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("listing.id", ondelete="CASCADE"), primary_key=True
    )
    slab: Mapped[int] = mapped_column(Integer)
    """open_order / 10,000."""
    region_codes: Mapped[list[str] | None] = mapped_column(ARRAY(Text()))
    province_codes: Mapped[list[str] | None] = mapped_column(ARRAY(Text()))
    regency_codes: Mapped[list[str] | None] = mapped_column(ARRAY(Text()))
    district_codes: Mapped[list[str] | None] = mapped_column(ARRAY(Text()))
    sectors: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    kind: Mapped[str]
    kinds: Mapped[int] = mapped_column(SmallInteger)
    opened_at: Mapped[dt.datetime]
    closes_on: Mapped[dt.date]
    due_on: Mapped[dt.date]
    disaster_id: Mapped[uuid.UUID | None]
    tsv: Mapped[Any] = mapped_column(TSVECTOR)


class ListingFacet(Model):
    """How many listings are open in a place, by sector, kind and kind of support ('' and 0 mean any), as folded."""

    __tablename__ = "listing_facet"

    place_code: Mapped[str] = mapped_column(primary_key=True)
    """A locality down to kecamatan; '' is everywhere."""
    sector: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    support: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    """One bit of KIND_BITS, or 0."""
    count: Mapped[int]


class ListingFacetDelta(BigKey, Model):
    """A listing that opened (+1) or ceased to be open (-1), not yet folded; counts are folded + unfolded."""

    __tablename__ = "listing_facet_delta"

    places: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    sectors: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    kind: Mapped[str]
    kinds: Mapped[int] = mapped_column(SmallInteger)
    step: Mapped[int] = mapped_column(SmallInteger)


class DisasterState(StrEnum):
    """Whether a declared disaster is in force."""

    declared = "declared"
    ended = "ended"
    expired = "expired"


DISASTER = Machine(
    "disaster",
    {DisasterState.declared: {DisasterState.ended, DisasterState.expired}},
    initial={DisasterState.declared},
)
"""Moderator or admin: declare, end. Clock: expire, past its last day."""


class DisasterStatus(StrEnum):
    """The status that the decree gives."""

    alert = "alert"
    emergency = "emergency"
    transition = "transition"


class Disaster(UuidKey, Created, Model):
    """A disaster declared by decree: while it is in force, the needs that belong to it stand first."""

    __tablename__ = "disaster"
    __table_args__ = (
        CheckConstraint("state IN ('declared','ended','expired')", name="state"),
        CheckConstraint("status IN ('alert','emergency','transition')", name="status"),
        CheckConstraint("starts_on <= ends_on", name="period"),
        CheckConstraint("cardinality(localities) BETWEEN 1 AND 20", name="localities"),
        CheckConstraint(
            "length(name) BETWEEN 5 AND 120 AND length(decree_number) BETWEEN 3 AND 120", name="words"
        ),
        CheckConstraint("(state = 'declared') = (ended_at IS NULL)", name="ended"),
        UniqueConstraint("client_token"),
        Index("ix_disaster_in_force", "ends_on", postgresql_where=text("state = 'declared'")),
    )
    machine: ClassVar[Machine] = DISASTER
    state_labels: ClassVar[dict[str, Any]] = {
        DisasterState.declared: lazy("Berlaku"),
        DisasterState.ended: lazy("Diakhiri"),
        DisasterState.expired: lazy("Lewat masanya"),
    }

    name: Mapped[str]
    """What happened and where, in words: 'Banjir bandang Kabupaten Malaka'."""
    status: Mapped[str]
    decree_number: Mapped[str]
    decree_on: Mapped[dt.date]
    """The day of the decree."""
    issued_by: Mapped[str]
    """Who signed it: a regent, a governor, the President."""
    localities: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    """Codes of the places it holds for, each with everything below it."""
    starts_on: Mapped[dt.date]
    ends_on: Mapped[dt.date]
    """Its last day."""
    state: Mapped[str] = mapped_column(server_default=text("'declared'"), default=DisasterState.declared)
    declared_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[dt.datetime | None]
    client_token: Mapped[uuid.UUID | None]
    """Comes with the form: a double click declares one."""


class ListingWord(Model):
    """Words that open listings have used, as written: what a misspelt search word is compared with."""

    __tablename__ = "listing_word"
    __table_args__ = (
        Index(
            "ix_listing_word_trgm", "word", postgresql_using="gin", postgresql_ops={"word": "gin_trgm_ops"}
        ),
    )

    word: Mapped[str] = mapped_column(primary_key=True)
