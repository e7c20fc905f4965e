"""Statements of made-up banks, written as their profiles declare."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from coevolve.kit import clock
from coevolve.reconciliation.statements.entries import Reading
from coevolve.reconciliation.statements.profiles import Profile, profile_of
from coevolve.reconciliation.statements.proving import prove
from coevolve.reconciliation.statements.reading import read_file

NUMBER = "012345678901"


@dataclass(frozen=True)
class Told:
    """A line as the bank would write it: the day, whole rupiah (negative: money out), the words."""

    on: dt.date
    amount: int
    text: str


def english(rupiah: int) -> str:
    """1,500,000.00 as BCA writes."""
    return f"{rupiah:,}.00"


def bca(
    lines: Sequence[Told],
    *,
    opening: int = 1_000_000,
    begin: dt.date | None = None,
    end: dt.date | None = None,
    number: str = NUMBER,
    pending: Sequence[str] = (),
) -> str:
    """A CSV as BCA's personal internet banking shows it."""
    begin, end = begin or min(line.on for line in lines), end or max(line.on for line in lines)
    rows, balance = [], opening
    for line in lines:
        balance += line.amount
        mark = "CR" if line.amount > 0 else "DB"
        rows.append(
            f'\'{line.on:%d/%m},"{line.text}",\'0000,"{english(abs(line.amount))}",{mark},"{english(balance)}"'
        )
    came = sum(line.amount for line in lines if line.amount > 0)
    return "\r\n".join(
        [
            "Informasi Rekening - Mutasi Rekening",
            f"No. rekening : {number}",
            "Nama : YAYASAN CO-EVOLVE",
            f"Periode : {begin:%d/%m/%Y} - {end:%d/%m/%Y}",
            "Kode Mata Uang : Rp",
            "",
            "Tanggal Transaksi,Keterangan,Cabang,Jumlah,,Saldo",
            *rows,
            *pending,
            f'"Saldo Awal : {english(opening)}"',
            f'"Mutasi Kredit : {english(came)}"',
            f'"Mutasi Debet : {english(came - sum(line.amount for line in lines))}"',
            f'"Saldo Akhir : {english(balance)}"',
            "",
        ]
    )


def mandiri(lines: Sequence[Told], *, opening: int = 1_000_000, number: str = NUMBER) -> str:
    """A CSV as Mandiri's business banking shows it."""
    rows, balance = (
        ["AccountNo;Ccy;PostDate;Remarks;AdditionalDesc;Credit Amount;Debit Amount;Close Balance"],
        opening,
    )
    for line in lines:
        balance += line.amount
        ins, outs = max(line.amount, 0), max(-line.amount, 0)
        rows.append(f"{number};IDR;{line.on:%d %B %Y} 10:16:54;{line.text};;{ins}.00;{outs}.00;{balance}.00")
    return "\n".join(rows) + "\n"


def mt940(lines: Sequence[Told], *, opening: int = 1_000_000, number: str = NUMBER) -> str:
    """A SWIFT statement of one block."""
    total = opening + sum(line.amount for line in lines)
    first, last = lines[0].on, lines[-1].on
    parts = [":20:START", f":25:BANKIDJA/{number}", ":28C:1/1", f":60F:C{first:%y%m%d}IDR{opening},00"]
    for line in lines:
        mark = "C" if line.amount > 0 else "D"
        parts += [f":61:{line.on:%y%m%d%m%d}{mark}{abs(line.amount)},00NTRFNONREF", f":86:{line.text}"]
    return "\n".join([*parts, f":62F:C{last:%y%m%d}IDR{total},00", "-", ""])


def camt(lines: Sequence[Told], *, opening: int = 1_000_000, number: str = NUMBER) -> str:
    """An ISO 20022 statement."""

    def balance(code: str, rupiah: int) -> str:
        return (
            f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='IDR'>{rupiah}.00</Amt>"
            "<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-01-01</Dt></Dt></Bal>"
        )

    entries = "".join(
        f"<Ntry><Amt Ccy='IDR'>{abs(line.amount)}.00</Amt>"
        f"<CdtDbtInd>{'CRDT' if line.amount > 0 else 'DBIT'}</CdtDbtInd><Sts>BOOK</Sts>"
        f"<BookgDt><Dt>{line.on.isoformat()}</Dt></BookgDt><NtryDtls><TxDtls><RmtInf>"
        f"<Ustrd>{escape(line.text)}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
        for line in lines
    )
    return (
        "<?xml version='1.0' encoding='UTF-8'?>"
        "<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.08'><BkToCstmrStmt><Stmt><Id>1</Id>"
        f"<Acct><Id><Othr><Id>{number}</Id></Othr></Id></Acct>{balance('OPBD', opening)}"
        f"{balance('CLBD', opening + sum(line.amount for line in lines))}{entries}</Stmt></BkToCstmrStmt></Document>"
    )


def html(rows: Sequence[Sequence[str]]) -> str:
    """A table as some banks sell it under the name .xls."""
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<html><body><table>{body}</table></body></html>"


def xlsx(rows: Sequence[Sequence[object]], *, extra: str = "") -> bytes:
    """A workbook of one sheet: numbers as numbers, texts inline; `extra` is put among the rows as it is."""

    def cell(place: int, row: int, value: object) -> str:
        at = f"{chr(65 + place)}{row}"
        if isinstance(value, int | float):
            return f'<c r="{at}"><v>{value!r}</v></c>'
        return f'<c r="{at}" t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'

    body = "".join(
        f'<row r="{number}">'
        + "".join(cell(place, number, value) for place, value in enumerate(row))
        + "</row>"
        for number, row in enumerate(rows, start=1)
    )
    space = "http://schemas.openxmlformats.org"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{space}/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
        '<Override PartName="/xl/worksheets/sheet1.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{space}/package/2006/relationships"><Relationship Id="r1" '
        f'Type="{space}/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{space}/spreadsheetml/2006/main" '
        f'xmlns:r="{space}/officeDocument/2006/relationships">'
        '<sheets><sheet name="Mutasi" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{space}/package/2006/relationships"><Relationship '
        f'Id="r1" Type="{space}/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>'
        "</Relationships>",
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{space}/spreadsheetml/2006/main"><sheetData>{body}{extra}'
        "</sheetData></worksheet>",
    }
    return zipped(parts)


def zipped(parts: dict[str, str | bytes]) -> bytes:
    """A zip of these parts."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in parts.items():
            book.writestr(name, content)
    return kept.getvalue()


def read(content: str | bytes, code: str = "bca_csv", *, number: str = NUMBER, **typed: int) -> Reading:
    """A file read and proven by a profile."""
    return read_by(content, profile_of(code), number=number, **typed)


def read_by(content: str | bytes, profile: Profile, *, number: str = NUMBER, **typed: int) -> Reading:
    """The same by any profile."""
    raw = content if isinstance(content, bytes) else content.encode()
    reading = read_file(raw, profile, most_rows=100_000)
    prove(reading, profile, unit="IDR", account_number=number, today=clock.today(), **typed)
    return reading


def codes(reading: Reading) -> list[str]:
    """Why it is refused, in short."""
    return [reason.code for reason in reading.reasons]
