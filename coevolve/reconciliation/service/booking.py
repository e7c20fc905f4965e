"""Booking money that came: into the fund it was meant for, or into credit and a case when it cannot go there."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from coevolve.journal import service as journal
from coevolve.kit import moves
from coevolve.kit.db import session
from coevolve.kit.money import Money
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.ledger.service import Transfer
from coevolve.notifications import service as notifications
from coevolve.organisations import queries as organisations
from coevolve.payments import custody
from coevolve.payments import queries as payment_queries
from coevolve.payments import service as payments
from coevolve.payments.links import receipt_path
from coevolve.payments.models import OPEN, Payment, PaymentState, Receipt
from coevolve.pledges import links as pledge_links
from coevolve.pledges import queries as pledge_queries
from coevolve.pledges import service as pledges
from coevolve.pledges.queries import Settlement
from coevolve.reconciliation.service import own_hands
from coevolve.reconciliation.service.cases import close_by_itself, open_case
from coevolve.recurring import service as recurring

CAPTURED = "payment.captured"


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """Money that is really there: under which key, out of which account it is booked, and since when."""

    key: str
    from_account: int
    money: Money
    at: dt.datetime
    actor: str = "system"
    is_monthly: bool | None = None
    """Whether the pledge is a month of a gift that repeats; None: nobody has asked."""


def settlement_of(payment: Payment) -> Settlement:
    """What the payment pays for; its pledge is locked, always before the payment itself."""
    return pledge_queries.settlement_of(payment.reference_id, lock=True)


def credit_account(settlement: Settlement, unit: str) -> int:
    """Where money waits that is a giver's but has no fund to go to."""
    if settlement.giver_organisation_id is not None:
        return accounts.donor_credit(settlement.giver_organisation_id, unit, owner_kind="organisation")
    if settlement.owner_person_id is not None:
        return accounts.donor_credit(settlement.owner_person_id, unit)
    return accounts.donor_credit(settlement.pledge_id, unit, owner_kind="pledge")


def credit_for(payment: Payment, settlement: Settlement) -> int:
    """Where what a payment brought too much or too late waits: in the bank it came to."""
    own = own_hands.credit_of(payment, settlement)
    return credit_account(settlement, payment.unit) if own is None else own


def book(payment: Payment, settlement: Settlement, arrival: Arrival) -> int:
    """Book an arrival on a locked payment, once per key; returns the posting's id."""
    is_open = payment.state in OPEN or payment.state == PaymentState.captured
    if is_open and settlement.takes_money:
        return _into_fund(payment, settlement, arrival)
    if payment.state in OPEN:
        moves.move(payment, PaymentState.cancelled, by=None, cause="the pledge takes no money any more")
    return _into_credit(payment, settlement, arrival)


def _into_fund(payment: Payment, settlement: Settlement, arrival: Arrival) -> int:
    money = arrival.money
    is_first, asked = payment.captured == 0, payment.base_amount
    meant = _meant(payment, settlement, money)
    surplus = money - meant
    fund = accounts.fund(settlement.listing_id, money.unit)
    transfers = []
    if meant:
        transfers.append(_transfer(arrival.from_account, fund, meant))
    if surplus:
        transfers.append(_transfer(arrival.from_account, credit_for(payment, settlement), surplus))
    posting_id = _post(payment, arrival, transfers)
    own_hands.take_in_hand(payment, settlement, meant, key=arrival.key, at=arrival.at, actor=arrival.actor)
    _count(payment, arrival)
    if payment.state != PaymentState.captured:
        moves.move(payment, PaymentState.captured, by=None, cause=arrival.key)
    session().flush()
    if meant:
        pledges.settle_money(
            pledge_id=settlement.pledge_id, payment_id=payment.id, money=meant, at=arrival.at
        )
        _say_thanks(payment, settlement, meant, arrival, is_first=is_first)
    if surplus:
        open_case(kind="over", subject=("payment", payment.id), payment_id=payment.id, difference=surplus)
        _notify(
            "payment.credited", payment, settlement, surplus, f"payment.credited:{arrival.key}", path="/saldo"
        )
    # The code on top of a transfer names it and is owed by nobody: without it a gift is complete.
    if payment.captured < asked:
        missing = Money(payment.amount - payment.captured, payment.unit)
        open_case(kind="short", subject=("payment", payment.id), payment_id=payment.id, difference=missing)
    elif not is_first:
        close_by_itself(kind="short", subject=("payment", payment.id), note="Sisanya sudah datang.")
    return posting_id


def _meant(payment: Payment, settlement: Settlement, money: Money) -> Money:
    """How much goes to the pledge: what this payment still asks for, never beyond what the pledge takes.

    A transfer's own code comes on top of the pledge; money given twice for one promise does not.
    """
    asked = max(0, payment.amount - payment.captured)
    code = min((payment.unique_code or 0) * 100, asked)
    return Money(min(money.amount, asked, settlement.room + code), money.unit)


def _into_credit(payment: Payment, settlement: Settlement, arrival: Arrival) -> int:
    """Late or unwanted money: kept as the giver's credit, and a person asks the giver."""
    to = credit_for(payment, settlement)
    posting_id = _post(payment, arrival, [_transfer(arrival.from_account, to, arrival.money)])
    _count(payment, arrival)
    kind = _why_credit(payment, settlement)
    if payment.machine.allows(payment.state, PaymentState.captured_late):
        moves.move(payment, PaymentState.captured_late, by=None, cause=arrival.key)
    session().flush()
    journal.record("payment.late", about=("payment", payment.id), by=None, data=_facts(arrival.money))
    open_case(kind=kind, subject=("payment", payment.id), payment_id=payment.id, difference=arrival.money)
    told = "payment.late" if kind == "late" else "payment.credited"
    _notify(told, payment, settlement, arrival.money, f"{told}:{arrival.key}", path="/saldo")
    return posting_id


def _why_credit(payment: Payment, settlement: Settlement) -> str:
    """The case: more of the same payment, a second payment for a gift that is complete, or simply too late."""
    if payment.state == PaymentState.captured:
        return "over"
    return "twice" if settlement.is_complete else "late"


def _post(payment: Payment, arrival: Arrival, transfers: list[Transfer]) -> int:
    return ledger.post(
        key=arrival.key,
        kind=CAPTURED,
        transfers=transfers,
        source_kind="payment",
        source_id=payment.id,
        effective_at=arrival.at,
        actor=arrival.actor,
    )


def _transfer(debit: int, credit: int, money: Money) -> Transfer:
    return Transfer(debit_id=debit, credit_id=credit, amount=money.amount, unit=money.unit)


def _count(payment: Payment, arrival: Arrival) -> None:
    payment.captured += arrival.money.amount
    payment.expected_amount = max(0, payment.amount - payment.captured)
    payment.captured_at = payment.captured_at or arrival.at


def _say_thanks(
    payment: Payment, settlement: Settlement, money: Money, arrival: Arrival, *, is_first: bool
) -> Receipt:
    """The receipt, the journal, the giver's thanks and the CSO's news, in the transaction of the posting."""
    live = None if is_first else payment_queries.receipt_of(payment.id)
    if live is not None:
        # The rest of a gift that came in parts: one receipt for the whole replaces the first.
        payments.annul_receipt(payment_id=payment.id, because="replaced: more of the same gift came")
        money = money + Money(live.amount, live.unit)
    receipt = payments.write_receipt(
        payment_id=payment.id,
        money=money,
        paid_at=arrival.at,
        issuer=own_hands.issuer_of(payment) or payments.PLATFORM,
    )
    journal.record(
        CAPTURED,
        about=("payment", payment.id),
        by=None,
        for_organisation=settlement.organisation_id,
        data=_facts(money) | {"pledge": str(settlement.pledge_id), "listing": str(settlement.listing_id)},
    )
    _notify(
        "payment.received",
        payment,
        settlement,
        money,
        f"{arrival.key}:thanks",
        path=receipt_path(receipt.id, for_guest=_is_guest(settlement)),
        organisation=settlement.organisation_name,
        receipt_id=str(receipt.id),
        **(recurring.words_for(settlement.pledge_id) if arrival.is_monthly is not False else {}),
    )
    notifications.queue(
        kind="payment.news",
        person_ids=organisations.member_ids(settlement.organisation_id, roles=("owner", "finance")),
        about=("pledge", settlement.pledge_id),
        data=_words(money) | {"title": settlement.title, "path": f"/dukungan/{settlement.pledge_id}"},
        dedupe_key=f"{arrival.key}:news",
        for_organisation=settlement.organisation_id,
    )
    return receipt


def _is_guest(settlement: Settlement) -> bool:
    """Whether the giver has no account to see the gift in, so that a link must carry its own right."""
    return settlement.is_unproven


def _notify(
    kind: str, payment: Payment, settlement: Settlement, money: Money, dedupe_key: str, **more: str
) -> None:
    if settlement.giver_person_id is None:
        return
    if more.get("path") == "/saldo" and custody.custodian_of(payment) is not None:
        # Not credit with us: it lies in the organisation's bank, whose treasurer asks the giver.
        kind, more = "custody.surplus", more | {"path": f"/bayar/{payment.public_ref}"}
    if settlement.is_unproven and more.get("path") == "/saldo":
        more["path"] = pledge_links.path(settlement.pledge_id, "giver")
    if not settlement.is_unproven and "path" in more:
        # Who has an account signs in: a mail that is passed on then carries no right along.
        more["path"] = more["path"].partition("?kunci=")[0]
    notifications.queue(
        kind=kind,
        person_ids=[settlement.giver_person_id],
        about=("pledge", settlement.pledge_id),
        data=_words(money) | {"title": settlement.title, "path": f"/bayar/{payment.public_ref}"} | more,
        dedupe_key=dedupe_key,
        for_organisation=settlement.giver_organisation_id,
        channels=("email",) if settlement.is_unproven else None,
    )


notify_giver = _notify


def _facts(money: Money) -> dict[str, str]:
    return {"amount": str(money.amount), "unit": money.unit}


def _words(money: Money) -> dict[str, int | str]:
    """The sum for a notice: rupiah are formatted for each reader, another currency is said as it is."""
    return {"amount_minor": money.amount} if money.unit == "IDR" else {"amount": str(money)}
