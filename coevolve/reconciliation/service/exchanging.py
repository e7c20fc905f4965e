"""Money the provider settled in another currency than it was given in: through one exchange account per currency.

Both sums are the provider's own: what it charged (our posting has it) and what it put into its account; its rate is
kept to be read, never to reckon with. When a sum goes back at another rate, what remains is a gain or a loss.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from coevolve.kit.db import session
from coevolve.ledger import accounts, bulk
from coevolve.reconciliation.service.transactions import book_in_sets

_DUE = text(
    """
    SELECT x.id, x.txn_ref, x.unit, x.gross, x.presented, x.presented_unit, x.charge_ref, x.occurred_at,
           x.kind IN ('charge', 'payment') AS is_charge,
           c.gross AS opened, c.presented AS opened_for, c.exchange_posting_id IS NOT NULL AS is_opened,
           coalesce((SELECT sum(e.presented) FROM payment_provider_txn e
              WHERE e.charge_ref = x.charge_ref AND e.exchange_posting_id IS NOT NULL AND e.id <> c.id), 0)::bigint
             AS returned
      FROM payment_provider_txn x
      LEFT JOIN payment_provider_txn c ON c.charge_ref = x.charge_ref AND c.kind IN ('charge', 'payment')
     WHERE x.provider = 'stripe' AND x.account = :account AND x.presented IS NOT NULL
       AND x.exchange_posting_id IS NULL
     ORDER BY x.occurred_at, x.kind IN ('charge', 'payment') DESC, x.id
     LIMIT 20000
    """
)


def book_exchanges(account: str) -> int:
    """Book every exchange the provider made and we have explained; returns how many."""
    due = session().execute(_DUE, {"account": account}).mappings().all()
    # How much of each charge went back so far, in the currency it was given in (negative), as this round books it.
    returned: dict[str, int] = {}
    postings = []
    for row in due:
        ref = str(row["charge_ref"] or "")
        so_far = returned.get(ref, int(row["returned"]))
        remainder = 0
        if not row["is_charge"]:
            remainder = _remainder(row, so_far)
            returned[ref] = so_far + int(row["presented"])
        postings.append(_posting(row, account, remainder))
    book_in_sets(postings, column="exchange_posting_id")
    return len(postings)


def _remainder(row: Any, so_far: int) -> int:
    """What a return cost above (negative: below) what its part of the charge had brought; the last takes the rest."""
    opened, opened_for = row["opened"], row["opened_for"]
    if not opened or not opened_for:
        return 0
    before = int(opened) * -so_far // int(opened_for)
    after = int(opened) * -(so_far + int(row["presented"])) // int(opened_for)
    return -int(row["gross"]) - (after - before)


def _posting(row: Any, account: str, remainder: int) -> bulk.BulkPosting:
    theirs, given = str(row["unit"]), str(row["presented_unit"])
    legs = [
        _leg(
            accounts.provider_clearing("stripe", account, theirs),
            accounts.exchange(theirs),
            row["gross"],
            theirs,
        ),
        _leg(
            accounts.exchange(given),
            accounts.provider_clearing("stripe", account, given),
            row["presented"],
            given,
        ),
    ]
    if remainder:
        # The exchange account keeps only what is open; the rest is a loss (or a gain, the other way round).
        legs.append(_leg(accounts.exchange_result(theirs), accounts.exchange(theirs), remainder, theirs))
    return bulk.BulkPosting(
        key=f"stripe:txn:{row['txn_ref']}:exchange",
        kind="provider.exchange",
        source_kind="provider_txn",
        source_id=row["id"],
        effective_at=row["occurred_at"],
        legs=tuple(legs),
    )


def _leg(debit: int, credit: int, amount: int, unit: str) -> bulk.BulkLeg:
    """A transfer; a negative amount goes the other way."""
    one, other = (debit, credit) if amount > 0 else (credit, debit)
    return bulk.BulkLeg(debit_id=one, credit_id=other, amount=abs(int(amount)), unit=unit)
