"""Whether a statement adds up: running balances, opening + lines = closing, its totals, its account and its days."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter

from coevolve.kit.money import Money, format_money
from coevolve.kit.text import normalise_name
from coevolve.reconciliation.statements.entries import Entry, Reading
from coevolve.reconciliation.statements.profiles import Profile
from coevolve.reconciliation.statements.reasons import Reason


def prove(
    reading: Reading,
    profile: Profile,
    *,
    unit: str,
    account_number: str,
    today: dt.date,
    opening: int | None = None,
    closing: int | None = None,
) -> None:
    """Put the lines in order, set their running balances and keys, and keep every reason that speaks against them.

    `opening` and `closing` are what finance typed, for files that carry no balance.
    """
    if reading.reasons:
        return
    _owner(reading, unit, account_number)
    _days(reading, today)
    reading.opening = reading.opening if reading.opening is not None else opening
    reading.closing = reading.closing if reading.closing is not None else closing
    _order(reading, profile)
    _balances(reading, unit)
    _totals(reading, unit)
    _keys(reading, profile)


def _owner(reading: Reading, unit: str, account_number: str) -> None:
    said = "".join(ch for ch in reading.account_number or "" if ch.isdigit())
    is_masked = any(ch in "xX*•" for ch in reading.account_number or "")
    if len(said) >= 5 and not is_masked and said.lstrip("0") != account_number.lstrip("0"):
        reading.doubt(Reason(code="other_account", cell=reading.account_number or ""))
    currency = (reading.currency or "").strip(" .").upper()
    if currency and currency not in {
        unit,
        "RP" if unit == "IDR" else unit,
        "RUPIAH" if unit == "IDR" else unit,
    }:
        reading.doubt(Reason(code="other_currency", cell=reading.currency or ""))


def _days(reading: Reading, today: dt.date) -> None:
    begin, end = reading.period or (None, None)
    for entry in reading.entries:
        if entry.booked_on > today:
            reading.doubt(Reason(code="date_to_come", row=entry.row, cell=entry.booked_on.isoformat()))
        elif begin is not None and end is not None and not begin <= entry.booked_on <= end:
            reading.doubt(Reason(code="date_outside_period", row=entry.row, cell=entry.booked_on.isoformat()))


def _order(reading: Reading, profile: Profile) -> None:
    """Oldest first. Some banks write the newest first; the running balances say which, else the profile or the days."""
    entries = reading.entries
    if len(entries) < 2:
        return
    forward = _faults(entries, reading.opening)
    backward = _faults(entries[::-1], reading.opening)
    is_reversed = backward < forward
    if forward == backward:
        is_reversed = profile.is_newest_first or entries[0].booked_on > entries[-1].booked_on
    if is_reversed:
        entries.reverse()


def _faults(entries: list[Entry], opening: int | None) -> int:
    """How many printed balances do not follow from the one before."""
    known, faults = opening, 0
    for entry in entries:
        expected = None if known is None else known + entry.amount
        if entry.balance is not None:
            faults += expected is not None and expected != entry.balance
            expected = entry.balance
        known = expected
    return faults


def _balances(reading: Reading, unit: str) -> None:
    entries = reading.entries
    if reading.opening is None:
        reading.opening = _opening_of(entries)
    if reading.opening is None:
        reading.doubt(Reason(code="no_balance"))
        return
    known = _run(reading, reading.opening, unit)
    if reading.closing is None and entries and entries[-1].balance is not None:
        reading.closing = known
    if reading.pending and reading.pending_sum and reading.closing == known + reading.pending_sum:
        # The bank's page counts what it has not booked yet; what is booked ends here.
        reading.closing = known
    if reading.closing is None:
        reading.doubt(Reason(code="no_balance"))
    elif reading.closing != known:
        reading.doubt(
            Reason(
                code="sum_wrong", cell=_money(reading.closing, unit), more={"expected": _money(known, unit)}
            )
        )


def _run(reading: Reading, known: int, unit: str) -> int:
    """Set every line's running balance; each printed one must follow from the one before."""
    for entry in reading.entries:
        known += entry.amount
        if entry.balance is not None and entry.balance != known:
            reading.doubt(
                Reason(
                    code="balance_wrong",
                    row=entry.row,
                    cell=_money(entry.balance, unit),
                    more={"expected": _money(known, unit)},
                )
            )
            known = entry.balance
        entry.running = known
    return known


def _opening_of(entries: list[Entry]) -> int | None:
    """The balance before the first line, from the first balance that is printed."""
    passed = 0
    for entry in entries:
        passed += entry.amount
        if entry.balance is not None:
            return entry.balance - passed
    return None


def _totals(reading: Reading, unit: str) -> None:
    ins = [entry for entry in reading.entries if entry.amount > 0]
    outs = [entry for entry in reading.entries if entry.amount < 0]
    for name, said, found in (
        ("kredit", reading.credit_sum, reading.came),
        ("debit", reading.debit_sum, reading.went),
    ):
        if said is not None and said != found and not reading.pending:
            reading.doubt(
                Reason(
                    code="total_wrong",
                    column=name,
                    cell=_money(said, unit),
                    more={"expected": _money(found, unit)},
                )
            )
    for name, count, lines in (
        ("kredit", reading.credit_count, ins),
        ("debit", reading.debit_count, outs),
    ):
        if count is not None and count != len(lines) and not reading.pending:
            reading.doubt(
                Reason(code="count_wrong", column=name, cell=str(count), more={"expected": str(len(lines))})
            )


def _keys(reading: Reading, profile: Profile) -> None:
    """What makes each line itself: the bank's own reference, or content and ordinal among equals of that day."""
    seen: Counter[str] = Counter()
    rows: dict[str, int] = {}
    for entry in reading.entries:
        if profile.is_ref_unique and entry.bank_ref:
            entry.key = f"ref:{entry.bank_ref}"
            if entry.key in rows:
                reading.doubt(
                    Reason(
                        code="ref_twice",
                        row=entry.row,
                        cell=entry.bank_ref,
                        more={"first": str(rows[entry.key])},
                    )
                )
            rows[entry.key] = entry.row
            continue
        content = "|".join(
            (
                entry.booked_on.isoformat(),
                str(entry.amount),
                normalise_name(entry.text),
                "" if entry.balance is None else str(entry.balance),
                entry.bank_ref or "",
            )
        )
        stem = hashlib.sha256(content.encode()).hexdigest()[:40]
        entry.key = f"file:{stem}:{seen[stem]}"
        seen[stem] += 1


def _money(amount: int, unit: str) -> str:
    return format_money(Money(amount, unit))
