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
from sqlalchemy.dialects.postgresql import ARRAY, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit.db import Created, Model, UuidKey
from coevolve.kit.i18n import lazy
from coevolve.kit.moves import Machine
from coevolve.listings import news_models as _news_models  # noqa: F401 - its tables are tables of this domain
from coevolve.listings.finding_models import ListingPlace, ListingSearch  # noqa: F401 - and these


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

PERIODS = ("once", "week", "month")
"""Standing offers: how often the quantity is there anew; `once` is until it is used up."""

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
        CheckConstraint(
            "cardinality(more_localities) <= 4 AND cardinality(more_sectors) <= 2", name="several"
        ),
        CheckConstraint("NOT is_urgent OR disaster_id IS NOT NULL", name="urgent"),
        UniqueConstraint("client_token"),
        Index("ix_listing_organisation_id", "organisation_id", "created_at"),
        Index("ix_listing_locality_code", "locality_code"),
        Index("ix_listing_in_review", "submitted_at", postgresql_where=text("state = 'in_review'")),
        Index("ix_listing_closing", "closes_on", postgresql_where=text("state IN ('open','paused')")),
        Index("ix_listing_reconfirm", "reconfirm_by", postgresql_where=text("state = 'open'")),
        Index("ix_listing_ended_at", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
        Index("ix_listing_disaster_id", "disaster_id", postgresql_where=text("disaster_id IS NOT NULL")),
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
    more_localities: Mapped[list[str]] = mapped_column(
        ARRAY(Text()), server_default=text("'{}'"), default=list
    )
    """Further places, at most four; the place above is the main one."""
    sector: Mapped[str | None]
    more_sectors: Mapped[list[str]] = mapped_column(ARRAY(Text()), server_default=text("'{}'"), default=list)
    """Further sectors, at most two."""
    kinds: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"), default=0)
    """Which kinds of lines it has, as bits; kept by trigger."""
    disaster_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("disaster.id"))
    """The declared disaster it belongs to, if any."""
    is_urgent: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    """Whether that disaster is in force: then it stands first in every list."""
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
    cover: Mapped[str | None]
    """The key of its first photo (kit.photos); kept with the photos."""


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
        CheckConstraint(
            "per IN ('once','week','month') AND NOT (is_inexhaustible AND per <> 'once')", name="per"
        ),
        CheckConstraint(
            "slot_minutes IS NULL OR (kind = 'facility' AND slot_minutes BETWEEN 15 AND 1440)",
            name="slot_minutes",
        ),
        CheckConstraint("length(conditions) <= 500", name="conditions"),
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
    per: Mapped[str] = mapped_column(server_default=text("'once'"), default="once")
    """Standing offers: the period in which the quantity is there (PERIODS); what is left of one is not carried over."""
    conditions: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """Standing offers: what the giver asks of whoever takes it."""
    slot_minutes: Mapped[int | None] = mapped_column(SmallInteger)
    """Facilities with opening hours: how long one slot is; empty: an opening as a whole."""
    spent: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    """Money: what accepted reports spent on it, in its unit; written by disbursements with each report."""
    receipts: Mapped[int] = mapped_column(Integer, server_default=text("0"), default=0)
    """How many receipts prove it."""


class Opening(UuidKey, Model):
    """When a facility on offer may be used: a weekday and hours of the clock of the listing's place."""

    __tablename__ = "listing_opening"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 1 AND 7", name="weekday"),
        CheckConstraint("opens >= 0 AND opens < closes AND closes <= 1440", name="hours"),
        CheckConstraint("valid_from <= valid_until", name="valid"),
        # Hours of one facility never overlap, so that no two slots do.
        ExcludeConstraint(
            ("line_id", "="),
            ("weekday", "="),
            (literal_column("int4range(opens::int, closes::int)"), "&&"),
            (literal_column("daterange(valid_from, valid_until, '[]')"), "&&"),
            name="ex_listing_opening_hours",
            using="gist",
        ),
    )

    line_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing_line.id", ondelete="CASCADE"))
    weekday: Mapped[int] = mapped_column(SmallInteger)
    """1 is Monday."""
    opens: Mapped[int] = mapped_column(SmallInteger)
    """Minutes after midnight."""
    closes: Mapped[int] = mapped_column(SmallInteger)
    valid_from: Mapped[dt.date | None]
    valid_until: Mapped[dt.date | None]


class Closure(UuidKey, Model):
    """Days on which a facility on offer cannot be used all the same. Bookings already made stay until cancelled."""

    __tablename__ = "listing_closure"
    __table_args__ = (
        CheckConstraint("first_on <= last_on", name="days"),
        CheckConstraint("length(note) <= 120", name="note"),
        Index("ix_listing_closure_line_id", "line_id", "last_on"),
    )

    line_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing_line.id", ondelete="CASCADE"))
    first_on: Mapped[dt.date]
    last_on: Mapped[dt.date]
    note: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """Why, shown on the calendar."""


class ListingSlug(Model):
    """Every address a listing ever had; an old one redirects."""

    __tablename__ = "listing_slug"
    __table_args__ = (Index("ix_listing_slug_listing_id", "listing_id"),)

    slug: Mapped[str] = mapped_column(primary_key=True)
    listing_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing.id", ondelete="CASCADE"))
