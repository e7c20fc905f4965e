"""Funds, and money on its way out."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from coevolve.disbursements.models import (
    HOLDING,
    PAYABLE,
    Disbursement,
    DisbursementLine,
    State,
)
from coevolve.kit import db
from coevolve.kit.db import session
from coevolve.ledger import queries as ledger
from coevolve.listings.models import Listing, ListingLine
from coevolve.organisations.models import Organisation
from coevolve.payments import account_standing


def get(disbursement_id: uuid.UUID) -> Disbursement:
    """One disbursement; NotFound if there is none."""
    return db.get(Disbursement, disbursement_id)


def find_by_token(client_token: uuid.UUID) -> Disbursement | None:
    """The disbursement that an earlier click of the same form made."""
    statement = select(Disbursement).where(Disbursement.client_token == client_token)
    return session().execute(statement).scalar_one_or_none()


@dataclass(frozen=True, slots=True)
class FundRow:
    """The money of one listing, and what became of it, in minor units of rupiah."""

    listing: Listing
    received: int
    held: int
    disbursed: int
    available: int
    accounted: int
    """Of what was disbursed: proven by accepted reports."""


def funds_of(organisation_id: uuid.UUID) -> list[FundRow]:
    """The listings of an organisation that ever had money, newest first."""
    statement = (
        select(Listing)
        .where(Listing.organisation_id == organisation_id, Listing.opened_at.is_not(None))
        .order_by(Listing.opened_at.desc())
    )
    rows = list(session().execute(statement).scalars())
    totals = ledger.fund_totals([row.id for row in rows])
    accounted = spent_on([row.id for row in rows])
    paid = disbursed_of([row.id for row in rows])
    return [
        FundRow(
            listing=row,
            received=totals[row.id].received,
            held=totals[row.id].held,
            disbursed=paid.get(row.id, 0),
            available=totals[row.id].available,
            accounted=accounted.get(row.id, 0),
        )
        for row in rows
        if row.id in totals
    ]


def fund_of(listing_id: uuid.UUID) -> int:
    """What may be proposed from a listing's fund now."""
    found = ledger.fund_totals([listing_id]).get(listing_id)
    return found.available if found else 0


def disbursed_of(listing_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """What reached the organisation, per listing."""
    statement = (
        select(Disbursement.listing_id, func.sum(Disbursement.amount))
        .where(Disbursement.listing_id.in_(listing_ids), Disbursement.state == State.settled)
        .group_by(Disbursement.listing_id)
    )
    return {row[0]: int(row[1]) for row in session().execute(statement)}


def spent_on(listing_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """What accepted reports say was spent, per listing."""
    statement = (
        select(ListingLine.listing_id, func.sum(ListingLine.spent))
        .where(ListingLine.listing_id.in_(listing_ids), ListingLine.kind == "money")
        .group_by(ListingLine.listing_id)
    )
    return {row[0]: int(row[1] or 0) for row in session().execute(statement)}


def lines_of(disbursement_id: uuid.UUID) -> list[tuple[DisbursementLine, ListingLine]]:
    """For which lines of the budget it is, in the budget's order."""
    statement = (
        select(DisbursementLine, ListingLine)
        .join(ListingLine, ListingLine.id == DisbursementLine.line_id)
        .where(DisbursementLine.disbursement_id == disbursement_id)
        .order_by(ListingLine.position, ListingLine.id)
    )
    return [(row[0], row[1]) for row in session().execute(statement)]


def given_to_lines(listing_id: uuid.UUID) -> dict[uuid.UUID, int]:
    """What each line of a budget was given or has on its way."""
    states = [str(state) for state in (*HOLDING, State.settled)]
    statement = (
        select(DisbursementLine.line_id, func.sum(DisbursementLine.amount))
        .join(Disbursement, Disbursement.id == DisbursementLine.disbursement_id)
        .where(Disbursement.listing_id == listing_id, Disbursement.state.in_(states))
        .group_by(DisbursementLine.line_id)
    )
    return {row[0]: int(row[1]) for row in session().execute(statement)}


def of_organisation(organisation_id: uuid.UUID, *, limit: int = 50) -> list[tuple[Disbursement, Listing]]:
    """An organisation's disbursements, newest first."""
    statement = (
        select(Disbursement, Listing)
        .join(Listing, Listing.id == Disbursement.listing_id)
        .where(Disbursement.organisation_id == organisation_id)
        .order_by(Disbursement.created_at.desc(), Disbursement.id.desc())
        .limit(limit)
    )
    return [(row[0], row[1]) for row in session().execute(statement)]


def in_states(
    states: Iterable[str], *, limit: int = 200, newest: bool = False
) -> list[tuple[Disbursement, Listing, Organisation]]:
    """Disbursements of all organisations in these states, the longest waiting first."""
    order = Disbursement.created_at.desc() if newest else Disbursement.created_at
    statement = (
        select(Disbursement, Listing, Organisation)
        .join(Listing, Listing.id == Disbursement.listing_id)
        .join(Organisation, Organisation.id == Disbursement.organisation_id)
        .where(Disbursement.state.in_([str(state) for state in states]))
        .order_by(order, Disbursement.id)
        .limit(limit)
    )
    return [(row[0], row[1], row[2]) for row in session().execute(statement)]


def to_approve_for(organisation_id: uuid.UUID, person_id: uuid.UUID) -> int:
    """How many proposals wait for this owner."""
    statement = select(func.count()).where(
        Disbursement.organisation_id == organisation_id,
        Disbursement.state == State.proposed,
        Disbursement.proposed_by != person_id,
    )
    return int(session().execute(statement).scalar_one())


@dataclass(frozen=True, slots=True)
class Awaiting:
    """A disbursement that a line of the bank may show, for matching."""

    id: uuid.UUID
    reference: str
    bank_account_id: uuid.UUID
    unit: str
    amount: int
    state: str
    holder: str
    sent_on: dt.date | None


def awaiting_line(bank_account_id: uuid.UUID | None = None) -> list[Awaiting]:
    """What finance pays or has paid and no line has shown yet, the oldest first."""
    return _awaiting(PAYABLE, bank_account_id)


def awaiting_return(reference: str | None, amount: int) -> list[Awaiting]:
    """Settled disbursements that a line of money coming in may give back: by reference, else by the sum."""
    found = _awaiting({State.settled}, None)
    named = [one for one in found if reference and one.reference == reference]
    return named or [one for one in found if one.amount == amount]


def _awaiting(states: Iterable[str], bank_account_id: uuid.UUID | None) -> list[Awaiting]:
    statement = (
        select(Disbursement)
        .where(Disbursement.state.in_([str(state) for state in states]))
        .order_by(Disbursement.created_at, Disbursement.id)
        .limit(500)
    )
    if bank_account_id is not None:
        statement = statement.where(Disbursement.from_account_id == bank_account_id)
    rows = list(session().execute(statement).scalars())
    holders = account_standing.by_versions({row.account_version_id for row in rows})
    return [
        Awaiting(
            row.id,
            row.reference,
            row.from_account_id,
            row.unit,
            row.amount,
            row.state,
            holders[row.account_version_id].holder,
            row.sent_on,
        )
        for row in rows
    ]
