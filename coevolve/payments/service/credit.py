"""Gifts out of a giver's credit: a payment without a provider, whose money is already here."""

from __future__ import annotations

import uuid

from coevolve.kit import clock
from coevolve.kit.money import Money
from coevolve.payments.models import Payment, PaymentState
from coevolve.payments.references import new_reference
from coevolve.payments.service.writing import check_gift, find_by_token, write

PROVIDER = "credit"


def start_credit(
    *, reference_kind: str, reference_id: uuid.UUID, money: Money, client_token: uuid.UUID
) -> Payment:
    """Write the payment; booking it in the same transaction takes the money from the credit's account."""
    check_gift(money, is_rest=True)
    first = find_by_token(reference_kind, reference_id, client_token)
    if first is not None:
        return first

    def make() -> Payment:
        return Payment(
            public_ref=new_reference(),
            reference_kind=reference_kind,
            reference_id=reference_id,
            client_token=client_token,
            provider=PROVIDER,
            unit=money.unit,
            amount=money.amount,
            expected_amount=money.amount,
            state=PaymentState.created,
            created_on=clock.today(),
        )

    return write(make, cause="given out of credit")
