"""Money on its way back: refunds made at the provider, and disputes that the giver's bank opened."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from coevolve.journal import service as journal
from coevolve.kit import moves
from coevolve.kit.db import session
from coevolve.kit.errors import Conflict
from coevolve.kit.money import Money
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.ledger.service import Transfer
from coevolve.payments import service as payments
from coevolve.payments.models import (
    DISPUTE_HOLDS,
    Dispute,
    DisputeState,
    Payment,
    PaymentState,
    Refund,
    RefundState,
)
from coevolve.payments.provider import FoundCharge, FoundDispute, FoundRefund
from coevolve.pledges import service as pledges
from coevolve.pledges.queries import Settlement
from coevolve.reconciliation.service.booking import money_sources, notify_giver
from coevolve.reconciliation.service.cases import close_by_itself, open_case

REFUND_WORDS = frozenset(str(state) for state in RefundState)
DISPUTE_WORDS = frozenset(str(state) for state in DisputeState)
REFUND_GONE = (RefundState.failed, RefundState.canceled)


def settle_refunds(payment: Payment, settlement: Settlement, charge: FoundCharge) -> None:
    """Book every refund of a charge: out of the fund when it begins, out of clearing when it is done."""
    for found in charge.refunds:
        if found.state not in REFUND_WORDS:
            open_case(
                kind="unknown_word",
                subject=("refund", found.ref),
                payment_id=payment.id,
                difference=found.money,
                data={"word": found.state},
            )
            continue
        _settle_refund(payment, settlement, found)


def _settle_refund(payment: Payment, settlement: Settlement, found: FoundRefund) -> None:
    refund = _refund(payment, found)
    to = RefundState(found.state)
    if refund is None:
        if to in REFUND_GONE:
            # It never took effect for us, so there is nothing to book.
            return
        refund = Refund(
            payment_id=payment.id,
            provider=payment.provider,
            account=payment.account,
            provider_ref=found.ref,
            unit=found.money.unit,
            amount=found.money.amount,
            state=RefundState.pending,
            reason=found.reason,
        )
        moves.begin(refund, by=None, cause="found at the provider")
    if refund.fund_posting_id is None and to not in REFUND_GONE:
        refund.fund_posting_id = _out_of_fund(payment, settlement, refund, found)
        payment.refund_pending += refund.amount
    if refund.state == to or not refund.machine.allows(refund.state, to):
        session().flush()
        return
    was = refund.state
    moves.move(refund, to, by=None, cause="found so at the provider")
    if to == RefundState.succeeded:
        _refund_done(payment, settlement, refund, found)
    elif to in REFUND_GONE:
        _refund_undone(payment, refund, found, was_done=was == RefundState.succeeded)
    session().flush()


def _refund(payment: Payment, found: FoundRefund) -> Refund | None:
    statement = select(Refund).where(
        Refund.provider == payment.provider,
        Refund.account == payment.account,
        Refund.provider_ref == found.ref,
    )
    return session().execute(statement).scalar_one_or_none()


def _out_of_fund(payment: Payment, settlement: Settlement, refund: Refund, found: FoundRefund) -> int:
    payable = accounts.refunds_payable(refund.unit)
    return ledger.post(
        key=f"{refund.provider}:refund:{found.ref}:approved",
        kind="refund.approved",
        transfers=[
            Transfer(debit_id=source, credit_id=payable, amount=amount, unit=refund.unit)
            for source, amount in money_sources(payment, settlement, refund.amount)
        ],
        source_kind="refund",
        source_id=refund.id,
        effective_at=found.created_at,
    )


def _refund_done(payment: Payment, settlement: Settlement, refund: Refund, found: FoundRefund) -> None:
    ledger.post(
        key=f"{refund.provider}:refund:{found.ref}:done",
        kind="refund.done",
        transfers=[
            Transfer(
                debit_id=accounts.refunds_payable(refund.unit),
                credit_id=accounts.provider_clearing(refund.provider, refund.account, refund.unit),
                amount=refund.amount,
                unit=refund.unit,
            )
        ],
        source_kind="refund",
        source_id=refund.id,
        effective_at=found.created_at,
    )
    payment.refund_pending -= refund.amount
    payment.refunded += refund.amount
    session().flush()
    money = Money(refund.amount, refund.unit)
    if payment.refunded == payment.captured:
        payments.annul_receipt(payment_id=payment.id, because="refunded in full")
    _return(payment, settlement, money, found.created_at, "refund")
    journal.record(
        "payment.refunded",
        about=("payment", payment.id),
        by=refund.requested_by,
        for_organisation=settlement.organisation_id,
        data={"amount": str(refund.amount), "unit": refund.unit},
    )
    notify_giver("payment.refunded", payment, settlement, money, f"payment.refunded:{refund.id}")


def _return(payment: Payment, settlement: Settlement, money: Money, at: dt.datetime, cause: str) -> None:
    """Tell the pledge that money of it went back, as far as it still counted there."""
    if payment.state != PaymentState.captured:
        return
    try:
        pledges.return_money(
            pledge_id=settlement.pledge_id, payment_id=payment.id, money=money, at=at, cause=cause
        )
    except Conflict as nothing:
        # A dispute of the whole after a partial refund: the pledge has given that part back before.
        if nothing.code != "nothing_to_return":
            raise


def _refund_undone(payment: Payment, refund: Refund, found: FoundRefund, *, was_done: bool) -> None:
    """The provider could not give the money back: it is in the fund again, and a person looks for another way."""
    if was_done:
        ledger.post(
            key=f"{refund.provider}:refund:{found.ref}:came_back",
            kind="refund.came_back",
            transfers=[
                Transfer(
                    debit_id=accounts.provider_clearing(refund.provider, refund.account, refund.unit),
                    credit_id=accounts.refunds_payable(refund.unit),
                    amount=refund.amount,
                    unit=refund.unit,
                )
            ],
            source_kind="refund",
            source_id=refund.id,
        )
        payment.refunded -= refund.amount
    else:
        payment.refund_pending -= refund.amount
    if refund.fund_posting_id is not None:
        ledger.reverse(
            key=f"{refund.provider}:refund:{found.ref}:undone",
            posting_id=refund.fund_posting_id,
            source_kind="refund",
            source_id=refund.id,
        )
    open_case(
        kind="refund_failed",
        subject=("refund", found.ref),
        payment_id=payment.id,
        difference=Money(refund.amount, refund.unit),
        data={"was_done": was_done},
    )


def settle_disputes(payment: Payment, settlement: Settlement, charge: FoundCharge) -> None:
    """Hold, give back or lose the money of every dispute of a charge."""
    for found in charge.disputes:
        if found.state not in DISPUTE_WORDS:
            open_case(
                kind="unknown_word",
                subject=("dispute", found.ref),
                payment_id=payment.id,
                difference=found.money,
                data={"word": found.state},
            )
            continue
        _settle_dispute(payment, settlement, found)


def _settle_dispute(payment: Payment, settlement: Settlement, found: FoundDispute) -> None:
    to = DisputeState(found.state)
    statement = select(Dispute).where(
        Dispute.provider == payment.provider,
        Dispute.account == payment.account,
        Dispute.provider_ref == found.ref,
    )
    dispute = session().execute(statement).scalar_one_or_none()
    was: str | None = None
    if dispute is None:
        dispute = Dispute(
            payment_id=payment.id,
            provider=payment.provider,
            account=payment.account,
            provider_ref=found.ref,
            unit=found.money.unit,
            amount=found.money.amount,
            state=to,
            reason=found.reason,
            held=0,
        )
        moves.begin(dispute, by=None, cause="found at the provider")
        open_case(
            kind="dispute", subject=("dispute", found.ref), payment_id=payment.id, difference=found.money
        )
    elif dispute.state != to and dispute.machine.allows(dispute.state, to):
        was = dispute.state
        moves.move(dispute, to, by=None, cause="found so at the provider")
    else:
        return
    if was == DisputeState.lost and to == DisputeState.won:
        _move_back(payment, settlement, dispute, from_clearing=True)
    elif to in DISPUTE_HOLDS or to == DisputeState.lost:
        _hold(payment, settlement, dispute, found)
        if to == DisputeState.lost:
            _lose(payment, settlement, dispute, found)
    elif dispute.held:
        _move_back(payment, settlement, dispute, from_clearing=False)
    if to in {DisputeState.won, DisputeState.lost, DisputeState.warning_closed, DisputeState.prevented}:
        close_by_itself(kind="dispute", subject=("dispute", found.ref), note=f"Penyedia memutuskan: {to}.")
    session().flush()


def _hold(payment: Payment, settlement: Settlement, dispute: Dispute, found: FoundDispute) -> None:
    if dispute.held:
        return
    holdback = accounts.dispute_holdback(dispute.unit)
    ledger.post(
        key=_key(dispute, "held"),
        kind="dispute.held",
        transfers=[
            Transfer(debit_id=source, credit_id=holdback, amount=amount, unit=dispute.unit)
            for source, amount in money_sources(payment, settlement, dispute.amount)
        ],
        source_kind="dispute",
        source_id=dispute.id,
        effective_at=found.created_at,
    )
    dispute.held = dispute.amount
    payment.disputed += dispute.amount
    journal.record(
        "payment.disputed",
        about=("payment", payment.id),
        by=None,
        for_organisation=settlement.organisation_id,
        data={"amount": str(dispute.amount), "unit": dispute.unit},
        visibility="staff",
    )


def _lose(payment: Payment, settlement: Settlement, dispute: Dispute, found: FoundDispute) -> None:
    ledger.post(
        key=_key(dispute, "lost"),
        kind="dispute.lost",
        transfers=[
            Transfer(
                debit_id=accounts.dispute_holdback(dispute.unit),
                credit_id=accounts.provider_clearing(dispute.provider, dispute.account, dispute.unit),
                amount=dispute.amount,
                unit=dispute.unit,
            )
        ],
        source_kind="dispute",
        source_id=dispute.id,
    )
    dispute.held = 0
    session().flush()
    if payment.disputed + payment.refunded >= payment.captured:
        payments.annul_receipt(payment_id=payment.id, because="dispute lost")
    _return(payment, settlement, Money(dispute.amount, dispute.unit), found.created_at, "dispute")


def _move_back(payment: Payment, settlement: Settlement, dispute: Dispute, *, from_clearing: bool) -> None:
    """The money stays ours after all: into the fund it came from."""
    source = (
        accounts.provider_clearing(dispute.provider, dispute.account, dispute.unit)
        if from_clearing
        else accounts.dispute_holdback(dispute.unit)
    )
    [(home, _whole)] = _home(payment, settlement, dispute)
    ledger.post(
        key=_key(dispute, "reverted" if from_clearing else "released"),
        kind="dispute.released",
        transfers=[Transfer(debit_id=source, credit_id=home, amount=dispute.amount, unit=dispute.unit)],
        source_kind="dispute",
        source_id=dispute.id,
    )
    dispute.held = 0
    payment.disputed -= dispute.amount
    if from_clearing:
        open_case(
            kind="dispute_reverted",
            subject=("dispute", dispute.provider_ref),
            payment_id=payment.id,
            difference=Money(dispute.amount, dispute.unit),
        )


def _home(payment: Payment, settlement: Settlement, dispute: Dispute) -> list[tuple[int, int]]:
    if payment.state == PaymentState.captured:
        return [(accounts.fund(settlement.listing_id, dispute.unit), dispute.amount)]
    return money_sources(payment, settlement, dispute.amount)


def _key(dispute: Dispute, what: str) -> str:
    return f"{dispute.provider}:dispute:{dispute.provider_ref}:{what}"
