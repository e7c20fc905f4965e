"""The provider's transfers to our bank: out of clearing when they leave, into the bank by a bank line."""

from __future__ import annotations

from sqlalchemy import select

from coevolve.kit import moves
from coevolve.kit.db import session
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.ledger.service import Transfer
from coevolve.payments.models import Payout, PayoutState
from coevolve.payments.provider import FoundPayout
from coevolve.reconciliation.service.cases import open_case

WORDS = {
    "pending": PayoutState.expected,
    "in_transit": PayoutState.in_transit,
    "paid": PayoutState.paid,
    "failed": PayoutState.failed,
    "canceled": PayoutState.canceled,
}
GONE = (PayoutState.failed, PayoutState.canceled)


def settle_payout(found: FoundPayout) -> Payout:
    """Bring one payout up to what the provider says of it."""
    payout = _locked(found)
    state = WORDS.get(found.state)
    if state is None:
        open_case(
            kind="unknown_word",
            subject=("payout", found.ref),
            difference=found.money,
            data={"word": found.state},
        )
        return payout
    if payout.state != state and payout.machine.allows(payout.state, state):
        moves.move(payout, state, by=None, cause="found so at the provider")
    if payout.posting_id is None and payout.state not in GONE and found.money.amount > 0:
        payout.posting_id = ledger.post(
            key=f"{found.provider}:payout:{found.ref}:left",
            kind="payout.left",
            transfers=[
                Transfer(
                    debit_id=accounts.in_transit(found.provider, found.account, found.money.unit),
                    credit_id=accounts.provider_clearing(found.provider, found.account, found.money.unit),
                    amount=found.money.amount,
                    unit=found.money.unit,
                )
            ],
            source_kind="payout",
            source_id=payout.id,
            effective_at=found.created_at,
        )
    elif payout.posting_id is not None and payout.state in GONE:
        ledger.reverse(
            key=f"{found.provider}:payout:{found.ref}:returned",
            posting_id=payout.posting_id,
            source_kind="payout",
            source_id=payout.id,
        )
        open_case(kind="payout_failed", subject=("payout", found.ref), difference=found.money)
    session().flush()
    return payout


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
            state=PayoutState.expected,
        )
        moves.begin(payout, by=None, cause="found at the provider")
    return payout
