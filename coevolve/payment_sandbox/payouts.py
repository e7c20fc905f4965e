"""Payouts: what is available leaves for the bank; each transaction in it keeps the link to its payout."""

from __future__ import annotations

from coevolve.payment_sandbox import money, objects, timers
from coevolve.payment_sandbox.errors import refused
from coevolve.payment_sandbox.events import emit
from coevolve.payment_sandbox.store import Row, Store, new_id


def run(store: Store, *, includes_pending: bool = False) -> Row | None:
    """One automatic payout of everything not yet paid out; None when nothing is due."""
    now = store.now()
    currency = money.kept_in(store).currency
    chosen = [
        row
        for row in store.oldest("balance_transaction")
        if row.get("_payout") is None
        and row["type"] != "payout"
        and row["currency"] == currency
        and (includes_pending or row["available_on"] <= now)
    ]
    total = sum(row["net"] for row in chosen)
    if total <= 0:
        return None
    payout = objects.payout(now=now, amount=total, currency=currency)
    payout["trace_id"] = {"status": "pending", "value": None}
    for row in chosen:
        edited = store.edit("balance_transaction", row["id"])
        edited["_payout"] = payout["id"]
        edited["available_on"] = min(edited["available_on"], now)
    transaction = money.adjust(
        store,
        kind="payout",
        category="payout",
        amount=-total,
        currency=payout["currency"],
        source=payout["id"],
        description=payout["description"],
    )
    transaction["_payout"] = payout["id"]
    payout["balance_transaction"] = transaction["id"]
    store.add("payout", payout)
    timers.set_timer(store, "payout_arrives", payout["id"], payout["arrival_date"])
    emit(store, "payout.created", payout)
    _say(store, "payout_created", payout, transactions=len(chosen))
    return payout


def _say(store: Store, name: str, row: Row, **more: object) -> None:
    store.say("fact", name, payout=row["id"], amount=row["amount"], currency=row["currency"], **more)


def arrive(store: Store, payout_id: str) -> Row:
    """The money is at the bank; the list of its transactions is final."""
    row = store.edit("payout", payout_id)
    if row["status"] != "in_transit":
        raise refused(f"The payout is {row['status']}, not in_transit.")
    timers.drop_timer(store, "payout_arrives", payout_id)
    row["status"] = "paid"
    row["trace_id"] = {"status": "supported", "value": new_id("SBX", 12).upper()}
    emit(store, "payout.paid", row, {"status": "in_transit"})
    row["reconciliation_status"] = "completed"
    emit(store, "payout.reconciliation_completed", row, {"reconciliation_status": "in_progress"})
    _say(store, "payout_paid", row, trace_id=row["trace_id"]["value"])
    return row


def fail(store: Store, payout_id: str) -> Row:
    """The bank refuses it, even after `paid`: the sum is ours at the provider again."""
    row = store.edit("payout", payout_id)
    if row["status"] not in ("in_transit", "paid"):
        raise refused(f"The payout is {row['status']}.")
    timers.drop_timer(store, "payout_arrives", payout_id)
    before = {"status": row["status"]}
    transaction = money.adjust(
        store,
        kind="payout_failure",
        category="payout_reversal",
        amount=row["amount"],
        currency=row["currency"],
        source=row["id"],
        description="PAYOUT FAILURE",
    )
    row["status"] = "failed"
    row["failure_code"] = "account_closed"
    row["failure_message"] = "The bank account has been closed."
    row["failure_balance_transaction"] = transaction["id"]
    emit(store, "payout.failed", row, before)
    _say(store, "payout_failed", row)
    return row
