"""What finance may ask: what a line could have paid and why, how a day stands, which cases are open."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from coevolve.kit import clock
from coevolve.kit.db import get as get_row
from coevolve.kit.db import session
from coevolve.listings.models import Listing
from coevolve.payments.models import Payment, ProviderTransaction
from coevolve.pledges.models import Pledge
from coevolve.reconciliation.matching.days import AccountDay, Accounts, Day, day, lines_of, queue, within
from coevolve.reconciliation.matching.suggesting import Suggestion, suggestions
from coevolve.reconciliation.models import CLOSED, Allocation, Case, CaseNote, Comparison, Line

__all__ = ["AccountDay", "Day", "Suggestion", "day", "lines_of", "queue", "suggestions"]


def get_line(line_id: int) -> Line:
    """One bank line."""
    return get_row(Line, line_id)


def get_case(case_id: uuid.UUID) -> Case:
    """One case."""
    return get_row(Case, case_id)


def proposal_of(line_id: int) -> Allocation | None:
    """A match that waits for a person's agreement (the first of several)."""
    return next(iter(proposals_of(line_id)), None)


def proposals_of(line_id: int) -> list[Allocation]:
    """What is said to be paid by a line and not booked yet."""
    statement = (
        select(Allocation)
        .where(Allocation.line_id == line_id, Allocation.posting_id.is_(None), Allocation.undone_at.is_(None))
        .order_by(Allocation.id)
    )
    return list(session().execute(statement).scalars())


def lines_with(proposal: Allocation) -> list[int]:
    """The lines proposed together with this one for the same target."""
    statement = (
        select(Allocation.line_id)
        .where(
            Allocation.target_id == proposal.target_id,
            Allocation.run_id == proposal.run_id,
            Allocation.rule == proposal.rule,
            Allocation.posting_id.is_(None),
            Allocation.undone_at.is_(None),
        )
        .order_by(Allocation.line_id)
    )
    return list(session().execute(statement).scalars())


def is_due(line_id: Any) -> ColumnElement[bool]:
    """The condition that a rule is sure of a line and its posting waits."""
    return (
        select(Allocation.id)
        .where(
            Allocation.line_id == line_id,
            Allocation.is_sure,
            Allocation.posting_id.is_(None),
            Allocation.undone_at.is_(None),
        )
        .exists()
    )


def has_case(line_id: Any) -> ColumnElement[bool]:
    """The condition that a person already looks into a line."""
    return (
        select(Case.id)
        .where(
            Case.subject_kind == "line",
            Case.subject_id == cast(line_id, Text),
            Case.state.not_in([str(state) for state in CLOSED]),
        )
        .exists()
    )


def count_due(of: Accounts = None) -> int:
    """How many lines (of these accounts) wait for their posting."""
    statement = select(func.count(func.distinct(Allocation.line_id))).where(
        Allocation.is_sure, Allocation.posting_id.is_(None), Allocation.undone_at.is_(None)
    )
    if of is not None:
        statement = statement.join(Line, Line.id == Allocation.line_id).where(Line.bank_account_id.in_(of))
    return int(session().execute(statement).scalar_one())


def allocations_of(line_id: int) -> list[Allocation]:
    """Everything a line was ever said to have paid, newest first."""
    statement = select(Allocation).where(Allocation.line_id == line_id).order_by(Allocation.id.desc())
    return list(session().execute(statement).scalars())


# --- pages --------------------------------------------------------------------------------------------


def open_cases(
    *,
    of: uuid.UUID | None = None,
    of_organisations: bool = False,
    mine: uuid.UUID | None = None,
    kind: str | None = None,
    is_overdue: bool = False,
    limit: int = 100,
) -> list[Case]:
    """Cases that wait, the one that is due first on top: the platform's own, those of one organisation (`of`), or
    those of all organisations' own banks.
    """
    statement = (
        select(Case)
        .where(Case.state.not_in([str(state) for state in CLOSED]))
        .order_by(Case.due_on.nulls_last(), Case.created_at, Case.id)
        .limit(limit)
    )
    if mine is None:
        statement = statement.where(_whose(of, of_organisations=of_organisations))
    if is_overdue:
        statement = statement.where(Case.due_on < clock.today())
    if mine is not None:
        statement = statement.where(Case.owner_id == mine)
    if kind is not None:
        statement = statement.where(Case.kind == kind)
    return list(session().execute(statement).scalars())


def _whose(of: uuid.UUID | None, *, of_organisations: bool = False) -> ColumnElement[bool]:
    if of_organisations:
        return Case.organisation_id.is_not(None)
    return Case.organisation_id.is_(None) if of is None else Case.organisation_id == of


def closed_cases(limit: int = 30, *, of: uuid.UUID | None = None) -> list[Case]:
    """Cases that were settled, the latest first."""
    statement = (
        select(Case)
        .where(Case.state.in_([str(state) for state in CLOSED]), _whose(of))
        .order_by(Case.closed_at.desc().nulls_last(), Case.id.desc())
        .limit(limit)
    )
    return list(session().execute(statement).scalars())


def count_open_cases(*, of: uuid.UUID | None = None, of_organisations: bool = False) -> int:
    """How many cases wait: the platform's, an organisation's, or those of all organisations."""
    statement = (
        select(func.count())
        .select_from(Case)
        .where(
            Case.state.not_in([str(state) for state in CLOSED]), _whose(of, of_organisations=of_organisations)
        )
    )
    return int(session().execute(statement).scalar_one())


def notes_of(case_id: uuid.UUID) -> list[CaseNote]:
    """The notes of a case, oldest first."""
    return list(
        session().execute(select(CaseNote).where(CaseNote.case_id == case_id).order_by(CaseNote.id)).scalars()
    )


def has_open_case(payment_id: uuid.UUID) -> bool:
    """Whether a person still looks into a payment."""
    statement = (
        select(Case.id)
        .where(Case.payment_id == payment_id, Case.state.not_in([str(state) for state in CLOSED]))
        .limit(1)
    )
    return session().execute(statement).first() is not None


def last_comparisons() -> list[Comparison]:
    """The latest comparison with the provider, per unit."""
    statement = (
        select(Comparison)
        .ext(distinct_on(Comparison.provider, Comparison.account, Comparison.unit))
        .order_by(Comparison.provider, Comparison.account, Comparison.unit, Comparison.id.desc())
    )
    return list(session().execute(statement).scalars())


def unexplained_transactions(limit: int = 50) -> list[ProviderTransaction]:
    """Transactions of the provider that no posting accounts for, oldest first."""
    statement = (
        select(ProviderTransaction)
        .where(
            or_(ProviderTransaction.explained_as.is_(None), ProviderTransaction.explained_as == "case"),
        )
        .order_by(ProviderTransaction.occurred_at)
        .limit(limit)
    )
    return list(session().execute(statement).scalars())


def titles_of(payment_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, str]:
    """For which listing each payment is, in words. One statement for any number."""
    statement = (
        select(Payment.id, Listing.title)
        .join(Pledge, Pledge.id == Payment.reference_id)
        .join(Listing, Listing.id == Pledge.listing_id)
        .where(Payment.id.in_(list(payment_ids)), Payment.reference_kind == "pledge")
    )
    return {row[0]: row[1] for row in session().execute(statement)} if payment_ids else {}


def payments_of(payment_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Payment]:
    """Several payments at once."""
    if not payment_ids:
        return {}
    rows = session().execute(select(Payment).where(Payment.id.in_(list(payment_ids)))).scalars()
    return {row.id: row for row in rows}


def proposals_for(line_ids: Sequence[int]) -> Mapping[int, list[Allocation]]:
    """What is proposed for each of these lines, in one statement."""
    found: dict[int, list[Allocation]] = {}
    if line_ids:
        statement = (
            select(Allocation)
            .where(
                Allocation.line_id.in_(list(line_ids)),
                Allocation.posting_id.is_(None),
                Allocation.undone_at.is_(None),
            )
            .order_by(Allocation.id)
        )
        for row in session().execute(statement).scalars():
            found.setdefault(row.line_id, []).append(row)
    return found


def cases_about_line(line_id: int) -> list[Case]:
    """The open cases about a line."""
    statement = select(Case).where(
        Case.subject_kind == "line",
        Case.subject_id == str(line_id),
        Case.state.not_in([str(state) for state in CLOSED]),
    )
    return list(session().execute(statement).scalars())


def count_waiting(of: Accounts = None) -> int:
    """How many lines of these accounts wait for a person, counted to a thousand."""
    waits = Line.state.in_(["proposed", "review"])
    some = select(Line.id).where(waits, within(of)).limit(1000).subquery()
    return int(session().execute(select(func.count()).select_from(some)).scalar_one())


def lines_within(line_ids: Sequence[int], of: Accounts = None) -> list[int]:
    """Of these lines, those of these accounts."""
    statement = select(Line.id).where(Line.id.in_(list(line_ids)), within(of)).order_by(Line.id)
    return list(session().execute(statement).scalars()) if line_ids else []


def listing_titles(listing_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, str]:
    """Titles of listings (the funds in a preview)."""
    if not listing_ids:
        return {}
    rows = session().execute(select(Listing.id, Listing.title).where(Listing.id.in_(list(listing_ids))))
    return {row[0]: row[1] for row in rows}
