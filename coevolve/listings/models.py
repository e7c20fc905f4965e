"""Tables of listings: the listing, its lines, its old addresses, and the slim rows that browsing walks."""

from __future__ import annotations

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit.db import BigKey, Created, Model, UuidKey
from coevolve.kit.i18n import lazy
from coevolve.kit.moves import Machine


class Kind(StrEnum):
    """What a listing is."""

    need = "need"
    campaign = "campaign"
    standing_offer = "standing_offer"
    opportunity = "opportunity"


class State(StrEnum):
    """Where a listing stands; only `open` takes pledges."""

    draft = "draft"
    in_review = "in_review"
    returned = "returned"
    rejected = "rejected"
    open = "open"
    paused = "paused"
    fulfilled = "fulfilled"
    closed = "closed"
    expired = "expired"
    frozen = "frozen"


MACHINE = Machine(
    "listing",
    {
        State.draft: {State.in_review},
        State.in_review: {State.open, State.returned, State.rejected},
        State.returned: {State.in_review},
        State.open: {State.paused, State.fulfilled, State.closed, State.expired, State.frozen},
        State.paused: {State.open, State.closed, State.expired, State.frozen},
        State.frozen: {State.open, State.closed},
    },
    initial={State.draft},
)
"""Owner or member: submit, pause, resume, close. Moderator: open, return, reject, freeze, unfreeze. Clock: expire,
pause what was not re-confirmed. The books: fulfilled, when no line misses anything."""

EDITABLE = frozenset({State.draft, State.returned})
"""States in which members may change what the listing says."""

PUBLIC = frozenset({State.open, State.paused, State.fulfilled, State.closed, State.expired, State.frozen})
"""States whose page everybody may see (a frozen one shows a neutral notice)."""


class LineKind(StrEnum):
    """The four kinds of support."""

    money = "money"
    goods = "goods"
    time = "time"
    facility = "facility"


KIND_BITS: dict[str, int] = {"money": 1, "goods": 2, "time": 4, "facility": 8}
"""Bits of `kinds`, as in the interests of matching."""

VALUATION_SOURCES = ("receipt", "price_list", "wage_rate", "giver_estimate", "cso_estimate")


class Listing(UuidKey, Created, Model):
    """One need, campaign, standing offer or opportunity of one organisation."""

    __tablename__ = "listing"
    __table_args__ = (
        CheckConstraint("kind IN ('need','campaign','standing_offer','opportunity')", name="kind"),
        CheckConstraint(
            "state IN ('draft','in_review','returned','rejected','open','paused','fulfilled','closed','expired',"
            "'frozen')",
            name="state",
        ),
        CheckConstraint(
            "state IN ('draft','returned') OR "
            "(locality_code IS NOT NULL AND sector IS NOT NULL AND closes_on IS NOT NULL)",
            name="complete",
        ),
        CheckConstraint(
            "state IN ('draft','in_review','returned','rejected') OR (opened_at IS NOT NULL AND opened_by IS NOT NULL)",
            name="opened",
        ),
        CheckConstraint("opened_by <> seconded_by", name="two_moderators"),
        CheckConstraint("length(title) BETWEEN 1 AND 120", name="title"),
        CheckConstraint("length(summary) <= 280 AND length(story) <= 20000", name="texts"),
        CheckConstraint("kinds BETWEEN 0 AND 15", name="kinds"),
        UniqueConstraint("client_token"),
        Index("ix_listing_organisation_id", "organisation_id", "created_at"),
        Index("ix_listing_locality_code", "locality_code"),
        Index("ix_listing_in_review", "submitted_at", postgresql_where=text("state = 'in_review'")),
        Index("ix_listing_closing", "closes_on", postgresql_where=text("state IN ('open','paused')")),
        Index("ix_listing_reconfirm", "reconfirm_by", postgresql_where=text("state = 'open'")),
        Index(
            "ix_listing_title_trgm",
            literal_column("lower(title)").label("title_lower"),
            postgresql_using="gin",
            postgresql_ops={"title_lower": "gin_trgm_ops"},
        ),
    )
    machine: ClassVar[Machine] = MACHINE
    state_labels: ClassVar[dict[str, Any]] = {
        State.draft: lazy("Draf"),
        State.in_review: lazy("Diperiksa"),
        State.returned: lazy("Perlu perbaikan"),
        State.rejected: lazy("Ditolak"),
        State.open: lazy("Tayang"),
        State.paused: lazy("Dijeda"),
        State.fulfilled: lazy("Terpenuhi"),
        State.closed: lazy("Ditutup"),
        State.expired: lazy("Berakhir"),
        State.frozen: lazy("Dibekukan"),
    }

    slug: Mapped[str] = mapped_column(unique=True)
    """The address; its history is in listing_slug."""
    kind: Mapped[str]
    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    """Who asks or offers."""
    title: Mapped[str]
    summary: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """One or two sentences for cards and previews."""
    story: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """The long text, in Markdown."""
    state: Mapped[str] = mapped_column(server_default=text("'draft'"), default=State.draft)
    locality_code: Mapped[str | None] = mapped_column(ForeignKey("locality.code"))
    """Where; the five codes below follow from it by trigger."""
    country_code: Mapped[str | None]
    region_code: Mapped[str | None]
    province_code: Mapped[str | None]
    regency_code: Mapped[str | None]
    district_code: Mapped[str | None]
    sector: Mapped[str | None]
    kinds: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"), default=0)
    """Which kinds of lines it has, as bits; kept by trigger."""
    opens_on: Mapped[dt.date | None]
    """The day it first opened, on the calendar of its place."""
    closes_on: Mapped[dt.date | None]
    """The last day on which it takes pledges."""
    reconfirm_by: Mapped[dt.date | None]
    """Until when a member must say that it still stands; past it the clock pauses it."""
    legal_basis: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """Opportunities: the rule or budget line they rest on."""
    planning_event: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """Opportunities: the planning step they belong to (musrenbang, RKPD)."""
    planning_on: Mapped[dt.date | None]
    """Opportunities: the date of that step."""
    remarks: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"), default=dict)
    """Field -> what the moderator asks to mend; emptied when submitted again."""
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    client_token: Mapped[uuid.UUID | None]
    """Comes with the form: a double click makes one draft."""
    source_kind: Mapped[str | None]
    """The kind of thing this was born from, if any."""
    source_id: Mapped[uuid.UUID | None]
    submitted_at: Mapped[dt.datetime | None]
    submitted_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    opened_at: Mapped[dt.datetime | None]
    """When it first opened; browsing sorts by it."""
    open_order: Mapped[int | None]
    """The how-manieth listing ever opened (a sequence, by trigger); word search keeps its slabs by it."""
    opened_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    """The moderator who opened it."""
    seconded_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    """The other moderator, for an organisation's first campaign."""
    ended_at: Mapped[dt.datetime | None]
    """When it was fulfilled, closed, rejected or expired."""
    revised_at: Mapped[dt.datetime | None]
    """When a member last changed it."""
    hidden_since: Mapped[dt.date | None]
    """Out of browse and search since this day, for a spending report is late; a mark, not a state."""


class ListingLine(UuidKey, Created, Model):
    """One thing asked for or offered, with its quantity. For money the quantity is minor units."""

    __tablename__ = "listing_line"
    __table_args__ = (
        CheckConstraint("kind IN ('money','goods','time','facility')", name="kind"),
        CheckConstraint("quantity > 0 AND quantity < 9000000000000000", name="quantity"),
        CheckConstraint("min_useful_quantity > 0 AND min_useful_quantity <= quantity", name="min_useful"),
        CheckConstraint("(kind = 'money') = (unit !~ '^X:')", name="unit"),
        CheckConstraint("unit <> 'IDR' OR quantity % 100 = 0", name="whole_rupiah"),
        CheckConstraint("needed_from <= needed_until", name="period"),
        CheckConstraint("people_reached >= 0 AND radius_km BETWEEN 1 AND 5000", name="reach"),
        CheckConstraint("unit_value IS NULL OR (unit_value > 0 AND kind <> 'money')", name="unit_value"),
        CheckConstraint("(unit_value IS NULL) = (valuation_source IS NULL)", name="valuation"),
        CheckConstraint(
            "valuation_source IN ('receipt','price_list','wage_rate','giver_estimate','cso_estimate')",
            name="valuation_source",
        ),
        CheckConstraint("length(label) BETWEEN 1 AND 120", name="label"),
        CheckConstraint("spent >= 0 AND receipts >= 0 AND (kind = 'money' OR spent = 0)", name="spent"),
        Index("ix_listing_line_listing_id", "listing_id", "position"),
    )

    listing_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(SmallInteger)
    """Order on the page."""
    kind: Mapped[str]
    category: Mapped[str]
    """What it is about (units.CATEGORIES); matching compares it."""
    label: Mapped[str]
    unit: Mapped[str] = mapped_column(ForeignKey("ledger_unit.code"))
    quantity: Mapped[int]
    min_useful_quantity: Mapped[int | None]
    """Less than this helps nobody, unless it fills the rest."""
    is_required: Mapped[bool] = mapped_column(server_default=text("true"), default=True)
    """Needed for the project to work at all: the required money lines make the minimum goal."""
    needed_from: Mapped[dt.date | None]
    needed_until: Mapped[dt.date | None]
    handover_place: Mapped[str] = mapped_column(server_default=text("''"), default="")
    people_reached: Mapped[int | None]
    unit_value: Mapped[int | None]
    """Declared value of one unit in rupiah minor units; stated, never in the money ledger."""
    valuation_source: Mapped[str | None]
    is_inexhaustible: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    """Standing offers: giving it does not use it up."""
    radius_km: Mapped[int | None] = mapped_column(SmallInteger)
    """Standing offers: how far from the place it can be had."""
    spent: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    """Money: what accepted reports spent on it, in its unit; written by disbursements with each report."""
    receipts: Mapped[int] = mapped_column(Integer, server_default=text("0"), default=0)
    """How many receipts prove it."""


class ListingSlug(Model):
    """Every address a listing ever had; an old one redirects."""

    __tablename__ = "listing_slug"
    __table_args__ = (Index("ix_listing_slug_listing_id", "listing_id"),)

    slug: Mapped[str] = mapped_column(primary_key=True)
    listing_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing.id", ondelete="CASCADE"))


_WALK = (text("opened_at DESC"), text("listing_id DESC"))
_REST: dict[str, Any] = {"postgresql_include": ["sector", "kind", "kinds"]}


class ListingPlace(Model):
    """The slim row of an open listing: what browsing filters and sorts by. Exists only while the listing is open.

    One per listing, place and sector (today each listing has one of both). Each level of place has an index alone, with
    the sector and with the kind, newest first, so that every page of every filter is a short walk down an index.
    """

    __tablename__ = "listing_place"
    __table_args__ = (
        Index("ix_listing_place_newest", *_WALK, **_REST),
        Index("ix_listing_place_sector", "sector", *_WALK, postgresql_include=["kind", "kinds"]),
        Index("ix_listing_place_kind", "kind", *_WALK, postgresql_include=["sector", "kinds"]),
        *(
            index
            for level in ("region", "province", "regency")
            for index in (
                Index(f"ix_listing_place_{level}", f"{level}_code", *_WALK, **_REST),
                Index(
                    f"ix_listing_place_{level}_sector",
                    f"{level}_code",
                    "sector",
                    *_WALK,
                    postgresql_include=["kind", "kinds"],
                ),
                Index(
                    f"ix_listing_place_{level}_kind",
                    f"{level}_code",
                    "kind",
                    *_WALK,
                    postgresql_include=["sector", "kinds"],
                ),
            )
        ),
        Index("ix_listing_place_district", "district_code", *_WALK, **_REST),
        Index(
            "ix_listing_place_abroad",
            "country_code",
            *_WALK,
            postgresql_include=["sector", "kind", "kinds"],
            postgresql_where=text("country_code <> 'ID'"),
        ),
        Index("ix_listing_place_closing", "closes_on", "listing_id"),
        *(
            Index(f"ix_listing_place_{level}_closing", f"{level}_code", "closes_on", "listing_id")
            for level in ("region", "province", "regency")
        ),
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


class ListingSearch(Model):
    """The slim row of an open listing that word search walks, by slab of opening order, newest slab first.

    `tsv` holds the stems of its words and, as marked lexemes, every filter of the browse page ('p:53.02', 's:water',
    'k:need', 'b:goods'), so that one index answers words and filters together.
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
    region_code: Mapped[str | None]
    province_code: Mapped[str | None]
    regency_code: Mapped[str | None]
    district_code: Mapped[str | None]
    sector: Mapped[str]
    kind: Mapped[str]
    kinds: Mapped[int] = mapped_column(SmallInteger)
    opened_at: Mapped[dt.datetime]
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
    sector: Mapped[str]
    kind: Mapped[str]
    kinds: Mapped[int] = mapped_column(SmallInteger)
    step: Mapped[int] = mapped_column(SmallInteger)
