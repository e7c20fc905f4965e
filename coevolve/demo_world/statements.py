"""The bank's files of the last weeks: two that were accepted and joined to what finance had entered, one refused."""

from __future__ import annotations

import datetime as dt
import re
import uuid

from sqlalchemy import select

from coevolve.kit import clock
from coevolve.kit.db import commit, session
from coevolve.payments.models import BankAccount, BankAccountVersion
from coevolve.people import queries as people
from coevolve.reconciliation.models import Line
from coevolve.reconciliation.service import statements

OPENING = 84_215_300_00
FINANCE = "keuangan1@demo.example"
Row = tuple[dt.date, int, str]


def tell() -> None:
    """Hand in the files and read them at once, as a worker would. Commits."""
    officer = people.find_by_email(FINANCE)
    account = (
        session()
        .execute(
            select(BankAccount.id, BankAccountVersion.account_number)
            .join(BankAccountVersion, BankAccountVersion.bank_account_id == BankAccount.id)
            .where(BankAccount.organisation_id.is_(None))
            .limit(1)
        )
        .one()
    )
    by = officer.id if officer else None
    today = clock.today()
    weeks = [
        (today - dt.timedelta(days=16), today - dt.timedelta(days=9)),
        (today - dt.timedelta(days=8), today - dt.timedelta(days=2)),
    ]
    opening = OPENING
    for begin, end in weeks:
        rows = [*_entered(account.id, begin, end), (end, -6_500_00, "BIAYA ADM"), (end, 41_217_00, "BUNGA")]
        text, opening = file_of(account.account_number, begin, end, opening, rows)
        hand_in(account.id, f"mutasi-{begin:%d%m}-{end:%d%m}.csv", text, by)
    altered = re.sub(r'"(\d+),(\d{3})\.00",CR', r'"\1.\2",CR', text, count=1)
    hand_in(account.id, f"mutasi-{begin:%d%m}-{end:%d%m} (disunting).csv", altered, by)


def _entered(bank_account_id: uuid.UUID, begin: dt.date, end: dt.date) -> list[Row]:
    rows = session().execute(
        select(Line.booked_on, Line.amount, Line.text_raw)
        .where(
            Line.bank_account_id == bank_account_id,
            Line.statement_id.is_(None),
            Line.booked_on.between(begin, end),
        )
        .order_by(Line.booked_on, Line.id)
    )
    return [(row.booked_on, row.amount, row.text_raw) for row in rows]


def file_of(number: str, begin: dt.date, end: dt.date, opening: int, rows: list[Row]) -> tuple[str, int]:
    """A statement as BCA's internet banking writes it, and its closing balance."""
    lines = [
        "Informasi Rekening - Mutasi Rekening",
        f"No. rekening : {number}",
        f"Periode : {begin:%d/%m/%Y} - {end:%d/%m/%Y}",
        "Kode Mata Uang : Rp",
        "",
        "Tanggal Transaksi,Keterangan,Cabang,Jumlah,,Saldo",
    ]
    balance = opening
    for day, amount, words in rows:
        balance += amount
        mark = "CR" if amount > 0 else "DB"
        lines.append(f'\'{day:%d/%m},"{words}",\'0000,"{_sum(abs(amount))}",{mark},"{_sum(balance)}"')
    lines += [f'"Saldo Awal : {_sum(opening)}"', f'"Saldo Akhir : {_sum(balance)}"', ""]
    return "\r\n".join(lines), balance


def _sum(minor: int) -> str:
    return f"{minor // 100:,}.{minor % 100:02d}"


def hand_in(bank_account_id: uuid.UUID, name: str, text: str, by: uuid.UUID | None) -> None:
    """Hand a file in and read it at once. Commits."""
    statement, _is_new = statements.upload_statement(
        bank_account_id=bank_account_id, file_name=name, content=text.encode(), by=by, code="bca_csv"
    )
    commit()
    statements.read_waiting(statement_id=statement.id)
