"""Tables of matching."""

from __future__ import annotations

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit.db import BigKey, Created, Model
from coevolve.kit.i18n import lazy
from coevolve.kit.moves import Machine

ALL_KINDS = 15
"""Money 1, goods 2, time 4, facility 8."""


class MatchState(StrEnum):
    """What the person did with a suggestion."""

    suggested = "suggested"
    seen = "seen"
    dismissed = "dismissed"


MATCH = Machine(
    "match",
    {
        MatchState.suggested: {MatchState.seen, MatchState.dismissed},
        MatchState.seen: {MatchState.dismissed},
        MatchState.dismissed: {MatchState.seen},
    },
    initial={MatchState.suggested},
)
"""Matches move in sets and write no move_event; a trigger holds them to these moves. Restoring a dismissed one makes it
seen."""


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
    is_active: Mapped[bool] = mapped_column(server_default=text("true"), default=True)
    """Unfollowing sets it to false; the row stays, for matches point at it."""
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))


class Match(BigKey, Created, Model):
    """An open listing suggested to a person, once, by the interest that fits it best."""

    __tablename__ = "match"
    __table_args__ = (
        CheckConstraint("state in ('suggested', 'seen', 'dismissed')", name="state_known"),
        CheckConstraint("score between 0 and 100", name="score_range"),
        Index("uq_match_listing_id_person_id", "listing_id", "person_id", unique=True),
        Index("ix_match_person_id_id", "person_id", "id"),
    )
    machine: ClassVar[Machine] = MATCH
    state_labels: ClassVar[dict[str, Any]] = {
        MatchState.suggested: lazy("Disarankan"),
        MatchState.seen: lazy("Sudah dilihat"),
        MatchState.dismissed: lazy("Disingkirkan"),
    }

    listing_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing.id", ondelete="CASCADE"))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    for_organisation: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organisation.id"))
    """When the interest is an organisation's: in whose name the person hears of it."""
    interest_id: Mapped[int | None] = mapped_column(ForeignKey("interest.id"))
    score: Mapped[int] = mapped_column(SmallInteger)
    """The sum of the parts: how near the place (10-50), named sector (30), chosen kinds (20)."""
    parts: Mapped[dict[str, Any]]
    """place: the code followed; sector: the one named, or null; kinds: the bits both have; points: of each."""
    reasons: Mapped[dict[str, Any]]
    """Why, in one sentence: {"id": ..., "en": ...}."""
    state: Mapped[str] = mapped_column(server_default=text("'suggested'"), default=MatchState.suggested)
    changed_at: Mapped[dt.datetime | None]


class Pairing(BigKey, Created, Model):
    """A need (or campaign) and a standing offer of another organisation that suit each other."""

    __tablename__ = "pairing"
    __table_args__ = (
        CheckConstraint("need_id <> offer_id", name="two_listings"),
        CheckConstraint("score between 0 and 100", name="score_range"),
        Index("uq_pairing_need_id_offer_id", "need_id", "offer_id", unique=True),
        Index("ix_pairing_offer_id", "offer_id"),
    )

    need_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing.id", ondelete="CASCADE"))
    offer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing.id", ondelete="CASCADE"))
    score: Mapped[int] = mapped_column(SmallInteger)
    parts: Mapped[dict[str, Any]]
    """category: the first line's category both have; place: the code both lie in; sector: whether it is the same."""
    reasons: Mapped[dict[str, Any]]
    """Why, for both sides, in one sentence: {"id": ..., "en": ...}."""
    dismissed_at: Mapped[dt.datetime | None]
    """Either side said it does not fit."""
