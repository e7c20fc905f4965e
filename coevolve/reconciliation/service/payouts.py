"""The provider's transfers to our bank: out of clearing when they leave, into the bank by a bank line.

Each is held against the transactions the provider says it is made of: payments, refunds, disputes, fees, exchanges.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select, text

from coevolve.kit import clock, moves
from coevolve.kit.db import commit, session
from coevolve.kit.jobs import after_commit
from coevolve.kit.money import Money
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.ledger.service import Transfer
from coevolve.payments.gateways import gateway
from coevolve.payments.models import Payout, PayoutState
from coevolve.payments.provider import FoundPayout, FoundTransaction
from coevolve.reconciliation.service.cases import close_by_itself, open_case
from coevolve.reconciliation.service.transactions import first_look, keep, move_cursor, read_cursor

WORDS = {
    "pending": PayoutState.expected,
    "in_transit": PayoutState.in_transit,
    "paid": PayoutState.paid,
    "failed": PayoutState.failed,
    "canceled": PayoutState.canceled,
}
GONE = (PayoutState.failed, PayoutState.canceled)
OVERLAP = dt.timedelta(days=14)
"""A payout may fail days after it was paid."""
TOPIC = "payouts"


def settle_payout(found: FoundPayout) -> Payout:
    """Bring one payout up to what the provider says of it."""
    payout = _locked(found)
    payout.is_automatic, payout.is_final = found.is_automatic, found.is_final
    payout.trace_ref = found.trace_ref or payout.trace_ref
    payout.failure = found.failure or payout.failure
    state = WORDS.get(found.state)
    if state is None:
        open_case(
            kind="unknown_word",
            subject=("payout", found.ref),
            difference=found.money,
            data={"word": found.state},
        )
        return payout
    if payout.posting_id is None and found.money.amount:
        payout.posting_id = _left(payout, found)
    if state in GONE and payout.posting_id is not None and payout.returned_posting_id is None:
        _come_back(payout, found)
    # The bank's line says more than the provider's "paid"; only a failure goes beyond it.
    is_beyond = payout.state == PayoutState.reconciled and state not in GONE
    if payout.state != state and not is_beyond and payout.machine.allows(payout.state, state):
        moves.move(payout, state, by=None, cause="found so at the provider")
    if payout.is_final and payout.is_automatic and payout.read_at is None:
        after_commit("reconciliation.read_payouts")
    session().flush()
    return payout


def _left(payout: Payout, found: FoundPayout) -> int:
    """Out of clearing, on its way to the bank; a negative payout is the provider drawing from our bank."""
    moving = accounts.in_transit(found.provider, found.account, found.money.unit)
    clearing = accounts.provider_clearing(found.provider, found.account, found.money.unit)
    debit, credit = (moving, clearing) if found.money.amount > 0 else (clearing, moving)
    return ledger.post(
        key=f"{found.provider}:payout:{found.ref}:left",
        kind="payout.left",
        transfers=[
            Transfer(debit_id=debit, credit_id=credit, amount=abs(found.money.amount), unit=found.money.unit)
        ],
        source_kind="payout",
        source_id=payout.id,
        effective_at=found.created_at,
    )


def _come_back(payout: Payout, found: FoundPayout) -> None:
    """It failed, perhaps after it was paid: the sum is with the provider again, and a person looks why."""
    if payout.posting_id is None:
        return
    payout.returned_posting_id = ledger.reverse(
        key=f"{found.provider}:payout:{found.ref}:returned",
        kind="payout.returned",
        posting_id=payout.posting_id,
        source_kind="payout",
        source_id=payout.id,
    )
    open_case(
        kind="payout_failed",
        subject=("payout", found.ref),
        difference=found.money,
        data={"was": payout.state, "why": found.failure or ""},
    )


def _locked(found: FoundPayout) -> Payout:
    statement = (
        select(Payout)
        .where(
            Payout.provider == found.provider,
            Payout.account == found.account,
            Payout.provider_ref == found.ref,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    payout = session().execute(statement).scalar_one_or_none()
    if payout is None:
        payout = Payout(
            provider=found.provider,
            account=found.account,
            provider_ref=found.ref,
            unit=found.money.unit,
            amount=found.money.amount,
            arrives_on=found.arrives_on,
            left_at=found.created_at,
            state=PayoutState.expected,
        )
        moves.begin(payout, by=None, cause="found at the provider")
    return payout


# --- polls: these ask the provider with no transaction open and commit in steps ---------------------------


def poll_payouts(account: str) -> int:
    """Ask for payouts whose events never came; returns how many there were."""
    began = clock.now()
    cursor = read_cursor(account, TOPIC)
    since = cursor - OVERLAP if cursor else first_look(account, began)
    session().rollback()
    found = list(gateway().list_payouts(since=since))
    for one in sorted(found, key=lambda one: (one.created_at, one.ref)):
        settle_payout(one)
        commit()
    move_cursor(account, TOPIC, began)
    commit()
    return len(found)


def read_payouts(limit: int = 10) -> int:
    """Read what finished payouts are made of; returns how many were read."""
    due = session().execute(
        select(Payout.provider_ref)
        .where(Payout.is_final, Payout.read_at.is_(None), Payout.is_automatic)
        .order_by(Payout.id)
        .limit(limit)
    )
    refs = list(due.scalars())
    session().rollback()
    for ref in refs:
        lines = list(gateway().transactions_of_payout(ref))
        compose(ref, lines)
        commit()
    return len(refs)


def compose(ref: str, lines: list[FoundTransaction]) -> Payout:
    """Write down which transactions a payout is made of; their net sum is the payout to the sen, or a case opens."""
    payout = (
        session().execute(select(Payout).where(Payout.provider_ref == ref).with_for_update()).scalar_one()
    )
    keep(lines, payout.account)
    session().execute(
        text(
            "UPDATE payment_provider_txn SET payout_id = :id WHERE provider = :provider AND account = :account"
            " AND txn_ref = ANY(:refs)"
        ),
        {
            "id": payout.id,
            "provider": payout.provider,
            "account": payout.account,
            "refs": [line.ref for line in lines],
        },
    )
    parts = [line for line in lines if line.source_ref != ref]
    difference = payout.amount - sum(line.net for line in parts)
    subject = ("payout", ref)
    if difference or any(line.unit != payout.unit for line in parts):
        open_case(kind="payout_sum", subject=subject, difference=Money(difference, payout.unit))
    else:
        close_by_itself(kind="payout_sum", subject=subject, note="Isi pencairan sudah cocok.")
    payout.read_at = clock.now()
    session().flush()
    return payout


__all__ = ["compose", "poll_payouts", "read_payouts", "settle_payout"]
