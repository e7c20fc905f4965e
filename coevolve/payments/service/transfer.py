"""Gifts by bank transfer: our account, a reference, and a sum that names the gift."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import func, select, text

from coevolve.config import settings
from coevolve.kit import clock
from coevolve.kit.db import session
from coevolve.kit.errors import Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.money import Money
from coevolve.kit.text import clean_line, normalise_name
from coevolve.payments import custody
from coevolve.payments.models import BankAccount, BankAccountVersion, Payment, PaymentState
from coevolve.payments.references import new_reference
from coevolve.payments.service.writing import check_gift, find_by_token, write

PROVIDER = "bank_transfer"

_FREE_CODE = text(
    """
    SELECT code FROM generate_series(1, 999) AS code
    WHERE NOT EXISTS (
        SELECT 1 FROM payment AS p
        WHERE p.bank_account_id = :account AND p.unit = 'IDR' AND p.amount = :base + code * 100
          AND (p.state IN ('awaiting', 'grace') OR p.hold_until > :rested)
    )
    ORDER BY random() LIMIT 1
    """
)
_ANY_CODE = text(
    """
    SELECT code FROM generate_series(1, 999) AS code
    WHERE NOT EXISTS (
        SELECT 1 FROM payment AS p
        WHERE p.bank_account_id = :account AND p.unit = 'IDR' AND p.expected_amount = :base + code * 100
          AND p.by_amount AND p.state IN ('awaiting', 'grace')
    )
    ORDER BY random() LIMIT 1
    """
)


def add_bank_account(
    *, bank_name: str, account_number: str, holder: str, unit: str = "IDR", by: uuid.UUID | None = None
) -> BankAccount:
    """Add an account of the platform that donors may transfer to."""
    account = BankAccount(unit=unit, is_receiving=True)
    session().add(account)
    session().flush()
    change_bank_account(
        bank_account_id=account.id, bank_name=bank_name, account_number=account_number, holder=holder, by=by
    )
    return account


def change_bank_account(
    *, bank_account_id: uuid.UUID, bank_name: str, account_number: str, holder: str, by: uuid.UUID | None
) -> BankAccountVersion:
    """Write new particulars of an account; the old ones stay as they were."""
    digits = account_number.replace(" ", "").replace("-", "")
    if not digits.isascii() or not digits.isdigit() or not 5 <= len(digits) <= 24:
        raise Invalid(
            "account_number", lazy("Nomor rekening terdiri dari 5 sampai 24 angka."), field="account_number"
        )
    last = session().execute(
        select(func.coalesce(func.max(BankAccountVersion.version), 0)).where(
            BankAccountVersion.bank_account_id == bank_account_id
        )
    )
    version = BankAccountVersion(
        bank_account_id=bank_account_id,
        version=int(last.scalar_one()) + 1,
        bank_name=clean_line(bank_name),
        account_number=digits,
        holder=clean_line(holder),
        added_by=by,
    )
    session().add(version)
    session().flush()
    return version


def start_bank_transfer(
    *,
    reference_kind: str,
    reference_id: uuid.UUID,
    money: Money,
    client_token: uuid.UUID,
    payer_name: str | None,
    is_rest: bool = False,
    with_code: bool = True,
    deadline: dt.datetime | None = None,
    organisation_id: uuid.UUID | None = None,
) -> Payment:
    """Write a payment with a sum of its own (1 to 999 rupiah on top), reserved by a constraint until `hold_until`.

    It goes to the account of the receiving organisation under direct custody, else to ours.

    With every code of a sum taken, or without a code (an invoice), the reference alone will identify the gift.
    `is_rest`: it completes a gift, and may be smaller than one.
    """
    check_gift(money, is_rest=is_rest)
    first = find_by_token(reference_kind, reference_id, client_token)
    if first is not None:
        return first
    account = _receiving_account(money.unit, organisation_id)
    current = settings()
    until = deadline or clock.now() + dt.timedelta(hours=current.transfer_hours)

    def make() -> Payment:
        code = _free_code(account.id, money.amount) if with_code else None
        return Payment(
            public_ref=new_reference(),
            reference_kind=reference_kind,
            reference_id=reference_id,
            client_token=client_token,
            provider=PROVIDER,
            bank_account_id=account.id,
            unit=money.unit,
            amount=money.amount + (code or 0) * 100,
            unique_code=code,
            expected_amount=money.amount + (code or 0) * 100,
            by_amount=code is not None,
            state=PaymentState.awaiting,
            payer_norm=normalise_name(payer_name) if payer_name else None,
            created_on=clock.today(),
            expires_at=until,
            hold_until=until + dt.timedelta(hours=current.transfer_grace_hours),
        )

    return write(make, cause="transfer started")


def _free_code(bank_account_id: uuid.UUID, base: int) -> int | None:
    """A code whose sum nobody is asked for now; sums that rested for a while first, so that late money stays clear."""
    rested = clock.now() - dt.timedelta(days=settings().transfer_quarantine_days)
    values = {"account": bank_account_id, "base": base, "rested": rested}
    for statement in (_FREE_CODE, _ANY_CODE):
        found = session().execute(statement, values).scalar_one_or_none()
        if found is not None:
            return int(found)
    return None


def _receiving_account(unit: str, organisation_id: uuid.UUID | None) -> BankAccount:
    found = custody.receiving_account(unit, organisation_id=organisation_id)
    if found is None:
        raise Invalid(
            "no_bank_account", lazy("Transfer bank belum dapat dipakai. Pilih cara membayar yang lain.")
        )
    return found
