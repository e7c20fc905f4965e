"""Use cases of reconciliation.

`relay`, `comparing`, `posting` and `statements` commit: no transaction is open while a provider thinks or a long file
is read, and what is done in batches is kept batch by batch.
"""

from __future__ import annotations

from coevolve.reconciliation.service.bank import (
    confirm_many,
    confirm_match,
    edit_reference,
    enter_bank_line,
    ignore,
    look_again,
    merge,
    propose_match,
    put_off,
    rehearse,
    reject_match,
    set_aside,
    set_aside_old,
    split,
)
from coevolve.reconciliation.service.cases import (
    add_note,
    close_by_itself,
    open_case,
    resolve,
    set_due,
    take,
)
from coevolve.reconciliation.service.comparing import compare_provider_transactions
from coevolve.reconciliation.service.deadlines import expire_transfers
from coevolve.reconciliation.service.disputing import write_evidence
from coevolve.reconciliation.service.payouts import read_payouts
from coevolve.reconciliation.service.posting import match, post_due
from coevolve.reconciliation.service.previewing import preview
from coevolve.reconciliation.service.refund_lists import (
    bounce_refund_by_line,
    make_list,
    mark_list_sent,
    mark_sent,
    refuse_account,
    settle_refund_by_line,
    take_off_list,
    unsettle_refund_by_line,
)
from coevolve.reconciliation.service.refund_rounds import (
    approve_round,
    begin_round,
    cancel_round,
    reopen_late_rounds,
    work_rounds,
)
from coevolve.reconciliation.service.refunding import (
    approve_refund,
    ask_by_giver,
    decline_refund,
    undo_refused_refunds,
)
from coevolve.reconciliation.service.relay import open_cases_of_dead_calls, work_off
from coevolve.reconciliation.service.settlement import UnknownPayment, settle
from coevolve.reconciliation.service.undoing import undo_line
from coevolve.reconciliation.service.write_off import (
    confirm_write_off,
    decline_write_off,
    propose_write_off,
    reopen,
)

__all__ = [
    "UnknownPayment",
    "add_note",
    "approve_refund",
    "approve_round",
    "ask_by_giver",
    "begin_round",
    "bounce_refund_by_line",
    "cancel_round",
    "close_by_itself",
    "compare_provider_transactions",
    "confirm_many",
    "confirm_match",
    "confirm_write_off",
    "decline_refund",
    "decline_write_off",
    "edit_reference",
    "enter_bank_line",
    "expire_transfers",
    "ignore",
    "look_again",
    "make_list",
    "mark_list_sent",
    "mark_sent",
    "match",
    "merge",
    "open_case",
    "open_cases_of_dead_calls",
    "post_due",
    "preview",
    "propose_match",
    "propose_write_off",
    "put_off",
    "read_payouts",
    "refuse_account",
    "rehearse",
    "reject_match",
    "reopen",
    "reopen_late_rounds",
    "resolve",
    "set_aside",
    "set_aside_old",
    "set_due",
    "settle",
    "settle_refund_by_line",
    "split",
    "take",
    "take_off_list",
    "undo_line",
    "undo_refused_refunds",
    "unsettle_refund_by_line",
    "work_off",
    "work_rounds",
    "write_evidence",
]
