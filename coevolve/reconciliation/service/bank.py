"""Bank lines: entered by finance, matched with what they paid, or kept aside with a case. Nothing is lost."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from coevolve.journal import service as journal
from coevolve.kit import clock, moves
from coevolve.kit.clock import JAKARTA
from coevolve.kit.db import commit, get, lock, session, uuid7
from coevolve.kit.errors import Conflict, Forbidden, Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.money import Money
from coevolve.kit.text import clean_text, normalise_name
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.ledger.service import Transfer
from coevolve.payments.models import BankAccount, Payment, Payout, PayoutState
from coevolve.payments.references import find_reference
from coevolve.reconciliation import queries
from coevolve.reconciliation.models import Allocation, Line, LineState
from coevolve.reconciliation.service.booking import Arrival, book, settlement_of
from coevolve.reconciliation.service.cases import close_by_itself, open_case

OLDEST_DAYS = 366
SET_ASIDE_AFTER = dt.timedelta(hours=24)
SYSTEM = "system"
MATCHABLE = (LineState.unmatched, LineState.proposed, LineState.review, LineState.matched)


def enter_bank_line(
    *,
    bank_account_id: uuid.UUID,
    booked_on: dt.date,
    money: Money,
    words: str,
    bank_ref: str | None,
    by: uuid.UUID,
    is_second: bool = False,
) -> Line:
    """Write down one line of our bank statement: money that came in.

    A bank's own reference may come once. Without one, an equal line (day, sum, text) is taken for the same, unless
    finance says that it is a second, honest one.
    """
    account = get(BankAccount, bank_account_id)
    text = clean_text(words)
    _refuse_unfit(account, booked_on, money, text)
    key, ordinal = _line_key(account.id, booked_on, money, text, bank_ref)
    if ordinal and not is_second:
        raise Conflict(
            "same_line",
            lazy(
                "Mutasi yang sama (tanggal, jumlah, uraian) sudah ada. Centang bila ini memang mutasi kedua."
            ),
        )
    line = Line(
        bank_account_id=account.id,
        entered_by=by,
        booked_on=booked_on,
        unit=money.unit,
        amount=money.amount,
        bank_ref=bank_ref or None,
        text_raw=text,
        text_norm=normalise_name(text),
        ref=find_reference(text),
        raw={},
        line_key=key,
        state=LineState.unmatched,
    )
    try:
        with session().begin_nested():
            session().add(line)
    except IntegrityError as twice:
        raise Conflict(
            "line_twice", lazy("Mutasi dengan nomor bank ini sudah dicatat."), field="bank_ref"
        ) from twice
    journal.record(
        "bank_line.entered",
        about=("bank_account", account.id),
        by=by,
        data={"line": line.id, "amount": str(money.amount), "unit": money.unit},
        visibility="staff",
    )
    return line


def propose_match(
    *, line_id: int, target_kind: str, target_id: uuid.UUID, by: uuid.UUID
) -> Allocation | None:
    """Say what a line paid. A match that the platform suggests too is booked at once; another needs a second person.

    Returns the live allocation once booked, None while a second person is awaited.
    """
    line = _lock_open(line_id)
    suggested = next(
        (
            one
            for one in queries.suggestions(line)
            if one.target_kind == target_kind and one.target_id == target_id
        ),
        None,
    )
    if suggested is not None and suggested.may_book:
        return _book_match(
            line,
            target_kind,
            target_id,
            rule=suggested.rule,
            score=suggested.score,
            proposed_by=SYSTEM,
            by=by,
        )
    if target_kind == "payment":
        get(Payment, target_id)
    else:
        get(Payout, target_id)
    _withdraw_proposals(line)
    session().add(
        Allocation(
            line_id=line.id,
            target_kind=target_kind,
            target_id=target_id,
            amount=line.amount,
            rule=suggested.rule if suggested else "by_hand",
            score=suggested.score if suggested else 0.0,
            run_id=uuid7(),
            proposed_by=str(by),
        )
    )
    if line.state != LineState.matched:
        line.state = LineState.proposed
    session().flush()
    return None


def confirm_match(*, line_id: int, by: uuid.UUID) -> Allocation:
    """The second person agrees with a proposal: it is booked."""
    line = _lock_open(line_id)
    proposal = queries.proposal_of(line.id)
    if proposal is None:
        raise Conflict("no_proposal", lazy("Usulan ini sudah tidak ada. Muat ulang halaman ini."))
    if proposal.proposed_by == str(by):
        raise Forbidden("second_person", lazy("Usulan Anda sendiri harus disetujui orang lain."))
    target_kind, target_id = proposal.target_kind, proposal.target_id
    rule, score, proposed_by = proposal.rule, proposal.score, proposal.proposed_by
    proposal.undone_at = clock.now()
    session().flush()
    return _book_match(line, target_kind, target_id, rule=rule, score=score, proposed_by=proposed_by, by=by)


def reject_match(*, line_id: int, by: uuid.UUID) -> Line:
    """Take a proposal back."""
    line = _lock_open(line_id)
    _withdraw_proposals(line)
    if line.state == LineState.proposed:
        line.state = LineState.unmatched
    journal.record(
        "bank_line.proposal_rejected",
        about=("bank_account", line.bank_account_id),
        by=by,
        data={"line": line.id},
        visibility="staff",
    )
    session().flush()
    return line


def set_aside(*, line_id: int, by: uuid.UUID | None) -> Allocation:
    """Book a line whose giver nobody knows as unidentified money, and open a case for it."""
    line = _lock_open(line_id)
    if _unidentified(line) is not None:
        raise Conflict("set_aside_before", lazy("Mutasi ini sudah dicatat sebagai dana belum dikenal."))
    _withdraw_proposals(line)
    posting_id = ledger.post(
        key=f"bank:line:{line.id}:unidentified",
        kind="bank.unidentified",
        transfers=[
            Transfer(
                debit_id=accounts.bank(line.bank_account_id, line.unit),
                credit_id=accounts.unidentified(line.unit),
                amount=line.amount,
                unit=line.unit,
            )
        ],
        source_kind="bank_account",
        source_id=line.bank_account_id,
        effective_at=_moment(line),
        actor=str(by) if by else SYSTEM,
    )
    allocation = _allocate(
        line,
        "unidentified",
        line.bank_account_id,
        rule="set_aside",
        score=0.0,
        proposed_by=SYSTEM,
        by=by,
        posting_id=posting_id,
    )
    open_case(kind="unidentified", subject=("line", line.id), difference=Money(line.amount, line.unit))
    return allocation


def set_aside_old(limit: int = 100) -> int:
    """Money that waited a day for its match goes to unidentified receipts, with a case; returns how many lines."""
    statement = (
        select(Line.id)
        .where(
            Line.state.in_([LineState.unmatched, LineState.proposed]),
            Line.amount > 0,
            Line.created_at < clock.now() - SET_ASIDE_AFTER,
        )
        .order_by(Line.id)
        .limit(limit)
    )
    found = list(session().execute(statement).scalars())
    for line_id in found:
        set_aside(line_id=line_id, by=None)
        commit()
    return len(found)


# --- booking ----------------------------------------------------------------------------------------


def _book_match(
    line: Line,
    target_kind: str,
    target_id: uuid.UUID,
    *,
    rule: str,
    score: float,
    proposed_by: str,
    by: uuid.UUID,
) -> Allocation:
    _withdraw_proposals(line)
    aside = _unidentified(line)
    source = accounts.unidentified(line.unit) if aside else accounts.bank(line.bank_account_id, line.unit)
    if target_kind == "payment":
        posting_id = _book_payment(line, target_id, source, by)
    else:
        posting_id = _book_payout(line, target_id, source, by)
    if aside is not None:
        aside.undone_at = clock.now()
        line.allocated -= aside.amount
        session().flush()
        close_by_itself(
            kind="unidentified", subject=("line", line.id), note=f"Dicocokkan: {target_kind} {target_id}."
        )
    return _allocate(
        line,
        target_kind,
        target_id,
        rule=rule,
        score=score,
        proposed_by=proposed_by,
        by=by,
        posting_id=posting_id,
    )


def _book_payment(line: Line, payment_id: uuid.UUID, source: int, by: uuid.UUID) -> int:
    settlement = settlement_of(get(Payment, payment_id))
    payment = lock(Payment, payment_id)
    if payment.bank_account_id != line.bank_account_id or payment.unit != line.unit:
        raise Conflict("other_account", lazy("Dukungan ini menunggu di rekening atau mata uang yang lain."))
    arrival = Arrival(
        key=f"bank:line:{line.id}:payment:{payment.id}",
        from_account=source,
        money=Money(line.amount, line.unit),
        at=_moment(line),
        actor=str(by),
    )
    return book(payment, settlement, arrival)


def _book_payout(line: Line, payout_id: uuid.UUID, source: int, by: uuid.UUID) -> int:
    payout = lock(Payout, payout_id)
    if payout.unit != line.unit or payout.amount != line.amount:
        raise Conflict("other_sum", lazy("Jumlah pencairan ini berbeda dari mutasi bank."))
    moves.move(payout, PayoutState.reconciled, by=by, cause=f"bank line {line.id}")
    return ledger.post(
        key=f"bank:line:{line.id}:payout:{payout.id}",
        kind="payout.arrived",
        transfers=[
            Transfer(
                debit_id=source,
                credit_id=accounts.in_transit(payout.provider, payout.account, payout.unit),
                amount=line.amount,
                unit=line.unit,
            )
        ],
        source_kind="payout",
        source_id=payout.id,
        effective_at=_moment(line),
        actor=str(by),
    )


def _allocate(
    line: Line,
    target_kind: str,
    target_id: uuid.UUID,
    *,
    rule: str,
    score: float,
    proposed_by: str,
    by: uuid.UUID | None,
    posting_id: int,
) -> Allocation:
    allocation = Allocation(
        line_id=line.id,
        target_kind=target_kind,
        target_id=target_id,
        amount=line.amount,
        rule=rule,
        score=score,
        run_id=uuid7(),
        proposed_by=proposed_by,
        approved_by=str(by) if by else None,
        posting_id=posting_id,
    )
    session().add(allocation)
    line.allocated += line.amount
    line.state = LineState.matched if target_kind != "unidentified" else LineState.review
    session().flush()
    journal.record(
        "bank_line.booked",
        about=("bank_account", line.bank_account_id),
        by=by,
        data={"line": line.id, "target": target_kind, "target_id": str(target_id), "rule": rule},
        visibility="staff",
    )
    return allocation


def _lock_open(line_id: int) -> Line:
    line = lock(Line, line_id)
    if line.state not in {LineState.unmatched, LineState.proposed, LineState.review}:
        raise Conflict("line_closed", lazy("Mutasi ini sudah dicocokkan. Muat ulang halaman ini."))
    return line


def _unidentified(line: Line) -> Allocation | None:
    statement = select(Allocation).where(
        Allocation.line_id == line.id,
        Allocation.target_kind == "unidentified",
        Allocation.undone_at.is_(None),
    )
    return session().execute(statement).scalar_one_or_none()


def _withdraw_proposals(line: Line) -> None:
    proposal = queries.proposal_of(line.id)
    if proposal is not None:
        proposal.undone_at = clock.now()
        session().flush()


def _moment(line: Line) -> dt.datetime:
    """Noon of the bank's day: a bank line carries no hour."""
    return dt.datetime.combine(line.booked_on, dt.time(12), ZoneInfo(JAKARTA))


def _refuse_unfit(account: BankAccount, booked_on: dt.date, money: Money, text: str) -> None:
    today = clock.today()
    if booked_on > today:
        raise Invalid("future_line", lazy("Tanggal mutasi belum terjadi."), field="booked_on")
    if booked_on < today - dt.timedelta(days=OLDEST_DAYS):
        raise Invalid("old_line", lazy("Tanggal mutasi lebih dari setahun lalu."), field="booked_on")
    if money.amount <= 0:
        raise Invalid("zero_line", lazy("Jumlah mutasi harus lebih dari nol."), field="amount")
    if money.unit != account.unit:
        raise Invalid("other_unit", lazy("Rekening ini memakai mata uang lain."), field="amount")
    if not text:
        raise Invalid("text_missing", lazy("Isi uraian seperti tertulis di mutasi bank."), field="words")


def _line_key(
    account_id: uuid.UUID, booked_on: dt.date, money: Money, text: str, bank_ref: str | None
) -> tuple[str, int]:
    """What makes a line this one: the bank's reference, else its content and its ordinal among equals."""
    if bank_ref:
        return f"ref:{bank_ref}", 0
    content = f"{booked_on.isoformat()}|{money.amount}|{money.unit}|{normalise_name(text)}"
    stem = "sum:" + hashlib.sha256(content.encode()).hexdigest()[:40]
    equal = select(func.count()).where(Line.bank_account_id == account_id, Line.line_key.startswith(stem))
    ordinal = int(session().execute(equal).scalar_one())
    return f"{stem}:{ordinal}", ordinal
