"""Reports on gifts that lie in the organisation's own bank: nothing was disbursed, and all of it is accounted for.

While such money came in and no accepted report accounts for it, one report is due, so many days after the first of it
(or after the report before); the late-report rule holds as for money that we disbursed.
"""

from __future__ import annotations

import datetime as dt
import uuid

from coevolve.config import settings
from coevolve.disbursements import queries
from coevolve.disbursements.models import AWAITED, DisbursementReport, ReportState
from coevolve.disbursements.service import lateness
from coevolve.kit import clock
from coevolve.kit.moves import begin, move


def follow_own_report(*, listing_id: uuid.UUID, organisation_id: uuid.UUID) -> DisbursementReport | None:
    """Let there be an open report exactly while there is something to account for; in the transaction that moved it."""
    left = queries.own_left_of(listing_id)
    report = queries.open_own_report(listing_id)
    if left > 0 and report is None:
        report = DisbursementReport(
            disbursement_id=None,
            listing_id=listing_id,
            organisation_id=organisation_id,
            round=queries.next_own_round(listing_id),
            due_on=clock.today() + dt.timedelta(days=settings().own_report_days),
            state=ReportState.due,
        )
        begin(report, by=None, cause="gifts in the organisation's own bank")
    elif left == 0 and report is not None and report.state in AWAITED:
        move(report, ReportState.withdrawn, by=None, cause="all of it went back")
        lateness.refresh_listing(listing_id=listing_id)
        return None
    return report
