"""Reports, their receipts, and what a budget was spent on."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, or_, select

from coevolve.disbursements.models import (
    AWAITED,
    Disbursement,
    DisbursementExpense,
    DisbursementLine,
    DisbursementReport,
    ReportState,
    State,
)
from coevolve.disbursements.queries import moving
from coevolve.kit import db
from coevolve.kit.db import session
from coevolve.kit.files import StoredFile
from coevolve.ledger import accounts
from coevolve.ledger import queries as ledger
from coevolve.listings.models import Listing, ListingLine
from coevolve.organisations.models import Organisation

UNIT = "IDR"


def get_report(report_id: uuid.UUID) -> DisbursementReport:
    """One report; NotFound if there is none."""
    return db.get(DisbursementReport, report_id)


def reports_of(organisation_id: uuid.UUID) -> list[tuple[DisbursementReport, Disbursement | None, Listing]]:
    """An organisation's reports, those that wait first, then the newest."""
    statement = (
        select(DisbursementReport, Disbursement, Listing)
        .outerjoin(Disbursement, Disbursement.id == DisbursementReport.disbursement_id)
        .join(Listing, Listing.id == DisbursementReport.listing_id)
        .where(DisbursementReport.organisation_id == organisation_id, DisbursementReport.state != "withdrawn")
        .order_by(
            DisbursementReport.state.in_([str(state) for state in AWAITED]).desc(),
            DisbursementReport.due_on.desc(),
            DisbursementReport.id,
        )
        .limit(100)
    )
    return [(row[0], row[1], row[2]) for row in session().execute(statement)]


def reports_to_judge(
    limit: int = 100,
) -> list[tuple[DisbursementReport, Disbursement | None, Listing, Organisation]]:
    """Reports that wait for staff, the longest waiting first."""
    statement = (
        select(DisbursementReport, Disbursement, Listing, Organisation)
        .outerjoin(Disbursement, Disbursement.id == DisbursementReport.disbursement_id)
        .join(Listing, Listing.id == DisbursementReport.listing_id)
        .join(Organisation, Organisation.id == DisbursementReport.organisation_id)
        .where(DisbursementReport.state == ReportState.submitted)
        .order_by(DisbursementReport.submitted_at, DisbursementReport.id)
        .limit(limit)
    )
    return [(row[0], row[1], row[2], row[3]) for row in session().execute(statement)]


def reports_on(disbursement_id: uuid.UUID) -> list[DisbursementReport]:
    """The rounds of one disbursement's account."""
    statement = (
        select(DisbursementReport)
        .where(DisbursementReport.disbursement_id == disbursement_id)
        .order_by(DisbursementReport.round)
    )
    return list(session().execute(statement).scalars())


def left_of(report: DisbursementReport) -> int:
    """What no accepted report has accounted for yet, by the books: of the advance, or of gifts in the own bank."""
    if report.disbursement_id is None:
        return own_left_of(report.listing_id)
    disbursement = db.get(Disbursement, report.disbursement_id)
    return ledger.balance(accounts.spending_memo(disbursement.id, disbursement.unit))


def unit_of(report: DisbursementReport) -> str:
    """The currency a report accounts in."""
    return UNIT if report.disbursement_id is None else db.get(Disbursement, report.disbursement_id).unit


def own_left_of(listing_id: uuid.UUID) -> int:
    """What of the gifts in an organisation's own bank no accepted report has accounted for yet."""
    account = ledger.find_account(f"own_spending:{listing_id}:{UNIT}")
    return 0 if account is None else ledger.balance(account)


def in_hands_of(listing_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """What of the gifts to these listings lies (or was spent) in the organisation's own hands."""
    found = {one: ledger.find_account(f"in_hands:{one}:{UNIT}") for one in listing_ids}
    sums = ledger.balances([one for one in found.values() if one is not None])
    return {listing_id: sums[account] for listing_id, account in found.items() if account is not None}


def open_own_report(listing_id: uuid.UUID) -> DisbursementReport | None:
    """The report on a listing's gifts in the own bank that is due, under examination or sent back."""
    statement = select(DisbursementReport).where(
        DisbursementReport.listing_id == listing_id,
        DisbursementReport.disbursement_id.is_(None),
        DisbursementReport.state.in_([*(str(one) for one in AWAITED), str(ReportState.submitted)]),
    )
    return session().execute(statement).scalar_one_or_none()


def next_own_round(listing_id: uuid.UUID) -> int:
    """The number of the next report on a listing's gifts in the own bank."""
    statement = select(func.coalesce(func.max(DisbursementReport.round), 0)).where(
        DisbursementReport.listing_id == listing_id, DisbursementReport.disbursement_id.is_(None)
    )
    return int(session().execute(statement).scalar_one()) + 1


@dataclass(frozen=True, slots=True)
class Twin:
    """Another expense proven by the same file."""

    expense_id: uuid.UUID
    report_id: uuid.UUID
    spent_on: dt.date
    what: str
    amount: int
    is_other_report: bool


@dataclass(frozen=True, slots=True)
class ExpenseRow:
    """One receipt of a report with its proof, and where the same proof was used too."""

    expense: DisbursementExpense
    line: ListingLine
    proof: StoredFile
    twins: list[Twin] = field(default_factory=list)


def expenses_of(report_id: uuid.UUID) -> list[ExpenseRow]:
    """The receipts of a report by line and day, each with its twins."""
    statement = (
        select(DisbursementExpense, ListingLine, StoredFile)
        .join(ListingLine, ListingLine.id == DisbursementExpense.line_id)
        .join(StoredFile, StoredFile.id == DisbursementExpense.proof_id)
        .where(DisbursementExpense.report_id == report_id)
        .order_by(ListingLine.position, DisbursementExpense.spent_on, DisbursementExpense.id)
    )
    rows = [ExpenseRow(row[0], row[1], row[2]) for row in session().execute(statement)]
    twins = _twins([row.proof for row in rows])
    return [
        ExpenseRow(
            row.expense,
            row.line,
            row.proof,
            [
                Twin(
                    other.id,
                    other.report_id,
                    other.spent_on,
                    other.what,
                    other.amount,
                    other.report_id != report_id,
                )
                for other, proof in twins
                if other.id != row.expense.id
                and (proof.sha256 == row.proof.sha256 or proof.source_sha256 == row.proof.source_sha256)
            ],
        )
        for row in rows
    ]


def _twins(proofs: Sequence[StoredFile]) -> list[tuple[DisbursementExpense, StoredFile]]:
    """Every expense whose proof is one of these files: the same bytes, or the same picture."""
    statement = (
        select(DisbursementExpense, StoredFile)
        .join(StoredFile, StoredFile.id == DisbursementExpense.proof_id)
        .join(DisbursementReport, DisbursementReport.id == DisbursementExpense.report_id)
        .where(
            or_(
                StoredFile.sha256.in_([proof.sha256 for proof in proofs]),
                StoredFile.source_sha256.in_([proof.source_sha256 for proof in proofs]),
            ),
            DisbursementReport.state != ReportState.withdrawn,
        )
        .order_by(DisbursementExpense.id)
    )
    return [(row[0], row[1]) for row in session().execute(statement)] if proofs else []


@dataclass(frozen=True, slots=True)
class LineUse:
    """A line of the budget in one report: given by this disbursement, used before, used in this report."""

    line: ListingLine
    given: int
    before: int
    now: int

    @property
    def over(self) -> int:
        """What this report and those before it used beyond what the line was given."""
        return max(0, self.before + self.now - self.given)


def uses_of(report: DisbursementReport) -> list[LineUse]:
    """Given and used, per line of the listing's budget. In the own bank nothing is given by line: the plan counts."""
    if report.disbursement_id is None:
        return _own_uses(report)
    given = {line.line_id: line.amount for line, _ in moving.lines_of(report.disbursement_id)}
    statement = (
        select(
            DisbursementExpense.line_id,
            func.coalesce(
                func.sum(DisbursementExpense.amount).filter(DisbursementReport.state == ReportState.accepted),
                0,
            ),
            func.coalesce(
                func.sum(DisbursementExpense.amount).filter(DisbursementExpense.report_id == report.id), 0
            ),
        )
        .join(DisbursementReport, DisbursementReport.id == DisbursementExpense.report_id)
        .where(DisbursementReport.disbursement_id == report.disbursement_id)
        .group_by(DisbursementExpense.line_id)
    )
    used = {row[0]: (int(row[1]), int(row[2])) for row in session().execute(statement)}
    found = []
    for line in budget_of(report.listing_id):
        before, now = used.get(line.id, (0, 0))
        if report.state == ReportState.accepted:
            before -= now
        if line.id in given or now or before:
            found.append(LineUse(line, given.get(line.id, 0), before, now))
    return found


def _own_uses(report: DisbursementReport) -> list[LineUse]:
    statement = (
        select(DisbursementExpense.line_id, func.sum(DisbursementExpense.amount))
        .where(DisbursementExpense.report_id == report.id)
        .group_by(DisbursementExpense.line_id)
    )
    now = {row[0]: int(row[1]) for row in session().execute(statement)}
    counted = report.state == ReportState.accepted
    return [
        LineUse(
            line, line.quantity, line.spent - (now.get(line.id, 0) if counted else 0), now.get(line.id, 0)
        )
        for line in budget_of(report.listing_id)
    ]


def budget_of(listing_id: uuid.UUID) -> list[ListingLine]:
    """The lines of money of a listing, in its order."""
    statement = (
        select(ListingLine)
        .where(ListingLine.listing_id == listing_id, ListingLine.kind == "money")
        .order_by(ListingLine.position, ListingLine.id)
    )
    return list(session().execute(statement).scalars())


@dataclass(frozen=True, slots=True)
class SpentRow:
    """One accepted receipt as everybody may see it: no payee, no picture."""

    line: str
    spent_on: dt.date
    what: str
    amount: int
    accepted_at: dt.datetime | None


def spent_rows(listing_id: uuid.UUID, *, limit: int = 500) -> list[SpentRow]:
    """What the money of a listing was spent on, by line of the budget, newest first within it."""
    statement = (
        select(
            ListingLine.label,
            DisbursementExpense.spent_on,
            DisbursementExpense.what,
            DisbursementExpense.amount,
            DisbursementReport.decided_at,
        )
        .join(ListingLine, ListingLine.id == DisbursementExpense.line_id)
        .join(DisbursementReport, DisbursementReport.id == DisbursementExpense.report_id)
        .where(DisbursementReport.listing_id == listing_id, DisbursementReport.state == ReportState.accepted)
        .order_by(ListingLine.position, DisbursementExpense.spent_on.desc(), DisbursementExpense.id)
        .limit(limit)
    )
    return [SpentRow(*row) for row in session().execute(statement)]


def proof_owner(file_id: uuid.UUID) -> uuid.UUID | None:
    """The organisation whose report holds this file."""
    statement = (
        select(DisbursementReport.organisation_id)
        .join(DisbursementExpense, DisbursementExpense.report_id == DisbursementReport.id)
        .where(DisbursementExpense.proof_id == file_id)
        .limit(1)
    )
    return session().execute(statement).scalar_one_or_none()


def disbursed_by_line(listing_id: uuid.UUID) -> dict[uuid.UUID, int]:
    """What reached the organisation for each line of the budget."""
    statement = (
        select(DisbursementLine.line_id, func.sum(DisbursementLine.amount))
        .join(Disbursement, Disbursement.id == DisbursementLine.disbursement_id)
        .where(Disbursement.listing_id == listing_id, Disbursement.state == State.settled)
        .group_by(DisbursementLine.line_id)
    )
    return {row[0]: int(row[1]) for row in session().execute(statement)}


def accepted_reports(listing_id: uuid.UUID) -> list[DisbursementReport]:
    """What the organisation told with its accepted reports, newest first."""
    statement = (
        select(DisbursementReport)
        .where(DisbursementReport.listing_id == listing_id, DisbursementReport.state == ReportState.accepted)
        .order_by(DisbursementReport.decided_at.desc())
        .limit(50)
    )
    return list(session().execute(statement).scalars())
