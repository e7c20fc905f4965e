"""A campaign closed so that every gift goes back: each paid donor once, whoever dies in between."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from coevolve.journal.models import JournalLine
from coevolve.kit.errors import Conflict, Forbidden, Invalid
from coevolve.kit.money import rupiah
from coevolve.listings import queries as listing_queries
from coevolve.listings.models import Listing
from coevolve.moderation import service as moderation
from coevolve.notifications.models import Message
from coevolve.payments import service as payments
from coevolve.payments.models import Payment, Refund, RefundRound
from coevolve.people.models import Person
from coevolve.reconciliation import service
from coevolve.reconciliation.service.refund_rounds import make_rows, progress_of, round_of
from tests.factories import listings, people
from tests.invariants import assert_books_balance
from tests.payment_sandbox.server import Sandbox
from tests.payments import refund_world as world

REASON = "Tiga pelapor membuktikan bahwa sumurnya tidak pernah ada."


@pytest.fixture(autouse=True)
def _world(session: Session, sandbox: Sandbox) -> None:
    """Every test here has the database and the provider."""


@pytest.fixture
def moderator() -> Person:
    return people.staff("moderator")


@pytest.fixture
def finance() -> Person:
    return people.staff("finance")


def campaign() -> Listing:
    return listings.open_campaign(lines=(listings.money(90_000_000),))


def close(listing: Listing, by: Person) -> RefundRound:
    """Frozen, then closed with every gift to go back."""
    moderation.freeze(listing_id=listing.id, by=by, text="Diperiksa karena laporan warga.")
    moderation.unfreeze(listing_id=listing.id, by=by, text=REASON, is_closed=True, refunds=True)
    made = round_of(listing.id)
    assert made is not None
    return made


def rows(session: Session, made: RefundRound) -> list[Refund]:
    session.expire_all()
    return list(
        session.execute(select(Refund).where(Refund.round_id == made.id).order_by(Refund.id)).scalars()
    )


def told(session: Session, kind: str) -> int:
    return session.execute(
        select(func.count()).select_from(Message).where(Message.kind == kind, Message.channel == "email")
    ).scalar_one()


def journal(session: Session, kind: str) -> int:
    return session.execute(
        select(func.count()).select_from(JournalLine).where(JournalLine.kind == kind)
    ).scalar_one()


def test_every_paid_donor_once(
    session: Session,
    sandbox: Sandbox,
    moderator: Person,
    finance: Person,
    work_off: Callable[[], list[str]],
) -> None:
    listing = campaign()
    other = world.paid_by_card(sandbox, listing=campaign())
    cards = [world.paid_by_card(sandbox, listing=listing, money=rupiah(n * 100_000)) for n in (1, 2, 3)]
    transfer = world.paid_by_transfer(listing=listing, money=rupiah(400_000))
    sandbox.refund(world.charge_of(sandbox, cards[2]), 5_000_000)
    world.deliver()
    made = close(listing, moderator)
    assert told(session, "refund.to_approve") >= 1
    assert progress_of(made.id).total == 4
    assert progress_of(made.id).money == 55_000_000 + transfer.captured
    assert make_rows(made) == 0
    assert service.begin_round(listing_id=listing.id, reason=REASON, by=moderator.id).id == made.id
    assert {one.state for one in rows(session, made)} == {"requested"}
    with pytest.raises(Forbidden):
        service.approve_round(round_id=made.id, by=moderator.id)
    with pytest.raises(Conflict):
        service.approve_refund(refund_id=rows(session, made)[0].id, by=finance.id)
    assert service.work_rounds() == 0
    service.approve_round(round_id=made.id, by=finance.id)
    work_off()
    world.send_refunds()
    for _ in range(2):
        service.work_rounds()
        world.deliver()
    found = rows(session, made)
    assert sorted(one.state for one in found) == ["approved", *["succeeded"] * 3]
    assert progress_of(made.id).under_way == 1
    by_transfer = next(one for one in found if one.provider == "bank_transfer")
    owner = ("person", service_owner(transfer))
    account = payments.state_account(
        owner=owner, bank_name="Bank Contoh", account_number="1234567890", holder="Maria Bria", by=None
    )
    payments.verify_account(account_id=account.id, by=finance.id)
    service.mark_list_sent(list_id=service.make_list(by=finance.id).id, by=finance.id)
    world.pay_out(by_transfer, transfer)
    service.work_rounds()
    session.refresh(made)
    assert made.state == "done"
    assert [one.status for one in _refunds(sandbox)] == ["succeeded"] * 4
    for payment in (*cards, transfer):
        session.refresh(payment)
        assert payment.refunded == payment.captured
    session.refresh(other)
    assert (other.refunded, other.refund_pending) == (0, 0)
    assert world.fund(cards[0]) == world.payable() == 0
    assert told(session, "payment.refunded") == 5
    assert told(session, "refund.round") >= 1
    assert told(session, "refund.news") <= 2
    assert journal(session, "refund_round.asked") == journal(session, "refund_round.approved") == 1
    assert journal(session, "refund_round.done") == 1
    assert journal(session, "refund.approved") == 4
    assert journal(session, "payment.refunded") == 5
    payments.number_receipts()
    assert_books_balance()


class _Seen:
    def __init__(self, row: dict[str, object]) -> None:
        self.status = str(row["status"])


def _refunds(sandbox: Sandbox) -> list[_Seen]:
    return [_Seen(row) for row in world.provider_refunds(sandbox)]


def service_owner(payment: Payment) -> object:
    from coevolve.pledges import queries as pledges

    return pledges.settlement_of(payment.reference_id).owner_person_id


def test_money_that_comes_late_goes_back_too(
    session: Session,
    sandbox: Sandbox,
    moderator: Person,
    finance: Person,
    work_off: Callable[[], list[str]],
) -> None:
    listing = campaign()
    world.paid_by_card(sandbox, listing=listing, money=rupiah(100_000))
    from tests.factories import payments as factory

    late = factory.checkout(listing=listing, money=rupiah(200_000))
    sandbox.pay(payments.send(payments.outbox_id_of(late.id) or 0).provider_ref or "")
    made = close(listing, moderator)
    service.approve_round(round_id=made.id, by=finance.id)
    work_off()
    world.send_refunds()
    service.work_rounds()
    session.refresh(made)
    assert made.state == "done"
    assert service.reopen_late_rounds() == 0
    world.deliver()
    session.refresh(late)
    assert late.captured == 20_000_000
    assert service.reopen_late_rounds() == 1
    work_off()
    world.send_refunds()
    service.work_rounds()
    session.refresh(made)
    session.refresh(late)
    assert (made.state, late.refunded) == ("done", 20_000_000)
    assert len(rows(session, made)) == 2
    payments.number_receipts()
    assert_books_balance()


def test_finance_says_no_and_all_is_free_again(
    session: Session, sandbox: Sandbox, moderator: Person, finance: Person
) -> None:
    listing = campaign()
    paid = world.paid_by_card(sandbox, listing=listing)
    made = close(listing, moderator)
    with pytest.raises(Invalid):
        service.cancel_round(round_id=made.id, by=finance.id, because=" ")
    service.cancel_round(round_id=made.id, by=finance.id, because="Laporannya keliru.")
    session.refresh(paid)
    assert (paid.refund_pending, round_of(listing.id)) == (0, None)
    assert {one.state for one in rows(session, made)} == {"canceled"}
    assert service.begin_round(listing_id=listing.id, reason=REASON, by=moderator.id).id != made.id
    assert_books_balance()


def test_only_of_what_has_ended(session: Session, sandbox: Sandbox, moderator: Person) -> None:
    listing = campaign()
    with pytest.raises(Conflict) as refusal:
        service.begin_round(listing_id=listing.id, reason=REASON, by=moderator.id)
    assert refusal.value.code == "listing_alive"
    moderation.freeze(listing_id=listing.id, by=moderator, text="Diperiksa karena laporan warga.")
    moderation.unfreeze(listing_id=listing.id, by=moderator, text=REASON, is_closed=True)
    assert round_of(listing.id) is None
    assert listing_queries.get(listing.id).state == "closed"
    assert_books_balance()
