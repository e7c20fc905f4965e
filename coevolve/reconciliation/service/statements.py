"""Bank statements as files: handed in, read by a worker, accepted or refused whole, and undone.

Only `read_waiting` commits: what it reads is long, and its progress is to be seen while it goes on. Whether a statement
is accepted is decided by one transaction; a worker that dies leaves nothing half, and the next one begins anew.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg.errors import UniqueViolation
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from coevolve.config import settings
from coevolve.journal import service as journal
from coevolve.kit import clock, inbox, moves
from coevolve.kit.db import commit, get, lock, session
from coevolve.kit.errors import Conflict, Invalid
from coevolve.kit.faults import fault
from coevolve.kit.i18n import lazy
from coevolve.kit.jobs import after_commit
from coevolve.kit.money import Money
from coevolve.kit.text import clean_line
from coevolve.payments.models import BankAccount, BankAccountVersion
from coevolve.reconciliation.models import BankProfile, BankStatement, Line, StatementFile, StatementState
from coevolve.reconciliation.service.cases import open_case
from coevolve.reconciliation.service.undoing import undo_line
from coevolve.reconciliation.statements import joining
from coevolve.reconciliation.statements.entries import Reading
from coevolve.reconciliation.statements.profiles import MAPPED, PROFILES, Profile, mapped, profile_of
from coevolve.reconciliation.statements.proving import prove
from coevolve.reconciliation.statements.reading import first_day, last_day, read_file
from coevolve.reconciliation.statements.reasons import Reason, Unreadable
from coevolve.reconciliation.statements.shown import profile_of_account

LEASE_SECONDS = 120
MOST_TRIES = 3
MOST_REVERSED = 200
"""So many bookings at most are reversed by one click; each is a whole transaction's worth of work."""
WAITING = (StatementState.uploaded, StatementState.parsed)


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What finance typed because the file does not say it: balances in minor units, and the period."""

    opening: int | None = None
    closing: int | None = None
    begin: dt.date | None = None
    end: dt.date | None = None

    def as_row(self) -> dict[str, Any]:
        """As it is kept beside the statement."""
        found = {"opening": self.opening, "closing": self.closing}
        days = {"begin": self.begin and self.begin.isoformat(), "end": self.end and self.end.isoformat()}
        return {key: value for key, value in {**found, **days}.items() if value is not None}

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Typed:
        """Back from the row."""
        begin, end = (dt.date.fromisoformat(row[key]) if row.get(key) else None for key in ("begin", "end"))
        return cls(opening=row.get("opening"), closing=row.get("closing"), begin=begin, end=end)

    @property
    def period(self) -> tuple[dt.date, dt.date] | None:
        """The typed period, if it is whole."""
        return (self.begin, self.end) if self.begin and self.end else None


def upload_statement(
    *,
    bank_account_id: uuid.UUID,
    file_name: str,
    content: bytes,
    by: uuid.UUID | None,
    code: str | None = None,
    typed: Typed | None = None,
) -> tuple[BankStatement, bool]:
    """Keep a file and ask a worker to read it. The same file again is harmless: its first statement, and False.

    `code` names the profile of an account that has none yet; `mapped` leaves the file waiting for its columns.
    """
    account = get(BankAccount, bank_account_id)
    _refuse_size(content)
    digest = hashlib.sha256(content).digest()
    before = same_file(account.id, digest)
    if before is not None:
        return before, False
    profile = profile_of_account(account.id)
    if profile is None and code is not None and code != MAPPED:
        profile = choose_profile(bank_account_id=account.id, code=code, by=by)
    if profile is None and code != MAPPED:
        raise Invalid("profile_missing", lazy("Pilih bentuk berkas bank ini."), field="profile")
    statement = BankStatement(
        bank_account_id=account.id,
        profile_id=profile.id if profile else None,
        uploaded_by=by,
        file_name=clean_line(file_name)[-120:] or "rekening-koran",
        size=len(content),
        sha256=digest,
        typed=(typed or Typed()).as_row(),
        state=StatementState.uploaded,
        unit=account.unit,
    )
    try:
        with session().begin_nested():
            moves.begin(statement, by=by)
    except IntegrityError as twice:
        before = same_file(account.id, digest)
        if before is None:
            raise Conflict("file_twice", lazy("Berkas yang sama sedang diunggah. Muat ulang.")) from twice
        return before, False
    session().add(StatementFile(statement_id=statement.id, content=content))
    session().flush()
    _journal("statement.uploaded", statement, by)
    if statement.profile_id is not None:
        after_commit("reconciliation.read_statements", statement_id=statement.id)
    return statement, True


def _refuse_size(content: bytes) -> None:
    most = settings().statement_max_bytes
    if not content:
        raise Invalid("file_empty", lazy("Berkas ini kosong. Unduh lagi dari situs bank."), field="file")
    if len(content) > most:
        message = lazy(
            "Berkas ini lebih dari %(most)s MB. Unduh rekening koran untuk jangka yang lebih pendek.",
            most=most // 1_000_000,
        )
        raise Invalid("file_large", message, field="file", http_status=413)


def same_file(bank_account_id: uuid.UUID, digest: bytes) -> BankStatement | None:
    """The statement that this file already is, unless it was refused or undone."""
    statement = select(BankStatement).where(
        BankStatement.bank_account_id == bank_account_id,
        BankStatement.sha256 == digest,
        BankStatement.state.not_in([StatementState.refused, StatementState.undone]),
    )
    return session().execute(statement).scalar_one_or_none()


# --- profiles -------------------------------------------------------------------------------------------


def choose_profile(
    *,
    bank_account_id: uuid.UUID,
    code: str,
    by: uuid.UUID | None,
    spec: Mapping[str, Any] | None = None,
    starts_on: dt.date | None = None,
) -> BankProfile:
    """Say how an account's files are written. Once files were accepted, another way needs a day from which it counts.

    Two ways of writing name the same line differently; the day keeps a line from coming by both.
    """
    if code != MAPPED and code not in PROFILES:
        raise Invalid("profile_unknown", lazy("Bentuk berkas ini tidak dikenal."), field="profile")
    if code == MAPPED:
        refuse_unfit(mapped(spec or {"places": {}, "header_row": 0}))
    before = profile_of_account(bank_account_id)
    if before is not None and before.code == code and before.spec == dict(spec or {}):
        return before
    _first, last = joining.chain_ends(bank_account_id)
    if last is not None and last.on is not None and (starts_on is None or starts_on <= last.on):
        raise Invalid(
            "cut_day",
            lazy(
                "Sebutkan tanggal mulai bentuk baru ini, sesudah mutasi terakhir yang tersimpan (%(day)s).",
                day=last.on.strftime("%d/%m/%Y"),
            ),
            field="starts_on",
        )
    profile = BankProfile(
        bank_account_id=bank_account_id,
        code=code,
        spec=dict(spec or {}),
        starts_on=starts_on if last is not None else None,
        chosen_by=by,
    )
    session().add(profile)
    session().flush()
    journal.record(
        "bank_profile.chosen",
        about=("bank_account", bank_account_id),
        by=by,
        data={"code": code, "starts_on": starts_on.isoformat() if starts_on else None},
        visibility="staff",
    )
    return profile


def refuse_unfit(profile: Profile) -> None:
    """A mapped profile needs a day, a description and money; each but the description in one column."""
    roles = set(profile.places)
    if not {"date", "text"} <= roles or not ("amount" in roles or {"debit", "credit"} <= roles):
        raise Invalid(
            "columns_missing",
            lazy("Pilih kolom tanggal, uraian, dan jumlah (atau debit dan kredit)."),
            field="columns",
        )
    doubled = [role for role, places in profile.places.items() if role != "text" and len(places) > 1]
    if doubled:
        message = lazy("Satu arti hanya untuk satu kolom; hanya uraian yang boleh di beberapa kolom.")
        raise Invalid("columns_doubled", message, field="columns")


def map_columns(
    *,
    statement_id: uuid.UUID,
    spec: Mapping[str, Any],
    by: uuid.UUID | None,
    starts_on: dt.date | None = None,
) -> BankStatement:
    """Keep the columns that finance chose as the account's profile, and have the waiting file read by it."""
    statement = lock(BankStatement, statement_id)
    if statement.state != StatementState.uploaded:
        raise Conflict("read_before", lazy("Berkas ini sudah dibaca. Muat ulang halamannya."))
    profile = choose_profile(
        bank_account_id=statement.bank_account_id, code=MAPPED, spec=spec, by=by, starts_on=starts_on
    )
    statement.profile_id = profile.id
    session().flush()
    after_commit("reconciliation.read_statements", statement_id=statement.id)
    return statement


def preview(*, statement_id: uuid.UUID, profile: Profile) -> Reading:
    """What a waiting file would say by these columns: nothing is written."""
    statement = get(BankStatement, statement_id)
    typed = Typed.of(statement.typed)
    content = get(StatementFile, statement_id).content
    reading = read_file(content, profile, most_rows=settings().statement_max_lines, period=typed.period)
    if not reading.reasons:
        _prove(reading, profile, statement, typed)
    return reading


# --- reading --------------------------------------------------------------------------------------------


def read_waiting(
    *,
    statement_id: uuid.UUID | None = None,
    limit: int = 5,
    tick: Callable[[str, int, int], None] | None = None,
) -> int:
    """Read files that wait, one after the other; returns how many were decided. Commits."""
    where = BankStatement.state.in_([*WAITING]) & BankStatement.profile_id.is_not(None)
    if statement_id is not None:
        where &= BankStatement.id == statement_id
    decided = 0
    for _turn in range(limit):
        claimed = inbox.claim(BankStatement, where=where, limit=1, lease_seconds=LEASE_SECONDS)
        commit()
        if not claimed:
            break
        _decide(claimed[0], tick)
        decided += 1
    return decided


def _decide(statement_id: uuid.UUID, tick: Callable[[str, int, int], None] | None) -> None:
    """Read one file and accept or refuse it."""
    statement = get(BankStatement, statement_id)
    if statement.attempts > MOST_TRIES:
        _refuse(statement, [Reason(code="gave_up")])
        return

    def say(stage: str, done: int = 0, total: int = 0) -> None:
        session().execute(
            update(BankStatement)
            .where(BankStatement.id == statement_id)
            .values(stage=stage, rows_done=done, rows_total=total)
            .execution_options(synchronize_session=False)
        )
        commit()
        if tick is not None:
            tick(stage, done, total)

    say("reading")
    profile_row = get(BankProfile, statement.profile_id)
    profile = profile_of(profile_row.code, profile_row.spec)
    content = get(StatementFile, statement_id).content
    typed = Typed.of(statement.typed)
    reading = read_file(
        content,
        profile,
        most_rows=settings().statement_max_lines,
        period=typed.period,
        tick=lambda done, total: say("reading", done, total),
    )
    say("proving", 0, len(reading.entries))
    if not reading.reasons:
        _prove(reading, profile, statement, typed)
        _refuse_before_cut(reading, profile_row)
    if reading.reasons:
        _refuse(statement, reading.reasons, reading)
        return
    fault("statements.before_load")
    say("loading", 0, len(reading.entries))
    try:
        _accept(statement_id, reading)
        fault("statements.before_commit")
        commit()
    except Unreadable as refused:
        session().rollback()
        _refuse(get(BankStatement, statement_id), list(refused.reasons), reading)
    except (IntegrityError, UniqueViolation):
        # Somebody entered one of these lines by hand a moment ago: the next turn will find it and take it over.
        session().rollback()
        inbox.back_off(get(BankStatement, statement_id), "a line came by another way meanwhile")
        commit()


def _prove(reading: Reading, profile: Profile, statement: BankStatement, typed: Typed) -> None:
    prove(
        reading,
        profile,
        unit=statement.unit,
        account_number=_account_number(statement.bank_account_id),
        today=clock.today(),
        opening=typed.opening,
        closing=typed.closing,
    )


def _account_number(bank_account_id: uuid.UUID) -> str:
    statement = (
        select(BankAccountVersion.account_number)
        .where(BankAccountVersion.bank_account_id == bank_account_id)
        .order_by(BankAccountVersion.version.desc())
        .limit(1)
    )
    return str(session().execute(statement).scalar_one())


def _refuse_before_cut(reading: Reading, profile: BankProfile) -> None:
    for entry in reading.entries:
        if profile.starts_on is not None and entry.booked_on < profile.starts_on:
            reading.doubt(Reason(code="before_cut", row=entry.row, cell=entry.booked_on.isoformat()))


def _describe(statement: BankStatement, reading: Reading) -> None:
    """What the file says, for its page, whether it is accepted or not."""
    statement.first_on, statement.last_on = first_day(reading), last_day(reading)
    if reading.period is not None:
        statement.first_on, statement.last_on = reading.period
    statement.opening, statement.closing = reading.opening, reading.closing
    statement.came, statement.went = reading.came, reading.went
    statement.came_count = sum(1 for entry in reading.entries if entry.amount > 0)
    statement.went_count = len(reading.entries) - statement.came_count
    statement.pending_count = len(reading.pending)
    statement.rows_done = statement.rows_total = len(reading.entries)


def _accept(statement_id: uuid.UUID, reading: Reading) -> None:
    statement = lock(BankStatement, statement_id)
    if statement.state not in WAITING:
        return
    joining.lock_account(statement.bank_account_id)
    _describe(statement, reading)
    if statement.state == StatementState.uploaded:
        moves.move(statement, StatementState.parsed, by=None)
    joint = joining.join(statement.bank_account_id, reading, statement.unit)
    joining.write(statement, joint)
    statement.new_count = len(joint.placed) - len(joint.claims)
    statement.claimed_count, statement.known_count = len(joint.claims), joint.known
    statement.notes = [*joint.notes, *_open_cases(joint)]
    statement.stage, statement.decided_at, statement.leased_until = "done", clock.now(), None
    moves.move(statement, StatementState.accepted, by=None)
    _journal("statement.accepted", statement, statement.uploaded_by, lines=statement.new_count)
    after_commit("reconciliation.match", bank_account_id=statement.bank_account_id)


def _open_cases(joint: joining.Joint) -> list[dict[str, Any]]:
    """A line that finance entered for a day that the bank's statement covers without it is a difference."""
    for line_id in joint.unbrought:
        line = get(Line, line_id)
        open_case(kind="hand_line", subject=("line", line_id), difference=Money(line.amount, line.unit))
    return [{"code": "hand_lines", "num": len(joint.unbrought)}] if joint.unbrought else []


def _refuse(statement: BankStatement, reasons: list[Reason], reading: Reading | None = None) -> None:
    """Nothing of the file is taken; the reasons stay."""
    statement = lock(BankStatement, statement.id)
    if statement.state not in WAITING:
        commit()
        return
    if reading is not None:
        _describe(statement, reading)
    statement.reasons = [reason.as_row() for reason in reasons]
    statement.stage, statement.decided_at, statement.leased_until = "done", clock.now(), None
    moves.move(statement, StatementState.refused, by=None, cause=reasons[0].code)
    _journal("statement.refused", statement, statement.uploaded_by, reason=reasons[0].code)
    commit()


# --- undoing --------------------------------------------------------------------------------------------


def undo_statement(*, statement_id: uuid.UUID, by: uuid.UUID, with_bookings: bool = False) -> BankStatement:
    """Take an accepted statement back, from an end of the chain only, so that no gap is left.

    While lines of it are booked it is refused, unless their bookings are to be reversed too: one after the other, all
    or none.
    """
    statement = lock(BankStatement, statement_id)
    if statement.state != StatementState.accepted:
        raise Conflict("not_accepted", lazy("Hanya rekening koran yang diterima yang dapat dibatalkan."))
    joining.lock_account(statement.bank_account_id)
    session().execute(
        select(Line.id).where(Line.statement_id == statement.id).order_by(Line.id).with_for_update()
    )
    if not joining.leaves_no_gap(statement):
        message = lazy(
            "Ada rekening koran sesudahnya. Batalkan yang paling akhir dulu, supaya tidak ada celah."
        )
        raise Conflict("not_at_end", message)
    booked = booked_lines(statement.id)
    if booked and not with_bookings:
        message = lazy(
            "%(num)s mutasinya sudah dibukukan. Batalkan pembukuannya juga, atau batalkan pencocokannya dulu.",
            num=len(booked),
        )
        raise Conflict("lines_booked", message, field="with_bookings")
    if len(booked) > MOST_REVERSED:
        message = lazy(
            "%(num)s mutasinya sudah dibukukan; terlalu banyak untuk dibatalkan sekaligus.", num=len(booked)
        )
        raise Conflict("lines_booked", message, field="with_bookings")
    why = lazy("Rekening koran dibatalkan: %(file)s.", file=statement.file_name)
    for line_id in booked:
        undo_line(line_id=line_id, by=by, reason=str(why))
    session().flush()
    joining.take_away(statement)
    moves.move(statement, StatementState.undone, by=by)
    statement.decided_at = clock.now()
    _journal("statement.undone", statement, by, lines=statement.new_count, reversed=len(booked))
    session().flush()
    return statement


def booked_lines(statement_id: uuid.UUID) -> list[int]:
    """Lines in the books that only this file brought, the latest first (what came last is taken back first)."""
    statement = (
        select(Line.id)
        .where(Line.statement_id == statement_id, Line.entered_by.is_(None), Line.allocated != 0)
        .order_by(Line.id.desc())
    )
    return list(session().execute(statement).scalars())


def _journal(kind: str, statement: BankStatement, by: uuid.UUID | None, **data: Any) -> None:
    journal.record(
        kind,
        about=("bank_account", statement.bank_account_id),
        by=by,
        data={"statement": str(statement.id), "file": statement.file_name, **data},
        visibility="staff",
    )
