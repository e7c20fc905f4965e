"""Use cases of payments. Nothing here commits but `send`, which must commit its intent before it calls out."""

from __future__ import annotations

from coevolve.payments.service.arriving import look_at, poll_events, poll_open, receive, replay
from coevolve.payments.service.charging import call_off, forget_card, setup_url, start_charge, start_setup
from coevolve.payments.service.checkout import cancel, start_checkout
from coevolve.payments.service.credit import start_credit
from coevolve.payments.service.expiry import expire_due
from coevolve.payments.service.payout_accounts import (
    check_organisation_account,
    second_organisation_account,
    state_organisation_account,
)
from coevolve.payments.service.receipts import (
    PLATFORM,
    annul_receipt,
    correct_receipt,
    number_receipts,
    write_receipt,
)
from coevolve.payments.service.refund_accounts import (
    newest_account,
    refuse_account,
    state_account,
    verify_account,
)
from coevolve.payments.service.refunding import ask_refund, cancel_refund, left_of, poll_refunds
from coevolve.payments.service.sending import outbox_id_of, send, send_due
from coevolve.payments.service.transfer import add_bank_account, change_bank_account, start_bank_transfer

__all__ = [
    "PLATFORM",
    "add_bank_account",
    "annul_receipt",
    "ask_refund",
    "call_off",
    "cancel",
    "cancel_refund",
    "change_bank_account",
    "check_organisation_account",
    "correct_receipt",
    "expire_due",
    "forget_card",
    "left_of",
    "look_at",
    "newest_account",
    "number_receipts",
    "outbox_id_of",
    "poll_events",
    "poll_open",
    "poll_refunds",
    "receive",
    "refuse_account",
    "replay",
    "second_organisation_account",
    "send",
    "send_due",
    "setup_url",
    "start_bank_transfer",
    "start_charge",
    "start_checkout",
    "start_credit",
    "start_setup",
    "state_account",
    "state_organisation_account",
    "verify_account",
    "write_receipt",
]
