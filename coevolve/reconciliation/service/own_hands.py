"""Money that comes into an organisation's own bank (direct custody), and goes back out of it.

Such a gift is received: it counts on the meter, its giver has a receipt by the organisation. And it is already where it
belongs: in one transaction it passes through the fund into the organisation's hands, so that nothing of it can be
disbursed by us, and a memo says how much of it no accepted report accounts for yet. Every account of this has its
custodian; none of ours is touched. A refund is the organisation's debt until its own statement shows it.

Everything here answers at once, with nothing, for money that lies with us.
"""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import select

from coevolve.disbursements import service as disbursements
from coevolve.kit.db import get, session
from coevolve.kit.errors import Conflict, Forbidden
from coevolve.kit.i18n import lazy
from coevolve.kit.money import Money
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.ledger.errors import BelowFloor
from coevolve.ledger.models import Posting
from coevolve.ledger.service import Transfer
from coevolve.organisations import queries as organisations
from coevolve.payments import custody
from coevolve.payments.models import Payment, Refund
from coevolve.people import queries as people
from coevolve.pledges.queries import Settlement
from coevolve.reconciliation.policy import MONEY_ROLES

IN_HANDS = "payment.in_hands"
NOT_IN_HANDS = "payment.not_in_hands"


def unidentified_of(bank_account_id: uuid.UUID, unit: str) -> int:
    """Where money of this bank account waits whose giver nobody knows."""
    custodian = custody.custodian_of_account(bank_account_id)
    if custodian is None:
        return accounts.unidentified(unit)
    return accounts.own_unidentified(bank_account_id, custodian, unit)


def fees_of(bank_account_id: uuid.UUID, unit: str) -> int | None:
    """Where fees and interest of an organisation's own bank stand; None: they are ours."""
    custodian = custody.custodian_of_account(bank_account_id)
    return None if custodian is None else accounts.own_fees(custodian, unit)


def credit_of(payment: Payment, settlement: Settlement) -> int | None:
    """Where a giver's surplus waits in the organisation's bank; None: it is with us, as credit to give on."""
    custodian = custody.custodian_of(payment)
    if custodian is None:
        return None
    owner = settlement.giver_organisation_id or settlement.owner_person_id or settlement.pledge_id
    return accounts.own_credit(owner, custodian, payment.unit)


def issuer_of(payment: Payment) -> str | None:
    """Who signs the receipt of money in an organisation's own bank: the organisation. None: the platform."""
    custodian = custody.custodian_of(payment)
    return None if custodian is None else f"OMS-{custodian.hex[-8:].upper()}"


PLATFORM_DESK = "/keuangan"


def finance_of(organisation_id: uuid.UUID | None) -> tuple[list[uuid.UUID], str]:
    """Who settles differences of a bank account, and where: the platform's finance, or the organisation's own."""
    if organisation_id is None:
        return [person.id for person in people.staff_with("finance")], PLATFORM_DESK
    members = organisations.members_of(organisation_id, roles=sorted(MONEY_ROLES))
    return [one.id for one in members], f"/dasbor/{organisations.get(organisation_id).slug}/rekening"


def require_side(payment: Payment, by: uuid.UUID | None) -> None:
    """Money in an organisation's own bank is given back by the organisation: raise Forbidden for others.

    Without a person it is the platform's own step (a round that gives every gift of a listing back).
    """
    custodian = custody.custodian_of(payment)
    if custodian is None or by is None:
        return
    if organisations.role_in(by, custodian) not in MONEY_ROLES:
        raise Forbidden(
            "own_bank",
            lazy("Uang ini ada di rekening organisasi; bendahara atau pemiliknya yang mengembalikan."),
        )


def payable_of(refund: Refund) -> int:
    """What is owed to the giver: by the platform, or by the organisation whose bank has the money."""
    custodian = custody.custodian_of(get(Payment, refund.payment_id))
    if custodian is None:
        return accounts.refunds_payable(refund.unit)
    return accounts.owed_back(custodian, refund.unit)


def take_in_hand(
    payment: Payment, settlement: Settlement, money: Money, *, key: str, at: dt.datetime, actor: str
) -> None:
    """A direct gift was booked into its fund: out of it again, into the organisation's hands; a report will be due."""
    custodian = custody.custodian_of(payment)
    if custodian is None or not money:
        return
    fund = accounts.fund(settlement.listing_id, money.unit)
    hands = accounts.in_hands(settlement.listing_id, custodian, money.unit)
    ledger.post(
        key=f"{key}:hands",
        kind=IN_HANDS,
        transfers=[
            Transfer(debit_id=fund, credit_id=hands, amount=money.amount, unit=money.unit, is_spending=True),
            Transfer(
                debit_id=accounts.own_advances(custodian, money.unit),
                credit_id=accounts.own_spending(settlement.listing_id, custodian, money.unit),
                amount=money.amount,
                unit=money.unit,
            ),
        ],
        source_kind="payment",
        source_id=payment.id,
        effective_at=at,
        actor=actor,
    )
    disbursements.follow_own_report(listing_id=settlement.listing_id, organisation_id=custodian)


def take_out_of_hand(
    payment: Payment, settlement: Settlement, posting_id: int, *, key: str, at: dt.datetime, actor: str
) -> None:
    """The arrival is taken back (a wrong match): what it had put into the organisation's hands is in the fund again."""
    custodian = custody.custodian_of(payment)
    if custodian is None:
        return
    put = _hands_posting(posting_id)
    if put is None:
        return
    try:
        ledger.reverse(
            key=f"{key}:hands",
            kind=NOT_IN_HANDS,
            posting_id=put,
            source_kind="payment",
            source_id=payment.id,
            effective_at=at,
            actor=actor,
        )
    except BelowFloor as reported:
        raise Conflict(
            "reported_before", lazy("Pemakaian uang ini sudah dilaporkan dan diterima. Buka kasus.")
        ) from reported
    disbursements.follow_own_report(listing_id=settlement.listing_id, organisation_id=custodian)


def _hands_posting(posting_id: int) -> int | None:
    key = select(Posting.idempotency_key).where(Posting.id == posting_id).scalar_subquery()
    statement = select(Posting.id).where(Posting.idempotency_key == key + ":hands")
    return session().execute(statement).scalar_one_or_none()


def back_from_hands(payment: Payment, settlement: Settlement, amount: int) -> list[Transfer]:
    """For a refund of a direct gift: first out of the organisation's hands into the fund again, where every refund
    takes it from. What reports have accounted for is spent; the organisation owes it all the same.
    """
    custodian = custody.custodian_of(payment)
    if custodian is None or amount <= 0:
        return []
    unit = payment.unit
    hands = accounts.in_hands(settlement.listing_id, custodian, unit)
    fund = accounts.fund(settlement.listing_id, unit)
    found = [Transfer(debit_id=hands, credit_id=fund, amount=amount, unit=unit, is_spending=True)]
    memo = accounts.own_spending(settlement.listing_id, custodian, unit)
    unreported = min(amount, ledger.balance(memo))
    if unreported > 0:
        found.append(
            Transfer(
                debit_id=memo, credit_id=accounts.own_advances(custodian, unit), amount=unreported, unit=unit
            )
        )
    return found


def reports_follow(payment: Payment, settlement: Settlement) -> None:
    """A refund took from, or gave back to, what is to be accounted for: the open report follows."""
    custodian = custody.custodian_of(payment)
    if custodian is not None:
        disbursements.follow_own_report(listing_id=settlement.listing_id, organisation_id=custodian)


def refuse_other_bank(refund: Refund, bank_account_id: uuid.UUID) -> None:
    """A refund leaves the bank that has its money: the organisation's own, or one of ours."""
    if custody.custodian_of(get(Payment, refund.payment_id)) != custody.custodian_of_account(bank_account_id):
        raise Conflict("other_account", lazy("Dukungan ini menunggu di rekening atau mata uang yang lain."))
