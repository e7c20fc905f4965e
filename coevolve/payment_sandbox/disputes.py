"""Disputes: a giver's bank takes the money back until it is decided who keeps it."""

from __future__ import annotations

from coevolve.payment_sandbox import fees, money, objects
from coevolve.payment_sandbox.errors import refused
from coevolve.payment_sandbox.events import emit
from coevolve.payment_sandbox.store import Row, Store, public

OPEN = ("needs_response", "under_review")
INQUIRY = ("warning_needs_response", "warning_under_review")


def _say(store: Store, name: str, row: Row) -> None:
    store.say(
        "fact",
        name,
        dispute=row["id"],
        charge=row["charge"],
        payment_intent=row["payment_intent"],
        amount=row["amount"],
        currency=row["currency"],
        status=row["status"],
    )


def _move_money(store: Store, row: Row, *, amount: int, fee: int, category: str, description: str) -> None:
    transaction = money.adjust(
        store,
        kind="adjustment",
        category=category,
        amount=amount,
        currency=row["currency"],
        source=row["id"],
        fee=fee,
        description=description,
    )
    row["balance_transactions"].append(public(transaction))


def open_dispute(
    store: Store, *, charge_id: str, amount: int | None, reason: str, is_inquiry: bool = False
) -> Row:
    """The bank asks (`is_inquiry`: nothing is taken yet) or takes, for the whole charge or a part."""
    charge = store.edit("charge", charge_id)
    if not charge["captured"]:
        raise refused("Only a captured charge can be disputed.")
    earlier = sum(
        row["amount"]
        for row in store.oldest("dispute")
        if row["charge"] == charge_id and row["status"] not in ("won", "warning_closed", "prevented")
    )
    left = charge["amount_captured"] - earlier
    amount = left if amount is None else amount
    if not 0 < amount <= left:
        raise refused(f"The disputed amount must be between 1 and {left}.", param="amount")
    status = "warning_needs_response" if is_inquiry else "needs_response"
    row = objects.dispute(now=store.now(), charge_row=charge, amount=amount, reason=reason, status=status)
    store.add("dispute", row)
    charge["disputed"] = True
    if not is_inquiry:
        _move_money(
            store,
            row,
            amount=-amount,
            fee=fees.DISPUTE_FEE,
            category="dispute",
            description="Chargeback withdrawal",
        )
    emit(store, "charge.dispute.created", row)
    if not is_inquiry:
        emit(store, "charge.dispute.funds_withdrawn", row)
    _say(store, "dispute_opened", row)
    return row


def review(store: Store, dispute_id: str) -> Row:
    """Evidence was handed in; the bank looks at it."""
    row = store.edit("dispute", dispute_id)
    following = {"needs_response": "under_review", "warning_needs_response": "warning_under_review"}
    if row["status"] not in following:
        raise refused(f"The dispute is {row['status']}.")
    before = {"status": row["status"]}
    row["status"] = following[row["status"]]
    row["evidence_details"]["has_evidence"] = True
    row["evidence_details"]["submission_count"] += 1
    emit(store, "charge.dispute.updated", row, before)
    return row


def take(store: Store, dispute_id: str) -> Row:
    """An inquiry becomes a real dispute: the bank takes the money, with its fee."""
    row = store.edit("dispute", dispute_id)
    if row["status"] not in (*INQUIRY, "warning_closed"):
        raise refused(f"The dispute is {row['status']}.")
    before = {"status": row["status"]}
    row["status"] = "needs_response"
    row["is_charge_refundable"] = False
    _move_money(
        store,
        row,
        amount=-row["amount"],
        fee=fees.DISPUTE_FEE,
        category="dispute",
        description="Chargeback withdrawal",
    )
    emit(store, "charge.dispute.updated", row, before)
    emit(store, "charge.dispute.funds_withdrawn", row)
    _say(store, "dispute_opened", row)
    return row


def prevent(store: Store, dispute_id: str) -> Row:
    """The provider settles it before the bank takes anything: an inquiry that never becomes a dispute."""
    row = store.edit("dispute", dispute_id)
    if row["status"] not in INQUIRY:
        raise refused(f"The dispute is {row['status']}.")
    return _close(store, row, "prevented")


def win(store: Store, dispute_id: str) -> Row:
    """The money comes back, the fee does not; an inquiry is closed. A lost one may still be reverted."""
    row = store.edit("dispute", dispute_id)
    if row["status"] in INQUIRY:
        return _close(store, row, "warning_closed")
    if row["status"] not in (*OPEN, "lost"):
        raise refused(f"The dispute is {row['status']}.")
    _move_money(
        store,
        row,
        amount=row["amount"],
        fee=0,
        category="dispute_reversal",
        description="Chargeback reversal",
    )
    _close(store, row, "won")
    emit(store, "charge.dispute.funds_reinstated", row)
    return row


def lose(store: Store, dispute_id: str) -> Row:
    """The money is gone: decided by the bank, or given up by us (`close`). A won one may still be lost."""
    row = store.edit("dispute", dispute_id)
    if row["status"] == "won":
        _move_money(
            store, row, amount=-row["amount"], fee=0, category="dispute", description="Chargeback withdrawal"
        )
        _close(store, row, "lost")
        emit(store, "charge.dispute.funds_withdrawn", row)
        return row
    if row["status"] not in OPEN:
        raise refused(f"This dispute is already closed: {row['status']}.")
    return _close(store, row, "lost")


def _close(store: Store, row: Row, status: str) -> Row:
    before = {"status": row["status"]}
    row["status"] = status
    row["is_charge_refundable"] = status in ("won", "warning_closed", "prevented")
    emit(store, "charge.dispute.closed", row, before)
    _say(store, f"dispute_{status}", row)
    return row
