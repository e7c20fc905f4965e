"""Use cases of payments. Nothing here commits but `send`, which must commit its intent before it calls out."""

from __future__ import annotations

from coevolve.payments.service.arriving import look_at, poll_events, poll_open, receive, replay
from coevolve.payments.service.checkout import cancel, start_checkout
from coevolve.payments.service.credit import start_credit
from coevolve.payments.service.expiry import expire_due
from coevolve.payments.service.receipts import annul_receipt, number_receipts, write_receipt
from coevolve.payments.service.sending import outbox_id_of, send, send_due
from coevolve.payments.service.transfer import add_bank_account, change_bank_account, start_bank_transfer

__all__ = [
    "add_bank_account",
    "annul_receipt",
    "cancel",
    "change_bank_account",
    "expire_due",
    "look_at",
    "number_receipts",
    "outbox_id_of",
    "poll_events",
    "poll_open",
    "receive",
    "replay",
    "send",
    "send_due",
    "start_bank_transfer",
    "start_checkout",
    "start_credit",
    "start_setup",
    "state_account",
    "state_organisation_account",
    "verify_account",
    "write_receipt",
]
