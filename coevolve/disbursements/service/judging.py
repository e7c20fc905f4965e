"""A moderator or finance looks at a report: the books clear the advance, or it goes back with a remark."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict

from coevolve.config import settings
from coevolve.disbursements import policy, queries
from coevolve.disbursements.models import DisbursementReport, ReportState
from coevolve.disbursements.service import lateness, telling
from coevolve.disbursements.service.own_reports import follow_own_report
from coevolve.journal import service as journal
from coevolve.kit import clock, db
from coevolve.kit.db import session
from coevolve.kit.errors import Conflict, Forbidden, Invalid, NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.moves import begin, move
from coevolve.kit.text import clean_text
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.ledger.errors import BelowFloor
from coevolve.ledger.service import Transfer
from coevolve.listings import queries as listings
from coevolve.listings import service as listing_service
from coevolve.notifications import service as notifications
from coevolve.organisations import queries as organisations
from coevolve.organisations import service as organisation_service
from coevolve.people.models import Person


def accept_report(*, report_id: uuid.UUID, by: Person) -> DisbursementReport:
    """The receipts are good: they clear the advance, the budget shows them, donors hear once, the record grows."""
    report = _locked(report_id, by)
    if report.state == ReportState.accepted and report.decided_by == by.id:
        return report
    rows = queries.expenses_of(report.id)
    total = sum(row.expense.amount for row in rows)
    report.posting_id = _clear(report, total, by)
    report.decided_by, report.decided_at, report.remark = by.id, clock.now(), ""
    move(report, ReportState.accepted, by=by.id)
    spent: dict[uuid.UUID, list[int]] = defaultdict(list)
    for row in rows:
        spent[row.line.id].append(row.expense.amount)
    for line_id in sorted(spent):
        listing_service.add_spending(
            line_id=line_id, amount=sum(spent[line_id]), receipts=len(spent[line_id])
        )
    lateness.refresh_listing(listing_id=report.listing_id)
    _ask_for_the_rest(report)
    _note("report.accepted", report, by.id, "public")
    _tell_members("report.accepted", report)
    telling.tell_donors(report, total, len(rows))
    organisation_service.write_track_record(
        organisation_id=report.organisation_id,
        by=by.id,
        expires_on=clock.today() + dt.timedelta(days=settings().claim_days),
        note=listings.get(report.listing_id).title[:120],
    )
    return report


def _clear(report: DisbursementReport, total: int, by: Person) -> int:
    unit = queries.unit_of(report)
    if report.disbursement_id is None:
        memo = accounts.own_spending(report.listing_id, report.organisation_id, unit)
        cleared_to = accounts.own_advances(report.organisation_id, unit)
    else:
        memo, cleared_to = accounts.spending_memo(report.disbursement_id, unit), accounts.advances(unit)
    try:
        return ledger.post(
            key=f"report:{report.id}:accepted",
            kind="spending.accepted",
            transfers=[
                Transfer(
                    debit_id=memo,
                    credit_id=cleared_to,
                    amount=total,
                    unit=unit,
                )
            ],
            source_kind="disbursement_report",
            source_id=report.id,
            actor=str(by.id),
        )
    except BelowFloor as above:
        message = lazy("Jumlah nota melebihi dana yang disalurkan. Kembalikan laporan ini untuk diperbaiki.")
        raise Conflict("above_advance", message) from above


def _ask_for_the_rest(report: DisbursementReport) -> None:
    """What is left is accounted for by a next round."""
    if report.disbursement_id is None:
        session().flush()
        follow_own_report(listing_id=report.listing_id, organisation_id=report.organisation_id)
        return
    if queries.left_of(report) <= 0:
        return
    made = DisbursementReport(
        disbursement_id=report.disbursement_id,
        listing_id=report.listing_id,
        organisation_id=report.organisation_id,
        round=len(queries.reports_on(report.disbursement_id)) + 1,
        due_on=clock.today() + dt.timedelta(days=settings().report_days),
        state=ReportState.due,
    )
    begin(made, by=None, cause="rest of the advance")


def return_report(*, report_id: uuid.UUID, by: Person, remark: str) -> DisbursementReport:
    """Ask for something better; there is at least some time to mend it."""
    report = _locked(report_id, by)
    words = clean_text(remark)
    if not 10 <= len(words) <= 1000:
        message = lazy("Tulis apa yang perlu diperbaiki, 10 sampai 1.000 karakter.")
        raise Invalid("remark_missing", message, field="remark")
    if report.state == ReportState.returned and report.decided_by == by.id and report.remark == words:
        return report
    report.remark, report.decided_by, report.decided_at = words, by.id, clock.now()
    report.due_on = max(report.due_on, clock.today() + dt.timedelta(days=settings().report_mend_days))
    move(report, ReportState.returned, by=by.id, cause=words)
    if report.disbursement_id is None:
        session().flush()
        follow_own_report(listing_id=report.listing_id, organisation_id=report.organisation_id)
    lateness.refresh_listing(listing_id=report.listing_id)
    _note("report.returned", report, by.id, "parties")
    _tell_members("report.returned", report, reason=words)
    return report


def _locked(report_id: uuid.UUID, by: Person) -> DisbursementReport:
    report = db.lock(DisbursementReport, report_id)
    who = queries.who(by, organisations.get(report.organisation_id))
    if not policy.may_judge_report(who, report.submitted_by):
        if not policy.may_see(who):
            raise NotFound("no_report", lazy("Halaman atau data ini tidak ada."))
        raise Forbidden("may_not_judge", lazy("Laporan diperiksa oleh petugas di luar organisasi ini."))
    return report


def _tell_members(kind: str, report: DisbursementReport, reason: str = "") -> None:
    listing, organisation = listings.get(report.listing_id), organisations.get(report.organisation_id)
    notifications.queue(
        kind=kind,
        person_ids=telling.members(organisation.id),
        about=telling.about(report),
        data={
            "title": listing.title,
            "reason": reason,
            "due_on": report.due_on.isoformat(),
            "path": telling.report_path(organisation, report),
        },
        dedupe_key=f"{kind}:{report.id}:{report.decided_at}",
        for_organisation=organisation.id,
    )


def _note(kind: str, report: DisbursementReport, by: uuid.UUID | None, visibility: str) -> None:
    journal.record(
        kind,
        about=telling.about(report),
        by=by,
        for_organisation=report.organisation_id,
        data={"report": str(report.id), "round": report.round, "listing": str(report.listing_id)},
        visibility=visibility,
    )
