"""Whose bank gifts go to: which account donors are shown, and whose a payment's money is once it is there.

Platform custody: our account. Direct custody: the account that the organisation's owner asked for and finance agreed
to; while that one may not be used, no transfer is offered at all: gifts never change hands in silence.
"""

from __future__ import annotations

import uuid

from sqlalchemy import select

from coevolve.kit.db import session
from coevolve.organisations.models import Custody, Organisation
from coevolve.organisations.models import State as OrganisationState
from coevolve.payments import account_standing
from coevolve.payments.models import BankAccount, CustodyChange, CustodyState, Payment


def receiving_account(unit: str = "IDR", *, organisation_id: uuid.UUID | None = None) -> BankAccount | None:
    """The account that donors (of this organisation) transfer to now; None: transfers are not possible."""
    organisation = session().get(Organisation, organisation_id) if organisation_id is not None else None
    if organisation is not None and organisation.custody == Custody.direct:
        account = own_account(organisation.id, unit)
        return account if account is not None and may_receive(organisation, account) else None
    statement = (
        select(BankAccount)
        .where(BankAccount.unit == unit, BankAccount.is_receiving, BankAccount.organisation_id.is_(None))
        .order_by(BankAccount.created_at, BankAccount.id)
        .limit(1)
    )
    return session().execute(statement).scalar_one_or_none()


def own_account(organisation_id: uuid.UUID, unit: str = "IDR") -> BankAccount | None:
    """The organisation's own account that is open to donors, if it has one."""
    statement = select(BankAccount).where(
        BankAccount.organisation_id == organisation_id, BankAccount.unit == unit, BankAccount.is_receiving
    )
    return session().execute(statement).scalar_one_or_none()


def may_receive(organisation: Organisation, account: BankAccount) -> bool:
    """Whether gifts may be asked into an organisation's own account now.

    Its claim stands; or a newer account was stated and checked since, and waits to be asked for: until then donors go
    on with the one they know. A revoked, rejected or simply lapsed claim closes it.
    """
    if organisation.state != OrganisationState.checked or account.claim_id is None:
        return False
    versions = account_standing.history_of(organisation.id)
    mine = next((one for one in versions if one.claim_id == account.claim_id), None)
    if mine is None:
        return False
    newer = [one for one in versions if one.version > mine.version]
    if mine.standing == "lapsed":
        return any(one.standing in {"to_second", "waiting", "usable"} for one in newer)
    return mine.standing == "usable"


def custodian_of_account(bank_account_id: uuid.UUID | None) -> uuid.UUID | None:
    """The organisation in whose own account money lies; None: the platform's."""
    if bank_account_id is None:
        return None
    account = session().get(BankAccount, bank_account_id)
    return account.organisation_id if account is not None else None


def custodian_of(payment: Payment) -> uuid.UUID | None:
    """The organisation in whose own account the money of a payment is; None: it is with us."""
    return custodian_of_account(payment.bank_account_id)


def changes_of(organisation_id: uuid.UUID, *, limit: int = 20) -> list[CustodyChange]:
    """What was asked and answered, newest first."""
    statement = (
        select(CustodyChange)
        .where(CustodyChange.organisation_id == organisation_id)
        .order_by(CustodyChange.id.desc())
        .limit(limit)
    )
    return list(session().execute(statement).scalars())


def asked_of(organisation_id: uuid.UUID) -> CustodyChange | None:
    """The wish that waits for finance."""
    statement = select(CustodyChange).where(
        CustodyChange.organisation_id == organisation_id, CustodyChange.state == CustodyState.asked
    )
    return session().execute(statement).scalar_one_or_none()


def asked() -> list[CustodyChange]:
    """All wishes that wait, the longest waiting first."""
    statement = (
        select(CustodyChange).where(CustodyChange.state == CustodyState.asked).order_by(CustodyChange.id)
    )
    return list(session().execute(statement).scalars())
