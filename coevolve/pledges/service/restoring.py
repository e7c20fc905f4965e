"""Money that had gone back and is here again: a refund the bank sent back, a chargeback taken back."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import text

from coevolve.kit import db, moves
from coevolve.kit.db import session
from coevolve.kit.errors import Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.money import Money
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.ledger.models import COMMITMENT
from coevolve.pledges import queries
from coevolve.pledges.models import FulfilmentState, Pledge, PledgeFulfilment, PledgeState
from coevolve.pledges.service import progress, telling


def restore_money(
    *, pledge_id: uuid.UUID, payment_id: uuid.UUID, money: Money, at: dt.datetime, cause: str
) -> Pledge:
    """The mirror of `return_money`: what this pledge gave back counts for it again."""
    pledge = db.lock(Pledge, pledge_id)
    line = queries.money_line_of(pledge.id)
    if line is None or line.unit != money.unit or money.amount <= 0:
        raise Invalid("money_line", lazy("Dukungan ini tidak berupa uang dalam mata uang itu."))
    session().refresh(line)
    fulfilment = PledgeFulfilment(
        pledge_line_id=line.id,
        kind="money",
        state=FulfilmentState.confirmed,
        quantity_sent=money.amount,
        quantity_received=money.amount,
        payment_id=payment_id,
        evidence=cause,
        happened_at=at,
    )
    moves.begin(fulfilment, by=None, cause=cause)
    line.received_quantity += money.amount
    session().flush()
    promised_to = accounts.promised_to(pledge.listing_id, line.unit, owner_kind="listing")
    broken = min(money.amount, _broken(pledge.id, promised_to))
    if broken > 0:
        fulfilment.posting_id = ledger.post(
            key=f"pledge_fulfilment:{fulfilment.id}:restored",
            kind="pledge.restored",
            transfers=[
                ledger.Transfer(
                    debit_id=accounts.promises(pledge.listing_id, line.unit, owner_kind="listing"),
                    credit_id=promised_to,
                    amount=broken,
                    unit=line.unit,
                    book=COMMITMENT,
                )
            ],
            source_kind="pledge",
            source_id=pledge.id,
            effective_at=at,
        )
    if pledge.state == PledgeState.cancelled:
        moves.move(pledge, PledgeState.partly_delivered, by=None, cause=cause)
    progress.advance(pledge, by=None)
    telling.record(
        pledge,
        "money_restored",
        None,
        data={"payment": str(payment_id), "amount": str(money.amount), "unit": money.unit, "cause": cause},
    )
    return pledge


def _broken(pledge_id: uuid.UUID, promised_to: int) -> int:
    """What of the promise was taken back and not restored since."""
    statement = text(
        "SELECT coalesce(sum(CASE WHEN t.debit_id = :id THEN t.amount ELSE -t.amount END), 0)::bigint"
        "  FROM ledger_transfer t JOIN ledger_posting p ON p.id = t.posting_id"
        " WHERE (t.debit_id = :id OR t.credit_id = :id) AND t.phase = 'single'"
        "   AND p.kind IN ('pledge.returned', 'pledge.restored')"
        "   AND p.source_kind = 'pledge' AND p.source_id = :pledge"
    )
    return int(session().execute(statement, {"id": promised_to, "pledge": pledge_id}).scalar_one())
