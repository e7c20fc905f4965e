"""What became of the money, receipt by receipt, as the organisation tells it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from coevolve.disbursements import policy, queries
from coevolve.disbursements.models import (
    AWAITED,
    DisbursementExpense,
    DisbursementReport,
    ReportState,
)
from coevolve.disbursements.service import lateness, telling
from coevolve.journal import service as journal
from coevolve.kit import clock, db, files
from coevolve.kit.db import session
from coevolve.kit.errors import Conflict, Forbidden, Invalid, NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.money import format_rupiah
from coevolve.kit.moves import move
from coevolve.kit.text import clean_line, clean_text
from coevolve.listings import queries as listings
from coevolve.notifications import service as notifications
from coevolve.organisations import queries as organisations
from coevolve.people import queries as people
from coevolve.people.models import Person

OLDEST_DAYS = 731
EXPENSES_MOST = 200


def add_expense(
    *,
    report_id: uuid.UUID,
    by: Person,
    line_id: uuid.UUID,
    spent_on: dt.date | None,
    payee: str,
    what: str,
    amount: int,
    proof: BinaryIO | None,
    proof_name: str,
    client_token: uuid.UUID,
) -> DisbursementExpense:
    """One receipt, saved by itself. A second tap with the same token adds nothing."""
    report = _open_report(report_id, by)
    earlier = _by_token(client_token)
    if earlier is not None:
        return earlier
    shop, goods = clean_line(payee), clean_line(what)
    _refuse_words(report, line_id, spent_on, shop, goods)
    _refuse_amount(report, amount)
    if proof is None:
        raise Invalid("proof_missing", lazy("Foto atau unggah notanya."), field="proof")
    stored = files.accept(proof, name=proof_name, by=by.id)
    made = DisbursementExpense(
        report_id=report.id,
        line_id=line_id,
        spent_on=spent_on or clock.today(),
        payee=shop,
        what=goods,
        unit=queries.unit_of(report),
        amount=amount,
        proof_id=stored.id,
        added_by=by.id,
        client_token=client_token,
    )
    try:
        with session().begin_nested():
            session().add(made)
    except IntegrityError as twice:
        first = _by_token(client_token)
        if first is None:
            raise Conflict(
                "saved_twice", lazy("Nota ini sedang disimpan. Muat ulang halaman ini.")
            ) from twice
        return first
    return made


def _by_token(client_token: uuid.UUID) -> DisbursementExpense | None:
    statement = select(DisbursementExpense).where(DisbursementExpense.client_token == client_token)
    return session().execute(statement).scalar_one_or_none()


def _refuse_words(
    report: DisbursementReport, line_id: uuid.UUID, spent_on: dt.date | None, payee: str, what: str
) -> None:
    if line_id not in {line.id for line in queries.budget_of(report.listing_id)}:
        raise Invalid("line_unknown", lazy("Pilih baris anggarannya."), field="line")
    today = clock.today()
    if spent_on is None or not today - dt.timedelta(days=OLDEST_DAYS) <= spent_on <= today:
        raise Invalid("spent_on", lazy("Isi tanggal nota; tidak boleh di masa depan."), field="spent_on")
    if not 2 <= len(payee) <= 80:
        raise Invalid("payee", lazy("Tulis nama toko atau penerima, 2 sampai 80 karakter."), field="payee")
    if not 3 <= len(what) <= 120:
        raise Invalid("what", lazy("Tulis apa yang dibayar, 3 sampai 120 karakter."), field="what")


def _refuse_amount(report: DisbursementReport, amount: int) -> None:
    if amount <= 0 or amount % 100:
        raise Invalid("amount", lazy("Jumlahnya harus lebih dari nol."), field="amount")
    rows = queries.expenses_of(report.id)
    if len(rows) >= EXPENSES_MOST:
        raise Invalid("too_many", lazy("Laporan ini sudah penuh. Kirim dulu, sisanya di laporan berikutnya."))
    left = queries.left_of(report) - sum(row.expense.amount for row in rows)
    if amount > left:
        message = lazy(
            "Nota ini melebihi dana yang belum dilaporkan: %(left)s. Periksa jumlahnya.",
            left=format_rupiah(max(0, left)),
        )
        raise Invalid("above_advance", message, field="amount")


def remove_expense(*, report_id: uuid.UUID, expense_id: uuid.UUID, by: Person) -> None:
    """Take a receipt out of a report that was not sent yet; taking it out twice does no harm."""
    report = _open_report(report_id, by)
    expense = session().get(DisbursementExpense, expense_id)
    if expense is None:
        return
    if expense.report_id != report.id:
        raise NotFound("no_expense", lazy("Halaman atau data ini tidak ada."))
    session().delete(expense)
    session().flush()


def submit_report(
    *, report_id: uuid.UUID, by: Person, summary: str, reasons: Mapping[uuid.UUID, str]
) -> DisbursementReport:
    """Hand the report in: what was done, and why a line cost more than it was given. The listing is shown again."""
    report = _open_report(report_id, by, is_submitting=True)
    if report.state == ReportState.submitted:
        return report
    words = clean_text(summary)
    rows = queries.expenses_of(report.id)
    if not rows:
        raise Invalid("nothing_spent", lazy("Tambahkan paling sedikit satu nota sebelum mengirim."))
    if not 20 <= len(words) <= 2000:
        message = lazy("Ceritakan apa yang sudah dikerjakan, 20 sampai 2.000 karakter.")
        raise Invalid("summary", message, field="summary")
    total, left = sum(row.expense.amount for row in rows), queries.left_of(report)
    if total > left:
        message = lazy(
            "Jumlah nota %(total)s melebihi dana yang disalurkan dan belum dilaporkan: %(left)s.",
            total=format_rupiah(total),
            left=format_rupiah(left),
        )
        raise Invalid("above_advance", message)
    report.reasons = _reasons(report, reasons)
    report.summary = words
    report.was_late = report.was_late or queries.is_late(report)
    report.submitted_by, report.submitted_at = by.id, clock.now()
    move(report, ReportState.submitted, by=by.id)
    lateness.refresh_listing(listing_id=report.listing_id)
    _note("report.submitted", report, by.id)
    _tell_checkers(report)
    return report


def _reasons(report: DisbursementReport, given: Mapping[uuid.UUID, str]) -> dict[str, str]:
    """Each line that cost more than it was given needs a reason."""
    found = {}
    for use in queries.uses_of(report):
        if not use.over:
            continue
        why = clean_text(given.get(use.line.id, ""))
        if not 10 <= len(why) <= 500:
            words = (
                lazy(
                    "“%(line)s” memakai %(over)s lebih banyak daripada rencananya. Tulis alasannya.",
                    line=use.line.label,
                    over=format_rupiah(use.over),
                )
                if report.disbursement_id is None
                else lazy(
                    "“%(line)s” memakai %(over)s lebih banyak daripada yang disalurkan untuknya. Tulis alasannya.",
                    line=use.line.label,
                    over=format_rupiah(use.over),
                )
            )
            raise Invalid("over_line", words, field=f"reason-{use.line.id}")
        found[str(use.line.id)] = why
    return found


def _open_report(report_id: uuid.UUID, by: Person, *, is_submitting: bool = False) -> DisbursementReport:
    """The report, locked, if this person may write it now."""
    report = db.lock(DisbursementReport, report_id)
    who = queries.who(by, organisations.get(report.organisation_id))
    if not policy.may_report(who):
        raise NotFound("no_report", lazy("Halaman atau data ini tidak ada."))
    if is_submitting and not policy.may_submit_report(who):
        raise Forbidden("may_not_submit", lazy("Hanya pemilik atau bendahara yang dapat mengirim laporan."))
    if is_submitting and report.state == ReportState.submitted and report.submitted_by == by.id:
        return report
    if report.state not in AWAITED:
        raise Conflict("report_closed", lazy("Laporan ini sudah dikirim. Muat ulang halaman ini."))
    return report


def _tell_checkers(report: DisbursementReport) -> None:
    listing, organisation = listings.get(report.listing_id), organisations.get(report.organisation_id)
    notifications.queue(
        kind="report.waiting",
        person_ids=[one.id for role in ("finance", "moderator") for one in people.staff_with(role)],
        about=telling.about(report),
        data={
            "title": listing.title,
            "organisation": organisation.name,
            "path": f"/keuangan/laporan/{report.id}",
        },
        dedupe_key=f"report.waiting:{report.id}:{report.submitted_at}",
    )


def _note(kind: str, report: DisbursementReport, by: uuid.UUID | None) -> None:
    journal.record(
        kind,
        about=telling.about(report),
        by=by,
        for_organisation=report.organisation_id,
        data={"report": str(report.id), "round": report.round},
    )
