"""What can be done with money out; read the file of the use case you look for. Nothing here commits."""

from __future__ import annotations

from coevolve.disbursements.service.judging import accept_report, return_report
from coevolve.disbursements.service.lateness import refresh_late, refresh_listing, remind
from coevolve.disbursements.service.own_reports import follow_own_report
from coevolve.disbursements.service.paying import list_for_payment, mark_failed, mark_sent, mark_unknown
from coevolve.disbursements.service.proposing import approve, cancel, propose, reject, release
from coevolve.disbursements.service.reporting import add_expense, remove_expense, submit_report
from coevolve.disbursements.service.settling import return_by_line, settle_by_line, unsettle_by_line

__all__ = [
    "accept_report",
    "add_expense",
    "approve",
    "cancel",
    "follow_own_report",
    "list_for_payment",
    "mark_failed",
    "mark_sent",
    "mark_unknown",
    "propose",
    "refresh_late",
    "refresh_listing",
    "reject",
    "release",
    "remind",
    "remove_expense",
    "return_by_line",
    "return_report",
    "settle_by_line",
    "submit_report",
    "unsettle_by_line",
]
