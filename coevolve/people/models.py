"""Tables of people. Secrets that prove something (session, link, recovery code) are stored as hashes only."""

from __future__ import annotations

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit.db import Claim, Created, Model, UuidKey
from coevolve.kit.i18n import lazy
from coevolve.kit.moves import Machine


class PersonState(StrEnum):
    """invited: known by an address only, cannot sign in; erased: personal fields emptied at the person's own wish."""

    invited = "invited"
    active = "active"
    blocked = "blocked"
    erased = "erased"


class Role(StrEnum):
    """What a member of staff may do; admin moves no money, finance grants no roles."""

    moderator = "moderator"
    finance = "finance"
    admin = "admin"


class Stage(StrEnum):
    """How far a sign-in has come: the password alone, or all that the account asks for."""

    half = "half"
    full = "full"


class Purpose(StrEnum):
    """Why an account mail is sent. Those in LINKING carry a link that works once."""

    sign_up = "sign_up"
    reset = "reset"
    change_email = "change_email"
    invite = "invite"
    password_changed = "password_changed"  # noqa: S105 - the name of a notice
    email_changed = "email_changed"
    second_factor_changed = "second_factor_changed"


LINKING = frozenset({Purpose.sign_up, Purpose.reset, Purpose.change_email, Purpose.invite})

PERSON = Machine(
    "person",
    {
        PersonState.invited: {PersonState.active, PersonState.blocked, PersonState.erased},
        PersonState.active: {PersonState.blocked, PersonState.erased},
        PersonState.blocked: {PersonState.active, PersonState.erased},
        PersonState.erased: set(),
    },
    initial={PersonState.invited},
)


class Person(UuidKey, Created, Model):
    """Somebody who gives, asks, works here, or once gave as a guest."""

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint("state IN ('invited', 'active', 'blocked', 'erased')", name="state_known"),
        CheckConstraint("language IN ('id', 'en')", name="language_known"),
        CheckConstraint("email = lower(btrim(email))", name="email_normal"),
        CheckConstraint("state <> 'active' OR email_proven_at IS NOT NULL", name="active_proven"),
        CheckConstraint(
            "state <> 'erased' OR (email IS NULL AND name = '' AND phone IS NULL AND password_hash IS NULL)",
            name="erased_empty",
        ),
        Index("uq_person_email", "email", unique=True, postgresql_where=text("email IS NOT NULL")),
    )
    machine: ClassVar[Machine] = PERSON
    state_labels: ClassVar[dict[str, Any]] = {
        PersonState.invited: lazy("Belum aktif"),
        PersonState.active: lazy("Aktif"),
        PersonState.blocked: lazy("Diblokir"),
        PersonState.erased: lazy("Dihapus"),
    }

    email: Mapped[str | None]
    """Lower case, trimmed; the name to sign in with. Empty only when erased."""
    name: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """As the person writes it; shown to the other party, in public only where the person says so."""
    phone: Mapped[str | None]
    """E.164; for hand-overs."""
    language: Mapped[str] = mapped_column(server_default=text("'id'"), default="id")
    zone: Mapped[str] = mapped_column(server_default=text("'Asia/Jakarta'"), default="Asia/Jakarta")
    """IANA name; times are shown in it."""
    state: Mapped[str] = mapped_column(server_default=text("'invited'"), default=PersonState.invited)
    password_hash: Mapped[str | None]
    """Argon2id; empty for a guest."""
    password_changed_at: Mapped[dt.datetime | None]
    email_proven_at: Mapped[dt.datetime | None]
    """When a link sent to the address came back."""

    # What Flask-Login asks of a user; sessions themselves are rows (people.sessions).
    is_authenticated: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False

    @property
    def is_active(self) -> bool:
        """Whether the person may use the platform now."""
        return self.state == PersonState.active

    def get_id(self) -> str:
        """The key as text."""
        return str(self.id)


class StaffRole(Model):
    """A duty on the platform's own staff."""

    __tablename__ = "staff_role"
    __table_args__ = (CheckConstraint("role IN ('moderator', 'finance', 'admin')", name="role_known"),)

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    granted_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    """Empty for a role given on the command line."""
    granted_at: Mapped[dt.datetime]


class LoginSession(UuidKey, Model):
    """A browser somebody signed in with. Deleted when it ends: a copied cookie then finds nothing."""

    __tablename__ = "login_session"
    __table_args__ = (
        CheckConstraint("stage IN ('half', 'full')", name="stage_known"),
        Index("uq_login_session_token_hash", "token_hash", unique=True),
        Index("ix_login_session_person_id", "person_id"),
    )

    token_hash: Mapped[bytes]
    """SHA-256 of the 256 random bits in the cookie."""
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    stage: Mapped[str]
    began_at: Mapped[dt.datetime]
    """The absolute limit counts from here; a new id at step-up keeps it."""
    seen_at: Mapped[dt.datetime]
    """The idle limit counts from here; written at most once a minute."""
    factor_at: Mapped[dt.datetime | None]
    """When the second factor was last proven in this session; step-up asks for a fresh one."""
    browser: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """What the browser calls itself, cut short; shown in the list of sessions."""


class SecondFactor(Model):
    """The authenticator app of a person (TOTP, RFC 6238)."""

    __tablename__ = "second_factor"

    person_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("person.id", ondelete="CASCADE"), primary_key=True
    )
    secret: Mapped[str]
    """Base32. Not encrypted: a key beside the database would guard little, and no vault is among our parts."""
    confirmed_at: Mapped[dt.datetime | None]
    """Empty while the person has not yet typed a first code; such a factor proves nothing."""
    last_step: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    """The 30-second step of the newest code used: a code works once, and no older one after it."""


class RecoveryCode(UuidKey, Model):
    """One way in without the app; works once."""

    __tablename__ = "recovery_code"
    __table_args__ = (Index("uq_recovery_code_person_id_code_hash", "person_id", "code_hash", unique=True),)

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    code_hash: Mapped[bytes]
    """SHA-256 of 50 random bits with the person's key: guessing goes through the limit of tries."""
    used_at: Mapped[dt.datetime | None]


class AccountMail(UuidKey, Created, Claim, Model):
    """A mail about an account: written by the request, sent by a worker, which makes the link's secret only then.

    For an address nobody or somebody has, the request writes the same row; what the mail says is decided at sending.
    """

    __tablename__ = "account_mail"
    __table_args__ = (
        CheckConstraint(
            "purpose IN ('sign_up', 'reset', 'change_email', 'invite', 'password_changed', 'email_changed',"
            " 'second_factor_changed')",
            name="purpose_known",
        ),
        Index(
            "uq_account_mail_token_hash",
            "token_hash",
            unique=True,
            postgresql_where=text("token_hash IS NOT NULL"),
        ),
        Index("ix_account_mail_next_at", "next_at", postgresql_where=text("done_at IS NULL")),
    )

    purpose: Mapped[str]
    email: Mapped[str]
    """Where it goes, and what the link proves."""
    language: Mapped[str] = mapped_column(server_default=text("'id'"), default="id")
    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    """Whom it concerns, where the request knows it."""
    about_id: Mapped[uuid.UUID | None]
    """The thing of a higher domain the link opens (an invitation)."""
    data: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"), default=dict)
    """Words for the mail, such as the organisation's name; never a secret."""
    next_path: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """Where the person was going when asked to sign up."""
    token_hash: Mapped[bytes | None]
    """SHA-256 of the link's 256 random bits; empty before sending."""
    expires_at: Mapped[dt.datetime | None]
    done_at: Mapped[dt.datetime | None]
    """Sent, or found to need no mail."""
    used_at: Mapped[dt.datetime | None]
    """When the link did its work; it does so once."""


class Consent(UuidKey, Model):
    """What a person agreed to, in which wording, from when until when (Law 27/2022)."""

    __tablename__ = "consent"
    __table_args__ = (
        CheckConstraint("withdrawn_at IS NULL OR withdrawn_at >= given_at", name="order"),
        Index(
            "uq_consent_person_id_purpose",
            "person_id",
            "purpose",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    purpose: Mapped[str]
    """terms, or a purpose named beside the box that was ticked."""
    version: Mapped[str]
    """The date of the wording."""
    given_at: Mapped[dt.datetime]
    withdrawn_at: Mapped[dt.datetime | None]
