"""A line of our own bank says that money left, or came back: nothing else settles. Reconciliation calls this."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import text

from coevolve.config import settings
from coevolve.disbursements import queries
from coevolve.disbursements.models import (
    REPORT,
    Disbursement,
    DisbursementReport,
    ReportState,
    State,
)
from coevolve.disbursements.service import lateness, telling
from coevolve.disbursements.service.proposing import hold_money
from coevolve.kit import clock, db
from coevolve.kit.db import session
from coevolve.kit.errors import Conflict
from coevolve.kit.i18n import lazy
from coevolve.kit.money import Money, format_money
from coevolve.kit.moves import begin, move
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.ledger.errors import BelowFloor
from coevolve.ledger.service import Transfer
from coevolve.organisations import queries as organisations

SYSTEM = "system"
ON_THE_WAY = (State.released, State.sending, State.sent, State.settled)
"""The states a line of the bank walks a disbursement through, whichever it was in."""


def settle_by_line(
    *,
    disbursement_id: uuid.UUID,
    line_id: int,
    money: Money,
    at: dt.datetime,
    actor: str = SYSTEM,
    bank_account_id: uuid.UUID | None = None,
) -> int:
    """A debit line of our bank paid it: the hold becomes real, the advance opens, its report is due. The posting's id.

    `money` is positive. `bank_account_id`: the account of the line, when it is not the one that was planned.
    """
    disbursement = db.lock(Disbursement, disbursement_id)
    if disbursement.state == State.settled and disbursement.settled_line == line_id:
        return int(disbursement.posting_id or 0)
    if disbursement.state not in {State.released, State.sending, State.sent, State.unknown}:
        raise Conflict(
            "not_awaited", lazy("Penyaluran ini tidak sedang menunggu mutasi bank. Muat ulang halaman ini.")
        )
    if (money.amount, money.unit) != (disbursement.amount, disbursement.unit):
        message = lazy(
            "Jumlah mutasi lain dari penyaluran ini: %(sum)s.",
            sum=format_money(Money(disbursement.amount, disbursement.unit)),
        )
        raise Conflict("other_sum", message)
    disbursement.posting_id = _pay(disbursement, bank_account_id or disbursement.from_account_id, at, actor)
    disbursement.settled_line, disbursement.settled_at = line_id, clock.now()
    disbursement.sent_on = disbursement.sent_on or at.date()
    _open_advance(disbursement, at, actor)
    _walk_to_settled(disbursement, actor, line_id)
    _ask_for_report(disbursement)
    telling.note("disbursement.settled", disbursement, _person(actor), line=line_id)
    organisation = organisations.get(disbursement.organisation_id)
    telling.tell(
        "disbursement.settled",
        disbursement,
        telling.members(organisation.id),
        path=telling.desk_path(organisation, disbursement),
        due_on=(clock.today() + dt.timedelta(days=settings().report_days)).isoformat(),
    )
    return disbursement.posting_id


def _pay(disbursement: Disbursement, bank_account_id: uuid.UUID, at: dt.datetime, actor: str) -> int:
    """Fulfil the hold; from another account than planned the hold is given up and the money posted from there."""
    key = f"disbursement:{disbursement.id}:{disbursement.round}"
    hold_id = disbursement.hold_id or 0
    if bank_account_id == disbursement.from_account_id:
        return ledger.fulfil(
            key=f"{key}:settled",
            kind="disbursement.settled",
            pending_id=hold_id,
            amount=disbursement.amount,
            source_kind="disbursement",
            source_id=disbursement.id,
            effective_at=at,
            actor=actor,
        )
    ledger.void(
        key=f"{key}:void",
        kind="disbursement.freed",
        pending_id=hold_id,
        source_kind="disbursement",
        source_id=disbursement.id,
        actor=actor,
    )
    return ledger.post(
        key=f"{key}:settled",
        kind="disbursement.settled",
        transfers=[
            Transfer(
                debit_id=accounts.fund(disbursement.listing_id, disbursement.unit),
                credit_id=accounts.bank(bank_account_id, disbursement.unit),
                amount=disbursement.amount,
                unit=disbursement.unit,
                is_spending=True,
            )
        ],
        source_kind="disbursement",
        source_id=disbursement.id,
        effective_at=at,
        actor=actor,
    )


def _open_advance(disbursement: Disbursement, at: dt.datetime, actor: str) -> None:
    """The memo that accepted expenses clear; its floor of 0 means that no report exceeds its advance."""
    ledger.post(
        key=f"disbursement:{disbursement.id}:{disbursement.round}:advance",
        kind="disbursement.advance",
        transfers=[
            Transfer(
                debit_id=accounts.advances(disbursement.unit),
                credit_id=accounts.spending_memo(disbursement.id, disbursement.unit),
                amount=disbursement.amount,
                unit=disbursement.unit,
            )
        ],
        source_kind="disbursement",
        source_id=disbursement.id,
        effective_at=at,
        actor=actor,
    )


def _close_advance(disbursement: Disbursement, actor: str) -> None:
    try:
        ledger.post(
            key=f"disbursement:{disbursement.id}:{disbursement.round}:advance_closed",
            kind="disbursement.advance_closed",
            transfers=[
                Transfer(
                    debit_id=accounts.spending_memo(disbursement.id, disbursement.unit),
                    credit_id=accounts.advances(disbursement.unit),
                    amount=disbursement.amount,
                    unit=disbursement.unit,
                )
            ],
            source_kind="disbursement",
            source_id=disbursement.id,
            actor=actor,
        )
    except BelowFloor as reported:
        message = lazy(
            "Pemakaian dana ini sudah dilaporkan dan diterima. Buka kasus untuk uang yang kembali."
        )
        raise Conflict("reported_before", message) from reported


def _walk_to_settled(disbursement: Disbursement, actor: str, line_id: int) -> None:
    """Whatever finance had marked, or forgotten to mark, the bank's line is the proof."""
    if disbursement.state == State.unknown:
        move(disbursement, State.sent, by=_person(actor), cause=f"bank line {line_id}")
    for state in ON_THE_WAY[ON_THE_WAY.index(State(disbursement.state)) + 1 :]:
        move(disbursement, state, by=_person(actor), cause=f"bank line {line_id}")


def _ask_for_report(disbursement: Disbursement) -> None:
    """The account of the advance is due so many days after the day it was settled."""
    made = DisbursementReport(
        disbursement_id=disbursement.id,
        listing_id=disbursement.listing_id,
        organisation_id=disbursement.organisation_id,
        round=next_round(disbursement.id),
        due_on=clock.today() + dt.timedelta(days=settings().report_days),
        state=ReportState.due,
    )
    begin(made, by=None, cause="settled")


def next_round(disbursement_id: uuid.UUID) -> int:
    """The number of the next report of a disbursement."""
    return len(queries.reports_on(disbursement_id)) + 1


def unsettle_by_line(*, disbursement_id: uuid.UUID, line_id: int, actor: str = SYSTEM) -> int:
    """The line was matched by mistake: the posting is reversed, the money held anew, the payment awaited again."""
    disbursement = db.lock(Disbursement, disbursement_id)
    if disbursement.state != State.settled or disbursement.settled_line != line_id:
        raise Conflict("not_this_line", lazy("Mutasi ini tidak melunasi penyaluran ini."))
    posting_id = _take_back(disbursement, actor, "unmatched")
    move(disbursement, State.sent, by=_person(actor), cause=f"bank line {line_id} undone")
    disbursement.round += 1
    disbursement.settled_line, disbursement.settled_at, disbursement.posting_id = None, None, None
    hold_money(disbursement, actor=actor)
    telling.note("disbursement.unsettled", disbursement, _person(actor), line=line_id)
    return posting_id


def return_by_line(
    *,
    disbursement_id: uuid.UUID,
    line_id: int,
    money: Money,
    at: dt.datetime,
    actor: str = SYSTEM,
    bank_account_id: uuid.UUID | None = None,
) -> int:
    """The bank sent it back (a closed or wrong account): the fund has its money again. The posting's id."""
    disbursement = db.lock(Disbursement, disbursement_id)
    if disbursement.state != State.settled:
        raise Conflict("not_settled", lazy("Hanya penyaluran yang sudah masuk rekening dapat kembali."))
    if (money.amount, money.unit) != (disbursement.amount, disbursement.unit):
        raise Conflict("other_sum", lazy("Hanya penyaluran yang kembali utuh dapat dicatat di sini."))
    if bank_account_id not in {None, _paid_from(disbursement)}:
        raise Conflict("other_account", lazy("Uangnya kembali ke rekening lain. Buka kasus untuk yang ini."))
    posting_id = _take_back(disbursement, actor, "returned", at)
    disbursement.returned_at = clock.now()
    disbursement.ended_because = str(lazy("Dikembalikan oleh bank."))
    move(disbursement, State.returned, by=_person(actor), cause=f"bank line {line_id}")
    telling.note("disbursement.returned", disbursement, _person(actor), line=line_id)
    organisation = organisations.get(disbursement.organisation_id)
    telling.tell(
        "disbursement.returned",
        disbursement,
        telling.members(organisation.id, "owner", "finance"),
        path=telling.desk_path(organisation, disbursement),
    )
    telling.tell_finance("disbursement.returned", disbursement)
    return posting_id


def _paid_from(disbursement: Disbursement) -> uuid.UUID:
    """The account of ours that the posting drew on."""
    found = session().execute(
        text(
            "SELECT a.owner_id FROM ledger_transfer t JOIN ledger_account a ON a.id = t.credit_id"
            " WHERE t.posting_id = :id AND a.owner_kind = 'payment_bank_account'"
        ),
        {"id": disbursement.posting_id},
    )
    return uuid.UUID(str(found.scalar_one()))


def _take_back(disbursement: Disbursement, actor: str, word: str, at: dt.datetime | None = None) -> int:
    """Close the advance and its report, and bring the money back into the fund."""
    _close_advance(disbursement, actor)
    for report in queries.reports_on(disbursement.id):
        if REPORT.allows(report.state, ReportState.withdrawn):
            move(report, ReportState.withdrawn, by=_person(actor), cause=word)
    lateness.refresh_listing(listing_id=disbursement.listing_id)
    return ledger.reverse(
        key=f"disbursement:{disbursement.id}:{disbursement.round}:{word}",
        kind=f"disbursement.{word}",
        posting_id=disbursement.posting_id or 0,
        source_kind="disbursement",
        source_id=disbursement.id,
        effective_at=at,
        actor=actor,
    )


def _person(actor: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(actor)
    except ValueError:
        return None
