"""CAMT.053: the ISO 20022 form. XML with a document type or entities is refused before it is read."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from xml.etree.ElementTree import ParseError

import defusedxml.ElementTree
from defusedxml import DefusedXmlException

from coevolve.kit.money import LIMIT_MINOR
from coevolve.reconciliation.statements import files
from coevolve.reconciliation.statements.amounts import HUNDREDTHS, PLACES
from coevolve.reconciliation.statements.entries import Entry, Reading, one_line
from coevolve.reconciliation.statements.profiles import Profile
from coevolve.reconciliation.statements.reasons import Reason, Unsure, refuse

_NAMESPACE = re.compile(r"\{(urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.[0-9]{2})\}")
_AMOUNT = re.compile(r"(?P<whole>[0-9]{1,16})(?:\.(?P<part>[0-9]{1,5}))?")
OPENING, CLOSING = {"OPBD", "PRCD"}, {"CLBD"}


def read_camt(content: bytes, profile: Profile, *, most_rows: int) -> Reading:
    """The statements of a message, in their order, as one."""
    del profile
    kind = files.kind_of(content)
    if kind != "xml":
        raise refuse("file_not_declared", kind=kind.upper(), declared="CAMT.053")
    try:
        root = defusedxml.ElementTree.fromstring(content, forbid_dtd=True)
    except DefusedXmlException as hostile:
        raise refuse("xml_entities") from hostile
    except (ParseError, ValueError, LookupError) as broken:
        raise refuse("xml_broken") from broken
    space = _NAMESPACE.match(root.tag)
    if space is None:
        raise refuse("not_camt", cell=root.tag)
    tree = _Tree(space[1])
    reading = Reading()
    statements = tree.all(root, "BkToCstmrStmt/Stmt")
    if not statements:
        raise refuse("no_header", profile="CAMT.053")
    number = 0
    for statement in statements:
        _read_frame(tree, statement, reading)
        for entry in tree.all(statement, "Ntry"):
            number += 1
            if number > most_rows:
                raise refuse("too_many_rows", most=str(most_rows))
            _read_entry(tree, entry, reading, number)
    return reading


class _Tree:
    """Elements by short paths within the message's namespace."""

    def __init__(self, space: str) -> None:
        self.space = space

    def _path(self, path: str) -> str:
        return "/".join(f"{{{self.space}}}{name}" for name in path.split("/"))

    def all(self, element: Any, path: str) -> list[Any]:
        """All elements at a path."""
        return list(element.findall(self._path(path)))

    def text(self, element: Any, *paths: str) -> str:
        """The text at the first path that has one."""
        for path in paths:
            found = element.find(self._path(path))
            if found is not None and (found.text or "").strip():
                return one_line(found.text)
        return ""


def _read_frame(tree: _Tree, statement: Any, reading: Reading) -> None:
    number = tree.text(statement, "Acct/Id/Othr/Id", "Acct/Id/IBAN")
    if reading.account_number is not None and number != reading.account_number:
        reading.doubt(Reason(code="other_account", cell=number))
    reading.account_number = number or reading.account_number
    begin, end = (
        tree.text(statement, "FrToDt/FrDtTm", "FrToDt/FrDt"),
        tree.text(statement, "FrToDt/ToDtTm", "FrToDt/ToDt"),
    )
    opening = closing = None
    for balance in tree.all(statement, "Bal"):
        kind = tree.text(balance, "Tp/CdOrPrtry/Cd")
        if kind not in OPENING | CLOSING:
            continue
        try:
            amount = _signed(tree, balance, reading)
        except Unsure as unsure:
            reading.doubt(Reason(code=unsure.code, column="Bal", cell=tree.text(balance, "Amt")))
            return
        if kind in CLOSING:
            closing = amount
        elif opening is None or kind == "OPBD":
            opening = amount
    if opening is None or closing is None:
        reading.doubt(Reason(code="no_balance"))
        return
    if reading.closing is not None and reading.closing != opening:
        reading.doubt(Reason(code="blocks_apart"))
    reading.opening = opening if reading.opening is None else reading.opening
    reading.closing = closing
    if begin and end and len(tree.all(statement, "FrToDt")) == 1:
        _read_period(reading, begin, end)


def _read_period(reading: Reading, begin: str, end: str) -> None:
    try:
        found = dt.date.fromisoformat(begin[:10]), dt.date.fromisoformat(end[:10])
    except ValueError:
        reading.doubt(Reason(code="date_shape", column="FrToDt", cell=f"{begin} {end}"))
        return
    before = reading.period
    reading.period = (min(found[0], before[0]), max(found[1], before[1])) if before else found


def _signed(tree: _Tree, element: Any, reading: Reading) -> int:
    """The amount of an element with its CRDT or DBIT; its currency must be the statement's."""
    [amount] = tree.all(element, "Amt")[:1] or [None]
    mark = tree.text(element, "CdtDbtInd")
    if amount is None:
        raise Unsure("amount_empty")
    if mark not in {"CRDT", "DBIT"}:
        raise Unsure("mark_unknown")
    unit = amount.get("Ccy", "")
    if reading.currency is None:
        reading.currency = unit
    elif unit != reading.currency:
        raise Unsure("other_currency")
    found = _AMOUNT.fullmatch((amount.text or "").strip())
    part = (found["part"] or "") if found else ""
    if found is None or part[PLACES:].strip("0"):
        raise Unsure("amount_shape")
    minor = int(found["whole"]) * HUNDREDTHS + int((part + "00")[:PLACES])
    if minor >= LIMIT_MINOR:
        raise Unsure("amount_too_large")
    return minor if mark == "CRDT" else -minor


def _read_entry(tree: _Tree, element: Any, reading: Reading, number: int) -> None:
    status = tree.text(element, "Sts/Cd", "Sts")
    if status in {"PDNG", "INFO", "FUTR"}:
        reading.pending.append(number)
        return
    day = tree.text(element, "BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt")
    try:
        amount = _signed(tree, element, reading)
        booked_on = dt.date.fromisoformat(day[:10])
    except Unsure as unsure:
        reading.doubt(Reason(code=unsure.code, row=number, column="Ntry/Amt", cell=tree.text(element, "Amt")))
        return
    except ValueError:
        reading.doubt(Reason(code="date_shape", row=number, column="Ntry/BookgDt", cell=day))
        return
    if amount == 0:
        reading.doubt(Reason(code="zero_line", row=number, column="Ntry/Amt", cell="0"))
        return
    details = tree.all(element, "NtryDtls/TxDtls")
    words = [tree.text(element, "AddtlNtryInf")]
    for one in details[:20]:
        words += [one_line(part.text or "") for part in tree.all(one, "RmtInf/Ustrd")]
        words += [
            tree.text(one, "RmtInf/Strd/CdtrRefInf/Ref"),
            tree.text(one, "Refs/EndToEndId"),
            tree.text(one, "AddtlTxInf"),
        ]
    side = "Dbtr" if amount > 0 else "Cdtr"
    names = [tree.text(one, f"RltdPties/{side}/Pty/Nm", f"RltdPties/{side}/Nm") for one in details[:1]]
    text = one_line(" ".join(word for word in dict.fromkeys(words) if word not in {"", "NOTPROVIDED"}))
    reading.entries.append(
        Entry(
            row=number,
            booked_on=booked_on,
            amount=amount,
            text=one_line(f"{text} {' '.join(names)}") or "CAMT.053",
            bank_ref=tree.text(element, "AcctSvcrRef") or None,
            payer=(names[0].upper() if names else "") or None,
            is_reversal=tree.text(element, "RvslInd").lower() == "true",
            cells=(tree.text(element, "NtryRef"), status, day, text),
        )
    )
