"""Our books against the provider's own: every one of its transactions ends in a posting or in an open case.

One round reads what is new, asks about what nobody told us, explains, books fees and exchanges, reads payouts, and in
the end compares its balance with our clearing account. What lies between the two is listed, not only summed up.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from sqlalchemy import select, text

from coevolve.config import settings
from coevolve.kit import clock
from coevolve.kit.db import commit, session
from coevolve.kit.jobs import after_commit
from coevolve.kit.money import Money
from coevolve.ledger import accounts
from coevolve.ledger import queries as ledger_queries
from coevolve.payments.gateways import gateway
from coevolve.payments.models import Inbox
from coevolve.reconciliation.models import Comparison
from coevolve.reconciliation.service.cases import close_by_itself, open_case
from coevolve.reconciliation.service.exchanging import book_exchanges
from coevolve.reconciliation.service.payouts import poll_payouts, read_payouts
from coevolve.reconciliation.service.relay import work_off
from coevolve.reconciliation.service.transactions import (
    FIRST_LOOK,
    SETTLED_AFTER,
    book_fees,
    explain,
    look_into_unknown,
    open_cases_of_unknown,
    read,
)

READING_SECONDS = 20.0
ONE_AT_A_TIME = 7_220_261_122
"""The advisory lock of a round's bookings: two rounds at once book one after the other."""


def compare_provider_transactions() -> list[Comparison]:
    """One round; returns a comparison per currency, none while there is more to read (another round is asked for).

    An edge of background work, like the relay: it asks with no transaction open and commits in steps.
    """
    began = clock.now()
    account = settings().stripe_account
    seen, is_all = read(account, seconds=READING_SECONDS)
    poll_payouts(account)
    cases_before = _open_cases()
    _step(explain, account)
    if look_into_unknown(account):
        commit()
        work_off(limit=500)
        _step(explain, account)
    open_cases_of_unknown(account, began)
    commit()
    read_payouts()
    # A line that a payout told of may be new to us; its fee and its exchange are booked with the others'.
    for work in (explain, book_fees, book_exchanges):
        _step(work, account)
    if not is_all:
        after_commit("reconciliation.compare")
        commit()
        return []
    theirs = gateway().balance()
    _missing_at_provider(account, began)
    rows = [
        _balance(account, Money(theirs.get(unit, 0), unit), began, seen=seen, cases_before=cases_before)
        for unit in _units(account, theirs)
    ]
    commit()
    return rows


def _step(work: Callable[[str], object], account: str) -> None:
    """One step of bookings, committed: each line once, whoever else does the same just now."""
    session().execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ONE_AT_A_TIME})
    work(account)
    commit()


def _missing_at_provider(account: str, began: dt.datetime) -> None:
    """Captures we booked and the provider shows no line for; a case that a person closed is not opened again."""
    rows = session().execute(
        text(
            """
            SELECT split_part(p.idempotency_key, ':', 3) AS charge, p.source_id, sum(t.amount)::bigint AS amount,
                   min(t.unit) AS unit
            FROM ledger_posting p JOIN ledger_transfer t ON t.posting_id = p.id
            WHERE p.idempotency_key LIKE 'stripe:charge:%' AND p.kind = 'payment.captured'
              AND p.effective_at > :since AND p.effective_at < :until
              AND EXISTS (SELECT 1 FROM payment y WHERE y.id = p.source_id AND y.account = :account)
              AND NOT EXISTS (SELECT 1 FROM payment_provider_txn x
                              WHERE x.provider = 'stripe' AND x.source_ref = split_part(p.idempotency_key, ':', 3))
              AND NOT EXISTS (SELECT 1 FROM recon_case c WHERE c.kind = 'missing_at_provider'
                                 AND c.subject_kind = 'charge' AND c.subject_id = split_part(p.idempotency_key, ':', 3))
            GROUP BY p.id
            """
        ),
        {"since": began - FIRST_LOOK, "until": began - dt.timedelta(hours=2), "account": account},
    )
    for row in rows.mappings().all():
        open_case(
            kind="missing_at_provider",
            subject=("charge", row["charge"]),
            payment_id=row["source_id"],
            difference=Money(int(row["amount"]), row["unit"]),
        )


def _units(account: str, theirs: dict[str, int]) -> list[str]:
    """Units that the provider shows or that we have a clearing account in."""
    prefix = f"clearing:stripe:{account}:"
    ours = session().execute(
        text("SELECT unit FROM ledger_account WHERE code LIKE :prefix"), {"prefix": prefix + "%"}
    )
    return sorted({*ours.scalars(), *theirs})


def _balance(account: str, theirs: Money, began: dt.datetime, *, seen: int, cases_before: int) -> Comparison:
    """What we say the provider holds, what it says, and what lies between."""
    unit = theirs.unit
    ours = -ledger_queries.balance(accounts.provider_clearing("stripe", account, unit))
    items = _between(account, unit, began)
    explained = sum(int(item["amount"]) for item in items)
    difference = theirs.amount - ours - explained
    subject = ("balance", f"stripe:{account}:{unit}")
    if difference and not _is_busy():
        open_case(kind="balance", subject=subject, difference=Money(difference, unit))
    elif not difference:
        close_by_itself(kind="balance", subject=subject, note="Saldo sudah sama.")
    row = Comparison(
        provider="stripe",
        account=account,
        unit=unit,
        theirs=theirs.amount,
        ours=ours,
        explained=explained,
        items=items,
        transactions=seen,
        cases=max(0, _open_cases() - cases_before),
    )
    session().add(row)
    session().flush()
    return row


def _is_busy() -> bool:
    """Whether events still wait in our inbox: a difference now may only be their absence."""
    waiting = select(Inbox.id).where(Inbox.state == "new").limit(1)
    return session().execute(waiting).first() is not None


# What the provider has taken already and we still carry, or the other way round. Amounts are theirs minus ours.
_BETWEEN = text(
    """
    SELECT 'disputes' AS what, count(*) AS count, -sum(held)::bigint AS amount FROM payment_dispute
     WHERE provider = 'stripe' AND account = :account AND unit = :unit AND held > 0
    UNION ALL
    SELECT 'refunds', count(*), -sum(r.amount)::bigint FROM payment_refund r
     WHERE r.provider = 'stripe' AND r.account = :account AND r.unit = :unit AND r.provider_ref IS NOT NULL
       AND r.state IN ('sending', 'pending', 'requires_action')
    UNION ALL
    SELECT 'young', count(*), sum(gross)::bigint FROM payment_provider_txn
     WHERE provider = 'stripe' AND account = :account AND unit = :unit AND explained_as IS NULL
       AND occurred_at > :young
    """
)


def _between(account: str, unit: str, began: dt.datetime) -> list[dict[str, Any]]:
    """Disputes not decided, refunds not done, transactions so young that their event may still be on its way."""
    values = {"account": account, "unit": unit, "young": began - SETTLED_AFTER}
    rows = session().execute(_BETWEEN, values).mappings()
    return [
        {"what": row["what"], "count": int(row["count"]), "amount": int(row["amount"])}
        for row in rows
        if row["count"]
    ]


def _open_cases() -> int:
    return int(
        session()
        .execute(text("SELECT count(*) FROM recon_case WHERE state NOT IN ('resolved', 'written_off')"))
        .scalar_one()
    )
