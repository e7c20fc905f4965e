"""Money of a pledge: how it is to be paid, that it came, that it went back. Cash itself is booked by reconciliation."""

from __future__ import annotations

import datetime as dt
import uuid

from coevolve.kit import clock, db, moves
from coevolve.kit.db import session
from coevolve.kit.errors import Conflict, Invalid, NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.money import Money, format_money
from coevolve.ledger import accounts
from coevolve.ledger import queries as ledger_queries
from coevolve.ledger import service as ledger
from coevolve.ledger.models import COMMITMENT
from coevolve.listings.models import Listing
from coevolve.payments import queries as payment_queries
from coevolve.payments import service as payments
from coevolve.payments.models import Payment, PaymentState
from coevolve.people.models import Person
from coevolve.pledges import queries
from coevolve.pledges.models import AGREED, FulfilmentState, Pledge, PledgeFulfilment, PledgeLine, PledgeState
from coevolve.pledges.policy import Doer
from coevolve.pledges.service import asking, progress, telling

METHODS = ("checkout", "bank_transfer")
CANCELLABLE = (PaymentState.created, PaymentState.awaiting, PaymentState.grace)
"""States in which nobody has paid yet; what is processing at the provider runs its course."""


def pay(
    *,
    pledge_id: uuid.UUID,
    method: str,
    client_token: uuid.UUID,
    amount: int | None = None,
    language: str = "id",
) -> Payment:
    """Start paying what is still to come of a pledge's money, or `amount` of it (an instalment).

    The caller commits, then sends the outbox row. More than the rest is refused: a pledge never grows silently.
    """
    pledge = db.lock(Pledge, pledge_id)
    listing = db.get(Listing, pledge.listing_id)
    first = payment_queries.find_by_token("pledge", pledge.id, client_token)
    if first is not None:
        return first
    money = payable(pledge, listing, amount)
    giver = db.get(Person, pledge.giver_person_id) if pledge.giver_person_id is not None else None
    if method == "checkout":
        return payments.start_checkout(
            reference_kind="pledge",
            reference_id=pledge.id,
            money=money,
            client_token=client_token,
            payer_email=giver.email if giver else None,
            description=listing.title,
            language=language,
        )
    if method == "bank_transfer":
        payment = payments.start_bank_transfer(
            reference_kind="pledge",
            reference_id=pledge.id,
            money=money,
            client_token=client_token,
            is_rest=True,
            payer_name=telling.giver_name(pledge) or (giver.name if giver else ""),
            organisation_id=pledge.receiver_organisation_id,
        )
        telling.tell_how_to_transfer(pledge, payment)
        return payment
    raise Invalid("method_unknown", lazy("Pilih cara membayar."), field="method")


def payable(pledge: Pledge, listing: Listing, amount: int | None = None) -> Money:
    """What may be paid for a locked pledge now: its rest, or a part of it. Raises Conflict, Invalid."""
    line = queries.money_line_of(pledge.id)
    room = queries.room_of(pledge, listing)
    if line is None or room == 0:
        raise Conflict("nothing_to_pay", lazy("Tidak ada lagi yang perlu dibayar untuk dukungan ini."))
    if not pledge.is_pay_now and pledge.state not in AGREED:
        raise Conflict("not_agreed", lazy("Dukungan ini belum disepakati atau sudah selesai."))
    if amount is not None and not 0 < amount <= room:
        most = format_money(Money(room, line.unit))
        raise Invalid("more_than_rest", lazy("Yang belum dibayar hanya %(most)s.", most=most), field="amount")
    wanted = room if amount is None else amount
    if line.unit == "IDR":
        wanted -= wanted % 100  # money that came with sen may leave a rest with sen; people pay whole rupiah
    return Money(wanted, line.unit)


def cancel_payment(*, pledge_id: uuid.UUID, payment_id: uuid.UUID, by: Doer) -> Payment:
    """Give up one payment that waits; the pledge stays and can be paid anew. Its sum itself is never changed."""
    pledge, party = asking.locked(pledge_id, by, "pay")
    payment = payment_queries.get(payment_id)
    if payment.reference_kind != "pledge" or payment.reference_id != pledge.id:
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    if payment.state not in CANCELLABLE or payment.captured:
        raise Conflict("not_waiting", lazy("Pembayaran ini sudah tidak menunggu."))
    return payments.cancel(payment_id=payment.id, by=party.person_id, cause="given up by the giver")


def settle_money(*, pledge_id: uuid.UUID, payment_id: uuid.UUID, money: Money, at: dt.datetime) -> Pledge:
    """Money for this pledge is there: fulfil its promise, if there was one, and move it on.

    Part of reconciliation's one transaction, which has booked the cash and asked `takes_money` before.
    """
    pledge = db.lock(Pledge, pledge_id)
    listing = db.get(Listing, pledge.listing_id)
    lines = asking.lines_to_change(pledge.id)
    line = _fit(next((one for one in lines if one.kind == "money"), None), money)
    if queries.room_for(pledge, listing.state, line) == 0:
        raise Conflict("takes_no_money", lazy("Tidak ada lagi yang perlu dibayar untuk dukungan ini."))
    fulfilment = PledgeFulfilment(
        pledge_line_id=line.id,
        kind="money",
        state=FulfilmentState.confirmed,
        quantity_sent=money.amount,
        quantity_received=money.amount,
        payment_id=payment_id,
        happened_at=at,
    )
    moves.begin(fulfilment, by=None, cause="money came")
    posting_id = _keep_promise(pledge, line, fulfilment, money, at)
    if posting_id is not None:
        fulfilment.posting_id = posting_id
    if line.accepted_quantity is None:
        line.accepted_quantity = line.quantity
    _wait_for_rest(pledge, payment_id)
    line.received_quantity += money.amount
    session().flush()
    if pledge.state == PledgeState.offered and not _waits_for_answer(lines):
        pledge.answered_at = clock.now()
        moves.move(pledge, PledgeState.accepted, by=None, cause="money came")
    progress.advance(pledge, by=None, lines=lines)
    telling.record(
        pledge,
        "money_received",
        None,
        data={"payment": str(payment_id), "amount": str(money.amount), "unit": money.unit},
    )
    if pledge.state == PledgeState.confirmed:
        telling.record(pledge, "confirmed", None)
    progress.fulfil_listing(pledge.listing_id)
    return pledge


def _wait_for_rest(pledge: Pledge, payment_id: uuid.UUID) -> None:
    """A gift paid at once that came short stays open as long as its payment is waited for."""
    hold_until = payment_queries.get(payment_id).hold_until
    if pledge.is_pay_now and hold_until is not None and pledge.lapses_at is not None:
        pledge.lapses_at = max(pledge.lapses_at, hold_until)


def return_money(
    *,
    pledge_id: uuid.UUID,
    payment_id: uuid.UUID,
    money: Money,
    at: dt.datetime,
    cause: str = "refund",
    waits_again: bool = False,
) -> Pledge:
    """Money of this pledge went back (refund, lost dispute): partly delivered, or cancelled when nothing is left.

    `waits_again`: it had never been this pledge's (a bank line matched wrongly), so it is awaited as before.
    """
    pledge = db.lock(Pledge, pledge_id)
    line = _money_line(pledge, money)
    back = min(money.amount, line.received_quantity)
    if back == 0:
        raise Conflict("nothing_to_return", lazy("Tidak ada uang yang dapat dikembalikan."))
    fulfilment = PledgeFulfilment(
        pledge_line_id=line.id,
        kind="money",
        state=FulfilmentState.returned,
        quantity_sent=money.amount,
        quantity_received=back,
        payment_id=payment_id,
        evidence=cause,
        happened_at=at,
    )
    moves.begin(fulfilment, by=None, cause=cause)
    line.received_quantity -= back
    session().flush()
    fulfilment.posting_id = _break_promise(pledge, line, fulfilment, back, at)
    lines = asking.lines_to_change(pledge.id)
    left = any(one.received_quantity for one in lines)
    nothing = PledgeState.cancelled
    if waits_again:
        nothing = PledgeState.offered if pledge.is_pay_now else PledgeState.accepted
    to = PledgeState.partly_delivered if left else nothing
    if pledge.state in AGREED and pledge.state != to and pledge.machine.allows(pledge.state, to):
        moves.move(pledge, to, by=None, cause=cause)
        if to == PledgeState.cancelled:
            progress.give_up_rest(pledge, by=None)
    telling.record(
        pledge,
        "money_returned",
        None,
        data={"payment": str(payment_id), "amount": str(back), "unit": money.unit, "cause": cause},
    )
    return pledge


def _money_line(pledge: Pledge, money: Money) -> PledgeLine:
    lines = asking.lines_to_change(pledge.id)
    return _fit(next((one for one in lines if one.kind == "money"), None), money)


def _fit(line: PledgeLine | None, money: Money) -> PledgeLine:
    if line is None or line.unit != money.unit or money.amount <= 0:
        raise Invalid("money_line", lazy("Dukungan ini tidak berupa uang dalam mata uang itu."))
    return line


def _waits_for_answer(lines: list[PledgeLine]) -> bool:
    """Whether other lines of the same pledge (goods, time, facilities) wait for the receiver's answer."""
    return any(line.accepted_quantity is None for line in lines if line.kind != "money")


def _keep_promise(
    pledge: Pledge, line: PledgeLine, fulfilment: PledgeFulfilment, money: Money, at: dt.datetime
) -> int | None:
    """Fulfil the commitment by what came; more than was promised is in the cash book only."""
    if line.hold_id is None:
        return None
    amount = min(money.amount, ledger_queries.outstanding(line.hold_id))
    if amount == 0:
        return None
    return ledger.fulfil(
        key=f"pledge_fulfilment:{fulfilment.id}:kept",
        kind="pledge.kept",
        pending_id=line.hold_id,
        amount=amount,
        unit=line.unit,
        source_kind="pledge",
        source_id=pledge.id,
        effective_at=at,
    )


def _break_promise(
    pledge: Pledge, line: PledgeLine, fulfilment: PledgeFulfilment, back: int, at: dt.datetime
) -> int | None:
    """Take back from the commitment book what had been fulfilled of a promise and is not kept any more."""
    if pledge.is_pay_now:
        return None
    promised_to = accounts.promised_to(pledge.listing_id, line.unit, owner_kind="listing")
    fulfilled = ledger_queries.kept_by("pledge", pledge.id, promised_to)
    amount = min(back, max(0, fulfilled - line.received_quantity))
    if amount == 0:
        return None
    return ledger.post(
        key=f"pledge_fulfilment:{fulfilment.id}:returned",
        kind="pledge.returned",
        transfers=[
            ledger.Transfer(
                debit_id=promised_to,
                credit_id=accounts.promises(pledge.listing_id, line.unit, owner_kind="listing"),
                amount=amount,
                unit=line.unit,
                book=COMMITMENT,
            )
        ],
        source_kind="pledge",
        source_id=pledge.id,
        effective_at=at,
    )
