"""The late-report rule: a listing whose report is past its day leaves browse and search until the report is there."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import select

from coevolve.config import settings
from coevolve.disbursements import queries
from coevolve.disbursements.models import AWAITED, DisbursementReport
from coevolve.disbursements.service import telling
from coevolve.kit import clock
from coevolve.kit.db import session
from coevolve.listings import queries as listings
from coevolve.listings import service as listing_service
from coevolve.notifications import service as notifications
from coevolve.organisations import queries as organisations


def refresh_listing(*, listing_id: uuid.UUID) -> None:
    """Let a listing's mark say what its reports say now; in the transaction that changed them."""
    session().flush()
    since = queries.late_since(listing_id)
    if since is None:
        listing_service.show_again(listing_id=listing_id)
    elif listing_service.hide(listing_id=listing_id, since=since):
        _tell_hidden(listing_id)


def refresh_late(*, limit: int = 200) -> int:
    """The clock's part: midnight makes reports late. Returns how many listings changed."""
    found = queries.listings_to_refresh(limit)
    for listing_id in found:
        refresh_listing(listing_id=listing_id)
    return len(found)


def _tell_hidden(listing_id: uuid.UUID) -> None:
    for report in queries.holding_reports(listing_id):
        _tell("report.late", report)


def remind(*, limit: int = 500) -> int:
    """Ask for reports some days before they are due, and on the day itself; each once."""
    today = clock.today()
    statement = (
        select(DisbursementReport)
        .where(
            DisbursementReport.state.in_([str(state) for state in AWAITED]),
            DisbursementReport.due_on >= today,
            DisbursementReport.due_on <= today + dt.timedelta(days=settings().report_remind_days),
        )
        .order_by(DisbursementReport.due_on, DisbursementReport.id)
        .limit(limit)
    )
    told = 0
    for report in session().execute(statement).scalars():
        told += _tell("report.due_today" if report.due_on == today else "report.due", report)
    return told


def _tell(kind: str, report: DisbursementReport) -> int:
    listing, organisation = listings.get(report.listing_id), organisations.get(report.organisation_id)
    return notifications.queue(
        kind=kind,
        person_ids=telling.members(organisation.id),
        about=telling.about(report),
        data={
            "title": listing.title,
            "due_on": report.due_on.isoformat(),
            "path": telling.report_path(organisation, report),
        },
        dedupe_key=f"{kind}:{report.id}:{report.due_on}",
        for_organisation=organisation.id,
    )
