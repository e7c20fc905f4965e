"""From rows to a statement, by a profile: every cell is read as declared, or the file is refused by line and column."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass

from coevolve.reconciliation.statements.amounts import parse_amount, read_mark
from coevolve.reconciliation.statements.dates import Period, find_period, parse_date
from coevolve.reconciliation.statements.entries import Entry, Reading, one_line
from coevolve.reconciliation.statements.profiles import BESIDE_AMOUNT, Profile
from coevolve.reconciliation.statements.reasons import Reason, Unreadable, Unsure, refuse
from coevolve.reconciliation.statements.tables import Row, Table, as_text, read_table

HEADER_WITHIN = 60
"""The headings stand in the first so many rows."""
_HEADING = re.compile(r"[\s.:*'\u00a0]+")
_LETTERS = re.compile(r"[A-Z]+")
Tick = Callable[[int, int], None]


def read_file(
    content: bytes,
    profile: Profile,
    *,
    most_rows: int,
    period: Period | None = None,
    tick: Tick | None = None,
) -> Reading:
    """What a statement file says. Never raises for its content: all that is wrong stands in `reasons`."""
    try:
        if profile.kind == "mt940":
            from coevolve.reconciliation.statements.swift import read_mt940

            return read_mt940(content, profile, most_rows=most_rows)
        if profile.kind == "camt053":
            from coevolve.reconciliation.statements.camt import read_camt

            return read_camt(content, profile, most_rows=most_rows)
        table = read_table(content, profile, most_rows=most_rows)
        return read_rows(table, profile, period=period, tick=tick)
    except Unreadable as refused:
        return Reading(reasons=list(refused.reasons))


@dataclass(frozen=True)
class Columns:
    """Which column plays which role in this file."""

    header_at: int
    header: tuple[str, ...]
    places: dict[str, tuple[int, ...]]

    def one(self, role: str) -> int:
        """The column of a role, or -1."""
        places = self.places.get(role, ())
        return places[0] if places else -1

    def name(self, role: str) -> str:
        """The column's heading and number, for a person."""
        place = self.one(role)
        heading = self.header[place] if 0 <= place < len(self.header) else ""
        return f"{place + 1} ({heading})" if heading else str(place + 1)


def heading(text: str) -> str:
    """A heading as it is compared: `Tgl. Val.` is `tgl val`."""
    return _HEADING.sub(" ", text).strip().lower()


def find_columns(table: Table, profile: Profile) -> Columns:
    """The headings of the file and what each column means."""
    if profile.places:
        return _mapped_columns(table, profile)
    for at, row in enumerate(table.rows[:HEADER_WITHIN]):
        header = tuple(heading(as_text(cell)) for cell in row.cells)
        places = _places(header, profile, row.number)
        has_money = "amount" in places or ("debit" in places and "credit" in places)
        if "date" in places and "text" in places and has_money:
            return Columns(at, tuple(as_text(cell) for cell in row.cells), places)
    raise refuse("no_header", profile=profile.label)


def _places(header: tuple[str, ...], profile: Profile, row: int) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for role, groups in profile.columns.items():
        columns = []
        for names in groups:
            at = [place for place, name in enumerate(header) if name and name in names]
            if len(at) > 1 and len({header[place] for place in at}) == 1:
                raise refuse("header_twice", row=row, column=header[at[0]])
            if at:
                columns.append(min(at, key=lambda place: names.index(header[place])))
        if columns:
            found[role] = tuple(columns)
    beside = found.get("amount", (-1,))[0] + 1
    wants_beside = any(BESIDE_AMOUNT in names for names in profile.columns.get("mark", ()))
    if wants_beside and "mark" not in found and 0 < beside < len(header) and not header[beside]:
        found["mark"] = (beside,)
    if "amount" in found and "debit" in found and "credit" in found:
        del found["debit"], found["credit"]
    return found


def _mapped_columns(table: Table, profile: Profile) -> Columns:
    at = profile.header_row or 0
    if at == 0:
        return Columns(-1, (), dict(profile.places))
    if at > len(table.rows):
        raise refuse("no_header", profile=profile.label)
    header = tuple(as_text(cell) for cell in table.rows[at - 1].cells)
    if profile.header and tuple(map(heading, header)) != tuple(map(heading, profile.header)):
        raise refuse("header_changed", row=table.rows[at - 1].number, cell=" | ".join(header))
    return Columns(at - 1, header, dict(profile.places))


def read_rows(
    table: Table, profile: Profile, *, period: Period | None = None, tick: Tick | None = None
) -> Reading:
    """The statement in a table."""
    columns = find_columns(table, profile)
    reader = _Reader(table, profile, columns, Reading(period=period))
    for row in table.rows[: max(columns.header_at, 0)]:
        reader.read_preamble(row)
    body = table.rows[columns.header_at + 1 :]
    for row in reversed(body[-12:]):
        reader.look_for_period(row)
    for number, row in enumerate(body, start=1):
        reader.read_row(row)
        if tick is not None and number % 2000 == 0:
            tick(number, len(body))
    return reader.reading


class _Reader:
    """Reads one table from top to bottom."""

    def __init__(self, table: Table, profile: Profile, columns: Columns, reading: Reading) -> None:
        self.profile, self.columns, self.reading = profile, columns, reading
        # An unquoted 1,000,000.00 in a total row was torn apart by the comma: put together again.
        self.glue = table.delimiter if table.delimiter == profile.amount.group else " "
        self.last: Entry | None = None
        self.has_totals = False
        self.plain_header = tuple(heading(name) for name in columns.header)

    # --- around the lines ---------------------------------------------------------------------------

    def read_preamble(self, row: Row) -> None:
        """What stands above the headings: the account, its currency, the period."""
        words = self._words(row)
        number = _after(words, self.profile.accounts)
        if number and self.reading.account_number is None:
            self.reading.account_number = number
        currency = _after(words, self.profile.currencies)
        if currency and self.reading.currency is None:
            self.reading.currency = currency
        self.look_for_period(row)
        self._balances(row, words)

    def look_for_period(self, row: Row) -> None:
        """The days that the statement covers."""
        words = self._words(row)
        if self.reading.period is None and _after(words, self.profile.period) is not None:
            self.reading.period = find_period(words, self.profile.date)

    def _words(self, row: Row) -> str:
        return self.glue.join(as_text(cell) for cell in row.cells).strip(" ,;")

    def _balances(self, row: Row, words: str) -> bool:
        """Whether the row is one of totals; what it says is kept and compared later."""
        for name, labels in (
            ("opening", self.profile.opening),
            ("closing", self.profile.closing),
            ("credit_sum", self.profile.credits),
            ("debit_sum", self.profile.debits),
        ):
            rest = _after(words, labels)
            if rest is None:
                continue
            figures, count = _figure_and_count(row, rest)
            if not figures:
                return True
            try:
                amount = parse_amount(figures, self.profile.amount)
            except Unsure as unsure:
                self._doubt(unsure.code, row, cell=str(figures), column=words.partition(":")[0][:30])
                return True
            setattr(self.reading, name, abs(amount) if name.endswith("_sum") else amount)
            if count is not None and name.endswith("_sum"):
                setattr(self.reading, name.replace("_sum", "_count"), count)
            return True
        return False

    # --- lines --------------------------------------------------------------------------------------

    def read_row(self, row: Row) -> None:
        """One row below the headings."""
        if row.is_blank() or self._is_header_again(row):
            return
        day = row.text(self.columns.one("date"))
        if self._is_pending(row, day):
            self._leave_out(row)
            return
        if (
            not day
            or not any(ch.isdigit() for ch in day)
            or _after(self._words(row), self._totals()) is not None
        ):
            self._read_beside(row, day)
            return
        entry = self._entry(row)
        if entry is None:
            self.last = None
            return
        if self.has_totals:
            self._doubt("line_after_totals", row, cell=day, role="date")
        self.reading.entries.append(entry)
        self.last = entry

    def _totals(self) -> tuple[str, ...]:
        profile = self.profile
        return (*profile.opening, *profile.closing, *profile.credits, *profile.debits)

    def _is_header_again(self, row: Row) -> bool:
        return (
            bool(self.plain_header)
            and tuple(heading(as_text(cell)) for cell in row.cells) == self.plain_header
        )

    def _is_pending(self, row: Row, day: str) -> bool:
        if not self.profile.pending:
            return False
        return day.upper().strip(" .*") in self.profile.pending or any(
            isinstance(cell, str) and as_text(cell).upper() in self.profile.pending for cell in row.cells
        )

    def _leave_out(self, row: Row) -> None:
        """A row that is not booked yet. The closing balance of the page may count it in, so its sum is kept."""
        self.last = None
        before = len(self.reading.reasons)
        amount = self._amount(row)
        del self.reading.reasons[before:]
        self.reading.pending.append(row.number)
        so_far = self.reading.pending_sum
        self.reading.pending_sum = None if amount is None or so_far is None else so_far + amount

    def _read_beside(self, row: Row, day: str) -> None:
        """A row that is no line: totals, a description that goes on, words of the page; anything else is unsure."""
        words = self._words(row)
        if self._balances(row, words):
            self.has_totals = True
            self.last = None
            return
        has_figures = any(
            row.text(self.columns.one(role)) for role in ("amount", "debit", "credit", "balance") if role
        )
        text = one_line(" ".join(row.text(place) for place in self.columns.places["text"]))
        if not day and text and not has_figures and self.last is not None and self.profile.has_continuation:
            self.last.text = one_line(f"{self.last.text} {text}")
            self.last.payer = find_payer(self.last.text, self.profile)
            return
        is_ignored = _after(words, self.profile.ignored) is not None
        if is_ignored or (self.has_totals and not has_figures):
            self.last = None
            return
        self._doubt("row_without_date", row, cell=day or words, role="date")

    def _entry(self, row: Row) -> Entry | None:
        text = one_line(" ".join(row.text(place) for place in self.columns.places["text"]))
        balance, is_sure = self._balance(row)
        label = heading(text)
        if label in self.profile.opening or label in self.profile.closing:
            if balance is None:
                self._doubt("amount_empty", row, role="balance")
            else:
                setattr(self.reading, "opening" if label in self.profile.opening else "closing", balance)
            return None
        try:
            booked_on = parse_date(
                row.value(self.columns.one("date")), self.profile.date, self.reading.period
            )
        except Unsure as unsure:
            self._doubt(unsure.code, row, role="date")
            booked_on = None
        amount = self._amount(row)
        if booked_on is None or amount is None or not is_sure:
            return None
        self._check_owner(row)
        return Entry(
            row=row.number,
            booked_on=booked_on,
            amount=amount,
            text=text,
            balance=balance,
            bank_ref=one_line(row.text(self.columns.one("bank_ref"))) or None,
            payer=find_payer(text, self.profile),
            is_reversal=bool(self.profile.reversals & set(_LETTERS.findall(text.upper()))),
            cells=tuple(as_text(cell) for cell in row.cells),
        )

    def _balance(self, row: Row) -> tuple[int | None, bool]:
        place = self.columns.one("balance")
        if not row.text(place):
            return None, True
        try:
            return parse_amount(row.value(place), self.profile.amount), True
        except Unsure as unsure:
            self._doubt(unsure.code, row, role="balance")
            return None, False

    def _amount(self, row: Row) -> int | None:
        """The signed amount, from one column with its mark or from debit and credit."""
        if "amount" in self.columns.places:
            return self._marked(row)
        found = {}
        for role, sign in (("debit", -1), ("credit", 1)):
            place = self.columns.one(role)
            if not row.text(place):
                continue
            try:
                value = parse_amount(row.value(place), self.profile.amount)
            except Unsure as unsure:
                self._doubt(unsure.code, row, role=role)
                return None
            if value < 0 and sign == 1:
                self._doubt("amount_negative", row, role=role)
                return None
            if value:
                found[role] = sign * abs(value)
        if len(found) == 1:
            return next(iter(found.values()))
        self._doubt("both_sides" if found else "zero_line", row, role="credit")
        return None

    def _marked(self, row: Row) -> int | None:
        role = "amount"
        try:
            amount = parse_amount(row.value(self.columns.one("amount")), self.profile.amount)
            mark = row.text(self.columns.one("mark"))
            if mark:
                role = "mark"
                sign = read_mark(mark, self.profile.marks)
                if amount < 0:
                    raise Unsure("amount_two_signs")
                amount *= sign
            elif "mark" in self.columns.places and not self._is_signed(row):
                role = "mark"
                raise Unsure("mark_missing")
        except Unsure as unsure:
            self._doubt(unsure.code, row, role=role)
            return None
        if amount == 0:
            self._doubt("zero_line", row, role="amount")
            return None
        return amount

    def _is_signed(self, row: Row) -> bool:
        """Whether the amount's own cell carries the sign as a word or a minus."""
        text = row.text(self.columns.one("amount"))
        return bool(re.search(r"[A-Za-z]\.?$|^\s*[-(]|-$", text)) and not text.upper().endswith("RP")

    def _check_owner(self, row: Row) -> None:
        """Files that carry the account and the currency on every line."""
        for role, name in (("account", "account_number"), ("currency", "currency")):
            said = row.text(self.columns.one(role))
            if said and getattr(self.reading, name) is None:
                setattr(self.reading, name, said)
            elif said and said != getattr(self.reading, name):
                self._doubt("other_account" if role == "account" else "other_currency", row, role=role)

    def _doubt(
        self, code: str, row: Row, *, role: str = "", cell: str | None = None, column: str = ""
    ) -> None:
        shown = row.text(self.columns.one(role)) if cell is None and role else cell or ""
        self.reading.doubt(
            Reason(
                code=code,
                row=row.number,
                column=column or (self.columns.name(role) if role else ""),
                cell=shown,
            )
        )


def _after(words: str, labels: tuple[str, ...]) -> str | None:
    """What follows one of these labels at the head of a row, or None."""
    plain = words.lstrip(" '\"")
    low = _HEADING.sub(" ", plain.lower()).strip()
    for label in sorted(labels, key=len, reverse=True):
        if not low.startswith(label):
            continue
        pattern = r"[\s.:*'\u00a0]*".join(re.escape(word) for word in label.split())
        found = re.match(
            rf"{pattern}(?![a-z0-9])(?:\s*\(?(?:idr|rp)\)?)?[\s.:=,;'\"\u00a0]*", plain, re.IGNORECASE
        )
        if found:
            return plain[found.end() :].strip(" '\"=,;:")
    return None


def _figure_and_count(row: Row, rest: str) -> tuple[str | int | float, int | None]:
    """The sum in a row of totals, and how many lines it counts if it says so."""
    numbers = [cell for cell in row.cells if isinstance(cell, int | float) and not isinstance(cell, bool)]
    if numbers:
        return numbers[0], None
    parts = rest.split()
    if len(parts) == 2 and parts[1].isascii() and parts[1].isdigit():
        return parts[0], int(parts[1])
    return rest, None


def find_payer(text: str, profile: Profile) -> str | None:
    """The giver's name in a description, where the profile knows its place."""
    upper = text.upper()[:300]
    for pattern in profile.payers:
        found = pattern.search(upper)
        if found is not None:
            return found["name"].strip(" .,-") or None
    return None


def first_day(reading: Reading) -> dt.date | None:
    """The earliest day in it."""
    days = [entry.booked_on for entry in reading.entries] + ([reading.period[0]] if reading.period else [])
    return min(days, default=None)


def last_day(reading: Reading) -> dt.date | None:
    """The latest day in it."""
    days = [entry.booked_on for entry in reading.entries] + ([reading.period[1]] if reading.period else [])
    return max(days, default=None)
