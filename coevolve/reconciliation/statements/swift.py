"""MT940: the SWIFT form, read by mt-940 and checked line by line, for that reader drops what it does not understand."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import mt940
from mt940.models import Transactions

from coevolve.reconciliation.statements import files
from coevolve.reconciliation.statements.amounts import HUNDREDTHS, PLACES
from coevolve.reconciliation.statements.entries import Entry, Reading, one_line
from coevolve.reconciliation.statements.profiles import Profile
from coevolve.reconciliation.statements.reasons import Reason, refuse

_BLOCK = re.compile(r"^:20:", re.MULTILINE)
_LINE = re.compile(r"^:61:(?P<value>[^\n]*)", re.MULTILINE)
_TAG = re.compile(r"^:[0-9]{2}[A-Z]?:", re.MULTILINE)
_AMOUNT = re.compile(
    r"[0-9]{6}(?:[0-9]{4}| {4})?(?P<mark>R?[DC])(?P<funds>[A-Z])?(?P<amount>[0-9]{1,13},[0-9]{0,2})(?=[A-Z])"
)
_BALANCE = re.compile(r"^:(?P<tag>60F|60M|62F|62M):(?P<rest>[^\n]*)$", re.MULTILINE)
_BALANCE_FORM = re.compile(
    r"(?P<mark>[DC])(?P<day>[0-9]{6})(?P<unit>[A-Z]{3})(?P<amount>[0-9]{1,13},[0-9]{0,2}) *"
)
_SUBFIELD = re.compile(r"\?[0-9]{2}")
_WHOLE_NAME = re.compile(r"\?32(?P<one>[^?]*)(?:\?33(?P<two>[^?]*))?")
MOST_BLOCKS = 2_000


def read_mt940(content: bytes, profile: Profile, *, most_rows: int) -> Reading:
    """One or several statements of one account, in their order, as one."""
    kind = files.kind_of(content)
    if kind != "text":
        raise refuse("file_not_declared", kind=kind.upper(), declared="MT940")
    text = _unwrapped(files.text_of(content, profile.encodings))
    starts = [found.start() for found in _BLOCK.finditer(text)] or [0]
    if len(starts) > MOST_BLOCKS or len(_LINE.findall(text)) > most_rows:
        raise refuse("too_many_rows", most=str(most_rows))
    reading = Reading()
    for begin, end in zip(starts, [*starts[1:], len(text)], strict=True):
        _read_block(reading, text[begin:end], first_line=text.count("\n", 0, begin) + 1)
    return reading


def _unwrapped(text: str) -> str:
    """Without the envelopes {1:...}{4: ... -} of the network; line numbers stay."""
    text = re.sub(r"^\{1:.*?\{4:[ ]*(?=\n|:)", "", text, flags=re.MULTILINE)
    return re.sub(r"^-\}?.*$", "", text, flags=re.MULTILINE)


def _read_block(reading: Reading, text: str, *, first_line: int) -> None:
    def line_of(at: int) -> int:
        return first_line + text.count("\n", 0, at)

    if _LINE.search(text) is None and _BALANCE.search(text) is None:
        if text.strip() and not text.startswith(":20:"):
            reading.doubt(Reason(code="no_header", row=first_line, more={"profile": "MT940"}))
        return
    if not _read_balances(reading, text, line_of):
        return
    _read_owner(reading, text, line_of)
    _read_lines(reading, text, line_of)


def _read_lines(reading: Reading, text: str, line_of: Any) -> None:
    found = list(_LINE.finditer(text))
    for line in found:
        if _AMOUNT.match(line["value"]) is None:
            _doubt_line(reading, "amount_shape", line, line_of)
    if reading.reasons:
        return
    first_line = line_of(0)
    parsed = _parsed(text, first_line)
    if len(parsed) != len(found):
        raise refuse("swift_lines", row=first_line, expected=str(len(found)), read=str(len(parsed)))
    for line, transaction in zip(found, parsed, strict=True):
        entry = _entry(transaction.data, line_of(line.start()), _details(text, line.end()))
        if entry is None:
            _doubt_line(reading, "zero_line", line, line_of)
        else:
            reading.entries.append(entry)


def _doubt_line(reading: Reading, code: str, line: re.Match[str], line_of: Any) -> None:
    reading.doubt(Reason(code=code, row=line_of(line.start()), column=":61:", cell=line["value"]))


def _read_owner(reading: Reading, text: str, line_of: Any) -> None:
    """The account of :25:; all blocks must be of one."""
    found = re.search(r"^:25:(?P<number>[^\n]*)", text, re.MULTILINE)
    number = found["number"].split("/")[-1].strip() if found else ""
    if found and reading.account_number is not None and number != reading.account_number:
        reading.doubt(Reason(code="other_account", row=line_of(found.start()), cell=number))
    reading.account_number = number or reading.account_number


def _parsed(text: str, first_line: int) -> Any:
    try:
        statement = Transactions(options=mt940.Options.all())
        statement.parse(text)
    except (
        ValueError,
        RuntimeError,
        KeyError,
        ArithmeticError,
        TypeError,
        AttributeError,
        IndexError,
    ) as broken:
        raise refuse("swift_broken", row=first_line) from broken
    return [one for one in statement.transactions if one.data.get("amount") is not None]


def _read_balances(reading: Reading, text: str, line_of: Any) -> bool:
    """Opening and closing of the block; blocks must join each other."""
    opening = closing = None
    for found in _BALANCE.finditer(text):
        form = _BALANCE_FORM.fullmatch(found["rest"].rstrip())
        where = line_of(found.start())
        if form is None:
            reading.doubt(
                Reason(code="amount_shape", row=where, column=f":{found['tag']}:", cell=found["rest"])
            )
            return False
        if reading.currency is None:
            reading.currency = form["unit"]
        elif reading.currency != form["unit"]:
            reading.doubt(Reason(code="other_currency", row=where, cell=form["unit"]))
        amount = _minor(form["amount"]) * (1 if form["mark"] == "C" else -1)
        if found["tag"].startswith("60"):
            opening = amount
        else:
            closing = amount
    if opening is None or closing is None:
        reading.doubt(Reason(code="no_balance", row=line_of(0)))
        return False
    if reading.closing is not None and reading.closing != opening:
        reading.doubt(Reason(code="blocks_apart", row=line_of(0)))
    if reading.opening is None:
        reading.opening = opening
    reading.closing = closing
    return True


def _minor(text: str) -> int:
    """1234,5 is 1234.50: SWIFT's comma always stands, the hundredths may be cut short."""
    whole, _, part = text.partition(",")
    return int(whole) * HUNDREDTHS + int((part + "00")[:PLACES])


def _entry(data: dict[str, Any], row: int, details: str) -> Entry | None:
    amount = data["amount"].amount * Decimal(HUNDREDTHS)
    if amount == 0 or amount != amount.to_integral_value():
        return None
    day = data.get("entry_date") or data["date"]
    name = _WHOLE_NAME.search(details)
    bank_ref = (data.get("bank_reference") or "").strip()
    customer_ref = (data.get("customer_reference") or "").strip()
    text = one_line(_SUBFIELD.sub(" ", details.replace("\n", "")) if name else details)
    extra = one_line(data.get("extra_details") or "")
    return Entry(
        row=row,
        booked_on=dt.date(day.year, day.month, day.day),
        amount=int(amount),
        text=one_line(f"{extra} {text}") or customer_ref or str(data.get("id") or "MT940"),
        bank_ref=bank_ref or (customer_ref if customer_ref not in {"", "NONREF"} else None),
        payer=one_line(f"{name['one']}{name['two'] or ''}").upper() or None if name else None,
        is_reversal=str(data.get("status") or "").upper().startswith("R"),
        cells=(str(data.get("id") or ""), customer_ref, bank_ref, details.strip()),
    )


def _details(text: str, at: int) -> str:
    """The :86: that follows a line, as written."""
    following = _TAG.search(text, at)
    if following is None or not text.startswith(":86:", following.start()):
        return ""
    end = _TAG.search(text, following.end())
    return text[following.end() : end.start() if end else len(text)].strip()
