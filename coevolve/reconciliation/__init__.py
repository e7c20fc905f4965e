"""Reconciliation: pledges, payments, the ledger, the provider and the bank are made to agree, and shown to.

Nouns: settlement (one provider fact booked in one transaction), line (of a bank statement), allocation (of a line to
what it paid), case (a difference that a person settles), comparison (our books against the provider's),
statement (a bank's file, accepted whole or refused whole),
room (the same pages for our accounts and for each organisation's own: views/door.py).
Verbs: settle, upload_statement, enter_bank_line, propose_match, confirm_match, set_aside,
compare_provider_transactions, open_case, resolve.
Relies on: payments, pledges, ledger, journal, notifications. Nothing is repaired in silence: a difference is a case.
"""
