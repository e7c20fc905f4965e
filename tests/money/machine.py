"""Random steps in the life of gifts, refunds, disputes and disbursements, done to the platform and on paper."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from coevolve.disbursements import service as disbursements
from coevolve.kit import clock
from coevolve.kit.db import lock, session
from coevolve.kit.money import Money, rupiah
from coevolve.ledger import accounts
from coevolve.ledger import queries as ledger
from coevolve.payments import service as payments
from coevolve.payments.models import Payment, PaymentState
from coevolve.payments.provider import FoundCharge, FoundDispute, FoundPayment, FoundRefund, ProviderBusy
from coevolve.reconciliation import service as reconciliation
from coevolve.reconciliation.service import settlement
from tests.factories import disbursements as out
from tests.factories import payments as gifts
from tests.invariants import assert_books_balance
from tests.money.model import Back, Books, Gift

SOME = st.integers(1, 30).map(lambda tens: rupiah(tens * 10_000).amount)
"""Rp 10.000 to Rp 300.000."""
QUICK = settings(
    max_examples=4,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    database=None,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate,),
)
LONG = settings(QUICK, max_examples=60, stateful_step_count=40)
_number = itertools.count(1)


class Life:
    """A payment of ours with its model and the names the provider gave it."""

    def __init__(self, payment: Payment) -> None:
        self.payment_id = payment.id
        self.model = Gift(payment.amount)
        self.number = next(_number)
        self.refund_ids: list[Any] = []
        self.begun_at = clock.now()

    def picture(self, status: str = "paid") -> FoundPayment:
        """What the provider shows of it now."""
        charges: tuple[FoundCharge, ...] = ()
        if self.model.captured:
            charges = (
                FoundCharge(
                    ref=f"ch_{self.number}",
                    captured=Money(self.model.captured, "IDR"),
                    captured_at=self.begun_at,
                    refunds=tuple(self._refunds()),
                    disputes=tuple(self._disputes()),
                ),
            )
        return FoundPayment(
            provider="stripe",
            account="",
            payment_id=self.payment_id,
            checkout_ref=f"cs_{self.number}",
            intent_ref=f"pi_{self.number}",
            status=status,
            charges=charges,
        )

    def _refunds(self) -> Iterator[FoundRefund]:
        for place, (back, refund_id) in enumerate(zip(self.model.refunds, self.refund_ids, strict=True)):
            if back.state in ("pending", "succeeded", "failed"):
                yield FoundRefund(
                    ref=f"re_{self.number}_{place}",
                    money=Money(back.amount, "IDR"),
                    state=back.state,
                    reason=None,
                    created_at=self.begun_at,
                    refund_id=refund_id,
                )

    def _disputes(self) -> Iterator[FoundDispute]:
        for place, back in enumerate(self.model.disputes):
            yield FoundDispute(
                ref=f"dp_{self.number}_{place}",
                money=Money(back.amount, "IDR"),
                state=back.state,
                reason="fraudulent",
                created_at=self.begun_at,
            )

    def settle(self, *, times: int = 1) -> None:
        """The picture comes, perhaps more than once."""
        for _ in range(times):
            payment = session().get(Payment, self.payment_id)
            assert payment is not None
            settlement.settle_payment(payment, self.picture())
            session().flush()


class MoneyLife(RuleBasedStateMachine):
    """One campaign; every step is done to the platform and to the model, and then they must agree."""

    lives = Bundle("lives")
    sendings = Bundle("sendings")

    @initialize()
    def begin(self) -> None:
        self.savepoint = session().begin_nested()
        self.at = out.ground(whole=1_000_000)
        self.books = Books(fund=self._fund())
        self.start_bank = self._bank()
        self.all: list[Life] = []

    def teardown(self) -> None:
        try:
            if hasattr(self, "books"):
                payments.number_receipts()
                assert_books_balance()
        finally:
            session().rollback() if not self.savepoint.is_active else self.savepoint.rollback()
            session().expire_all()

    # --- gifts ------------------------------------------------------------------------------------------

    @rule(target=lives, amount=SOME)
    def give(self, amount: int) -> Life:
        life = Life(gifts.checkout(listing=self.at.listing, money=Money(amount, "IDR")))
        self.all.append(life)
        return life

    @rule(target=lives, amount=SOME)
    def give_and_pay(self, amount: int) -> Life:
        life = self.give(amount)
        self.pay(life, 1)
        return life

    @rule(life=lives, times=st.integers(1, 3))
    def pay(self, life: Life, times: int) -> None:
        if life.model.captured:
            return
        payment = lock(Payment, life.payment_id)
        late = payment.state in (PaymentState.expired, PaymentState.cancelled, PaymentState.failed)
        self.books.capture(life.model, late=late)
        life.settle(times=times)

    @rule(life=lives, status=st.sampled_from(["open", "processing", "expired", "failed"]))
    def older_or_other_news(self, life: Life, status: str) -> None:
        payment = lock(Payment, life.payment_id)
        picture = life.picture(status) if not life.model.captured else life.picture()
        settlement.settle_payment(payment, picture)

    @rule(life=lives)
    def same_news_again(self, life: Life) -> None:
        if not life.model.is_in_hand:
            life.settle(times=2)

    # --- refunds ----------------------------------------------------------------------------------------

    @rule(life=lives, amount=SOME)
    def ask(self, life: Life, amount: int) -> None:
        if amount > life.model.left:
            with pytest.raises(Exception, match=r"."):
                payments.ask_refund(
                    payment_id=life.payment_id,
                    money=Money(amount, "IDR"),
                    reason="salah",
                    by=self.at.finance.id,
                )
            return
        made = payments.ask_refund(
            payment_id=life.payment_id, money=Money(amount, "IDR"), reason="salah", by=self.at.finance.id
        )
        life.model.refunds.append(Back(amount, "requested", by_us=True))
        life.refund_ids.append(made.id)

    @rule(life=lives)
    def approve(self, life: Life) -> None:
        for place, back in enumerate(life.model.refunds):
            if back.state == "requested":
                back.legs = self.books.take(life.model, back.amount, "payable")
                back.state = "sending"
                reconciliation.approve_refund(refund_id=life.refund_ids[place], by=self.at.finance2.id)
                return

    @rule(life=lives)
    def decline(self, life: Life) -> None:
        for place, back in enumerate(life.model.refunds):
            if back.state == "requested":
                back.state = "canceled"
                reconciliation.decline_refund(
                    refund_id=life.refund_ids[place], by=self.at.finance2.id, because="tidak perlu"
                )
                return

    @rule(life=lives, to=st.sampled_from(["pending", "succeeded", "failed"]), times=st.integers(1, 2))
    def refund_goes_on(self, life: Life, to: str, times: int) -> None:
        ways = {
            "sending": ("pending", "succeeded", "failed"),
            "pending": ("succeeded", "failed"),
            "succeeded": ("failed",),
        }
        for back in life.model.refunds:
            if to in ways.get(back.state, ()):
                was, back.state = back.state, to
                if to == "succeeded":
                    self.books.leave(back.amount, "payable")
                elif to == "failed":
                    if was == "succeeded":
                        self.books.come_back(back.amount, "payable")
                    self.books.give_home(back.legs, "payable")
                life.settle(times=times)
                return

    @rule(life=lives, amount=SOME)
    def refund_in_the_dashboard(self, life: Life, amount: int) -> None:
        gift = life.model
        if not gift.captured or amount > gift.left_at_provider:
            return
        back = Back(amount, "succeeded")
        gift.refunds.append(back)
        life.refund_ids.append(None)
        if self._is_busy(life):
            gift.refunds.pop()
            life.refund_ids.pop()
            return
        self._make_room(gift, back)
        back.legs = self.books.take(gift, amount, "payable")
        self.books.leave(amount, "payable")
        life.settle()

    # --- disputes ---------------------------------------------------------------------------------------

    @rule(life=lives, amount=SOME)
    def dispute(self, life: Life, amount: int) -> None:
        gift = life.model
        if not gift.captured or amount > gift.left_at_provider:
            return
        back = Back(amount, "needs_response")
        gift.disputes.append(back)
        if self._is_busy(life):
            gift.disputes.pop()
            return
        self._make_room(gift, back)
        back.legs = self.books.take(gift, amount, "holdback")
        life.settle()

    @rule(life=lives, to=st.sampled_from(["won", "lost"]), times=st.integers(1, 2))
    def dispute_ends(self, life: Life, to: str, times: int) -> None:
        for back in life.model.disputes:
            if back.state == "needs_response":
                back.state = to
                if to == "lost":
                    self.books.leave(back.amount, "holdback")
                else:
                    self.books.give_home(back.legs, "holdback")
                life.settle(times=times)
                return

    @rule(life=lives)
    def lost_dispute_is_won_after_all(self, life: Life) -> None:
        for back in life.model.disputes:
            if back.state == "lost":
                back.state = "won"
                self.books.come_back(back.amount, "holdback")
                self.books.give_home(back.legs, "holdback")
                life.settle()
                return

    # --- money out --------------------------------------------------------------------------------------

    @rule(target=sendings, tens=st.integers(1, 40))
    def propose(self, tens: int) -> Any:
        amount = rupiah(tens * 10_000).amount
        if amount > self.books.fund - self.books.held:
            with pytest.raises(Exception, match=r"."):
                out.proposed(self.at, whole=amount // 100)
            return None
        made = out.proposed(self.at, whole=amount // 100)
        self.books.held += amount
        return made

    @rule(made=sendings)
    def next_step(self, made: Any) -> None:
        if made is None:
            return
        if made.state == "proposed":
            disbursements.approve(disbursement_id=made.id, by=self.at.owner)
        elif made.state == "approved":
            disbursements.release(disbursement_id=made.id, by=self.at.finance)
        elif made.state == "released":
            disbursements.list_for_payment(disbursement_ids=[made.id], by=self.at.finance)
        elif made.state == "sending":
            disbursements.mark_sent(disbursement_id=made.id, by=self.at.finance, on=clock.today())
        elif made.state == "sent":
            out.settle(made)
            self.books.held -= made.amount
            self.books.fund -= made.amount
            self.books.paid_out += made.amount
        session().refresh(made)

    @rule(made=sendings)
    def bounce(self, made: Any) -> None:
        if made is not None and made.state == "settled":
            out.bounce(made)
            self.books.fund += made.amount
            self.books.paid_out -= made.amount
            session().refresh(made)

    @rule(made=sendings)
    def cancel(self, made: Any) -> None:
        if made is not None and made.state in ("proposed", "approved"):
            disbursements.cancel(disbursement_id=made.id, by=self.at.treasurer, reason="tidak jadi")
            self.books.held -= made.amount
            session().refresh(made)

    # --- what must agree --------------------------------------------------------------------------------

    @invariant()
    def books_are_as_on_paper(self) -> None:
        if not hasattr(self, "books"):
            return
        session().flush()
        totals = ledger.fund_totals([self.at.listing.id])[self.at.listing.id]
        found = Books(
            fund=totals.balance,
            held=totals.held,
            credit=ledger.sum_of("donor_credit"),
            payable=ledger.sum_of("refunds_payable"),
            holdback=ledger.sum_of("dispute_holdback"),
            clearing=-ledger.sum_of("clearing"),
            debt=-ledger.sum_of("receivable"),
            paid_out=self.start_bank - self._bank(),
        )
        assert found == self.books

    @invariant()
    def payments_are_as_on_paper(self) -> None:
        for life in getattr(self, "all", []):
            row = lock(Payment, life.payment_id)
            gift = life.model
            refunded = sum(one.amount for one in gift.refunds if one.state == "succeeded")
            assert (row.captured, row.refunded) == (gift.captured, refunded)
            assert payments.left_of(row).amount == gift.left

    def _is_busy(self, life: Life) -> bool:
        """Whether the platform rightly asks for patience; it must not when nothing of ours is being sent."""
        if not life.model.is_in_hand:
            return False
        attempt = session().begin_nested()
        with pytest.raises(ProviderBusy):
            life.settle()
        attempt.rollback()
        return True

    def _make_room(self, gift: Gift, back: Back) -> None:
        """Refunds that were only planned give way, the newest first."""
        for one in reversed(gift.refunds):
            if gift.left >= 0:
                return
            if one is not back and one.state == "requested":
                one.state = "canceled"

    def _fund(self) -> int:
        return ledger.balance(accounts.fund(self.at.listing.id))

    def _bank(self) -> int:
        return -ledger.sum_of("bank")
