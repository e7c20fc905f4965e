"""A refund from finance's yes to its end: out of the fund, to the card or onto a payout list, gone, or back again.

Everybody locks in the same order: pledge, payment, refund, then the ledger's balances.
"""

from __future__ import annotations

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any

from sqlalchemy import select, text

from coevolve.config import settings
from coevolve.journal import service as journal
from coevolve.kit import clock, moves
from coevolve.kit.db import get, lock, session
from coevolve.kit.errors import Conflict, Forbidden
from coevolve.kit.i18n import lazy
from coevolve.kit.money import Money
from coevolve.ledger import accounts
from coevolve.ledger import queries as ledger_queries
from coevolve.ledger import service as ledger
from coevolve.ledger.service import Transfer
from coevolve.notifications import service as notifications
from coevolve.payments import custody
from coevolve.payments import service as payments
from coevolve.payments.models import Outbox, Payment, PaymentState, Refund, RefundState
from coevolve.payments.service import refunding as asking
from coevolve.pledges import service as pledges
from coevolve.pledges.queries import Settlement
from coevolve.pledges.queries import settlement_of as look_up
from coevolve.reconciliation.service import own_hands, refund_news
from coevolve.reconciliation.service.booking import credit_account, settlement_of
from coevolve.reconciliation.service.cases import open_case
from coevolve.reconciliation.service.own_hands import PLATFORM_DESK
from coevolve.reconciliation.service.sources import refuse_moved_on, take

WHY_NOT: dict[str, Any] = {
    "nothing_left": lazy("Uang pembayaran ini sudah dikembalikan seluruhnya."),
    "asked": lazy("Permintaan pengembalian untuk pembayaran ini sedang kami tangani."),
    "disputed": lazy("Bank Anda sedang memeriksa pembayaran ini, jadi kami menunggu keputusannya."),
    "too_late": lazy("Batas waktu meminta kembali sudah lewat. Hubungi kami bila ada yang tidak beres."),
    "disbursed": lazy(
        "Uangnya sudah disalurkan kepada OMS, jadi tidak dapat kami tarik sendiri. Hubungi kami bila ada yang tidak"
        " beres."
    ),
}
BANK, CREDIT = "bank_transfer", "credit"


def locked(refund_id: uuid.UUID) -> tuple[Refund, Payment, Settlement]:
    """A refund with its payment and pledge, all locked."""
    payment_id = get(Refund, refund_id).payment_id
    settlement = settlement_of(get(Payment, payment_id))
    payment = lock(Payment, payment_id)
    return lock(Refund, refund_id), payment, settlement


def owner_of(settlement: Settlement) -> tuple[str, uuid.UUID]:
    """Whose bank account a refund by transfer goes to."""
    if settlement.giver_organisation_id is not None:
        return "organisation", settlement.giver_organisation_id
    if settlement.owner_person_id is not None:
        return "person", settlement.owner_person_id
    return "pledge", settlement.pledge_id


def needs_second(money: Money) -> bool:
    """Whether whoever asked may not be the one who says yes."""
    return money.unit != "IDR" or money.amount > settings().second_person_refund_minor


def approve_refund(*, refund_id: uuid.UUID, by: uuid.UUID) -> Refund:
    """Finance says yes: the money leaves its fund. Above the limit never by whoever asked, and never by the giver."""
    refund, payment, settlement = locked(refund_id)
    if refund.round_id is not None:
        raise Conflict("refund_of_round", lazy("Pengembalian ini disetujui bersama seluruh kampanyenya."))
    own_hands.require_side(payment, by)
    if by == settlement.giver_person_id:
        raise Forbidden("own_gift", lazy("Pengembalian untuk Anda sendiri disetujui orang lain."))
    if refund.requested_by == by and needs_second(Money(refund.amount, refund.unit)):
        raise Forbidden("second_person", lazy("Di atas batas ini, orang lain yang menyetujui."))
    return let_go(refund, payment, settlement, by=by)


def let_go(refund: Refund, payment: Payment, settlement: Settlement, *, by: uuid.UUID) -> Refund:
    """Book an approved refund out of where its money lies, and send it on its way. All three rows are locked."""
    if refund.state != RefundState.requested:
        raise Conflict("refund_decided", lazy("Pengembalian ini sudah diputuskan. Muat ulang halaman ini."))
    refuse_moved_on(payment, settlement, refund.amount)
    moves.move(refund, RefundState.approved, by=by, cause=refund.origin)
    refund.approved_by, refund.approved_at = by, clock.now()
    book_out(refund, payment, settlement, actor=str(by))
    asking.record(refund, "refund.approved", by)
    if refund.provider == CREDIT:
        _back_to_credit(refund, payment, settlement, by=by)
    elif refund.provider == BANK:
        has_account = payments.newest_account(owner_of(settlement)) is not None
        refund_news.tell_approved(payment, settlement, refund, has_account=has_account)
    else:
        moves.move(refund, RefundState.sending, by=by, cause="call written down")
        asking.enqueue(refund)
        refund_news.tell_approved(payment, settlement, refund, has_account=True)
    session().flush()
    return refund


def _back_to_credit(refund: Refund, payment: Payment, settlement: Settlement, *, by: uuid.UUID) -> None:
    """A gift out of the giver's credit goes back there at once; nobody outside is asked."""
    moves.move(refund, RefundState.sending, by=by)
    moves.move(refund, RefundState.succeeded, by=by, cause="back on the giver's credit")
    finish(
        refund,
        payment,
        settlement,
        key=f"refund:{refund.id}:done",
        into=credit_account(settlement, refund.unit),
        at=clock.now(),
        actor=str(by),
    )


def book_out(
    refund: Refund,
    payment: Payment,
    settlement: Settlement,
    *,
    at: dt.datetime | None = None,
    actor: str = "system",
) -> None:
    """Out of credit, fund or the CSO's debt, onto the account of refunds payable."""
    taken = take(payment, settlement, refund.amount, into=own_hands.payable_of(refund))
    refund.gift = taken.gift
    refund.fund_posting_id = ledger.post(
        key=f"refund:{refund.id}:approved",
        kind="refund.approved",
        transfers=taken.transfers,
        source_kind="refund",
        source_id=refund.id,
        effective_at=at,
        actor=actor,
    )
    own_hands.reports_follow(payment, settlement)


class WhyNot(StrEnum):
    """Why a giver cannot ask for a payment back now."""

    nothing_left = "nothing_left"
    asked = "asked"
    disputed = "disputed"
    too_late = "too_late"
    disbursed = "disbursed"


def why_not(payment: Payment, settlement: Settlement) -> WhyNot | None:
    """What stands in the way of a giver who asks; None: nothing does."""
    if payment.disputed:
        return WhyNot.disputed
    if payment.refund_pending:
        return WhyNot.asked
    left = asking.left_of(payment)
    if left.amount == 0:
        return WhyNot.nothing_left
    if payment.state != PaymentState.captured:
        return None
    since = payment.captured_at or payment.created_at
    if since < clock.now() - dt.timedelta(days=settings().refund_ask_days):
        return WhyNot.too_late
    if _still_there(payment, settlement) < left.amount:
        return WhyNot.disbursed
    return None


def _still_there(payment: Payment, settlement: Settlement) -> int:
    """What of a listing's money is neither disbursed nor, in the organisation's own bank, accounted for as spent."""
    custodian = custody.custodian_of(payment)
    if custodian is not None:
        account = accounts.own_spending(settlement.listing_id, custodian, payment.unit)
    else:
        account = accounts.fund(settlement.listing_id, payment.unit)
    return ledger_queries.available([account]).get(account, 0)


def ask_by_giver(
    *,
    payment_id: uuid.UUID,
    money: Money,
    reason: str,
    by: uuid.UUID | None,
    client_token: uuid.UUID | None = None,
) -> Refund:
    """A giver asks for its money back, while the money is still there and not long given."""
    first = get(Payment, payment_id)
    earlier = asking.find_by_token(client_token)
    if earlier is not None:
        return earlier
    settlement = settlement_of(first)
    refusal = why_not(lock(Payment, payment_id), settlement)
    if refusal is not None:
        raise Conflict(f"refund_{refusal}", WHY_NOT[refusal])
    refund = payments.ask_refund(
        payment_id=payment_id, money=money, reason=reason, by=by, origin="giver", client_token=client_token
    )
    person_ids, desk = own_hands.finance_of(custody.custodian_of(first))
    notifications.queue(
        kind="refund.asked",
        person_ids=person_ids,
        about=("refund", refund.id),
        data={
            "title": settlement.title,
            "amount_minor": refund.amount,
            "path": f"{desk}/pengembalian" if desk != PLATFORM_DESK else f"{desk}/pengembalian/{refund.id}",
        },
        dedupe_key=f"refund.asked:{refund.id}",
    )
    return refund


def decline_refund(*, refund_id: uuid.UUID, by: uuid.UUID, because: str) -> Refund:
    """Refuse what was asked, or stop what is approved and not sent; a giver who asked is told why."""
    payment = get(Payment, get(Refund, refund_id).payment_id)
    own_hands.require_side(payment, by)
    settlement = look_up(payment.reference_id)
    refund = payments.cancel_refund(refund_id=refund_id, by=by, because=because)
    own_hands.reports_follow(payment, settlement)
    if refund.origin == "giver" or refund.approved_at is not None:
        refund_news.tell_cancelled(get(Payment, refund.payment_id), settlement, refund)
    return refund


# --- how it ends ------------------------------------------------------------------------------------


def finish(
    refund: Refund,
    payment: Payment,
    settlement: Settlement,
    *,
    key: str,
    into: int,
    at: dt.datetime,
    actor: str = "system",
) -> int:
    """The money has left us: books, payment, pledge, receipt, journal and both sides, in one. Returns the posting."""
    posting_id = book_done(refund, key=key, into=into, at=at, actor=actor)
    payment.refund_pending -= refund.amount
    payment.refunded += refund.amount
    session().flush()
    if payment.state == PaymentState.captured:
        refund.pledge_back = give_back(payment, settlement, refund.gift, refund.unit, at, cause="refund")
    refund.done_at = clock.now()
    journal.record(
        "payment.refunded",
        about=("payment", payment.id),
        by=refund.approved_by,
        for_organisation=settlement.organisation_id,
        data={"amount": str(refund.amount), "unit": refund.unit, "refund": str(refund.id)},
    )
    refund_news.tell_done(payment, settlement, refund)
    session().flush()
    return posting_id


def book_done(refund: Refund, *, key: str, into: int, at: dt.datetime, actor: str = "system") -> int:
    """Refunds payable pay out."""
    posting_id = ledger.post(
        key=key,
        kind="refund.done",
        transfers=[
            Transfer(
                debit_id=own_hands.payable_of(refund),
                credit_id=into,
                amount=refund.amount,
                unit=refund.unit,
            )
        ],
        source_kind="refund",
        source_id=refund.id,
        effective_at=at,
        actor=actor,
    )
    refund.done_posting_id = posting_id
    return posting_id


def book_back(refund: Refund, *, key: str, out_of: int, at: dt.datetime | None = None) -> int:
    """What was paid out is here again, on the account of refunds payable."""
    return ledger.post(
        key=key,
        kind="refund.came_back",
        transfers=[
            Transfer(
                debit_id=out_of,
                credit_id=own_hands.payable_of(refund),
                amount=refund.amount,
                unit=refund.unit,
            )
        ],
        source_kind="refund",
        source_id=refund.id,
        effective_at=at,
    )


def undo(refund: Refund, payment: Payment, settlement: Settlement, *, was_done: bool, why: str) -> None:
    """The money is where it was before; the pledge and its receipt too; a person looks for another way."""
    if was_done:
        payment.refunded -= refund.amount
        payment.refund_pending += refund.amount
        take_up_again(refund, payment, settlement, cause="refund failed")
    asking.give_back_reserve(payment, refund, kind="refund.undone")
    own_hands.reports_follow(payment, settlement)
    refund.ended_because, refund.done_at = why, clock.now()
    asking.record(refund, "refund.failed", None, reason=why)
    open_case(
        kind="refund_failed",
        subject=("refund", refund.provider_ref or refund.public_ref or refund.id),
        payment_id=payment.id,
        difference=Money(refund.amount, refund.unit),
        data={"refund": str(refund.id), "was_done": was_done, "error": why},
    )
    if refund.approved_at is not None:
        refund_news.tell_failed(payment, settlement, refund)
    session().flush()


def undo_refused_refunds(limit: int = 100) -> int:
    """Refunds whose call the provider will never do are failed, their money where it was; returns how many."""
    rows = session().execute(
        text(
            """
            SELECT r.id, o.last_error FROM payment_refund r
              JOIN payment_outbox o ON o.dedupe_key = 'refund.create:' || r.id
             WHERE r.state = 'sending' AND r.provider_ref IS NULL AND o.state = 'dead'
             ORDER BY o.id LIMIT :limit
            """
        ),
        {"limit": limit},
    )
    undone = 0
    for refund_id, error in rows.all():
        refund, payment, settlement = locked(refund_id)
        if refund.state != RefundState.sending or refund.provider_ref is not None:
            continue
        moves.move(refund, RefundState.failed, by=None, cause="refused by the provider")
        undo(refund, payment, settlement, was_done=False, why=(error or "")[:300])
        undone += 1
    return undone


def is_in_hand(payment: Payment) -> bool:
    """Whether a refund of ours is just being sent, so that what the provider has of it is not known yet."""
    statement = (
        select(Refund.id)
        .join(Outbox, Outbox.dedupe_key == text("'refund.create:' || payment_refund.id"))
        .where(
            Refund.payment_id == payment.id,
            Refund.state == str(RefundState.sending),
            Refund.provider_ref.is_(None),
            Outbox.state.in_(("due", "unknown")),
        )
        .limit(1)
    )
    return session().execute(statement).first() is not None


# --- pledge and receipt, shared with disputes ---------------------------------------------------------


def give_back(
    payment: Payment, settlement: Settlement, gift: int, unit: str, at: dt.datetime, *, cause: str
) -> int:
    """The pledge counts less and the receipt is corrected; returns by how much."""
    if gift == 0:
        return 0
    before = received_of(settlement)
    try:
        pledges.return_money(
            pledge_id=settlement.pledge_id,
            payment_id=payment.id,
            money=Money(gift, unit),
            at=at,
            cause=cause,
        )
    except Conflict as nothing:
        # A dispute of the whole after a partial refund: the pledge has given that part back before.
        if nothing.code != "nothing_to_return":
            raise
    payments.correct_receipt(payment_id=payment.id, by_amount=-gift, because=cause)
    return before - received_of(settlement)


def take_up_again(refund: Refund, payment: Payment, settlement: Settlement, *, cause: str) -> None:
    """What a refund took from pledge and receipt counts again."""
    restore(payment, settlement, Money(refund.pledge_back, refund.unit), cause=cause)
    refund.pledge_back = 0


def restore(payment: Payment, settlement: Settlement, money: Money, *, cause: str) -> None:
    """Money of a pledge is back with it, and so is the receipt."""
    if money.amount == 0:
        return
    pledges.restore_money(
        pledge_id=settlement.pledge_id, payment_id=payment.id, money=money, at=clock.now(), cause=cause
    )
    payments.correct_receipt(payment_id=payment.id, by_amount=money.amount, because=cause)


def received_of(settlement: Settlement) -> int:
    """What the pledge's line of money has received, as it is now."""
    return int(
        session()
        .execute(
            text(
                "SELECT coalesce(sum(received_quantity), 0)::bigint FROM pledge_line"
                " WHERE pledge_id = :pledge AND kind = 'money'"
            ),
            {"pledge": settlement.pledge_id},
        )
        .scalar_one()
    )
