"""Tables of voices."""

from __future__ import annotations

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit.db import Created, Model, UuidKey
from coevolve.kit.i18n import lazy
from coevolve.kit.moves import Machine


class AttestationState(StrEnum):
    """Where an official's statement stands."""

    asked = "asked"
    given = "given"
    declined = "declined"
    withdrawn = "withdrawn"
    lapsed = "lapsed"
    revoked = "revoked"


A = AttestationState
ATTESTATION = Machine(
    "attestation",
    {A.asked: {A.given, A.declined, A.withdrawn, A.lapsed}, A.given: {A.revoked}},
    initial={A.asked, A.given},
)
"""Members ask and withdraw; the official gives, declines and revokes; the clock lapses.

An officer's own begins given."""


class Attestation(UuidKey, Created, Model):
    """An official's statement about a listing."""

    __tablename__ = "attestation"
    __table_args__ = (
        CheckConstraint(
            "state IN ('asked', 'given', 'declined', 'withdrawn', 'lapsed', 'revoked')", name="state_known"
        ),
        CheckConstraint("method IN ('link', 'officer')", name="method_known"),
        CheckConstraint("(state IN ('given', 'revoked')) <= (text <> '')", name="given_has_text"),
        CheckConstraint("length(text) <= 1000 AND length(reason) <= 1000", name="texts"),
        CheckConstraint(
            "length(name) BETWEEN 1 AND 120 AND length(office) BETWEEN 1 AND 120"
            " AND length(agency) BETWEEN 1 AND 160",
            name="names",
        ),
        Index(
            "uq_attestation_live",
            "listing_id",
            "person_id",
            unique=True,
            postgresql_where=sql("state IN ('asked', 'given')"),
        ),
        Index("ix_attestation_expires_on", "expires_on", postgresql_where=sql("state = 'asked'")),
    )
    machine: ClassVar[Machine] = ATTESTATION
    state_labels: ClassVar[dict[str, Any]] = {
        A.asked: lazy("Diminta"),
        A.given: lazy("Sudah diberikan"),
        A.declined: lazy("Tidak diberikan"),
        A.withdrawn: lazy("Permintaan ditarik"),
        A.lapsed: lazy("Tidak dijawab"),
        A.revoked: lazy("Dicabut pejabatnya"),
    }

    listing_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing.id", ondelete="CASCADE"))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    """The official; someone without an account is an invited person."""
    agency_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organisation.id"))
    """The checked agency of an officer who has an account."""
    name: Mapped[str]
    office: Mapped[str]
    agency: Mapped[str]
    method: Mapped[str]
    """link: mailed to the address the organisation gave; officer: signed in, of a checked agency of the place."""
    state: Mapped[str]
    text: Mapped[str] = mapped_column(server_default=sql("''"), default="")
    reason: Mapped[str] = mapped_column(server_default=sql("''"), default="")
    """Why it was declined or revoked; read by the organisation."""
    asked_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    expires_on: Mapped[dt.date | None]
    given_at: Mapped[dt.datetime | None]


class QuestionState(StrEnum):
    """Where a question stands."""

    open = "open"
    answered = "answered"
    hidden = "hidden"


Q = QuestionState
QUESTION = Machine(
    "question",
    {Q.open: {Q.answered, Q.hidden}, Q.answered: {Q.hidden}},
    initial={Q.open},
)
"""Anybody signed in asks, a member answers (and may better the answer), a moderator hides with a reason."""


class Question(UuidKey, Created, Model):
    """A public question about a listing, with its answer."""

    __tablename__ = "question"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'answered', 'hidden')", name="state_known"),
        CheckConstraint("(state = 'answered') <= (answered_at IS NOT NULL)", name="answered_has_time"),
        CheckConstraint("length(text) BETWEEN 1 AND 1000 AND length(answer) <= 2000", name="texts"),
        Index("ix_question_listing_id", "listing_id", "created_at"),
        Index("ix_question_person_id", "person_id"),
    )
    machine: ClassVar[Machine] = QUESTION
    state_labels: ClassVar[dict[str, Any]] = {
        Q.open: lazy("Belum dijawab"),
        Q.answered: lazy("Sudah dijawab"),
        Q.hidden: lazy("Disembunyikan"),
    }

    listing_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing.id", ondelete="CASCADE"))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    is_name_public: Mapped[bool] = mapped_column(server_default=sql("false"), default=False)
    text: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=sql("'open'"), default=QuestionState.open)
    answer: Mapped[str] = mapped_column(server_default=sql("''"), default="")
    answered_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[dt.datetime | None]
    hidden_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    hidden_because: Mapped[str] = mapped_column(server_default=sql("''"), default="")


class PartnerState(StrEnum):
    """Where a joint listing stands with one partner."""

    invited = "invited"
    accepted = "accepted"
    declined = "declined"
    withdrawn = "withdrawn"
    left = "left"


P = PartnerState
PARTNER = Machine(
    "listing_partner",
    {P.invited: {P.accepted, P.declined, P.withdrawn}, P.accepted: {P.left}},
    initial={P.invited},
)
"""The leading organisation's owner invites and withdraws; the partner's owner answers; either ends it."""


class ListingPartner(UuidKey, Created, Model):
    """An organisation that asks jointly with the one that leads the listing."""

    __tablename__ = "listing_partner"
    __table_args__ = (
        CheckConstraint(
            "state IN ('invited', 'accepted', 'declined', 'withdrawn', 'left')", name="state_known"
        ),
        CheckConstraint("length(part) BETWEEN 1 AND 300 AND length(reason) <= 500", name="texts"),
        Index(
            "uq_listing_partner_live",
            "listing_id",
            "organisation_id",
            unique=True,
            postgresql_where=sql("state IN ('invited', 'accepted')"),
        ),
        Index("ix_listing_partner_organisation_id", "organisation_id"),
    )
    machine: ClassVar[Machine] = PARTNER
    state_labels: ClassVar[dict[str, Any]] = {
        P.invited: lazy("Diajak"),
        P.accepted: lazy("Ikut serta"),
        P.declined: lazy("Tidak ikut"),
        P.withdrawn: lazy("Ajakan ditarik"),
        P.left: lazy("Sudah keluar"),
    }

    listing_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing.id", ondelete="CASCADE"))
    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    part: Mapped[str]
    """What the partner does in it, in one sentence; shown on the page."""
    state: Mapped[str] = mapped_column(server_default=sql("'invited'"), default=PartnerState.invited)
    reason: Mapped[str] = mapped_column(server_default=sql("''"), default="")
    invited_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    answered_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[dt.datetime | None]
