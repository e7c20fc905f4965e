"""The provider's transfers to our bank: what they are made of, that they are one line, and that they may come back."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select, text
from sqlalchemy.orm import Session

from coevolve.kit import clock
from coevolve.kit.db import session as db_session
from coevolve.kit.money import Money, rupiah
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.payments import gateways, service
from coevolve.payments.gateways import gateway
from coevolve.payments.models import Payment, Payout, PayoutState, ProviderTransaction
from coevolve.payments.provider import FoundCharge, FoundDispute, FoundPayment, FoundRefund
from coevolve.payments.service.arriving import keep
from coevolve.people.models import Person
from coevolve.reconciliation import service as reconciliation
from coevolve.reconciliation.models import Case
from coevolve.reconciliation.service.settlement import park, settle_payment
from tests.factories import listings, many, people
from tests.factories import payments as factory
from tests.invariants import assert_books_balance
from tests.payment_sandbox.server import Sandbox
from tests.reconciliation.account import Account

CHARGES, REFUNDS, PARTLY, DISPUTES = 10_000, 300, 10, 7


@pytest.fixture
def finance(session: Session) -> Person:
    return people.finance()


@pytest.fixture
def statements(session: Session) -> Iterator[list[str]]:
    """Every statement sent to the database."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


def cases() -> list[str]:
    """What a person still has to look into."""
    return sorted(db_session().execute(select(Case.kind).where(Case.state != "resolved")).scalars())


def the_payout() -> Payout:
    return db_session().execute(select(Payout)).scalar_one()


def clearing() -> int:
    return -ledger.balance(accounts.provider_clearing("stripe"))


def in_transit() -> int:
    return -ledger.balance(accounts.in_transit("stripe"))


def arrives(payout: Payout, by: Person) -> int:
    """One line of our bank statement is the payout; returns the line's id."""
    account = factory.bank_account()
    line = reconciliation.enter_bank_line(
        bank_account_id=account.id,
        booked_on=clock.today(),
        money=Money(payout.amount, payout.unit),
        words=f"STRIPE PAYOUT {payout.trace_ref or ''}",
        bank_ref=None,
        by=by.id,
    )
    booked = reconciliation.propose_match(
        line_id=line.id, target_kind="payout", target_id=payout.id, by=by.id
    )
    assert booked is not None, "sum and state agree, so it is booked at once"
    return line.id


def picture(gift: many.CardGift, **over: Any) -> FoundPayment:
    """What the provider has of a gift now."""
    charge = FoundCharge(ref=gift.charge_ref, captured=Money(gift.amount), captured_at=clock.now(), **over)
    return FoundPayment(
        provider="stripe",
        account="",
        payment_id=gift.payment_id,
        checkout_ref=None,
        intent_ref=None,
        status="paid",
        charges=(charge,),
    )


def give_back(session: Session, account: Account, gift: many.CardGift, amount: int) -> None:
    ref = f"re_{gift.charge_ref}"
    refund = FoundRefund(ref=ref, money=Money(amount), state="succeeded", reason=None, created_at=clock.now())
    settle_payment(session.get_one(Payment, gift.payment_id), picture(gift, refunds=(refund,)))
    account.book("refund", ref, -amount)


def dispute(session: Session, account: Account, gift: many.CardGift, end: str) -> None:
    ref = f"du_{gift.charge_ref}"
    for state in ("needs_response", end):
        found = FoundDispute(
            ref=ref, money=Money(gift.amount), state=state, reason="fraudulent", created_at=clock.now()
        )
        settle_payment(session.get_one(Payment, gift.payment_id), picture(gift, disputes=(found,)))
    account.book("adjustment", ref, -gift.amount, fee=15_000_000)
    if end == "won":
        account.book("adjustment", ref, gift.amount)


@pytest.mark.case(66)
@pytest.mark.timeout(240)
def test_ten_thousand_charges_are_one_bank_line(
    session: Session, finance: Person, statements: list[str]
) -> None:
    chance = random.Random(66)
    listing = listings.open_campaign(lines=(listings.money(100_000_000_000),))
    account = Account()
    gifts = many.captured(
        [chance.randint(10, 2_000) * 100_000 for _ in range(CHARGES - REFUNDS + PARTLY)],
        listing=listing,
        by=people.person(),
    )
    back = many.refunded(REFUNDS - PARTLY, rupiah(125_000), listing=listing, by=people.person())
    gifts = [gift for gift, _ in back] + gifts
    for gift in gifts:
        account.book("charge", gift.charge_ref, gift.amount, fee=gift.amount * 29 // 1000 + 200_000)
    for gift, ref in back:
        account.book("refund", ref, -gift.amount)
    for gift in gifts[len(back) : len(back) + PARTLY]:
        give_back(session, account, gift, gift.amount // 200 * 100)
    for number, gift in enumerate(gifts[-DISPUTES:]):
        dispute(session, account, gift, "won" if number % 3 == 0 else "lost")
    foreign = FoundCharge(ref="ch_foreign", captured=Money(5_001, "USD"), captured_at=clock.now())
    park(foreign, provider="stripe", account="")
    account.book("charge", "ch_foreign", 79_641_925, fee=3_704_245, exchange_rate="15925.2")
    account.book("stripe_fee", None, -1_234_567)
    found = account.pay_out("po_0066")
    session.commit()
    with gateways.installed(account):
        statements.clear()
        rows = {row.unit: row for row in reconciliation.compare_provider_transactions()}
        taken = len(statements)
    assert taken < 300, "a few statements, however many transactions"
    assert {unit: (row.theirs, row.ours, row.explained) for unit, row in rows.items()} == {
        "IDR": (0, 0, 0),
        "USD": (0, 0, 0),
    }
    payout = the_payout()
    parts = session.execute(
        select(func.count(), func.sum(ProviderTransaction.net)).where(
            ProviderTransaction.payout_id == payout.id, ProviderTransaction.kind != "payout"
        )
    ).one()
    won = sum(1 for number in range(DISPUTES) if number % 3 == 0)
    assert tuple(parts) == (CHARGES + REFUNDS + DISPUTES + won + 2, found.money.amount)
    unexplained = select(func.count()).where(ProviderTransaction.explained_as.is_(None))
    assert session.execute(unexplained).scalar_one() == 0
    assert (payout.amount, in_transit()) == (found.money.amount, found.money.amount)
    arrives(payout, finance)
    assert payout.state == PayoutState.reconciled
    assert (clearing(), in_transit()) == (0, 0)
    fees = ledger.balance(accounts.fee_expense("stripe"))
    assert -fees == sum(line.fee for line in account.lines) + 1_234_567
    assert cases() == ["unknown_charge"], "the foreign money has no gift; all else is explained"
    assert_books_balance()
    statements.clear()
    with gateways.installed(account):
        reconciliation.compare_provider_transactions()
    count = session.execute(text("SELECT count(*) FROM payment_provider_txn")).scalar_one()
    assert (count, cases()) == (len(account.lines), ["unknown_charge"]), "another round changes nothing"


def test_a_payout_that_does_not_add_up_is_a_case(session: Session) -> None:
    account = Account()
    [gift] = many.captured([50_000_000], listing=listings.open_campaign(), by=people.person())
    account.book("charge", gift.charge_ref, gift.amount, fee=1_650_000)
    account.pay_out("po_0001")
    account.in_payout["po_0001"] = account.in_payout["po_0001"][1:]
    with gateways.installed(account):
        reconciliation.compare_provider_transactions()
    assert cases() == ["payout_sum"]
    account.in_payout["po_0001"] = list(account.lines)
    the_payout().read_at = None
    session.commit()
    with gateways.installed(account):
        reconciliation.compare_provider_transactions()
    [case] = session.execute(select(Case)).scalars()
    assert case.state == "resolved", "it closes by itself once the provider's list is whole"
    assert_books_balance()


def opened(**over: Any) -> Payment:
    payment = factory.checkout(**over)
    outbox_id = service.outbox_id_of(payment.id)
    assert outbox_id is not None
    return service.send(outbox_id)


def deliver_all() -> None:
    for hint in list(gateway().list_events(since=clock.now() - clock.dt.timedelta(hours=2))):
        keep(hint, provider="stripe", via="push")
        reconciliation.work_off()


@pytest.mark.case(67)
@pytest.mark.parametrize("when", ["before its bank line", "after its bank line"])
def test_a_payout_that_was_paid_and_fails(
    session: Session, sandbox: Sandbox, finance: Person, when: str
) -> None:
    payment = opened()
    sandbox.pay(payment.provider_ref or "")
    made = sandbox.payout()
    deliver_all()
    payout = the_payout()
    assert (payout.state, payout.is_final) == (PayoutState.paid, True)
    assert (clearing(), in_transit()) == (50_000_000 - made["amount"], made["amount"])
    if when == "after its bank line":
        arrives(payout, finance)
        assert (payout.state, in_transit()) == (PayoutState.reconciled, 0)
    sandbox.change_payout(made["id"], "fail")
    for _ in range(2):
        deliver_all()
    session.refresh(payout)
    assert payout.state == PayoutState.failed
    assert "closed" in (payout.failure or "")
    assert cases() == ["payout_failed"]
    # What the bank has and gives back by another line is on its way, the other way round, until that line comes.
    assert in_transit() == (0 if when == "before its bank line" else -made["amount"])
    [row] = reconciliation.compare_provider_transactions()
    assert (row.theirs, row.ours) == (made["amount"], made["amount"])
    again = sandbox.payout()
    deliver_all()
    assert again["amount"] == made["amount"], "it is paid out again"
    [row] = reconciliation.compare_provider_transactions()
    assert (row.theirs, row.ours, row.explained) == (0, 0, 0)
    assert cases() == ["payout_failed"]
    service.number_receipts()
    assert_books_balance()


@pytest.mark.case(67)
def test_a_failure_is_booked_even_when_nobody_saw_the_payout_leave(
    session: Session, sandbox: Sandbox
) -> None:
    payment = opened(money=rupiah(750_000))
    sandbox.pay(payment.provider_ref or "")
    made = sandbox.payout()
    sandbox.change_payout(made["id"], "fail")
    [row] = reconciliation.compare_provider_transactions()
    assert (row.theirs, row.ours, row.explained) == (made["amount"], made["amount"], 0)
    assert (the_payout().state, in_transit()) == (PayoutState.failed, 0)
    assert cases() == ["payout_failed"]
    service.number_receipts()
    assert_books_balance()
