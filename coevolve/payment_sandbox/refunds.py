"""Refunds: never above what was captured and is not yet given back, pending ones included."""

from __future__ import annotations

from coevolve.payment_sandbox import money, objects, timers
from coevolve.payment_sandbox.errors import StripeError, refused
from coevolve.payment_sandbox.events import emit
from coevolve.payment_sandbox.store import Row, Store


def refund(
    store: Store,
    *,
    charge_id: str,
    amount: int | None,
    reason: str | None = None,
    metadata: dict[str, str] | None = None,
    key: str | None = None,
) -> Row:
    """Gives back a sum, or all that is left."""
    charge = store.edit("charge", charge_id, param="charge")
    if not charge["captured"] or charge["status"] != "succeeded":
        raise refused("This charge cannot be refunded: it was not captured.", code="charge_not_refundable")
    left = charge["amount_captured"] - charge["amount_refunded"]
    if left <= 0:
        raise refused(f"Charge {charge_id} has already been refunded.", code="charge_already_refunded")
    if any(not row["is_charge_refundable"] for row in store.oldest("dispute") if row["charge"] == charge_id):
        raise refused("This charge has been charged back and cannot be refunded.", code="charge_disputed")
    if amount is None:
        amount = left
    if amount < 1:
        raise StripeError("Invalid positive integer", code="parameter_invalid_integer", param="amount")
    if amount > left:
        raise refused(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})", param="amount"
        )
    habit = charge.get("_refund", "at_once")
    row = objects.refund(
        now=store.now(),
        charge_row=charge,
        amount=amount,
        reason=reason,
        metadata=metadata or {},
        status="pending" if habit == "slow" else "succeeded",
        _key=key,
    )
    if habit == "slow":
        row["pending_reason"] = "processing"
    transaction = money.adjust(
        store,
        kind="refund",
        category="refund",
        amount=-amount,
        currency=charge["currency"],
        source=row["id"],
        description="REFUND FOR CHARGE",
    )
    row["balance_transaction"] = transaction["id"]
    store.add("refund", row)
    before = {"amount_refunded": charge["amount_refunded"], "refunded": charge["refunded"]}
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    emit(store, "refund.created", row)
    emit(store, "charge.refunded", charge, before)
    _say(store, "refund_created", row)
    if habit != "at_once":
        timers.set_timer(
            store, f"refund_{habit}", row["id"], store.now() + store.settings.refund_settles_after
        )
    return row


def _say(store: Store, name: str, row: Row) -> None:
    store.say(
        "fact",
        name,
        refund=row["id"],
        charge=row["charge"],
        payment_intent=row["payment_intent"],
        amount=row["amount"],
        currency=row["currency"],
        status=row["status"],
        metadata=row["metadata"],
        idempotency_key=row.get("_key"),
    )


def succeed(store: Store, refund_id: str) -> Row:
    """A pending refund reaches the giver."""
    row = store.edit("refund", refund_id)
    if row["status"] not in ("pending", "requires_action"):
        raise refused(f"The refund is {row['status']}, not pending.")
    before = {"status": row["status"]}
    timers.drop_timer(store, "refund_slow", refund_id)
    row["status"] = "succeeded"
    row.pop("pending_reason", None)
    emit(store, "refund.updated", row, before)
    emit(store, "charge.refund.updated", row, before)
    _say(store, "refund_succeeded", row)
    return row


def fail(store: Store, refund_id: str) -> Row:
    """The bank sends it back: the money is ours again."""
    row = store.edit("refund", refund_id)
    if row["status"] not in ("pending", "requires_action", "succeeded"):
        raise refused(f"The refund is {row['status']}.")
    return _give_up(store, row, "failed")


def ask(store: Store, refund_id: str) -> Row:
    """The bank wants a word from the giver before it takes the money."""
    row = store.edit("refund", refund_id)
    if row["status"] != "pending":
        raise refused(f"The refund is {row['status']}, not pending.")
    timers.drop_timer(store, "refund_slow", refund_id)
    row["status"] = "requires_action"
    row.pop("pending_reason", None)
    emit(store, "refund.updated", row, {"status": "pending"})
    emit(store, "charge.refund.updated", row, {"status": "pending"})
    _say(store, "refund_requires_action", row)
    return row


def cancel(store: Store, refund_id: str) -> Row:
    """The giver never answered: the refund is called off and the money is ours again."""
    row = store.edit("refund", refund_id)
    if row["status"] != "requires_action":
        raise refused(f"The refund is {row['status']}, not waiting for its giver.")
    return _give_up(store, row, "canceled")


def _give_up(store: Store, row: Row, status: str) -> Row:
    before = {"status": row["status"]}
    for habit in ("slow", "fails"):
        timers.drop_timer(store, f"refund_{habit}", row["id"])
    charge = store.edit("charge", row["charge"])
    charge["amount_refunded"] -= row["amount"]
    charge["refunded"] = False
    transaction = money.adjust(
        store,
        kind="refund_failure",
        category="refund_failure",
        amount=row["amount"],
        currency=row["currency"],
        source=row["id"],
        description="REFUND FAILURE",
    )
    row["status"] = status
    if status == "failed":
        row["failure_reason"] = "expired_or_canceled_card"
    row["failure_balance_transaction"] = transaction["id"]
    row.pop("pending_reason", None)
    emit(store, "refund.updated", row, before)
    if status == "failed":
        emit(store, "refund.failed", row, before)
    emit(store, "charge.refund.updated", row, before)
    _say(store, f"refund_{status}", row)
    return row
