"""Money out to an organisation, and what became of it.

Nouns: disbursement (money of one listing's fund on its way to its organisation, divided over the lines of the budget),
report (what the organisation spent of one disbursement, or of gifts in its own bank), expense (one receipt of a
report). Verbs: propose, approve, reject, cancel, release, list_for_payment, mark_sent, mark_unknown, mark_failed,
settle_by_line, return_by_line, follow_own_report;
add_expense, submit, accept, return_. Three different people let money go; the books hold it from the first of them on.

Relies on the ledger (the hold on the fund, the memo of an advance), payments (bank accounts and their versions),
listings (budget lines; a listing leaves search while its report is late), organisations (members, claims, track
record), kit.files (proofs) and notifications. Reconciliation stands above and settles with a line of the bank.
"""
