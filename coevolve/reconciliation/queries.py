"""What finance may ask: what a line could have paid and why, how a day stands, which cases are open."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, case, func, or_, select, text
from sqlalchemy.dialects.postgresql import distinct_on

from coevolve.kit.db import get as get_row
from coevolve.kit.db import session
from coevolve.kit.i18n import lazy
from coevolve.kit.money import Money, format_money
from coevolve.payments.models import Payment, PaymentState, Payout, PayoutState, ProviderTransaction
from coevolve.pledges import queries as pledge_queries
from coevolve.reconciliation.models import CLOSED, Allocation, Case, CaseNote, Comparison, Line, LineState

LATE_DAYS = 45
NAME_ALIKE = 0.45
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


@dataclass(frozen=True, kw_only=True)
class Day:
    """One day of our bank accounts and the provider, in minor units of one currency."""

    on: dt.date
    unit: str
    came: int
    matched: int
    waiting: int
    lines: int
    lines_waiting: int
    by_card: int

    @property
    def difference(self) -> int:
        """What came less what is explained: matched, or waiting with its reason shown."""
        return self.came - self.matched - self.waiting


def get_line(line_id: int) -> Line:
    """One bank line."""
    return get_row(Line, line_id)


def get_case(case_id: uuid.UUID) -> Case:
    """One case."""
    return get_row(Case, case_id)


def proposal_of(line_id: int) -> Allocation | None:
    """A match that waits for a second person."""
    statement = select(Allocation).where(
        Allocation.line_id == line_id, Allocation.posting_id.is_(None), Allocation.undone_at.is_(None)
    )
    return session().execute(statement).scalar_one_or_none()


def allocations_of(line_id: int) -> list[Allocation]:
    """Everything a line was ever said to have paid, newest first."""
    statement = select(Allocation).where(Allocation.line_id == line_id).order_by(Allocation.id.desc())
    return list(session().execute(statement).scalars())


def suggestions(line: Line) -> list[Suggestion]:
    """What a line may have paid, the likeliest first. An amount alone is weak evidence, and says so."""
    if line.amount <= 0 or line.state == LineState.matched:
        return []
    likeness = func.coalesce(func.word_similarity(Payment.payer_norm, line.text_norm), 0.0)
    by_ref = Payment.public_ref == (line.ref or "")
    recent = Payment.created_on >= line.booked_on - dt.timedelta(days=LATE_DAYS)
    base = line.amount - line.amount % 100_000
    statement = (
        select(Payment, likeness.label("likeness"))
        .where(
            Payment.provider == "bank_transfer",
            Payment.bank_account_id == line.bank_account_id,
            Payment.unit == line.unit,
            or_(
                by_ref,
                and_(
                    recent,
                    Payment.state.in_([str(state) for state in (*WAITING, *LATE)]),
                    or_(
                        Payment.amount == line.amount,
                        Payment.base_amount == line.amount,
                        and_(Payment.by_amount, Payment.base_amount == base),
                    ),
                ),
            ),
        )
        .order_by(case((by_ref, 0), else_=1), func.abs(Payment.amount - line.amount), likeness.desc())
        .limit(60)
    )
    rows = session().execute(statement).all()
    same_sum = [
        payment for payment, _alike in rows if payment.amount == line.amount and payment.state in WAITING
    ]
    found = [_judge(line, payment, float(alike), len(same_sum)) for payment, alike in rows]
    found += _payouts(line)
    kept = sorted((one for one in found if one is not None), key=lambda one: -one.score)
    return kept[:8]


def _judge(line: Line, payment: Payment, alike: float, same_sum: int) -> Suggestion | None:
    """Weigh one payment against a line, in words."""
    is_ref = line.ref == payment.public_ref
    is_sum = payment.amount == line.amount and payment.captured == 0
    is_waiting = payment.state in WAITING
    other_ref = line.ref is not None and not is_ref
    late = "" if is_waiting else str(_late_words(payment))
    # With the reference in hand the name matters little: people pay from a spouse's account.
    unlike = bool(payment.payer_norm) and alike < 0.2 and not is_ref
    if is_ref and is_sum:
        rule, score, reason = "ref_and_sum", 1.0, lazy("Nomor rujukan dan jumlahnya cocok.")
    elif is_ref:
        rule, score = "ref_other_sum", 0.8
        reason = lazy(
            "Nomor rujukan cocok, tetapi jumlahnya lain: ditunggu %(sum)s.", sum=format_money(_sum(payment))
        )
    elif other_ref:
        return None
    elif is_sum and same_sum <= 1:
        rule, score = "sum_only", 0.7 + alike * 0.2
        reason = (
            lazy("Jumlahnya persis dan hanya satu yang menunggu sebesar ini; nama pengirim mirip.")
            if alike >= NAME_ALIKE
            else lazy("Jumlahnya persis dan hanya satu yang menunggu sebesar ini.")
        )
    elif is_sum:
        rule, score = "sum_of_several", 0.5 + alike * 0.2
        reason = lazy("Jumlahnya persis, tetapi ada beberapa yang menunggu sebesar ini.")
    elif payment.base_amount == line.amount and payment.unique_code:
        rule, score = "code_forgotten", 0.3 + alike * 0.3
        reason = lazy(
            "Jumlahnya tanpa kode %(code)s; kodenya mungkin lupa ditambahkan.", code=payment.unique_code
        )
        if alike < NAME_ALIKE and payment.payer_norm:
            return None
    elif _one_digit_apart(line.amount // 100, payment.amount // 100):
        rule, score = "one_digit", 0.2 + alike * 0.3
        reason = lazy("Nominal hampir sama: kodenya berbeda satu angka.")
    else:
        return None
    words = " ".join(part for part in (str(reason), late, str(_unlike_words()) if unlike else "") if part)
    may_book = is_waiting and (rule == "ref_and_sum" or (rule == "sum_only" and not unlike))
    return Suggestion(
        target_kind="payment",
        target_id=payment.id,
        label=payment.public_ref,
        money=Money(line.amount, line.unit),
        expected=_sum(payment),
        state=payment.state,
        reason=words,
        rule=rule,
        score=score - (0.0 if is_waiting else 0.15) - (0.1 if unlike else 0.0),
        may_book=may_book,
    )


def _sum(payment: Payment) -> Money:
    return Money(payment.amount, payment.unit)


def _late_words(payment: Payment) -> Any:
    if payment.state == PaymentState.expired:
        return lazy("Batas bayarnya sudah lewat: uangnya menjadi saldo donatur.")
    if payment.state == PaymentState.cancelled:
        return lazy("Pembayarannya sudah dibatalkan: uangnya menjadi saldo donatur.")
    return lazy("Pembayaran ini sudah diterima sebelumnya.")


def _unlike_words() -> Any:
    return lazy("Nama pengirim tampak lain.")


def _one_digit_apart(one: int, other: int) -> bool:
    """Whether two sums differ in one digit of their last three."""
    left, right = str(one), str(other)
    if len(left) != len(right) or left[:-3] != right[:-3]:
        return False
    return sum(a != b for a, b in zip(left[-3:], right[-3:], strict=True)) == 1


def _payouts(line: Line) -> list[Suggestion]:
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


# --- pages --------------------------------------------------------------------------------------------


def day(on: dt.date, unit: str = "IDR") -> Day:
    """What came in on a day, and how much of it is explained."""
    row = (
        session()
        .execute(
            text(
                """
                SELECT coalesce(sum(amount), 0)::bigint AS came,
                       coalesce(sum(amount) FILTER (WHERE state IN ('matched', 'partly')), 0)::bigint AS matched,
                       coalesce(sum(amount) FILTER (WHERE state NOT IN ('matched', 'partly', 'ignored')), 0)::bigint
                         AS waiting,
                       count(*) AS lines,
                       count(*) FILTER (WHERE state NOT IN ('matched', 'partly', 'ignored')) AS lines_waiting
                FROM recon_line WHERE booked_on = :on AND unit = :unit AND amount > 0
                """
            ),
            {"on": on, "unit": unit},
        )
        .mappings()
        .one()
    )
    by_card = session().execute(
        text(
            "SELECT coalesce(sum(captured), 0)::bigint FROM payment WHERE provider = 'stripe' AND unit = :unit"
            " AND captured > 0 AND captured_at >= (CAST(:on AS date)::timestamp AT TIME ZONE 'Asia/Jakarta')"
            " AND captured_at < ((CAST(:on AS date) + 1)::timestamp AT TIME ZONE 'Asia/Jakarta')"
        ),
        {"on": on, "unit": unit},
    )
    return Day(on=on, unit=unit, by_card=int(by_card.scalar_one()), **{key: int(row[key]) for key in row})


def lines_of(
    *, on: dt.date | None = None, waiting: bool = False, before_id: int | None = None, limit: int = 30
) -> list[Line]:
    """Bank lines, newest first."""
    statement = select(Line).order_by(Line.id.desc()).limit(limit)
    if on is not None:
        statement = statement.where(Line.booked_on == on)
    if waiting:
        statement = statement.where(
            Line.state.in_([LineState.unmatched, LineState.proposed, LineState.review])
        )
    if before_id is not None:
        statement = statement.where(Line.id < before_id)
    return list(session().execute(statement).scalars())


def open_cases(*, mine: uuid.UUID | None = None, kind: str | None = None, limit: int = 100) -> list[Case]:
    """Cases that wait, oldest first."""
    statement = (
        select(Case)
        .where(Case.state.not_in([str(state) for state in CLOSED]))
        .order_by(Case.created_at, Case.id)
        .limit(limit)
    )
    if mine is not None:
        statement = statement.where(Case.owner_id == mine)
    if kind is not None:
        statement = statement.where(Case.kind == kind)
    return list(session().execute(statement).scalars())


def closed_cases(limit: int = 30) -> list[Case]:
    """Cases that were settled, the latest first."""
    statement = (
        select(Case)
        .where(Case.state.in_([str(state) for state in CLOSED]))
        .order_by(Case.closed_at.desc().nulls_last(), Case.id.desc())
        .limit(limit)
    )
    return list(session().execute(statement).scalars())


def count_open_cases() -> int:
    """How many cases wait."""
    statement = (
        select(func.count()).select_from(Case).where(Case.state.not_in([str(state) for state in CLOSED]))
    )
    return int(session().execute(statement).scalar_one())


def notes_of(case_id: uuid.UUID) -> list[CaseNote]:
    """The notes of a case, oldest first."""
    return list(
        session().execute(select(CaseNote).where(CaseNote.case_id == case_id).order_by(CaseNote.id)).scalars()
    )


def has_open_case(payment_id: uuid.UUID) -> bool:
    """Whether a person still looks into a payment."""
    statement = (
        select(Case.id)
        .where(Case.payment_id == payment_id, Case.state.not_in([str(state) for state in CLOSED]))
        .limit(1)
    )
    return session().execute(statement).first() is not None


def last_comparisons() -> list[Comparison]:
    """The latest comparison with the provider, per unit."""
    statement = (
        select(Comparison)
        .ext(distinct_on(Comparison.provider, Comparison.account, Comparison.unit))
        .order_by(Comparison.provider, Comparison.account, Comparison.unit, Comparison.id.desc())
    )
    return list(session().execute(statement).scalars())


def unexplained_transactions(limit: int = 50) -> list[ProviderTransaction]:
    """Transactions of the provider that no posting accounts for, oldest first."""
    statement = (
        select(ProviderTransaction)
        .where(
            or_(ProviderTransaction.explained_as.is_(None), ProviderTransaction.explained_as == "case"),
        )
        .order_by(ProviderTransaction.occurred_at)
        .limit(limit)
    )
    return list(session().execute(statement).scalars())


def titles_of(payment_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, str]:
    """For which listing each payment is, in words (a handful on one page)."""
    found = {}
    for payment_id in payment_ids:
        payment = get_row(Payment, payment_id)
        found[payment_id] = pledge_queries.settlement_of(payment.reference_id).title
    return found
