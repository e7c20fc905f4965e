"""The books: who holds what, and who promised what to whom.

Nouns: *unit* (IDR, X:KG), *account*, *posting* (transfers written under one key), *transfer* (one row: debit,
credit, amount), *pending transfer* (a promise or a hold), *floor* (least balance allowed), *seal* (a day's rows,
hashed).
Verbs: ``post, hold, fulfil, void, reverse, balance``; each is safe to repeat under the same key.

One row is one transfer, so every posting sums to zero per unit and book by construction. Two books: ``cash``
(what happened) and ``commitment`` (what was promised). A balance is credits minus debits. Accounts with a floor
own a ``ledger_balance`` row: credits only append a ``ledger_delta``, debits lock the row and fold the deltas
first, and the exact figure at any moment is folded + unfolded. All other balances are a nightly snapshot plus
later rows.

Relies on: kit. Knows ids of other domains' things, none of their nouns or names.
"""
