"""What a line may have paid, for a person to choose from: ranked, each with its reason in words.

An amount alone is weak evidence, and says so. Names are compared by trigrams in the database to find candidates, and by
words (rapidfuzz) to put them in order; neither ever decides.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz
from sqlalchemy import and_, case, func, or_, select

from coevolve.disbursements import queries as disbursements
from coevolve.kit.db import session
from coevolve.kit.i18n import lazy
from coevolve.kit.money import Money, format_money
from coevolve.payments import custody
from coevolve.payments.models import (
    BankAccount,
    Payment,
    PaymentState,
    Payout,
    PayoutState,
    Refund,
    RefundState,
)
from coevolve.pledges.models import Pledge
from coevolve.reconciliation.models import Allocation, Line, LineState, Sender

LATE_DAYS = 45
NAME_ALIKE = 0.45
UNLIKE = 0.2
MOST = 8
WAITING = (PaymentState.awaiting, PaymentState.grace)
LATE = (PaymentState.expired, PaymentState.cancelled)


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """Something a line may have paid: why we think so, and whether one person may book it."""

    target_kind: str
    target_id: uuid.UUID
    label: str
    money: Money
    expected: Money
    state: str
    reason: str
    rule: str
    score: float
    may_book: bool
    """Reference and sum agree, or the sum alone and nothing speaks against it; else a second person agrees first."""


def suggestions(line: Line) -> list[Suggestion]:
    """What a line may have paid, the likeliest first."""
    if line.state in {LineState.matched, LineState.ignored}:
        return []
    found = _debits(line) if line.amount < 0 else [*_payments(line), *_payouts(line), *_bounced(line)]
    return sorted(found, key=lambda one: -one.score)[:MOST]


def free_of(line: Line) -> int:
    """What of a line is not explained yet: not booked, or booked as nobody's."""
    statement = select(func.coalesce(func.sum(Allocation.amount), 0)).where(
        Allocation.line_id == line.id,
        Allocation.posting_id.is_not(None),
        Allocation.undone_at.is_(None),
        Allocation.target_kind != "unidentified",
    )
    return abs(line.amount) - abs(int(session().execute(statement).scalar_one()))


# --- money that came in -----------------------------------------------------------------------------------


def _payments(line: Line) -> list[Suggestion]:
    amount = free_of(line)
    likeness = func.coalesce(func.word_similarity(Payment.payer_norm, line.text_norm), 0.0)
    refs = [line.ref] if line.ref else (line.refs or [])
    by_ref = Payment.public_ref.in_(refs)
    givers = _known_givers(line)
    of_known = Payment.reference_id.in_(givers) if givers else None
    recent = Payment.created_on >= line.booked_on - dt.timedelta(days=LATE_DAYS)
    base = amount - amount % 100_000
    sums = [
        Payment.amount == amount,
        Payment.base_amount == amount,
        and_(Payment.by_amount, Payment.base_amount == base),
    ]
    wanted = or_(*sums) if of_known is None else or_(*sums, of_known)
    statement = (
        select(Payment, likeness.label("likeness"))
        .where(
            Payment.provider == "bank_transfer",
            Payment.bank_account_id == line.bank_account_id,
            Payment.unit == line.unit,
            or_(
                by_ref,
                and_(recent, Payment.state.in_([str(state) for state in (*WAITING, *LATE)]), wanted),
            ),
        )
        .order_by(case((by_ref, 0), else_=1), func.abs(Payment.amount - amount), likeness.desc())
        .limit(60)
    )
    rows = session().execute(statement).all()
    same_sum = [payment for payment, _alike in rows if payment.amount == amount and payment.state in WAITING]
    judged = (
        _judge(
            line,
            amount,
            refs,
            Candidate(
                payment=payment,
                alike=float(alike),
                same_sum=len(same_sum),
                is_known=payment.reference_id in givers,
            ),
        )
        for payment, alike in rows
    )
    return [one for one in judged if one is not None]


def _known_givers(line: Line) -> set[uuid.UUID]:
    """Pledges of the givers who paid under this line's name before."""
    if not line.payer_norm:
        return set()
    statement = (
        select(Pledge.id)
        .join(
            Sender,
            or_(
                and_(Sender.giver_kind == "person", Sender.giver_id == Pledge.giver_person_id),
                and_(Sender.giver_kind == "organisation", Sender.giver_id == Pledge.giver_organisation_id),
            ),
        )
        .where(Sender.name_norm == line.payer_norm)
        .order_by(Pledge.created_at.desc())
        .limit(50)
    )
    return set(session().execute(statement).scalars())


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A payment beside the line it may have been paid by."""

    payment: Payment
    alike: float
    same_sum: int
    is_known: bool


def _judge(line: Line, amount: int, refs: list[str], candidate: Candidate) -> Suggestion | None:
    """Weigh one payment against a line, in words."""
    payment, alike, same_sum = candidate.payment, candidate.alike, candidate.same_sum
    is_known = candidate.is_known
    is_ref = payment.public_ref in refs
    is_sum = payment.expected_amount == amount and payment.expected_amount > 0
    is_waiting = payment.state in WAITING
    # With the reference in hand the name matters little: people pay from a spouse's account.
    unlike = bool(payment.payer_norm) and alike < UNLIKE and not is_ref and not is_known
    if refs and not is_ref:
        return None
    if is_ref:
        rule, score, reason = _by_reference(payment, is_sum, len(refs))
    else:
        weighed = _by_sum(
            amount, payment, (is_sum and is_waiting) or _was_sum(amount, payment), alike, same_sum
        )
        if weighed is None and is_known:
            weighed = ("known_sender", 0.15, lazy("Jumlahnya lain, tetapi pengirim ini dikenal."))
        if weighed is None:
            return None
        rule, score, reason = weighed
    words = [str(reason)]
    if is_known:
        words.append(str(lazy("Pengirim ini pernah membayar untuk donatur yang sama.")))
    if not is_waiting:
        words.append(str(_late_words(payment)))
    if unlike:
        words.append(str(lazy("Nama pengirim lain dari nama donatur.")))
    may_book = is_waiting and (rule == "ref_and_sum" or (rule == "sum_only" and not unlike))
    alike_words = fuzz.token_set_ratio(payment.payer_norm or "", line.payer_norm or line.text_norm) / 100
    score += 0.05 * alike_words + (0.1 if is_known else 0.0)
    return Suggestion(
        target_kind="payment",
        target_id=payment.id,
        label=payment.public_ref,
        money=Money(amount, line.unit),
        expected=_sum(payment),
        state=payment.state,
        reason=" ".join(words),
        rule=rule,
        score=1.0
        if rule == "ref_and_sum" and is_waiting
        else score - (0.0 if is_waiting else 0.15) - (0.1 if unlike else 0.0),
        may_book=may_book,
    )


def _by_reference(payment: Payment, is_sum: bool, refs: int) -> tuple[str, float, Any]:
    if is_sum:
        return "ref_and_sum", 1.0, lazy("Nomor rujukan dan jumlahnya cocok.")
    if refs > 1:
        return "ref_of_several", 0.8, lazy("Nomor rujukannya disebut, bersama nomor lain.")
    awaited = Money(payment.expected_amount, payment.unit)
    if payment.expected_amount == 0:
        return "ref_other_sum", 0.8, lazy("Nomor rujukan cocok, tetapi tidak ada lagi yang ditunggu.")
    return (
        "ref_other_sum",
        0.8,
        lazy("Nomor rujukan cocok, tetapi jumlahnya lain: ditunggu %(sum)s.", sum=format_money(awaited)),
    )


def _by_sum(
    amount: int, payment: Payment, is_sum: bool, alike: float, same_sum: int
) -> tuple[str, float, Any] | None:
    if is_sum and same_sum <= 1:
        reason = (
            lazy("Jumlahnya persis dan hanya satu yang menunggu sebesar ini; nama pengirim mirip.")
            if alike >= NAME_ALIKE
            else lazy("Jumlahnya persis dan hanya satu yang menunggu sebesar ini.")
        )
        return "sum_only", 0.7 + alike * 0.2, reason
    if is_sum:
        reason = lazy("Jumlahnya persis, tetapi ada beberapa yang menunggu sebesar ini.")
        return "sum_of_several", 0.5 + alike * 0.2, reason
    if payment.base_amount == amount and payment.unique_code:
        if alike < NAME_ALIKE and payment.payer_norm:
            return None
        reason = lazy(
            "Jumlahnya tanpa kode %(code)s; kodenya mungkin lupa ditambahkan.", code=payment.unique_code
        )
        return "code_forgotten", 0.3 + alike * 0.3, reason
    if _one_digit_apart(amount // 100, payment.amount // 100):
        reason = lazy("Nominal hampir sama: kodenya berbeda satu angka.")
        return "one_digit", 0.2 + alike * 0.3, reason
    if payment.by_amount and alike >= NAME_ALIKE and abs(amount - payment.amount) < 100_000:
        difference = format_money(Money(abs(amount - payment.amount), payment.unit))
        reason = lazy("Nama pengirim mirip, tetapi jumlahnya berbeda %(difference)s.", difference=difference)
        return "near_sum", 0.15 + alike * 0.3, reason
    return None


def _was_sum(amount: int, payment: Payment) -> bool:
    return payment.amount == amount and payment.captured == 0


def _sum(payment: Payment) -> Money:
    return Money(payment.expected_amount or payment.amount, payment.unit)


def _late_words(payment: Payment) -> Any:
    if payment.state == PaymentState.expired:
        return lazy("Batas bayarnya sudah lewat: uangnya menjadi saldo donatur.")
    if payment.state == PaymentState.cancelled:
        return lazy("Dukungannya dibatalkan: uangnya menjadi saldo donatur.")
    if payment.expected_amount > 0:
        return lazy("Sebagian sudah diterima.")
    return lazy("Dukungan ini sudah dibayar: uangnya menjadi saldo donatur.")


def _one_digit_apart(one: int, other: int) -> bool:
    """Whether two sums differ in exactly one digit of the last three (the code)."""
    left, right = str(one), str(other)
    if len(left) != len(right) or left[:-3] != right[:-3]:
        return False
    return sum(a != b for a, b in zip(left[-3:], right[-3:], strict=True)) == 1


def _payouts(line: Line) -> list[Suggestion]:
    if custody.custodian_of_account(line.bank_account_id) is not None:
        return []
    statement = (
        select(Payout)
        .where(
            Payout.unit == line.unit,
            Payout.amount == line.amount,
            Payout.state.in_([PayoutState.in_transit, PayoutState.paid]),
        )
        .order_by(Payout.created_at)
        .limit(3)
    )
    return [
        Suggestion(
            target_kind="payout",
            target_id=payout.id,
            label=payout.provider_ref,
            money=Money(line.amount, line.unit),
            expected=Money(payout.amount, payout.unit),
            state=payout.state,
            reason=str(lazy("Pencairan dari penyedia dengan jumlah yang sama.")),
            rule="payout_sum",
            score=0.9,
            may_book=payout.state == PayoutState.paid and line.ref is None,
        )
        for payout in session().execute(statement).scalars()
    ]


def _bounced(line: Line) -> list[Suggestion]:
    """Disbursements that the receiver's bank may have sent back."""
    return [
        Suggestion(
            target_kind="disbursement",
            target_id=one.id,
            label=f"{one.reference} {one.holder}",
            money=Money(line.amount, line.unit),
            expected=Money(one.amount, one.unit),
            state=one.state,
            reason=str(lazy("Penyaluran sebesar ini mungkin dikembalikan bank penerima.")),
            rule="ref_and_sum" if one.reference == line.ref else "sum_only",
            score=0.95 if one.reference == line.ref else 0.3,
            may_book=one.reference == line.ref and (one.amount, one.unit) == (line.amount, line.unit),
        )
        for one in disbursements.awaiting_return(line.ref, line.amount)
        if one.bank_account_id == line.bank_account_id
    ][:3]


# --- money that left ----------------------------------------------------------------------------------------


def _debits(line: Line) -> list[Suggestion]:
    return [*_refunds(line), *_disbursements(line), *_mirrors(line), _fee(line)]


def _outgoing(line: Line, kind: str, thing: Any, *, label: str, ref: str | None) -> Suggestion:
    is_ref = line.ref is not None and line.ref == ref
    reason = (
        lazy("Nomor rujukan dan jumlahnya cocok.") if is_ref else lazy("Jumlahnya sama dengan yang dikirim.")
    )
    return Suggestion(
        target_kind=kind,
        target_id=thing.id,
        label=label,
        money=Money(-line.amount, line.unit),
        expected=Money(-line.amount, line.unit),
        state=thing.state,
        reason=str(reason),
        rule="ref_and_sum" if is_ref else "sum_only",
        score=1.0 if is_ref else 0.6,
        may_book=is_ref,
    )


def _refunds(line: Line) -> list[Suggestion]:
    custodian = custody.custodian_of_account(line.bank_account_id)
    waiting = [RefundState.sending, RefundState.pending]
    if custodian is not None:
        waiting.append(RefundState.approved)
    statement = (
        select(Refund)
        .join(Payment, Payment.id == Refund.payment_id)
        .join(BankAccount, BankAccount.id == Payment.bank_account_id)
        .where(
            BankAccount.organisation_id.is_not_distinct_from(custodian),
            Refund.provider == "bank_transfer",
            Refund.state.in_(waiting),
            Refund.unit == line.unit,
            Refund.amount == -line.amount,
        )
        .order_by(Refund.created_at)
        .limit(5)
    )
    return [
        _outgoing(line, "refund", one, label=one.public_ref or "", ref=one.public_ref)
        for one in session().execute(statement).scalars()
    ]


def _disbursements(line: Line) -> list[Suggestion]:
    return [
        _outgoing(line, "disbursement", one, label=f"{one.reference} {one.holder}", ref=one.reference)
        for one in disbursements.awaiting_line(line.bank_account_id)
        if (one.amount, one.unit) == (-line.amount, line.unit)
    ][:5]


def _mirrors(line: Line) -> list[Suggestion]:
    """Lines of money in that this one may take back."""
    statement = (
        select(Line)
        .where(
            Line.bank_account_id == line.bank_account_id,
            Line.unit == line.unit,
            Line.amount == -line.amount,
            Line.booked_on.between(line.booked_on - dt.timedelta(days=14), line.booked_on),
            Line.state != LineState.ignored,
        )
        .order_by(Line.booked_on.desc())
        .limit(3)
    )
    return [
        Suggestion(
            target_kind="line",
            target_id=uuid.UUID(int=one.id),
            label=one.text_raw[:60],
            money=Money(-line.amount, line.unit),
            expected=Money(one.amount, one.unit),
            state=one.state,
            reason=str(lazy("Uang masuk sebesar ini mungkin ditarik kembali oleh bank.")),
            rule="reversal",
            score=0.4 + fuzz.token_set_ratio(line.text_norm, one.text_norm) / 400,
            may_book=False,
        )
        for one in session().execute(statement).scalars()
    ]


def _fee(line: Line) -> Suggestion:
    return Suggestion(
        target_kind="fee",
        target_id=line.bank_account_id,
        label="",
        money=Money(-line.amount, line.unit),
        expected=Money(-line.amount, line.unit),
        state="",
        reason=str(lazy("Biaya atau pajak yang dipotong bank dari rekening ini.")),
        rule="bank_words",
        score=0.1,
        may_book=False,
    )
