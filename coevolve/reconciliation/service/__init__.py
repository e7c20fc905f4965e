"""Use cases of reconciliation. Only `relay` and `comparing` commit: no transaction is open while a provider thinks."""

from __future__ import annotations

from coevolve.reconciliation.service.bank import (
    confirm_match,
    enter_bank_line,
    propose_match,
    reject_match,
    set_aside,
    set_aside_old,
)
from coevolve.reconciliation.service.cases import add_note, close_by_itself, open_case, reopen, resolve, take
from coevolve.reconciliation.service.comparing import compare_provider_transactions
from coevolve.reconciliation.service.deadlines import expire_transfers
from coevolve.reconciliation.service.relay import open_cases_of_dead_calls, work_off
from coevolve.reconciliation.service.settlement import UnknownPayment, settle

__all__ = [
    "UnknownPayment",
    "add_note",
    "close_by_itself",
    "compare_provider_transactions",
    "confirm_match",
    "enter_bank_line",
    "expire_transfers",
    "open_case",
    "open_cases_of_dead_calls",
    "propose_match",
    "reject_match",
    "reopen",
    "resolve",
    "set_aside",
    "set_aside_old",
    "settle",
    "take",
    "work_off",
]
