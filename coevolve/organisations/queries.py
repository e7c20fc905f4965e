"""Reads about organisations, their members and what was checked about them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, tuple_

from coevolve.kit import clock, db, reads
from coevolve.kit.errors import NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.reads import Question
from coevolve.localities import queries as localities
from coevolve.organisations import levels, policy
from coevolve.organisations.models import (
    ClaimState,
    Invitation,
    Kind,
    Membership,
    Organisation,
    Refusal,
    Role,
    State,
    Subject,
    VerificationClaim,
)
from coevolve.organisations.names import skeleton
from coevolve.people.models import Person, PersonState

PUBLIC = (State.checked, State.frozen)


@dataclass(frozen=True, slots=True)
class Seat:
    """A live membership seen from the person: where, as what."""

    organisation: Organisation
    role: str
    office: str
    since: dt.datetime

    @property
    def organisation_id(self) -> uuid.UUID:
        """The organisation's key."""
        return self.organisation.id


@dataclass(frozen=True, slots=True)
class Member:
    """A live membership seen from the organisation: who, as what."""

    membership_id: uuid.UUID
    person: Person
    role: str
    office: str
    since: dt.datetime


@dataclass(frozen=True, slots=True)
class Checked:
    """One accepted claim on the trust card. The checker is named by role only."""

    subject: str
    method: str
    checked_on: dt.date
    expires_on: dt.date | None


@dataclass(frozen=True, slots=True)
class TrustCard:
    """What was checked about an organisation, and as plainly what was not."""

    level: int
    checked: list[Checked]
    lapsed: list[Checked]
    unchecked: list[str]

    @property
    def newest(self) -> dt.date | None:
        """The day of the newest check that still counts."""
        return max((line.checked_on for line in self.checked), default=None)


@dataclass(frozen=True, slots=True)
class DirectoryRow:
    """A line of the public list."""

    id: uuid.UUID
    slug: str
    name: str
    kind: str
    legal_form: str
    summary: str
    level: int
    state: str
    home_locality_code: str


@dataclass(frozen=True, slots=True)
class Directory:
    """A page of the public list; `next` is the cursor of the following one."""

    rows: list[DirectoryRow]
    next: uuid.UUID | None
    total: int


def get(organisation_id: uuid.UUID) -> Organisation:
    """One organisation; NotFound if there is none."""
    return db.get(Organisation, organisation_id)


def find_by_slug(slug: str) -> Organisation | None:
    """The organisation of an address, in any state."""
    return db.session().execute(select(Organisation).where(Organisation.slug == slug)).scalar_one_or_none()


def get_by_slug(slug: str) -> Organisation:
    """The organisation of an address; NotFound if there is none."""
    found = find_by_slug(slug)
    if found is None:
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    return found


def by_ids(organisation_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Organisation]:
    """Several organisations at once."""
    wanted = set(organisation_ids)
    if not wanted:
        return {}
    rows = db.session().execute(select(Organisation).where(Organisation.id.in_(wanted))).scalars()
    return {organisation.id: organisation for organisation in rows}


def may_publish(organisation: Organisation) -> bool:
    """Whether listings of the organisation may go public."""
    return policy.may_publish(organisation)


def memberships_of(person_id: uuid.UUID) -> list[Seat]:
    """Where the person acts now, by name of the organisation."""
    statement = (
        select(Organisation, Membership.role, Membership.office, Membership.since)
        .join(Membership, Membership.organisation_id == Organisation.id)
        .where(Membership.person_id == person_id, Membership.until.is_(None))
        .order_by(Organisation.name, Organisation.id)
    )
    return [Seat(*row) for row in db.session().execute(statement)]


def role_in(person_id: uuid.UUID, organisation_id: uuid.UUID) -> str | None:
    """The person's role in the organisation now."""
    statement = select(Membership.role).where(
        Membership.person_id == person_id,
        Membership.organisation_id == organisation_id,
        Membership.until.is_(None),
    )
    return db.session().execute(statement).scalar_one_or_none()


def members_of(organisation_id: uuid.UUID, roles: Iterable[str] | None = None) -> list[Person]:
    """Active persons who act for the organisation now, owners first."""
    return [member.person for member in seats_in(organisation_id, roles)]


def member_ids(organisation_id: uuid.UUID, roles: Iterable[str]) -> list[uuid.UUID]:
    """Who acts for the organisation now in one of these roles: for notices, which need no more of them."""
    statement = (
        select(Membership.person_id)
        .join(Person, Person.id == Membership.person_id)
        .where(
            Membership.organisation_id == organisation_id,
            Membership.until.is_(None),
            Membership.role.in_(list(roles)),
            Person.state == PersonState.active,
        )
    )
    return list(db.session().execute(statement).scalars())


def seats_in(organisation_id: uuid.UUID, roles: Iterable[str] | None = None) -> list[Member]:
    """The organisation's live memberships with their persons, owners first."""
    statement = (
        select(Membership.id, Person, Membership.role, Membership.office, Membership.since)
        .join(Person, Person.id == Membership.person_id)
        .where(
            Membership.organisation_id == organisation_id,
            Membership.until.is_(None),
            Person.state == PersonState.active,
        )
    )
    if roles is not None:
        statement = statement.where(Membership.role.in_(list(roles)))
    found = [Member(*row) for row in db.session().execute(statement)]
    order = {Role.owner: 0, Role.finance: 1, Role.member: 2}
    return sorted(found, key=lambda member: (order[Role(member.role)], member.person.name))


def refusals_of(organisation_id: uuid.UUID) -> list[str]:
    """The kinds of givers an organisation takes nothing from."""
    statement = (
        select(Refusal.giver).where(Refusal.organisation_id == organisation_id).order_by(Refusal.giver)
    )
    return list(db.session().execute(statement).scalars())


def refuses(receiver_id: uuid.UUID, giver_id: uuid.UUID) -> bool:
    """Whether an organisation takes nothing from another: by what that is, or by its declared business."""
    said = set(refusals_of(receiver_id))
    if not said:
        return False
    giver = get(giver_id)
    return giver.kind in said or not said.isdisjoint(giver.business)


def is_officer(person_id: uuid.UUID) -> bool:
    """Whether the person is a member of a government agency."""
    return bool(areas_of(person_id))


def areas_of(person_id: uuid.UUID) -> list[str]:
    """The localities an officer is bound to: the seats of their agencies."""
    statement = (
        select(Organisation.home_locality_code)
        .join(Membership, Membership.organisation_id == Organisation.id)
        .where(
            Membership.person_id == person_id,
            Membership.until.is_(None),
            Organisation.kind == Kind.government_agency,
            Organisation.state == State.checked,
        )
        .order_by(Organisation.home_locality_code)
        .distinct()
    )
    return list(db.session().execute(statement).scalars())


def agency_of(person_id: uuid.UUID, place_code: str) -> Organisation | None:
    """The checked agency in whose area a place lies and whose member the person is, the nearest one first."""
    chain = localities.ancestor_codes(place_code) if place_code else []
    statement = (
        select(Organisation)
        .join(Membership, Membership.organisation_id == Organisation.id)
        .where(
            Membership.person_id == person_id,
            Membership.until.is_(None),
            Organisation.kind == Kind.government_agency,
            Organisation.state == State.checked,
            Organisation.home_locality_code.in_(chain),
        )
    )
    found = list(db.session().execute(statement).scalars())
    return max(found, key=lambda agency: chain.index(agency.home_locality_code), default=None)


def invitations_of(organisation_id: uuid.UUID) -> list[Invitation]:
    """Invitations nobody has answered yet."""
    statement = (
        select(Invitation)
        .where(
            Invitation.organisation_id == organisation_id,
            Invitation.accepted_at.is_(None),
            Invitation.withdrawn_at.is_(None),
        )
        .order_by(Invitation.created_at)
    )
    return list(db.session().execute(statement).scalars())


def claims_of(organisation_id: uuid.UUID) -> list[VerificationClaim]:
    """All claims of an organisation, oldest first."""
    statement = (
        select(VerificationClaim)
        .where(VerificationClaim.organisation_id == organisation_id)
        .order_by(VerificationClaim.created_at, VerificationClaim.id)
    )
    return list(db.session().execute(statement).scalars())


def is_live(on: dt.date) -> ColumnElement[bool]:
    """The condition that a claim counts on a day."""
    return (VerificationClaim.state == ClaimState.accepted) & or_(
        VerificationClaim.expires_on.is_(None), VerificationClaim.expires_on >= on
    )


def level_of(organisation: Organisation) -> int:
    """The level the live claims amount to today."""
    statement = select(VerificationClaim.subject, VerificationClaim.method).where(
        VerificationClaim.organisation_id == organisation.id, is_live(clock.today())
    )
    return levels.level(organisation.kind, [(s, m) for s, m in db.session().execute(statement)])


def checks_of(organisation_id: uuid.UUID) -> tuple[tuple[Any, ...], ...]:
    """What the trust card is made from: subject, method, day, last day, state of each claim, oldest first."""
    return reads.answer(asks_checks(organisation_id))


def asks_checks(organisation_id: uuid.UUID) -> Question[tuple[tuple[Any, ...], ...]]:
    """The question for `checks_of`."""
    sql = (
        "SELECT subject, method, checked_on, expires_on, state FROM verification_claim"
        " WHERE organisation_id = %(id)s ORDER BY created_at, id"
    )
    return Question(sql, {"id": organisation_id}, tuple)


def trust_card(organisation: Organisation) -> TrustCard:
    """What was checked, when, how, until when; what has lapsed; what was never checked."""
    return trust_from(organisation.kind, checks_of(organisation.id))


def trust_from(kind: str, checks: Iterable[tuple[Any, ...]]) -> TrustCard:
    """The trust card of an organisation of this kind with these checks, today."""
    today = clock.today()
    live: dict[str, Checked] = {}
    lapsed: dict[str, Checked] = {}
    for subject, method, checked_on, expires_on, state in checks:
        if checked_on is None or method is None:
            continue
        line = Checked(subject, method, checked_on, expires_on)
        has_lapsed = expires_on is not None and expires_on < today
        if state == ClaimState.accepted and not has_lapsed:
            live[subject] = line
        elif state in {ClaimState.accepted, ClaimState.expired}:
            lapsed[subject] = line
    expected = [*levels.REQUIRED[Kind(kind)], *levels.OPTIONAL[Kind(kind)]]
    subjects = [*expected, Subject.visit, Subject.track_record]
    return TrustCard(
        level=levels.level(kind, [(line.subject, line.method) for line in live.values()]),
        checked=[live[subject] for subject in subjects if subject in live],
        lapsed=[lapsed[subject] for subject in subjects if subject in lapsed and subject not in live],
        unchecked=[subject for subject in subjects if subject not in live and subject not in lapsed],
    )


def waiting_for_check(limit: int = 200) -> list[Organisation]:
    """Organisations a moderator should look at, the longest waiting first."""
    statement = (
        select(Organisation)
        .where(Organisation.state == State.in_review)
        .order_by(Organisation.submitted_at, Organisation.id)
        .limit(limit)
    )
    return list(db.session().execute(statement).scalars())


def directory(
    *, words: str = "", kind: str = "", place: str = "", after: uuid.UUID | None = None, limit: int = 20
) -> Directory:
    """The public list by name, filtered; the place counts with everything inside it."""
    conditions: list[ColumnElement[bool]] = [Organisation.state.in_(PUBLIC)]
    if key := skeleton(words):
        conditions.append(Organisation.name_key.contains(key, autoescape=True))
    if kind:
        conditions.append(Organisation.kind == kind)
    if place:
        conditions.append(_inside(place))
    total = int(
        db.session().execute(select(func.count()).select_from(Organisation).where(*conditions)).scalar_one()
    )
    anchor = db.session().get(Organisation, after) if after is not None else None
    if anchor is not None:
        conditions.append(tuple_(Organisation.name, Organisation.id) > (anchor.name, anchor.id))
    statement = (
        select(
            Organisation.id,
            Organisation.slug,
            Organisation.name,
            Organisation.kind,
            Organisation.legal_form,
            Organisation.summary,
            Organisation.level,
            Organisation.state,
            Organisation.home_locality_code,
        )
        .where(*conditions)
        .order_by(Organisation.name, Organisation.id)
        .limit(limit + 1)
    )
    rows = [DirectoryRow(*row) for row in db.session().execute(statement)]
    more = len(rows) > limit
    return Directory(rows=rows[:limit], next=rows[limit - 1].id if more else None, total=total)


def _inside(place: str) -> ColumnElement[bool]:
    """The condition that an organisation's seat lies in a place."""
    found = localities.find(place)
    if found is None:
        return Organisation.home_locality_code == place
    if found.level == "country":
        return Organisation.country == place
    codes = [child.code for child in localities.children(place)] if found.level == "region" else [place]
    return or_(
        *(Organisation.home_locality_code == code for code in codes),
        *(Organisation.home_locality_code.startswith(f"{code}.", autoescape=True) for code in codes),
    )
