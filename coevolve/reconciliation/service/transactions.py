"""The provider's own account, line by line: kept once, explained by what we booked, its fees booked as it took them.

Every step is a few statements, however many lines there are. A line that nothing explains gets a case.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from coevolve.kit import clock
from coevolve.kit.db import commit, session
from coevolve.kit.money import Money
from coevolve.ledger import accounts, bulk
from coevolve.payments import service as payments
from coevolve.payments.gateways import gateway
from coevolve.payments.models import Cursor, Payment, ProviderTransaction
from coevolve.payments.provider import FoundTransaction
from coevolve.reconciliation.service.cases import close_by_itself, open_case

OVERLAP = dt.timedelta(days=1)
WINDOW = dt.timedelta(days=1)
FIRST_LOOK = dt.timedelta(days=30)
SETTLED_AFTER = dt.timedelta(hours=1)
"""A transaction younger than this may still be on its way through our inbox."""
FEE_KINDS = ("stripe_fee", "application_fee", "tax_fee", "stripe_fx_fee", "network_cost")
"""Kinds whose whole amount is a fee."""
LOOKS_AT_ONCE = 500
CASES_AT_ONCE = 200
FEES_AT_ONCE = 20_000
TOPIC = "transactions"


# --- reading ----------------------------------------------------------------------------------------


def read_cursor(account: str, topic: str) -> dt.datetime | None:
    """How far a poll has read."""
    cursor = session().get(Cursor, ("stripe", account, topic))
    return None if cursor is None else cursor.read_until


def move_cursor(account: str, topic: str, to: dt.datetime) -> None:
    """Note how far a poll has read."""
    session().execute(
        insert(Cursor)
        .values(provider="stripe", account=account, topic=topic, read_until=to)
        .on_conflict_do_update(index_elements=["provider", "account", "topic"], set_={"read_until": to})
    )


def first_look(account: str, began: dt.datetime) -> dt.datetime:
    """Where a poll that never read begins: a day before our first card payment, at least 30 days back."""
    oldest = session().execute(
        select(Payment.created_at)
        .where(Payment.provider == "stripe", Payment.account == account)
        .order_by(Payment.created_at)
        .limit(1)
    )
    first = oldest.scalar_one_or_none()
    return min(began - FIRST_LOOK, began if first is None else first - dt.timedelta(days=1))


def read(account: str, *, seconds: float) -> tuple[int, bool]:
    """Read what is new, a day at a time, each kept and committed; returns how many lines, and whether that was all.

    It goes on where it stopped, however long nobody looked: the provider's own account has no end of 30 days.
    """
    began, started = clock.now(), time.monotonic()
    cursor = read_cursor(account, TOPIC)
    since = cursor - OVERLAP if cursor else first_look(account, began)
    session().rollback()
    seen = 0
    while True:
        until = since + WINDOW
        is_last = until >= began
        found = list(gateway().list_transactions(since=since, until=None if is_last else until))
        keep(found, account)
        move_cursor(account, TOPIC, began if is_last else max(until, cursor or until))
        commit()
        seen += len(found)
        if is_last:
            return seen, True
        if time.monotonic() - started > seconds:
            return seen, False
        since = until


def keep(found: Iterable[FoundTransaction], account: str) -> None:
    """Write lines down, each once; they come newest first and are kept oldest first."""
    lines = list(found)[::-1]
    for start in range(0, len(lines), 1000):
        rows = [
            {
                "provider": "stripe",
                "account": account,
                "txn_ref": one.ref,
                "kind": one.kind,
                "source_ref": one.source_ref,
                "unit": one.unit,
                "gross": one.gross,
                "fee": one.fee,
                "net": one.net,
                "occurred_at": one.occurred_at,
                "available_at": one.available_at,
                "exchange_rate": one.exchange_rate,
            }
            for one in lines[start : start + 1000]
        ]
        session().execute(insert(ProviderTransaction).on_conflict_do_nothing(), rows)


# --- explaining -------------------------------------------------------------------------------------

# `object` is what we booked of the thing a line is about, signed as the provider signs it; `rest` are lines not
# explained yet. A dispute's lines are explained once they agree with its state: taken, or as if nothing was.
_EXPLAIN = text(
    """
WITH rest AS (
  SELECT id, txn_ref, kind, source_ref, unit, gross, provider, account FROM payment_provider_txn
   WHERE provider = 'stripe' AND account = :account AND explained_as IS NULL
), captured AS (
  SELECT rest.id, p.id AS posting_id, p.idempotency_key AS key, rest.source_ref AS charge_ref
    FROM rest JOIN ledger_posting p ON p.idempotency_key = 'stripe:charge:' || rest.source_ref || '\\:capture'
   WHERE rest.kind IN ('charge', 'payment')
), parked AS (
  SELECT rest.id, p.id AS posting_id, p.idempotency_key AS key, CASE WHEN rest.gross < 0 THEN -1 ELSE 1 END AS sign
    FROM rest JOIN ledger_posting p ON p.idempotency_key = 'stripe:refund:' || rest.source_ref ||
         CASE WHEN rest.gross < 0 THEN '\\:done' ELSE '\\:came_back' END
   WHERE rest.kind IN ('refund', 'payment_refund', 'refund_failure', 'payment_failure_refund')
     AND p.source_kind = 'case'
), object AS (
  SELECT c.id, c.key, sum(t.amount)::bigint AS amount, min(t.unit) AS unit, c.charge_ref, NULL::uuid AS payment_id
    FROM captured c JOIN ledger_transfer t ON t.posting_id = c.posting_id GROUP BY c.id, c.key, c.charge_ref
  UNION ALL
  SELECT k.id, k.key, k.sign * sum(t.amount)::bigint, min(t.unit), NULL, NULL
    FROM parked k JOIN ledger_transfer t ON t.posting_id = k.posting_id GROUP BY k.id, k.key, k.sign
  UNION ALL
  SELECT rest.id, 'stripe:refund:' || r.provider_ref, -r.amount, r.unit, NULL, r.payment_id
    FROM rest JOIN payment_refund r ON r.provider = rest.provider AND r.account = rest.account
         AND r.provider_ref = rest.source_ref
   WHERE rest.kind IN ('refund', 'payment_refund') AND r.fund_posting_id IS NOT NULL
  UNION ALL
  SELECT rest.id, 'stripe:refund:' || r.provider_ref || '\\:back', r.amount, r.unit, NULL, r.payment_id
    FROM rest JOIN payment_refund r ON r.provider = rest.provider AND r.account = rest.account
         AND r.provider_ref = rest.source_ref
   WHERE rest.kind IN ('refund_failure', 'payment_failure_refund') AND r.state IN ('failed', 'canceled')
  UNION ALL
  SELECT rest.id, 'stripe:payout:' || q.provider_ref || '\\:left', -q.amount, q.unit, NULL, NULL
    FROM rest JOIN payment_payout q ON q.provider = rest.provider AND q.account = rest.account
         AND q.provider_ref = rest.source_ref
   WHERE rest.kind = 'payout' AND q.posting_id IS NOT NULL
  UNION ALL
  SELECT rest.id, 'stripe:payout:' || q.provider_ref || '\\:returned', q.amount, q.unit, NULL, NULL
    FROM rest JOIN payment_payout q ON q.provider = rest.provider AND q.account = rest.account
         AND q.provider_ref = rest.source_ref
   WHERE rest.kind IN ('payout_failure', 'payout_cancel') AND q.returned_posting_id IS NOT NULL
  UNION ALL
  SELECT rest.id, 'stripe:dispute:' || d.provider_ref, sign(rest.gross)::bigint * d.amount, d.unit, NULL, d.payment_id
    FROM rest JOIN payment_dispute d ON d.provider = rest.provider AND d.account = rest.account
         AND d.provider_ref = rest.source_ref
    JOIN (SELECT provider, account, source_ref, sum(sign(gross)) AS given FROM payment_provider_txn
           WHERE kind = 'adjustment' GROUP BY 1, 2, 3) s
      ON s.provider = rest.provider AND s.account = rest.account AND s.source_ref = rest.source_ref
   WHERE rest.kind = 'adjustment'
     AND s.given = CASE WHEN d.held > 0 OR d.state = 'lost' THEN -1 ELSE 0 END
)
UPDATE payment_provider_txn x
   SET explained_as = CASE WHEN o.unit <> x.unit OR o.amount = x.gross THEN o.key ELSE 'case' END,
       presented = CASE WHEN o.unit <> x.unit THEN o.amount END,
       presented_unit = CASE WHEN o.unit <> x.unit THEN o.unit END,
       charge_ref = CASE WHEN o.unit <> x.unit THEN coalesce(o.charge_ref, (
         SELECT split_part(p.idempotency_key, ':', 3) FROM ledger_posting p
          WHERE p.source_kind = 'payment' AND p.source_id = o.payment_id AND p.kind = 'payment.captured'
            AND p.idempotency_key LIKE 'stripe:charge:%' ORDER BY p.id DESC LIMIT 1)) END
  FROM object o WHERE o.id = x.id
RETURNING x.txn_ref, x.explained_as, x.gross, x.unit, o.amount
"""
)
_FEES_ALONE = text(
    "UPDATE payment_provider_txn SET explained_as = 'stripe:txn:' || txn_ref || '\\:fee'"
    " WHERE provider = 'stripe' AND account = :account AND explained_as IS NULL"
    " AND (gross = 0 OR kind = ANY(:kinds))"
)


def explain(account: str) -> None:
    """Say of every line which posting accounts for it; another sum than ours is a case."""
    values = {"account": account}
    session().execute(_FEES_ALONE, values | {"kinds": list(FEE_KINDS)})
    found = session().execute(_EXPLAIN, values).mappings().all()
    for row in found:
        if row["explained_as"] == "case":
            difference = Money(int(row["gross"]) - int(row["amount"]), row["unit"])
            open_case(kind="gross", subject=("transaction", row["txn_ref"]), difference=difference)
    _close_explained([row["txn_ref"] for row in found if row["explained_as"] != "case"])
    session().flush()


def open_cases_of_unknown(account: str, began: dt.datetime) -> None:
    """What nothing explains after an hour is a case."""
    for line in _unexplained(account, before=began - SETTLED_AFTER):
        open_case(
            kind="unknown_transaction",
            subject=("transaction", line.txn_ref),
            difference=Money(line.gross, line.unit),
            data={"kind": line.kind, "source": line.source_ref or ""},
        )
    session().flush()


def _close_explained(refs: list[str]) -> None:
    """Cases of lines that are explained now close by themselves."""
    waiting = session().execute(
        text(
            "SELECT subject_id FROM recon_case WHERE kind = 'unknown_transaction' AND subject_kind = 'transaction'"
            " AND state NOT IN ('resolved', 'written_off') AND subject_id = ANY(:refs)"
        ),
        {"refs": refs},
    )
    for ref in waiting.scalars().all():
        subject = ("transaction", str(ref))
        close_by_itself(kind="unknown_transaction", subject=subject, note="Sudah terbukukan.")


def _unexplained(account: str, *, before: dt.datetime) -> list[ProviderTransaction]:
    statement = (
        select(ProviderTransaction)
        .where(
            ProviderTransaction.provider == "stripe",
            ProviderTransaction.account == account,
            ProviderTransaction.explained_as.is_(None),
            ProviderTransaction.occurred_at < before,
            text(
                "NOT EXISTS (SELECT 1 FROM recon_case c WHERE c.kind = 'unknown_transaction'"
                " AND c.subject_kind = 'transaction' AND c.subject_id = payment_provider_txn.txn_ref"
                " AND c.state NOT IN ('resolved', 'written_off'))"
            ),
        )
        .order_by(ProviderTransaction.occurred_at, ProviderTransaction.id)
        .limit(CASES_AT_ONCE)
    )
    return list(session().execute(statement).scalars())


def look_into_unknown(account: str) -> int:
    """Lines without a posting: ask about their object as if its event had come, unless one waits already."""
    slot = f"{clock.now():%Y%m%d%H%M}"
    unknown = session().execute(
        text(
            "SELECT DISTINCT x.source_ref FROM payment_provider_txn x WHERE x.provider = 'stripe'"
            " AND x.account = :account AND x.explained_as IS NULL AND x.source_ref IS NOT NULL"
            " AND NOT EXISTS (SELECT 1 FROM payment_inbox i WHERE i.state = 'new' AND i.object_ref = x.source_ref)"
            " LIMIT :limit"
        ),
        {"account": account, "limit": LOOKS_AT_ONCE},
    )
    refs = [str(ref) for ref in unknown.scalars()]
    for ref in refs:
        payments.look_at(ref, why="transaction", slot=slot)
    return len(refs)


# --- fees -------------------------------------------------------------------------------------------


def book_fees(account: str) -> int:
    """Book what the provider took for itself, from its own figures and never from a formula; returns how many."""
    rows = session().execute(
        text(
            "SELECT id, txn_ref, unit, occurred_at, fee - CASE WHEN kind = ANY(:kinds) THEN gross ELSE 0 END AS took"
            "  FROM payment_provider_txn WHERE provider = 'stripe' AND account = :account AND fee_posting_id IS NULL"
            "   AND fee - CASE WHEN kind = ANY(:kinds) THEN gross ELSE 0 END <> 0"
            " ORDER BY occurred_at, id LIMIT :limit"
        ),
        {"account": account, "kinds": list(FEE_KINDS), "limit": FEES_AT_ONCE},
    )
    due = rows.mappings().all()
    units = {str(row["unit"]) for row in due}
    sides = {
        unit: (accounts.fee_expense("stripe", unit), accounts.provider_clearing("stripe", account, unit))
        for unit in sorted(units)
    }
    book_in_sets([_fee(row, *sides[row["unit"]]) for row in due], column="fee_posting_id")
    return len(due)


def _fee(row: Any, expense: int, clearing: int) -> bulk.BulkPosting:
    debit, credit = (expense, clearing) if row["took"] > 0 else (clearing, expense)
    leg = bulk.BulkLeg(debit_id=debit, credit_id=credit, amount=abs(int(row["took"])), unit=row["unit"])
    return bulk.BulkPosting(
        key=f"stripe:txn:{row['txn_ref']}:fee",
        kind="provider.fee",
        source_kind="provider_txn",
        source_id=row["id"],
        effective_at=row["occurred_at"],
        legs=(leg,),
    )


def book_in_sets(postings: list[bulk.BulkPosting], *, column: str) -> None:
    """Write postings about lines of the provider and note each at its line."""
    if column not in {"fee_posting_id", "exchange_posting_id"}:
        raise ValueError(column)
    if not postings:
        return
    loaded = bulk.load(postings)
    by_key = [(one.source_id, loaded.posting_ids[one.key]) for one in postings]
    session().execute(
        text(
            f"UPDATE payment_provider_txn x SET {column} = w.posting_id"
            " FROM unnest(CAST(:lines AS uuid[]), CAST(:postings AS bigint[])) AS w(line_id, posting_id)"
            " WHERE x.id = w.line_id"
        ),
        {"lines": [line for line, _ in by_key], "postings": [posting for _, posting in by_key]},
    )
