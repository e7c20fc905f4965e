"""What a reader asks of the list of open listings: one object for the list, the map, the feed and the export."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from dataclasses import dataclass

from coevolve.kit import clock
from coevolve.kit.errors import Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.text import clean_line
from coevolve.listings.finding_models import GAPS
from coevolve.listings.models import KIND_BITS, Kind
from coevolve.listings.sectors import CODES
from coevolve.localities.queries import Place

ORDERS = ("newest", "closing")
LEVELS = (0, 2, 3)
"""How far an organisation must be verified: any, documents, a visit."""
WORDS_MOST = 100
DUE_MOST_DAYS = 400

_KIND_SHARE = {"need": 0.3, "campaign": 0.4, "standing_offer": 0.12, "opportunity": 0.08}
_SUPPORT_SHARE = {"money": 0.5, "goods": 0.4, "time": 0.2, "facility": 0.1}
_GAP_SHARE = {"small": 0.1, "some": 0.3, "much": 0.2, "most": 0.05}
_LEVEL_SHARE = {2: 0.9, 3: 0.3}
_ASKING = ("need", "campaign")
RARE = 1 / 150
"""Where a filter that no index has first lets fewer through, walking an index would skip too many rows."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the order: everything strictly after (or before) this key."""

    key: str
    """The sort value as text: microseconds (after a 'u' among urgent needs), a date, or a slab and microseconds."""
    listing_id: uuid.UUID
    is_before: bool = False
    """Whether the page wanted ends just before the key instead of beginning after it."""

    def __str__(self) -> str:
        return f"{self.key}.{self.listing_id.hex}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a reader asks for. Values are checked: build it with known codes only."""

    words: str = ""
    place: Place | None = None
    sector: str = ""
    kind: str = ""
    support: str = ""
    """A kind of line: money, goods, time or facility."""
    gap: str = ""
    """A band of the money still missing (GAPS)."""
    level: int = 0
    """At least so far verified."""
    due: dt.date | None = None
    """Closes, or is needed, between today and this day."""
    disaster: uuid.UUID | None = None
    """Belongs to this disaster, while that is in force."""
    order: str = "newest"
    cursor: Cursor | None = None
    size: int = 20

    def __post_init__(self) -> None:
        known = (
            (not self.sector or self.sector in CODES)
            and (not self.kind or self.kind in Kind.__members__)
            and (not self.support or self.support in KIND_BITS)
            and (not self.gap or self.gap in GAPS)
            and self.level in LEVELS
            and self.order in ORDERS
        )
        if not known:
            raise Invalid("filter_unknown", lazy("Saringan ini tidak dikenal."), http_status=400)

    @property
    def bit(self) -> int:
        """The kind of support as a bit; 0 for any."""
        return KIND_BITS.get(self.support, 0)

    @property
    def by_closing(self) -> bool:
        """Whether the order is by closing date."""
        return self.order == "closing"

    @property
    def is_filtered(self) -> bool:
        """Whether anything narrows the list."""
        return bool(self.words or self.place or self.sector or self.kind or self.support or self.is_fine)

    @property
    def is_fine(self) -> bool:
        """Whether a filter is asked that the rolled-up counts do not know."""
        return bool(self.gap or self.level or self.due or self.disaster)

    @property
    def asks_urgent(self) -> bool:
        """Whether needs of a disaster in force may stand among what is asked for, and so stand first."""
        return self.kind in ("", *_ASKING)

    @property
    def by_marks(self) -> bool:
        """Whether the search rows answer it (words, or filters that few pass together) and not an index of its own."""
        return bool(self.words) or (self.disaster is None and self.share < RARE)

    @property
    def fine_share(self) -> float:
        """About which part of the listings passes the fine filters."""
        share = _GAP_SHARE.get(self.gap, 1.0) * _LEVEL_SHARE.get(self.level, 1.0)
        if self.due is not None:
            share *= min(1.0, max(0.02, (self.due - clock.today()).days / 120))
        return share

    @property
    def share(self) -> float:
        """About which part of the rows of the best index passes the filters that it does not begin with."""
        if self.kind and self.kind not in _ASKING and (self.gap or self.support == "money"):
            return 0.0
        share = self.fine_share * _SUPPORT_SHARE.get(self.support, 1.0)
        if self.kind and (self.sector or self.by_closing):
            share *= _KIND_SHARE[self.kind]
        if self.sector and self.by_closing:
            share /= len(CODES)
        return share


_CURSOR = re.compile(
    r"([0-9]{1,6}-[0-9]{1,17}|u?[0-9]{1,17}|[0-9]{4}-[0-9]{2}-[0-9]{2})\.([0-9a-f]{32})", re.ASCII
)


def read_cursor(typed: str, *, is_before: bool = False) -> Cursor:
    """The cursor of an address; Invalid (400) for one that we did not write."""
    found = _CURSOR.fullmatch(typed)
    if found is None:
        raise bad_cursor()
    return Cursor(found.group(1), uuid.UUID(hex=found.group(2)), is_before)


def bad_cursor() -> Invalid:
    """What is said of a cursor that fits no list."""
    return Invalid(
        "cursor", lazy("Halaman daftar ini tidak dikenal. Mulai lagi dari halaman pertama."), http_status=400
    )


def clean_words(typed: str) -> str:
    """Search words without signs that cannot be stored, cut to a sane length."""
    return clean_line(typed.replace("\x00", " "))[:WORDS_MOST]
