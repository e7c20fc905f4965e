"""Reads about people."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from sqlalchemy import func, select

from coevolve.kit import clock, db
from coevolve.people import policy, tokens
from coevolve.people.models import (
    LINKING,
    AccountMail,
    Consent,
    LoginSession,
    Person,
    PersonState,
    Purpose,
    RecoveryCode,
    SecondFactor,
    StaffRole,
)
from coevolve.people.policy import SignedIn


def get(person_id: uuid.UUID) -> Person:
    """One person; NotFound if there is none."""
    return db.get(Person, person_id)


def find_by_email(email: str) -> Person | None:
    """The person an address belongs to, in any state."""
    statement = select(Person).where(Person.email == email.strip().lower())
    return db.session().execute(statement).scalar_one_or_none()


def by_ids(person_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Person]:
    """Several persons at once."""
    wanted = set(person_ids)
    if not wanted:
        return {}
    rows = db.session().execute(select(Person).where(Person.id.in_(wanted))).scalars()
    return {person.id: person for person in rows}


def staff_roles(person_id: uuid.UUID) -> frozenset[str]:
    """The staff roles of a person who is active; nobody else has any."""
    statement = (
        select(StaffRole.role)
        .join(Person, Person.id == StaffRole.person_id)
        .where(StaffRole.person_id == person_id, Person.state == PersonState.active)
    )
    return frozenset(db.session().execute(statement).scalars())


def staff_with(role: str) -> list[Person]:
    """Active staff of one role, by name."""
    statement = (
        select(Person)
        .join(StaffRole, StaffRole.person_id == Person.id)
        .where(StaffRole.role == role, Person.state == PersonState.active)
        .order_by(Person.name, Person.id)
    )
    return list(db.session().execute(statement).scalars())


def find_signed_in(token: str) -> SignedIn | None:
    """Who signed in with this cookie, if the session still lives; one statement."""
    roles_of = (
        select(func.string_agg(StaffRole.role, ","))
        .where(StaffRole.person_id == Person.id)
        .correlate(Person)
        .scalar_subquery()
    )
    has_factor = (
        select(SecondFactor.person_id)
        .where(SecondFactor.person_id == Person.id, SecondFactor.confirmed_at.is_not(None))
        .correlate(Person)
        .exists()
    )
    statement = (
        select(LoginSession, Person, roles_of, has_factor)
        .join(Person, Person.id == LoginSession.person_id)
        .where(LoginSession.token_hash == tokens.digest(token))
    )
    row = db.session().execute(statement).one_or_none()
    if row is None:
        return None
    login, person, role_text, factor = row
    found = SignedIn(
        login=login,
        person=person,
        roles=frozenset((role_text or "").split(",")) - {""},
        has_factor=bool(factor),
    )
    if not person.is_active or not policy.is_alive(login, found.roles, clock.now()):
        return None
    return found


def sessions_of(person_id: uuid.UUID) -> list[LoginSession]:
    """The browsers a person is signed in with, latest use first; those past their limits left out."""
    roles = staff_roles(person_id)
    statement = (
        select(LoginSession).where(LoginSession.person_id == person_id).order_by(LoginSession.seen_at.desc())
    )
    rows = db.session().execute(statement).scalars()
    return [login for login in rows if policy.is_alive(login, roles, clock.now())]


def has_second_factor(person_id: uuid.UUID) -> bool:
    """Whether the person has a confirmed authenticator app."""
    statement = select(SecondFactor.person_id).where(
        SecondFactor.person_id == person_id, SecondFactor.confirmed_at.is_not(None)
    )
    return db.session().execute(statement).first() is not None


def factor_of(person_id: uuid.UUID) -> SecondFactor | None:
    """The person's authenticator app, confirmed or not."""
    return db.session().get(SecondFactor, person_id)


def recovery_codes_left(person_id: uuid.UUID) -> int:
    """How many recovery codes are unused."""
    statement = select(func.count()).where(
        RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None)
    )
    return int(db.session().execute(statement).scalar_one())


def find_link(token: str, *, purposes: Iterable[Purpose] = LINKING) -> AccountMail | None:
    """The mail whose link this is, if it may still be used."""
    statement = select(AccountMail).where(
        AccountMail.token_hash == tokens.digest(token),
        AccountMail.purpose.in_([str(purpose) for purpose in purposes]),
        AccountMail.used_at.is_(None),
        AccountMail.expires_at > clock.now(),
    )
    return db.session().execute(statement).scalar_one_or_none()


def consents_of(person_id: uuid.UUID) -> list[Consent]:
    """What the person agreed to, newest first."""
    statement = select(Consent).where(Consent.person_id == person_id).order_by(Consent.given_at.desc())
    return list(db.session().execute(statement).scalars())
