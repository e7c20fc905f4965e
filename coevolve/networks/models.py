"""Tables of networks."""

from __future__ import annotations

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit.db import BigKey, Created, Model, UuidKey
from coevolve.kit.i18n import lazy
from coevolve.kit.moves import Machine


class Network(UuidKey, Created, Model):
    """A group of localities, with organisations that work across them."""

    __tablename__ = "network"
    __table_args__ = (
        CheckConstraint(
            "length(name) BETWEEN 3 AND 120 AND length(purpose) BETWEEN 1 AND 2000", name="texts"
        ),
        CheckConstraint("ended_on >= founded_on", name="period"),
        Index("uq_network_name", text("lower(name)"), unique=True, postgresql_where=text("ended_on IS NULL")),
    )

    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    purpose: Mapped[str]
    """What it is for, in Markdown."""
    founded_on: Mapped[dt.date]
    """The day it entered the platform."""
    ended_on: Mapped[dt.date | None]
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))


class NetworkLocality(BigKey, Model):
    """A place in a network, from a day until a day; a place may leave and come back."""

    __tablename__ = "network_locality"
    __table_args__ = (
        CheckConstraint("until >= since", name="period"),
        Index(
            "uq_network_locality_now",
            "network_id",
            "locality_code",
            unique=True,
            postgresql_where=text("until IS NULL"),
        ),
        Index("ix_network_locality_code", "locality_code", postgresql_where=text("until IS NULL")),
    )

    network_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("network.id"))
    locality_code: Mapped[str] = mapped_column(ForeignKey("locality.code"))
    since: Mapped[dt.date]
    until: Mapped[dt.date | None]


class NetworkOrganisation(BigKey, Model):
    """An organisation in a network, from a day until a day."""

    __tablename__ = "network_organisation"
    __table_args__ = (
        CheckConstraint("until >= since", name="period"),
        Index(
            "uq_network_organisation_now",
            "network_id",
            "organisation_id",
            unique=True,
            postgresql_where=text("until IS NULL"),
        ),
        Index(
            "ix_network_organisation_organisation", "organisation_id", postgresql_where=text("until IS NULL")
        ),
    )

    network_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("network.id"))
    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    since: Mapped[dt.date]
    until: Mapped[dt.date | None]


class LinkState(StrEnum):
    """Where a link stands."""

    proposed = "proposed"
    active = "active"
    declined = "declined"
    ended = "ended"


LINK = Machine(
    "locality_link",
    {
        LinkState.proposed: {LinkState.active, LinkState.declined},
        LinkState.active: {LinkState.ended},
    },
    initial={LinkState.proposed},
)
"""Proposed by an officer of one of the two places or by an admin; moved by an admin."""


class LocalityLink(UuidKey, Created, Model):
    """A tie between two localities."""

    __tablename__ = "locality_link"
    __table_args__ = (
        CheckConstraint("a_code < b_code", name="once"),
        CheckConstraint("kind IN ('sister', 'shared_need', 'learning')", name="kind_known"),
        CheckConstraint("state IN ('proposed', 'active', 'declined', 'ended')", name="state_known"),
        CheckConstraint("since IS NULL OR state IN ('active', 'ended')", name="day_when_active"),
        CheckConstraint("until IS NULL OR (state = 'ended' AND until >= since)", name="day_when_ended"),
        CheckConstraint("length(evidence) BETWEEN 1 AND 1000", name="evidence"),
        Index(
            "uq_locality_link_live",
            "a_code",
            "b_code",
            "kind",
            unique=True,
            postgresql_where=text("state IN ('proposed', 'active')"),
        ),
        Index("ix_locality_link_b_code", "b_code"),
    )
    machine: ClassVar[Machine] = LINK
    state_labels: ClassVar[dict[str, Any]] = {
        LinkState.proposed: lazy("Diusulkan"),
        LinkState.active: lazy("Berlaku"),
        LinkState.declined: lazy("Tidak disetujui"),
        LinkState.ended: lazy("Sudah berakhir"),
    }

    a_code: Mapped[str] = mapped_column(ForeignKey("locality.code"))
    b_code: Mapped[str] = mapped_column(ForeignKey("locality.code"))
    kind: Mapped[str]
    evidence: Mapped[str]
    """What shows the tie: the letter, the meeting, the shared programme."""
    state: Mapped[str] = mapped_column(server_default=text("'proposed'"), default=LinkState.proposed)
    since: Mapped[dt.date | None]
    until: Mapped[dt.date | None]
    reason: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """Why it was declined or ended."""
    proposed_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
