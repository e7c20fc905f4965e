"""Where money of a payment lies now, and so where it comes from when it goes back."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from coevolve.kit.db import session
from coevolve.kit.errors import Conflict
from coevolve.kit.faults import skips_locks
from coevolve.kit.i18n import lazy
from coevolve.kit.money import Money
from coevolve.ledger import accounts
from coevolve.ledger import queries as ledger_queries
from coevolve.ledger.service import Transfer
from coevolve.payments import custody
from coevolve.payments.models import Payment
from coevolve.pledges.queries import Settlement
from coevolve.reconciliation.service import own_hands
from coevolve.reconciliation.service.booking import credit_for
from coevolve.reconciliation.service.cases import open_case

CREDIT, FUND, DEBT = "credit", "fund", "debt"


@dataclass(frozen=True, slots=True)
class Source:
    """An account and how much of the sum comes from it: the giver's credit, the fund, or the CSO's debt."""

    account_id: int
    amount: int
    kind: str


def sources_of(payment: Payment, settlement: Settlement, amount: int) -> list[Source]:
    """What lies as credit of this payment goes back first, then what its fund still has; the rest the CSO owes.

    No more comes out of a fund than this payment brought it. The balances are locked, so that nobody spends between
    this look and the posting.
    """
    credit = credit_for(payment, settlement)
    fund = accounts.fund(settlement.listing_id, payment.unit)
    _lock_balances(credit, fund)
    free = ledger_queries.available([credit, fund])
    in_credit, in_fund = _lies(payment)
    from_credit = max(0, min(amount, in_credit, free.get(credit, 0)))
    rest = amount - from_credit
    if custody.custodian_of(payment) is not None:
        # It lies in the organisation's hands and passes through the fund on its way back (`take`).
        found = [Source(credit, from_credit, CREDIT), Source(fund, rest, FUND)]
        return [one for one in found if one.amount > 0]
    from_fund = max(0, min(rest, in_fund, free.get(fund, 0)))
    found = [Source(credit, from_credit, CREDIT), Source(fund, from_fund, FUND)]
    if rest > from_fund:
        debt = accounts.receivable(settlement.organisation_id, payment.unit)
        found.append(Source(debt, rest - from_fund, DEBT))
    return [one for one in found if one.amount > 0]


def refuse_moved_on(payment: Payment, settlement: Settlement, amount: int) -> None:
    """Raise Conflict when the giver has given this money on from its credit: then that gift is the one to go back."""
    credit = credit_for(payment, settlement)
    _lock_balances(credit)
    in_credit, in_fund = _lies(payment)
    in_credit = max(0, min(in_credit, ledger_queries.available([credit]).get(credit, 0)))
    if amount > in_credit + max(0, in_fund):
        raise Conflict(
            "moved_on",
            lazy("Uang ini sudah dialihkan donatur ke dukungan lain. Kembalikan lewat dukungan itu."),
        )


@dataclass(frozen=True, slots=True)
class Taken:
    """Transfers that take money of a payment out of where it lies, and how much of it had counted as a gift."""

    transfers: list[Transfer]
    gift: int


def take(payment: Payment, settlement: Settlement, amount: int, *, into: int) -> Taken:
    """How this much of a payment is booked out; a CSO's debt opens a case."""
    found = sources_of(payment, settlement, amount)
    for one in found:
        if one.kind == DEBT:
            open_case(
                kind="after_disbursement",
                subject=("payment", payment.id),
                payment_id=payment.id,
                difference=Money(one.amount, payment.unit),
            )
    gift = sum(one.amount for one in found if one.kind != CREDIT)
    return Taken(
        own_hands.back_from_hands(payment, settlement, gift)
        + [
            Transfer(debit_id=one.account_id, credit_id=into, amount=one.amount, unit=payment.unit)
            for one in found
        ],
        gift,
    )


_LIES = text(
    """
    SELECT p.captured - p.refunded - p.disputed
             - coalesce((SELECT sum(r.amount) FROM payment_refund r WHERE r.payment_id = p.id AND r.is_out), 0)
             AS whole,
           coalesce((SELECT sum(CASE f.state WHEN 'confirmed' THEN f.quantity_received
                                             WHEN 'returned' THEN -f.quantity_received END)
                       FROM pledge_fulfilment f WHERE f.payment_id = p.id), 0)
             - coalesce((SELECT sum(r.gift) FROM payment_refund r WHERE r.payment_id = p.id AND r.is_out), 0)
             - coalesce((SELECT sum(d.gift) FROM payment_dispute d WHERE d.payment_id = p.id AND d.held > 0), 0)
             AS gift
      FROM payment p WHERE p.id = :payment
    """.replace(
        "r.is_out",
        "r.fund_posting_id IS NOT NULL AND r.state IN ('approved', 'sending', 'pending', 'requires_action')",
    )
)


def _lies(payment: Payment) -> tuple[int, int]:
    """How much of a payment lies as the giver's credit, and how much in the listing's fund (or went on from there)."""
    session().flush()
    row = session().execute(_LIES, {"payment": payment.id}).one()
    return int(row.whole) - int(row.gift), int(row.gift)


def mirrored(posting_id: int, *, out_of: int) -> list[Transfer]:
    """Transfers that give back what a posting took, to the very accounts it took it from, out of another one."""
    rows = session().execute(
        text("SELECT debit_id, amount, unit FROM ledger_transfer WHERE posting_id = :posting ORDER BY leg"),
        {"posting": posting_id},
    )
    return [
        Transfer(debit_id=out_of, credit_id=row.debit_id, amount=row.amount, unit=row.unit) for row in rows
    ]


def _lock_balances(*account_ids: int) -> None:
    if skips_locks():
        return
    session().execute(
        text("SELECT 1 FROM ledger_balance WHERE account_id = ANY(:ids) ORDER BY account_id FOR UPDATE"),
        {"ids": sorted(account_ids)},
    )
