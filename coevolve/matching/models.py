"""Tables of matching."""

from __future__ import annotations

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, SmallInteger, text
from sqlalchemy import text as sql_text
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit.db import BigKey, Created, Model, UuidKey
from coevolve.kit.i18n import lazy
from coevolve.kit.moves import Machine

ALL_KINDS = 15
"""Money 1, goods 2, time 4, facility 8."""


class MatchState(StrEnum):
    """How far a suggestion has come."""

    suggested = "suggested"
    seen = "seen"
    contacted = "contacted"
    pledged = "pledged"
    dismissed = "dismissed"
    expired = "expired"


M = MatchState
LIVE = frozenset({M.suggested, M.seen, M.contacted})
"""States in which something may still come of it."""
_MOVES = {
    M.suggested: {M.seen, M.contacted, M.pledged, M.dismissed, M.expired},
    M.seen: {M.contacted, M.pledged, M.dismissed, M.expired},
    M.contacted: {M.pledged, M.dismissed, M.expired},
    M.dismissed: {M.seen, M.pledged, M.expired},
    M.pledged: set(),
    M.expired: {M.pledged},
}
MATCH = Machine("match", _MOVES, initial={M.suggested})
"""The person it concerns: seen, contacted, dismissed, and back again to seen. A pledge that arrives: pledged. The end
of the listing, by clock or reaction: expired. Moves happen in sets and write no move_event; a trigger holds them."""
PAIRING = Machine("pairing", _MOVES, initial={M.suggested})
"""The same, moved by the members of either side."""
STATE_LABELS: dict[str, Any] = {
    M.suggested: lazy("Baru"),
    M.seen: lazy("Sudah dilihat"),
    M.contacted: lazy("Sudah dihubungi"),
    M.pledged: lazy("Menjadi dukungan"),
    M.dismissed: lazy("Disingkirkan"),
    M.expired: lazy("Sudah berakhir"),
}
DISMISSALS: dict[str, Any] = {
    "far": lazy("Terlalu jauh"),
    "not_mine": lazy("Bukan yang saya cari atau tawarkan"),
    "timing": lazy("Waktunya tidak cocok"),
    "enough": lazy("Sudah cukup membantu di tempat lain"),
    "other": lazy("Alasan lain"),
}
"""Why a suggestion was put away. `timing` and `enough` say nothing against the thing itself: nothing is learned."""
UNLEARNED = frozenset({"timing", "enough"})


def _one_of(column: str, words: Any) -> str:
    return f"{column} in ({', '.join(repr(str(word)) for word in words)})"


class Interest(BigKey, Created, Model):
    """What a person or an organisation follows. One row covers everything inside its place."""

    __tablename__ = "interest"
    __table_args__ = (
        CheckConstraint("num_nonnulls(person_id, organisation_id) = 1", name="one_follower"),
        CheckConstraint("kinds between 1 and 15", name="kinds_known"),
        CheckConstraint(
            "min_minor >= 0 and max_minor >= 0 and min_minor <= max_minor", name="amounts_ordered"
        ),
        Index(
            "uq_interest_follower_place_sector",
            "person_id",
            "organisation_id",
            "locality_code",
            "sector",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index(
            "ix_interest_place_sector",
            "locality_code",
            "sector",
            postgresql_include=["id", "kinds", "min_minor", "max_minor", "person_id", "organisation_id"],
            postgresql_where=text("is_active"),
        ),
        Index(
            "ix_interest_neighbours",
            "locality_code",
            "sector",
            postgresql_include=["id", "kinds", "min_minor", "max_minor", "person_id", "organisation_id"],
            postgresql_where=text("is_active and with_neighbours"),
        ),
        Index("ix_interest_organisation_id", "organisation_id"),
    )

    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organisation.id"))
    """Its members are told."""
    locality_code: Mapped[str] = mapped_column(ForeignKey("locality.code"))
    """The place with all below it; 'ID' is all of Indonesia."""
    sector: Mapped[str | None]
    """Empty: every sector."""
    kinds: Mapped[int] = mapped_column(SmallInteger, server_default=text("15"), default=ALL_KINDS)
    """Which kinds of support the follower may give, as bits."""
    min_minor: Mapped[int | None]
    """Least and most money a listing may ask for to be of interest, in rupiah minor units; only money is measured."""
    max_minor: Mapped[int | None]
    with_neighbours: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    """A kabupaten or kota is followed with those beside it."""
    is_active: Mapped[bool] = mapped_column(server_default=text("true"), default=True)
    """Unfollowing sets it to false; the row stays, for matches point at it."""
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))


class Match(BigKey, Created, Model):
    """An open listing suggested to a person, once, by the interest that fits it best."""

    __tablename__ = "match"
    __table_args__ = (
        CheckConstraint(_one_of("state", MatchState), name="state_known"),
        CheckConstraint(f"reason = '' or {_one_of('reason', DISMISSALS)}", name="reason_known"),
        CheckConstraint("score between 0 and 100", name="score_range"),
        Index("uq_match_listing_id_person_id", "listing_id", "person_id", unique=True),
        Index("ix_match_person_id_id", "person_id", "id"),
    )
    machine: ClassVar[Machine] = MATCH
    state_labels: ClassVar[dict[str, Any]] = STATE_LABELS

    listing_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing.id", ondelete="CASCADE"))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    for_organisation: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organisation.id"))
    """When the interest is an organisation's: in whose name the person hears of it."""
    interest_id: Mapped[int | None] = mapped_column(ForeignKey("interest.id"))
    score: Mapped[int] = mapped_column(SmallInteger)
    """The sum of the parts; what was put away before takes from it."""
    parts: Mapped[dict[str, Any]]
    """place: the code followed; sector: the one named, or null; kinds: the bits both have; points: of each part."""
    reasons: Mapped[dict[str, Any]]
    """Why, in one sentence: {"id": ..., "en": ...}."""
    state: Mapped[str] = mapped_column(server_default=text("'suggested'"), default=MatchState.suggested)
    reason: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """Why it was dismissed (DISMISSALS)."""
    changed_at: Mapped[dt.datetime | None]


class Pairing(BigKey, Created, Model):
    """A need (or campaign) and a standing offer of another organisation that suit each other."""

    __tablename__ = "pairing"
    __table_args__ = (
        CheckConstraint("need_id <> offer_id", name="two_listings"),
        CheckConstraint("score between 0 and 100", name="score_range"),
        CheckConstraint(_one_of("state", MatchState), name="state_known"),
        CheckConstraint(f"reason = '' or {_one_of('reason', DISMISSALS)}", name="reason_known"),
        CheckConstraint("state <> 'dismissed' or dismissed_for is not null", name="dismissed_by_a_side"),
        Index("uq_pairing_need_id_offer_id", "need_id", "offer_id", unique=True),
        Index("ix_pairing_offer_id", "offer_id"),
        Index(
            "ix_pairing_ends_on",
            "ends_on",
            postgresql_where=text("state in ('suggested', 'seen', 'contacted')"),
        ),
        Index(
            "ix_pairing_dismissed_for", "dismissed_for", postgresql_where=text("dismissed_for is not null")
        ),
    )
    machine: ClassVar[Machine] = PAIRING
    state_labels: ClassVar[dict[str, Any]] = STATE_LABELS

    need_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing.id", ondelete="CASCADE"))
    offer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing.id", ondelete="CASCADE"))
    score: Mapped[int] = mapped_column(SmallInteger)
    """The best pair of lines, and a little for each further one."""
    parts: Mapped[dict[str, Any]]
    """The points of the best pair of lines, and what they rest on: how (kind of nearness), km, kind, category."""
    reasons: Mapped[dict[str, Any]]
    """Why, told to each side: {"need": {"id": ..., "en": ...}, "offer": {...}}."""
    ends_on: Mapped[dt.date | None]
    """The last day on which something can come of it; the clock expires it after."""
    state: Mapped[str] = mapped_column(server_default=text("'suggested'"), default=MatchState.suggested)
    reason: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """Why it was dismissed (DISMISSALS)."""
    dismissed_for: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organisation.id"))
    """The side that said it does not fit."""
    changed_at: Mapped[dt.datetime | None]


class PairingLine(Model):
    """A line of the need and a line of the offer that suit each other, with the points of each part."""

    __tablename__ = "pairing_line"
    __table_args__ = (
        CheckConstraint("score between 0 and 100", name="score_range"),
        Index("ix_pairing_line_need_line_id", "need_line_id"),
        Index("ix_pairing_line_offer_line_id", "offer_line_id"),
    )

    pairing_id: Mapped[int] = mapped_column(ForeignKey("pairing.id", ondelete="CASCADE"), primary_key=True)
    need_line_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("listing_line.id", ondelete="CASCADE"), primary_key=True
    )
    offer_line_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("listing_line.id", ondelete="CASCADE"), primary_key=True
    )
    score: Mapped[int] = mapped_column(SmallInteger)
    parts: Mapped[dict[str, Any]]


class MatchNote(BigKey, Created, Model):
    """A note to follow up a match or a pairing: who, when, what."""

    __tablename__ = "match_note"
    __table_args__ = (
        CheckConstraint("num_nonnulls(match_id, pairing_id) = 1", name="one_thing"),
        CheckConstraint("length(text) between 1 and 1000", name="text_length"),
        Index("ix_match_note_match_id", "match_id", postgresql_where=text("match_id is not null")),
        Index("ix_match_note_pairing_id", "pairing_id", postgresql_where=text("pairing_id is not null")),
        Index("ix_match_note_person_id", "person_id"),
    )

    match_id: Mapped[int | None] = mapped_column(ForeignKey("match.id", ondelete="CASCADE"))
    pairing_id: Mapped[int | None] = mapped_column(ForeignKey("pairing.id", ondelete="CASCADE"))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    for_organisation: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organisation.id"))
    """In whose name it was written."""
    is_message: Mapped[bool] = mapped_column(server_default=sql_text("false"), default=False)
    """Sent to the other side; else a note of its own side."""
    text: Mapped[str]


class MatchDislike(Model):
    """What a person put away, counted: later matches about the same sink."""

    __tablename__ = "match_dislike"
    __table_args__ = (CheckConstraint("count >= 0", name="count_positive"),)

    about: Mapped[str] = mapped_column(primary_key=True)
    """'sector:water' or 'organisation:<id>'."""
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    count: Mapped[int] = mapped_column(SmallInteger)


class ShelfLine(Model):
    """The slim row of a line of an open, shown listing: what pairing walks. Kept by triggers; nobody else writes it."""

    __tablename__ = "shelf_line"
    __table_args__ = (
        *(
            Index(
                f"ix_shelf_line_{level}",
                "side",
                "kind",
                "category",
                f"{level}_code",
                text("opened_at DESC"),
                text("line_id DESC"),
            )
            for level in ("regency", "province", "region")
        ),
        Index(
            "ix_shelf_line_wide",
            "side",
            "kind",
            "category",
            text("opened_at DESC"),
            text("line_id DESC"),
            postgresql_where=text("radius_km >= 150"),
        ),
        Index("ix_shelf_line_listing_id", "listing_id"),
    )

    line_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("listing_line.id", ondelete="CASCADE"), primary_key=True
    )
    listing_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing.id", ondelete="CASCADE"))
    organisation_id: Mapped[uuid.UUID]
    side: Mapped[str]
    """need (needs and campaigns) or offer (standing offers)."""
    kind: Mapped[str]
    category: Mapped[str]
    sector: Mapped[str]
    unit: Mapped[str]
    quantity: Mapped[int]
    least: Mapped[int | None]
    from_on: Mapped[dt.date | None]
    until_on: Mapped[dt.date | None]
    closes_on: Mapped[dt.date]
    radius_km: Mapped[int | None] = mapped_column(SmallInteger)
    is_inexhaustible: Mapped[bool]
    region_code: Mapped[str | None]
    province_code: Mapped[str | None]
    regency_code: Mapped[str | None]
    lat: Mapped[float | None] = mapped_column(Float)
    """The point of its place, or of the kabupaten or kota it lies in."""
    lng: Mapped[float | None] = mapped_column(Float)
    opened_at: Mapped[dt.datetime]


class InvitationState(StrEnum):
    """What became of an invitation between peers."""

    invited = "invited"
    accepted = "accepted"
    declined = "declined"
    withdrawn = "withdrawn"


I = InvitationState  # noqa: E741 - short in the table below
PEER = Machine(
    "peer_invitation",
    {
        I.invited: {I.accepted, I.declined, I.withdrawn},
        I.accepted: set(),
        I.declined: set(),
        I.withdrawn: set(),
    },
    initial={I.invited},
)
"""The invited side: accepts, declines. The inviting side: withdraws."""


class PeerInvitation(UuidKey, Created, Model):
    """One CSO asks another with the same need to talk about asking together."""

    __tablename__ = "peer_invitation"
    __table_args__ = (
        CheckConstraint(_one_of("state", InvitationState), name="state_known"),
        CheckConstraint("from_listing_id <> to_listing_id", name="two_listings"),
        CheckConstraint("length(text) between 1 and 1000 and length(answer) <= 1000", name="texts"),
        Index(
            "uq_peer_invitation_open",
            "from_listing_id",
            "to_listing_id",
            unique=True,
            postgresql_where=text("state in ('invited', 'accepted')"),
        ),
        Index("ix_peer_invitation_to_listing_id", "to_listing_id"),
    )
    machine: ClassVar[Machine] = PEER
    state_labels: ClassVar[dict[str, Any]] = {
        I.invited: lazy("Menunggu jawaban"),
        I.accepted: lazy("Disambut"),
        I.declined: lazy("Belum bersedia"),
        I.withdrawn: lazy("Ditarik"),
    }

    from_listing_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing.id", ondelete="CASCADE"))
    to_listing_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(server_default=text("'invited'"), default=InvitationState.invited)
    invited_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    text: Mapped[str]
    """What the inviting side writes."""
    answered_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    answer: Mapped[str] = mapped_column(server_default=sql_text("''"), default="")
    answered_at: Mapped[dt.datetime | None]
