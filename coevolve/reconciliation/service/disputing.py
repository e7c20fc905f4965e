"""Disputes: a giver's bank asks for the money back, the provider holds it, and somebody decides, perhaps twice.

What is held comes from where the money lies (credit, fund, the CSO's debt) and goes back to exactly there. Each hold
has a number, so that a dispute that was won and is lost after all is held, and booked, anew.
"""

from __future__ import annotations

import uuid

from sqlalchemy import select

from coevolve.journal import service as journal
from coevolve.kit import clock, moves
from coevolve.kit.db import get, lock, session
from coevolve.kit.errors import Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.money import Money
from coevolve.kit.text import clean_text
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.ledger.service import Transfer
from coevolve.payments.models import DISPUTE_HOLDS, Dispute, DisputeState, Payment, PaymentState
from coevolve.payments.provider import FoundCharge, FoundDispute, ProviderBusy
from coevolve.pledges.queries import Settlement
from coevolve.reconciliation.service import refund_news
from coevolve.reconciliation.service.cases import close_by_itself, open_case
from coevolve.reconciliation.service.giving_back import make_room
from coevolve.reconciliation.service.refunding import give_back, is_in_hand, restore
from coevolve.reconciliation.service.sources import mirrored, take

DISPUTE_WORDS = frozenset(str(state) for state in DisputeState)
DECIDED = (DisputeState.won, DisputeState.lost, DisputeState.warning_closed, DisputeState.prevented)
EVIDENCE_MOST = 5_000


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
    dispute = _known(payment, found)
    if dispute is None:
        was = None
        dispute = _begin(payment, settlement, found, to)
    else:
        dispute.due_at = found.due_at or dispute.due_at
        was = DisputeState(dispute.state)
        if was == to or not dispute.machine.allows(was, to):
            session().flush()
            return
        moves.move(dispute, to, by=None, cause="found so at the provider")
    if to in DISPUTE_HOLDS or to == DisputeState.lost:
        _hold(payment, settlement, dispute, found)
    if to == DisputeState.lost:
        _lose(payment, settlement, dispute, found)
    elif was == DisputeState.lost:
        _revert(payment, settlement, dispute)
    elif to not in DISPUTE_HOLDS and dispute.held:
        _release(payment, dispute)
    if to in DECIDED:
        close_by_itself(kind="dispute", subject=("dispute", found.ref), note=f"Penyedia memutuskan: {to}.")
        refund_news.tell_dispute(
            settlement, dispute, f"dispute.{'lost' if to == DisputeState.lost else 'over'}"
        )
    elif was in DECIDED:
        _ask(payment, settlement, dispute)
    session().flush()


def _known(payment: Payment, found: FoundDispute) -> Dispute | None:
    statement = (
        select(Dispute)
        .where(
            Dispute.provider == payment.provider,
            Dispute.account == payment.account,
            Dispute.provider_ref == found.ref,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session().execute(statement).scalar_one_or_none()


def _begin(payment: Payment, settlement: Settlement, found: FoundDispute, to: DisputeState) -> Dispute:
    dispute = Dispute(
        payment_id=payment.id,
        provider=payment.provider,
        account=payment.account,
        provider_ref=found.ref,
        unit=found.money.unit,
        amount=found.money.amount,
        state=to,
        reason=found.reason,
        due_at=found.due_at,
        held=0,
    )
    moves.begin(dispute, by=None, cause="found at the provider")
    if to not in DECIDED:
        _ask(payment, settlement, dispute)
    journal.record(
        "payment.disputed",
        about=("payment", payment.id),
        by=None,
        for_organisation=settlement.organisation_id,
        data={"amount": str(dispute.amount), "unit": dispute.unit, "dispute": str(dispute.id)},
        visibility="staff",
    )
    return dispute


def _ask(payment: Payment, settlement: Settlement, dispute: Dispute) -> None:
    """Finance has a case to answer, and the CSO hears of it."""
    open_case(
        kind="dispute",
        subject=("dispute", dispute.provider_ref),
        payment_id=payment.id,
        difference=Money(dispute.amount, dispute.unit),
        data={"dispute": str(dispute.id)},
    )
    refund_news.tell_dispute(settlement, dispute, "dispute.opened")


def _hold(payment: Payment, settlement: Settlement, dispute: Dispute, found: FoundDispute) -> None:
    """The provider took the sum until it decides: so do we, out of where it lies. What is held stays held."""
    if dispute.held:
        return
    if is_in_hand(payment):
        raise ProviderBusy("a refund of ours is just being sent; what is whose is clear after it")
    make_room(payment, dispute.amount, because="Bank donatur menyengketakan pembayaran ini.")
    dispute.holds += 1
    taken = take(payment, settlement, dispute.amount, into=accounts.dispute_holdback(dispute.unit))
    dispute.gift = taken.gift
    dispute.hold_posting_id = ledger.post(
        key=_key(dispute, "held"),
        kind="dispute.held",
        transfers=taken.transfers,
        source_kind="dispute",
        source_id=dispute.id,
        effective_at=found.created_at if dispute.holds == 1 else None,
    )
    dispute.held = dispute.amount
    payment.disputed += dispute.amount
    session().flush()


def _lose(payment: Payment, settlement: Settlement, dispute: Dispute, found: FoundDispute) -> None:
    """It is gone: out of what was held, off the pledge and the receipt."""
    ledger.post(
        key=_key(dispute, "lost"),
        kind="dispute.lost",
        transfers=[
            Transfer(
                debit_id=accounts.dispute_holdback(dispute.unit),
                credit_id=_clearing(dispute),
                amount=dispute.amount,
                unit=dispute.unit,
            )
        ],
        source_kind="dispute",
        source_id=dispute.id,
    )
    dispute.held = 0
    session().flush()
    if payment.state == PaymentState.captured:
        dispute.pledge_back = give_back(
            payment, settlement, dispute.gift, dispute.unit, found.created_at, cause="dispute"
        )
    session().flush()


def _release(payment: Payment, dispute: Dispute) -> None:
    """The question ended well: what was held goes back to where it came from."""
    _give_home(payment, dispute, what="released", out_of=accounts.dispute_holdback(dispute.unit))
    dispute.held = 0


def _revert(payment: Payment, settlement: Settlement, dispute: Dispute) -> None:
    """Lost, and won after all: the provider paid it back, and the gift counts again. Somebody looks all the same."""
    _give_home(payment, dispute, what="reverted", out_of=_clearing(dispute))
    restore(payment, settlement, Money(dispute.pledge_back, dispute.unit), cause="dispute reverted")
    dispute.pledge_back = 0
    open_case(
        kind="dispute_reverted",
        subject=("dispute", dispute.provider_ref),
        payment_id=payment.id,
        difference=Money(dispute.amount, dispute.unit),
        data={"dispute": str(dispute.id)},
    )


def _give_home(payment: Payment, dispute: Dispute, *, what: str, out_of: int) -> None:
    if dispute.hold_posting_id is None:
        return
    ledger.post(
        key=_key(dispute, what),
        kind="dispute.released",
        transfers=mirrored(dispute.hold_posting_id, out_of=out_of),
        source_kind="dispute",
        source_id=dispute.id,
    )
    payment.disputed -= dispute.amount
    session().flush()


def _clearing(dispute: Dispute) -> int:
    return accounts.provider_clearing(dispute.provider, dispute.account, dispute.unit)


def _key(dispute: Dispute, what: str) -> str:
    return f"{dispute.provider}:dispute:{dispute.provider_ref}:{what}:{dispute.holds}"


def write_evidence(*, dispute_id: uuid.UUID, by: uuid.UUID, text: str) -> Dispute:
    """Keep what finance found and answered at the provider."""
    words = clean_text(text)
    if not words:
        raise Invalid("evidence_missing", lazy("Tulis apa yang Anda temukan dan jawab."), field="evidence")
    if len(words) > EVIDENCE_MOST:
        raise Invalid("evidence_long", lazy("Catatan paling panjang 5.000 huruf."), field="evidence")
    lock(Payment, get(Dispute, dispute_id).payment_id)
    dispute = lock(Dispute, dispute_id)
    dispute.evidence, dispute.evidence_by, dispute.evidence_at = words, by, clock.now()
    session().flush()
    journal.record(
        "dispute.answered",
        about=("dispute", dispute.id),
        by=by,
        data={"text": words[:500]},
        visibility="staff",
    )
    return dispute
