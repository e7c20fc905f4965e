"""Gifts that come to an organisation's own bank: received, in its hands, accounted for, given back by itself."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from sqlalchemy.orm import Session

from coevolve.config import settings
from coevolve.disbursements import queries as disbursements
from coevolve.disbursements import service as disbursing
from coevolve.disbursements.models import ReportState
from coevolve.kit import clock
from coevolve.kit.db import session as now
from coevolve.kit.errors import Conflict, Forbidden, Invalid
from coevolve.kit.money import Money, rupiah
from coevolve.ledger import accounts, exports
from coevolve.ledger import queries as books
from coevolve.ledger import service as ledger
from coevolve.ledger.models import Account
from coevolve.listings import queries as listings
from coevolve.payments import custody, queries
from coevolve.payments import service as payments
from coevolve.payments.models import Payment, Refund
from coevolve.pledges import queries as pledges
from coevolve.reconciliation import queries as reconciliation
from coevolve.reconciliation import service
from coevolve.reconciliation.models import Case
from coevolve.reconciliation.service import refund_lists
from tests.factories import custody as factory
from tests.factories import disbursements as disbursement_factory
from tests.factories import payments as payment_factory
from tests.factories import people
from tests.factories.disbursements import Ground
from tests.invariants import assert_books_balance


@pytest.fixture
def at(session: Session) -> Ground:
    return factory.direct()


def hands(at: Ground) -> int:
    return ledger.balance(accounts.in_hands(at.listing.id, at.organisation.id))


def memo(at: Ground) -> int:
    return ledger.balance(accounts.own_spending(at.listing.id, at.organisation.id))


def test_a_gift_to_the_own_account_is_received_and_already_in_its_hands(at: Ground) -> None:
    payment = factory.received(at, 500_000)
    assert (payment.state, payment.bank_account_id) == ("captured", factory.account(at).id)
    shown = queries.bank_account(payment.bank_account_id)
    assert (shown.account_number, shown.organisation_id) == ("0098123456", at.organisation.id)
    totals = books.fund_totals([at.listing.id])[at.listing.id]
    assert (totals.received, totals.available) == (payment.amount, 0)
    assert hands(at) == memo(at) == payment.amount == -ledger.balance(accounts.bank(payment.bank_account_id))
    assert pledges.totals_for([at.listing.id])[at.listing.id].received == payment.amount
    receipt = queries.receipt_of(payment.id)
    assert receipt is not None and receipt.issuer.startswith("OMS-")
    payments.number_receipts()
    now().refresh(receipt)
    assert queries.receipt_number(receipt).endswith("/000001")
    report = disbursements.open_own_report(at.listing.id)
    assert report is not None and report.due_on == clock.today() + dt.timedelta(
        days=settings().own_report_days
    )
    assert_books_balance()


def test_every_account_of_it_has_its_custodian_and_none_is_in_our_export(at: Ground) -> None:
    factory.received(at, 500_000)
    today = clock.today()
    assert list(exports.rows(today - dt.timedelta(days=1), today)) == []
    own = now().query(Account).filter(Account.custodian_id == at.organisation.id).all()
    assert {one.code.partition(":")[0] for one in own} >= {"bank", "in_hands", "own_spending", "own_advances"}
    day = reconciliation.day(today)
    assert (day.came, day.lines) == (0, 0)
    assert queries.bank_accounts() == [one for one in queries.bank_accounts() if one.organisation_id is None]


def test_card_money_of_the_same_listing_stays_with_us_and_is_disbursed(at: Ground) -> None:
    factory.received(at, 500_000)
    card = payment_factory.checkout(listing=at.listing, money=rupiah(2_000_000))
    from coevolve.reconciliation.service.booking import Arrival, book, settlement_of

    arrival = Arrival(
        key=f"test:{card.id}",
        from_account=accounts.provider_clearing("stripe"),
        money=Money(card.amount, "IDR"),
        at=clock.now(),
    )
    book(card, settlement_of(card), arrival)
    assert disbursements.fund_of(at.listing.id) == card.amount
    made = disbursement_factory.proposed(at, whole=2_000_000)
    assert made.state == "proposed"
    with pytest.raises(Conflict):
        disbursement_factory.proposed(at, whole=500_000)
    assert_books_balance(of="ledger")
    assert_books_balance(of="disbursements")


def test_reports_clear_what_is_in_hands_round_by_round(at: Ground) -> None:
    factory.received(at, 1_000_000)
    report = disbursements.open_own_report(at.listing.id)
    assert report is not None
    with pytest.raises(Invalid):
        disbursement_factory.expense(at, report, whole=1_100_000)
    disbursement_factory.expense(at, report, whole=400_000)
    disbursing.submit_report(
        report_id=report.id, by=at.treasurer, summary="Pipa tahap pertama sudah terpasang.", reasons={}
    )
    disbursing.accept_report(report_id=report.id, by=people.moderator())
    assert memo(at) == hands(at) - rupiah(400_000).amount
    following = disbursements.open_own_report(at.listing.id)
    assert following is not None and following.round == 2 and following.state == ReportState.due
    line = next(one for one in listings.lines_of(at.listing.id) if one.id == at.first.id)
    assert (line.spent, line.receipts) == (rupiah(400_000).amount, 1)
    assert_books_balance()


def test_past_its_day_the_listing_leaves_search_until_the_report_is_sent(at: Ground) -> None:
    factory.received(at, 500_000)
    report = disbursements.open_own_report(at.listing.id)
    assert report is not None
    with clock.travel(dt.timedelta(days=settings().own_report_days + 1)):
        assert disbursing.refresh_late() == 1
        now().refresh(at.listing)
        assert at.listing.hidden_since is not None
        disbursement_factory.expense(at, report, whole=100_000)
        disbursing.submit_report(
            report_id=report.id, by=at.owner, summary="Nota pertama, yang lain menyusul.", reasons={}
        )
        now().refresh(at.listing)
        assert at.listing.hidden_since is None


def test_a_refund_is_the_organisations_debt_until_its_statement_shows_it(at: Ground) -> None:
    giver = people.person()
    payment = factory.received(at, 500_000, by=giver)
    refund = service.ask_by_giver(
        payment_id=payment.id, money=Money(payment.amount, "IDR"), reason="Salah kirim", by=giver.id
    )
    with pytest.raises(Forbidden):
        service.approve_refund(refund_id=refund.id, by=at.finance.id)
    service.approve_refund(refund_id=refund.id, by=at.treasurer.id)
    owed = accounts.owed_back(at.organisation.id)
    assert ledger.balance(owed) == payment.amount and hands(at) == memo(at) == 0
    assert disbursements.open_own_report(at.listing.id) is None
    assert books.fund_totals([at.listing.id])[at.listing.id].received == 0
    with pytest.raises(Conflict):
        refund_lists.make_list(by=at.finance.id)
    payments.state_account(
        owner=("person", giver.id),
        bank_name="Bank Donatur",
        account_number="55512345",
        holder="Ani",
        by=giver.id,
    )
    refund_lists.mark_own_sent(refund_id=refund.id, by=at.treasurer.id)
    assert_books_balance()
    factory.line(at, -refund.amount, f"TRF {refund.public_ref}")
    factory.match(at)
    now().refresh(refund)
    assert refund.state == "succeeded" and ledger.balance(owed) == 0
    assert ledger.balance(accounts.bank(factory.account(at).id)) == 0
    assert_books_balance()


def test_a_declined_refund_is_in_hands_again(at: Ground) -> None:
    payment = factory.received(at, 500_000)
    refund = payments.ask_refund(
        payment_id=payment.id, money=rupiah(200_000), reason="Sebagian", by=at.treasurer.id
    )
    service.approve_refund(refund_id=refund.id, by=at.treasurer.id)
    assert hands(at) == payment.amount - rupiah(200_000).amount
    service.decline_refund(refund_id=refund.id, by=at.owner.id, because="Donatur berubah pikiran")
    assert hands(at) == memo(at) == payment.amount
    assert_books_balance()


def test_a_refund_of_money_already_accounted_for_is_owed_all_the_same(at: Ground) -> None:
    payment = factory.received(at, 500_000)
    report = disbursements.open_own_report(at.listing.id)
    assert report is not None
    disbursement_factory.expense(at, report, whole=400_000)
    disbursing.submit_report(
        report_id=report.id, by=at.treasurer, summary="Pipa tahap pertama sudah terpasang.", reasons={}
    )
    disbursing.accept_report(report_id=report.id, by=people.moderator())
    refund = payments.ask_refund(
        payment_id=payment.id, money=Money(payment.amount, "IDR"), reason="Salah", by=at.owner.id
    )
    service.approve_refund(refund_id=refund.id, by=at.treasurer.id)
    assert ledger.balance(accounts.owed_back(at.organisation.id)) == payment.amount
    assert (hands(at), memo(at)) == (0, 0)
    assert_books_balance()


def test_a_wrong_match_taken_back_leaves_nothing_in_hands(at: Ground) -> None:
    payment = factory.transfer(at, 500_000)
    line = factory.line(at, payment.amount, f"TRSF {payment.public_ref}")
    factory.match(at)
    assert hands(at) == payment.amount
    service.undo_line(line_id=line.id, by=at.treasurer.id, reason="Salah orang")
    assert hands(at) == memo(at) == 0
    now().refresh(payment)
    assert (payment.state, payment.captured) == ("awaiting", 0)
    factory.match(at)
    assert_books_balance()


def test_over_late_and_short_money_opens_cases_of_the_organisations_finance(at: Ground) -> None:
    over = factory.transfer(at, 300_000)
    line = factory.line(at, over.amount + 5_000_000, f"TRSF {over.public_ref}")
    service.match([factory.account(at).id], typed=True, seconds=None)
    assert (
        service.propose_match(line_id=line.id, target_kind="payment", target_id=over.id, by=at.treasurer.id)
        is None
    )
    service.confirm_match(line_id=line.id, by=at.owner.id)
    short = factory.transfer(at, 400_000)
    less = factory.line(at, short.amount - 10_000_000, f"TRSF {short.public_ref}")
    service.match([factory.account(at).id], typed=True, seconds=None)
    service.propose_match(line_id=less.id, target_kind="payment", target_id=short.id, by=at.owner.id)
    service.confirm_match(line_id=less.id, by=at.treasurer.id)
    found = {one.kind: one for one in now().query(Case).all()}
    assert {"over", "short"} <= set(found)
    assert {one.organisation_id for one in found.values()} == {at.organisation.id}
    now().refresh(over)
    giver = pledges.get(over.reference_id).giver_person_id
    assert giver is not None
    assert ledger.balance(accounts.own_credit(giver, at.organisation.id)) == 5_000_000
    assert books.find_account(f"donor_credit:{giver}:IDR") is None
    refund = payments.ask_refund(
        payment_id=over.id, money=Money(5_000_000, "IDR"), reason="Lebih bayar", by=at.owner.id
    )
    service.approve_refund(refund_id=refund.id, by=at.treasurer.id)
    assert ledger.balance(accounts.own_credit(giver, at.organisation.id)) == 0
    assert ledger.balance(accounts.owed_back(at.organisation.id)) == 5_000_000
    assert_books_balance()


def test_unknown_money_is_kept_apart_and_may_be_none_of_ours(at: Ground) -> None:
    line = factory.line(at, 123_456_700, "SETORAN TUNAI HIBAH LAIN")
    factory.match(at)
    service.set_aside(line_id=line.id, by=at.treasurer.id)
    bank = factory.account(at).id
    assert ledger.balance(accounts.own_unidentified(bank, at.organisation.id)) == 123_456_700
    assert ledger.balance(accounts.unidentified()) == 0
    [case] = now().query(Case).filter(Case.kind == "unidentified").all()
    assert case.organisation_id == at.organisation.id
    with pytest.raises(Conflict):
        service.propose_write_off(case_id=case.id, by=at.finance.id, note="Tidak ditemukan")
    service.ignore(line_id=line.id, by=at.treasurer.id, note="Hibah lain, bukan lewat Co-Evolve")
    assert ledger.balance(accounts.own_unidentified(bank, at.organisation.id)) == 0
    assert_books_balance()


def test_what_the_organisation_spends_itself_is_left_out_and_its_bank_fees_are_its_own(at: Ground) -> None:
    spent = factory.line(at, -20_000_000, "TRSF BELI PIPA TOKO MAJU")
    fee = factory.line(at, -1_250_000, "BIAYA ADM")
    factory.match(at)
    now().refresh(spent)
    now().refresh(fee)
    assert (spent.state, spent.reason) == ("ignored", "own_spending")
    service.confirm_match(line_id=fee.id, by=at.treasurer.id)
    assert -ledger.balance(accounts.own_fees(at.organisation.id)) == 1_250_000
    assert ledger.balance(accounts.fee_expense("bank")) == 0
    assert_books_balance()


def test_a_gift_to_us_is_not_paid_by_a_line_of_theirs_and_no_refund_of_ours_leaves_there(at: Ground) -> None:
    other = disbursement_factory.ground(whole=0, account=False)
    ours = payment_factory.transfer(listing=other.listing)
    assert custody.custodian_of(ours) is None
    line = factory.line(at, ours.amount, f"TRSF {ours.public_ref}")
    factory.match(at)
    now().refresh(line)
    assert (line.state, line.reason) == ("review", "ref_other_account")
    refund = Refund(
        payment_id=ours.id,
        public_ref=None,
        provider="bank_transfer",
        unit="IDR",
        amount=1_000_000,
        state="requested",
        origin="staff",
    )
    refund.id = uuid.uuid4()
    now().add(refund)
    now().flush()
    out = factory.line(at, -1_000_000, "TRF KELUAR KEMBALI UANG")
    with pytest.raises(Conflict) as refused:
        service.rehearse(line_id=out.id, target_kind="refund", target_id=refund.id)
    assert refused.value.code == "other_account"


def test_codes_are_reserved_per_account(at: Ground) -> None:
    sums = {factory.transfer(at, 250_000).amount for _ in range(8)}
    assert len(sums) == 8
    assert {one.bank_account_id for one in now().query(Payment).all()} == {factory.account(at).id}
