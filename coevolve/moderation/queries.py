"""Reads of the moderators' desk: the queue with its ages, one thing's history, reports."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select, text

from coevolve.journal import queries as journal
from coevolve.kit import db
from coevolve.listings.models import Listing, ListingLine
from coevolve.listings.models import State as ListingState
from coevolve.moderation import policy
from coevolve.moderation.models import Decision, Report, ReportState, Review, ReviewState, Verdict
from coevolve.organisations.models import Organisation
from coevolve.people.models import Person

SHOWN = 100


@dataclass(frozen=True, slots=True)
class Tab:
    """How many wait, and since when the oldest does."""

    count: int
    oldest: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row of the queue."""

    id: uuid.UUID
    title: str
    kind: str
    organisation_id: uuid.UUID
    organisation: str
    province_code: str | None
    regency_code: str | None
    since: dt.datetime
    approvals: int
    assignee: str | None
    flags: tuple[str, ...]


_TABS = """
SELECT 'listing', count(*), min(submitted_at) FROM listing WHERE state = 'in_review'
UNION ALL SELECT 'organisation', count(*), min(submitted_at) FROM organisation WHERE state = 'in_review'
UNION ALL SELECT 'report', count(DISTINCT about_id), min(created_at) FROM report WHERE state = 'new'
UNION ALL SELECT 'frozen', count(*), NULL FROM listing WHERE state = 'frozen'
"""


def tabs() -> dict[str, Tab]:
    """The counts of all queues; one statement."""
    return {name: Tab(int(count), oldest) for name, count, oldest in db.session().execute(text(_TABS))}


def waiting_listings() -> list[Waiting]:
    """Submitted listings, longest waiting first, with who looks at them and what catches the eye."""
    approvals = (
        select(func.count())
        .where(Decision.review_id == Review.id, Decision.verdict == Verdict.approve)
        .correlate(Review)
        .scalar_subquery()
    )
    statement = (
        select(Listing, Organisation.name, Person.name, func.coalesce(approvals, 0))
        .join(Organisation, Organisation.id == Listing.organisation_id)
        .outerjoin(
            Review,
            (Review.about_kind == "listing")
            & (Review.about_id == Listing.id)
            & (Review.state != ReviewState.decided),
        )
        .outerjoin(Person, Person.id == Review.assigned_to)
        .where(Listing.state == ListingState.in_review)
        .order_by(Listing.submitted_at, Listing.id)
        .limit(SHOWN)
    )
    rows = db.session().execute(statement).all()
    lines = _lines_of([row[0].id for row in rows])
    return [
        Waiting(
            id=listing.id,
            title=listing.title,
            kind=listing.kind,
            organisation_id=listing.organisation_id,
            organisation=organisation,
            province_code=listing.province_code,
            regency_code=listing.regency_code,
            since=listing.submitted_at or listing.created_at,
            approvals=int(count),
            assignee=assignee,
            flags=tuple(str(flag.word) for flag in policy.flags(listing, lines.get(listing.id, []))),
        )
        for listing, organisation, assignee, count in rows
    ]


def _lines_of(listing_ids: list[uuid.UUID]) -> dict[uuid.UUID, list[ListingLine]]:
    found: dict[uuid.UUID, list[ListingLine]] = {}
    statement = select(ListingLine).where(ListingLine.listing_id.in_(listing_ids))
    for line in db.session().execute(statement).scalars():
        found.setdefault(line.listing_id, []).append(line)
    return found


@dataclass(frozen=True, slots=True)
class WaitingOrganisation:
    """A row of the queue of organisations."""

    id: uuid.UUID
    name: str
    kind: str
    home_locality_code: str
    since: dt.datetime
    assignee: str | None


def waiting_organisations() -> list[WaitingOrganisation]:
    """Submitted organisations, longest waiting first."""
    since = func.coalesce(Organisation.submitted_at, Organisation.created_at)
    statement = (
        select(
            Organisation.id,
            Organisation.name,
            Organisation.kind,
            Organisation.home_locality_code,
            since,
            Person.name,
        )
        .outerjoin(
            Review,
            (Review.about_kind == "organisation")
            & (Review.about_id == Organisation.id)
            & (Review.state != ReviewState.decided),
        )
        .outerjoin(Person, Person.id == Review.assigned_to)
        .where(Organisation.state == "in_review")
        .order_by(since, Organisation.id)
        .limit(SHOWN)
    )
    return [WaitingOrganisation(*row) for row in db.session().execute(statement)]


@dataclass(frozen=True, slots=True)
class Reported:
    """A listing with open reports, or a frozen one."""

    id: uuid.UUID
    title: str
    organisation: str
    state: str
    reports: int
    since: dt.datetime | None


def reported_listings() -> list[Reported]:
    """Listings with new reports, longest waiting first, then the frozen ones."""
    number, since = func.count(Report.id), func.min(Report.created_at)
    statement = (
        select(Listing.id, Listing.title, Organisation.name, Listing.state, number, since)
        .join(Organisation, Organisation.id == Listing.organisation_id)
        .outerjoin(
            Report,
            (Report.about_kind == "listing")
            & (Report.about_id == Listing.id)
            & (Report.state == ReportState.new),
        )
        .where((Report.id.is_not(None)) | (Listing.state == ListingState.frozen))
        .group_by(Listing.id, Listing.title, Organisation.name, Listing.state)
        .order_by(since.nulls_last(), Listing.id)
        .limit(SHOWN)
    )
    return [Reported(*row) for row in db.session().execute(statement)]


def new_reports_of(about_kind: str, about_id: uuid.UUID) -> list[Report]:
    """The reports about one thing that nobody has decided yet, oldest first."""
    statement = (
        select(Report)
        .where(Report.about_kind == about_kind, Report.about_id == about_id, Report.state == ReportState.new)
        .order_by(Report.created_at, Report.id)
        .limit(SHOWN)
    )
    return list(db.session().execute(statement).scalars())


def review_of(about_kind: str, about_id: uuid.UUID) -> Review | None:
    """The review that is not decided yet, if one has begun."""
    statement = select(Review).where(
        Review.about_kind == about_kind, Review.about_id == about_id, Review.state != ReviewState.decided
    )
    return db.session().execute(statement).scalar_one_or_none()


def decisions_about(about_kind: str, about_id: uuid.UUID) -> list[tuple[Decision, str]]:
    """All decisions about one thing with who made them, newest first."""
    statement = (
        select(Decision, Person.name)
        .join(Person, Person.id == Decision.by_person)
        .where(Decision.about_kind == about_kind, Decision.about_id == about_id)
        .order_by(Decision.created_at.desc(), Decision.id.desc())
    )
    return [(decision, name) for decision, name in db.session().execute(statement)]


def approvals_in(review_id: uuid.UUID) -> list[uuid.UUID]:
    """Who approved in this round, first one first."""
    statement = (
        select(Decision.by_person)
        .where(Decision.review_id == review_id, Decision.verdict == Verdict.approve)
        .order_by(Decision.created_at, Decision.id)
    )
    return list(db.session().execute(statement).scalars())


def names_of(person_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Names of persons."""
    statement = select(Person.id, Person.name).where(Person.id.in_(list(person_ids)))
    return {row.id: row.name for row in db.session().execute(statement)}


def answers_about(listing_id: uuid.UUID) -> list[tuple[dt.datetime, str, str]]:
    """What an organisation answered while its listing was frozen, newest first: when, who, what."""
    lines = [line for line in journal.about("listing", listing_id) if line.kind == "listing.answered"]
    names = names_of([line.by_person for line in lines if line.by_person])
    return [
        (line.at, names.get(line.by_person, "") if line.by_person else "", str(line.data.get("text", "")))
        for line in reversed(lines)
    ]
