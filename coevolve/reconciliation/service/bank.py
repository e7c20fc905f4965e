"""Bank lines and the people who look at them: entered, matched, agreed to by a second person. Nothing is lost."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from coevolve.journal import service as journal
from coevolve.kit import clock
from coevolve.kit.db import commit, get, lock, session, uuid7
from coevolve.kit.errors import Conflict, DomainError, Forbidden, Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.money import Money
from coevolve.kit.text import clean_line, clean_text, normalise_name
from coevolve.payments import custody
from coevolve.payments.models import BankAccount, Payment
from coevolve.payments.references import find_references
from coevolve.reconciliation import queries
from coevolve.reconciliation.models import Allocation, Line, LineState
from coevolve.reconciliation.service import senders
from coevolve.reconciliation.service.allocating import (
    OPEN,
    SYSTEM,
    Wish,
    add,
    book_wishes,
    free_of,
    keep_unidentified,
    lock_open,
    unidentified,
    withdraw,
)
from coevolve.reconciliation.service.cases import open_case
from coevolve.reconciliation.service.targets import target
from coevolve.reconciliation.service.undoing import reverse_line, undo_line
from coevolve.reconciliation.statements.joining import stands_on_file

OLDEST_DAYS = 366
SET_ASIDE_AFTER = dt.timedelta(hours=24)
TOGETHER = ("S5", "merge")
"""Rules by which several lines pay one thing: they are agreed to together."""


def enter_bank_line(
    *,
    bank_account_id: uuid.UUID,
    booked_on: dt.date,
    money: Money,
    words: str,
    bank_ref: str | None,
    by: uuid.UUID,
    is_second: bool = False,
    is_outgoing: bool = False,
    payer: str | None = None,
) -> Line:
    """Write down one line of our bank statement: money that came in, or went out.

    A bank's own reference may come once. Without one, an equal line (day, sum, text) is taken for the same, unless
    finance says that it is a second, honest one.
    """
    account = get(BankAccount, bank_account_id)
    text = clean_text(words)
    _refuse_unfit(account, booked_on, money, text)
    signed = Money(-money.amount, money.unit) if is_outgoing else money
    key, ordinal = _line_key(account.id, booked_on, signed, text, bank_ref)
    on_file = stands_on_file(account.id, booked_on, signed.amount, normalise_name(text))
    if on_file == "covered":
        message = lazy("Tanggal ini sudah tercakup rekening koran; mutasinya ada di sana.")
        raise Conflict("day_covered", message, field="booked_on")
    if (ordinal or on_file == "same") and not is_second:
        raise Conflict(
            "same_line",
            lazy(
                "Mutasi yang sama (tanggal, jumlah, uraian) sudah ada. Centang bila ini memang mutasi kedua."
            ),
        )
    refs = find_references(text)
    line = Line(
        bank_account_id=account.id,
        entered_by=by,
        booked_on=booked_on,
        unit=signed.unit,
        amount=signed.amount,
        bank_ref=bank_ref or None,
        text_raw=text,
        text_norm=normalise_name(text),
        payer_norm=normalise_name(payer) or None if payer else None,
        ref=refs[0] if len(refs) == 1 else None,
        refs=refs if len(refs) > 1 else None,
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
    _tell("entered", line, by, amount=str(signed.amount), unit=signed.unit)
    return line


# --- saying what a line paid ----------------------------------------------------------------------------


def propose_match(
    *, line_id: int, target_kind: str, target_id: uuid.UUID, by: uuid.UUID
) -> Allocation | None:
    """Say what a line paid. A match that the platform suggests too is booked at once; another needs a second person.

    Returns the live allocation once booked, None while a second person is awaited.
    """
    line = lock_open(line_id)
    suggested = next(
        (
            one
            for one in queries.suggestions(line)
            if one.target_kind == target_kind and one.target_id == target_id
        ),
        None,
    )
    rule, score = (suggested.rule, suggested.score) if suggested else ("by_hand", 0.0)
    if suggested is not None and suggested.may_book and line.ref_by is None:
        wish = Wish(kind=target_kind, target_id=target_id, amount=free_of(line), rule=rule, score=score)
        return _booked(line, [wish], by=by)[0]
    if target_kind == "payment":
        _same_side(line, get(Payment, target_id))
    elif target_kind != "line":
        target(target_kind)
    wish = Wish(
        kind=target_kind,
        target_id=target_id,
        amount=free_of(line),
        rule=rule,
        score=score,
        proposed_by=str(by),
    )
    _propose(line, [wish])
    return None


def split(*, line_id: int, parts: Sequence[tuple[uuid.UUID, int]], by: uuid.UUID) -> Line:
    """Propose that a line paid several payments, each a part of it; a second person agrees.

    What the parts leave over is kept as money of nobody known when it is booked.
    """
    line = lock_open(line_id)
    if line.amount < 0:
        raise Invalid("goes_out", lazy("Mutasi ini uang keluar; dukungan dibayar dengan uang masuk."))
    if len(parts) < 2 or len({payment_id for payment_id, _amount in parts}) != len(parts):
        raise Invalid("parts_few", lazy("Isi sedikitnya dua dukungan yang berbeda."), field="parts")
    if min(amount for _payment, amount in parts) <= 0:
        raise Invalid("part_zero", lazy("Setiap bagian harus lebih dari nol."), field="parts")
    total = sum(amount for _payment, amount in parts)
    if total > free_of(line):
        raise Invalid("too_much", lazy("Jumlah bagian-bagiannya melebihi mutasi ini."), field="parts")
    for payment_id, _amount in parts:
        _same_account(line, get(Payment, payment_id))
    run = uuid7()
    _propose(
        line,
        [
            Wish(
                kind="payment",
                target_id=payment_id,
                amount=amount,
                rule="split",
                score=0.0,
                proposed_by=str(by),
                run_id=run,
            )
            for payment_id, amount in parts
        ],
    )
    return line


def merge(*, line_ids: Sequence[int], payment_id: uuid.UUID, by: uuid.UUID) -> list[Line]:
    """Propose that several lines together paid one payment; a second person agrees to all of them at once."""
    if len(set(line_ids)) < 2:
        raise Invalid("lines_few", lazy("Pilih sedikitnya dua mutasi."), field="lines")
    payment = get(Payment, payment_id)
    run = uuid7()
    found = []
    for line_id in sorted(set(line_ids)):
        line = lock_open(line_id)
        if line.amount < 0:
            raise Invalid("goes_out", lazy("Mutasi ini uang keluar; dukungan dibayar dengan uang masuk."))
        _same_account(line, payment)
        wish = Wish(
            kind="payment",
            target_id=payment.id,
            amount=free_of(line),
            rule="merge",
            score=0.0,
            proposed_by=str(by),
            run_id=run,
        )
        _propose(line, [wish])
        found.append(line)
    return found


def confirm_match(*, line_id: int, by: uuid.UUID) -> Allocation:
    """Another person (or, for a rule's proposal, a person) agrees: all of it is booked, with the lines it goes with."""
    line = lock_open(line_id)
    proposals = queries.proposals_of(line.id)
    if not proposals:
        raise Conflict("no_proposal", lazy("Usulan ini sudah tidak ada. Muat ulang halaman ini."))
    if any(one.proposed_by == str(by) for one in proposals):
        raise Forbidden("second_person", lazy("Usulan Anda sendiri harus disetujui orang lain."))
    lines = [line]
    if proposals[0].rule in TOGETHER:
        lines += [lock_open(other) for other in queries.lines_with(proposals[0]) if other != line.id]
        # The code before the gift: once the gift is whole it takes nothing more.
        lines.sort(key=lambda one: (one.amount, one.id))
    booked: list[Allocation] = []
    for one in lines:
        wishes = [_wish_of(row) for row in queries.proposals_of(one.id)]
        booked += _booked(one, wishes, by=by)
    return next(row for row in booked if row.line_id == line.id)


def confirm_many(*, line_ids: Sequence[int], by: uuid.UUID) -> tuple[int, list[tuple[int, DomainError]]]:
    """Agree to many proposals; one that is refused leaves the others alone. How many were booked, and the refusals."""
    done, refused = 0, []
    for line_id in sorted(set(line_ids)):
        line = session().get(Line, line_id)
        if line is None or line.state != LineState.proposed:
            continue  # its companion was agreed to with it, or somebody was faster
        try:
            with session().begin_nested():
                confirm_match(line_id=line_id, by=by)
            done += 1
        except DomainError as refusal:
            refused.append((line_id, refusal))
    return done, refused


def reject_match(*, line_id: int, by: uuid.UUID) -> Line:
    """Take a proposal back."""
    line = lock_open(line_id)
    was_of_system = any(one.proposed_by == SYSTEM for one in queries.proposals_of(line.id))
    withdraw(line)
    if line.state == LineState.proposed:
        aside = unidentified(line) is not None
        line.state = LineState.review if aside or was_of_system else LineState.unmatched
        line.reason = "rejected" if was_of_system else None
    _tell("proposal_rejected", line, by)
    session().flush()
    return line


# --- other things a person says about a line ----------------------------------------------------------------


def edit_reference(*, line_id: int, words: str, by: uuid.UUID) -> Line:
    """Correct the reference that was read (or not) out of a line; what follows from it another person agrees to."""
    line = lock_open(line_id)
    refs = find_references(clean_line(words))
    if len(refs) != 1:
        message = lazy("Nomor rujukan ini keliru: CE diikuti sembilan huruf dan angka.")
        raise Invalid("ref_shape", message, field="ref")
    before = line.ref
    withdraw(line)
    line.ref, line.refs, line.ref_by = refs[0], None, by
    if line.state in {LineState.proposed, LineState.unmatched}:
        line.state = LineState.review
    line.reason = "ref_corrected"
    _tell("reference_corrected", line, by, before=before, after=refs[0])
    session().flush()
    return line


def put_off(*, line_id: int, by: uuid.UUID, note: str) -> Line:
    """Leave a line for later with a note about what is being asked of whom."""
    line = lock_open(line_id)
    line.note = _reason(note)
    _tell("put_off", line, by, note=line.note)
    session().flush()
    return line


def ignore(*, line_id: int, by: uuid.UUID, note: str) -> Line:
    """Leave a line out for good, with the reason; it goes on being shown as the day's difference."""
    line = lock_open(line_id)
    if line.allocated and _is_only_aside(line):
        undo_line(line_id=line.id, by=by, reason=_reason(note))
    if line.allocated:
        raise Conflict("is_booked", lazy("Mutasi ini sudah dibukukan. Batalkan dulu pencocokannya."))
    withdraw(line)
    line.state, line.reason, line.note = LineState.ignored, "ignored", _reason(note)
    _tell("ignored", line, by, note=line.note)
    session().flush()
    return line


def _is_only_aside(line: Line) -> bool:
    """An organisation's own bank also has money that is no gift through us: kept as unknown, it can be left out."""
    aside = unidentified(line)
    is_own = custody.custodian_of_account(line.bank_account_id) is not None
    return is_own and aside is not None and aside.amount == line.allocated


def look_again(*, line_id: int, by: uuid.UUID) -> Line:
    """Take back that a line was left out."""
    line = lock(Line, line_id)
    if line.state != LineState.ignored:
        raise Conflict("not_ignored", lazy("Mutasi ini tidak sedang diabaikan."))
    line.state, line.reason = LineState.review, "looked_again"
    _tell("looked_again", line, by)
    session().flush()
    return line


def set_aside(*, line_id: int, by: uuid.UUID | None) -> Allocation:
    """Book a line whose giver nobody knows as unidentified money, and open a case for it; proposals stay."""
    line = lock_open(line_id)
    if unidentified(line) is not None:
        raise Conflict("set_aside_before", lazy("Mutasi ini sudah dicatat sebagai dana belum dikenal."))
    if line.amount < 0:
        raise Conflict("goes_out", lazy("Uang keluar tidak dapat dicatat sebagai dana belum dikenal."))
    return keep_unidentified(line, by=by, amount=free_of(line))


def set_aside_old(limit: int = 100) -> int:
    """Money that waited a day for its match goes to unidentified receipts, with a case; money that left gets a case."""
    statement = (
        select(Line.id, Line.amount, Line.unit)
        .where(
            Line.state.in_([LineState.unmatched, LineState.proposed, LineState.review]),
            Line.allocated == 0,
            Line.created_at < clock.now() - SET_ASIDE_AFTER,
            ~queries.is_due(Line.id),
            ~queries.has_case(Line.id),
        )
        .order_by(Line.id)
        .limit(limit)
    )
    found = session().execute(statement).all()
    for line_id, amount, unit in found:
        if amount > 0:
            set_aside(line_id=line_id, by=None)
        else:
            open_case(kind="unknown_debit", subject=("line", line_id), difference=Money(-amount, unit))
        commit()
    return len(found)


# --- parts ----------------------------------------------------------------------------------------------


def rehearse(*, line_id: int, target_kind: str | None = None, target_id: uuid.UUID | None = None) -> None:
    """Book what is proposed of a line, or one target for all of it, as agreed by nobody: for a preview only."""
    line = lock_open(line_id)
    if target_kind is None or target_id is None:
        wishes = [_wish_of(row) for row in queries.proposals_of(line.id)]
    else:
        wishes = [
            Wish(kind=target_kind, target_id=target_id, amount=free_of(line), rule="rehearsal", score=0.0)
        ]
    _booked(line, wishes, by=None)


def _booked(line: Line, wishes: Sequence[Wish], *, by: uuid.UUID | None) -> list[Allocation]:
    if len(wishes) == 1 and wishes[0].kind == "line":
        reverse_line(line, wishes[0].target_id.int, by=by)
        return queries.allocations_of(line.id)[:1]
    booked = book_wishes(line, wishes, by=by)
    for row in booked:
        if row.target_kind == "payment":
            senders.learn(line, get(Payment, row.target_id))
    return booked


def _propose(line: Line, wishes: Sequence[Wish]) -> None:
    withdraw(line)
    for wish in wishes:
        add(line, wish, posting_id=None, by=None)
    if line.state != LineState.partly:
        line.state, line.reason = LineState.proposed, "by_hand"
    session().flush()


def _wish_of(row: Allocation) -> Wish:
    return Wish(
        kind=row.target_kind,
        target_id=row.target_id,
        amount=abs(row.amount),
        rule=row.rule,
        score=row.score,
        proposed_by=row.proposed_by,
        run_id=row.run_id,
    )


def _same_side(line: Line, payment: Payment) -> None:
    """Nobody's own bank pays for, or tells of, a gift to another's."""
    if custody.custodian_of(payment) != custody.custodian_of_account(line.bank_account_id):
        raise Conflict("other_account", lazy("Dukungan ini menunggu di rekening atau mata uang yang lain."))


def _same_account(line: Line, payment: Payment) -> None:
    if payment.bank_account_id != line.bank_account_id or payment.unit != line.unit:
        raise Conflict("other_account", lazy("Dukungan ini menunggu di rekening atau mata uang yang lain."))


def _reason(note: str) -> str:
    words = clean_text(note)
    if not words:
        raise Invalid("reason_missing", lazy("Tulis alasannya."), field="note")
    return words[:2000]


def _tell(happened: str, line: Line, by: uuid.UUID | None, **more: str | None) -> None:
    journal.record(
        f"bank_line.{happened}",
        about=("bank_account", line.bank_account_id),
        by=by,
        data={"line": line.id} | more,
        visibility="staff",
    )


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


__all__ = [
    "OPEN",
    "confirm_many",
    "confirm_match",
    "edit_reference",
    "enter_bank_line",
    "ignore",
    "look_again",
    "merge",
    "propose_match",
    "put_off",
    "rehearse",
    "reject_match",
    "set_aside",
    "set_aside_old",
    "split",
]
