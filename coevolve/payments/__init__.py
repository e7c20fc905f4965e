"""Payments: money on its way in.

Nouns: payment (one intended gift of money), inbox (what a provider told us), outbox (what we asked a provider),
receipt, refund, dispute, payout by the provider, provider transaction, bank accounts (ours and organisations'),
custody (whose bank transfers go to: custody.py says whose a payment's money is).
Verbs: start_checkout, start_bank_transfer, send, receive, cancel, expire_due, number_receipts, ask_refund.
Relies on: kit, ledger (units and posting ids), journal. Which pledge a payment is for is only a reference here: pledges
stand above payments, and reconciliation settles both.
"""
