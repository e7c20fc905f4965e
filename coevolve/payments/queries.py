"""What may be asked about payments."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from coevolve.kit.db import get as get_row
from coevolve.kit.db import session
from coevolve.kit.errors import NotFound
from coevolve.kit.i18n import lazy
from coevolve.payments import custody
from coevolve.payments.models import BankAccount, BankAccountVersion, Payment, Receipt


@dataclass(frozen=True)
class AccountShown:
    """A bank account as donors see it: ours, or an organisation's own."""

    id: uuid.UUID
    bank_name: str
    account_number: str
    holder: str
    unit: str
    organisation_id: uuid.UUID | None = None
    """Whose it is; None: the platform's."""
    is_receiving: bool = True

    @property
    def grouped_number(self) -> str:
        """The number in groups of four, for reading; copying takes the plain one."""
        return " ".join(self.account_number[i : i + 4] for i in range(0, len(self.account_number), 4))


def get(payment_id: uuid.UUID) -> Payment:
    """One payment."""
    return get_row(Payment, payment_id)


def find_by_ref(public_ref: str) -> Payment:
    """The payment of a reference as people write it; NotFound if there is none."""
    statement = select(Payment).where(Payment.public_ref == public_ref.upper())
    payment = session().execute(statement).scalar_one_or_none()
    if payment is None:
        raise NotFound("no_payment", lazy("Pembayaran dengan nomor rujukan ini tidak ada."))
    return payment


def find_by_token(reference_kind: str, reference_id: uuid.UUID, client_token: uuid.UUID) -> Payment | None:
    """The payment that an earlier click of the same form made."""
    statement = select(Payment).where(
        Payment.reference_kind == reference_kind,
        Payment.reference_id == reference_id,
        Payment.client_token == client_token,
    )
    return session().execute(statement).scalar_one_or_none()


def of(reference_kind: str, reference_id: uuid.UUID) -> list[Payment]:
    """All payments for a thing, oldest first."""
    return of_many(reference_kind, [reference_id]).get(reference_id, [])


def of_many(reference_kind: str, reference_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Payment]]:
    """The payments of several things in one query."""
    statement = (
        select(Payment)
        .where(Payment.reference_kind == reference_kind, Payment.reference_id.in_(reference_ids))
        .order_by(Payment.created_at, Payment.id)
    )
    found: dict[uuid.UUID, list[Payment]] = {}
    for payment in session().execute(statement).scalars():
        found.setdefault(payment.reference_id, []).append(payment)
    return found


def receipts_of(reference_kind: str, reference_id: uuid.UUID) -> list[Receipt]:
    """The receipts of a thing's payments, annulled ones included, oldest first."""
    return receipts_of_many(reference_kind, [reference_id]).get(reference_id, [])


def receipts_of_many(
    reference_kind: str, reference_ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, list[Receipt]]:
    """The receipts of several things in one query."""
    statement = (
        select(Receipt, Payment.reference_id)
        .join(Payment, Payment.id == Receipt.payment_id)
        .where(Payment.reference_kind == reference_kind, Payment.reference_id.in_(reference_ids))
        .order_by(Receipt.id)
    )
    found: dict[uuid.UUID, list[Receipt]] = {}
    for receipt, reference_id in session().execute(statement):
        found.setdefault(reference_id, []).append(receipt)
    return found


def receipt_of(payment_id: uuid.UUID) -> Receipt | None:
    """The live receipt of a payment."""
    statement = select(Receipt).where(Receipt.payment_id == payment_id, Receipt.annulled_at.is_(None))
    return session().execute(statement).scalar_one_or_none()


def receipt(receipt_id: uuid.UUID) -> Receipt:
    """One receipt."""
    return get_row(Receipt, receipt_id)


def receipt_by_code(code: str) -> Receipt | None:
    """The receipt whose verification code this is."""
    return session().execute(select(Receipt).where(Receipt.code == code.upper())).scalar_one_or_none()


def receipt_number(shown: Receipt) -> str:
    """CE/2026/000123; empty until the number is given."""
    if shown.number is None or shown.year is None:
        return ""
    return f"{shown.issuer}/{shown.year}/{shown.number:06d}"


def has_receiving_account(unit: str = "IDR", *, organisation_id: uuid.UUID | None = None) -> bool:
    """Whether giving (to this organisation) by bank transfer is possible."""
    return custody.receiving_account(unit, organisation_id=organisation_id) is not None


def bank_account(bank_account_id: uuid.UUID) -> AccountShown:
    """An account that receives or received gifts, ours or an organisation's, with its newest particulars."""
    found = _shown(BankAccount.id == bank_account_id)
    if not found:
        raise NotFound("no_bank_account", lazy("Rekening ini tidak ada."))
    return found[0]


def bank_accounts(organisation_id: uuid.UUID | None = None) -> list[AccountShown]:
    """Our accounts, or those in which an organisation itself receives or received gifts, oldest first."""
    if organisation_id is None:
        return _shown(BankAccount.organisation_id.is_(None))
    return _shown(BankAccount.organisation_id == organisation_id)


def direct_accounts() -> list[AccountShown]:
    """The receiving accounts of all organisations, oldest first: finance may look at them."""
    return _shown(BankAccount.organisation_id.is_not(None))


def _shown(condition: Any) -> list[AccountShown]:
    statement = (
        select(BankAccount, BankAccountVersion)
        .join(BankAccountVersion, BankAccountVersion.bank_account_id == BankAccount.id)
        .where(condition, or_(BankAccount.organisation_id.is_(None), BankAccount.claim_id.is_not(None)))
        .ext(distinct_on(BankAccount.created_at, BankAccount.id))
        .order_by(BankAccount.created_at, BankAccount.id, BankAccountVersion.version.desc())
    )
    return [
        AccountShown(
            account.id,
            version.bank_name,
            version.account_number,
            version.holder,
            account.unit,
            account.organisation_id,
            account.is_receiving,
        )
        for account, version in session().execute(statement)
    ]
