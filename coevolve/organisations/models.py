"""Tables of organisations."""

from __future__ import annotations

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit.db import Created, Model, UuidKey
from coevolve.kit.i18n import lazy
from coevolve.kit.moves import Machine


class Kind(StrEnum):
    """What an organisation is. Every kind may give and may ask."""

    cso = "cso"
    community_group = "community_group"
    company = "company"
    business_association = "business_association"
    philanthropy = "philanthropy"
    digital_provider = "digital_provider"
    government_agency = "government_agency"


class State(StrEnum):
    """Only a checked organisation publishes; frozen stops pledges and money."""

    draft = "draft"
    in_review = "in_review"
    returned = "returned"
    checked = "checked"
    rejected = "rejected"
    frozen = "frozen"


class Role(StrEnum):
    """What a member does: an owner decides, finance proposes money, a member writes."""

    owner = "owner"
    finance = "finance"
    member = "member"


class Subject(StrEnum):
    """What a claim is about."""

    deed = "deed"
    legal_decree = "legal_decree"
    npwp = "npwp"
    domicile = "domicile"
    bank_account = "bank_account"
    board = "board"
    signatory = "signatory"
    visit = "visit"
    track_record = "track_record"


class Method(StrEnum):
    """How a claim was checked."""

    document = "document"
    call = "call"
    visit = "visit"
    peer = "peer"
    official = "official"


class ClaimState(StrEnum):
    """A claim counts while it is accepted and its date has not passed."""

    draft = "draft"
    submitted = "submitted"
    needs_fix = "needs_fix"
    accepted = "accepted"
    rejected = "rejected"
    expired = "expired"
    revoked = "revoked"


class Custody(StrEnum):
    """Whose bank holds the gifts."""

    platform = "platform"
    direct = "direct"


ORGANISATION = Machine(
    "organisation",
    {
        State.draft: {State.in_review},
        State.in_review: {State.checked, State.returned, State.rejected},
        State.returned: {State.in_review},
        State.checked: {State.frozen},
        State.rejected: set(),
        State.frozen: {State.checked},
    },
    initial={State.draft},
)

CLAIM = Machine(
    "verification_claim",
    {
        ClaimState.draft: {ClaimState.submitted},
        ClaimState.submitted: {ClaimState.accepted, ClaimState.needs_fix, ClaimState.rejected},
        ClaimState.needs_fix: {ClaimState.submitted},
        ClaimState.accepted: {ClaimState.expired, ClaimState.revoked},
        ClaimState.rejected: set(),
        ClaimState.expired: set(),
        ClaimState.revoked: set(),
    },
    initial={ClaimState.draft},
)


BUSINESSES = ("tobacco", "alcohol", "gambling", "mining", "fossil_fuel", "weapons", "politics")
"""Lines of business that some receivers refuse to be helped by."""


def _one_of(column: str, words: type[StrEnum]) -> str:
    return f"{column} IN ({', '.join(repr(str(word)) for word in words)})"


class Organisation(UuidKey, Created, Model):
    """A body that asks, gives, or both."""

    __tablename__ = "organisation"
    __table_args__ = (
        CheckConstraint(_one_of("kind", Kind), name="kind_known"),
        CheckConstraint(_one_of("state", State), name="state_known"),
        CheckConstraint(_one_of("custody", Custody), name="custody_known"),
        CheckConstraint("level BETWEEN 1 AND 4", name="level_range"),
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="country_shape"),
        Index("uq_organisation_slug", "slug", unique=True),
        Index(
            "uq_organisation_name_key", "name_key", unique=True, postgresql_where=text("state <> 'rejected'")
        ),
        Index(
            "ix_organisation_public", "name", "id", postgresql_where=text("state IN ('checked', 'frozen')")
        ),
        Index("ix_organisation_state_submitted_at", "state", "submitted_at"),
        Index("ix_organisation_home_locality_code", "home_locality_code"),
    )
    machine: ClassVar[Machine] = ORGANISATION
    state_labels: ClassVar[dict[str, Any]] = {
        State.draft: lazy("Belum dikirim"),
        State.in_review: lazy("Sedang diperiksa"),
        State.returned: lazy("Perlu perbaikan"),
        State.checked: lazy("Sudah diperiksa"),
        State.rejected: lazy("Ditolak"),
        State.frozen: lazy("Dibekukan"),
    }

    slug: Mapped[str]
    """In the address of its page; never changes."""
    kind: Mapped[str]
    name: Mapped[str]
    name_key: Mapped[str]
    """The name's skeleton: two names that look alike have one key, and only one of them may be had."""
    legal_form: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """Yayasan, perkumpulan, PT, dinas ...; in its own words."""
    country: Mapped[str] = mapped_column(server_default=text("'ID'"), default="ID")
    state: Mapped[str] = mapped_column(server_default=text("'draft'"), default=State.draft)
    level: Mapped[int] = mapped_column(server_default=text("1"), default=1)
    """What the live claims amount to; written with them and by the clock, held against them by an invariant."""
    custody: Mapped[str] = mapped_column(server_default=text("'platform'"), default=Custody.platform)
    home_locality_code: Mapped[str]
    """Its seat; for an agency the area it is responsible for."""
    sectors: Mapped[list[str]] = mapped_column(server_default=text("'[]'::jsonb"), default=list)
    business: Mapped[list[str]] = mapped_column(server_default=text("'[]'::jsonb"), default=list)
    """Lines of business some receivers refuse (BUSINESSES), as it declares them itself."""
    summary: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """One or two sentences for cards."""
    about: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """Its own story, markdown."""
    email: Mapped[str | None]
    """Public contact."""
    phone: Mapped[str | None]
    website: Mapped[str | None]
    address: Mapped[str] = mapped_column(server_default=text("''"), default="")
    registered_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    submitted_at: Mapped[dt.datetime | None]
    decided_at: Mapped[dt.datetime | None]
    remarks: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"), default=dict)
    """What the last decision asks for: field or claim subject -> sentence; `general` for the whole."""


class Membership(UuidKey, Created, Model):
    """A person acting for an organisation, from a day until a moment. Rights end the moment `until` is set."""

    __tablename__ = "membership"
    __table_args__ = (
        CheckConstraint(_one_of("role", Role), name="role_known"),
        CheckConstraint("until IS NULL OR until >= since", name="order"),
        Index(
            "uq_membership_person_id_organisation_id",
            "person_id",
            "organisation_id",
            unique=True,
            postgresql_where=text("until IS NULL"),
        ),
        Index("ix_membership_organisation_id", "organisation_id", postgresql_where=text("until IS NULL")),
    )

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    role: Mapped[str]
    office: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """The seat the person holds (bendahara, kepala bidang); it outlasts the person."""
    is_leader: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    since: Mapped[dt.datetime]
    until: Mapped[dt.datetime | None]
    ended_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))


class Invitation(UuidKey, Created, Model):
    """An open door for one address; the link in the mail proves the address (people.account_mail)."""

    __tablename__ = "invitation"
    __table_args__ = (
        CheckConstraint(_one_of("role", Role), name="role_known"),
        CheckConstraint("accepted_at IS NULL OR withdrawn_at IS NULL", name="one_end"),
        Index(
            "uq_invitation_organisation_id_email",
            "organisation_id",
            "email",
            unique=True,
            postgresql_where=text("accepted_at IS NULL AND withdrawn_at IS NULL"),
        ),
    )

    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    email: Mapped[str]
    role: Mapped[str]
    office: Mapped[str] = mapped_column(server_default=text("''"), default="")
    invited_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    accepted_at: Mapped[dt.datetime | None]
    withdrawn_at: Mapped[dt.datetime | None]


class VerificationClaim(UuidKey, Created, Model):
    """Something an organisation says of itself, and what a checker found. The checker is never the submitter."""

    __tablename__ = "verification_claim"
    __table_args__ = (
        CheckConstraint(_one_of("subject", Subject), name="subject_known"),
        CheckConstraint(_one_of("state", ClaimState), name="state_known"),
        CheckConstraint(f"method IS NULL OR {_one_of('method', Method)}", name="method_known"),
        CheckConstraint("checked_by IS NULL OR checked_by IS DISTINCT FROM submitted_by", name="two_people"),
        CheckConstraint(
            "state NOT IN ('accepted', 'expired', 'revoked')"
            " OR (checked_by IS NOT NULL AND method IS NOT NULL AND checked_on IS NOT NULL)",
            name="accepted_by_someone",
        ),
        Index(
            "uq_verification_claim_accepted",
            "organisation_id",
            "subject",
            unique=True,
            postgresql_where=text("state = 'accepted'"),
        ),
        Index(
            "uq_verification_claim_pending",
            "organisation_id",
            "subject",
            unique=True,
            postgresql_where=text("state IN ('draft', 'submitted', 'needs_fix')"),
        ),
        Index("ix_verification_claim_organisation_id", "organisation_id", "created_at"),
        Index("ix_verification_claim_expires_on", "expires_on", postgresql_where=text("state = 'accepted'")),
    )
    machine: ClassVar[Machine] = CLAIM
    state_labels: ClassVar[dict[str, Any]] = {
        ClaimState.draft: lazy("Terisi, belum dikirim"),
        ClaimState.submitted: lazy("Menunggu pemeriksaan"),
        ClaimState.needs_fix: lazy("Perlu perbaikan"),
        ClaimState.accepted: lazy("Diterima"),
        ClaimState.rejected: lazy("Ditolak"),
        ClaimState.expired: lazy("Sudah lewat masa berlaku"),
        ClaimState.revoked: lazy("Dicabut"),
    }

    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    subject: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'draft'"), default=ClaimState.draft)
    document_number: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """As printed on the document; shown to staff and members only."""
    document_date: Mapped[dt.date | None]
    note: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """What else the checker should know: notary, account holder, whom to call."""
    submitted_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    """Empty for a claim staff made themselves (a visit)."""
    submitted_at: Mapped[dt.datetime | None]
    checked_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    method: Mapped[str | None]
    checked_on: Mapped[dt.date | None]
    expires_on: Mapped[dt.date | None]
    """Last day it counts; empty when it does not age."""
    remark: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """What the checker asks for or found."""


class Refusal(Created, Model):
    """A kind of giver an organisation takes nothing from: a line of business, or a kind of organisation."""

    __tablename__ = "refusal"

    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    giver: Mapped[str] = mapped_column(primary_key=True)
    """One of BUSINESSES, or of Kind."""
    created_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
